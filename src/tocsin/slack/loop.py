"""One event loop on a thread of its own, which everything that talks to Slack shares."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

T = TypeVar("T")


class LoopClosedError(RuntimeError):
    """The loop has ended; nothing can be done with it any more."""


class LoopThread:
    """An event loop for callers that block. It ends with `close`, which cancels what still runs.

    Its thread may `rest`: then nothing goes on until somebody wants something done again.
    """

    def __init__(self, name: str) -> None:
        """Start it; *name* is the thread's."""
        self._name = name
        self._loop = asyncio.new_event_loop()
        self._closing = threading.Lock()
        self._closed = False
        self._thread = self._begun()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The coroutine's result, waited for. Raises what it raises, and LoopClosedError."""
        try:
            return self.spawn(coroutine).result()
        except CancelledError:
            raise LoopClosedError("the event loop was closed") from None

    def spawn(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin the coroutine and do not wait. Raises LoopClosedError."""
        assert threading.current_thread() is not self._thread, "the loop cannot wait for itself"
        return self.begin(coroutine)

    def begin(self, coroutine: Coroutine[Any, Any, T]) -> Future[T]:
        """As `spawn`, for callers who will not block on the result; so the loop's own thread may call it too."""
        with self._closing:
            if self._closed:
                coroutine.close()
                raise LoopClosedError("the event loop was closed")
            if not self._thread.is_alive():
                self._thread = self._begun()
            return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def rest(self) -> None:
        """End the thread until something is to be done again; what is under way stands still meanwhile."""
        with self._closing:
            if not self._closed and self._thread.is_alive():
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()

    def close(self) -> None:
        """Cancel what runs, wait for it, end the thread. A second call does nothing."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            if not self._thread.is_alive():
                self._thread = self._begun()
        asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _begun(self) -> threading.Thread:
        thread = threading.Thread(target=self._loop.run_forever, name=self._name, daemon=True)
        thread.start()
        return thread


async def _cancel_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
