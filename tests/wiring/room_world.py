"""Rooms for tests: records, and a workspace with a real store and the strict fake of Slack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tocsin.conversing.noticed import Change, Noticed
from tocsin.engine.ports import Delivered, DeliveryResult
from tocsin.kernel.time import Instant
from tocsin.slack.loop import LoopThread
from tocsin.slack.rooms import SlackRooms
from tocsin.sqlite.store import SqliteStore
from tocsin.testing.fake_slack import FakeSlack
from tocsin.wiring.room_book import RoomBook
from tocsin.wiring.room_records import Guest, Room
from tocsin.wiring.rooms import Rooms
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse

CHANNEL = "C0OPS"
BO = "U0BO"
ROOM_AT: Instant = 1_795_000_000_000


def room(*members: str, integration: str = "ops", left_at: Instant | None = None) -> Room:
    return Room(
        channel=CHANNEL,
        name="ops",
        team="ops",
        integration=integration,
        made_at=ROOM_AT,
        members=members,
        left_at=left_at,
    )


def guest(user: str, name: str, *, zone: str = "", bot: bool = False, deleted: bool = False) -> Guest:
    return Guest(user=user, responder=name, name=name.title(), zone=zone, bot=bot, deleted=deleted)


@dataclass
class World:
    """A workspace, and what becomes of it here. *welcomes*: channel and key; *answers*: what comes of saying it."""

    slack: FakeSlack
    store: SqliteStore
    book: RoomBook
    rooms: Rooms = field(init=False)
    welcomes: list[tuple[str, str]] = field(default_factory=list)
    answers: list[DeliveryResult] = field(default_factory=list)
    standing: list[Room] = field(default_factory=list)
    now: Instant = ROOM_AT

    @property
    def settings(self) -> Settings:
        """As they are now."""
        return self.book.settings

    def members(self, team: str) -> Sequence[str]:
        """Of a team, as it is now."""
        return self.settings.teams[team].members

    def tell(self, change: Change, channel: str = "", user: str = "") -> None:
        """Slack has told of it."""
        self.rooms.noticed(Noticed(chat="slack", change=change, at=self.now, channel=channel, user=user))

    def welcome(self, made: Room, key: str) -> DeliveryResult:
        """Say it, or what a test wants to happen."""
        self.welcomes.append((made.channel, key))
        return self.answers.pop(0) if self.answers else Delivered()


@contextmanager
def world(folder: Path, slack: FakeSlack, config: str = "") -> Iterator[World]:
    """A server's rooms, without their thread: tests go round themselves."""
    store = SqliteStore(folder / "tocsin.db")
    loop = LoopThread("rooms-test")
    asked = SlackRooms(loop, slack.bot_token, base_url=slack.base_url)
    book = RoomBook(parse(config.encode(), {}).settings, store)
    made = World(slack, store, book)
    made.rooms = Rooms(
        book,
        asked,
        store,
        clock=lambda: made.now,
        welcome=made.welcome,
        standing=made.standing.append,
    )
    try:
        yield made
    finally:
        made.rooms.stop()
        asked.close()
        loop.close()
        store.close()
