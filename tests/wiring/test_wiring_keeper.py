"""Housekeeping forgets what is over for long enough, bite by bite, and nothing else."""

from __future__ import annotations

import pytest

from tests.wiring.serving import until
from tocsin.engine.ports import Received
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Worker
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.machine import IncidentMachine
from tocsin.kernel import json
from tocsin.kernel.time import DAY, Instant
from tocsin.testing.memory import MemoryStore
from tocsin.wiring import keeper
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.keeper import Keeper
from tocsin.wiring.settings import Retention
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import routes

NOW: Instant = 1_795_000_000_000
RETENTION = Retention(deliveries=14 * DAY, incidents=400 * DAY)


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "PAUSE_SECONDS", 0)


def filled(*ages: int) -> MemoryStore:
    """A store with an incident of each age in days, resolved as soon as it came; and a live one of the first age."""
    store = MemoryStore()
    interpreter = Interpreter(routes(parse(b"", {}).settings), {})
    worker = Worker(store, Runner(store, [IncidentMachine()]), interpreter.interpret, interpreter.poisoned)
    for age in ages:
        for status in ("firing", "resolved"):
            send(store, NOW - age * DAY, {"title": "t", "dedup_key": f"{age}", "status": status})
            worker.step(NOW - age * DAY)
    send(store, NOW - ages[0] * DAY, {"title": "live", "dedup_key": "live"})
    worker.step(NOW - ages[0] * DAY)
    return store


def send(store: MemoryStore, at: Instant, body: json.Json) -> None:
    store.accept([Received(received_at=at, channel="in", key="default", head=b"", body=json.encode(body))])


def kept(store: MemoryStore) -> tuple[int, int]:
    return len(store.deliveries(1000)), len(store.listing("incident", live_only=False, limit=1000))


def test_what_is_over_is_forgotten_after_its_retention() -> None:
    store = filled(500, 399, 15, 13)
    assert kept(store) == (9, 5)
    assert Keeper(store, RETENTION, lambda: NOW).clean() == 7 + 1
    assert kept(store) == (2, 4)
    assert len(store.listing("incident", live_only=True, limit=10)) == 1


def test_much_is_forgotten_in_several_bites(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "BITE", 2)
    store = filled(500, 499, 498)
    assert Keeper(store, RETENTION, lambda: NOW).clean() == 7 + 3
    assert kept(store) == (0, 1)


def test_what_waits_to_be_handled_is_never_forgotten() -> None:
    store = MemoryStore()
    send(store, NOW - 1000 * DAY, {"title": "waits"})
    assert Keeper(store, RETENTION, lambda: NOW).clean() == 0
    assert len(store.backlog(10)) == 1


def test_who_is_stopped_forgets_nothing_more() -> None:
    store = filled(500)
    housekeeper = Keeper(store, RETENTION, lambda: NOW)
    housekeeper.stop()
    assert housekeeper.clean() == 0
    assert kept(store) == (3, 2)


class Troubled(MemoryStore):
    """Fails at first, in both ways."""

    def __init__(self) -> None:
        super().__init__()
        self.troubles: list[Exception] = [StoreUnavailableError("locked"), ValueError("our bug")]

    def prune(self, *, deliveries_before: Instant, aggregates_before: Instant, limit: int) -> int:
        if self.troubles:
            raise self.troubles.pop(0)
        return super().prune(deliveries_before=deliveries_before, aggregates_before=aggregates_before, limit=limit)


def test_the_thread_outlives_trouble_and_tells_of_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeper, "EVERY_SECONDS", 0.001)
    caplog.set_level("INFO")
    store = Troubled()
    send(store, NOW - 15 * DAY, {"title": "old"})
    store.settle({"1": ""})
    housekeeper = Keeper(store, RETENTION, lambda: NOW)
    housekeeper.start()
    until(lambda: not store.deliveries(1))
    until(lambda: "forgotten what was over" in caplog.messages)
    housekeeper.stop()
    assert caplog.messages == [
        "housekeeping must wait",
        "keeper stumbled; it goes on",
        "forgotten what was over",
    ]
