"""Between Slack and Tocsin: a process of its own that passes requests on, byte for byte, and times each answer.

The fake of Slack checks all that is said to it, on one thread; were it to hold the watch, its own delay would be
measured. Here is nothing else to do.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

import msgspec

ROOT: Final = Path(__file__).parents[1]
END_SECONDS: Final = 30

_HEAD_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"


class Passed(msgspec.Struct, frozen=True):
    """A request to *path*, and how long its answer took."""

    path: str
    seconds: float


class Postman:
    """The other process, seen from here; it runs within `with`."""

    def __init__(self, folder: Path) -> None:
        """Start it, and wait until it listens."""
        self._report = folder / "postman.json"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.postman", self._report],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            raise RuntimeError("the postman did not start")

    def __enter__(self) -> Self:
        """It listens already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Nothing of it stays."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def begin(self, url: str) -> None:
        """Pass all that comes on to the server at *url*."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{url}\n")
        self._process.stdin.flush()

    def report(self) -> list[Passed]:
        """End it; what was passed on."""
        self._process.communicate("end\n", timeout=END_SECONDS)
        return msgspec.json.decode(self._report.read_bytes(), type=list[Passed])


async def _serve(said: IO[str], heard: IO[str]) -> list[Passed]:
    """Pass on until a second line is heard; the first one says where to."""
    passed: list[Passed] = []
    target: list[str] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = target[0].rpartition("/")[2].partition(":")
        there, back = await asyncio.open_connection(host, int(port))
        while request := await _message(reader):
            began = time.monotonic()
            back.write(request)
            answer = await _message(there)
            passed.append(Passed(request.split(b" ", 2)[1].decode(), time.monotonic() - began))
            writer.write(answer)
        back.close()
        writer.close()

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    said.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    said.flush()
    target.append((await asyncio.to_thread(heard.readline)).strip())
    await asyncio.to_thread(heard.readline)
    return passed


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One request or answer, whole; empty at the end."""
    try:
        head = await reader.readuntil(_HEAD_END)
    except asyncio.IncompleteReadError:
        return b""
    length = int(head.lower().partition(_LENGTH)[2].split(b"\r\n", 1)[0] or 0)
    return head + await reader.readexactly(length)


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(msgspec.json.encode(asyncio.run(_serve(sys.stdout, sys.stdin))))
