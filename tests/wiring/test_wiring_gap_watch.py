"""Gaps in schedules are told days ahead, each of them once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.wiring.alertmanager_world import world
from tests.wiring.serving import until
from tocsin.engine.ports import Received
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.alerts import Kind
from tocsin.kernel import json
from tocsin.kernel.time import DAY, HOUR, Instant
from tocsin.schedules.schedule import Override
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.gap_watch import GapWatch
from tocsin.wiring.schedules import OVERRIDE, Agreed, document
from tocsin.wiring.settings_file import parse

NOW: Instant = 1_800_000_000_000  # 2027-01-15T08:00Z, a Friday.
FILE = """
responders: {ada: }
schedules:
  ops:
    layers: [{responders: [ada], start: 2027-01-04, only: LAYER}]
    needed: mon-fri 09:00-17:00
"""


class Watch:
    """A watch whose clock is turned by hand, and what it has told."""

    def __init__(self, layer: str) -> None:
        self.now = NOW
        self.store = MemoryStore()
        self.told: list[Received] = []
        settings = parse(FILE.replace("LAYER", layer).encode(), {}).settings
        self.watch = GapWatch(settings, self.store, lambda: self.now, self.told.append)

    def look(self) -> list[dict[str, Any]]:
        self.told.clear()
        self.watch.look()
        return [json.decode(each.body) for each in self.told]


def test_a_gap_is_told_once() -> None:
    watch = Watch("mon-thu 09:00-17:00")
    [told] = watch.look()
    assert told["title"] == "nobody is on call in ops from 2027-01-15 09:00 UTC"
    assert told["kind"] == "notification"
    assert "to 2027-01-15 17:00 UTC: no layer plans for it." in told["description"]
    watch.now += HOUR - 1
    assert watch.look() == []
    watch.now += HOUR  # The gap has begun, and the next one comes into sight.
    assert "2027-01-22 09:00 UTC" in watch.look()[0]["description"]
    watch.now += HOUR
    assert watch.look() == []


def test_the_gap_that_a_server_finds_is_shown_and_asks_nobody(tmp_path: Path) -> None:
    with world(tmp_path / "tocsin.db", FILE.replace("LAYER", "sun") + "teams: {ops: {members: [ada]}}\n") as served:
        until(lambda: served.runtime.store.listing("incident", live_only=False, limit=2))
        served.rest()
        [row] = served.runtime.store.listing("incident", live_only=False, limit=2)
    found = served.machine.decode(row.state)
    assert found.face.title.startswith("nobody is on call in ops")
    assert (found.kind, found.paged) == (Kind.NOTIFICATION, ())


def test_a_gap_without_an_end_is_told_once() -> None:
    watch = Watch("sun")
    watch.now += 2 * HOUR
    assert len(watch.look()) == 1
    for _ in range(20):
        watch.now += HOUR
        assert watch.look() == []


def test_where_somebody_is_on_call_nothing_is_told_and_nothing_kept() -> None:
    watch = Watch("mon-fri")
    assert watch.look() == []
    assert watch.store.records("schedule-gaps") == {}


def test_a_gap_that_comes_back_is_told_again() -> None:
    watch = Watch("mon-thu")
    assert watch.look()
    found = Override(id="1", schedule="ops", who="ada", start=NOW, until=NOW + DAY)
    watch.store.put_record(OVERRIDE, "1", document(Agreed(at=NOW, override=found)))
    assert watch.look() == []
    watch.store.take_record(OVERRIDE, "1")
    assert len(watch.look()) == 1


@pytest.mark.parametrize(
    ("error", "said"), [(StoreUnavailableError("disk full"), "cannot be told"), (KeyError("x"), "gap-watch stumbled")]
)
def test_whatever_happens_it_goes_on(error: Exception, said: str, caplog: pytest.LogCaptureFixture) -> None:
    def accept(_: Received) -> None:
        raise error

    settings = parse(FILE.replace("LAYER", "mon").encode(), {}).settings
    watch = GapWatch(settings, MemoryStore(), lambda: NOW, accept)
    watch.start()
    until(lambda: said in caplog.text)
    watch.stop()
    assert not watch._rounds.running


def test_without_schedules_nothing_runs() -> None:
    watch = GapWatch(parse(b"teams: {ops: }", {}).settings, MemoryStore(), lambda: NOW, print)
    watch.start()
    watch.stop()
    assert not watch._rounds.running
