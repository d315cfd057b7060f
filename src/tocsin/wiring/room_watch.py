"""The rooms of all chats that have such: who looks after them, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from tocsin.conversing.noticed import Noticed
from tocsin.conversing.replies import Nothing, Reply
from tocsin.engine.ports import DeliveryResult, Received
from tocsin.kernel.later import later
from tocsin.kernel.time import Instant
from tocsin.slack.health import SlackHealth
from tocsin.wiring.concierge.rooms import welcome
from tocsin.wiring.key_desk import ingest_url
from tocsin.wiring.key_ring import KeyRing
from tocsin.wiring.room_book import RoomBook
from tocsin.wiring.room_records import Room
from tocsin.wiring.stores import ShowingStore
from tocsin.wiring.transports import Chat

if TYPE_CHECKING:
    from tocsin.wiring import digests, rooms
else:
    digests = later("tocsin.wiring.digests")
    rooms = later("tocsin.wiring.rooms")


class RoomWatch:
    """Looks after the rooms of each chat that knows some."""

    def __init__(  # noqa: PLR0917 - each has its own type.
        self,
        chats: Iterable[Chat],
        book: RoomBook,
        store: ShowingStore,
        ring: KeyRing,
        clock: Callable[[], Instant],
        url: str,
        accept: Callable[[Sequence[Received]], object],
    ) -> None:
        """*url* is ours, *accept* stores what we tell ourselves."""
        self._book, self._store, self._clock, self._accept = book, store, clock, accept
        self._all = [
            rooms.Rooms(
                book,
                chat.rooms,
                store,
                clock=clock,
                welcome=partial(_greet, chat, book, url),
                refresh_keys=ring.refresh,
                standing=partial(_standing, chat.health) if chat.health else lambda _: None,
                followed=self._follow,
            )
            for chat in chats
            if chat.rooms
        ]
        self._plans = digests.plans(book.settings) if self._all else None

    @property
    def used(self) -> bool:
        """Whether any chat has rooms."""
        return bool(self._all)

    @property
    def busy(self) -> bool:
        """Whether something is told that was not looked at yet."""
        return any(rooms.busy for rooms in self._all)

    def start(self) -> None:
        """Begin."""
        for rooms in self._all:
            rooms.start()

    def stop(self) -> None:
        """End."""
        for rooms in self._all:
            rooms.stop()

    def go_round(self) -> None:
        """Look once where something may have changed, on the caller's thread."""
        for rooms in self._all:
            rooms.go_round()

    def noticed(self, event: Noticed) -> Reply:
        """Something has happened in a chat."""
        for rooms in self._all:
            rooms.noticed(event)
        return Nothing()

    def _follow(self) -> None:
        """Have the digests as the settings want them now; at its start the server has seen to those that were known."""
        wanted = digests.plans(self._book.settings)
        if wanted != self._plans:
            order = digests.configuration(self._book.settings, self._store, self._clock())
            self._accept([order] if order else [])
            self._plans = wanted


def _standing(health: SlackHealth, room: Room) -> None:
    """What Slack shows of *room* counts, whether or not an event has told of it."""
    if room.left_at is None:
        health.member(room.channel)
        if room.named:
            health.resolved(room.named, room.channel)
    elif not any(trouble.subject == room.channel for trouble in health.troubles()):
        health.member(room.channel, code="not_in_channel")


def _greet(chat: Chat, book: RoomBook, url: str, room: Room, key: str) -> DeliveryResult:
    return chat.say(room.channel, welcome(room, ingest_url(url, key) if key else "", book.settings, url))
