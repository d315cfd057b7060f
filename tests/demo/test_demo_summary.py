"""The reckoning finds what is lost, who was asked in vain and what was not acted on, and says so."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from tests.demo.demo_world import NOW, set_up
from tocsin.demo import deliveries, summary
from tocsin.demo.deliveries import BACKUP
from tocsin.demo.summary import Summary, reckon
from tocsin.demo.terminal import Terminal
from tocsin.demo.watcher import Page
from tocsin.engine.ports import Handled, Received
from tocsin.incidents.reasons import Reason
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import complete

SETTINGS = complete(Settings())
BACKUP_MISSED = deliveries.backup_missed()


def told(found: Summary) -> str:
    out = io.StringIO()
    summary.tell(found, Terminal(out, {}))
    return out.getvalue()


def nothing_seen(db: Path, *sent: deliveries.Delivery, presses: int = 0, trouble: str = "") -> Summary:
    return reckon(db, SETTINGS, sent, presses, pages=(), incidents={}, timelines={}, trouble=trouble)


def stored(db: Path, body: bytes, channel: str = "in") -> None:
    store = SqliteStore(db)
    store.accept([Received(received_at=NOW, channel=channel, key="default", head=b"", body=body)])
    store.close()


def test_what_is_not_in_the_database_is_lost(tmp_path: Path) -> None:
    stored(tmp_path / "t.db", BACKUP_MISSED.body + b" ")
    found = nothing_seen(tmp_path / "t.db", BACKUP_MISSED)
    assert found.lost == ("a delivery of curl, which is not in the database",)
    assert not found.good
    assert "Lost                  1: a delivery of curl, which is not in the database\n" in told(found)


def test_what_is_stored_and_in_no_incident_is_lost(tmp_path: Path) -> None:
    stored(tmp_path / "t.db", BACKUP_MISSED.body)
    found = nothing_seen(tmp_path / "t.db", BACKUP_MISSED)
    assert found.lost == ("1 of 1 alerts of curl, in no incident",)


def test_the_same_bytes_twice_need_two_deliveries(tmp_path: Path) -> None:
    with set_up(tmp_path) as world:
        world.stage.send(BACKUP_MISSED, "once")
        world.stage.press("ada", "acknowledge", BACKUP)
        db, settings = tmp_path / "tocsin.db", world.stage.team.settings
        seen = world.stage.watcher
        facts: dict[str, Any] = {
            "pages": seen.pages,
            "incidents": seen.incidents,
            "timelines": seen.timelines,
            "trouble": "",
        }
        good = reckon(db, settings, [BACKUP_MISSED], 1, **facts)
        twice = reckon(db, settings, [BACKUP_MISSED] * 2, 1, **facts)
        more = reckon(db, settings, [replace(BACKUP_MISSED, alerts=3)], 1, **facts)
    assert good.good
    assert (good.answered, good.times, good.unheard, good.vain) == ({"ada": 1}, (0,), 0, 0)
    assert twice.lost == ("a delivery of curl, which is not in the database",)
    assert more.lost == ("2 of 3 alerts of curl, in no incident",)
    assert not twice.good


def test_a_press_that_nobody_acted_on_is_told(tmp_path: Path) -> None:
    stored(tmp_path / "t.db", b'{"type": "block_actions"}', channel="slack")
    found = nothing_seen(tmp_path / "t.db", presses=1)
    assert found.unheard == 1
    assert not found.good
    assert "Buttons pressed       1, 1 NOT acted on\n" in told(found)


def test_a_broken_invariant_is_told(tmp_path: Path) -> None:
    found = nothing_seen(tmp_path / "t.db", trouble="7 owed a next action and had none")
    assert not found.good
    assert "Invariant             broken: 7 owed a next action and had none\n" in told(found)


def test_an_empty_story_has_a_summary_too(tmp_path: Path) -> None:
    assert told(nothing_seen(tmp_path / "t.db")) == (
        "  Alerts in             0, in 0 deliveries; merged into 0 incidents\n"
        "  Lost                  0\n"
        "                        each was found again in the database, in an incident\n"
        "  Pages sent            0; none in vain\n"
        "  Buttons pressed       0, all acted on\n"
        "  Answered by           nobody\n"
        "  Resolved by           nobody\n"
        "  Invariant             held: every open incident had a due next action\n"
    )


@pytest.mark.parametrize(
    ("timeline", "page_at", "vain"),
    [
        ([(0, Reason.OPENED)], 0, 0),
        ([(0, Reason.OPENED), (5, Reason.ACKNOWLEDGED)], 5, 0),
        ([(0, Reason.OPENED), (5, Reason.ACKNOWLEDGED)], 6, 1),
        ([(0, Reason.OPENED), (5, Reason.ACKNOWLEDGED), (9, Reason.NOTED)], 10, 1),
        ([(0, Reason.OPENED), (5, Reason.ACKNOWLEDGED), (9, Reason.PASSED)], 9, 0),
        ([(0, Reason.OPENED), (5, Reason.SOURCE_RESOLVED), (9, Reason.REOPENED)], 7, 1),
    ],
)
def test_a_page_is_in_vain_when_somebody_had_answered(
    tmp_path: Path, timeline: list[tuple[int, Reason]], page_at: int, vain: int
) -> None:
    page = Page(at=NOW + page_at, to="bo", incidents=("1",))
    lines = [Handled(f"{number}", NOW + at, reason, "") for number, (at, reason) in enumerate(timeline)]
    found = reckon(tmp_path / "t.db", SETTINGS, [], 0, pages=[page], incidents={}, timelines={"1": lines}, trouble="")
    assert found.vain == vain
    assert ("1 in vain" in told(found)) is bool(vain)
