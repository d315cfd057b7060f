"""Activities: what the Bot Connector sends when people write, press or install, read into what they mean for us.

Sources: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference (activity),
https://learn.microsoft.com/adaptive-cards/authoring-cards/universal-action-model (`adaptiveCard/action`),
https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/task-modules/task-modules-bots (`task/fetch`,
`task/submit`).
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tocsin.incidents.commands import Command
from tocsin.kernel import json
from tocsin.kernel.time import DAY, Duration, Instant
from tocsin.saying.buttons import MORNING
from tocsin.saying.mornings import morning

ACTION: Final = "tocsin"  # In the data of an action: our verb, or the name of a form.
FORM: Final = "form"
VALUE: Final = "value"  # In the data: what the button, or the form, carries.
CHOICE: Final = "choice"  # Ids of inputs begin with it, for a choice among many.
FIELD: Final = "field."  # Ids of inputs begin with it, for the fields of a form.
VERBS: Final = frozenset({"acknowledge", "pass", "escalate", "snooze", "resolve"})
"""What is stored, and read into a command by the engine; everything else is answered by the concierge."""

ID_MAX: Final = 500
SNOOZE_MAX: Final[Duration] = 30 * DAY
TEXT_MAX: Final = 4000

_AT: Final = re.compile(r"<at\b[^>]{0,200}>[^<]{0,200}</at>", re.IGNORECASE)  # Bounded: others write it.
_TAG: Final = re.compile(r"<[^>]{0,200}>")


class _Loose(msgspec.Struct, frozen=True, rename="camel"):
    """Microsoft adds keys as it likes."""


class Account(_Loose, frozen=True):
    """A person, a bot or a conversation: *id* is Teams's, *aad_object_id* that of the directory."""

    id: str = ""
    name: str = ""
    aad_object_id: str = ""


class Conversation(_Loose, frozen=True):
    """Where: *conversation_type* is `personal`, `channel` or `groupChat`; a thread's id names its message."""

    id: str = ""
    conversation_type: str = ""
    tenant_id: str = ""


class _Named(_Loose, frozen=True):
    id: str = ""
    name: str = ""


class ChannelData(_Loose, frozen=True):
    """What only Teams says: *channel* where it was, *event_type* what has happened to a team."""

    tenant: _Named = _Named()
    channel: _Named | None = None
    team: _Named | None = None
    event_type: str = ""


class Activity(_Loose, frozen=True):
    """Something that has happened."""

    type: str
    id: str = ""
    service_url: str = ""
    channel_id: str = ""
    sender: Account = msgspec.field(name="from", default=Account())
    recipient: Account = Account()
    conversation: Conversation = Conversation()
    channel_data: ChannelData | None = None
    name: str = ""
    action: str = ""
    text: str | None = None
    value: Any = None
    members_added: tuple[Account, ...] = ()
    members_removed: tuple[Account, ...] = ()
    local_timezone: str | None = None
    reply_to_id: str | None = None

    @property
    def tenants(self) -> tuple[str, ...]:
        """All that are named, wherever; an empty one if none is."""
        told = (self.channel_data.tenant.id if self.channel_data else "", self.conversation.tenant_id)
        return tuple(filter(None, told)) or ("",)

    @property
    def personal(self) -> bool:
        """Whether somebody is alone with us."""
        return self.conversation.conversation_type == "personal"

    @property
    def channel(self) -> str:
        """The channel's id, or that of the chat."""
        named = self.channel_data.channel if self.channel_data else None
        return named.id if named and named.id else self.conversation.id.partition(";")[0]

    @property
    def words(self) -> str:
        """What was written, without the mention of us and without mark-up."""
        text = _AT.sub(" ", (self.text or "")[: 4 * TEXT_MAX])
        return " ".join(html.unescape(_TAG.sub(" ", text)).split())[:TEXT_MAX]


