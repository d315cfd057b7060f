"""Parameters are refused before anything is made, with the option, the value, and what it may be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tocsin import stack
from tocsin.aws.accounts import Cloud
from tocsin.cli.deploy_parameters import address, checked
from tocsin.cli.main import main
from tocsin.dynamo.store import connect
from tocsin.errors import TocsinError

KNOWN: Any = stack.load()["Parameters"]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("LogDays", "5", "--set LogDays=5: it must be one of 1, 7, 14, 30, 60"),
        ("InboxConcurrency", "abc", "--set InboxConcurrency=abc: it must be a whole number from 2 to 1000. How many"),
        ("InboxConcurrency", "1", "it must be a whole number from 2 to 1000"),
        ("InboxConcurrency", "1001", "it must be a whole number from 2 to 1000"),
        ("ReservedConcurrency", "-1", "it must be a whole number from 0."),
        (
            "OrganizationId",
            "foo",
            "--set OrganizationId=foo: it must be of the form (o-[a-z0-9]{10,32})?. The organisation",
        ),
        ("SmsPages", "true", "it must be one of yes, no. Whether"),
        ("Logdays", "7", "the template has no parameter 'Logdays'; did you mean LogDays?"),
        ("CodeKey", "x", "the template has no parameter 'CodeKey'"),
    ],
)
def test_a_wrong_value_is_told_with_what_it_may_be(name: str, value: str, told: str) -> None:
    with pytest.raises(TocsinError) as caught:
        checked([(name, value)], KNOWN)
    assert told in caught.value.message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LogDays", "90"),
        ("InboxConcurrency", "2"),
        ("InboxConcurrency", "1000"),
        ("ReservedConcurrency", "100"),
        ("OrganizationId", ""),
        ("OrganizationId", "o-a1b2c3d4e5"),
        ("EventSources", "aws.health,aws.ecs"),
        ("PublicUrl", "https://bell.example.com"),
    ],
)
def test_a_value_that_is_allowed_passes(name: str, value: str) -> None:
    assert checked([(name, value)], KNOWN) == {name: value}


@pytest.mark.parametrize("text", ["ops", "ops@", "@example.com", "a b@example.com", ""])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(TocsinError, match="that is no e-mail address like ops@"):
        address(text, KNOWN)


def test_an_address_passes() -> None:
    assert address("ops@example.com", KNOWN) == "ops@example.com"


def test_the_region_of_the_environment_counts_as_in_aws_s_own_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    assert Cloud().region == "eu-west-3"
    assert Cloud(region="eu-north-1").region == "eu-north-1"


@pytest.mark.parametrize("name", ["a" * 25, "9lives", "a_b", ""])
def test_a_name_that_cloudformation_would_cut_is_refused(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["template", "--policy", "--stack", name])
    assert (
        "is not a name for a stack: a letter, then letters, digits and hyphens, 24 at most" in capsys.readouterr().err
    )


def test_the_store_is_asked_with_the_login_of_the_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not with that of the environment, which may be of another account."""
    file = tmp_path / "credentials"
    file.write_text("[ops]\naws_access_key_id = of-the-profile\naws_secret_access_key = test-secret\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "of-the-environment")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test-secret")
    cloud = Cloud(profile="ops", region="eu-west-1")
    client = connect(cloud.session, region_name=cloud.region)
    assert client._request_signer._credentials.access_key == "of-the-profile"
