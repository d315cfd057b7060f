"""What EventBridge refuses is refused, with the value and the place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tocsin.kernel.time import DAY
from tocsin.timetables import Service, TimetableError, parse

RECORDED = Path(__file__).parents[2].parent / "shared" / "conformance" / "timetable-cases.jsonl"


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded cases are not here")
def test_recorded_answers_are_ours() -> None:
    cases = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    different = [case for case in cases if accepted(case["expression"], Service(case["service"])) != case["valid"]]
    assert different == []
    assert len(cases) >= 30


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("", "expression: rate(...), cron(...) or at(...) is needed, not ''"),
        ("every day", "expression: rate(...), cron(...) or at(...) is needed, not 'every day'"),
        ("rate(0 minutes)", "rate: a positive number, a space, and minutes, hours or days are needed, not '0 minutes'"),
        ("rate(5 MINUTES)", "rate: a positive number, a space, and minutes, hours or days are needed, not '5 MINUTES'"),
        ("cron(0 9 * * ?)", "six fields are needed"),
        ("cron( 0 9 * * ? *)", "six fields are needed"),
        ("cron(60 9 * * ? *)", "cron, minutes: a value from 0 to 59 is needed, not '60'"),
        ("cron(0 24 * * ? *)", "cron, hours: a value from 0 to 23 is needed, not '24'"),
        ("cron(0 9 0 * ? *)", "cron, day of month: a value from 1 to 31 is needed, not '0'"),
        ("cron(0 9 32W * ? *)", "cron, day of month: a value from 1 to 31 is needed, not '32'"),
        ("cron(0 9 L-32 * ? *)", "cron, day of month: a value from 1 to 31 is needed, not '32'"),
        ("cron(0 9 * FOO ? *)", "cron, month: a value from 1 to 12 or JAN to DEC is needed, not 'FOO'"),
        ("cron(0 9 ? * 8 *)", "cron, day of week: a value from 1 to 7 or SUN to SAT is needed, not '8'"),
        ("cron(0 9 ? * XYZL *)", "cron, day of week: a value from 1 to 7 or SUN to SAT is needed, not 'XYZ'"),
        ("cron(0 9 ? * MON#6 *)", "cron, day of week: a number from 1 to 5 is needed behind '#', not 'MON#6'"),
        ("cron(0 9 ? * 3#1,6#3 *)", "cron, day of week: with '#' one single day like 3#2 is needed"),
        ("cron(0 9 ? * ? *)", "one of the two must be '?', and only one, not '? ?'"),
        ("cron(0 9 1 * 2 *)", "one of the two must be '?', and only one, not '1 2'"),
        ("cron(0 9 * * ? 1969)", "cron, year: a value from 1970 to 2199 is needed, not '1969'"),
        ("cron(0 9 * * ? 2200)", "cron, year: a value from 1970 to 2199 is needed, not '2200'"),
        ("cron(0 9 * * ? 2030-2029)", "cron, year: a range that begins before it ends is needed, not '2030-2029'"),
        ("cron(0/0 9 * * ? *)", "cron, minutes: a step from 1 to 60 is needed, not '/0'"),
        ("cron(0/61 9 * * ? *)", "cron, minutes: a step from 1 to 60 is needed, not '/61'"),
        ("cron(*-5 9 * * ? *)", "cron, minutes: a value from 0 to 59 is needed, not '*-5'"),
        ("cron(,5 9 * * ? *)", "cron, minutes: a value from 0 to 59 is needed, not ''"),
        ("cron(0 9 ?,1 * MON *)", "one of the two must be '?', and only one"),
        ("cron(0 ? * * ? *)", "cron, hours: a value from 0 to 23 is needed, not '?'"),
        ("cron(0 9 ? * MONW *)", "cron, day of week: a value from 1 to 7 or SUN to SAT is needed, not 'MONW'"),
        ("at(2026-02-30T00:00:00)", "at: a local date and time like 2027-01-31T09:00:00"),
        ("at(2026-01-01)", "at: a local date and time like 2027-01-31T09:00:00"),
        ("at(2026-01-01T00:00:00Z)", "at: a local date and time like 2027-01-31T09:00:00"),
        ("at(0001-01-01T00:00:00)", "from 1970 to 2199, is needed"),
        (f"cron({'1,' * 200}1 9 * * ? *)", "..."),
        ("cron(٣ 9 * * ? *)", "cron, minutes: a value from 0 to 59 is needed, not '٣'"),
    ],
)
def test_the_error_names_the_place_and_the_value(expression: str, sentence: str) -> None:
    with pytest.raises(TimetableError) as problem:
        parse(expression)
    assert sentence in problem.value.message
    assert problem.value.code.startswith("timetable-")
    assert problem.value.place
    assert all(part in expression for part in problem.value.value.split())


@pytest.mark.parametrize("expression", ["at(2027-01-01T00:00:00)", "rate(1 minutes)", "rate(2 minute)"])
def test_a_rule_takes_less_than_a_schedule(expression: str) -> None:
    assert accepted(expression, Service.SCHEDULER)
    assert not accepted(expression, Service.RULE)


def test_a_rule_knows_no_zone_but_utc() -> None:
    with pytest.raises(TimetableError, match="rules know UTC only, not 'Europe/Berlin'"):
        parse("rate(1 hour)", zone="Europe/Berlin", service=Service.RULE)


@pytest.mark.parametrize("zone", ["Atlantis", "", "../etc", "Europe"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(TimetableError, match="zone: an IANA time zone like Europe/Berlin is needed"):
        parse("rate(1 hour)", zone=zone)


def test_a_window_is_a_day_at_most_and_an_end_is_not_before_the_start() -> None:
    assert parse("rate(1 hour)", window=DAY).window == DAY
    with pytest.raises(TimetableError, match="window: 0 to 86400000 ms are needed, not '86400001'"):
        parse("rate(1 hour)", window=DAY + 1)
    with pytest.raises(TimetableError, match="end: an end that is not before the start"):
        parse("rate(1 hour)", start=2, end=1)


def accepted(expression: str, service: Service) -> bool:
    try:
        parse(expression, service=service)
    except TimetableError:
        return False
    return True
