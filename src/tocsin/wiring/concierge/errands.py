"""Has things done for somebody who waits: stored durably, and looked after for a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import CancelledError
from typing import Final

from msgspec.structs import replace

from tocsin.engine.ports import Handled, Received
from tocsin.errors import StoreUnavailableError
from tocsin.wiring.changes import AWAITED, LoopIntake

OUTCOME_SECONDS: Final = 1.2  # A chat gives us three in all; what takes longer is stored, and is done all the same.
STORED_SECONDS: Final = 10.0


class Errands:
    """`Desk.do`, for handlers on threads; the intake lives on the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, intake: LoopIntake) -> None:
        """*loop* is the intake's."""
        self._loop = loop
        self._intake = intake

    def do(self, received: Received) -> Sequence[Handled]:
        """Store *received*; what came of it, or nothing if that is not known yet. Raises StoreUnavailableError."""
        head = b"\n".join(filter(None, (received.head, AWAITED)))
        work = self._do(replace(received, head=head))
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop).result(STORED_SECONDS)
        except (RuntimeError, CancelledError) as problem:
            work.close()
            raise StoreUnavailableError("stopping") from problem
        except TimeoutError as problem:
            raise StoreUnavailableError(f"not stored within {STORED_SECONDS:.0f} s") from problem

    async def _do(self, received: Received) -> Sequence[Handled]:
        name = await self._intake.accept(received)
        return await self._intake.outcome(name, OUTCOME_SECONDS)
