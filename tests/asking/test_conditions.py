"""Conditions of steps."""

from __future__ import annotations

import pytest

from tests.asking.people import ALWAYS, NOON, case, knowledge, opened, plan
from tocsin.asking.asker import Asker
from tocsin.asking.conditions import at_such_hours, fulfilled, team_works
from tocsin.asking.knowledge import Person, is_open
from tocsin.choosing.hours import HourClass
from tocsin.incidents.policy import Condition, Step
from tocsin.incidents.whom import Case
from tocsin.kernel.time import DAY, HOUR, MINUTE
from tocsin.schedules.windows import parse_window

BERLIN = Person(zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("condition", "given", "holds"),
    [
        (Condition(), case(), True),
        (Condition(severities=("critical", "high")), case(), True),
        (Condition(severities=("critical",)), case(), False),
        (Condition(alerts=2), case(), False),
        (Condition(alerts=2), case(fired=(1, NOON)), True),
        (Condition(alerts=2, within=HOUR), case(fired=(NOON - HOUR, NOON)), False),
        (Condition(alerts=2, within=HOUR), case(fired=(NOON - HOUR + 1, NOON)), True),
        (Condition(team="working"), case(), True),
        (Condition(team="off"), case(), False),
        (Condition(team="working", severities=("info",)), case(), False),
    ],
)
def test_all_that_is_said_must_be_true(condition: Condition, given: Case, *, holds: bool) -> None:
    assert fulfilled(condition, given, knowledge()) is holds


def test_a_team_works_when_one_of_it_does() -> None:
    asleep = Person(works=(), sleeps=ALWAYS)
    assert team_works("ops", NOON, knowledge(people={"ada": asleep, "bo": asleep, "cy": Person(works=ALWAYS)}))
    assert not team_works("ops", NOON, knowledge(people={"ada": asleep, "bo": asleep, "cy": asleep}))
    assert not team_works("nobody", NOON, knowledge())


def test_the_hours_are_the_responders_own() -> None:
    knows = knowledge(people={"ada": BERLIN})
    assert knows.hours("ada", NOON) is HourClass.WORKING
    assert knows.hours("ada", NOON + 4 * HOUR) is HourClass.OFF  # 17:00 there.
    assert knows.hours("ada", NOON + 9 * HOUR) is HourClass.SLEEP  # 22:00.
    assert knows.hours("ada", NOON + 18 * HOUR) is HourClass.OFF  # 7:00.
    assert knows.hours("ada", NOON + 5 * DAY) is HourClass.OFF  # Saturday.
    assert knows.hours("a stranger", NOON) is HourClass.WORKING  # In UTC.
    assert at_such_hours(("sleep", "12:30-13:30"), "ada", NOON, knows)
    assert not at_such_hours(("sleep", "12:00-13:00"), "ada", NOON, knows)
    assert not at_such_hours(("sat",), "a stranger", NOON, knows)


def test_who_has_another_hour_is_left_out_and_a_room_has_none() -> None:
    knows = knowledge(people={"ada": Person(works=(), sleeps=ALWAYS)})
    step = Step(("responder:ada", "responder:bo", "team:ops"), when=Condition(hours=("working",)))
    assert Asker(knows).asks(step, case()).step.targets == ("responder:bo", "team:ops")
    assert Asker(knows).asks(Step(("responder:ada",), when=Condition(hours=("off",))), case()).step.targets == ()
    assert Asker(knows).asks(Step(("team:ops",), when=Condition(severities=("info",))), case()).step.targets == ()


def test_the_timeline_says_which_steps_were_left_out() -> None:
    never = Condition(severities=("info",))
    given = plan(Step(("responder:ada",), when=never), Step(("team:ops",), when=never), Step(("responder:bo",)))
    assert opened(knowledge(), given).story == "opened; asked bo; steps left out: 1, 2"
    on_call = plan(Step(("schedule:ops",), when=never), Step(("schedule:web",)), Step(("responder:bo",)))
    assert opened(knowledge(), on_call).story == ("opened; asked bo; nobody is on call in web; step left out: 1")


@pytest.mark.parametrize(
    ("text", "hour", "holds"),
    [
        ("mon 12:00-13:00", 0, True),
        ("mon 12:00-13:00", 1, False),
        ("sun 22:00-12:30", 0, True),
        ("fri 17:00-mon 13:00", 0, True),
        ("fri 17:00-mon 12:00", 0, False),
        ("mon 12:00-mon 11:00", -1, False),
        ("mon 12:00-mon 11:30", -1, True),
        ("tue", 12, True),
    ],
)
def test_a_window_is_open_by_the_clock_on_the_wall(text: str, hour: int, *, holds: bool) -> None:
    assert is_open(parse_window(text) or (), "UTC", NOON + hour * HOUR) is holds


def test_an_hour_that_is_repeated_is_one_hour() -> None:
    change = 1_792_890_000_000  # 2026-10-25T01:00Z: in Berlin it is two o'clock for the second time.
    windows = parse_window("02:00-03:00") or ()
    shown = [is_open(windows, "Europe/Berlin", change + minutes * MINUTE) for minutes in (-61, -60, -1, 0, 59, 60)]
    assert shown == [False, True, True, True, True, False]
