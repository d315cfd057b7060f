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
    """An event loop for callers that block. It ends with `close`, which cancels what still runs."""

    def __init__(self, name: str) -> None:
        """Start it; *name* is the thread's."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=name, daemon=True)
        self._closing = threading.Lock()
        self._closed = False
        self._thread.start()

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
            return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def close(self) -> None:
        """Cancel what runs, wait for it, end the thread. A second call does nothing."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        asyncio.run_coroutine_threadsafe(_cancel_all(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _cancel_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
