"""What stands behind a console under test beside the engine: who there is, the key desk, the news of changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

from tocsin.kernel.time import DAY, HOUR, Instant, parse_instant
from tocsin.web.ports import IntegrationView, KeyView, WrongKey

BEGIN: Instant = parse_instant("2026-11-21T03:00Z") or 0
NAMES = {"ada": "Ada Lovelace", "bob": "Bob Bemer", "cy": "Cy <script>alert(1)</script>"}
TEAMS = {"ops": ("ada", "bob", "cy"), "shop": ("bob",)}


class People:
    """The roster."""

    def __init__(self) -> None:
        self.known = {"prod": "ops"}

    def responders(self) -> Mapping[str, str]:
        return NAMES

    def teams(self) -> Mapping[str, Sequence[str]]:
        return TEAMS

    def integrations(self) -> Mapping[str, str]:
        return self.known


class Desk:
    """The key desk: what the test puts on it."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.held: list[KeyView] = [
            KeyView(hint="wxyz", made_at=BEGIN - 2 * DAY, used_at=BEGIN - HOUR, ends_at=BEGIN + HOUR),
            KeyView(hint="conf", made_at=None, used_at=None, ends_at=None),
        ]
        self.found: list[WrongKey] = []

    def listing(self) -> Sequence[IntegrationView]:
        return [
            IntegrationView(name=name, team=team, keys=tuple(self.held)) for name, team in self.people.known.items()
        ]

    def wrong(self) -> Sequence[WrongKey]:
        return self.found

    def rotate(self, integration: str) -> str:
        assert integration in self.people.known
        return "http://bell.example/v1/in/test-key?a=1&b='2'"

    def revoke(self, integration: str, hint: str) -> int:
        assert integration in self.people.known
        kept = [key for key in self.held if key.hint != hint]
        ended, self.held = len(self.held) - len(kept), kept
        return ended


class News:
    """Tells every listener what was committed, from any thread."""

    def __init__(self) -> None:
        self.queues: list[tuple[asyncio.AbstractEventLoop, asyncio.Queue[frozenset[str] | None]]] = []

    def subscribe(self) -> AsyncIterator[frozenset[str]]:
        queue: asyncio.Queue[frozenset[str] | None] = asyncio.Queue()
        place = (asyncio.get_running_loop(), queue)
        self.queues.append(place)
        return self._follow(place)

    async def _follow(
        self, place: tuple[asyncio.AbstractEventLoop, asyncio.Queue[frozenset[str] | None]]
    ) -> AsyncIterator[frozenset[str]]:
        try:
            while (batch := await place[1].get()) is not None:
                yield batch
        finally:
            self.queues.remove(place)

    def tell(self, batch: frozenset[str] | None) -> None:
        for loop, queue in list(self.queues):
            loop.call_soon_threadsafe(queue.put_nowait, batch)
