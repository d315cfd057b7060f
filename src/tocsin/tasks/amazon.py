"""Calls of AWS: any action of any service that the SDK knows, under the role and in the region that a task names.

Credentials, and where requests go, come from the SDK's own environment (`AWS_PROFILE`, `AWS_ENDPOINT_URL` ...). The SDK
repeats nothing by itself: whether a call may be repeated is known here, and when is the dispatcher's business.
"""

from __future__ import annotations

import base64
import threading
import uuid
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final

import boto3  # type: ignore[import-untyped]
import msgspec
from botocore import exceptions, xform_name  # type: ignore[import-untyped]
from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]

from tocsin.asl import Failure
from tocsin.asl.failures import PERMISSIONS, RUNTIME
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, SECOND, Duration, Instant, format_instant
from tocsin.tasks.spelling import SERVICES, bare, exception, pascal
from tocsin.tasks.task import Later, Task

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 60
BLOB_BYTES_MAX: Final = 300_000  # More than a state may give: it fails for its size, not for our memory.
OBJECT_BYTES_MAX: Final = 64 << 20  # Of an object whose items are read, unpacked.
RENEW: Final[Duration] = 5 * MINUTE  # Before credentials of a role end, new ones are fetched.
CLIENTS_MAX: Final = 200

_PACKED: Final = b"\x1f\x8b"  # How gzip begins (RFC 1952).
_IDS: Final = uuid.UUID("8a5dd1ff-5e1a-4b87-9f57-2b3f0a1c77d4")  # The namespace of idempotency tokens.
_READS: Final = ("get", "list", "describe", "head", "batchget", "query", "scan", "search", "lookup", "check")
_PACED: Final = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "Throttled",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "EC2ThrottledException",
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
        "SlowDown",
    }
)
_NEVER_REACHED: Final = (
    exceptions.EndpointConnectionError,
    exceptions.ConnectTimeoutError,
    exceptions.ProxyConnectionError,
)


