"""A runtime for scenarios: the real runner on any store, with an outbox that this module empties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tocsin.asking.asker import Asker
from tocsin.asking.knowledge import Knowledge
from tocsin.asking.ledger import Ledger, Memory
from tocsin.engine.ports import Commit, Confirmation, Store
from tocsin.engine.runner import Addressed, Runner
from tocsin.incidents.inputs import AlertReceived
from tocsin.incidents.ladder import PAGE
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.kernel.machine import Effect
from tocsin.kernel.time import Instant
from tocsin.testing.scenario import START, Given, Happened, Scenario
from tocsin.testing.scenario_duty import Turns, on_duty
from tocsin.testing.scenario_people import knowledge, memory

ALL: Final = 10_000  # More incidents and effects than any scenario has.


class StoreRuntime:
    """Implements `tocsin.testing.scenario.Runtime` on *store*, which must be empty."""

    def __init__(
        self, store: Store, duties: Mapping[str, Turns] | None = None, scenario: Scenario | None = None
    ) -> None:
        """Begin; *duties* are those of the scenario, which also says what is known of people."""
        self._store = store
        self._calendar = on_duty(duties or {})
        self._known = knowledge(scenario.people, scenario.teams, scenario.duties) if scenario else Knowledge()
        everybody = {name for members in self._known.teams.values() for name in members}
        self._ledger = Ledger(everybody, memory(scenario.people, START) if scenario else Memory())
        self._machine = IncidentMachine(self._calendar)
        self._runner = Runner(store, [self._machine], on_commit=self._committed, renew=self._machines)

    def _machines(self) -> tuple[IncidentMachine]:
        return (IncidentMachine(self._calendar, Asker(self._ledger.knowledge(self._known, self._calendar))),)

    def _committed(self, commits: Sequence[Commit]) -> None:
        for commit in commits:
            self._ledger.committed(commit.aggregate, commit.state, live=commit.live)

    def handle(self, given: Sequence[Given], now: Instant) -> Sequence[Happened]:
        """See the protocol."""
        outcomes = self._runner.handle([addressed(each) for each in given], now)
        return [Happened(outcomes[each.id].aggregate, outcomes[each.id].reason) for each in given]

    def tick(self, now: Instant) -> Sequence[Happened]:
        """See the protocol."""
        due = self._store.due(now, ALL)
        self._runner.tick(due, now)
        return [Happened(name, self._store.timeline(name, 1)[0].reason) for name in due]

    def next_wake(self) -> Instant | None:
        """See the protocol."""
        return self._store.next_wake()

    def pages(self, now: Instant) -> Sequence[tuple[str, str]]:
        """Take everything out of the outbox as the dispatcher does: what is no longer wanted is dropped."""
        pending = self._store.pending(now, per_receiver=ALL)
        self._store.confirm(
            [
                Confirmation(id=item.id, aggregate=item.aggregate, receiver=item.receiver, result="delivered", at=now)
                for item in pending
            ]
        )
        wanted = []
        for item in pending:
            state = self.state(item.aggregate)
            effect = Effect(receiver=item.receiver, kind=item.kind, facts=item.facts)
            if state is not None and item.kind == PAGE and self._machine.wanted(state, effect):
                wanted.append((item.aggregate, item.receiver))
        return wanted

    def state(self, incident: str) -> Incident | None:
        """See the protocol."""
        stored = self._store.load([incident]).get(incident)
        return self._machine.decode(stored.state) if stored else None


def addressed(given: Given) -> Addressed:
    """Where an input goes: an alert to whoever answers to its keys, all else to the incident that is meant."""
    machine = IncidentMachine.name
    if not isinstance(given.input, AlertReceived):
        return Addressed(input_id=given.id, machine=machine, given=given.input, aggregate=given.incident)
    alert = given.input.alert
    keys = (f"d/{alert.dedup_key}", *((f"g/{alert.group_key}",) if alert.group_key else ()))
    return Addressed(input_id=given.id, machine=machine, given=given.input, keys=keys, fresh=f"incident/{given.id}")
