"""An open loop of senders: each request leaves at its time, whether or not the ones before were answered."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

CONNECTIONS: Final = 32
ANSWER_SECONDS: Final = 30.0

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"


class Sending(msgspec.Struct, frozen=True):
    """A request to be made *at* so many seconds after the beginning."""

    at: float
    body: bytes


class Answered(msgspec.Struct, frozen=True):
    """What came of it; monotonic seconds. *due*: when it should have left."""

    due: float
    at: float
    status: int

    @property
    def ms(self) -> float:
        """From when it should have left to its answer."""
        return (self.at - self.due) * 1000


def send(url: str, sendings: Sequence[Sending]) -> list[Answered]:
    """Make all requests, in order; what came of each. Raises TimeoutError."""
    return asyncio.run(_send(url, sendings))


async def _send(url: str, sendings: Sequence[Sending]) -> list[Answered]:
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    loop = asyncio.get_running_loop()
    lines = [(await loop.create_connection(_Line, parts.hostname, parts.port))[1] for _ in range(CONNECTIONS)]
    head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\nContent-Length: "
    began = time.monotonic() + 0.1
    waiting: list[asyncio.Future[Answered]] = []
    for number, sending in enumerate(sendings):
        due = began + sending.at
        pause = due - time.monotonic()
        if pause > 0:
            await asyncio.sleep(pause)
        request = f"{head}{len(sending.body)}\r\n\r\n".encode() + sending.body
        waiting.append(lines[number % CONNECTIONS].send(request, due))
    async with asyncio.timeout(ANSWER_SECONDS):
        answers = await asyncio.gather(*waiting)
    for line in lines:
        line.close()
    return answers


class _Line(asyncio.Protocol):
    """One keep-alive connection; a request whose turn comes early waits in the pipeline behind the others."""

    def __init__(self) -> None:
        self._buffer = b""
        self._waiting: deque[tuple[float, asyncio.Future[Answered]]] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send(self, request: bytes, due: float) -> asyncio.Future[Answered]:
        answer: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._waiting.append((due, answer))
        self._transport.write(request)
        return answer

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._buffer += data
        while (end := self._buffer.find(_HEAD_END)) >= 0:
            head = self._buffer[:end].lower()
            length = int(head.partition(_LENGTH)[2].split(b"\r\n", 1)[0])
            whole = end + len(_HEAD_END) + length
            if len(self._buffer) < whole:
                return
            self._buffer = self._buffer[whole:]
            due, answer = self._waiting.popleft()
            answer.set_result(Answered(due, now, int(head.split(b" ", 2)[1])))

    def connection_lost(self, exc: Exception | None) -> None:
        for _, answer in self._waiting:
            answer.set_exception(exc or ConnectionError("the server has closed the connection"))
