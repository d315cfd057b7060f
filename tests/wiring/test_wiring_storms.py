"""Storm mode through all machines: one summary, what begins is held and nothing is lost, emergencies pass."""

from __future__ import annotations

import pytest

from tests.wiring.quiet_world import START, World
from tocsin.incidents.state import Status
from tocsin.kernel.time import DAY, HOUR, MINUTE, SECOND

STORMS = "storms: {}\n"


@pytest.fixture
def life() -> World:
    return World(STORMS).start()


def burst(life: World, count: int, *, first: int = 0, **labels: str) -> None:
    """So many different alerts at once."""
    for number in range(first, first + count):
        life.post(f"disk {number}", **{"host": "db-1", **labels})
    life.rest()


def held(life: World) -> int:
    return sum(state.called == "held" for _, state in life.incidents().values())


def test_ten_ask_for_themselves_and_the_rest_is_held_by_one_incident(life: World) -> None:
    burst(life, 30)
    assert held(life) == 20
    assert life.storms() == 1
    assert sum(life.pages.values()) == 11
    assert life.storm().face.title == "Storm in team ops: 11 new incidents at once"
    assert "Far more begins than usual since " in life.storm().face.description


def test_ten_are_no_storm(life: World) -> None:
    burst(life, 10)
    life.wait(5 * MINUTE)
    burst(life, 10, first=10)
    assert life.storms() == 0
    assert sum(life.pages.values()) == 20


def test_alerts_that_come_one_by_one_are_counted_as_well(life: World) -> None:
    for number in range(12):
        life.send(f"disk {number}")
        life.wait(10 * SECOND)
    assert held(life) == 2


def test_repetitions_and_what_joins_a_group_begin_no_storm() -> None:
    life = World(STORMS + "integrations: {default: {group_by: resource}}").start()
    burst(life, 9)
    assert life.storms() == 0
    assert len(life.incidents()) == 1
    life.wait(HOUR)
    loose = life.again(STORMS)
    for hour in range(5):
        burst(loose, 4, first=100 + 4 * hour, host="")
        loose.wait(HOUR)
    burst(loose, 20, first=100, host="")
    assert loose.storms() == 0, "twenty repetitions at once are nothing new"


def test_notifications_and_what_is_silenced_are_not_counted(life: World) -> None:
    for number in range(20):
        life.post(f"news {number}", kind="notification")
    life.rest()
    assert life.storms() == 0
    life.send("disk", kind="notification")
    burst(life, 20)
    life.send("other news", kind="notification")
    assert life.called("other news") == "triggered"


def test_critical_alerts_pass(life: World) -> None:
    burst(life, 20)
    life.send("fire", severity="critical")
    assert life.pages["responder:ada fire"] == 1
    life.send("disk 15", severity="critical")
    assert life.reasons("disk 15") == ["opened", "worsened"]
    assert life.pages["responder:ada disk 15"] == 1


def test_it_is_over_when_little_begins_and_what_still_fires_asks(life: World) -> None:
    burst(life, 30)
    life.send("disk 29", "resolved")
    life.press("acknowledge", "disk 28")
    life.wait(4 * MINUTE)
    life.look()
    assert life.storm().live
    life.wait(MINUTE)
    life.look()
    storm = life.storm()
    assert storm.status is Status.RESOLVED
    assert storm.face.title == "Storm over: 20 alerts in 20 incidents, most of them: resource db-1 (20)"
    assert "The storm lasted 5m." in storm.face.description
    assert life.reasons("disk 20") == ["opened", "storm over"]
    assert life.pages["responder:ada disk 20"] == 1
    assert "responder:ada disk 28" not in life.pages
    assert "responder:ada disk 29" not in life.pages
    assert held(life) == 0


def test_it_lasts_thirty_minutes_at_most_and_may_be_followed_by_another(life: World) -> None:
    burst(life, 12)
    for minute in range(1, 30):
        life.wait(MINUTE)
        burst(life, 4, first=12 + 4 * minute)
        life.look()
    assert life.storm().live
    life.wait(MINUTE)
    assert life.reasons("disk 11") == ["opened", "muted long enough"]
    life.look()
    assert not life.storm().live
    assert held(life) == 0
    burst(life, 12, first=500)
    assert life.storms() == 2
    assert held(life) == 2


