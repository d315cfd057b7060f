"""The workspace: its people, channels, messages and views, its clock, and everything that happened in it."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
import zoneinfo
from collections.abc import Sequence
from typing import NoReturn

import msgspec

from tocsin.testing.fake_slack.blocks import with_ids
from tocsin.testing.fake_slack.limits import Clock, Limits
from tocsin.testing.fake_slack.records import (
    Acknowledgement,
    Call,
    Channel,
    File,
    Json,
    JsonObject,
    Message,
    Refusal,
    User,
    Usergroup,
    View,
)


class RefusedError(Exception):
    """Slack says no: the error code, and what is wrong in detail."""

    def __init__(self, error: str, details: Sequence[str] = (), **extra: object) -> None:
        """*extra* becomes part of the answer's body."""
        super().__init__(error, *details)
        self.error = error
        self.details = tuple(details)
        self.extra = extra


def refuse(error: str, details: Sequence[str] = (), **extra: object) -> NoReturn:
    """Raise RefusedError."""
    raise RefusedError(error, details, **extra)


class Trigger(msgspec.Struct, kw_only=True):
    """The right to open one modal, for three seconds, once."""

    user: str
    issued_at: float
    root: str | None = None
    used: bool = False


class ResponseUrl(msgspec.Struct, kw_only=True):
    """The right to answer an interaction five times within half an hour."""

    channel: str
    user: str
    ts: str | None
    issued_at: float
    uses: int = 0


