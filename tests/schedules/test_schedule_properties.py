"""Schedules against a second opinion, minute by minute, where clocks are changed: in 26 zones, each in its own way."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.schedules.model import timeline
from tocsin.kernel.time import DAY, HOUR, MINUTE, Instant
from tocsin.schedules.clock import _year, wall_of
from tocsin.schedules.rotation import Crew, Rotation
from tocsin.schedules.schedule import Absent, Holidays, Layer, Override, Schedule, Shift, Swap
from tocsin.schedules.timeline import current, gaps, needed, next_on_call, on_call, shifts
from tocsin.schedules.windows import Span, Window, merged

# By an hour, by half an hour, by two; at midnight, so that a day has no beginning; in both halves of the world; by
# decree; to the other side of the date line.
ZONES = (
    "Africa/Cairo", "Africa/Casablanca", "America/Asuncion", "America/Caracas", "America/Havana", "America/New_York",
    "America/Nuuk", "America/Santiago", "America/Sao_Paulo", "America/St_Johns", "Antarctica/Troll", "Asia/Amman",
    "Asia/Beirut", "Asia/Gaza", "Asia/Pyongyang", "Asia/Tehran", "Atlantic/Azores", "Australia/Lord_Howe",
    "Australia/Sydney", "Europe/Berlin", "Europe/Dublin", "Europe/Istanbul", "Pacific/Apia", "Pacific/Auckland",
    "Pacific/Chatham", "Pacific/Norfolk",
)  # fmt: skip
QUIET = ("UTC", "Asia/Kolkata", "Asia/Tokyo", "Pacific/Kiritimati")  # No changes for decades.
NAMES = ("ada", "bo", "cy", "dee")


def changes(zone: str) -> list[Instant]:
    """When the clocks of *zone* are changed, from 1990 to 2031."""
    return [instant for year in range(1990, 2032) for instant, _ in _year(zone, year)[1:]]


def near(instant: Instant, days: int) -> st.SearchStrategy[Instant]:
    """Instants around *instant*, on a full quarter of an hour or on any minute."""
    start = instant - instant % (15 * MINUTE)
    quarters = st.integers(-days * 96, days * 96).map(lambda n: start + n * 15 * MINUTE)
    return quarters | st.integers(-days * 1440, days * 1440).map(lambda n: start + n * MINUTE)


def spans(instant: Instant) -> st.SearchStrategy[Span]:
    return st.tuples(near(instant, 2), st.integers(1, 40).map(lambda n: n * HOUR)).map(
        lambda found: (found[0], found[0] + found[1])
    )


crews = st.lists(st.sampled_from(NAMES), unique=True, max_size=4).map(tuple)
lengths = st.sampled_from([HOUR, 2 * HOUR, 3 * HOUR, 5 * HOUR, 8 * HOUR, 12 * HOUR, DAY, 36 * HOUR, 7 * DAY]) | (
    st.integers(15, 3000).map(lambda n: n * MINUTE)
)
windows = st.builds(
    lambda day, start, length: Window(day, start * MINUTE, (start + length) * MINUTE),
    st.integers(0, 6),
    st.integers(0, 1439),
    st.integers(1, 1440) | st.integers(1440, 5 * 1440),
)


@st.composite
def layers(draw: st.DrawFn, zone: str, around: Instant) -> Layer:
    later = [Crew(draw(near(around, 3)), draw(crews)) for _ in range(draw(st.integers(0, 2)))]
    first = Crew(0, draw(crews.filter(bool)))
    rotation = Rotation(
        start=draw(near(around - 2 * DAY, 2)),
        length=draw(lengths),
        crews=(first, *sorted(later, key=lambda crew: crew.since)),
    )
    return Layer(
        name=draw(st.sampled_from(["one", "two"])),
        zone=draw(st.sampled_from([zone, zone, "Europe/London"])),
        rotation=rotation,
        only=tuple(draw(st.lists(windows, max_size=4))) if draw(st.booleans()) else (),
        until=draw(near(around, 3)) if draw(st.integers(0, 4)) == 0 else None,
        holidays=draw(st.sampled_from(Holidays)),
        absent=draw(st.sampled_from(Absent)),
    )


@st.composite
def schedules(draw: st.DrawFn, zone: str, around: Instant) -> Schedule:
    who = st.sampled_from(NAMES)

    def override(number: int) -> Override:
        start, until = draw(spans(around))
        return Override(id=f"{number}", schedule="ops", who=draw(who), start=start, until=until)

    def swap(number: int) -> Swap:
        start, until = draw(spans(around))
        back = draw(st.none() | spans(around))
        by = draw(who)
        return Swap(
            id=f"s{number}",
            schedule=draw(st.sampled_from(["ops", "ops", "ops", "web"])),
            by=by,
            to=draw(who.filter(lambda name: name != by)),
            start=start,
            until=until,
            back_start=back[0] if back else None,
            back_until=back[1] if back else None,
            accepted=draw(st.integers(0, 3)) > 0,
        )

    return Schedule(
        name="ops",
        zone=zone,
        layers=tuple(draw(layers(zone, around)) for _ in range(draw(st.integers(1, 3)))),
        needed=tuple(draw(st.lists(windows, max_size=2))),
        overrides=tuple(override(number) for number in range(draw(st.integers(0, 2)))),
        swaps=tuple(swap(number) for number in range(draw(st.integers(0, 2)))),
        absences={
            name: tuple(merged(draw(st.lists(spans(around), max_size=2)))) for name in draw(st.sets(who, max_size=3))
        },
        holidays=tuple(merged(draw(st.lists(spans(around), max_size=2)))),
    )


def agree(schedule: Schedule, start: Instant, until: Instant) -> list[Shift]:
    """The timeline, which is whole, merged, and says what the model says in every minute."""
    found = shifts(schedule, start, until)
    assert [shift.start for shift in found] == [start, *(shift.until for shift in found[:-1])]
    assert found[-1].until == until
    places = iter(found)
    shift = next(places)
    for instant, who in timeline(schedule, start, until):
        while shift.until <= instant:
            shift = next(places)
        assert shift.who == who, (instant, shift, who)
    for left, right in pairwise(found):
        assert (left.who, left.why, left.source, left.instead) != (right.who, right.why, right.source, right.instead)
    return found


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=3, deadline=None)
@given(data=st.data())
def test_every_minute_around_a_change_of_the_clocks_is_right(zone: str, data: st.DataObject) -> None:
    around = data.draw(st.sampled_from(changes(zone)))
    schedule = data.draw(schedules(zone, around))
    start = around - DAY - around % MINUTE
    found = agree(schedule, start, start + 2 * DAY)
    at = data.draw(st.integers(start, start + 2 * DAY - 1))
    now = on_call(schedule, at)
    [same] = [shift for shift in found if shift.start <= at < shift.until]
    assert (now.who, now.why, now.source) == (same.who, same.why, same.source)
    missing = sum(gap.until - gap.start for gap in gaps(schedule, start, start + 2 * DAY))
    if not schedule.needed:
        assert needed(schedule, start, start + 2 * DAY) == [(start, start + 2 * DAY)]
        assert missing == sum(shift.until - shift.start for shift in found if shift.gap)
    following = next_on_call(schedule, at)
    others = [shift for shift in found if shift.start > at and shift.who not in {"", now.who}]
    if others:
        assert following is not None
        assert (following.start, following.who) == (others[0].start, others[0].who)
    if same.until < start + 2 * DAY:
        assert current(schedule, at).until == same.until


@pytest.mark.parametrize("zone", QUIET)
@settings(max_examples=3, deadline=None)
@given(data=st.data())
def test_every_minute_where_clocks_are_left_alone_is_right(zone: str, data: st.DataObject) -> None:
    around = data.draw(st.integers(20_000, 700_000)) * HOUR
    agree(data.draw(schedules(zone, around)), around - DAY, around + 2 * DAY)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Apia", "America/Sao_Paulo"])
@settings(max_examples=3, deadline=None)
@given(day=st.integers(27, 31), months=st.integers(1, 2), minutes=st.integers(0, 1439))
def test_months_are_as_long_as_the_calendar_says(zone: str, day: int, months: int, minutes: int) -> None:
    start = wall_of(datetime(2011, 10, day)) + minutes * MINUTE  # noqa: DTZ001 - by the clock on the wall.
    rotation = Rotation(start=start, months=months, crews=(Crew(0, ("ada", "bo", "cy")),))
    schedule = Schedule(name="ops", zone=zone, layers=(Layer(name="one", zone=zone, rotation=rotation),))
    found = agree(schedule, start + 10 * DAY, start + 160 * DAY)
    assert len(found) > 2
