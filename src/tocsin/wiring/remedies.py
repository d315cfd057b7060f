"""Remedies of the noise report: orders of people as deliveries, and those in force as values for each alert."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tocsin.engine.ports import Aggregates, Commit, Delivery
from tocsin.engine.runner import Addressed
from tocsin.engine.worker import Interpretation
from tocsin.incidents.alerts import Alert, Plan
from tocsin.kernel import json
from tocsin.noise.keys import By, of, titled
from tocsin.noise.machine import Applied, RemedyMachine, Treatment, Undone, aggregate
from tocsin.noise.remedies import applied, problem
from tocsin.wiring import channel_names

CHANNEL: Final = channel_names.REMEDY
LIVE_MAX: Final = 10_000  # Keys with a remedy in force.

_MACHINE: Final = RemedyMachine()


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants: *apply* a remedy, or *undo* the one in force for the key with this id."""

    apply: Applied | None = None
    key: str = ""
    undo: Undone | None = None


def interpret(delivery: Delivery) -> Interpretation:
    """The input of an order."""
    try:
        order = msgspec.convert(json.decode(delivery.body), Order)
    except (msgspec.ValidationError, json.JsonError) as wrong:
        return Interpretation((), f"not a remedy: {wrong}")
    if order.apply is not None:
        if wrong_with := problem(order.apply.key, order.apply.remedy):
            return Interpretation((), f"not a remedy: {wrong_with}")
        return _one(delivery, order.apply.key.id, order.apply)
    if order.undo is not None and order.key:
        return _one(delivery, order.key, order.undo)
    return Interpretation((), "not a remedy: it wants nothing")


class RemedyBook:
    """All remedies in force, by what they are for. Written by the engine's thread, read by any."""

    def __init__(self, store: Aggregates) -> None:
        """Begin with what *store* has. Raises StoreUnavailableError."""
        rows = store.listing(_MACHINE.name, live_only=True, limit=LIVE_MAX)
        self._read({row.id: _MACHINE.decode(row.state) for row in rows})

    def committed(self, commits: Sequence[Commit]) -> None:
        """Some aggregates have changed; the commits of remedies hold all that must be known."""
        changed = {commit.aggregate: commit for commit in commits if commit.machine == _MACHINE.name}
        if changed:
            kept = {name: state for name, state in self._live.items() if name not in changed}
            found = {name: _MACHINE.decode(commit.state) for name, commit in changed.items() if commit.live}
            self._read({**kept, **found})

    def quieter(self, plan: Plan, alert: Alert, integration: str) -> Plan:
        """*plan*, as the remedy in force for the key of *alert* changes it, or else the one for its title."""
        if not self._by_key:
            return plan
        found = self._by_key.get(of(alert, integration))
        if found is None and self._titles:
            found = self._by_key.get(titled(alert, integration))
        if found is None or found.current is None:
            return plan
        return applied(plan, alert, found.key, found.current)

    def _read(self, live: Mapping[str, Treatment]) -> None:
        self._live = live
        self._titles = any(state.key.by is By.TITLE for state in live.values())
        self._by_key = {state.key: state for state in live.values()}


def _one(delivery: Delivery, key_id: str, given: Applied | Undone) -> Interpretation:
    name = aggregate(key_id)
    addressed = Addressed(input_id=f"{delivery.id}/0", machine=_MACHINE.name, given=given, aggregate=name, fresh=name)
    return Interpretation((addressed,))
