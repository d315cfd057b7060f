"""The thread below a channel's message: what it is told stands in the message's receipt, as a mark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tocsin.engine.ports import Job
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.saying.message import Saying


class News(Protocol):
    """What is to be told: as a new post, or in place of the post *ts*; *told* is the receipt's mark afterwards."""

    @property
    def saying(self) -> Saying:
        """What the post says."""
        ...

    @property
    def ts(self) -> str:
        """The post that is rewritten, or empty."""
        ...

    @property
    def told(self) -> dict[str, Json]:
        """The mark."""
        ...


class Threads(Protocol):
    """Reads what threads tell. Blocks on the store."""

    def news(self, job: Job, now: Instant) -> News | None:
        """What the thread of a room's message is to be told, or None."""
        ...


def told(receipt: Mapping[str, Json], news: News, post: str, **more: Json) -> dict[str, Json]:
    """*receipt* when the thread has heard *news* in the message *post*."""
    return {**receipt, "told": {**news.told, "ts": post, **more}}


def carried(receipt: Mapping[str, Json] | None) -> dict[str, Json]:
    """What of an older message's receipt goes on with a newer one: its thread is a new one, its story is not."""
    mark = receipt.get("told") if receipt else None
    # The newest post hangs below the older message.
    return {"told": {**mark, "at": 0}} if isinstance(mark, dict) else {}
