"""The thread below a room's message: what is still to be told there, and what was told.

What was told stands in the receipt of the message, as a mark: the last line of the timeline that the thread has. A
line is told when its mark is stored; after a crash between the two it is told twice. Lines that come soon after a post
are added to that post, so that a thread is a few posts, and the channel hears of none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from tocsin.changes.machine import Entry
from tocsin.engine.ports import Handled, Job
from tocsin.incidents.state import Incident
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, SECOND, Duration, Instant
from tocsin.saying.message import Saying
from tocsin.saying.thread import LINES_MAX, Line, helps, thread_saying

ADDED_WITHIN: Final[Duration] = 2 * MINUTE  # A later line is a post of its own: people have read on meanwhile.
TURN: Final[Duration] = SECOND + SECOND // 4  # Slack takes one post a second and channel.
WAITING_MAX: Final = 20  # Threads of one room that wait for their turn.
UNPOSTED_MAX: Final[Duration] = 10 * MINUTE  # So long is waited for the message that the thread is to hang on.
READ_MAX: Final = 100

Lines = Callable[[str, int], Sequence[Handled]]  # Of an aggregate the newest so many.
Changes = Callable[[Instant], Sequence[Entry]]  # Before an instant, the newest first.
Receipts = Callable[[str], Mapping[tuple[str, str], dict[str, Json]]]


class _Post(msgspec.Struct, frozen=True):
    """The newest post of a thread: its *ts*, since when, after which line it begins, whether it opens the thread."""

    ts: str
    at: Instant
    after: str
    opening: bool


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told: as a new post, or in place of the post *ts*; *told* is the receipt's mark afterwards."""

    saying: Saying
    ts: str
    told: dict[str, Json]


@dataclass(frozen=True, slots=True)
class ThreadBook:
    """Reads what threads tell. Blocks on the store."""

    lines: Lines
    changes: Changes
    receipts: Receipts
    names: Callable[[], Mapping[str, str]] = dict
    """Display names by responder id."""

    def link(self, incident: str) -> str:
        """The address of the thread of *incident*, or empty as long as it is not known."""
        return next((str(receipt["link"]) for receipt in self.receipts(incident).values() if "link" in receipt), "")

    def news(self, job: Job, now: Instant) -> News | None:
        """What the thread of a room's message is to be told, or None."""
        assert isinstance(job.state, Incident)
        mark = _mark(job.receipt)
        handled = self.lines(job.outgoing.aggregate, READ_MAX)
        fresh = _after(handled, mark.get("last", ""))
        last = _post(mark)
        told = [line for line in fresh if line.story]
        if last is None:
            changes = self.changes(job.state.opened_at)
            if len(told) <= 1 and not changes and not helps(job.state):
                return None  # That it was opened, the message itself says.
            return self._news(job.state, told, fresh, changes, _Post("", now, "", opening=True))
        if not told:
            return None
        added = [line for line in _after(handled, last.after) if line.story]
        if now - last.at > ADDED_WITHIN or len(added) > LINES_MAX:
            return self._news(job.state, told, fresh, (), _Post("", now, mark["last"], opening=False))
        changes = self.changes(job.state.opened_at) if last.opening else ()
        return self._news(job.state, added, fresh, changes, last)

    def _news(
        self, state: Incident, lines: Sequence[Handled], fresh: Sequence[Handled], changes: Sequence[Entry], post: _Post
    ) -> News:
        told = [Line(line.at, line.story) for line in lines]
        saying = thread_saying(state, told, changes, opening=post.opening, names=self.names())
        mark = {"last": fresh[-1].input_id if fresh else ""} | msgspec.to_builtins(post)
        return News(saying, post.ts, mark)


def carried(receipt: dict[str, Json] | None) -> dict[str, Json]:
    """What of an older message's receipt goes on with a newer one: its thread is a new one, its story is not."""
    mark = _mark(receipt)
    # The newest post hangs below the older message: nothing is added to it.
    return {"told": mark | {"at": 0}} if mark else {}


def told(mark: dict[str, Json], ts: str) -> dict[str, Json]:
    """The mark with the *ts* of the post that now has it all."""
    return mark | {"ts": ts}


def _mark(receipt: dict[str, Json] | None) -> dict[str, Any]:
    mark = receipt.get("told") if receipt else None
    return mark if isinstance(mark, dict) else {}


def _post(mark: dict[str, Any]) -> _Post | None:
    try:
        return msgspec.convert(mark, _Post)
    except msgspec.ValidationError:
        return None


def _after(handled: Sequence[Handled], last: str) -> Sequence[Handled]:
    """Those behind the input *last*; all of them when it is not among them."""
    at = next((number for number, line in enumerate(handled) if line.input_id == last), -1)
    return handled[at + 1 :]
