"""The bot in Teams: takes verified activities, stores presses durably, has the concierge answer everything else.

An invoke is answered within seconds, with text or a dialog; what was pressed shows on the card when the engine has read
it. Words are acknowledged at once and answered by a message.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, Final, assert_never

import msgspec

from tocsin.conversing.replies import Answer, Ask, Concierge, Corrections, Home, Nothing, Reply
from tocsin.conversing.wishes import Filled, Place, Pressed, Said, Speaker, Wish
from tocsin.engine.ports import ONCE, Delivered, DeliveryResult, Postponed, Received
from tocsin.errors import StoreUnavailableError
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Duration, Instant
from tocsin.saying.forms import Form
from tocsin.saying.message import Paragraph, Saying
from tocsin.teams.activities import VERBS, Activity, Pressing, pressing, responder
from tocsin.teams.cards import CONTENT_TYPE, card
from tocsin.teams.connector import Connector
from tocsin.teams.forms import filled, form_card
from tocsin.teams.markdown import bare
from tocsin.teams.transport import TeamsTransport
from tocsin.teams.verification import Verification, Verified

CHANNEL: Final = "teams"  # Of deliveries.
TAKEN: Final = "Taken. The card shows in a moment what came of it."
FORMS_MAX: Final = 500  # Open forms that are remembered, to be shown again with what is wrong.
THREADS: Final = 4
WAITING_MAX: Final = 200  # Words that wait for their answer; more is no conversation.
SAID_MAX: Final = 500
TRIES_MAX: Final = 4  # Of an answer, while Teams asks to wait ...
PATIENCE: Final[Duration] = 10 * SECOND  # ... for no longer than this.

_LOGGER: Final = logging.getLogger(__name__)
_UNREACHED: Final = "The answer is for you alone, and I cannot write to you: add me to your apps first."
_NOT_UNDERSTOOD: Final = "I do not understand that yet."
_BOTS: Final = "28:"  # Their ids in Teams begin so.
_MESSAGE: Final = "application/vnd.microsoft.activity.message"
_ERROR: Final = "application/vnd.microsoft.error"


class Met(msgspec.Struct, frozen=True, kw_only=True):
    """The bot was added somewhere, or removed: to a *team* (*channel* is its general one), or to a person's chat."""

    added: bool
    conversation: str
    team: str
    channel: str
    personal: bool
    by: Speaker


Welcome = Callable[[Met], Saying | None]


class Answered(msgspec.Struct, frozen=True):
    """What the Bot Connector hears: a status, and a JSON document or nothing. *refused*: it was not from Microsoft."""

    status: int
    document: Json = None
    refused: str = ""

    @property
    def body(self) -> bytes:
        """As it is sent."""
        return b"" if self.document is None else json.encode(self.document)


