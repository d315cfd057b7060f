"""What Slack sends, read: words, presses, forms that were filled in, looks at the home tab, and what just happened.

Sources: https://docs.slack.dev/reference/interaction-payloads, https://docs.slack.dev/interactivity/implementing-slash-commands,
https://docs.slack.dev/reference/events. Over HTTP a slash command is a form, an interaction a form with the one field
`payload`, an event a JSON body; over Socket Mode all three are JSON.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

import msgspec

from tocsin.conversing.noticed import Change, Noticed
from tocsin.kernel import json
from tocsin.kernel.time import Instant
from tocsin.slack.drawing import OPENS, verb_of
from tocsin.slack.interactions import NoCommand, commands
from tocsin.slack.unmarked import unmarked
from tocsin.slack.views import Facts, facts_of, values_of

CHAT: Final = "slack"
FIELDS_MAX: Final = 50  # Of a form body; a slash command has some fifteen.
TEXT_MAX: Final = 4000  # Characters of words for us; Slack's own limit for a message.
ON_MESSAGE: Final = "on_message"  # The verb of a message's shortcut; its callback id too.
SHORTCUTS: Final = frozenset({"raise", ON_MESSAGE})  # Their callback ids are the verbs.

_DOMAIN: Final = re.compile(r"[a-z0-9-]{1,80}")
_SLACKBOT: Final = "USLACKBOT"  # Repeats what people have told it to, reminders among that.
_LEADING_MENTION: Final = re.compile(r"\A\s*<@(?P<user>[A-Z0-9]+)(?:\|[^>]*)?>[\s,:]*")


class Words(msgspec.Struct, frozen=True):
    """After a slash command or a mention, or in a direct message."""

    text: str


class Press(msgspec.Struct, frozen=True, kw_only=True):
    """A button, an option or a shortcut. *opens*: a form is to answer it."""

    verb: str
    value: Mapping[str, json.Json] = {}
    opens: bool = False


class Filling(msgspec.Struct, frozen=True, kw_only=True):
    """A modal that was submitted. *first*: the id of its first input, for what concerns none of them."""

    facts: Facts
    values: Mapping[str, str | int | tuple[str, ...] | None]
    inputs: tuple[str, ...]


class Look(msgspec.Struct, frozen=True):
    """Somebody has the home tab before them."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the concierge answers. What Slack does not say is empty.

    *message*: the ts of the message that was pressed; *thread*: of the one whose thread it is in. *view*: the id of the
    modal; *home*: it was pressed in the home tab.
    """

    what: Words | Press | Filling | Look
    user: str
    username: str = ""
    channel: str = ""
    thread: str = ""
    message: str = ""
    trigger: str = ""
    response_url: str = ""
    view: str = ""
    home: bool = False
    once: str = ""


class Verbs(msgspec.Struct, frozen=True, kw_only=True):
    """Presses of incident verbs: stored as they are, and decided by the engine."""

    by: Asked
    once: str = ""


class Told(msgspec.Struct, frozen=True):
    """To be answered at once, with this."""

    response: json.Json = None


class Nothing(msgspec.Struct, frozen=True):
    """It is for nobody here; *why*."""

    why: str


Heard: TypeAlias = Asked | Verbs | Noticed | Told | Nothing
Document: TypeAlias = dict[str, Any]


def heard(body: bytes, at: Instant) -> Heard:
    """What a raw *body* asks for. Total: what cannot be read is Nothing."""
    document = _document(body)
    if document is None:
        return Nothing("neither JSON nor a form")
    try:
        return _heard(document, body, at)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as problem:
        return Nothing(f"not as Slack sends it: {type(problem).__name__}")


def _heard(document: Document, body: bytes, at: Instant) -> Heard:
    kind = document.get("type", "")
    if document.get("ssl_check"):
        return Told()
    if "command" in document:
        return _slash_command(document)
    if kind == "url_verification":
        return Told({"challenge": _text(document["challenge"])})
    if kind == "event_callback":
        return _event(document, at)
    read = _INTERACTIONS.get(kind)
    return read(document, body, at) if read else Nothing(f"an interaction of the type {_text(kind)[:40]!r}")


def _document(body: bytes) -> Document | None:
    """The JSON object in *body*, or the fields of a form."""
    raw: bytes | str = body
    if body.lstrip()[:1] != b"{":
        try:
            fields = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX))
        except ValueError:
            return None
        if "payload" not in fields:
            return fields if "command" in fields or "ssl_check" in fields else None
        raw = fields["payload"]
    try:
        found = json.decode(raw)
    except json.JsonError:
        return None
    return found if isinstance(found, dict) else None


# ── Words ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _slash_command(document: Document) -> Heard:
    return Asked(
        what=Words(_text(document.get("text", ""))[:TEXT_MAX].strip()),
        user=_text(document["user_id"]),
        username=_text(document.get("user_name", "")),
        channel=_text(document["channel_id"]),
        trigger=_text(document.get("trigger_id", "")),
        response_url=_text(document.get("response_url", "")),
        once=_text(document.get("trigger_id", "")),
    )


def _event(document: Document, at: Instant) -> Heard:
    event, once = document["event"], _text(document.get("event_id", ""))
    us = _text((document.get("authorizations") or [{}])[0].get("user_id", ""))
    kind = event["type"]
    if kind == "app_mention" or (kind == "message" and event.get("channel_type") == "im"):
        # What bots say, we ourselves among them, and what only changes a message, is no question.
        by_program = event.get("bot_id") or event.get("bot_profile") or event.get("user") in {us, _SLACKBOT}
        if by_program or event.get("subtype") or not event.get("user"):
            return Nothing("not said by a person")
        if event.get("edited"):  # Slack tells of a mention again when its message is edited; it was answered.
            return Nothing("said before")
        return Asked(
            what=Words(_without_mention(_text(event.get("text", ""))[:TEXT_MAX], us)),
            user=_text(event["user"]),
            channel=_text(event["channel"]),
            thread=_text(event.get("thread_ts", "")),
            once=once,
        )
    if kind == "app_home_opened":
        if event.get("tab") != "home":
            return Nothing("another tab than home")
        return Asked(what=Look(), user=_text(event["user"]), once=once)
    notice = _NOTICES.get(kind)
    if notice is None:
        return Nothing(f"an event of the type {_text(kind)[:40]!r}")
    return Noticed(chat=CHAT, at=at, once=once, **notice(event, us))


def _without_mention(text: str, us: str) -> str:
    """*text* without our name before it."""
    found = _LEADING_MENTION.match(text)
    return text[found.end() :].strip() if found and (not us or found["user"] == us) else text.strip()


# ── What just happened ───────────────────────────────────────────────────────────────────────────────────────────────
def _joined(event: Document, us: str) -> Document:
    user = _text(event["user"])
    return {
        "change": Change.JOINED,
        "channel": _text(event["channel"]),
        "user": user,
        "by": _text(event.get("inviter", "")),
        "ours": bool(us) and user == us,
    }


def _room(change: Change) -> Callable[[Document, str], Document]:
    return lambda event, _: {"change": change, "channel": _text(event["channel"]), "by": _text(event.get("user", ""))}


def _renamed(event: Document, _: str) -> Document:
    channel = event["channel"]
    return {"change": Change.RENAMED, "channel": _text(channel["id"]), "name": _text(channel["name"])}


def _person(event: Document, _: str) -> Document:
    user = event["user"]
    return {
        "change": Change.PERSON,
        "user": _text(user["id"]),
        "name": _text(user.get("real_name") or user.get("name") or ""),
        "zone": _text(user.get("tz") or ""),
        "gone": user.get("deleted") is True,
    }


def _revoked(_: Document, __: str) -> Document:
    return {"change": Change.REVOKED}


_NOTICES: Final[Mapping[str, Callable[[Document, str], Document]]] = {
    "member_joined_channel": _joined,
    "member_left_channel": lambda event, us: _joined(event, us) | {"change": Change.WENT},
    "channel_unarchive": _room(Change.REOPENED),
    "group_unarchive": _room(Change.REOPENED),
    "channel_archive": _room(Change.ARCHIVED),
    "group_archive": _room(Change.ARCHIVED),
    "channel_deleted": _room(Change.ARCHIVED),
    "group_deleted": _room(Change.ARCHIVED),
    "channel_left": _room(Change.LEFT),
    "group_left": _room(Change.LEFT),
    "channel_rename": _renamed,
    "group_rename": _renamed,
    "user_change": _person,
    "tokens_revoked": _revoked,
    "app_uninstalled": _revoked,
}


# ── Interactions ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _pressed(document: Document, body: bytes, at: Instant) -> Heard:
    by = _presser(document, Press(verb=""))
    action = document["actions"][0]
    option = action.get("selected_option") or {}
    value = _value(_text(option.get("value") or action.get("value") or ""))
    opens = value.pop(OPENS, None) is not None
    # Of several, as Slack does not send them, all are verbs or the first one counts.
    if not opens and not isinstance(commands(body, received_at=at, responders={}), NoCommand):
        return Verbs(by=by, once=by.once)
    verb = verb_of(_text(action["action_id"]))
    if not verb:
        return Nothing("an action that is not ours")
    if _leads_elsewhere(document, action["action_id"]):
        return Nothing("a button that leads elsewhere")
    return msgspec.structs.replace(by, what=Press(verb=verb, value=value, opens=opens))


def _leads_elsewhere(document: Document, action_id: object) -> bool:
    """Whether the pressed element is a link: Slack tells of those too, and not that they are links."""
    shown = document.get("message") or document.get("view") or {}
    for block in shown.get("blocks") or ():
        for element in (*(block.get("elements") or ()), block.get("accessory") or {}):
            if element.get("action_id") == action_id:
                return bool(element.get("url"))
    return False


def _presser(document: Document, what: Press) -> Asked:
    container = document.get("container") or {}
    view = document.get("view") or {}
    metadata = facts_of(view) if view.get("type") == "modal" else Facts(form="")
    message = _text(container.get("message_ts", "")) or _text(document.get("message_ts", ""))
    thread = _text(container.get("thread_ts", "") or (document.get("message") or {}).get("thread_ts", "") or "")
    return Asked(
        what=what,
        user=_text(document["user"]["id"]),
        username=_text(document["user"].get("username") or document["user"].get("name") or ""),
        channel=_text(container.get("channel_id") or (document.get("channel") or {}).get("id") or metadata.channel),
        thread=thread or metadata.thread,
        message=message,
        trigger=_text(document.get("trigger_id", "")),
        response_url=_text(document.get("response_url") or metadata.response_url),
        view=_text(view.get("id", "")) if view.get("type") == "modal" else "",
        home=view.get("type") == "home",
        once=_text(document.get("trigger_id", "")),
    )


def _value(raw: str) -> dict[str, json.Json]:
    try:
        found = json.decode(raw or "{}")
    except json.JsonError:
        return {}
    return found if isinstance(found, dict) else {}


def _submitted(document: Document, _: bytes, __: Instant) -> Heard:
    view = document["view"]
    facts = facts_of(view)
    if not facts.form:
        return Nothing("a modal that is not ours")
    inputs = tuple(_text(block["block_id"]) for block in view["blocks"] if block["type"] == "input")
    asked = _presser(document, Press(verb=""))
    return msgspec.structs.replace(
        asked, what=Filling(facts=facts, values=values_of(view), inputs=inputs), home=facts.home
    )


def _shortcut(document: Document, _: bytes, __: Instant) -> Heard:
    verb = _text(document["callback_id"])
    if verb not in SHORTCUTS:
        return Nothing("a shortcut that is not ours")
    value: dict[str, json.Json] = {}
    if document["type"] == "message_action":
        message = document["message"]
        value = {
            "text": unmarked(_text(message.get("text", ""))[:TEXT_MAX]),
            "author": _text(message.get("user", "")),
            "channel": _text(document["channel"]["id"]),
            "ts": _text(document["message_ts"]),
            "link": _permalink(document),
        }
    return _presser(document, Press(verb=verb, value=value, opens=True))


def _permalink(document: Document) -> str:
    """Where the message of a shortcut stands; empty where Slack does not name its workspace."""
    domain = (document.get("team") or {}).get("domain")
    if not isinstance(domain, str) or not _DOMAIN.fullmatch(domain):
        return ""
    ts = _text(document["message_ts"]).replace(".", "")
    return f"https://{domain}.slack.com/archives/{_text(document['channel']['id'])}/p{ts}"


def _closed(_: Document, __: bytes, ___: Instant) -> Heard:
    return Nothing("a modal was closed")


_INTERACTIONS: Final[Mapping[str, Callable[[Document, bytes, Instant], Heard]]] = {
    "block_actions": _pressed,
    "view_submission": _submitted,
    "view_closed": _closed,
    "shortcut": _shortcut,
    "message_action": _shortcut,
}


def _text(value: object) -> str:
    """*value*, which must be text. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError(value)
    return value
