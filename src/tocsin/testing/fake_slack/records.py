"""The values that a test reads from the fake: who is there, what was said, what was refused."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec

JsonObject: TypeAlias = dict[str, Any]

# JSON of a shape that its reader knows and the type checker does not.
Json: TypeAlias = Any


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person or a bot of the workspace."""

    id: str
    name: str
    tz: str = "UTC"
    tz_offset_seconds: int = 0
    presence: str = "active"
    """``active`` or ``away``, as ``users.getPresence`` says it."""
    dnd: bool = False
    """Whether the person is within "do not disturb" now."""
    email: str = ""
    bot: bool = False
    deleted: bool = False
    guest: bool = False
    """Whether the account is limited to some channels."""
    team: str = ""
    """The workspace that the person belongs to, if that is another one (a channel is shared with it)."""


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation: a channel (C…), a direct message (D…) or a group of people (G…)."""

    id: str
    name: str
    members: tuple[str, ...] = ()
    """User ids; the bot's own among them if it was invited."""
    private: bool = False
    archived: bool = False
    topic: str = ""
    shared: bool = False
    """Whether another organisation has it too."""

    @property
    def direct(self) -> bool:
        """Whether this is a direct message with one person."""
        return self.id.startswith("D")


class Usergroup(msgspec.Struct, frozen=True, kw_only=True):
    """A handle for several people, as ``@oncall``."""

    id: str
    handle: str
    users: tuple[str, ...] = ()
    disabled: bool = False


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message in its state at the time of asking. Times are readings of the fake's clock, in seconds."""

    channel: str
    ts: str
    user: str
    """Who wrote it: the bot's user id for what the application under test has posted."""
    text: str
    blocks: tuple[JsonObject, ...] = ()
    """As sent, with the ids that Slack fills in where they are missing."""
    attachments: tuple[JsonObject, ...] = ()
    thread_ts: str | None = None
    metadata: JsonObject | None = None
    ephemeral_to: str | None = None
    """The only user who sees it; None for an ordinary message."""
    edits: int = 0
    deleted: bool = False
    posted_at: float
    updated_at: float

    @property
    def action_ids(self) -> tuple[str, ...]:
        """The ids of everything that can be clicked or filled in, from top to bottom."""
        return tuple(element["action_id"] for _, element in interactive_elements(self.layout))

    @property
    def layout(self) -> tuple[JsonObject, ...]:
        """All blocks: the message's own, then those of its attachments."""
        return self.blocks + tuple(block for part in self.attachments for block in part.get("blocks", ()))


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A modal or a home tab, open on one user's screen."""

    id: str
    user: str
    type: str
    """``modal`` or ``home``."""
    content: JsonObject
    """The view as sent, with the ids that Slack fills in."""
    hash: str
    root: str
    previous: str | None = None
    external_id: str = ""
    open: bool = True
    updates: int = 0
    opened_at: float
    updated_at: float

    @property
    def layout(self) -> tuple[JsonObject, ...]:
        """Its blocks."""
        return tuple(self.content["blocks"])

    @property
    def action_ids(self) -> tuple[str, ...]:
        """The ids of everything that can be clicked or filled in, from top to bottom."""
        return tuple(element["action_id"] for _, element in interactive_elements(self.layout))


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file of the application under test, in its state at the time of asking."""

    id: str
    name: str
    length: int
    alt: str = ""
    """What it shows, for screen readers."""
    title: str = ""
    content: bytes = b""
    """Empty until it was uploaded."""
    completed_at: float | None = None
    """When the upload was finished, by the fake's clock; None: it was not."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One request of the application under test."""

    method: str
    """The Web API method, or ``response_url``."""
    payload: JsonObject
    at: float
    """When it arrived, by the fake's clock, in seconds."""
    error: str | None = None
    """Slack's error code; None if the call succeeded."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Something that Slack would have refused or shown to its user as broken."""

    method: str
    error: str
    details: tuple[str, ...] = ()
    """For blocks: what is wrong, and where, as JSON pointers."""
    payload: JsonObject = {}
    at: float


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """How the application answered an interaction, a slash command or an event."""

    kind: str
    """``interactive``, ``slash_commands`` or ``events_api``."""
    payload: JsonObject
    """What was sent to the application."""
    seconds: float
    """From sending to the answer, by the fake's clock."""
    late: bool
    """Slower than Slack waits. Recorded, and shown to a user of the real Slack as a warning."""
    status: int | None = None
    """The HTTP status; None over Socket Mode, or without an answer."""
    response: Json = None
    """The answer's JSON or text; None if it was empty."""
    error: str | None = None
    """``timeout``, ``not_connected``, ``connection_failed``, ``http_500`` and the like; None if acknowledged."""
    forged: bool = False
    """Sent with a wrong signature or an old timestamp on purpose."""
    replayed: bool = False
    """Sent for the second time on purpose."""
    trigger_id: str = ""
    response_url: str = ""
    wire: bytes = b""
    """The exact body or envelope, so that it can be replayed."""
    headers: dict[str, str] = {}
    """The HTTP headers that went with it; empty over Socket Mode."""

    @property
    def ok(self) -> bool:
        """Acknowledged, and in time."""
        return self.error is None and not self.late


def interactive_elements(blocks: tuple[JsonObject, ...]) -> list[tuple[str, JsonObject]]:
    """Every element that has an action id, with the id of its block, in order."""
    found: list[tuple[str, JsonObject]] = []
    for block in blocks:
        for key in ("accessory", "element", "elements", "actions", "child_blocks"):
            inner = block.get(key, ())
            for item in [inner] if isinstance(inner, dict) else inner:
                if "action_id" in item:
                    found.append((block["block_id"], item))
                elif key == "child_blocks" or block["type"] == "carousel":
                    found += interactive_elements((item,))
    return found
