"""Histories in the running server: learned from what was closed, known after a restart, and used for what fires."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.wiring.serving import ask, serving, until
from tocsin.engine.ports import Commit
from tocsin.incidents.alerts import Severity
from tocsin.incidents.history_machine import FORGET_AFTER, Closed, History, HistoryMachine
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.occurrences import Closer, Occurrence, Usual
from tocsin.incidents.state import Incident, Status
from tocsin.kernel import json
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import HOUR, MINUTE
from tocsin.testing.memory import MemoryStore
from tocsin.wiring import histories
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.histories import HistoryBook
from tocsin.wiring.outside import Outside

NOW = 1_795_000_000_000
MACHINE = HistoryMachine()
CONFIG = "integrations: {probe: {key: key-of-the-probe-1}}"


class Clock:
    """A clock that is set by hand."""

    now = NOW

    def __call__(self) -> int:
        return self.now


def newest(runtime: Embedded) -> Incident | None:
    machine = IncidentMachine()
    rows = runtime.store.listing(machine.name, live_only=False, limit=1)
    return machine.decode(rows[0].state) if rows else None


def tell(runtime: Embedded, status: str, wanted: Status) -> None:
    """The probe tells of its disk; wait until the newest incident is *wanted*."""
    body = json.encode({"title": "disk", "status": status, "dedup_key": "disk", "severity": "high"})
    assert ask(runtime.ingest_url("probe"), body, {"content-type": "application/json"})[0] == 202

    def done() -> bool:
        state = newest(runtime)
        return state is not None and state.status is wanted and state.opened_at > runtime.clock() - 10 * MINUTE

    until(done)


def learned(runtime: Embedded, count: int) -> bool:
    return len(runtime.histories.occurrences("probe", "disk")) == count


def test_what_always_recovers_is_held_after_a_restart_too_and_both_outcomes_are_counted(tmp_path: Path) -> None:
    clock, db = Clock(), tmp_path / "tocsin.db"
    with serving(db, CONFIG, Outside(clock=clock)) as (runtime, _):
        for count in range(1, 17):
            tell(runtime, "firing", Status.TRIGGERED)
            clock.now += MINUTE
            tell(runtime, "resolved", Status.RESOLVED)
            until(partial(learned, runtime, count))
            clock.now += HOUR
    with serving(db, CONFIG, Outside(clock=clock)) as (runtime, ready):
        assert len(runtime.histories.occurrences("probe", "disk")) == 16
        tell(runtime, "firing", Status.SNOOZED)
        held = newest(runtime)
        assert held is not None
        assert held.held
        assert held.hold is not None
        assert (held.hold.until, held.hold.usual) == (clock.now + MINUTE, Usual(MINUTE, 16, 16))
        clock.now += MINUTE // 2
        tell(runtime, "resolved", Status.RESOLVED)
        clock.now += HOUR
        tell(runtime, "firing", Status.SNOOZED)
        clock.now += 2 * MINUTE
        runtime.wake()
        until(lambda: (state := newest(runtime)) and state.status is Status.TRIGGERED)
        tell(runtime, "resolved", Status.RESOLVED)
        until(lambda: [(each.held, each.saved, each.late) for each in runtime.histories.all()] == [(2, 1, 1)])
        metrics = ask(f"{ready.url}/metrics")[1]
        for result, figure in (("held", 2), ("saved", 1), ("late", 1)):
            assert f'tocsin_holds_total{{result="{result}"}} {figure}.0'.encode() in metrics
        assert runtime.trouble() == ""


def history(key: str, at: int) -> History:
    found = Occurrence(incident="1", closed_by=Closer.SOURCE, duration=MINUTE, severity=Severity.HIGH, closed_at=at)
    state = MACHINE.decide(None, Closed(integration="prom", dedup_key=key, occurrence=found), at).state
    assert state is not None
    return state


def commit(state: History, expected: int = 0) -> Commit:
    standing = MACHINE.standing(state)
    return Commit(
        aggregate=state.dedup_key,
        machine=MACHINE.name,
        expected=expected,
        state=MACHINE.encode(state),
        wake_at=standing.wake_at,
        live=standing.live,
        owes=standing.owes,
        rank=standing.rank,
    )


def test_the_oldest_keys_beyond_the_most_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(histories, "KEYS_MAX", 3)
    monkeypatch.setattr(histories, "PAGE", 2)
    store = MemoryStore()
    commits = [commit(history(f"k{n}", NOW + n)) for n in range(5)]
    book = HistoryBook(store)
    for each in commits:
        store.commit([each])
        book.committed([each])
    assert [each.dedup_key for each in book.all()] == ["k2", "k3", "k4"]
    book.committed([commit(history("k2", NOW + 9))])
    assert [each.dedup_key for each in book.all()] == ["k3", "k4", "k2"]
    assert [each.dedup_key for each in HistoryBook(store).all()] == ["k2", "k3", "k4"]


def test_a_key_that_was_forgotten_is_new() -> None:
    store = MemoryStore()
    state = history("disk", NOW)
    store.commit([commit(state)])
    book = HistoryBook(store)
    assert len(book.occurrences("prom", "disk")) == 1
    assert book.occurrences("prom", "cpu") == ()
    over = MACHINE.decide(state, Tick(), NOW + FORGET_AFTER).state
    assert over is not None
    store.commit([commit(over, expected=1)])
    book.committed([commit(over, expected=1)])
    assert book.occurrences("prom", "disk") == ()
    assert HistoryBook(store).all() == ()
