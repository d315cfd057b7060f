"""The rooms of all chats that have such: who looks after them, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from tocsin.conversing.noticed import Noticed
from tocsin.conversing.replies import Nothing, Reply
from tocsin.engine.ports import DeliveryResult, Received
from tocsin.kernel.time import Instant
from tocsin.wiring.concierge.rooms import welcome
from tocsin.wiring.key_desk import ingest_url
from tocsin.wiring.key_ring import KeyRing
from tocsin.wiring.room_book import RoomBook
from tocsin.wiring.room_records import Room
from tocsin.wiring.rooms import Rooms
from tocsin.wiring.stores import ShowingStore
from tocsin.wiring.transports import Chat


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
        self._all = [
            Rooms(
                book,
                chat.rooms,
                store,
                clock=clock,
                welcome=partial(_greet, chat, book, url),
                accept=accept,
                refresh_keys=ring.refresh,
            )
            for chat in chats
            if chat.rooms
        ]

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


def _greet(chat: Chat, book: RoomBook, url: str, room: Room, key: str) -> DeliveryResult:
    return chat.say(room.channel, welcome(room, ingest_url(url, key) if key else "", book.settings, url))
