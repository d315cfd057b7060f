"""A noisy key, one click, and the next firing is quieter; undone, and the one after that asks: the whole way round."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from msgspec import structs

from tests.web.console_world import Visitor
from tests.wiring.alertmanager_world import World, world
from tests.wiring.serving import ask
from tocsin.cli.claim import claim
from tocsin.cli.main import main
from tocsin.engine.ports import Delivery, Received
from tocsin.incidents.alerts import Kind
from tocsin.incidents.state import Incident, Status
from tocsin.kernel import json
from tocsin.kernel.time import DAY, MINUTE
from tocsin.noise.keys import By, Key, titled
from tocsin.noise.machine import Applied, Undone
from tocsin.noise.remedies import Measure, Remedy
from tocsin.wiring.noise import StoreNoiseDesk
from tocsin.wiring.remedies import CHANNEL, Order, interpret

DISK = Key(integration="default", by=By.KEY, value="disk")


class Life:
    """One server with a noisy disk, and a person before the console."""

    def __init__(self, served: World) -> None:
        self.served = served
        self.store = served.runtime.store
        self.desk = StoreNoiseDesk(served.runtime.settings, self.store, lambda: served.now)
        address = urlsplit(served.runtime.signin_url())
        self.ada = Visitor(address.port or 0)
        self.ada.enter(address.path)
        if "ada" in served.runtime.settings.responders:
            self.ada.press("/people/me", **{"as": "ada"})

    def fire(
        self, key: str = "disk", title: str = "Disk is full", status: str = "firing", severity: str = "high"
    ) -> None:
        alert = {"title": title, "dedup_key": key, "status": status, "severity": severity}
        status_code, _, _ = ask(self.served.runtime.ingest_url(), json.encode(alert))
        assert status_code == 202
        self.served.rest()

    def recover(self, key: str = "disk") -> None:
        self.fire(key, status="resolved")

    def later(self, duration: int) -> None:
        self.served._clock[0] += duration
        self.served.runtime.wake()
        self.served.rest()

    def be_noisy(self, times: int = 8) -> None:
        for _ in range(times):
            self.fire()
            self.later(2 * MINUTE)
            self.recover()
            self.later(60 * MINUTE)

    def again(self, **more: str) -> Incident:
        """It fires an hour later; the newest incident."""
        self.later(60 * MINUTE)
        self.fire(**more)
        return self.newest()[1]

    def newest(self) -> tuple[str, Incident]:
        [row] = self.store.listing("incident", live_only=False, limit=1)
        return row.id, self.served.machine.decode(row.state)

    def story(self) -> str:
        return self.store.timeline(self.newest()[0], 10)[0].story

    def undo(self) -> str:
        [state] = self.desk.treatments()
        assert state.current
        return self.ada.press("/noise", do="undo", key=state.key.id, at=state.current.at).flash

    def click(self, do: str, key: Key = DISK) -> str:
        return self.ada.press("/noise", do=do, **{"for": f'["{key.integration}", "{key.by}", "{key.value}"]'}).flash


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    with world(tmp_path / "tocsin.db") as served:
        yield Life(served)


def test_a_noisy_key_is_held_by_the_proposals_button_and_asks_again_when_that_is_undone(life: Life) -> None:
    life.be_noisy()
    [row] = life.desk.report(DAY).rows
    assert (row.incidents, row.pages, row.by_itself, row.median) == (8, 8, 8, 2 * MINUTE)
    assert row.proposal
    assert row.proposal.why == "closed by itself 8 of 8 times within 2m"
    page = life.ada.get("/noise").text
    assert 'value="hold 2m" class="primary">Hold 2m' in page
    assert "Closed by itself 8 of 8 times within 2m" in page
    flash = life.click("hold 2m")
    assert flash.startswith("Done: hold 2m. What is critical asks all the same.")
    assert 'form="undo-last"' in flash
    held = life.again()
    assert held.plan.hold == 2 * MINUTE
    assert life.story().endswith("; held 2m by a remedy of ada")
    name = life.newest()[0]
    assert "Undo it for the next ones" in life.ada.get(f"/incidents/{name}").text
    life.recover()
    assert life.undo() == "Undone: it asks as it did before."
    assert "not in force any more" in life.ada.get(f"/incidents/{name}").text
    asked = life.again()
    assert (asked.plan.hold, asked.plan.remedy, asked.asked) == (0, None, ("responder:ada",))


def test_what_is_held_asks_nobody_until_the_hold_is_over(life: Life) -> None:
    life.click("hold 3m")
    assert life.again().paged == ()
    life.later(3 * MINUTE - 1)
    assert life.newest()[1].paged == ()
    life.later(1)
    assert life.newest()[1].paged == ("responder:ada",)
    [(_, asked)] = life.newest()[1].asked_at
    assert asked == life.served.now


def test_what_recovers_while_it_is_held_has_asked_nobody_and_never_will(life: Life) -> None:
    life.click("hold 3m")
    life.again()
    life.later(MINUTE)
    life.recover()
    life.later(60 * MINUTE)
    name, over = life.newest()
    assert (over.status, over.paged, over.wake_at) == (Status.RESOLVED, (), None)
    assert [line.reason for line in life.store.timeline(name, 10)] == ["held", "recovered while held"]
    assert not [page for page in life.store.pending(life.served.now, per_receiver=100) if page.kind == "page"]


def test_what_is_critical_is_not_held_by_a_remedy(life: Life) -> None:
    life.click("hold 3m")
    assert life.again(severity="critical").paged == ("responder:ada",)


def test_what_is_made_a_notification_asks_nobody_unless_it_is_critical(life: Life) -> None:
    life.click("notification")
    quiet = life.again()
    assert (quiet.kind, quiet.paged) == (Kind.NOTIFICATION, ())
    assert life.story() == "notification, nobody is asked; made a notification by a remedy of ada"
    worse = life.again(severity="critical")
    assert (worse.kind, worse.plan.remedy) == (Kind.ALERT, None)
    assert worse.paged
    life.recover()
    assert life.undo() == "Undone: it asks as it did before."
    assert life.again().paged


def test_a_threshold_counts_over_recoveries_and_then_asks(life: Life) -> None:
    life.click("threshold 3 in 10m")
    assert life.again().paged == ()
    life.later(MINUTE)
    life.recover()
    life.later(MINUTE)
    life.fire()
    assert life.newest()[1].paged == ()
    life.later(MINUTE)
    life.fire()
    assert life.newest()[1].paged == ("responder:ada",)
    assert [line.reason for line in life.store.timeline(life.newest()[0], 9)] == [
        "counted", "resolved by its source", "counted", "threshold reached",
    ]  # fmt: skip
    life.recover()
    assert life.again().paged == ()
    life.undo()
    life.fire()
    assert life.newest()[1].paged


def test_a_silence_mutes_what_fires_now_and_its_undoing_asks_at_once(life: Life) -> None:
    life.fire()
    assert life.newest()[1].status is Status.TRIGGERED
    life.click("silence 7d")
    life.served.rest()
    muted = life.newest()[1]
    assert muted.silenced
    assert muted.mute
    assert (muted.mute.by, muted.mute.until) == ("ada", life.served.now + 7 * DAY)
    life.fire(severity="critical")
    assert life.newest()[1].status is Status.TRIGGERED
    life.recover()
    assert life.again().silenced
    life.undo()
    life.served.rest()
    assert life.newest()[1].status is Status.TRIGGERED


def test_a_silence_of_a_key_leaves_an_emergency_alone(life: Life) -> None:
    life.fire(severity="critical")
    life.click("silence 7d")
    life.served.rest()
    assert life.newest()[1].status is Status.TRIGGERED


def test_a_remedy_for_a_title_fits_every_key_with_it_and_a_keys_own_comes_first(life: Life) -> None:
    life.fire("backup-17", "Backup 17 is late")
    incident = life.newest()[1]
    key = titled(incident.face, "default")
    assert key.value == "Backup # is late"
    life.click("silence 1d", key)
    life.served.rest()
    assert life.newest()[1].silenced
    life.fire("backup-18", "Backup 18 is late")
    assert life.newest()[1].silenced
    life.click("notification", key)
    assert life.again(key="backup-19", title="Backup 19 is late").kind is Kind.NOTIFICATION
    life.click("hold 3m", Key(integration="default", by=By.KEY, value="backup-20"))
    assert life.again(key="backup-20", title="Backup 20 is late").plan.hold == 3 * MINUTE


def test_a_remedy_of_the_terminal_counts_at_once_in_the_running_server(
    life: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    life.be_noisy(2)
    monkeypatch.setattr("tocsin.cli.noise.SystemClock", lambda: lambda: life.served.now)
    words = ["noise", "hold", "disk", "3m", "--by", "bo", "--db", str(tmp_path / "tocsin.db")]
    with claim(tmp_path / "tocsin.db"):
        assert main(words) == 0
    assert f" ({DISK.id}): bo: hold 3m\n" in capsys.readouterr().out
    assert life.again().plan.hold == 3 * MINUTE


def test_a_remedy_has_an_end_and_survives_a_restart(tmp_path: Path) -> None:
    db = tmp_path / "tocsin.db"
    with world(db) as served:
        life = Life(served)
        now = served.now
        remedy = Remedy(measure=Measure.HOLD, by="ada", at=now, hold=MINUTE, until=now + DAY)
        order = Order(apply=Applied(key=DISK, remedy=remedy))
        life.store.accept([_received(json.encode(order), now)])
        served.runtime.wake()
        served.rest()
        assert life.again().plan.hold == MINUTE
        life.recover()
    with world(db) as served:
        life = Life(served)
        assert life.again().plan.hold == MINUTE
        life.recover()
        life.later(2 * DAY)
        assert life.desk.treatments() == []
        assert life.again().plan.hold == 0


@pytest.mark.parametrize(
    ("body", "note"),
    [
        (b"nothing", "not a remedy: "),
        (b"{}", "not a remedy: it wants nothing"),
        (b'{"undo": {"by": "ada"}}', "not a remedy: it wants nothing"),
        (
            json.encode(Order(apply=Applied(key=DISK, remedy=Remedy(measure=Measure.HOLD, by="ada", at=1)))),
            "not a remedy: a page is held from 1m to 10m",
        ),
    ],
)
def test_what_is_no_remedy_changes_nothing(body: bytes, note: str) -> None:
    delivery = Delivery(**structs.asdict(_received(body, 1)), id="1")
    found = interpret(delivery)
    assert found.inputs == ()
    assert found.outcome.startswith(note)


def test_who_undoes_what_is_not_there_changes_nothing(life: Life) -> None:
    life.store.accept([_received(json.encode(Order(key="0123456789", undo=Undone(by="ada"))), life.served.now)])
    life.served.rest()
    assert life.desk.treatment("0123456789") is None


def _received(body: bytes, now: int) -> Received:
    return Received(received_at=now, channel=CHANNEL, key="", head=b"", body=body)


GRADED = """
integrations: {default: {key: test-key-of-default}}
routes: [{severity: critical}]
"""


def test_what_a_rule_makes_critical_is_not_silenced_by_a_remedy(tmp_path: Path) -> None:
    with world(tmp_path / "tocsin.db", GRADED) as served:
        life = Life(served)
        life.click("silence 7d")
        served.rest()
        life.fire()
        assert life.newest()[1].status is Status.TRIGGERED
        life.click("silence 8d")
        served.rest()
        assert life.newest()[1].status is Status.TRIGGERED