class Pressing(msgspec.Struct, frozen=True):
    """What an action of a card carries: its *verb* or the *form* that was sent, and what goes with it."""

    verb: str
    form: str
    value: Mapping[str, Any]
    inputs: Mapping[str, str]


class _Value(msgspec.Struct, frozen=True):
    """What an incident's button carries: incident, rung, and for a snooze its length in ms, or *u*, a moment's name."""

    i: str
    r: int | None = None
    d: Duration | None = None
    u: str = ""


def read(body: bytes) -> Activity | str:
    """The activity in *body*, or why there is none."""
    try:
        document = json.decode(body)
        found = msgspec.convert(document, Activity)
    except json.JsonError as problem:
        return f"the activity is not JSON: {problem}"
    except msgspec.ValidationError as problem:
        return f"not an activity: {problem}"
    if not found.id or len(found.id) > ID_MAX or not found.conversation.id or len(found.conversation.id) > ID_MAX:
        return "an activity without an id, or without a conversation"
    return found


def pressing(activity: Activity) -> Pressing | None:
    """What was pressed or sent; None: nothing of ours."""
    value = activity.value
    if not isinstance(value, dict):
        return None
    if activity.name == "adaptiveCard/action":
        action = value.get("action")
        data = action.get("data") if isinstance(action, dict) else None
    elif activity.name in {"task/fetch", "task/submit"}:
        data = value.get("data")
    else:
        data = value  # Action.Submit of older clients: a message without words.
    if not isinstance(data, dict):
        return None
    verb, form = data.get(ACTION), data.get(FORM)
    inputs = {name: given for name, given in data.items() if isinstance(given, str) and _is_input(name)}
    carried = data.get(VALUE)
    chosen = next((_object(given) for name, given in inputs.items() if name.startswith(CHOICE)), None)
    if isinstance(form, str) and form:
        return Pressing("", form, carried if isinstance(carried, dict) else {}, inputs)
    if not isinstance(verb, str) or not verb:
        return None
    return Pressing(verb, "", chosen if chosen is not None else carried if isinstance(carried, dict) else {}, inputs)


def commands(
    body: bytes, *, received_at: Instant, responders: Mapping[str, str], zones: Mapping[str, str] | None = None
) -> tuple[Command, ...] | str:
    """The command in the raw *body* of a stored activity, or why there is none.

    *responders*: responder ids by ids of people in Teams, and in the directory in lower case; who is not among them is
    called `teams:<name>`. A snooze counts from *received_at*, when the button was pressed. *zones*: time zones by
    responder id, for "tomorrow"; for all others that of their Teams.
    """
    activity = read(body)
    if isinstance(activity, str):
        return activity
    found = pressing(activity)
    if found is None or found.verb not in VERBS:
        return "the activity presses no button of an incident"
    try:
        value = msgspec.convert(found.value, _Value)
    except msgspec.ValidationError as problem:
        return f"the value of {found.verb!r} cannot be read: {problem}"
    until = None
    by = responder(activity.sender, responders)
    if found.verb == "snooze":
        zone = (zones or {}).get(by) or activity.local_timezone or ""
        until = morning(received_at, zone) if value.u == MORNING else received_at + (value.d or 0)
        if not received_at < until <= received_at + SNOOZE_MAX:
            return "a snooze without a length"
    return (Command(verb=found.verb, incident=value.i, by=by, rung=value.r, until=until),)


def responder(account: Account, responders: Mapping[str, str]) -> str:
    """Who *account* is for us."""
    for name in (account.aad_object_id.lower(), account.id):
        if name and (known := responders.get(name)):
            return known
    return f"teams:{account.name or account.aad_object_id or account.id}"


def _is_input(name: str) -> bool:
    return name.startswith((CHOICE, FIELD))


def _object(text: str) -> Mapping[str, Any] | None:
    try:
        found = json.decode(text)
    except json.JsonError:
        return None
    return found if isinstance(found, dict) else None
