"""Next times agree with a walk through all minutes, which knows nothing of how they are found."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import takewhile
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.kernel.time import DAY, MINUTE
from tocsin.timetables import TimetableError, parse

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")
# Days of clock changes in some of the zones, the ends of months and years, a leap day.
DAYS = ("2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-05", "2026-10-04", "2026-12-31", "2028-02-29")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

minutes = st.one_of(
    st.just("*"),
    st.integers(0, 59).map(str),
    st.tuples(st.integers(0, 59), st.integers(1, 59)).map("{0[0]}/{0[1]}".format),
)
hours = st.one_of(
    st.just("*"),
    st.integers(0, 23).map(str),
    st.tuples(st.integers(0, 23), st.integers(0, 23)).map("{0[0]}-{0[1]}".format),
)
days = st.one_of(
    st.just("* ?"),
    st.integers(1, 31).map("{} ?".format),
    st.tuples(st.integers(1, 31), st.integers(1, 31)).map(lambda pair: f"{pair[0]},{pair[1]} ?"),
    st.sampled_from(WEEKDAYS).map("? {}".format),
    st.tuples(st.integers(1, 7), st.integers(1, 7)).map(lambda pair: f"? {pair[0]}-{pair[1]}"),
)


fields = st.tuples(minutes, hours, days).map(lambda three: f"{three[0]} {three[1]} {three[2]}")


@given(fields=fields, zone=st.sampled_from(ZONES), day=st.sampled_from(DAYS), late=st.integers(0, 1440))
@settings(max_examples=60, deadline=None)
def test_next_times_agree_with_a_walk_through_all_minutes(fields: str, zone: str, day: str, late: int) -> None:
    minutes, hours, of_month, of_week = fields.split()
    timetable = parse(f"cron({minutes} {hours} {of_month} * {of_week} *)", zone=zone)
    begin = int(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp()) * 1000 - DAY // 2 + late * MINUTE
    end = begin + 2 * DAY
    found = list(takewhile(lambda instant: instant <= end, timetable.upcoming(begin)))
    assert found == walked(fields, zone, begin, end)


def walked(fields: str, zone: str, begin: int, end: int) -> list[int]:
    """All minutes in (begin, end] whose local time matches and was not shown before."""
    minutes, hours, of_month, of_week = fields.split()
    clock = ZoneInfo(zone)
    found = []
    for instant in range(begin // MINUTE * MINUTE, end + 1, MINUTE):
        local = datetime.fromtimestamp(instant // 1000, UTC).astimezone(clock)
        fits = (
            holds(minutes, local.minute, 60)
            and holds(hours, local.hour, 24)
            and (of_month in {"*", "?"} or str(local.day) in of_month.split(","))
            and (of_week in {"*", "?"} or weekday(of_week, local.isoweekday() % 7 + 1))
        )
        if fits and local.fold == 0 and instant > begin:
            found.append(instant)
    return found


def holds(field: str, value: int, size: int) -> bool:
    if field == "*":
        return True
    if "/" in field:
        begin, step = map(int, field.split("/"))
        return value >= begin and (value - begin) % step == 0
    if "-" in field:
        low, high = map(int, field.split("-"))
        return (value - low) % size <= (high - low) % size
    return value == int(field)


def weekday(field: str, value: int) -> bool:
    if field in WEEKDAYS:
        return WEEKDAYS.index(field) + 1 == value
    low, high = map(int, field.split("-"))
    return (value - low) % 7 <= (high - low) % 7


@given(text=st.text(alphabet="cronateL#W?*/-,0123456789 ()MONFI", max_size=60), wrap=st.booleans())
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_timetable_or_an_error_that_says_why(text: str, wrap: bool) -> None:
    expression = f"cron({text})" if wrap else text
    try:
        found = parse(expression).next_after(0)
    except TimetableError as problem:
        refused = problem.message
    else:
        refused = ""
        assert found is None or found > 0
    assert refused or "(" in expression


def test_what_never_comes_is_none() -> None:
    assert parse("cron(* * 30 2 ? *)").next_after(0) is None
