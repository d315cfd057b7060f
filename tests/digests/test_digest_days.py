"""A span day by day, and who has answered in their sleep."""

from __future__ import annotations

from msgspec.structs import replace

from tests.digests.test_figures import MONDAY, NINE, lived
from tocsin.digests.days import DAYS_MAX, Day, Night, days, nights
from tocsin.digests.hours import hours_of
from tocsin.digests.report import Kind as DigestKind
from tocsin.digests.report import Scene, report
from tocsin.incidents.alerts import Kind, Severity
from tocsin.incidents.inputs import Acknowledged
from tocsin.kernel.time import DAY, HOUR, MINUTE, parse_instant

WEEK = MONDAY, MONDAY + 7 * DAY


def test_each_day_counts_what_began_and_what_was_answered_in_it() -> None:
    episodes = [
        lived((4 * MINUTE, Acknowledged("ada"))),
        replace(lived((2 * MINUTE, Acknowledged("ada"))), severity=Severity.CRITICAL, count=3),
        lived((20 * HOUR, Acknowledged("bo")), at=NINE + 5 * DAY),
        replace(lived(at=NINE + DAY), severity=Severity.WARNING),
        replace(lived(at=NINE + DAY), severity=Severity.INFO),
        lived(at=NINE - DAY),
        lived(at=NINE + 7 * DAY),
        lived(kind=Kind.NOTIFICATION),
    ]
    found = days(episodes, *WEEK, "UTC")
    assert [day.start for day in found] == [MONDAY + number * DAY for number in range(7)]
    assert found[0] == Day(start=MONDAY, critical=3, high=1, answered=2, to_acknowledge=2 * MINUTE)
    assert found[1] == Day(start=MONDAY + DAY, warning=1, info=1)
    assert found[5] == Day(start=MONDAY + 5 * DAY, high=1)
    assert found[6] == Day(start=MONDAY + 6 * DAY, answered=1, to_acknowledge=20 * HOUR)


def test_days_are_those_of_the_clock_on_the_wall() -> None:
    begin = parse_instant("2026-10-19T09:00+02:00") or 0
    end = parse_instant("2026-10-26T09:00+01:00") or 0
    found = days([], begin, end, "Europe/Berlin")
    # On the last but one of them the clocks are turned back.
    midnight = [begin - 9 * HOUR + number * DAY for number in range(7)]
    assert [day.start for day in found] == [*midnight, end - 9 * HOUR]
    assert len(days([], end - DAY, end, "Europe/Berlin")) == 2


def test_a_long_span_is_cut_to_its_last_days_and_an_empty_one_has_one() -> None:
    found = days([], MONDAY - 40 * DAY, MONDAY, "UTC")
    assert len(found) == DAYS_MAX
    assert found[-1].start == MONDAY - DAY
    assert len(days([], MONDAY, MONDAY, "UTC")) == 1


def test_who_answers_in_their_sleep_is_counted() -> None:
    night = MONDAY + 2 * HOUR
    episodes = [
        lived((MINUTE, Acknowledged("ada")), at=night),
        lived((MINUTE, Acknowledged("ada")), at=night + DAY),
        lived((MINUTE, Acknowledged("bo")), at=night),
        lived((MINUTE, Acknowledged("bo"))),
        lived((MINUTE, Acknowledged("cy")), at=night - DAY),
        lived(at=night),
        lived((MINUTE, Acknowledged("ada")), at=night, kind=Kind.NOTIFICATION),
    ]
    assert nights(episodes, *WEEK, hours_of({})) == (Night("ada", 2), Night("bo", 1))


def test_a_day_has_no_days_and_those_who_answered_are_named() -> None:
    night = lived((MINUTE, Acknowledged("ada")), at=MONDAY + 2 * HOUR)
    scene = Scene(kind=DigestKind.DAILY, subject="ops", since=WEEK[0], until=WEEK[1])
    daily = report(scene, [night], [], hours_of({}))
    assert daily.days == ()
    assert "ada" in daily.people
    weekly = report(replace(scene, kind=DigestKind.WEEKLY), [night], [], hours_of({}))
    assert len(weekly.days) == 7
    assert weekly.nights == (Night("ada", 1),)
