"""Two ways to a telephone through Twilio: an SMS with the link to the console, and a call that says what has happened.

Sources: https://www.twilio.com/docs/messaging/api/message-resource#create-a-message,
https://www.twilio.com/docs/voice/api/call-resource#create-a-call, https://www.twilio.com/docs/voice/twiml/say,
https://www.twilio.com/docs/usage/twilios-response (errors: a JSON object with a `code`).

Neither call has an idempotency key: a request whose answer is lost is sent again, and a rare second SMS is better than
a lost page.
"""

from __future__ import annotations

import re
import ssl
from base64 import b64encode
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from tocsin.engine.ports import DeliveryResult, Job
from tocsin.incidents.texting import sms, speech
from tocsin.kernel import json
from tocsin.posting.paging import Message, Paging
from tocsin.posting.requests import Answer, Limits, Place, judged, post

VENDOR: Final = "Twilio"
HOST: Final = "api.twilio.com"
_NO_XML: Final = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # What XML 1.0 cannot hold.
SAID_TIMES: Final = 2  # Who wakes up has not heard the beginning.

_LIMITS: Final = Limits()
_MEANINGS: Final[dict[int, str]] = {
    20003: "it does not know the account and its token",
    20404: "it knows no such account",
    20429: "too many requests at once",
    21211: "the receiver's number is none",
    21212: "our number is none",
    21214: "the receiver's number cannot be called",
    21215: "calls to the receiver's country are not permitted to the account",
    21219: "a trial account reaches verified numbers only",
    21408: "SMS to the receiver's country are not permitted to the account",
    21606: "our number cannot send SMS, or is not the account's",
    21608: "a trial account reaches verified numbers only",
    21610: "the receiver has opted out of our messages",
    21614: "the receiver's number takes no SMS",
}
"""Twilio's error codes that an operator can do something about; its own sentences quote numbers."""


class Account:
    """An account at Twilio, and the number that sends and calls."""

    def __init__(
        self,
        account: str,
        token: str,
        number: str,
        *,
        place: Place | None = None,
        limits: Limits = _LIMITS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """*place* is for tests: where Twilio is (its path counts for nothing)."""
        self._account = account
        self._authorization = "Basic " + b64encode(f"{account}:{token}".encode()).decode()
        self._number = number
        self._place = place or Place(HOST, 443, "/")
        self._limits = limits
        self._context = context or ssl.create_default_context()

    def post(self, resource: str, to: str, **fields: str) -> DeliveryResult:
        """Create a *resource* (`Messages`, `Calls`) for the telephone number *to*."""
        answer = post(
            Place(
                self._place.host,
                self._place.port,
                f"/2010-04-01/Accounts/{self._account}/{resource}.json",
                secure=self._place.secure,
            ),
            {"Content-Type": "application/x-www-form-urlencoded", "Authorization": self._authorization},
            urlencode({"To": to, "From": self._number, **fields}).encode(),
            limits=self._limits,
            context=self._context,
            vendor=VENDOR,
        )
        return judged(answer, VENDOR, _reason(answer)) if isinstance(answer, Answer) else answer


class TwilioSms:
    """A `Transport`. Addresses are telephone numbers in E.164."""

    name = "twilio-sms"

    def __init__(self, account: Account, paging: Paging) -> None:
        """*paging* makes the messages."""
        self._account = account
        self._paging = paging

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """Hand *jobs* over; see the port."""

        def send(message: Message) -> DeliveryResult:
            return self._account.post("Messages", address, Body=sms(message.told))

        return self._paging.deliver("an SMS", jobs, send)


class TwilioVoice:
    """A `Transport`. Addresses are telephone numbers in E.164."""

    name = "twilio-voice"

    def __init__(self, account: Account, paging: Paging) -> None:
        """*paging* makes the messages."""
        self._account = account
        self._paging = paging

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """Hand *jobs* over; see the port."""

        def send(message: Message) -> DeliveryResult:
            return self._account.post("Calls", address, Twiml=twiml(speech(message.told)))

        return self._paging.deliver("a call", jobs, send)


def twiml(text: str) -> str:
    """A call that says *text*, then again."""
    return f'<Response><Say loop="{SAID_TIMES}">{escape(_NO_XML.sub("", text))}</Say></Response>'


def _reason(answer: Answer) -> str:
    """What Twilio's error code means; of a code that is not in our table the number."""
    try:
        body: Any = json.decode(answer.body)
    except json.JsonError:
        return ""
    code = body.get("code") if isinstance(body, dict) else None
    return _MEANINGS.get(code, f"its code {code}") if isinstance(code, int) else ""
