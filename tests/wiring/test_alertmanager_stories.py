"""What a Prometheus and a silence lead to, over the API and through all machines, on a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.wiring.alertmanager_world import START, World, world
from tocsin.incidents.state import Status
from tocsin.kernel.time import HOUR, MINUTE

SILENT = "Heartbeat http://prom:9090 has fallen silent while its alerts fire"


@pytest.fixture
def life(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "tocsin.db") as found:
        yield found


def test_what_fires_for_an_hour_is_one_incident_that_its_end_resolves(life: World) -> None:
    life.post("Disk")
    life.wait(MINUTE, "Disk")
    assert life.asked("Disk is bad") == 1
    life.post("Disk", ends_in=-1)
    life.wait(10 * MINUTE)
    assert life.reasons("Disk is bad") == ["opened", "resolved by its source"]


def test_an_alert_that_is_not_told_again_while_others_are_is_over(life: World) -> None:
    life.post("Disk", "Cpu")
    life.wait(8 * MINUTE, "Cpu")
    assert life.reasons("Disk is bad")[-1] == "its sender stopped telling of it"
    assert life.incidents()["Disk is bad"].status is Status.RESOLVED
    assert life.incidents()["Cpu is bad"].live
    assert SILENT not in life.incidents()


def test_a_prometheus_that_falls_silent_is_one_alert_and_nothing_is_resolved(life: World) -> None:
    life.post("Disk", "Cpu", "Net")
    life.wait(40 * MINUTE)
    found = life.incidents()
    assert len(found) == 4
    assert all(state.live for state in found.values())
    assert found[SILENT].count == 1
    # It comes back and tells of one of them: that one goes on, the others are over, and so is the alarm.
    life.wait(16 * MINUTE, "Cpu")
    life.wait(15 * MINUTE, "Cpu")
    live = {title for title, state in life.incidents().items() if state.live}
    assert live == {"Cpu is bad"}
    assert life.reasons(SILENT)[-1] == "resolved by its source"
    assert life.reasons("Disk is bad")[-1] == "its sender stopped telling of it"
    assert life.incidents()["Cpu is bad"].reopened == 0


def test_a_rule_that_always_fires_is_one_notification_and_has_a_silence_noticed(life: World) -> None:
    life.post("Watchdog")
    life.wait(20 * MINUTE, "Watchdog")
    assert (len(life.incidents()), life.asked("Watchdog is bad")) == (1, 0)
    life.wait(10 * MINUTE)
    assert life.asked(SILENT) >= 1
    life.wait(20 * MINUTE, "Watchdog")
    assert {title for title, state in life.incidents().items() if state.live} == {"Watchdog is bad"}


def test_senders_are_watched_one_by_one(life: World) -> None:
    life.post("Disk", sender="http://a:9090")
    life.post("Cpu", sender="http://b:9090")
    life.post("Net", sender="")
    life.wait(10 * MINUTE)
    silent = sorted(title for title in life.incidents() if "fallen silent" in title)
    assert [title.split()[1] for title in silent] == ["http://a:9090", "http://b:9090", "prometheus"]


def test_a_silence_mutes_what_fires_and_lets_it_ring_when_it_is_over(life: World) -> None:
    name = life.silence("alertname=Disk", minutes=30)
    life.post("Disk", "Cpu")
    disk = life.incidents()["Disk is bad"]
    assert (disk.silenced, life.asked("Disk is bad"), life.asked("Cpu is bad")) == (True, 0, 1)
    assert disk.mute
    assert (disk.mute.silence, disk.mute.by, disk.mute.why) == (name, "cy", "we move it")
    life.wait(29 * MINUTE, "Disk", "Cpu")
    assert life.asked("Disk is bad") == 0
    life.wait(2 * MINUTE, "Disk", "Cpu")
    assert life.asked("Disk is bad") == 1
    assert life.reasons("Disk is bad") == ["opened", "silence over"]


def test_a_silence_that_begins_takes_back_what_is_asked_and_its_early_end_gives_it_back(life: World) -> None:
    life.post("Disk")
    name = life.silence("alertname=Disk", "job=node", minutes=60)
    assert life.incidents()["Disk is bad"].silenced
    assert life.call(f"/api/v2/silence/{name}", method="DELETE") == (200, "")
    life.rest()
    assert life.reasons("Disk is bad") == ["opened", "silence begun", "silence ended early"]
    assert life.incidents()["Disk is bad"].status is Status.TRIGGERED


def test_a_silence_for_later_waits(life: World) -> None:
    life.post("Disk")
    life.silence("alertname=Disk", minutes=60, starts_in=2)
    assert not life.incidents()["Disk is bad"].silenced
    life.wait(3 * MINUTE, "Disk")
    assert life.incidents()["Disk is bad"].silenced


def test_other_matchers_are_another_silence_that_takes_over_without_a_page(life: World) -> None:
    life.post("Disk", "Cpu")
    first = life.silence("alertname=Disk", minutes=60)
    second = life.silence("job=node", minutes=60, id=first)
    assert second != first
    found = life.incidents()
    assert [found[title].mute.silence for title in ("Disk is bad", "Cpu is bad")] == [second, second]  # type: ignore[union-attr]
    assert life.asked("Disk is bad") == 1
    states = {each["id"]: each["status"]["state"] for each in life.call("/api/v2/silences")[1]}
    assert states == {first: "expired", second: "active"}
    # The narrower one again: what only the wider one covered is asked about.
    third = life.silence("alertname=Cpu", minutes=60, id=second)
    found = life.incidents()
    assert (found["Disk is bad"].silenced, found["Cpu is bad"].silenced) == (False, True)
    assert life.asked("Cpu is bad") == 1
    assert life.silence("alertname=Cpu", minutes=90, id=third) == third
    mute = life.incidents()["Cpu is bad"].mute
    assert mute
    assert mute.until == life.now + 90 * MINUTE


def test_a_key_silences_its_own_integration_only(life: World) -> None:
    life.silence("job=node", minutes=60)
    alert = [{"labels": {"alertname": "Shop", "job": "node"}}]
    assert life.call("/api/v2/alerts", alert, integration="web") == (200, "")
    life.rest()
    assert life.incidents()["Shop on node"].status is Status.TRIGGERED
    assert [each["labels"]["alertname"] for each in life.call("/api/v2/alerts", integration="web")[1]] == ["Shop"]
    assert life.call("/api/v2/alerts")[1] == []
    assert life.call("/api/v2/silences", integration="web")[1] == []


def test_silences_survive_a_restart(tmp_path: Path) -> None:
    with world(tmp_path / "tocsin.db") as before:
        before.silence("alertname=Disk", minutes=60)
    with world(tmp_path / "tocsin.db") as after:
        after.post("Disk")
        assert after.incidents()["Disk is bad"].silenced


def test_what_recovers_while_it_is_silenced_was_never_heard_of(life: World) -> None:
    life.silence("alertname=Disk", minutes=10)
    life.post("Disk")
    life.post("Disk", ends_in=0)
    life.wait(15 * MINUTE)
    assert (life.asked("Disk is bad"), life.incidents()["Disk is bad"].status) == (0, Status.RESOLVED)


def test_law_12_holds_for_what_is_muted_and_for_silences(life: World) -> None:
    life.silence("job=node", minutes=600)
    life.silence("job=other", minutes=700, starts_in=650)
    life.post("Disk", ends_in=12 * HOUR)
    assert life.runtime.trouble() == ""
    life.wait(20 * MINUTE, "Disk")
    assert life.runtime.trouble() == ""
    assert life.now == START + 20 * MINUTE
