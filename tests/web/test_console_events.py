"""The live stream and the words on the page, each by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from http.client import HTTPConnection

import pytest
from starlette.types import Message

from tests.web.console_world import Stage, Visitor, World
from tocsin.web.console import app, events, pages
from tocsin.web.console.events import IDS_MAX, EventStream


class Wire:
    """The server's side of one connection: collects what is sent, and can go away."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.sent_at: list[float] = []
        self.status = 0
        self.arrived = asyncio.Condition()
        self.gone = asyncio.Event()
        self.broken = False

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self.broken:
            raise OSError("gone")
        async with self.arrived:
            self.status = message.get("status", self.status)
            self.sent.append(message.get("body", b""))
            self.sent_at.append(asyncio.get_running_loop().time())
            self.arrived.notify_all()

    async def until(self, enough: Callable[[bytes], bool]) -> bytes:
        async with self.arrived:
            await self.arrived.wait_for(lambda: enough(b"".join(self.sent)))
        return b"".join(self.sent)


class Source:
    """A subscription that the test feeds."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[frozenset[str] | None] = asyncio.Queue()

    def __aiter__(self) -> AsyncIterator[frozenset[str]]:
        return self

    async def __anext__(self) -> frozenset[str]:
        batch = await self.queue.get()
        if batch is None:
            raise StopAsyncIteration
        return batch


def played(
    play: Callable[[Wire, Source], Awaitable[None]], *, stays: bool = True, heartbeat_s: float = 60.0
) -> tuple[Wire, int]:
    """Run a stream while *play* has its way; the wire, and how often the end was told."""

    async def main() -> tuple[Wire, int]:
        wire, source, ends = Wire(), Source(), list[None]()

        async def may_stay() -> bool:
            return stays

        stream = EventStream(source, may_stay=may_stay, on_end=lambda: ends.append(None), heartbeat_s=heartbeat_s)
        running = asyncio.ensure_future(stream({"type": "http"}, wire.receive, wire.send))
        await play(wire, source)
        async with asyncio.timeout(20):
            await running
        return wire, len(ends)

    return asyncio.run(main())


def test_changes_become_one_event() -> None:
    async def play(wire: Wire, source: Source) -> None:
        source.queue.put_nowait(frozenset({"b"}))
        source.queue.put_nowait(frozenset({"a"}))
        assert b'event: changed\ndata: {"ids":["a","b"]}\n\n' in await wire.until(lambda sent: b"data" in sent)
        source.queue.put_nowait(None)

    wire, ends = played(play)
    assert wire.status == 200
    assert wire.sent[1] == b"retry: 2000\n\n"
    assert ends == 1


def test_a_storm_is_at_most_four_events_a_second() -> None:
    async def play(wire: Wire, source: Source) -> None:
        for number in range(1, 4):
            source.queue.put_nowait(frozenset({"a"}))
            await wire.until(lambda sent, number=number: sent.count(b"event: changed") >= number)  # type: ignore[misc]
        wire.gone.set()

    wire, _ = played(play)
    sent_at = [at for body, at in zip(wire.sent, wire.sent_at, strict=True) if b"event: changed" in body]
    assert sent_at[2] - sent_at[0] >= 2 * events.COALESCE_S * 0.99


def test_too_many_ids_are_not_named() -> None:
    async def play(wire: Wire, source: Source) -> None:
        source.queue.put_nowait(frozenset(map(str, range(IDS_MAX + 1))))
        source.queue.put_nowait(frozenset({"one more"}))
        assert b'data: {"ids":[]}' in await wire.until(lambda sent: b"data" in sent)
        wire.gone.set()

    played(play)


def test_silence_is_broken_by_a_heartbeat() -> None:
    async def play(wire: Wire, source: Source) -> None:
        del source
        await wire.until(lambda sent: sent.count(b": still here\n\n") >= 2)
        wire.gone.set()

    assert played(play, heartbeat_s=0.01)[1] == 1


def test_who_signs_out_hears_no_more() -> None:
    async def play(wire: Wire, source: Source) -> None:
        del wire, source

    wire, ends = played(play, stays=False, heartbeat_s=0.01)
    assert b"still here" not in b"".join(wire.sent)
    assert ends == 1


def test_a_browser_that_breaks_off_ends_the_stream() -> None:
    async def play(wire: Wire, source: Source) -> None:
        await wire.until(lambda sent: b"retry" in sent)
        wire.broken = True
        source.queue.put_nowait(frozenset({"a"}))

    assert played(play)[1] == 1


def test_the_stream_over_http(stage: Stage) -> None:
    world = stage.play(World())
    visitor = Visitor(stage.port)
    visitor.enter(world.link())
    connection = HTTPConnection("127.0.0.1", stage.port, timeout=20)
    connection.request("GET", "/events", headers={"cookie": f"tocsin={visitor.cookies['tocsin']}"})
    response = connection.getresponse()
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.readline() == b"retry: 2000\n"
    assert response.readline() == b"\n"
    incident = world.ring()
    assert response.readline() == b"event: changed\n"
    assert response.readline() == b'data: {"ids":["%b"]}\n' % incident.encode()
    world.news.tell(None)
    assert response.read() == b"\n"
    connection.close()
    assert Visitor(stage.port).get("/events").status == 401


def test_listeners_are_counted(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "STREAMS_MAX", 0)
    visitor = Visitor(stage.port)
    visitor.enter(stage.play(World()).link())
    answer = visitor.get("/events")
    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"


def test_a_signed_out_listener_is_asked_at_the_heartbeat(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EventStream.__init__, "__kwdefaults__", {"heartbeat_s": 0.01})
    world = stage.play(World())
    visitor = Visitor(stage.port)
    visitor.enter(world.link())
    connection = HTTPConnection("127.0.0.1", stage.port, timeout=20)
    connection.request("GET", "/events", headers={"cookie": f"tocsin={visitor.cookies['tocsin']}"})
    response = connection.getresponse()
    assert [response.readline() for _ in range(3)] == [b"retry: 2000\n", b"\n", b": still here\n"]
    visitor.post("/signout", {"csrf": visitor.get("/people").csrf})
    assert response.read().endswith(b"\n")
    connection.close()


@pytest.mark.parametrize(
    ("distance", "words"),
    [
        (0, "just now"),
        (59_999, "in under a minute"),
        (60_000, "in 1 min"),
        (-60_000, "1 min ago"),
        (-5_400_000, "1 h 30 min ago"),
        (100_000_000, "in 1 d 3 h"),
    ],
)
def test_distances_in_time_are_told_in_words(distance: int, words: str) -> None:
    assert pages.ago(1_000_000_000 + distance, 1_000_000_000) == words


def test_sizes_are_told_in_words() -> None:
    assert [pages.size(amount) for amount in (0, 1023, 1024, 10 * 1024 * 1024)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "10.0 MiB",
    ]


def test_what_could_hide_is_made_visible() -> None:
    assert pages.visible("a\x00b\u202ec\ud800d\te\nf") == "a\u2400b\ufffdc\ufffdd\te\nf"
    assert pages.spelled("a\r\nb\u200fc") == "a\nb⟨U+200F⟩c"
    assert pages.visible("naïve 日本 עברית 🔔") == "naïve 日本 עברית 🔔"