class Bot:
    """Good for all threads; `receive` blocks."""

    def __init__(
        self,
        verification: Verification,
        connector: Connector,
        transport: TeamsTransport,
        *,
        accept: Callable[[Received], None],
        now: Callable[[], Instant],
        responders: Mapping[str, str],
        welcome: Welcome = lambda _: None,
    ) -> None:
        """*accept* stores durably, or raises StoreUnavailableError. *responders*: as for `activities.commands`."""
        self._verification = verification
        self._connector = connector
        self._transport = transport
        self._accept = accept
        self._now = now
        self._responders = responders
        self._welcome = welcome
        self._concierge: Concierge | None = None
        self._ended = threading.Event()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="teams")
        self._lock = threading.Lock()
        self._forms: OrderedDict[tuple[str, str], Form] = OrderedDict()
        self._waiting = 0

    def attend(self, concierge: Concierge) -> None:
        """From now on *concierge* answers."""
        self._concierge = concierge

    def close(self) -> None:
        """Finish what is being answered."""
        self._ended.set()
        self._pool.shutdown()

    def busy(self) -> bool:
        """Whether somebody waits for an answer. Any thread."""
        with self._lock:
            return self._waiting > 0

    def receive(self, headers: Mapping[str, str], body: bytes) -> Answered:
        """Take one request. *headers* have lower-case names."""
        now = self._now()
        verified = self._verification.check(headers, body, now)
        if isinstance(verified, str):
            return Answered(HTTPStatus.FORBIDDEN, refused=verified)
        if not self._verification.claim(verified):
            return Answered(HTTPStatus.FORBIDDEN, refused="this activity was taken before")
        self._connector.served_from(verified.activity.service_url)
        try:
            return self._taken(verified, body, now)
        except StoreUnavailableError:
            self._verification.release(verified)
            return Answered(HTTPStatus.SERVICE_UNAVAILABLE)

    def _taken(self, verified: Verified, body: bytes, now: Instant) -> Answered:
        activity = verified.activity
        pressed = pressing(activity)
        if pressed is not None and pressed.verb in VERBS:
            head = f"{ONCE}: teams-{verified.mark}".encode()
            self._accept(Received(received_at=now, channel=CHANNEL, key="", head=head, body=body))
            return _told(TAKEN) if activity.type == "invoke" else Answered(HTTPStatus.OK)
        match activity.type:
            case "invoke":
                return self._invoked(activity, pressed, now)
            case "message" if activity.sender.id.startswith(_BOTS) or activity.sender.id == activity.recipient.id:
                pass  # We never answer bots, nor ourselves: that would not end.
            case "message" if pressed is not None:
                wish = self._wish(activity, pressed, now)
                self._later(lambda: self._answer(activity, self._ask(wish)))
            case "message":
                said = self._said(activity, now)
                self._later(lambda: self._answer(activity, self._ask(said)))
            case "conversationUpdate" | "installationUpdate":
                self._later(lambda: self._meet(activity))
            case _:
                pass  # Reactions, typing, and what Microsoft invents next.
        return Answered(HTTPStatus.OK)

    # ── Invokes ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def _invoked(self, activity: Activity, pressed: Pressing | None, now: Instant) -> Answered:
        dialog = activity.name in {"task/fetch", "task/submit"}
        if pressed is None or not (dialog or activity.name == "adaptiveCard/action"):
            return Answered(HTTPStatus.NOT_IMPLEMENTED)
        reply = self._ask(self._wish(activity, pressed, now))
        if dialog:
            return self._in_dialog(activity, pressed, reply)
        match reply:
            case Answer(saying=saying, private=True):
                return self._privately(activity, saying)
            case Answer(saying=saying) | Home(saying=saying):
                self._transport.say(activity.conversation.id, saying)
                return _told(bare(saying.summary, SAID_MAX))
            case Ask(form):
                self._transport.show(activity.conversation.id, self._form_message(activity, form))
                return _told("Please fill in the form below.")
            case Corrections(errors):
                return _refused(" ".join(errors.values()))
            case Nothing():
                return _told(TAKEN)
        assert_never(reply)

    def _privately(self, activity: Activity, saying: Saying) -> Answered:
        """An answer for who pressed: what is short is shown to them at once, the rest is in their chat with us."""
        if len(saying.parts) > 1 or activity.personal:
            self._transport.say(_whose(activity), saying)
        return _told(bare(saying.summary, SAID_MAX))

    def _in_dialog(self, activity: Activity, pressed: Pressing, reply: Reply) -> Answered:
        match reply:
            case Ask(form):
                return _dialog(form.title, self._opened(activity, form))
            case Corrections(errors):
                with self._lock:
                    known = self._forms.get((_whose(activity), pressed.form))
                if known is None:
                    return _closing(" ".join(errors.values()))
                given = filled(_data(activity), activity.local_timezone or "")
                again = form_card(known, zone=activity.local_timezone or "", errors=errors, given=given)
                return _dialog(known.title, again)
            case Answer(saying=saying, private=private):
                if not private:
                    self._transport.say(activity.conversation.id, saying)
                if private and len(saying.parts) > 1:
                    return _dialog("Tocsin", card(saying))
                return _closing(bare(saying.summary, SAID_MAX))
            case Home(saying=saying):
                return _dialog("Tocsin", card(saying))
            case Nothing():
                return Answered(HTTPStatus.OK)
        assert_never(reply)

    def _opened(self, activity: Activity, form: Form) -> dict[str, Json]:
        with self._lock:
            self._forms[_whose(activity), form.name] = form
            while len(self._forms) > FORMS_MAX:
                self._forms.popitem(last=False)
        return form_card(form, zone=activity.local_timezone or "")

    def _form_message(self, activity: Activity, form: Form) -> dict[str, Json]:
        drawn = {"contentType": CONTENT_TYPE, "content": self._opened(activity, form)}
        return {"type": "message", "summary": bare(form.title), "attachments": [drawn]}

    # ── Words ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _later(self, work: Callable[[], None]) -> None:
        with self._lock:
            if self._waiting >= WAITING_MAX:
                _LOGGER.warning("too much is asked in Teams at once; words are not answered")
                return
            self._waiting += 1
        self._pool.submit(self._guarded, work)

    def _answer(self, activity: Activity, reply: Reply) -> None:
        here = activity.conversation.id
        match reply:
            case Answer(saying=saying, private=private):
                if not private or activity.personal:
                    self._say(here, saying)
                elif isinstance(self._say(_whose(activity), saying), Delivered):
                    self._say(here, _line("I have answered in our chat, since it is for you alone."))
                else:
                    self._say(here, _line(_UNREACHED))
            case Ask(form):
                self._transport.show(here, self._form_message(activity, form))
            case Corrections(errors):
                self._say(here, _line(" ".join(errors.values())))
            case Home(saying=saying):
                self._say(_whose(activity), saying)
            case Nothing():
                pass
            case _:
                assert_never(reply)

    def _meet(self, activity: Activity) -> None:
        """Somebody has added us, or removed us."""
        ours = activity.recipient.id
        if activity.type == "conversationUpdate":
            added = any(member.id == ours for member in activity.members_added)
            removed = any(member.id == ours for member in activity.members_removed)
        else:
            added, removed = False, activity.action.startswith("remove")
        if not added and not removed:
            return
        team = activity.channel_data.team if activity.channel_data else None
        met = Met(
            added=added,
            conversation=activity.conversation.id,
            team=team.name or team.id if team else "",
            channel=activity.channel,
            personal=activity.personal,
            by=self._speaker(activity),
        )
        saying = self._welcome(met)
        if saying is not None and added:
            self._say(met.conversation, saying)

    # ── Parts ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _ask(self, wish: Wish) -> Reply:
        if self._concierge is None:
            return Answer(saying=_line(_NOT_UNDERSTOOD))
        return self._concierge.answer(wish)

    def _say(self, address: str, saying: Saying) -> DeliveryResult:
        """Write *saying*; what Teams delays for a moment is waited for, since nobody else tries again."""
        result = self._transport.say(address, saying)
        for _ in range(TRIES_MAX - 1):
            if not isinstance(result, Postponed) or (result.after or SECOND) > PATIENCE or self._ended.is_set():
                break
            self._ended.wait((result.after or SECOND) / SECOND)
            result = self._transport.say(address, saying)
        return result

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except StoreUnavailableError:
            _LOGGER.warning("words in Teams were not answered: the store is not available")
        except Exception:
            _LOGGER.exception("an answer in Teams failed here")
        finally:
            with self._lock:
                self._waiting -= 1

    def _said(self, activity: Activity, now: Instant) -> Said:
        return Said(by=self._speaker(activity), place=self._place(activity), text=activity.words, at=now)

    def _wish(self, activity: Activity, pressed: Pressing, now: Instant) -> Wish:
        by, where = self._speaker(activity), self._place(activity, pressed.value)
        if pressed.form:
            values = filled(_data(activity), activity.local_timezone or "")
            return Filled(by=by, place=where, form=pressed.form, values=values, facts=pressed.value, at=now)
        return Pressed(by=by, place=where, verb=pressed.verb, value=pressed.value, at=now)

    def _speaker(self, activity: Activity) -> Speaker:
        sender = activity.sender
        return Speaker(
            chat=CHANNEL,
            user=sender.aad_object_id or sender.id,
            responder=responder(sender, self._responders),
            zone=activity.local_timezone or "",
            name=sender.name,
        )

    def _place(self, activity: Activity, value: Mapping[str, Any] | None = None) -> Place:
        conversation = activity.conversation.id
        carried = (value or {}).get("i")
        return Place(
            channel=activity.channel,
            thread=conversation if ";messageid=" in conversation else "",
            direct=activity.personal,
            incident=carried if isinstance(carried, str) else self._transport.incident_of(conversation),
        )


