"""The live stream: server-sent events (WHATWG HTML, section 9.2) that say which aggregates have changed.

An event is a hint: the browser then fetches what it shows, and also does so without a hint now and then. So a hint that
is lost, or comes twice, does no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from tocsin.kernel import json

COALESCE_S: Final = 0.25  # At most four events a second for one browser, however fast the storm.
HEARTBEAT_S: Final = 15.0  # Shorter than the idle timeouts of usual proxies (60 s), and how soon a sign-out is noticed.
IDS_MAX: Final = 100  # More than a page shows; beyond it the event says "much".
RETRY_MS: Final = 2000

_HEADERS: Final = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back.
]


class EventStream:
    """The answer to GET /events: lasts until the browser goes, the server stops, or the session ends."""

    def __init__(
        self,
        changes: AsyncIterator[frozenset[str]],
        *,
        may_stay: Callable[[], Awaitable[bool]],
        on_end: Callable[[], None],
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        """*may_stay* is asked at each heartbeat; *on_end* is called once, whatever ended it."""
        self._changes = changes
        self._may_stay = may_stay
        self._on_end = on_end
        self._heartbeat_s = heartbeat_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it."""
        del scope
        gone = asyncio.ensure_future(_disconnected(receive))
        batches = _Batches(self._changes)
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await _write(send, f"retry: {RETRY_MS}\n\n")
            await self._run(batches, gone, send)
            await send({"type": "http.response.body", "body": b""})
        except OSError:
            pass  # The browser has gone while we were writing.
        finally:
            gone.cancel()
            self._on_end()
            await batches.close()

    async def _run(self, batches: _Batches, gone: asyncio.Future[None], send: Send) -> None:
        loop = asyncio.get_running_loop()
        beat = loop.time() + self._heartbeat_s
        while not gone.done():
            batch = await batches.next(beat - loop.time(), gone)
            if batches.ended:
                return
            if batch:
                await _write(send, f"event: changed\ndata: {_data(batch)}\n\n")
                await asyncio.wait({gone}, timeout=COALESCE_S)
            if loop.time() >= beat:
                if not await self._may_stay():
                    return
                await _write(send, ": still here\n\n")
                beat = loop.time() + self._heartbeat_s


class _Batches:
    """Reads a subscription without losing what comes while nobody reads; several batches become one."""

    def __init__(self, changes: AsyncIterator[frozenset[str]]) -> None:
        self.ended = False
        self._changes = changes
        self._ids: set[str] = set()
        self._arrived = asyncio.Event()
        self._reader = asyncio.ensure_future(self._read())

    async def next(self, timeout: float, gone: asyncio.Future[None]) -> set[str]:  # noqa: ASYNC109 - a pause, not a limit.
        """What has changed since the last time; waits at most *timeout* seconds for the first change, or for *gone*."""
        waiting = asyncio.ensure_future(self._arrived.wait())
        first: set[asyncio.Future[Any]] = {waiting, gone}
        await asyncio.wait(first, timeout=max(timeout, 0), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        self._arrived.clear()
        ids, self._ids = self._ids, set()
        return ids

    async def close(self) -> None:
        """Give the subscription back."""
        self._reader.cancel()
        await asyncio.wait({self._reader})
        if isinstance(self._changes, AsyncGenerator):
            await self._changes.aclose()

    async def _read(self) -> None:
        try:
            async for batch in self._changes:
                if len(self._ids) <= IDS_MAX:
                    self._ids |= batch
                self._arrived.set()
        finally:
            self.ended = True
            self._arrived.set()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _write(send: Send, text: str) -> None:
    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})


def _data(batch: set[str]) -> str:
    """The ids, or none when they are too many to name."""
    return json.encode({"ids": sorted(batch) if len(batch) <= IDS_MAX else []}).decode()
