"""When so much is a storm, and what is said of it."""

from __future__ import annotations

from msgspec.structs import replace

from tocsin.incidents import storms
from tocsin.incidents.alerts import Alert, AlertStatus, Plan
from tocsin.incidents.inputs import AlertReceived
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.marks import Marks
from tocsin.incidents.policy import Policy
from tocsin.incidents.silences import Mute
from tocsin.incidents.state import Incident
from tocsin.incidents.storms import Limits, Summary
from tocsin.kernel.time import MINUTE

NOON = 1_767_614_400_000
SUMMARY = Summary(team="ops", began_at=NOON, until=NOON + 30 * MINUTE, sudden=11)
GROWN = replace(SUMMARY, held=2, alerts=3, top=(("resource db", 2),), change="shop v2 deployed")
PLAN = Plan(team="ops", policy=Policy(name="p", steps=(), everyone=("team:ops",)))


def test_a_storm_is_more_than_the_least_and_than_a_multiple_of_what_is_usual() -> None:
    limits = Limits()
    assert storms.threshold(limits, []) == 10
    assert storms.threshold(limits, [1] * 288) == 10
    assert storms.threshold(limits, [0] * 95 + [3] * 5) == 10
    assert storms.threshold(limits, [0] * 94 + [3] * 6) == 18


def test_a_storm_is_told_with_what_its_incidents_share() -> None:
    assert storms.title(SUMMARY) == "Storm in team ops: 11 new incidents at once"
    assert storms.title(GROWN) == "Storm in team ops: 3 alerts in 2 incidents held so far"
    assert storms.title(replace(GROWN, alerts=1, held=1)).endswith("1 alert in 1 incident held so far")
    assert "Most of them" not in storms.description(SUMMARY)
    assert storms.description(GROWN).endswith(
        "Most of them: resource db (2).\nChanged shortly before: shop v2 deployed."
    )
    assert "at 12:30 UTC at the latest" in storms.description(GROWN)


def test_the_report_tells_how_long_and_how_much() -> None:
    report = storms.reported(GROWN, NOON + 5 * MINUTE + 7)
    assert report.title == "Storm over: 3 alerts in 2 incidents, most of them: resource db (2)"
    assert report.description is not None
    assert report.description.startswith(
        "The storm lasted 5m. 3 alerts in 2 incidents began in it and were held.\nMost"
    )
    assert storms.reported(SUMMARY, NOON).title == "Storm over: 0 alerts in 0 incidents"


def test_only_what_several_share_is_told_the_commonest_first() -> None:
    assert storms.top({"a": 1, "b": 2, "c": 3, "d": 2}) == (("c", 3), ("b", 2), ("d", 2))
    assert len(storms.top({str(number): 2 for number in range(20)})) == storms.TOP


def test_incidents_are_counted_by_what_is_known_of_them() -> None:
    bare = Alert(status=AlertStatus.FIRING, title="t", dedup_key="k", source="s")
    assert storms.features(bare) == ("alert t",)
    known = replace(bare, account="1", region="r", resource="x", labels={"app": "shop", "stack": "web"})
    assert storms.features(known) == (
        "alert t", "service shop", "account 1", "region r", "resource x", "stack web",
    )  # fmt: skip


def test_the_alert_of_a_storm_begins_and_ends_one_incident() -> None:
    begun, over = storms.begun(SUMMARY), storms.over(GROWN)
    assert (begun.dedup_key, begun.status, over.status) == (over.dedup_key, AlertStatus.FIRING, AlertStatus.RESOLVED)
    storm = opened(begun, marks=Marks(mutes=(begun.dedup_key,)))
    assert storms.stands_for(storm) == begun.dedup_key
    assert storms.stands_for(opened(begun, marks=Marks(mutes=("inhibit/r/1",)))) == ""


def test_what_it_holds_is_what_nobody_has_taken() -> None:
    mute = storms.mute("ops", NOON, Limits())
    held = opened(Alert(status=AlertStatus.FIRING, title="t", dedup_key="k", source="s"), mute=mute)
    assert storms.is_held(held, mute.silence)
    assert not storms.is_held(held, "storm/ops/1")
    assert not storms.is_held(replace(held, assignee="ada"), mute.silence)


def opened(alert: Alert, mute: Mute | None = None, marks: Marks | None = None) -> Incident:
    state = IncidentMachine().decide(None, AlertReceived(alert, PLAN, mute=mute, marks=marks), NOON).state
    assert state is not None
    return state