def _whose(activity: Activity) -> str:
    """Where who has sent *activity* is alone with us."""
    return activity.conversation.id if activity.personal else activity.sender.aad_object_id or activity.sender.id


def _data(activity: Activity) -> Mapping[str, Any]:
    """What an action of a card has sent."""
    value: Any = activity.value
    if activity.name == "adaptiveCard/action":
        value = value.get("action") if isinstance(value, dict) else None
    if activity.type == "invoke":
        value = value.get("data") if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _line(text: str) -> Saying:
    return Saying(summary=text, parts=(Paragraph(text),))


def _told(text: str) -> Answered:
    return Answered(HTTPStatus.OK, {"statusCode": 200, "type": _MESSAGE, "value": text})


def _refused(text: str) -> Answered:
    value = {"code": "BadRequest", "message": text}
    return Answered(HTTPStatus.OK, {"statusCode": 400, "type": _ERROR, "value": value})


def _dialog(title: str, content: dict[str, Json]) -> Answered:
    value = {
        "title": bare(title, 60),
        "height": "medium",
        "width": "medium",
        "card": {"contentType": CONTENT_TYPE, "content": content},
    }
    return Answered(HTTPStatus.OK, {"task": {"type": "continue", "value": value}})


def _closing(text: str) -> Answered:
    return Answered(HTTPStatus.OK, {"task": {"type": "message", "value": text}})
