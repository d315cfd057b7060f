"""Team models are read, or everything that is wrong with them is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tocsin.choosing.hours import HourClass, Week
from tocsin.kernel.time import DAY, MINUTE
from tocsin.rehearsal.model import Absence, Team, is_zone
from tocsin.rehearsal.team_file import load, parse
from tocsin.wiring.settings_problems import SettingsError

HOUSE = Path(__file__).parents[2]
TEAMS = sorted((HOUSE / "bench" / "teams").rglob("*.yaml"))


@pytest.mark.parametrize("path", TEAMS, ids=lambda path: path.stem)
def test_the_models_of_the_benchmark_are_valid(path: Path) -> None:
    assert load(path).responders


def test_a_model_is_short_where_it_is_usual() -> None:
    team = parse(b"responders: {ada: {}, bo: {zone: Asia/Tokyo}}")
    assert list(team.responders) == ["ada", "bo"]
    assert (team.on_call, team.ladder.wait, team.alerts.per_week) == (None, 5 * MINUTE, 50)


def test_hours_of_every_kind_are_read() -> None:
    team = parse(
        b"""
responders:
  ada:
    works: 22:00-06:00
    works_on: [sun, mon]
    sleeps: 08:00-24:00
    working: {page: {share: 90, median: 90s, p90: 4m}, active: 70}
    absences: [{day: 3, days: 2}]
    later: [{day: 5, working: {page: {share: 10}}}, {day: 9, off: {page: {share: 20}}}]
on_call: {every: 1d}
"""
    )
    ada = team.responders["ada"]
    assert ada.week == Week(works_from=1320, works_until=360, works_on=(6, 0), sleeps_from=480, sleeps_until=0)
    assert [ada.hours(HourClass.WORKING, day).page.share for day in (0, 4, 5, 20)] == [90, 90, 10, 10]
    assert [ada.hours(HourClass.OFF, day).page.share for day in (8, 9)] == [75, 20]
    assert [ada.absence(day) for day in (2, 5)] == [None, None]
    assert ada.absence(4) == Absence(day=3, days=2)
    assert team.on_call
    assert team.on_call.every == DAY


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        ("responders: {}", "team.yaml:1:1: needs 1 to 500 responders"),
        (
            "responders:\n  ada: {zone: Europe/Belrin}",
            'team.yaml:2:8: responders.ada: needs a time zone that exists, and there is no "Europe/Belrin"',
        ),
        (
            "responders:\n  ada:\n    worsk: 9",
            'team.yaml:3:5: responders.ada: unknown key "worsk"; did you mean "works"?',
        ),
        ("responders: {ada: {works: 9-17}}", 'responders.ada.works: "9-17" is not hours like 09:00-17:00'),
        (
            "responders: {ada: {working: {page: {share: 120}}}}",
            'responders.ada.working.page.share: "120" is not between 0 and 100',
        ),
        (
            "responders: {ada: {off: {page: {share: 9, median: 9m, p90: 1m}}}}",
            "needs a p90 that is not shorter than its median",
        ),
        ("responders: {ada: {off: {active: 3}}}", 'responders.ada.off: the key "page" is missing'),
        (
            "responders: {ada: {}}\nalerts: {by_hour: [1, 2]}",
            "alerts: needs 24 numbers in by_hour, not all of them 0, and has 2",
        ),
        ("responders: {ada: {}}\nalerts: {zone: Mars}", 'needs a time zone that exists, and there is no "Mars"'),
        ("responders: {ada: {}}\nalerts: {severities: {high: 0}}", "needs a severity with a share above 0"),
        ("responders: {ada: {works_on: [fry]}}", 'did you mean "fri"?'),
        ("responders: [", "this is no YAML"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as problem:
        parse(text.encode())
    assert said in problem.value.message


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yaml", tmp_path, Path("a\0b")):
        with pytest.raises(SettingsError, match=r"there is no such file|cannot be read"):
            load(path)


@pytest.mark.parametrize("name", ["", "../etc", "/etc/passwd", "Europe", "Nowhere/Else", "a\0b"])
def test_what_is_no_zone_is_none(name: str) -> None:
    assert not is_zone(name)


def test_a_team_is_a_value() -> None:
    assert parse(b"responders: {ada: {}}") == Team(
        responders={"ada": parse(b"responders: {ada: {}}").responders["ada"]}
    )
