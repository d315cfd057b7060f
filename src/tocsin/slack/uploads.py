"""Pictures that Slack keeps: bytes become a file, which blocks may show.

Source: https://docs.slack.dev/messaging/working-with-files: a URL is asked for, the bytes are posted there, and the
upload is finished; without a channel the file is nobody's but ours, and is seen where a block of ours shows it. It
needs the scope `files:write`; without it there are no pictures, and nothing else is missing.
"""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from tocsin.engine.ports import Refused
from tocsin.kernel.time import HOUR, MINUTE, Duration, Instant
from tocsin.slack.answers import Failure
from tocsin.slack.api import Api

SCOPE: Final = "files:write"
BYTES_MAX: Final = 1_000_000  # A picture of ours has a fiftieth of it.
KEPT_MAX: Final = 64  # A digest goes to several people: its pictures are uploaded once.
ALT_MAX: Final = 1000  # Slack: characters.

_REST: Final[Duration] = HOUR  # After a refusal that only people can mend.
_PAUSE: Final[Duration] = MINUTE
_LOGGER: Final = logging.getLogger(__name__)


class Uploads:
    """On the event loop. A picture that cannot be uploaded is one that is not shown: nothing is raised."""

    def __init__(self, api: Api, now: Callable[[], Instant]) -> None:
        """Nothing is called yet."""
        self._api = api
        self._now = now
        self._not_before: Instant = 0
        self._known: OrderedDict[str, str] = OrderedDict()  # File ids by what they are.

    @property
    def resting(self) -> bool:
        """Slack has refused, and is not asked again yet."""
        return self._now() < self._not_before

    async def file(self, name: str, content: bytes, alt: str) -> str | None:
        """The id of a file with *content*, uploaded if it was not; None where there can be none now."""
        if not 0 < len(content) <= BYTES_MAX:
            return None
        mark = hashlib.sha256(content + alt.encode()).hexdigest()
        known = self._known.get(mark)
        if known is not None or self.resting:
            return known
        made = await self._upload(name, content, alt[:ALT_MAX])
        if made is not None:
            self._known[mark] = made
            while len(self._known) > KEPT_MAX:
                self._known.popitem(last=False)
        return made

    async def _upload(self, name: str, content: bytes, alt: str) -> str | None:
        begun = await self._api.read(
            "files.getUploadURLExternal", filename=f"{name}.png", length=str(len(content)), alt_txt=alt
        )
        if isinstance(begun, Failure):
            self._failed(begun)
            return None
        address, file = begun.get("upload_url"), begun.get("file_id")
        if not isinstance(address, str) or not isinstance(file, str) or not await self._api.upload(address, content):
            return None
        done = await self._api.call("files.completeUploadExternal", files=[{"id": file, "title": name}])
        if isinstance(done, Failure):
            self._failed(done)
            return None
        return file

    def _failed(self, failure: Failure) -> None:
        wait = _REST if isinstance(failure.result, Refused) else failure.result.after or _PAUSE
        self._not_before = self._now() + wait
        _LOGGER.info("Slack takes no pictures now: %s", failure.result.error)
