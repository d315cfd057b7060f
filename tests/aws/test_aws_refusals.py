"""Every refusal of AWS is a sentence that says what to do."""

from __future__ import annotations

import os

import pytest
from botocore import exceptions  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]

from tocsin.aws.accounts import Cloud
from tocsin.aws.troubles import SAID_MAX, blamed, missing_permission
from tocsin.errors import TocsinError

ADA = "arn:aws:iam::111122223333:user/ada"
REFUSED = f"User: {ADA} is not authorized to perform: iam:CreateRole"
LACKS = f"{ADA} lacks permission for iam:CreateRole"


def told(problem: Exception) -> TocsinError:
    with pytest.raises(TocsinError) as caught, blamed("the change of prod (cloudformation:ExecuteChangeSet)"):
        raise problem
    return caught.value


def refused(code: str, message: str = "") -> TocsinError:
    return told(exceptions.ClientError({"Error": {"Code": code, "Message": message}}, "Anything"))


@pytest.mark.parametrize(
    ("code", "message", "blame", "words"),
    [
        ("ExpiredToken", "", "aws-expired", "have expired; `aws sso login` renews them"),
        ("ExpiredTokenException", "", "aws-expired", "have expired"),
        ("RequestExpired", "", "aws-expired", "have expired"),
        ("InvalidClientTokenId", "", "aws-credentials", "AWS does not know these credentials (InvalidClientTokenId)"),
        ("UnrecognizedClientException", "", "aws-credentials", "does not know these credentials"),
        ("SignatureDoesNotMatch", "", "aws-clock", "look whether the clock of this machine is right"),
        ("RequestTimeTooSkewed", "", "aws-clock", "the clock of this machine"),
        ("PermanentRedirect", "", "aws-region", "the bucket is in another region; name that one with --region"),
        ("OptInRequired", "", "aws-region", "does not use the service in this region"),
        ("Throttling", "", "aws-throttled", "wait a minute, then try again"),
        ("SlowDown", "", "aws-throttled", "AWS asks to slow down (SlowDown)"),
        (
            "ValidationError",
            "No such thing",
            "aws-refused",
            "ExecuteChangeSet) failed: No such thing",
        ),
        ("InternalFailure", "", "aws-refused", "failed: InternalFailure"),
        ("AccessDenied", "", "aws-denied", "was not allowed: AccessDenied"),
        ("AccessDenied", "Access Denied", "aws-denied", "was not allowed: Access Denied"),
        ("403", "Forbidden", "aws-denied", "was not allowed: Forbidden; `tocsin template --policy` prints all"),
        (
            "AccessDeniedException",
            f"{REFUSED} on resource: arn:aws:x because no identity-based policy allows the iam:CreateRole action",
            "aws-denied",
            f"was not allowed: {LACKS} on arn:aws:x",
        ),
        (
            "ValidationError",  # CloudFormation also tells it so, of a resource.
            f"User: {ADA} is not authorized to perform: iam:PassRole on resource: arn:aws:y.",
            "aws-denied",
            f"{ADA} lacks permission for iam:PassRole on arn:aws:y",
        ),
    ],
)
def test_a_refusal_says_what_to_do(code: str, message: str, blame: str, words: str) -> None:
    problem = refused(code, message)
    assert problem.code == blame
    assert words in problem.message
    assert "\n" not in problem.message


@pytest.mark.parametrize(
    ("problem", "blame", "words"),
    [
        (exceptions.NoCredentialsError(), "aws-credentials", "there are no credentials of AWS: `aws sso login`"),
        (
            exceptions.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
            "aws-credentials",
            "AWS_SECRET_ACCESS_KEY",
        ),
        (exceptions.ProfileNotFound(profile="prod"), "aws-profile", "there is no profile as AWS_PROFILE or --profile"),
        (exceptions.TokenRetrievalError(provider="sso", error_msg="x"), "aws-expired", "the login to AWS has expired"),
        (exceptions.UnauthorizedSSOTokenError(), "aws-expired", "`aws sso login`"),
        (exceptions.SSOTokenLoadError(error_msg="x"), "aws-expired", "`aws sso login`"),
        (exceptions.CredentialRetrievalError(provider="p", error_msg="away"), "aws-credentials", "away"),
        (exceptions.NoRegionError(), "aws-region", "name one with --region, or AWS_REGION"),
        (exceptions.InvalidRegionError(region_name="a b"), "aws-region", "that is no region"),
        (
            exceptions.EndpointConnectionError(endpoint_url="https://sts.nowhere"),
            "aws-unreachable",
            "is the region right, and is there a network?",
        ),
        (exceptions.ReadTimeoutError(endpoint_url="https://sts"), "aws-unreachable", "the change of prod"),
    ],
)
def test_a_trouble_on_the_way_says_what_to_do(problem: Exception, blame: str, words: str) -> None:
    found = told(problem)
    assert found.code == blame
    assert words in found.message


def test_aws_own_words_are_cut_where_they_go_on_and_on() -> None:
    assert len(refused("ValidationError", "x" * 5_000).message) < SAID_MAX + 200


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (
            f"{REFUSED} on resource: arn:aws:r with an explicit deny in a service control policy",
            f"{LACKS} on arn:aws:r; a policy of the organisation forbids it (SCP): its administrators can allow it",
        ),
        (
            f"{REFUSED} on resource: arn:aws:r because no permissions boundary allows the iam:CreateRole action",
            f"{LACKS} on arn:aws:r; a permissions boundary forbids it",
        ),
        (
            f"User: {ADA} is not authorized to perform: iam:CreateRole with an explicit deny in an identity policy",
            f"{ADA} lacks permission for iam:CreateRole; a policy denies it explicitly",
        ),
        (
            "API: iam:CreateRole User is not authorized to perform: iam:CreateRole",
            "there is no permission for iam:CreateRole",
        ),
        ("the queue is full", ""),
    ],
)
def test_a_missing_permission_is_named_with_its_cause(said: str, found: str) -> None:
    assert missing_permission(said) == found


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials, no region, no files of the SDK, and nobody who answers."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.usefixtures("nowhere")
def test_a_login_needs_a_region_a_profile_that_is_there_and_credentials() -> None:
    with pytest.raises(TocsinError, match="no region is chosen"):
        Cloud()
    with pytest.raises(TocsinError, match="'Frankfurt' is not a region like eu-central-1"):
        Cloud(region="Frankfurt")
    with pytest.raises(TocsinError, match="there is no profile"):
        Cloud(profile="prod", region="eu-west-1")
    with pytest.raises(TocsinError, match="there are no credentials of AWS"):
        Cloud(region="eu-west-1").identify()


@pytest.mark.usefixtures("nowhere")
def test_nobody_who_answers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "111122223333")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test-secret")
    monkeypatch.setattr("tocsin.aws.accounts._CONFIG", Config(retries={"total_max_attempts": 1}))
    cloud = Cloud(region="eu-west-1")
    with pytest.raises(TocsinError, match="AWS cannot be reached"):
        cloud.identify()


def test_what_is_forbidden_explicitly_has_no_hint_that_does_not_help() -> None:
    said = f"{REFUSED} with an explicit deny in a service control policy"
    assert refused("AccessDenied", said).message.endswith("its administrators can allow it")