_NAMED: Final = {  # Optimised integrations: `SQS.AmazonSQSException`.
    "Batch": "AWSBatchException",
    "CodeBuild": "AWSCodeBuildException",
    "DynamoDB": "AmazonDynamoDBException",
    "ECS": "AmazonECSException",
    "Glue": "AWSGlueException",
    "SNS": "AmazonSNSException",
    "SQS": "AmazonSQSException",
}


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One call: *parameters* in any spelling of their first letters. *named*: how its errors begin.

    *whole*: a blob in the answer is a text, unpacked if it was packed, all of it or a Failure. *about*: the answer
    tells of its HTTP too, as those of the optimised integrations do.
    """

    service: str
    action: str
    parameters: Mapping[str, Json]
    named: str = ""
    whole: bool = False
    about: bool = False


class Amazon:
    """Makes calls. Any thread."""

    def __init__(self, clock: Callable[[], Instant], session: Any = None) -> None:  # noqa: ANN401 - boto3.Session.
        """*session* is for tests."""
        self._clock = clock
        self._session = session or boto3.Session()
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str, str], tuple[Any, Instant | None]] = {}

    def do(self, task: Task) -> Json:
        """A `Doer` of `arn:aws:states:::aws-sdk:SERVICE:ACTION`; other services are called the same way."""
        if task.what.pattern not in {"", "waitForTaskToken"}:
            raise Failure(RUNTIME, f"{task.what.type}:{task.what.action} is not done here: nobody waits for its end")
        if not isinstance(task.arguments, dict):
            raise Failure(RUNTIME, f"The parameters of {task.what.type}:{task.what.action} must be an object")
        service = task.what.type.removeprefix("aws-sdk:")
        return self.call(task, Call(service=service, action=task.what.name, parameters=task.arguments))

    def call(self, task: Task, call: Call, *, native: bool = False) -> dict[str, Json]:
        """What AWS answers. *native*: with the service's own names. Raises Failure, Later."""
        client = self._client(task, call.service)
        model = client.meta.service_model
        operation = _operation(model, call.action)
        named = call.named or pascal(model.service_id)
        try:
            given = _given(call.parameters, operation.input_shape) if operation.input_shape else {}
        except (TypeError, ValueError) as problem:
            raise Failure(RUNTIME, f"The parameters of {call.service}:{call.action} do not fit: {problem}") from None
        for token in operation.idempotent_members:
            given.setdefault(token, token_of(task))
        try:
            answer = getattr(client, xform_name(operation.name))(**given)
        except exceptions.ClientError as problem:
            raise _refused(problem, named, task) from None
        except exceptions.ParamValidationError as problem:
            raise Failure(RUNTIME, f"The parameters of {call.service}:{call.action} do not fit: {problem}") from None
        except exceptions.BotoCoreError as problem:
            raise _troubled(problem, operation, named) from None
        about = _about(answer.pop("ResponseMetadata", {})) if call.about else {}
        if operation.output_shape is None:
            return about
        how = _Told(native=native, blob=_all if call.whole else _some)
        found: dict[str, Json] = _told(answer, operation.output_shape, how)
        return found | about

    def signed(self, task: Task, service: str, request: tuple[str, str, bytes, Mapping[str, str]]) -> dict[str, str]:
        """The headers of *request* (method, address, body, headers), signed as *task*'s role. Raises Failure."""
        session, region = self._session, region_of(task.resource)
        wanted = tuple(role for role in (task.runs_as, task.role) if role)
        method, url, body, headers = request
        try:
            if wanted:
                with self._lock:
                    session, _ = self._assumed(region, wanted)
            credentials = session.get_credentials()
            if credentials is None:
                raise Failure(PERMISSIONS, "There are no credentials of AWS to sign the request with")
            made = AWSRequest(method=method, url=url, data=body, headers=dict(headers))
            SigV4Auth(credentials.get_frozen_credentials(), service, region or session.region_name).add_auth(made)
        except exceptions.ClientError as problem:
            raise Failure(PERMISSIONS, f"The role {wanted[-1]} cannot be assumed: {problem}") from None
        except exceptions.BotoCoreError as problem:
            raise Failure(PERMISSIONS, f"The request cannot be signed: {problem}") from None
        return {str(name): str(value) for name, value in made.headers.items()}

    def _client(self, task: Task, service: str) -> Any:  # noqa: ANN401 - boto3's clients have no common type.
        name = SERVICES.get(bare(service)) or self._name(service)
        region = region_of(task.resource)
        try:
            with self._lock:
                return self._made(name, region, task.runs_as, task.role)
        except exceptions.ClientError as problem:  # Of AssumeRole.
            raise Failure(PERMISSIONS, f"The role {task.role or task.runs_as} cannot be assumed: {problem}") from None
        except exceptions.BotoCoreError as problem:
            raise Failure(f"{pascal(name)}.SdkClientException", str(problem)) from None

    def _name(self, service: str) -> str:
        for known in self._session.get_available_services():
            if bare(known) == bare(service):
                return str(known)
        raise Failure(RUNTIME, f"There is no service {service!r} in the SDK of AWS that is installed here")

    def _made(self, name: str, region: str, *roles: str) -> Any:  # noqa: ANN401 - see above.
        """A client under the last of *roles*, each assumed by the one before; kept as long as its credentials last."""
        wanted = tuple(role for role in roles if role)
        key = (name, region, " ".join(wanted))
        client, ends_at = self._clients.get(key, (None, None))
        if client is not None and (ends_at is None or ends_at - RENEW > self._clock()):
            return client
        session, ends_at = self._session, None
        if wanted:
            session, ends_at = self._assumed(region, wanted)
        client = session.client(name, region_name=region or self._session.region_name, config=_CONFIG)
        if len(self._clients) >= CLIENTS_MAX:
            self._clients.clear()
        self._clients[key] = client, ends_at
        return client

    def _assumed(self, region: str, roles: tuple[str, ...]) -> tuple[Any, Instant]:
        sts = self._made("sts", region, *roles[:-1])
        found = sts.assume_role(RoleArn=roles[-1], RoleSessionName="tocsin")["Credentials"]
        session = boto3.Session(
            aws_access_key_id=found["AccessKeyId"],
            aws_secret_access_key=found["SecretAccessKey"],
            aws_session_token=found["SessionToken"],
            region_name=region or self._session.region_name,
        )
        return session, int(found["Expiration"].timestamp() * SECOND)


_CONFIG: Final = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"total_max_attempts": 1, "mode": "standard"},
    user_agent_extra="tocsin",
)


def token_of(task: Task) -> str:
    """The token of idempotence of *task*: the same however often it is done."""
    return str(uuid.uuid5(_IDS, task.id))


def region_of(resource: str) -> str:
    """The region that a resource names, or empty for the environment's."""
    parts = resource.split(":")
    return parts[3] if len(parts) > 3 else ""  # noqa: PLR2004 - arn:partition:service:region.


def _operation(model: Any, action: str) -> Any:  # noqa: ANN401 - botocore has no types.
    for name in model.operation_names:
        if name.lower() == action.lower():
            return model.operation_model(name)
    raise Failure(RUNTIME, f"{model.service_id} has no action {action!r}")


