"""Home tabs that are looked at stay true: who has opened theirs is shown it again when something of it changes.

Bounded: only for who has opened it within LOOKED_AT, and at most once in EVERY for each person; the last change is
always shown. A hint, not a promise: what a chat does not take is shown when the tab is opened again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias

import msgspec

from tocsin.conversing.wishes import Speaker
from tocsin.engine.ports import Commit
from tocsin.incidents.ladder import responder
from tocsin.incidents.machine import IncidentMachine
from tocsin.kernel.time import HOUR, SECOND, Duration, Instant
from tocsin.saying.message import Saying

LOOKED_AT: Final[Duration] = HOUR
EVERY: Final[Duration] = 5 * SECOND
WATCHED_MAX: Final = 1_000  # People; who opened theirs first is forgotten first.

_LOGGER: Final = logging.getLogger(__name__)
_MACHINE: Final = IncidentMachine.name

Publish: TypeAlias = Callable[[Speaker, Saying], None]
"""Shows somebody their page (Slack: views.publish). May block and raise."""


class _Looking(msgspec.Struct, kw_only=True):
    by: Speaker
    opened_at: Instant
    shown_at: Instant
    stale: bool = False


class _Concerns(msgspec.Struct, frozen=True):
    """Of an incident's state only whom it concerns, so that a storm is read quickly."""

    paged: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    assignee: str = ""


_DECODER: Final = msgspec.json.Decoder(_Concerns)


class HomeWatch:
    """Any thread. A thread of its own reads and shows."""

    def __init__(self, page: Callable[[Speaker], Saying], publish: Publish, clock: Callable[[], Instant]) -> None:
        """*page* makes a page as things are now; it reads the store."""
        self._page = page
        self._publish = publish
        self._clock = clock
        self._changed = threading.Condition()
        self._looking: dict[str, _Looking] = {}  # By responder: who is nobody's is not shown again.
        self._stopped = False
        self._showing = False
        self._thread = threading.Thread(target=self._run, name="home-watch", daemon=True)

    def start(self) -> None:
        """Begin to show."""
        self._thread.start()

    def stop(self) -> None:
        """End; what is being shown is finished."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join()

    def opened(self, by: Speaker) -> None:
        """*by* looks at their page now, which is true."""
        now = self._clock()
        with self._changed:
            self._looking.pop(by.responder, None)
            self._looking[by.responder] = _Looking(by=by, opened_at=now, shown_at=now)
            while len(self._looking) > WATCHED_MAX:
                del self._looking[next(iter(self._looking))]

    def committed(self, commits: Sequence[Commit]) -> None:
        """Something has changed. On the engine's thread, so it only notes whom that may concern."""
        if self._looking:  # Most of the time nobody looks.
            self.touch(name for commit in commits if commit.machine == _MACHINE for name in _concerned(commit.state))

    def touch(self, responders: Iterable[str]) -> None:
        """The pages of these have changed, if they look."""
        with self._changed:
            looking = [self._looking[name] for name in set(responders) if name in self._looking]
            fresh = [each for each in looking if not each.stale]
            for each in fresh:
                each.stale = True
            if fresh:
                self._changed.notify_all()

    def wake(self) -> None:
        """Time may have passed: a hint that comes with every group of alerts, for clocks that are not the system's."""
        if self._looking and self.busy():  # Most of the time nobody looks; a thread woken for nothing is in the way.
            with self._changed:
                self._changed.notify_all()

    def busy(self) -> bool:
        """Whether something is to be shown now, or is being shown."""
        now = self._clock()
        with self._changed:
            return self._showing or any(each.stale and now - each.shown_at >= EVERY for each in self._looking.values())

    def show_due(self) -> Duration | None:
        """Show what is due now; how long until something else is due, None: nothing waits."""
        now = self._clock()
        with self._changed:
            for name in [name for name, each in self._looking.items() if now - each.opened_at > LOOKED_AT]:
                del self._looking[name]
            stale = [each for each in self._looking.values() if each.stale]
            due = [each for each in stale if now - each.shown_at >= EVERY]
            for each in due:
                each.stale, each.shown_at = False, now
            waits = [each.shown_at + EVERY - now for each in stale if each not in due]
            self._showing = bool(due)
        for each in due:
            self._show(each.by)
        self._showing = False
        return min(waits, default=None)

    def _show(self, by: Speaker) -> None:
        try:
            self._publish(by, self._page(by))
        except Exception:
            _LOGGER.exception("a home tab could not be shown again")

    def _run(self) -> None:
        while self._rest(self.show_due()):
            pass

    def _rest(self, wait: Duration | None) -> bool:
        """Wait until something is due; False: it is over."""
        with self._changed:
            busy = wait is None and any(each.stale for each in self._looking.values())
            if not self._stopped and not busy:
                self._changed.wait(None if wait is None else wait / SECOND)
            return not self._stopped


def _concerned(state: bytes) -> set[str]:
    found = _DECODER.decode(state)
    prefix = responder("")
    receivers = (*found.paged, *found.asked)
    return {name.removeprefix(prefix) for name in receivers if name.startswith(prefix)} | {found.assignee}
