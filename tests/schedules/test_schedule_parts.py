"""The parts of schedules: windows, clocks, rotations, the next one on call, coverage, words."""

from __future__ import annotations

from datetime import datetime

import pytest

from tocsin.kernel.time import DAY, HOUR, INSTANT_MAX, MINUTE, Instant
from tocsin.schedules.clock import Wall, is_zone, moment_of, wall_clock, wall_of
from tocsin.schedules.coverage import Hours, Share, coverage
from tocsin.schedules.rotation import Crew, Rotation, turns
from tocsin.schedules.schedule import Layer, Override, Schedule, Shift, Why, everybody
from tocsin.schedules.telling import reason
from tocsin.schedules.timeline import AHEAD, current, gaps, next_on_call, on_call, shifts
from tocsin.schedules.windows import Window, inverted, merged, opened, parse_window


def wall(text: str) -> Wall:
    return wall_of(datetime.fromisoformat(text))


MONDAY: Instant = wall("2026-01-05T00:00")  # By UTC, whose walls show instants.


def layer(*names: str, only: str = "", **more: int) -> Layer:
    rotation = Rotation(start=MONDAY + 9 * HOUR, crews=(Crew(0, names),), **more)
    return Layer(name="week", zone="UTC", rotation=rotation, only=parse_window(only) or () if only else ())


def schedule(*layers: Layer, needed: str = "") -> Schedule:
    return Schedule(name="ops", zone="UTC", layers=layers, needed=parse_window(needed) or () if needed else ())


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("mon 09:00-17:00", [(0, 9, 17)]),
        ("mon-wed 09:00-17:00", [(0, 9, 17), (1, 9, 17), (2, 9, 17)]),
        ("sat-mon", [(0, 0, 24), (5, 0, 24), (6, 0, 24)]),
        ("sun,fri", [(4, 0, 24), (6, 0, 24)]),
        ("fri 22:00-06:00", [(4, 22, 30)]),
        ("fri 09:00-09:00", [(4, 9, 33)]),
        ("22:00-24:00", [(day, 22, 24) for day in range(7)]),
        ("fri 17:00-mon 09:00", [(4, 17, 81)]),
        ("mon 09:00-mon 17:00", [(0, 9, 17)]),
        ("mon 09:00-mon 09:00", [(0, 9, 177)]),
        ("sun 20:00-sun 24:00", [(6, 20, 24)]),
    ],
)
def test_a_window_says_when_it_is_open(text: str, windows: list[tuple[int, int, int]]) -> None:
    found = parse_window(text)
    assert found is not None
    assert [(each.day, each.start // HOUR, each.end // HOUR) for each in found] == windows


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "mon ",
        "mon 9-17",
        "25:00-26:00",
        "mon-",
        "monday",
        "09:00",
        "mon 09:00",
        "24:00-06:00",
        "a",
        "mon,",
        "mon\n",
    ],
)
def test_other_texts_are_no_windows(text: str) -> None:
    assert parse_window(text) is None


def test_windows_that_touch_are_one_also_when_the_clock_is_changed_between() -> None:
    start = wall("2026-03-28T00:00")
    clock = wall_clock("Europe/Berlin", start, start + 3 * DAY)
    windows = [window for text in ("sat", "sun") for window in parse_window(text) or ()]
    assert opened(windows, clock, start, start + 3 * DAY) == [(start, clock.first(wall("2026-03-30T00:00")))]
    assert opened([], clock, start, start + DAY) == []


def test_spans_are_merged_and_inverted() -> None:
    assert merged([(5, 5), (3, 4), (1, 3), (6, 9), (7, 8)]) == [(1, 4), (6, 9)]
    assert inverted([(1, 4), (6, 9)], 2, 12) == [(4, 6), (9, 12)]


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires"])
def test_a_zone_of_the_database_is_known(name: str) -> None:
    assert is_zone(name)


@pytest.mark.parametrize(
    "name", ["", "Europe", "Europe/Berln", "../etc/passwd", "/etc/passwd", "CET+1", "x\0y", "x" * 99]
)
def test_another_name_is_no_zone(name: str) -> None:
    assert not is_zone(name)


def test_a_time_counts_when_the_clock_first_shows_it_or_a_later_one() -> None:
    autumn = wall("2026-10-25T00:00")
    clock = wall_clock("Europe/Berlin", autumn, autumn + DAY)
    assert clock.first(wall("2026-10-25T02:30")) == wall("2026-10-25T00:30")
    assert clock.first(wall("2026-10-25T03:00")) == wall("2026-10-25T02:00")
    again = wall("2026-10-25T01:30")
    assert moment_of(clock.shown(again)).isoformat() == "2026-10-25T02:30:00"
    assert clock.reading(again) == wall("2026-10-25T03:00") - 1


@pytest.mark.parametrize("instant", [-1, 0, INSTANT_MAX - 3 * DAY, INSTANT_MAX, INSTANT_MAX * 2])
def test_every_instant_has_a_clock(instant: Instant) -> None:
    clock = wall_clock("Europe/Berlin", instant, instant + DAY)
    assert abs(clock.reading(instant) - instant) <= 2 * HOUR
    months = layer("ada", months=1)
    for made in (schedule(layer("ada")), schedule(months)):
        assert len(shifts(made, instant, instant + DAY)) == 1


