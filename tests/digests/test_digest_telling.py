"""What people read: the words of a day, a week and a hand-over."""

from __future__ import annotations

from msgspec.structs import replace

from tests.digests.test_figures import MONDAY, NINE, alert, lived
from tocsin.digests import telling
from tocsin.digests.episode import Episode
from tocsin.digests.hours import hours_of
from tocsin.digests.report import Kind, Quiet, Scene, report
from tocsin.incidents.alerts import AlertStatus
from tocsin.incidents.inputs import Acknowledged, Resolved, Snoozed
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import DAY, HOUR, MINUTE

NAMES = {"ada": "Ada Lovelace"}
BEFORE = MONDAY - 7 * DAY


def week() -> list[Episode]:
    return [
        lived((4 * MINUTE, Acknowledged("ada")), (30 * MINUTE, Resolved(by="bo")), name="1"),
        lived((2 * MINUTE, Acknowledged("ada")), name="2"),
        lived((MINUTE, alert(status=AlertStatus.RESOLVED)), name="3", at=NINE - 7 * DAY),
        lived((5 * MINUTE, Tick()), (10 * MINUTE, Tick()), name="4", at=NINE + 14 * HOUR),
        lived((5 * MINUTE, Tick()), (10 * MINUTE, Tick()), (20 * MINUTE, Acknowledged("slack:U1")), name="5"),
    ]


def told(kind: Kind, episodes: list[Episode], *silences: Quiet, came: str = "", zone: str = "UTC") -> list[str]:
    left = "ada" if kind is Kind.HANDOVER else ""
    scene = Scene(kind=kind, subject="ops", since=MONDAY, until=MONDAY + 7 * DAY, left=left, came=came, zone=zone)
    found = report(scene, episodes, silences, hours_of({}))
    assert {"ada", "bo"} & found.people
    said = telling.told(replace(found, names=NAMES))
    return [said.title, *said.lines]


def test_a_week_is_told_against_the_week_before() -> None:
    assert told(Kind.WEEKLY, week()) == [
        "ops: the last week",
        "4 alerts in 4 incidents, 10 pages, 4 of them in somebody's sleep, 2 calls to a whole room; 2 missed.",
        "The week before: 1 alert in 1 incident, 1 page.",
        "To acknowledge: 8m 40s on average, median 4m.",
        "To resolve: 30m on average, median 30m; the week before 1m on average, median 1m.",
        "0 of 1 that ended did so by themselves (0%).",
        "Ada Lovelace: 6 pages (4 at work, 0 off, 2 asleep), answered 2",
        "bo: 4 pages (2 at work, 0 off, 2 asleep)",
        "Noisy: Disk (4 incidents, 10 pages, 0 of 1 ended by themselves)",
        "Missed: Disk (everyone was asked, nobody has answered yet)",
        "Missed: Disk (answered only after everyone had been asked, by U1)",
        "Open: Disk (high, since Mon 2026-11-23 09:00, Ada Lovelace is on it)",
        "Open: Disk (high, since Mon 2026-11-23 09:00, U1 is on it)",
        "Open: Disk (high, since Mon 2026-11-23 23:00, triggered)",
        "Thanks for closing most: bo (1).",
        "Times are those of UTC.",
    ]


def test_a_day_is_short() -> None:
    assert told(Kind.DAILY, [lived((MINUTE, Resolved(by="bo")))]) == [
        "ops: the last day",
        "1 alert in 1 incident, 1 page; none missed.",
    ]


def test_a_hand_over_tells_what_is_open_snoozed_and_silenced_and_until_when() -> None:
    silences = (
        Quiet(by="bo", until=NINE + 2 * DAY, why="the disk\nis changed"),
        Quiet(by="", until=NINE + DAY),
    )
    episodes = [
        lived((MINUTE, Snoozed(by="ada", until=NINE + 3 * DAY)), name="1"),
        lived((MINUTE, Acknowledged("bo")), name="2", at=NINE + HOUR),
        lived(name="3", at=NINE + 2 * HOUR),
    ]
    assert told(Kind.HANDOVER, episodes, *silences, came="bo", zone="Europe/Berlin") == [
        "ops: Ada Lovelace hands over to bo",
        "Since Mon 2026-11-23 01:00: 3 alerts in 3 incidents, 3 pages.",
        "Open: Disk (high, since Mon 2026-11-23 10:00, snoozed by Ada Lovelace until Thu 2026-11-26 10:00)",
        "Open: Disk (high, since Mon 2026-11-23 11:00, bo is on it)",
        "Open: Disk (high, since Mon 2026-11-23 12:00, triggered)",
        "Silenced by somebody until Tue 2026-11-24 10:00",
        "Silenced by bo until Wed 2026-11-25 10:00: the disk is changed",
        "On the plate of bo: 1 open incident that nobody has, 1 that they have already.",
        "Times are those of Europe/Berlin.",
    ]


def test_long_lists_are_cut_and_say_so() -> None:
    many = [
        lived((5 * MINUTE, Tick()), (10 * MINUTE, Tick()), name=f"{number:02}", at=NINE + number)
        for number in range(12)
    ]
    silences = [Quiet(by="bo", until=NINE + number) for number in range(11)]
    lines = told(Kind.HANDOVER, many, *silences)
    assert "And 2 more open incidents." in lines
    assert "And 2 more missed alerts." in lines
    assert "And 1 more silence." in lines
    assert lines[0] == "ops: Ada Lovelace hands over to nobody"


def test_a_long_title_is_cut() -> None:
    line = told(Kind.DAILY, [lived(name="x")])[2]
    assert line.startswith("Open: Disk (")
    assert telling._short("word " * 100).endswith("…")
    assert len(telling._short("word " * 100)) == telling.TITLE_MAX


def test_a_silence_alone_is_worth_telling_to_who_takes_over_only() -> None:
    silences = [Quiet(by="ada", until=NINE + 1)]
    shift = Scene(kind=Kind.HANDOVER, subject="ops", since=MONDAY, until=NINE)
    assert report(shift, [], [], hours_of({})).quiet
    assert not report(shift, [], silences, hours_of({})).quiet
    assert report(replace(shift, kind=Kind.DAILY), [], silences, hours_of({})).quiet


def test_a_week_in_which_only_something_ended_names_no_noise() -> None:
    long = lived((8 * DAY, Resolved(by="slack:U1")), at=NINE - 7 * DAY)
    scene = Scene(kind=Kind.WEEKLY, subject="ops", since=MONDAY, until=MONDAY + 7 * DAY)
    found = report(scene, [long], [], hours_of({}))
    assert telling.told(replace(found, before=None)).lines == (
        "0 alerts in 0 incidents, 0 pages; none missed.",
        "To acknowledge: 8d on average, median 8d.",
        "To resolve: 8d on average, median 8d.",
        "0 of 1 that ended did so by themselves (0%).",
        "Thanks for closing most: U1 (1).",
    )


def test_a_week_in_which_something_began_and_nothing_ended_thanks_nobody() -> None:
    lines = told(Kind.WEEKLY, [lived(name="1"), lived((MINUTE, alert(status=AlertStatus.ACKNOWLEDGED)), name="2")])
    assert lines[3] == "To acknowledge: 1m on average, median 1m."
    assert "Open: Disk (high, since Mon 2026-11-23 09:00, acknowledged)" in lines
    assert not any(line.startswith("Thanks") for line in lines)
