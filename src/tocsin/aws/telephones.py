"""Two ways to a telephone through AWS: an SMS through Amazon SNS, and a call through Amazon Connect.

Sources: the SNS API Reference (Publish to a PhoneNumber; SMS attributes), the Connect API Reference
(StartOutboundVoiceContact). Where requests go, and who signs them, the SDK decides from its own environment
(`AWS_PROFILE`, `AWS_ENDPOINT_URL` ...).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import boto3  # type: ignore[import-untyped]
from botocore.config import Config  # type: ignore[import-untyped]
from botocore.exceptions import BotoCoreError, ClientError, NoRegionError  # type: ignore[import-untyped]

from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Refused
from tocsin.incidents.texting import sms, speech
from tocsin.kernel.time import SECOND
from tocsin.posting.paging import Message, Paging

CONNECT_SECONDS: Final = 5
READ_SECONDS: Final = 10
ATTRIBUTE: Final = "text"  # What the flow says: `$.Attributes.text`.

_PACED: Final = frozenset({"Throttling", "ThrottlingException", "Throttled", "TooManyRequestsException"})
# These say that something is wrong here or at AWS, now; another try may help.
_TROUBLES: Final = _PACED | {
    "InternalError",
    "InternalFailure",
    "InternalServiceException",
    "LimitExceededException",
    "RequestTimeout",
    "ServiceUnavailable",
}
_PACE: Final = 2 * SECOND
_SERVER_ERROR: Final = 500


class SnsSms:
    """A `Transport`. Addresses are telephone numbers in E.164."""

    name = "sns"

    def __init__(self, paging: Paging, *, region: str = "", sender: str | None = None) -> None:
        """*paging* makes the messages, *sender* is what the telephone shows. Nobody is asked yet."""
        self._paging = paging
        self._client = _Client("sns", region)
        shown = {"AWS.SNS.SMS.SenderID": sender} if sender else {}
        # Promotional messages wait for better times, and may be sent at night to nobody.
        told = {"AWS.SNS.SMS.SMSType": "Transactional", **shown}
        self._attributes = {name: {"DataType": "String", "StringValue": value} for name, value in told.items()}

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """Hand *jobs* over; see the port. A publish has no idempotency key: a rare second SMS is no harm."""

        def send(message: Message) -> DeliveryResult:
            text = sms(message.told)
            return self._client.ask(
                lambda sns: sns.publish(PhoneNumber=address, Message=text, MessageAttributes=self._attributes)
            )

        return self._paging.deliver("an SMS", jobs, send)


class ConnectVoice:
    """A `Transport`. Addresses are telephone numbers in E.164."""

    name = "connect"

    def __init__(self, paging: Paging, *, instance: str, flow: str, number: str, region: str = "") -> None:
        """*flow* of *instance* says the contact attribute ATTRIBUTE; *number* calls. Nobody is asked yet."""
        self._paging = paging
        self._client = _Client("connect", region)
        self._instance = instance
        self._flow = flow
        self._number = number

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """Hand *jobs* over; see the port. The same pages are one call, however often they are sent."""

        def send(message: Message) -> DeliveryResult:
            return self._client.ask(
                lambda connect: connect.start_outbound_voice_contact(
                    DestinationPhoneNumber=address,
                    ContactFlowId=self._flow,
                    InstanceId=self._instance,
                    SourcePhoneNumber=self._number,
                    ClientToken=message.token,
                    Attributes={ATTRIBUTE: speech(message.told)},
                )
            )

        return self._paging.deliver("a call", jobs, send)


class _Client:
    """One service behind the SDK: made when it is first asked, since that reads the environment."""

    def __init__(self, service: str, region: str) -> None:
        self._service = service
        self._region = region
        self._made: Any = None

    def ask(self, call: Callable[[Any], object]) -> DeliveryResult:
        """One request; the SDK's codes, never its sentences, which quote numbers and signatures."""
        try:
            call(self._client())
        except ClientError as error:
            return self._judged(error)
        except NoRegionError:
            return Refused(f"{self._service}: no region is set")
        except (BotoCoreError, OSError) as error:
            return Postponed(f"{self._service} could not be asked: {type(error).__name__}")
        return Delivered()

    def _client(self) -> Any:  # noqa: ANN401 - untyped SDK. Two threads may make one each, and no harm is done.
        if self._made is None:
            config = Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"mode": "standard", "total_max_attempts": 1},  # The dispatcher tries again.
            )
            session = boto3.Session(region_name=self._region or None)
            self._made = session.client(self._service, config=config)
        return self._made

    def _judged(self, error: Any) -> DeliveryResult:  # noqa: ANN401 - untyped SDK.
        code = str(error.response.get("Error", {}).get("Code", "")) or "unknown"
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        said = f"{self._service} answered {code}"
        if code in _PACED:
            return Postponed(said, after=_PACE)
        return Postponed(said) if code in _TROUBLES or status >= _SERVER_ERROR else Refused(said)