class World:
    """All state of the fake. Whoever reads or writes it holds ``changed``, and notifies after a change."""

    def __init__(self, limits: Limits, clock: Clock, wall_clock: Clock) -> None:
        """Start with one bot user and nothing else."""
        self.limits = limits
        self.clock = clock
        self.wall_clock = wall_clock
        self.changed = threading.Condition()
        self.base_url = ""
        self._ids = itertools.count(1)
        self.team_id = self.new_id("T")
        self.app_id = self.new_id("A")
        self.bot_id = self.new_id("B")
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.usergroups: dict[str, Usergroup] = {}
        self.views: dict[str, View] = {}
        self.files: dict[str, File] = {}
        self.calls: list[Call] = []
        self.refusals: list[Refusal] = []
        self.acknowledgements: list[Acknowledgement] = []
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.restricted: dict[str, str] = {}
        """By channel: the error of those who may not post there."""
        self._messages: dict[str, dict[str, Message]] = {}
        self._last_us: dict[str, int] = {}
        self.bot = self.add_user("tocsin", bot=True)

    def new_id(self, prefix: str) -> str:
        """An id of Slack's shape, unique in this workspace: a letter and ten digits or capitals."""
        return f"{prefix}{next(self._ids):010X}"

    def wall_seconds(self) -> int:
        """The time of day as Slack would tell it: seconds since 1970."""
        return int(self.wall_clock())

    def refuse(self, method: str, refused: RefusedError, payload: JsonObject) -> None:
        """Record what Slack would not have taken."""
        self.refusals.append(
            Refusal(method=method, error=refused.error, details=refused.details, payload=payload, at=self.clock())
        )
        self.changed.notify_all()

    # ── People and places ────────────────────────────────────────────────────────────────────────────────────────────
    def add_user(self, name: str, *, tz: str = "UTC", **attributes: Json) -> User:
        """Let somebody join; *attributes* are those of ``User``."""
        zone = zoneinfo.ZoneInfo(tz)
        offset = dt.datetime.fromtimestamp(self.wall_clock(), zone).utcoffset() or dt.timedelta()
        user = User(id=self.new_id("U"), name=name, tz=tz, tz_offset_seconds=int(offset.total_seconds()), **attributes)
        self.users[user.id] = user
        return user

    def add_channel(
        self, name: str, members: Sequence[str], *, prefix: str = "C", private: bool = False, shared: bool = False
    ) -> Channel:
        """Make a conversation with these user ids in it."""
        there = tuple(dict.fromkeys(members))
        channel = Channel(id=self.new_id(prefix), name=name, members=there, private=private, shared=shared)
        self.channels[channel.id] = channel
        self._messages[channel.id] = {}
        return channel

    def direct_channel(self, users: Sequence[str]) -> tuple[Channel, bool]:
        """The conversation of the bot with exactly these users, and whether it was there before."""
        members = tuple(sorted({*users, self.bot.id}))
        for channel in self.channels.values():
            if channel.id[0] in "DG" and channel.members == members:
                return channel, True
        prefix = "D" if len(users) == 1 else "G"
        return self.add_channel("", members, prefix=prefix, private=True), False

    def user(self, user_id: object) -> User:
        """The user of this id. Raises ``user_not_found``."""
        if not isinstance(user_id, str) or user_id not in self.users:
            refuse("user_not_found")
        return self.users[user_id]

    def channel(self, reference: object) -> Channel:
        """The conversation of this id or (public) name. Raises ``channel_not_found``."""
        found = self.find_channel(reference)
        if found is None or (found.private and self.bot.id not in found.members):
            refuse("channel_not_found")
        return found

    def find_channel(self, reference: object) -> Channel | None:
        """The conversation of this id or (public) name, if there is one."""
        if not isinstance(reference, str):
            return None
        if reference in self.channels:
            return self.channels[reference]
        name = reference.removeprefix("#")
        return next((c for c in self.channels.values() if c.name == name and name and not c.private), None)

    def bucket(self, reference: object) -> str:
        """Under which name the messages to this channel, however it is called, are counted."""
        if isinstance(reference, str) and reference in self.users:
            return self.direct_channel([reference])[0].id
        found = self.find_channel(reference)
        return found.id if found else str(reference)

    # ── Messages ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def messages(self, channel: str) -> list[Message]:
        """Everything ever said in a channel, in order, in its newest state; ephemeral and deleted messages too."""
        return list(self._messages[channel].values())

    def message(self, channel: str, ts: object) -> Message:
        """One message. Raises ``message_not_found``, also for what was deleted or is ephemeral."""
        found = self._messages[channel].get(ts) if isinstance(ts, str) else None
        if found is None or found.deleted or found.ephemeral_to is not None:
            refuse("message_not_found")
        return found

    def post(self, channel: str, user: str, content: JsonObject, *, ephemeral_to: str | None = None) -> Message:
        """Store a new message; *content* has been checked."""
        now = self.clock()
        message = Message(
            channel=channel,
            ts=self._new_ts(channel),
            user=user,
            text=content.get("text") or "",
            blocks=self._with_ids(content.get("blocks")),
            attachments=self._attachments(content.get("attachments")),
            thread_ts=content.get("thread_ts"),
            metadata=content.get("metadata"),
            ephemeral_to=ephemeral_to,
            posted_at=now,
            updated_at=now,
        )
        self._store(message)
        return message

    def edit(self, message: Message, content: JsonObject) -> Message:
        """Store a new state of a message. Blocks, attachments and metadata stay as they were unless given."""
        edited = msgspec.structs.replace(
            message,
            text=content.get("text") or "",
            blocks=message.blocks if content.get("blocks") is None else self._with_ids(content["blocks"]),
            attachments=(
                message.attachments if content.get("attachments") is None else self._attachments(content["attachments"])
            ),
            metadata=content.get("metadata") or message.metadata,
            edits=message.edits + 1,
            updated_at=self.clock(),
        )
        self._store(edited)
        return edited

    def delete(self, message: Message) -> None:
        """Take a message away; the record of it stays."""
        self._store(msgspec.structs.replace(message, deleted=True, updated_at=self.clock()))

    def _store(self, message: Message) -> None:
        self._messages[message.channel][message.ts] = message
        self.changed.notify_all()

    def _with_ids(self, blocks: Sequence[JsonObject] | None) -> tuple[JsonObject, ...]:
        return with_ids(blocks or (), self._new_block_id)

    def _attachments(self, attachments: Sequence[JsonObject] | None) -> tuple[JsonObject, ...]:
        return tuple(
            part | ({"blocks": list(self._with_ids(part["blocks"]))} if "blocks" in part else {})
            for part in attachments or ()
        )

    def _new_block_id(self) -> str:
        return f"{next(self._ids):05x}"

    def _new_ts(self, channel: str) -> str:
        # A message's ts is its time and its identity: two in the same microsecond must still differ.
        us = max(int(self.wall_clock() * 1_000_000), self._last_us.get(channel, 0) + 1)
        self._last_us[channel] = us
        return f"{us // 1_000_000}.{us % 1_000_000:06d}"

    # ── Views and short-lived rights ─────────────────────────────────────────────────────────────────────────────────
    def show(self, user: str, content: JsonObject, *, previous: View | None = None) -> View:
        """Open a checked view on a user's screen."""
        now = self.clock()
        view_id = self.new_id("V")
        view = View(
            id=view_id,
            user=user,
            type=content["type"],
            content=self._view_content(content),
            hash=self._new_hash(),
            root=previous.root if previous else view_id,
            previous=previous.id if previous else None,
            external_id=content.get("external_id") or "",
            opened_at=now,
            updated_at=now,
        )
        self._store_view(view)
        return view

    def reshow(self, view: View, content: JsonObject) -> View:
        """Replace what a view shows."""
        updated = msgspec.structs.replace(
            view,
            content=self._view_content(content),
            hash=self._new_hash(),
            external_id=content.get("external_id") or view.external_id,
            updates=view.updates + 1,
            updated_at=self.clock(),
        )
        self._store_view(updated)
        return updated

    def close(self, view: View) -> None:
        """Take a view off the screen."""
        self._store_view(msgspec.structs.replace(view, open=False, updated_at=self.clock()))

    def issue_trigger(self, user: str, root: str | None = None) -> str:
        """A new trigger id for something that *user* did; *root* is the modal in which it was done."""
        trigger_id = f"{next(self._ids)}.{self.wall_seconds()}.{next(self._ids):032x}"
        self.triggers[trigger_id] = Trigger(user=user, issued_at=self.clock(), root=root)
        return trigger_id

    def exchange_trigger(self, trigger_id: object) -> Trigger:
        """Use a trigger. Raises ``invalid_trigger_id``, ``exchanged_trigger_id`` or ``expired_trigger_id``."""
        trigger = self.triggers.get(trigger_id) if isinstance(trigger_id, str) else None
        if trigger is None:
            refuse("invalid_trigger_id")
        if trigger.used:
            refuse("exchanged_trigger_id")
        if self.clock() - trigger.issued_at > self.limits.trigger_seconds:
            refuse("expired_trigger_id")
        trigger.used = True
        return trigger

    def issue_response_url(self, channel: str, user: str, ts: str | None) -> str:
        """A new response URL for something that *user* did in *channel*, on the message *ts* if it was on one."""
        key = f"{self.team_id}/{next(self._ids)}"
        self.response_urls[key] = ResponseUrl(channel=channel, user=user, ts=ts, issued_at=self.clock())
        return f"{self.base_url.removesuffix('api/')}response/{key}"

    def _view_content(self, content: JsonObject) -> JsonObject:
        return content | {"blocks": list(self._with_ids(content["blocks"]))}

    def _new_hash(self) -> str:
        return f"{self.wall_seconds()}.{next(self._ids):08x}"

    def _store_view(self, view: View) -> None:
        self.views[view.id] = view
        self.changed.notify_all()
