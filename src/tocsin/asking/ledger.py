"""What the commits of incidents teach: who was asked when and answered how soon, who is at work, who has solved what.

An incident keeps a log of its pages; what is new in it, compared with what was seen before, is an interruption or an
answer. The ledger is told after each commit, in their order, and never decides anything.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.asking.knowledge import RECENT, Knowledge, OnDuty
from tocsin.asking.remembering import observation
from tocsin.choosing.history import History
from tocsin.incidents.ladder import label
from tocsin.incidents.pages import Became, Page
from tocsin.incidents.state import Status
from tocsin.kernel.time import Instant

KEYS_MAX: Final = 1000  # Of which it is known who resolved them; the longest forgotten goes first.
RECENT_MAX: Final = 200  # Pages of one person within a day: more make no difference.


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What outlives a restart; the fields are those of `Knowledge`."""

    history: History = History()
    asked: dict[str, tuple[Instant, ...]] = {}
    solved: dict[str, dict[str, int]] = {}
    turns: dict[str, dict[str, Instant]] = {}


class Face(msgspec.Struct, frozen=True):
    """The alert that opened it, as far as it matters here."""

    dedup_key: str


class Glance(msgspec.Struct, frozen=True, kw_only=True):
    """What of an incident matters here; the rest of its state is not even read."""

    status: Status
    severity: str
    face: Face
    assignee: str = ""
    resolved_by: str = ""
    answered: tuple[str, ...] = ()
    pages: tuple[Page, ...] = ()


_DECODER: Final = msgspec.json.Decoder(Glance)


class Ledger:
    """All that was learned of *responders*. One thread writes; values that it has given never change."""

    def __init__(self, responders: Collection[str], memory: Memory) -> None:
        """Go on with *memory*. *responders* are asked who is there whenever that matters."""
        self.changed = False
        self._responders = responders
        self._history = memory.history
        self._asked = dict(memory.asked)
        self._solved = dict(memory.solved)
        self._turns = dict(memory.turns)
        self._seen: dict[str, tuple[str | Instant, ...]] = {}  # Of live incidents: the pages, as `_kept` has them.
        self._at_work: dict[str, tuple[str, ...]] = {}

    def adopt(self, name: str, state: bytes) -> None:
        """The live incident *name* was there before: what is over in it counts as learned."""
        self._follow(name, _DECODER.decode(state))

    def committed(self, name: str, state: bytes, *, live: bool) -> None:
        """The incident *name* is in *state* now."""
        glance = _DECODER.decode(state)
        known = self._seen.pop(name, None)
        seen = _pages(known or ())
        for page in glance.pages:
            key = page.receiver, page.at
            if key not in seen:
                self._was_asked(page)
            if page.until and not seen.get(key):
                self._learn(page, glance.severity)
        if live:
            self._follow(name, glance)
        else:
            self._at_work.pop(name, None)
            if known is not None:
                self._was_solved(glance)

    def knowledge(self, fixed: Knowledge, calendar: OnDuty) -> Knowledge:
        """*fixed*, with what was learned until now; *calendar* knows the schedules."""
        busy: dict[str, int] = {}
        for names in tuple(self._at_work.values()):
            for name in names:
                busy[name] = busy.get(name, 0) + 1
        return replace(
            fixed,
            calendar=calendar,
            busy=busy,
            asked=self._asked,
            solved=self._solved,
            turns=self._turns,
            history=self._history,
        )

    def memory(self) -> Memory:
        """All that must outlive a restart; people who are not there any more are forgotten."""
        people = {name: habit for name, habit in self._history.people.items() if name in self._responders}
        return Memory(
            history=replace(self._history, people=people),
            asked=dict(self._asked),
            solved=dict(self._solved),
            turns=dict(self._turns),
        )

    def _follow(self, name: str, glance: Glance) -> None:
        self._seen[name] = _kept(glance.pages)
        self._at_work.pop(name, None)
        if glance.status is Status.ACKNOWLEDGED:
            self._at_work[name] = glance.answered or (glance.assignee,)

    def _was_asked(self, page: Page) -> None:
        """*page* has interrupted somebody, as far as it could be delivered."""
        name = label(page.receiver)
        if page.became is Became.UNREACHED or name not in self._responders:
            return
        recent = self._asked.get(name, ())
        if recent and recent[0] <= page.at - RECENT:  # They are in their order, or nearly so.
            recent = tuple(at for at in recent if at > page.at - RECENT)
        self._asked[name] = (*recent, page.at)[-RECENT_MAX:]
        if page.turn:
            self._turns[page.turn] = {**self._turns.get(page.turn, {}), name: page.at}
        self.changed = True

    def _learn(self, page: Page, severity: str) -> None:
        seen = observation(page, severity)
        if seen is not None:
            self._history = self._history.learned(seen)
            self.changed = True

    def _was_solved(self, glance: Glance) -> None:
        """Who resolved it, or had it when it recovered, has solved it."""
        key, name = glance.face.dedup_key, glance.resolved_by or glance.assignee
        if name not in self._responders:
            return
        before = self._solved.pop(key, {})
        self._solved[key] = {**before, name: before.get(name, 0) + 1}
        if len(self._solved) > KEYS_MAX:
            del self._solved[next(iter(self._solved))]
        self.changed = True


def _kept(pages: Iterable[Page]) -> tuple[str | Instant, ...]:
    """Of each page its receiver, when, and whether it is over.

    A storm opens a hundred thousand incidents: a flat tuple takes half the memory of a dictionary, and the garbage
    collector does not look at it again and again.
    """
    return tuple(part for page in pages for part in (sys.intern(page.receiver), page.at, bool(page.until)))


def _pages(kept: tuple[str | Instant, ...]) -> dict[tuple[str | Instant, str | Instant], str | Instant]:
    """The inverse: whether a page, by its receiver and when, is over."""
    return {(kept[place], kept[place + 1]): kept[place + 2] for place in range(0, len(kept), 3)}
