"""Pictures come after the words: a message goes out at once, and is changed when its pictures are there.

So nothing that draws, fetches or uploads can hold a message up, and what fails leaves the message as it is. Slack looks
at a file for a moment before a block may show it, and refuses the block until then; so a change is tried a few times.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, TypeAlias

import msgspec

from tocsin.kernel.time import SECOND, Duration
from tocsin.slack.places import Place
from tocsin.slack.uploads import Uploads

TRIES_AFTER: Final[Sequence[Duration]] = (0, 2 * SECOND, 5 * SECOND, 15 * SECOND)
UNDER_WAY_MAX: Final = 32  # Messages that wait for pictures; in a storm most do without.
TIMEOUT: Final[Duration] = 30 * SECOND  # For making and uploading all pictures of one message.

_LOGGER: Final = logging.getLogger(__name__)

Make: TypeAlias = Callable[[], bytes | None]
"""The bytes of a picture, or None; blocks, and is called on a thread."""
Show: TypeAlias = Callable[[Mapping[str, str]], Awaitable[bool]]
"""Changes the message so that it shows these files, by name; False: not now, and perhaps in a moment."""


class Wanted(msgspec.Struct, frozen=True):
    """A picture that a message would have."""

    name: str
    alt: str
    make: Make


class Illustrator:
    """On the event loop; its tasks end with it."""

    def __init__(self, uploads: Uploads, tries_after: Sequence[Duration] = TRIES_AFTER) -> None:
        """*tries_after*: how long to wait before each try."""
        self._uploads = uploads
        self._tries_after = tries_after
        self._tasks: dict[Place, asyncio.Task[None]] = {}

    def later(
        self, name: Place, wanted: Sequence[Wanted], show: Show, done: Callable[[], object] = lambda: None
    ) -> bool:
        """Have pictures made and shown, unless those of *name* are under way, or too many are; whether that began.

        *done* hears when it has ended, in whatever way.
        """
        if not wanted or name in self._tasks or len(self._tasks) >= UNDER_WAY_MAX or self._uploads.resting:
            return False

        def ended(_: asyncio.Task[None]) -> None:
            self._tasks.pop(name, None)
            done()

        self._tasks[name] = asyncio.get_running_loop().create_task(self._illustrate(name, wanted, show))
        self._tasks[name].add_done_callback(ended)
        return True

    @property
    def busy(self) -> bool:
        """Whether pictures are under way. Any thread."""
        return bool(self._tasks)

    async def settled(self) -> None:
        """Wait until nothing is under way: for tests."""
        await asyncio.gather(*self._tasks.values())

    def close(self) -> None:
        """Give up what is under way."""
        for task in list(self._tasks.values()):
            task.cancel()

    async def _illustrate(self, name: Place, wanted: Sequence[Wanted], show: Show) -> None:
        try:
            async with asyncio.timeout(TIMEOUT / SECOND):
                files = await self._files(wanted)
            if files:
                await self._shown(files, show)
        except TimeoutError:
            _LOGGER.info("pictures took too long; a message does without")
        except Exception:
            _LOGGER.exception("pictures for a message in %s failed here", name[0])

    async def _files(self, wanted: Sequence[Wanted]) -> dict[str, str]:
        found: dict[str, str] = {}
        for each in wanted:
            content = await asyncio.to_thread(each.make)
            file = await self._uploads.file(each.name, content, each.alt) if content else None
            if file is not None:
                found[each.name] = file
        return found

    async def _shown(self, files: Mapping[str, str], show: Show) -> None:
        for wait in self._tries_after:
            await asyncio.sleep(wait / SECOND)
            if await show(files):
                return