def test_turns_by_the_month_end_with_the_calendar() -> None:
    last = wall("9998-11-01T00:00")
    rotation = Rotation(start=wall("9998-06-30T00:00"), months=1, crews=(Crew(0, ("ada", "bo")),))
    found = turns(rotation, wall_clock("UTC", last, last + 500 * DAY), [(last, last + 500 * DAY)])
    assert found
    assert found[0].start == last


def test_a_rotation_without_crews_has_no_turns() -> None:
    empty = schedule(Layer(name="week", zone="UTC", rotation=Rotation(start=0)))
    assert on_call(empty, MONDAY).why is Why.NOBODY
    assert everybody(empty) == ()


def test_who_stands_twice_in_a_crew_keeps_the_place_that_they_had() -> None:
    since = MONDAY + 10 * DAY
    crews = (Crew(0, ("ada", "bo", "ada", "cy")), Crew(since, ("ada", "bo", "ada", "dee")))
    rotation = Rotation(start=MONDAY, length=4 * DAY, crews=crews)
    made = schedule(Layer(name="days", zone="UTC", rotation=rotation))
    # The change is in the third turn, Ada's second: dee is the one behind it.
    assert on_call(made, MONDAY + 9 * DAY).who == "ada"
    assert on_call(made, MONDAY + 13 * DAY).who == "dee"


def test_a_crew_from_before_the_start_replaces_the_first() -> None:
    crews = (Crew(0, ("ada",)), Crew(MONDAY, ("bo",)))
    rotation = Rotation(start=MONDAY, crews=crews)
    assert on_call(schedule(Layer(name="days", zone="UTC", rotation=rotation)), MONDAY).who == "bo"


def test_no_time_has_no_shifts() -> None:
    assert shifts(schedule(layer("ada")), MONDAY, MONDAY) == []
    assert gaps(schedule(layer("ada")), MONDAY, MONDAY) == []


def test_the_next_one_on_call_is_somebody_else_with_the_whole_shift() -> None:
    found = next_on_call(schedule(layer("ada", "bo")), MONDAY + DAY)
    assert found == Shift(
        start=MONDAY + 7 * DAY + 9 * HOUR,
        until=MONDAY + 14 * DAY + 9 * HOUR,
        who="bo",
        why=Why.LAYER,
        source="week",
    )


def test_before_the_first_turn_the_next_one_is_the_first() -> None:
    found = next_on_call(schedule(layer("ada")), MONDAY)
    assert found is not None
    assert (found.who, found.start) == ("ada", MONDAY + 9 * HOUR)
    assert found.until == found.start + AHEAD  # As far as one looks.


def test_who_is_alone_has_nobody_next() -> None:
    assert next_on_call(schedule(layer("ada")), MONDAY + DAY) is None
    assert current(schedule(layer("ada")), MONDAY + DAY).until == MONDAY + DAY + AHEAD


def test_gaps_count_when_somebody_is_needed() -> None:
    made = schedule(layer("ada", only="mon-fri 09:00-17:00"), needed="mon-fri 08:00-17:00")
    found = gaps(made, MONDAY + DAY, MONDAY + 3 * DAY)
    assert [(gap.start - MONDAY, gap.until - MONDAY) for gap in found] == [
        (DAY + 8 * HOUR, DAY + 9 * HOUR),
        (2 * DAY + 8 * HOUR, 2 * DAY + 9 * HOUR),
    ]


def test_the_coverage_says_who_carries_how_much() -> None:
    made = schedule(layer("ada", "bo", "cy"), needed="mon-fri")
    hours = {"ada": Hours("Europe/Berlin", tuple(parse_window("mon-fri 09:00-17:00") or ())), "bo": Hours("UTC")}
    found = coverage(made, MONDAY, MONDAY + 14 * DAY, hours)
    assert (found.needed, found.covered) == (10 * DAY, 10 * DAY - 9 * HOUR)
    assert [gap.until - gap.start for gap in found.gaps] == [9 * HOUR]
    assert found.shares == (
        Share(who="ada", shifts=1, time=7 * DAY, off=7 * DAY - 5 * 8 * HOUR),
        Share(who="bo", shifts=1, time=7 * DAY - 9 * HOUR, off=None),
        Share(who="cy", shifts=0, time=0, off=None),
    )
    assert found.covers == ()


def test_an_override_by_somebody_from_outside_is_in_the_coverage() -> None:
    helping = Override(id="1", schedule="ops", who="eve", start=MONDAY, until=MONDAY + MINUTE)
    made = Schedule(name="ops", zone="UTC", layers=(layer("ada"),), overrides=(helping,))
    assert [share.who for share in coverage(made, MONDAY, MONDAY + DAY, {}).shares] == ["ada", "eve"]


@pytest.mark.parametrize("why", Why)
def test_every_reason_has_its_words(why: Why) -> None:
    words = reason(Shift(start=0, until=1, who="", why=why, source="7", instead="bo"))
    assert words
    assert words != why


def test_a_window_is_a_value() -> None:
    assert Window(0, 0, DAY) == Window(0, 0, DAY)
