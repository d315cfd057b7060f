"""Worlds in which it is chosen whom to ask: a policy of such steps, and people about whom something is learned.

What is learned is written down now and then, and a crash forgets what came after that, as in a real server.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Final

from msgspec.structs import replace

from tocsin.asking.asker import Asker
from tocsin.asking.knowledge import Knowledge, Person
from tocsin.asking.ledger import Ledger, Memory
from tocsin.choosing.history import History, Observation
from tocsin.choosing.hours import HourClass
from tocsin.choosing.situation import Candidate
from tocsin.engine.ports import Commit, Store
from tocsin.incidents.alerts import Plan
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Condition, Policy, Step
from tocsin.kernel.time import MINUTE, Instant

ALL: Final = 10_000  # More incidents than any world has.
PAGES: Final = 4  # Of each person at each hour, before a world begins.
SAVED_EVERY: Final = 5  # Commits.

_ZONES: Final = ("Europe/Berlin", "Asia/Kolkata", "America/New_York")


class Choices:
    """Who decides whom to ask, on *memory*, which outlives it."""

    def __init__(self, memory: Store, people: Sequence[str]) -> None:
        """A little is known already: it takes longer than a world to learn so much."""
        self._memory = memory
        self._people = people
        self._known = Knowledge(
            people={name: Person(zone=zone) for name, zone in zip(people, _ZONES, strict=False)},
            teams={"ops": people, "shop": people[:2]},
            on_call={"ops": ("schedule:ops",)},
            calendar=self._calendar,
        )
        self._saved = Memory(history=_learned(people))
        self._commits = 0
        self.begin()

    def begin(self) -> None:
        """A new process: it knows what was written down, and the incidents that are open."""
        self._ledger = Ledger(self._people, self._saved)
        for row in self._memory.listing(IncidentMachine.name, live_only=True, limit=ALL):
            self._ledger.adopt(row.id, row.state)

    def machines(self) -> tuple[IncidentMachine]:
        """For one batch."""
        return (IncidentMachine(self._calendar, Asker(self._ledger.knowledge(self._known, self._calendar))),)

    def committed(self, commits: Sequence[Commit]) -> None:
        """Something was decided."""
        for commit in commits:
            if commit.machine == IncidentMachine.name:
                self._ledger.committed(commit.aggregate, commit.state, live=commit.live)
        self._commits += 1
        if self._commits % SAVED_EVERY == 0:
            self._saved = self._ledger.memory()

    def _calendar(self, target: str, now: Instant) -> tuple[str, ...]:
        """Each is on call for three minutes, then nobody is for as long."""
        turn = now // (3 * MINUTE) % (len(self._people) + 1)
        names = self._people if target.endswith(":all") else self._people[turn : turn + 1]
        return tuple(f"responder:{name}" for name in names)


def _learned(people: Sequence[str]) -> History:
    """The first of *people* often answers late, the second sometimes soon, the others hardly ever."""
    history = History()
    for place, (name, minutes) in enumerate(zip(people, (9, 2, 15), strict=False)):
        for number, hours in product(range(PAGES), HourClass):
            seen = Observation(
                candidate=Candidate(name=name, hours=hours),
                severity="high",
                waited=minutes * MINUTE,
                answered=number % (place + 1) == 0,
                at=MINUTE,
            )
            history = history.learned(seen)
    return history


def chosen(plan: Plan) -> Plan:
    """*plan*, with steps that choose."""
    steps = (
        Step(("smart:ops",), 10 * MINUTE, acknowledgements=2),
        Step(("round-robin:ops",), when=Condition(severities=("critical", "high"), hours=("working", "off"))),
        Step(("schedule:ops", "least-disturbed:shop"), 2 * MINUTE, when=Condition(alerts=2, within=20 * MINUTE)),
    )
    policy = Policy(name="chosen", steps=steps, everyone=plan.policy.everyone, repeat=1)
    return replace(plan, policy=policy)
