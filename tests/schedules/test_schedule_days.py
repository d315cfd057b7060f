"""A schedule day by day, and what scripts are told of it."""

from __future__ import annotations

from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.kernel.time import DAY, HOUR, MINUTE, Instant
from tocsin.schedules.clock import Wall, wall_of
from tocsin.schedules.days import Day, days
from tocsin.schedules.documents import override_document, shift_document, swap_document
from tocsin.schedules.rotation import Crew, Rotation
from tocsin.schedules.schedule import Layer, Override, Schedule, Shift, Swap, Why
from tocsin.schedules.timeline import on_call
from tocsin.schedules.windows import parse_window


def wall(text: str) -> Wall:
    return wall_of(datetime.fromisoformat(text))


MONDAY: Instant = wall("2026-01-05")


def schedule(zone: str = "UTC", only: str = "", needed: str = "", **more: object) -> Schedule:
    rotation = Rotation(start=MONDAY + 9 * HOUR, length=DAY, crews=(Crew(0, ("ada", "bo")),))
    layer = Layer(name="days", zone=zone, rotation=rotation, only=(parse_window(only) or ()) if only else ())
    return Schedule(
        name="ops",
        zone=zone,
        layers=(layer,),
        needed=(parse_window(needed) or ()) if needed else (),
        **more,  # type: ignore[arg-type]
    )


def hours(day: Day) -> list[tuple[int, int, str]]:
    return [((part.start - day.start) // HOUR, (part.until - day.start) // HOUR, part.shift.who) for part in day.parts]


def test_a_day_has_what_of_each_shift_lies_in_it() -> None:
    monday, tuesday = days(schedule(), "UTC", MONDAY, 2)
    assert hours(monday) == [(0, 9, ""), (9, 24, "ada")]
    assert hours(tuesday) == [(0, 9, "ada"), (9, 24, "bo")]
    assert [(part.begins, part.ends) for part in monday.parts] == [(False, True), (True, False)]
    assert [(part.begins, part.ends) for part in tuesday.parts] == [(False, True), (True, False)]


def test_a_shift_that_begins_at_midnight_begins_there() -> None:
    midnight = schedule(only="mon-fri 00:00-24:00")
    [tuesday] = days(midnight, "UTC", MONDAY + DAY, 1)
    assert tuesday.parts[0].begins is False
    [monday] = days(midnight, "UTC", MONDAY + 7 * DAY, 1)
    assert (monday.parts[0].shift.who, monday.parts[0].begins) == ("ada", True)


def test_days_are_those_of_the_reader() -> None:
    [tuesday] = days(schedule(), "Asia/Tokyo", MONDAY + DAY, 1)  # 09:00 by UTC is 18:00 there.
    assert hours(tuesday) == [(0, 18, "ada"), (18, 24, "bo")]


def test_a_day_on_which_clocks_are_changed_has_its_own_length() -> None:
    spring, autumn = wall("2026-03-29"), wall("2026-10-25")
    for first, length in ((spring, 23), (autumn, 25)):
        [day] = days(schedule(), "Europe/Berlin", first, 1)
        assert day.until - day.start == length * HOUR


def test_a_day_that_a_zone_has_skipped_is_empty() -> None:
    before, skipped, after = days(schedule("Pacific/Apia"), "Pacific/Apia", wall("2011-12-29"), 3)
    assert (skipped.start, skipped.parts) == (skipped.until, ())
    assert (before.until, after.start) == (skipped.start, skipped.start)


def test_gaps_are_shown_as_far_as_somebody_is_needed() -> None:
    [saturday] = days(schedule(only="mon-fri"), "UTC", MONDAY + 5 * DAY, 1)
    assert [(part.shift.gap, part.until - part.start) for part in saturday.parts] == [(True, DAY)]
    [saturday] = days(schedule(only="mon-fri", needed="sat 10:00-12:00"), "UTC", MONDAY + 5 * DAY, 1)
    assert hours(saturday) == [(10, 12, "")]
    [saturday] = days(schedule(only="mon-fri", needed="mon"), "UTC", MONDAY + 5 * DAY, 1)
    assert saturday.parts == ()


def test_who_is_absent_is_told_if_they_take_part() -> None:
    away = (MONDAY + 30 * HOUR, MONDAY + 40 * HOUR)
    override = Override(id="o", schedule="ops", who="cy", start=MONDAY, until=MONDAY + HOUR)
    absences = {"ada": (away,), "cy": (away,), "eve": (away,)}
    monday, tuesday = days(schedule(absences=absences, overrides=(override,)), "UTC", MONDAY, 2)
    assert (monday.absent, tuesday.absent) == ((), ("ada", "cy"))


@given(
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia"]),
    seen=st.sampled_from(["UTC", "Asia/Kathmandu", "America/Sao_Paulo", "Pacific/Kiritimati"]),
    first=st.integers(min_value=15_000, max_value=21_000),
    minutes=st.lists(st.integers(min_value=0, max_value=3 * 24 * 60 - 1), max_size=5),
)
@settings(max_examples=60, deadline=None)
def test_every_minute_of_every_day_shows_who_is_on_call(zone: str, seen: str, first: int, minutes: list[int]) -> None:
    asked = schedule(zone)
    found = days(asked, seen, first * DAY, 3)
    for minute in minutes:
        at = min(found[0].start + minute * MINUTE, found[-1].until - 1)
        [part] = [part for day in found for part in day.parts if part.start <= at < part.until]
        assert part.shift.who == on_call(asked, at).who


def test_scripts_are_told_of_shifts_overrides_and_swaps() -> None:
    shift = Shift(start=0, until=HOUR, who="", why=Why.ABSENT, source="days", instead="ada")
    assert shift_document(shift) == {
        "who": None,
        "start": "1970-01-01T00:00:00.000Z",
        "until": "1970-01-01T01:00:00.000Z",
        "why": "absent",
        "source": "days",
        "instead_of": "ada",
        "reason": "ada is absent, and nobody covers",
    }
    override = Override(id="o", schedule="ops", who="cy", start=0, until=HOUR, by="bo")
    assert override_document(override) == {
        "id": "o",
        "schedule": "ops",
        "who": "cy",
        "start": "1970-01-01T00:00:00.000Z",
        "until": "1970-01-01T01:00:00.000Z",
        "by": "bo",
    }
    swap = swap_document(Swap(id="s", schedule="ops", by="ada", start=0, until=HOUR, back_start=0, accepted=True))
    assert (swap["to"], swap["back_start"], swap["back_until"]) == ("", "1970-01-01T00:00:00.000Z", None)
