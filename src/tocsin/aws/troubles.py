"""What AWS refuses, as a sentence that says what to do about it at three in the morning.

Sources: the common errors of the AWS API Reference, the troubleshooting pages of CloudFormation, and botocore's own
exceptions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from botocore import exceptions  # type: ignore[import-untyped]

from tocsin.errors import TocsinError

SAID_MAX: Final = 600  # Characters of AWS's own words: longer ones repeat themselves.

_DENIED: Final = re.compile(
    r"(?:User|Principal)?:? ?(?P<who>arn:[^\s\"]+)?.{0,40}?is not authorized to perform:? (?P<action>[\w-]+:\w+)"
    r"(?: on resource:? (?P<what>[^\s\"]+))?"
)
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_UNKNOWN: Final = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure", "InvalidToken"}
)
_FORBIDDEN: Final = frozenset(
    {
        "403",  # A question without a body has no code either.
        "AccessDenied",
        "AccessDeniedException",
        "UnauthorizedOperation",
        "AuthorizationError",
        "AuthorizationErrorException",
    }
)
_CLOCK: Final = frozenset({"SignatureDoesNotMatch", "RequestTimeTooSkewed", "InvalidSignatureException"})
_PACED: Final = frozenset(
    {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"}
)
_ELSEWHERE: Final = frozenset(
    {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
)
_NO_REGION: Final = frozenset({"OptInRequired", "SubscriptionRequiredException"})

LOG_IN: Final = "`aws sso login` renews them, or set AWS_PROFILE (or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"

ALLOW: Final = "`tocsin template --policy` prints all that deploying needs"


@contextmanager
def blamed(doing: str) -> Iterator[None]:
    """What the SDK raises meanwhile becomes a TocsinError that says what was tried: *doing*, `the upload of X`."""
    try:
        yield
    except exceptions.ClientError as problem:
        raise refusal(problem, doing) from problem
    except exceptions.BotoCoreError as problem:
        raise trouble(problem, doing) from problem


def code_of(problem: Any) -> str:  # noqa: ANN401 - botocore has no types.
    """The code of what AWS answered."""
    return str(problem.response.get("Error", {}).get("Code", ""))


def words_of(problem: Any) -> str:  # noqa: ANN401 - botocore has no types.
    """The sentence of what AWS answered."""
    return str(problem.response.get("Error", {}).get("Message", ""))


def refusal(problem: Any, doing: str) -> TocsinError:  # noqa: ANN401 - botocore has no types.
    """What an answer of AWS means for people."""
    code, said = code_of(problem), words_of(problem)
    if code in _EXPIRED:
        return TocsinError("aws-expired", f"the credentials of AWS have expired; {LOG_IN}")
    if code in _UNKNOWN:
        return TocsinError("aws-credentials", f"AWS does not know these credentials ({code}); {LOG_IN}")
    if code in _FORBIDDEN or (found := missing_permission(said)):
        found = missing_permission(said)
        told = found or _short(said) or code
        more = "" if ";" in told else f"; {ALLOW}"  # Whoever forbids it explicitly must allow it first.
        return TocsinError("aws-denied", f"{doing} was not allowed: {told}{more}")
    if code in _CLOCK:
        return TocsinError(
            "aws-clock",
            f"AWS refuses the signature ({code}): look whether the clock of this machine is right, "
            "and whether the secret key was copied whole",
        )
    if code in _ELSEWHERE:
        return TocsinError(
            "aws-region", f"{doing}: the bucket is in another region; name that one with --region, or AWS_REGION"
        )
    if code in _NO_REGION:
        return TocsinError("aws-region", f"{doing}: this account does not use the service in this region ({code})")
    if code in _PACED:
        return TocsinError("aws-throttled", f"{doing}: AWS asks to slow down ({code}); wait a minute, then try again")
    return TocsinError("aws-refused", f"{doing} failed: {_short(said)} ({code})" if said else f"{doing} failed: {code}")


def trouble(problem: Exception, doing: str) -> TocsinError:
    """What went wrong before AWS could answer."""
    for kind, told in _TROUBLES.items():
        if isinstance(problem, kind):
            code, sentence = told
            return TocsinError(code, sentence(problem))
    return TocsinError("aws-unreachable", f"{doing} failed: {_short(str(problem))}")


def missing_permission(said: str) -> str:
    """Which permission is missing, if AWS's words *said* are about one; otherwise empty."""
    found = _DENIED.search(said)
    if found is None:
        return ""
    who = f"{found['who']} lacks" if found["who"] else "there is no"
    where = f" on {found['what'].rstrip('.')}" if found["what"] else ""
    cause = ""
    if "service control policy" in said:
        cause = "; a policy of the organisation forbids it (SCP): its administrators can allow it"
    elif "permissions boundary" in said:
        cause = "; a permissions boundary forbids it"
    elif "explicit deny" in said:
        cause = "; a policy denies it explicitly"
    return f"{who} permission for {found['action']}{where}{cause}"


def _short(said: str) -> str:
    line = " ".join(said.split())
    return line if len(line) <= SAID_MAX else f"{line[: SAID_MAX - 1]}…"


def _profile(problem: Exception) -> str:
    return f"there is no profile as AWS_PROFILE or --profile names it: {problem}"


_NOBODY: Final = f"there are no credentials of AWS: {LOG_IN}"
_EXPIRED_LOGIN: Final = f"the login to AWS has expired; {LOG_IN}"
_TROUBLES: Final[Mapping[Any, tuple[str, Callable[[Exception], str]]]] = {
    exceptions.NoCredentialsError: ("aws-credentials", lambda _: _NOBODY),
    exceptions.PartialCredentialsError: (
        "aws-credentials",
        lambda problem: f"the credentials are not whole: {problem}",
    ),
    exceptions.ProfileNotFound: ("aws-profile", _profile),
    exceptions.TokenRetrievalError: ("aws-expired", lambda _: _EXPIRED_LOGIN),
    exceptions.UnauthorizedSSOTokenError: ("aws-expired", lambda _: _EXPIRED_LOGIN),
    exceptions.SSOTokenLoadError: ("aws-expired", lambda _: _EXPIRED_LOGIN),
    exceptions.CredentialRetrievalError: (
        "aws-credentials",
        lambda problem: f"no credentials could be had: {_short(str(problem))}",
    ),
    exceptions.NoRegionError: (
        "aws-region",
        lambda _: "no region is chosen; name one with --region, or AWS_REGION: eu-central-1, for example",
    ),
    exceptions.InvalidRegionError: ("aws-region", lambda problem: f"that is no region: {problem}"),
    exceptions.EndpointConnectionError: (
        "aws-unreachable",
        lambda problem: f"AWS cannot be reached: {_short(str(problem))}; is the region right, and is there a network?",
    ),
}
