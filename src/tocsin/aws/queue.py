"""One SQS queue behind the SDK: its calls in our words, its errors in one type.

Source: the SQS API Reference (ReceiveMessage, DeleteMessageBatch, ChangeMessageVisibilityBatch, GetQueueAttributes).
Where requests go, and who signs them, the SDK decides from its own environment (`AWS_PROFILE`, `AWS_ENDPOINT_URL` ...).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import boto3  # type: ignore[import-untyped]
import botocore.session  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.credentials import (  # type: ignore[import-untyped]
    CredentialProvider,
    CredentialResolver,
    DeferredRefreshableCredentials,
)
from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

from tocsin.aws.addresses import Address
from tocsin.aws.messages import HIDDEN_SECONDS, Message, QueueError, message
from tocsin.kernel import json

TAKEN_MAX: Final = 10  # Messages of one call, of any kind: the service's own limit.
WAIT_SECONDS: Final = 20  # The longest poll that there is: the fewest calls that cost.
CONNECT_SECONDS: Final = 5
SLACK_SECONDS: Final = 10  # Beyond the poll, for the answer to come.

_FALLBACK_REGION: Final = "us-east-1"  # Of an address that names none, where the environment names none either.
_SESSION: Final = "tocsin"  # The name of an assumed role's session, as CloudTrail shows it.
_SYSTEM: Final = ["SentTimestamp", "ApproximateReceiveCount", "DeadLetterQueueSourceArn"]


class SqsQueue:
    """A queue. Its calls block; from one thread at a time."""

    def __init__(self, client: Any, url: str, *, wait_seconds: int = WAIT_SECONDS) -> None:  # noqa: ANN401 - untyped SDK.
        """*client*: of the SDK, for SQS."""
        self._client = client
        self._url = url
        self._wait_seconds = wait_seconds

    def receive(self) -> Sequence[Message]:
        """Up to ten messages, hidden from others for a while; none after a long wait. Raises QueueError."""
        with _told():
            found = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=TAKEN_MAX,
                WaitTimeSeconds=self._wait_seconds,
                VisibilityTimeout=HIDDEN_SECONDS,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=_SYSTEM,
            )
        return tuple(message(each) for each in found.get("Messages", ()))

    def delete(self, messages: Sequence[Message]) -> Mapping[str, str]:
        """Delete *messages*; of those that could not be, by their id, the error's code. Raises QueueError."""
        entries = [{"Id": str(n), "ReceiptHandle": each.receipt} for n, each in enumerate(messages)]
        with _told():
            found = self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)
        return {messages[int(each["Id"])].id: _code(each) for each in found.get("Failed", ())}

    def hide(self, messages: Sequence[Message], seconds: int) -> None:
        """Keep *messages* from others for so long from now; 0: give them back. Raises QueueError."""
        entries = [
            {"Id": str(n), "ReceiptHandle": each.receipt, "VisibilityTimeout": seconds}
            for n, each in enumerate(messages)
        ]
        with _told():
            self._client.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)

    def dead_letters(self) -> str:
        """The ARN of its dead-letter queue, or empty. Raises QueueError."""
        with _told():
            found = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["RedrivePolicy"])
        try:
            policy = json.decode(found.get("Attributes", {}).get("RedrivePolicy", "{}").encode())
        except json.JsonError:
            return ""
        return str(policy.get("deadLetterTargetArn", "")) if isinstance(policy, dict) else ""


def connect(address: Address, role: str | None, *, wait_seconds: int = WAIT_SECONDS) -> SqsQueue:
    """The queue at *address*, read as *role* (an ARN) if there is one. Raises QueueError; asks nobody yet."""
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=wait_seconds + SLACK_SECONDS,
        retries={"mode": "standard", "total_max_attempts": 2},  # Beyond that the consumer waits, and says so.
        tcp_keepalive=True,
    )
    with _told():
        base = boto3.Session(region_name=address.region or None)
        region = base.region_name or _FALLBACK_REGION
        session = base if role is None else boto3.Session(botocore_session=_assumed(base, role, region, config))
        return SqsQueue(
            session.client("sqs", region_name=region, config=config), address.url, wait_seconds=wait_seconds
        )


def _assumed(base: Any, role: str, region: str, config: Config) -> Any:  # noqa: ANN401 - untyped SDK.
    """A session whose credentials are the role's, renewed before they end."""
    service = base.client("sts", region_name=region, config=config)

    def fetch() -> dict[str, str]:
        found = service.assume_role(RoleArn=role, RoleSessionName=_SESSION)["Credentials"]
        return {
            "access_key": found["AccessKeyId"],
            "secret_key": found["SecretAccessKey"],
            "token": found["SessionToken"],
            "expiry_time": found["Expiration"].isoformat(),
        }

    session = botocore.session.get_session()
    session.register_component("credential_provider", CredentialResolver([_Role(fetch)]))
    return session


class _Role(CredentialProvider):  # type: ignore[misc]
    METHOD = "assume-role"

    def __init__(self, fetch: Callable[[], dict[str, str]]) -> None:
        super().__init__()
        self._fetch = fetch

    def load(self) -> Any:  # noqa: ANN401 - untyped SDK.
        return DeferredRefreshableCredentials(self._fetch, self.METHOD)


@contextmanager
def _told() -> Iterator[None]:
    """What goes wrong inside as a QueueError: the SDK's codes, never its sentences, which may quote a signature."""
    try:
        yield
    except ClientError as error:
        raise QueueError(_code(error.response.get("Error", {}))) from error
    except (BotoCoreError, OSError) as error:
        raise QueueError(type(error).__name__.removesuffix("Error")) from error


def _code(error: Mapping[str, Any]) -> str:
    """`NonExistentQueue` of `AWS.SimpleQueueService.NonExistentQueue`."""
    return str(error.get("Code", "")).rpartition(".")[2] or "unknown"
