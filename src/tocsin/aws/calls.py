"""Calls of AWS services that speak JSON (SQS, SSM, Step Functions), without the SDK: for functions that start cold.

Where requests go: `AWS_ENDPOINT_URL_{SERVICE}`, `AWS_ENDPOINT_URL`, or the service's own address in `AWS_REGION`. The
credentials are those of the environment, as a function has them. Source: the AWS JSON protocol 1.0 and 1.1 in Smithy's
documentation ("AWS JSON 1.0 protocol").
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from tocsin.aws.signing import Call, Credentials, signed

TRIES = 3  # Of one call; a function has seconds, and who called it tries again anyway.
PAUSE_SECONDS = 0.1  # Before the second try; three times as long before the third.
TIMEOUT_SECONDS = 5.0
ANSWER_BYTES_MAX = 8 << 20
SERVER_TROUBLE = 500
GOOD = 200

_TRANSIENT = frozenset(
    {"ThrottlingException", "Throttling", "RequestThrottled", "TooManyUpdates", "RequestLimitExceeded"}
)


class Service(NamedTuple):
    """How a service is spoken to: its name in addresses and signatures, the prefix of its actions, its protocol."""

    name: str
    prefix: str
    version: str


SQS = Service("sqs", "AmazonSQS", "1.0")
SSM = Service("ssm", "AmazonSSM", "1.1")
STATES = Service("states", "AWSStepFunctions", "1.0")
DYNAMODB = Service("dynamodb", "DynamoDB_20120810", "1.0")


class AwsError(Exception):
    """AWS did not do what it was asked. *code* is its own (`ExecutionAlreadyExists`), or the kind of our trouble.

    What else an answer says is left out: it may quote what was sent.
    """

    def __init__(self, action: str, code: str) -> None:
        """Keep the code."""
        super().__init__(f"{action}: {code}")
        self.code = code


class Caller(Protocol):
    """Who makes calls: `Calls`."""

    def call(self, service: Service, action: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """What *action* answers. Raises AwsError; what was asked may then have happened all the same."""
        ...


class Calls:
    """Makes calls, one after the other; connections stay open between them."""

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        now: Callable[[], float] = time.time,
        rest: Callable[[float], None] = time.sleep,
    ) -> None:
        """*environ* says where, and who we are. *now* is in seconds since 1970."""
        self._environ = environ
        self._now = now
        self._rest = rest
        self._open: dict[str, http.client.HTTPConnection] = {}
        self.made = 0  # Requests so far; tests hold how many an alert costs.

    def call(self, service: Service, action: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """See `Caller`."""
        body = json.dumps(given, separators=(",", ":")).encode()
        problem = AwsError(action, "none")
        for turn in range(TRIES):
            if turn:
                self._rest(PAUSE_SECONDS * 3 ** (turn - 1))
            try:
                return self._once(service, action, body)
            except AwsError as found:
                problem = found
                if not _may_help(found):
                    break
        raise problem

    def close(self) -> None:
        """Let the connections go; the next call opens its own."""
        while self._open:
            self._open.popitem()[1].close()

    def _once(self, service: Service, action: str, body: bytes) -> dict[str, Any]:
        scheme, host = address(self._environ, service)
        headers = authorized(self._environ, service, host, action=action, body=body, now=self._now())
        status, answer = self._exchange(scheme, host, headers, body, action)
        try:
            found = json.loads(answer or b"{}")
        except ValueError:
            found = {}
        if status != GOOD:
            raise AwsError(action, _code(found, status))
        return found if isinstance(found, dict) else {}

    def _exchange(self, scheme: str, host: str, headers: dict[str, str], body: bytes, action: str) -> tuple[int, bytes]:
        self.made += 1
        connection = self._open.get(host)
        if connection is None:
            kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
            connection = self._open[host] = kind(host, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("POST", "/", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read(ANSWER_BYTES_MAX)
        except (OSError, http.client.HTTPException) as problem:
            # A connection that slept while the function was frozen is closed at the other end.
            connection.close()
            raise AwsError(action, type(problem).__name__) from None


def address(environ: Mapping[str, str], service: Service) -> tuple[str, str]:
    """Where *service* is: `https` or `http`, and the host."""
    url = environ.get(f"AWS_ENDPOINT_URL_{service.name.upper()}") or environ.get("AWS_ENDPOINT_URL") or ""
    region = _region(environ)
    suffix = ".cn" if region.startswith("cn-") else ""
    scheme, _, rest = (url or f"https://{service.name}.{region}.amazonaws.com{suffix}").partition("://")
    return scheme, rest.split("/", 1)[0]


def authorized(
    environ: Mapping[str, str], service: Service, host: str, *, action: str, body: bytes, now: float
) -> dict[str, str]:
    """The headers of a request, signed; *now* is in seconds since 1970."""
    call = Call(
        service=service.name,
        region=_region(environ),
        host=host,
        headers={
            "content-type": f"application/x-amz-json-{service.version}",
            "x-amz-target": f"{service.prefix}.{action}",
        },
        body=body,
    )
    who = Credentials(
        environ.get("AWS_ACCESS_KEY_ID", ""),
        environ.get("AWS_SECRET_ACCESS_KEY", ""),
        environ.get("AWS_SESSION_TOKEN", ""),
    )
    return signed(call, who, time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now)))


def error_code(found: object) -> str:
    """`ExecutionAlreadyExists` of an answer with the type `com.amazonaws.states#ExecutionAlreadyExists`."""
    if not isinstance(found, dict):
        return ""
    return str(found.get("__type") or found.get("code") or "").rpartition("#")[2].rpartition(".")[2]


def _region(environ: Mapping[str, str]) -> str:
    return environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def _may_help(problem: AwsError) -> bool:
    """Whether the same call may go through a moment later."""
    code = problem.code
    return code in _TRANSIENT or code.startswith("status 5") or code.endswith(("Error", "Disconnected", "timeout"))


def _code(found: object, status: int) -> str:
    return (error_code(found) if status < SERVER_TROUBLE else "") or f"status {status}"