def test_its_summary_is_renewed_in_place(life: World) -> None:
    burst(life, 15, service="shop")
    life.look()
    assert life.storm().face.title == "Storm in team ops: 5 alerts in 5 incidents held so far"
    assert "Most of them: resource db-1 (5), service shop (5)." in life.storm().face.description
    burst(life, 3, first=15)
    life.look()
    assert "5 alerts" in life.storm().face.title, "not more often than every half minute"
    life.wait(30 * SECOND)
    life.look()
    assert "8 alerts in 8 incidents" in life.storm().face.title
    before = len(life.reasons(life.storm().face.title))
    life.wait(30 * SECOND)
    life.look()
    assert len(life.reasons(life.storm().face.title)) == before


def test_a_person_who_resolves_it_ends_it(life: World) -> None:
    burst(life, 15)
    life.press("acknowledge", life.storm().face.title)
    assert held(life) == 5, "acknowledging the storm acknowledges nothing else"
    life.press("resolve", life.storm().face.title)
    assert held(life) == 0
    life.send("another")
    assert life.called("another") == "triggered"
    life.wait(MINUTE)
    life.look()
    assert life.storms() == 1


def test_what_is_usual_is_no_storm(life: World) -> None:
    for window in range(288):
        life.now = START + window * 5 * MINUTE
        for number in range(3):
            life.post(f"disk {window} {number}")
        life.rest()
    life.now += 5 * MINUTE
    burst(life, 18)
    assert life.storms() == 0
    burst(life, 2, first=18)
    assert life.storms() == 1


def test_a_restart_goes_on_with_the_storm_and_with_what_was_counted(life: World) -> None:
    burst(life, 15)
    again = life.again(STORMS)
    again.send("another")
    assert again.called("another") == "held"
    again.wait(6 * MINUTE)
    again.look()
    assert again.storm().face.title.startswith("Storm over: 6 alerts in 6 incidents")
    assert held(again) == 0
    counted = again.again(STORMS)
    burst(counted, 8, first=50)
    third = counted.again(STORMS)
    burst(third, 3, first=60)
    assert third.storms() == 2


def test_a_restart_without_storms_frees_what_was_held(life: World) -> None:
    burst(life, 15)
    life.press("resolve", life.storm().face.title)
    bare = World("", life.store, life.now).start()
    assert held(bare) == 0


def test_while_the_store_has_trouble_alerts_ask_for_themselves(life: World) -> None:
    life.broken = True
    burst(life, 15)
    assert sum(life.pages.values()) == 15
    life.broken = False
    burst(life, 1, first=15)
    assert held(life) == 1


def test_an_end_that_cannot_be_told_is_told_later(life: World) -> None:
    burst(life, 15)
    life.wait(6 * MINUTE)
    life.broken = True
    life.quiet._go_round()
    life.broken = False
    life.send("another")
    assert life.called("another") == "triggered"
    life.look()
    assert not life.storm().live


def test_what_tocsin_reports_of_itself_is_never_held(life: World) -> None:
    burst(life, 15)
    failure = {
        "aggregate": "1", "machine": "incident", "receiver": "responder:ada", "kind": "show", "rung": 0,
        "transport": "mail", "error": "gone", "final": True,
    }  # fmt: skip
    life.put("self", failure)
    life.rest()
    assert life.called("mail does not deliver: gone") == "triggered"


def test_the_storm_asks_along_the_ladder_of_its_team(life: World) -> None:
    burst(life, 15)
    assert life.storm().asked == ("responder:ada",)
    assert life.storm().plan.policy.name == "default"
    life.wait(5 * DAY)
    assert life.store.health(life.now).broken == ()


def test_a_storm_whose_time_is_over_holds_nothing_even_before_anybody_looks(life: World) -> None:
    burst(life, 15)
    life.wait(30 * MINUTE)
    burst(life, 15, first=50)
    assert held(life) == 5
    assert life.storms() == 2
    life.look()
    live = [state for _, state in life.incidents().values() if state.face.source == "storm" and state.live]
    assert len(live) == 1
