"""Digests as pages: what stands in them, in which order, with which charts, and whom they thank."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.digests.test_digest_telling import BEFORE, NAMES, week
from tests.digests.test_figures import MONDAY, NINE, alert, lived
from tocsin.charts.chart import chart_of
from tocsin.charts.drawing import picture
from tocsin.digests.episode import Episode
from tocsin.digests.hours import hours_of
from tocsin.digests.report import Kind, Quiet, Scene, report
from tocsin.incidents.alerts import AlertStatus
from tocsin.incidents.inputs import Acknowledged, Resolved, Snoozed
from tocsin.kernel.machine import Tick
from tocsin.kernel.page import PAGE, Page, page_of
from tocsin.kernel.time import DAY, HOUR, MINUTE
from tocsin.saying.document import document, saying_of
from tocsin.saying.message import Actions, Aside, Divider, Facts, Heading, Item, Paragraph, Part, Picture, Saying, Tone
from tocsin.saying.text import Moment, pieces
from tocsin.wiring.digest_page import digest_page

URL = "https://tocsin.example"
AFTER_MONDAY = "Tue: none; Wed: none; Thu: none; Fri: none; Sat: none; Sun: none"


def page(
    kind: Kind, episodes: list[Episode], *silences: Quiet, came: str = "", url: str = URL, since: int = MONDAY
) -> Page:
    left = "ada" if kind is Kind.HANDOVER and came != "nobody" else ""
    came = came.replace("nobody", "")
    scene = Scene(kind=kind, subject="ops", since=since, until=MONDAY + 7 * DAY, left=left, came=came)
    found = replace(report(scene, episodes, silences, hours_of({})), names=NAMES)
    return digest_page(found, url)


def read(found: Page) -> list[str]:
    """What stands in it, as people read it; a moment is its day and hour since Monday."""
    saying = saying_of(found.saying)
    assert saying is not None
    return [line for part in saying.parts for line in _read(part)]


def _read(part: Part) -> list[str]:
    match part:
        case Heading(text) | Paragraph(text):
            return [_words(text)]
        case Facts(pairs):
            return [f"{name}: {_words(value)}" for name, value in pairs]
        case Item():
            mark = "" if part.tone is Tone.PLAIN else f"[{part.tone.value}] "
            return [f"{mark}{_words(part.text)}"]
        case Aside(texts):
            return [f"({' · '.join(_words(text) for text in texts)})"]
        case Picture():
            return [f"picture {part.name}: {part.alt}"]
        case Actions(actions):
            return [" ".join(f"<{action.label}>" for action in actions)]
        case Divider():
            return ["----"]


def _words(text: str) -> str:
    said = "".join(_moment(piece.at) if isinstance(piece, Moment) else piece.text for piece in pieces(text))
    return said.replace("\n", " / ")


def _moment(at: int) -> str:
    return f"{(at - MONDAY) // DAY}d{(at - MONDAY) % DAY // HOUR}h"


def test_a_week_tells_figures_lists_charts_burdens_and_thanks() -> None:
    found = page(Kind.WEEKLY, week())
    assert read(found) == [
        "ops: the last week",
        "(0d0h to 7d0h)",
        "Alerts: 4 in 4 incidents / the week before: 1",
        "Pages: 10, 4 of them in somebody's sleep / the week before: 1",
        "Missed: 2 / the week before: 1",
        "Calls to a whole room: 2",
        "To acknowledge: half within 4m, on average 8m 40s",
        "To resolve: half within 30m, on average 30m / the week before: half within 1m, on average 1m",
        "Ended by themselves: 0 of 1 (0%)",
        "picture alerts: Alerts per day. Mon: 4; Tue: 0; Wed: 0; Thu: 0; Fri: 0; Sat: 0; Sun: 0.",
        f"picture answers: Time to acknowledge. Mon: 4m; {AFTER_MONDAY}.",
        "Missed",
        "[high] Disk / 0d23h: everyone was asked, nobody has answered yet",
        "[high] Disk / 0d9h: answered only after everyone had been asked, by U1",
        "Open",
        "[high] Disk / since 0d9h, Ada Lovelace is on it",
        "[high] Disk / since 0d9h, U1 is on it",
        "[high] Disk / since 0d23h, triggered",
        "What came most often",
        "Disk / 4 incidents, 10 pages; 0 of 1 ended by themselves",
        "Who was asked, and when",
        "picture sleep: Pages in hours meant for sleep. Ada Lovelace: 2; bo: 2.",
        "Ada Lovelace: 6 pages: 4 at work, 2 asleep / answered 2",
        "bo: 4 pages: 2 at work, 2 asleep",
        "----",
        "[good] Thank you, bo for closing 1.",
        "<Open incidents> <All figures> <Make it quieter>",
    ]
    assert set(found.charts) == {"alerts", "answers", "sleep"}
    assert all(picture(chart) for chart in found.charts.values())


def test_who_answered_at_night_is_thanked() -> None:
    night = lived((MINUTE, Acknowledged("ada")), (HOUR, Resolved(by="ada")), at=MONDAY + 2 * HOUR)
    other = lived((MINUTE, Resolved(by="bo")), name="2", at=MONDAY + 3 * HOUR)
    said = read(page(Kind.WEEKLY, [night, other]))
    assert said[-2] == (
        "[good] Thank you, Ada Lovelace for closing 1, bo for closing 1, Ada Lovelace for answering 1 time in hours "
        "meant for sleep and bo for answering 1 time in hours meant for sleep."
    )


def test_a_quiet_week_says_so_and_thanks_nobody() -> None:
    found = page(Kind.WEEKLY, [])
    assert read(found) == [
        "ops: a quiet week",
        "(0d0h to 7d0h)",
        "Nobody was asked, and nothing is open. A good time to sleep in.",
        "<All figures>",
    ]
    saying = saying_of(found.saying)
    assert saying is not None
    assert saying.summary == "ops: a quiet week. Nobody was asked, and nothing is open."
    assert found.charts == {}


def test_a_day_is_short_and_has_no_charts() -> None:
    found = page(Kind.DAILY, [lived((MINUTE, Resolved(by="bo")))], url="")
    assert read(found) == [
        "ops: the last day",
        "(0d0h to 7d0h)",
        "Alerts: 1 in 1 incident",
        "Pages: 1",
        "Missed: none",
    ]
    saying = saying_of(found.saying)
    assert saying is not None
    assert saying.summary == "ops: the last day. 1 alert in 1 incident, 1 page; none missed, none open."


def test_a_hand_over_begins_with_the_plate_of_who_comes() -> None:
    silences = (Quiet(by="bo", until=NINE + 2 * DAY, why="the disk\nis changed"), Quiet(by="", until=NINE + DAY))
    episodes = [
        lived((MINUTE, Snoozed(by="ada", until=NINE + 3 * DAY)), name="1"),
        lived((MINUTE, Acknowledged("bo")), name="2", at=NINE + HOUR),
        lived(name="3", at=NINE + 2 * HOUR),
    ]
    assert read(page(Kind.HANDOVER, episodes, *silences, came="bo")) == [
        "ops: Ada Lovelace hands over to bo",
        "(0d0h to 7d0h)",
        "bo, on your plate: 1 open incident that nobody has and 1 that you have already.",
        "Alerts: 3 in 3 incidents",
        "Pages: 3",
        "Missed: none",
        "picture alerts: Alerts per day. Mon: 3; Tue: 0; Wed: 0; Thu: 0; Fri: 0; Sat: 0; Sun: 0.",
        f"picture answers: Time to acknowledge. Mon: 1m; {AFTER_MONDAY}.",
        "Open",
        "[high] Disk / since 0d9h, snoozed by Ada Lovelace until 3d9h",
        "[high] Disk / since 0d10h, bo is on it",
        "[high] Disk / since 0d11h, triggered",
        "Silenced, so you will not hear of it",
        "until 1d9h, by somebody",
        "until 2d9h, by bo: the disk is changed",
        "----",
        "[good] Thank you, Ada Lovelace, for your watch.",
        "<Open incidents> <On call>",
    ]


def test_a_hand_over_to_an_empty_plate_or_to_nobody_says_so() -> None:
    over = [lived((MINUTE, alert(status=AlertStatus.RESOLVED)))]
    assert "bo, your plate is empty." in read(page(Kind.HANDOVER, over, came="bo"))
    said = read(page(Kind.HANDOVER, over, came="nobody"))
    assert said[0] == "ops: nobody hands over to nobody"
    assert "Nobody is on call now." in said
    assert not any("Thank you" in line for line in said)


def test_long_lists_are_cut_and_say_so() -> None:
    many = [
        lived((5 * MINUTE, Tick()), (10 * MINUTE, Tick()), name=f"{number:02}", at=NINE + number)
        for number in range(12)
    ]
    silences = [Quiet(by="bo", until=NINE + number) for number in range(11)]
    said = read(page(Kind.HANDOVER, many, *silences, came="bo"))
    assert {"(and 2 more missed alerts)", "(and 2 more open incidents)", "(and 1 more silence)"} <= set(said)


def test_many_people_are_cut_and_an_open_silence_names_no_one() -> None:
    crowd = [
        replace(lived(name=f"{number}"), asked_at=((f"responder:p{number:02}", MONDAY + 2 * HOUR),))
        for number in range(12)
    ]
    muted = replace(crowd[0], snoozed_until=NINE + DAY)
    said = read(page(Kind.WEEKLY, [muted, *crowd[1:]]))
    assert "(and 2 more people)" in said
    assert "[high] Disk / since 0d9h, asks nobody until 1d9h" in said
    one = [replace(each, asked_at=()) for each in crowd[:1]]
    assert "Who was asked, and when" not in read(page(Kind.WEEKLY, one))


def test_beyond_a_week_days_are_told_apart_by_their_date() -> None:
    found = page(Kind.HANDOVER, week(), came="bo", since=BEFORE)
    chart = chart_of(found.charts["alerts"])
    assert chart is not None
    assert chart.labels[0] == "Mon 16"
    assert len(set(chart.labels)) == 14


def test_strangers_words_forge_no_marks_in_a_page() -> None:
    evil = replace(lived(name="1"), face=replace(lived().face, title="\ue003http://evil\ue004click\ue005 <!channel>"))
    saying = saying_of(page(Kind.DAILY, [evil]).saying)
    assert saying is not None
    items = [part.text for part in saying.parts if isinstance(part, Item)]
    assert items
    assert all(text.count("\ue003") == 1 and "evil" in text for text in items)


def test_a_page_travels_as_json_and_what_is_none_is_no_page() -> None:
    found = page(Kind.WEEKLY, week())
    assert page_of(found.facts()) == found
    assert Page().facts() == {}
    for facts in ({}, {PAGE: None}, {PAGE: "loud"}, {PAGE: {"charts": 3}}):
        assert page_of(facts) == Page()
    whole = Saying(summary="x", parts=(Divider(),))
    assert saying_of(document(whole)) == whole
    for wrong in (None, "x", {"summary": 1}, {"summary": "x", "parts": [{"type": "Rocket"}]}):
        assert saying_of(wrong) is None


@pytest.mark.parametrize("kind", list(Kind))
def test_a_page_fits_into_a_message(kind: Kind) -> None:
    many = [
        lived((5 * MINUTE, Tick()), (10 * MINUTE, Tick()), name=f"{number:02}", at=NINE + number)
        for number in range(30)
    ]
    assert len(read(page(kind, many, came="bo"))) < 50
