"""The rooms of all chats that have such: who looks after them, put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from tocsin.engine.ports import DeliveryResult, Received
from tocsin.kernel.time import Instant
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.concierge.rooms import welcome
from tocsin.wiring.key_desk import ingest_url
from tocsin.wiring.key_ring import KeyRing
from tocsin.wiring.room_book import RoomBook
from tocsin.wiring.room_records import Room
from tocsin.wiring.rooms import Rooms
from tocsin.wiring.transports import Chat


def room_watch(  # noqa: PLR0917 - each has its own type.
    chats: Iterable[Chat],
    book: RoomBook,
    store: SqliteStore,
    ring: KeyRing,
    clock: Callable[[], Instant],
    url: str,
    accept: Callable[[Sequence[Received]], object],
) -> list[Rooms]:
    """For each of *chats* that knows rooms; *url* is ours, *accept* stores what we tell ourselves."""
    return [
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


def _greet(chat: Chat, book: RoomBook, url: str, room: Room, key: str) -> DeliveryResult:
    return chat.say(room.channel, welcome(room, ingest_url(url, key), book.settings, url))