# ── Values ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def _given(value: Json, shape: Any) -> Any:  # noqa: ANN401
    """*value* as the SDK wants it: its members named as the service has them, texts for blobs as bytes."""
    match shape.type_name:
        case "structure" if isinstance(value, dict) and not getattr(shape, "is_document_type", False):
            known = {bare(name): name for name in shape.members}
            found = {}
            for name, member in value.items():
                if bare(name) not in known:
                    raise ValueError(f"there is no {name!r}; there are {', '.join(map(pascal, shape.members))}")
                own = known[bare(name)]
                if member is not None:
                    found[own] = _given(member, shape.members[own])
            return found
        case "list" if isinstance(value, list):
            return [_given(item, shape.member) for item in value]
        case "map" if isinstance(value, dict):
            return {name: _given(item, shape.value) for name, item in value.items() if item is not None}
        case "blob":
            return (value if isinstance(value, str) else msgspec.json.encode(value).decode()).encode()
        case "integer" | "long" if isinstance(value, float) and value.is_integer():
            return int(value)
        case "string" if isinstance(value, dict | list):
            return msgspec.json.encode(value).decode()
        case _:
            return value


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    native: bool
    blob: Callable[[Any], str]


def _told(value: Any, shape: Any, how: _Told) -> Any:  # noqa: ANN401
    """What the SDK gives, as JSON."""
    match shape.type_name:
        case "structure" if isinstance(value, dict) and not getattr(shape, "is_document_type", False):
            return {
                name if how.native else pascal(name): _told(member, shape.members[name], how)
                for name, member in value.items()
                if name in shape.members
            }
        case "list":
            return [_told(item, shape.member, how) for item in value]
        case "map":
            return {name: _told(item, shape.value, how) for name, item in value.items()}
        case "timestamp":
            return format_instant(int(value.timestamp() * SECOND)) if hasattr(value, "timestamp") else value
        case "blob":
            return how.blob(value)
        case _:
            return value if isinstance(value, str | int | float | bool | dict | list | None) else str(value)


def _all(value: Any) -> str:  # noqa: ANN401
    """Raises Failure."""
    raw: bytes = value.read(OBJECT_BYTES_MAX + 1) if hasattr(value, "read") else value
    try:
        if raw[:2] == _PACKED:
            raw = zlib.decompressobj(wbits=31).decompress(raw, OBJECT_BYTES_MAX + 1)
        text = raw.decode()
    except (zlib.error, UnicodeDecodeError) as problem:
        raise Failure(RUNTIME, f"The object is no text in UTF-8: {problem}") from None
    if len(raw) > OBJECT_BYTES_MAX:
        raise Failure(RUNTIME, f"The object has more than {OBJECT_BYTES_MAX >> 20} MiB")
    return text


def _some(value: Any) -> str:  # noqa: ANN401
    raw: bytes = value.read(BLOB_BYTES_MAX) if hasattr(value, "read") else value
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return base64.b64encode(raw).decode()


def _about(metadata: Mapping[str, Any]) -> dict[str, Json]:
    headers = {str(name): str(value) for name, value in (metadata.get("HTTPHeaders") or {}).items()}
    return {
        "SdkHttpMetadata": {
            "AllHttpHeaders": {name: [value] for name, value in headers.items()},
            "HttpHeaders": headers,
            "HttpStatusCode": metadata.get("HTTPStatusCode", 0),
        },
        "SdkResponseMetadata": {"RequestId": str(metadata.get("RequestId", ""))},
    }


# ── Errors ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def _refused(problem: Any, named: str, task: Task) -> Exception:  # noqa: ANN401
    """What AWS said. A call that was throttled was not done, and may be repeated."""
    told = problem.response.get("Error", {})
    code = str(told.get("Code", ""))
    about = problem.response.get("ResponseMetadata", {})
    message = str(told.get("Message", ""))
    cause = (
        f"{message} (Service: {named}, Status Code: {about.get('HTTPStatusCode', 0)},"
        f" Request ID: {about.get('RequestId', '')})"
    )
    general = _NAMED.get(named) or exception(named)
    error = f"{named}.{_known_error(problem) or general}"
    if code in _PACED:
        return Later(f"{named}.{exception(pascal(code))}", cause)
    if code in {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"} and task.role:
        return Failure(error, f"{cause} as {task.role}")
    return Failure(error, cause)


def _known_error(problem: Any) -> str:  # noqa: ANN401
    """The name of an error that the service's model knows: the SDK has a class for each of them."""
    name = type(problem).__name__
    return "" if type(problem) is exceptions.ClientError else exception(pascal(name))


def _troubled(problem: Exception, operation: Any, named: str) -> Exception:  # noqa: ANN401
    """The network: a call that never left, that only reads, or that AWS knows again, may be repeated."""
    error, cause = f"{named}.SdkClientException", f"{type(problem).__name__}: {problem}"
    reads = operation.name.lower().startswith(_READS)
    network = isinstance(problem, exceptions.HTTPClientError | exceptions.ConnectionError)
    if isinstance(problem, _NEVER_REACHED) or (network and (reads or operation.idempotent_members)):
        return Later(error, cause)
    return Failure(error, cause)
