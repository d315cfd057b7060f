"""The histories of keys as values: for each alert that fires, for the noise report, and for what others ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tocsin.engine.ports import Aggregates, Commit
from tocsin.incidents.history_machine import History, HistoryMachine
from tocsin.incidents.occurrences import Occurrence

KEYS_MAX: Final = 5_000  # Keys that are known at the same time; those not heard of for longest are forgotten.
PAGE: Final = 1_000

_MACHINE: Final = HistoryMachine()


class HistoryBook:
    """The newest histories. Written by the engine's thread, read by any."""

    def __init__(self, store: Aggregates) -> None:
        """Begin with what *store* has. Raises StoreUnavailableError."""
        self._known: dict[tuple[str, str], History] = {}
        for state in reversed(_newest(store)):
            self._keep(state)

    def committed(self, commits: Sequence[Commit]) -> None:
        """Some aggregates have changed; the commits of histories hold all that must be known."""
        for commit in commits:
            if commit.machine == _MACHINE.name:
                self._keep(_MACHINE.decode(commit.state))

    def occurrences(self, integration: str, dedup_key: str) -> tuple[Occurrence, ...]:
        """How the last occurrences of a key were closed, oldest first."""
        found = self._known.get((integration, dedup_key))
        return found.occurrences if found else ()

    def all(self) -> tuple[History, ...]:
        """All that are known, the one that was heard of last at the end."""
        return tuple(self._known.copy().values())

    def _keep(self, state: History) -> None:
        name = state.integration, state.dedup_key
        self._known.pop(name, None)
        if not state.over:
            self._known[name] = state
        if len(self._known) > KEYS_MAX:
            del self._known[next(iter(self._known))]


def _newest(store: Aggregates) -> list[History]:
    found: list[History] = []
    before = None
    while len(found) < KEYS_MAX:
        rows = store.listing(_MACHINE.name, live_only=True, limit=PAGE, before=before)
        for row in rows:
            found.append(_MACHINE.decode(row.state))
            before = (_MACHINE.standing(found[-1]).rank, row.id)
        if len(rows) < PAGE:
            break
    return found
