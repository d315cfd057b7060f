"""Worlds in which it is chosen whom to ask: a policy of such steps, and people about whom something is learned.

What is learned is written down now and then, and a crash forgets what came after that, as in a real server.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tocsin.asking.asker import Asker
from tocsin.asking.knowledge import Knowledge, Person
from tocsin.asking.ledger import Ledger, Memory
from tocsin.engine.ports import Commit
from tocsin.incidents.alerts import Plan
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Condition, Policy, Step
from tocsin.kernel.time import MINUTE, Instant
from tocsin.testing.memory import MemoryStore

ALL: Final = 10_000  # More incidents than any world has.
SAVED_EVERY: Final = 5  # Commits.

_ZONES: Final = ("Europe/Berlin", "Asia/Kolkata", "America/New_York")


class Choices:
    """Who decides whom to ask, on *memory*, which outlives it."""

    def __init__(self, memory: MemoryStore, people: Sequence[str]) -> None:
        """Nothing is known yet."""
        self._memory = memory
        self._people = people
        self._known = Knowledge(
            people={name: Person(zone=zone) for name, zone in zip(people, _ZONES, strict=False)},
            teams={"ops": people, "shop": people[:2]},
            on_call={"ops": ("schedule:ops",)},
            calendar=self._calendar,
        )
        self._saved = Memory()
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


def chosen(plan: Plan) -> Plan:
    """*plan*, with steps that choose."""
    steps = (
        Step(("smart:ops",), 5 * MINUTE, acknowledgements=2),
        Step(("round-robin:ops",), when=Condition(severities=("critical", "high"), hours=("working", "off"))),
        Step(("schedule:ops", "least-disturbed:shop"), 2 * MINUTE, when=Condition(alerts=2, within=20 * MINUTE)),
    )
    policy = Policy(name="chosen", steps=steps, everyone=plan.policy.everyone, repeat=1)
    return Plan(team=plan.team, policy=policy)
