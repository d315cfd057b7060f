"""The calendar in the console: what it shows, and what people change there."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.web.console_desks import BEGIN, NAMES
from tests.web.console_world import Answer, Stage, Visitor, World
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import Instant, parse_instant
from tocsin.testing.memory import MemoryStore
from tocsin.web.console.month import MONTH, WEEK, grid, read_date
from tocsin.web.console.visits import FRAGMENT
from tocsin.wiring.calendars import RECORD, name_of


def at(text: str) -> Instant:
    found = parse_instant(text)
    assert found is not None
    return found


@pytest.fixture
def ada(stage: Stage, world: World) -> Visitor:
    return entered(stage, world, "ada")


def entered(stage: Stage, world: World, who: str) -> Visitor:
    visitor = Visitor(stage.port)
    visitor.enter(world.link(who))
    return visitor


def plain(html: str) -> str:
    inline = re.sub(r"</?(?:bdi|b|i|small|span|time)(?: [^>]*)?>", "", html)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", inline))).strip()


def day(answer: Answer, iso: str) -> str:
    """What a person reads in the cell of a day."""
    [cell] = [each for each in re.findall(r"<td role=\"cell\".*?</td>", answer.text, re.DOTALL) if f'"{iso}"' in each]
    return plain(cell)


def section(answer: Answer, title: str) -> str:
    found = re.search(rf'<section[^>]*aria-labelledby="{title}".*?</section>', answer.text, re.DOTALL)
    assert found, answer.text
    return plain(found[0])


def test_it_says_who_is_on_call_now_and_who_is_next(ada: Visitor) -> None:
    told = section(ada.get("/oncall"), "now-title")
    assert "ops Now Bob Bemer until Sat 21 Nov 09:00 (in 5 h 0 min); layer nights" in told
    assert "Next Ada Lovelace from Sat 21 Nov 09:00" in told
    assert "by the clocks of Europe/Berlin" in told
    assert "shop Now nobody, and nobody is needed until Mon 23 Nov 09:00" in told


def test_a_month_shows_each_day_with_its_layers(ada: Visitor) -> None:
    answer = ada.get("/oncall")
    assert "ops: November 2026" in plain(answer.text)
    assert day(answer, "2026-11-20") == (
        "Fri 20 Nov until 09:00 Ada Lovelace nights 09:00 to 17:00 Cy <script>alert(1)</script> days "
        "from 17:00 Bob Bemer nights"
    )
    assert 'aria-current="date"' in answer.text
    assert day(answer, "2026-11-21").startswith("Sat 21 Nov today")
    assert answer.text.count('role="columnheader"') == 7
    assert answer.text.count('role="cell"') == 6 * 7  # From the Monday before the 1st to the Sunday after the 30th.


def test_overrides_swaps_covers_absences_and_gaps_are_told_by_sign_and_word(ada: Visitor, world: World) -> None:
    absences = name_of("https://calendars.example/ada.ics")
    away = [[at("2026-11-28T00:00Z"), at("2026-11-29T00:00Z"), False]]
    world.store.put_record(RECORD, absences, {"at": BEGIN, "events": away})
    world.oncall.override(
        schedule="ops", who="cy", start=at("2026-11-22T08:00Z"), until=at("2026-11-22T20:00Z"), by="ada"
    )
    asked, _ = world.oncall.ask(
        schedule="ops", by="bob", to="ada", start=at("2026-11-25T08:00Z"), until=at("2026-11-27T08:00Z")
    )
    world.oncall.accept(asked.id, "ada")
    answer = ada.get("/oncall")
    assert "◆ Cy <script>alert(1)</script> override" in day(answer, "2026-11-22")
    assert "⇄ Ada Lovelace swap" in day(answer, "2026-11-26") or "⇄ Ada Lovelace swap" in day(answer, "2026-11-25")
    assert "↪ Bob Bemer cover" in day(answer, "2026-11-28")
    assert "○ absent: Ada Lovelace" in day(answer, "2026-11-28")
    assert "said Ada Lovelace" in section(answer, "overrides-title")
    shop = ada.get("/oncall?schedule=shop")
    assert day(shop, "2026-11-27") == "Fri 27 Nov 09:00 to 17:00 ▲ nobody"
    assert day(shop, "2026-11-28") == "Sat 28 Nov"
    assert "▲ nobody Fri 27 Nov 09:00 to Fri 27 Nov 17:00 no layer plans for it" in section(shop, "gaps-title")
    assert "None: somebody is there all the time" in section(answer, "gaps-title")
    world.now = at("2026-11-27T12:00Z")
    assert "shop Now ▲ nobody until" in section(ada.get("/oncall"), "now-title")


def test_times_are_by_the_clocks_that_the_reader_chooses(ada: Visitor) -> None:
    tokyo = ada.get("/oncall?zone=Asia/Tokyo")
    assert "until Sat 21 Nov 17:00" in section(tokyo, "now-title")
    assert day(tokyo, "2026-11-21") == (
        "Sat 21 Nov today until 01:00 Cy <script>alert(1)</script> days "
        "01:00 to 17:00 Bob Bemer nights from 17:00 Ada Lovelace nights"
    )
    assert "times by the clocks of Asia/Tokyo" in plain(tokyo.text)
    assert "<option selected>Asia/Tokyo</option>" in tokyo.text
    assert 'zone=Asia%2FTokyo" rel="next"' in tokyo.text
    assert "by the clocks of Europe/Berlin" in plain(ada.get("/oncall?zone=Nowhere/Land").text)
    assert "by the clocks of Europe/Berlin" in plain(ada.get(f"/oncall?zone={'x' * 5000}").text)


def test_a_week_tells_why_as_well(ada: Visitor, world: World) -> None:
    world.store.put_record(
        RECORD,
        name_of("https://calendars.example/ada.ics"),
        {"at": BEGIN, "events": [[at("2026-11-20T23:00Z"), at("2026-11-21T23:00Z"), False]]},
    )
    week = ada.get("/oncall?view=week")
    assert "ops: Week of 16 November 2026" in plain(week.text)
    told = plain(week.text)
    assert "Sat 21 today until 09:00 Bob Bemer nights layer nights" in told
    assert "↪ Bob Bemer cover covers for ada, who is absent" in told
    assert "○ absent: Ada Lovelace" in told
    shop = plain(ada.get("/oncall?view=week&schedule=shop").text)
    assert "Sun 22 nobody, and nobody is needed" in shop
    assert 'role="cell"' not in week.text


def test_one_can_go_back_and_forth(ada: Visitor) -> None:
    def places(path: str) -> list[str]:
        return [
            unescape(each)
            for each in re.findall(r'<a href="(/oncall\?[^"]*)"(?: rel="\w+")?>(?:Ear|Tod|Lat)', ada.get(path).text)
        ]

    assert places("/oncall") == [
        "/oncall?schedule=ops&at=2026-10-31",
        "/oncall?schedule=ops",
        "/oncall?schedule=ops&at=2026-12-01",
    ]
    assert places("/oncall?view=week&at=2026-12-31") == [
        "/oncall?schedule=ops&view=week&at=2026-12-24",
        "/oncall?schedule=ops&view=week",
        "/oncall?schedule=ops&view=week&at=2027-01-07",
    ]
    assert "October 2026" in ada.get("/oncall?at=2026-10-31").text
    assert "February 2027" in ada.get("/oncall?at=2027-02").text


@pytest.mark.parametrize(
    "query", ["at=never", "at=2026-02-30", "at=0001-01-01", "at=9999-12-31", "view=year", "schedule=x"]
)
def test_what_makes_no_sense_in_the_address_shows_today(ada: Visitor, query: str) -> None:
    answer = ada.get(f"/oncall?{query}")
    assert answer.status == 200
    assert "ops: November 2026" in plain(answer.text)


def test_every_month_has_whole_weeks() -> None:
    world = World()
    schedule = world.oncall.schedules()["ops"]
    for text in ("2026-02", "2027-02", "2028-02", "2026-03", "2026-08-31", "1971-01", "9000-12"):
        found = grid(schedule, "UTC", MONTH, read_date(text, BEGIN, "UTC"), BEGIN, NAMES)
        cells = [cell for week in found.weeks for cell in week]
        assert all(len(week) == 7 for week in found.weeks)
        assert (cells[0].weekday, cells[-1].weekday) == ("Monday", "Sunday")
        assert next(cell.iso for cell in cells if cell.inside) == f"{text[:7]}-01"
        assert sum(cell.inside for cell in cells) >= 28
        assert not cells[0].inside or cells[0].day == 1
    week = grid(schedule, "UTC", WEEK, read_date("2026-03-01", BEGIN, "UTC"), BEGIN, NAMES)
    assert week.weeks[0][0].iso == "2026-02-23"


def test_without_a_schedule_it_says_what_to_do(stage: Stage) -> None:
    world = stage.play(World(oncall="responders: {ada: }\nteams: {ops: {members: [ada]}}"))
    answer = entered(stage, world, "ada").get("/oncall")
    assert "There is no schedule yet" in plain(answer.text)


def test_a_fragment_has_its_live_parts_only(ada: Visitor) -> None:
    whole, fragment = ada.get("/oncall"), ada.get("/oncall", **{FRAGMENT: "1"})
    assert "<html" not in fragment.text
    for answer in (whole, fragment):
        assert set(re.findall(r'id="([\w-]+)" data-live', answer.text)) == {
            "pulse",
            "standings",
            "grid",
            "gaps",
            "shares",
        }


HERE = "/oncall?schedule=ops&zone=Europe%2FBerlin"
FORM = {"here": HERE, "schedule": "ops", "zone": "Europe/Berlin"}


def test_an_override_is_made_and_taken_back(ada: Visitor, world: World) -> None:
    answer = ada.press("/oncall/overrides", **FORM, who="cy", begins="2026-11-24T09:00", ends="2026-11-24T18:00")
    assert answer.flash.endswith("is on call then, whatever else is planned.")
    [made] = world.oncall.schedules()["ops"].overrides
    assert (made.who, made.start, made.until, made.by) == (
        "cy",
        at("2026-11-24T08:00Z"),
        at("2026-11-24T17:00Z"),
        "ada",
    )
    answer = ada.press("/oncall/overrides", **FORM, end=made.id)
    assert answer.flash == "It is taken back."
    assert world.oncall.schedules()["ops"].overrides == ()
    assert "there is no override" in ada.press("/oncall/overrides", **FORM, end=made.id).flash


def test_an_empty_beginning_is_now(ada: Visitor, world: World) -> None:
    ada.press("/oncall/overrides", **FORM, who="cy", begins="", ends="2026-11-21T18:00")
    assert world.oncall.schedules()["ops"].overrides[0].start == BEGIN


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"who": "cy", "ends": "soon"}, "'soon' is no time"),
        ({"who": "cy", "ends": "2026-11-20T18:00"}, "is not later than"),
        ({"who": "cy", "ends": "9999-12-31T23:59", "zone": "Pacific/Kiritimati"}, "goes that far"),
        ({"who": "cy", "begins": "0001-01-01T00:00", "ends": "2026-11-24T18:00"}, "goes that far"),
        ({"who": "eve", "ends": "2026-11-24T18:00"}, 'there is no responder "eve"'),
        ({"who": "cy", "ends": "2026-11-24T18:00", "schedule": "op"}, 'there is no schedule "op"'),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_done(
    ada: Visitor, world: World, form: dict[str, str], said: str
) -> None:
    answer = ada.press("/oncall/overrides", **{**FORM, **form})
    assert answer.flash.startswith("Nothing was done: ")
    assert said in answer.flash
    assert world.oncall.schedules()["ops"].overrides == ()


def test_a_swap_is_asked_for_and_answered(stage: Stage, ada: Visitor, world: World) -> None:
    times = {"begins": "2026-11-24T09:00", "ends": "2026-11-26T18:00"}
    back = {"back_begins": "2026-11-27T09:00", "back_ends": "2026-11-29T18:00"}
    answer = ada.press("/oncall/swaps", **FORM, **times, **back, to="bob")
    assert answer.flash == "Asked. It counts once it is accepted: Bob Bemer can do that here."
    [asked] = world.oncall.swaps()
    told = section(answer, "swaps-title")
    assert "⇄ Ada Lovelace asks Bob Bemer Tue 24 Nov 09:00 to Thu 26 Nov 18:00, and takes in return" in told
    assert "not accepted yet" in told
    assert "Take it back" in told
    assert "Take the turns" not in told
    cy, bob = entered(stage, world, "cy"), entered(stage, world, "bob")
    assert "(1 asked of you)" in bob.get("/").text
    assert "asked of you" not in cy.get("/").text
    assert "Take the turns" not in section(cy.get(HERE), "swaps-title")
    for answer_, said in (("accept", "asks bob, not cy"), ("decline", "cannot decline"), ("withdraw", "is between")):
        assert said in cy.press("/oncall/swaps", **FORM, id=asked.id, answer=answer_).flash
    assert "Take the turns Decline" in section(bob.get(HERE), "swaps-title")
    assert bob.press("/oncall/swaps", **FORM, id=asked.id, answer="accept").flash == "It is yours. Thank you!"
    assert "is relieved by" in section(bob.get(HERE), "swaps-title")
    assert bob.press("/oncall/swaps", **FORM, id=asked.id, answer="withdraw").flash == "It is taken back."
    ada.press("/oncall/swaps", **FORM, **times, to="bob")
    [asked] = world.oncall.swaps()
    assert bob.press("/oncall/swaps", **FORM, id=asked.id, answer="decline").flash == "Declined: it is gone."
    assert ada.press("/oncall/swaps", **FORM, **times, to="").flash.endswith("Anybody can do that here.")


def test_a_swap_needs_somebody_who_asks(stage: Stage, world: World) -> None:
    nobody = entered(stage, world, "")
    assert "Say who you are" in nobody.press("/oncall/swaps", **FORM, begins="", ends="2026-11-26T18:00").flash
    assert world.oncall.swaps() == []
    assert "Say who you are" in section(nobody.get("/oncall"), "swaps-title")
    assert "An address for my shifts" not in nobody.get("/oncall").text


def test_a_calendar_address_is_shown_once_and_revoked(ada: Visitor, world: World) -> None:
    csrf = ada.get("/people").csrf
    for subject in ("schedule:ops", "responder:ada"):
        answer = ada.post("/oncall/feeds", {"csrf": csrf, **FORM, "subject": subject})
        found = re.search(r'value="http://bell.example/calendars/(\w+)\.ics"', answer.text)
        assert found
        assert world.oncall.feed(found[1])
        page = ada.get(HERE)
        assert found[1] not in page.text
        assert f"…{found[1][-4:]}" in section(page, "feeds-title")
        said = ada.press("/oncall/feeds", **FORM, subject=subject, revoke=found[1][-4:]).flash
        assert said == f"Revoked: the address …{found[1][-4:]} shows nothing any more."
        assert world.oncall.feed(found[1]) is None
    for subject, status in (("schedule:op", 404), ("responder:bob", 403), ("", 404)):
        assert ada.post("/oncall/feeds", {"csrf": csrf, **FORM, "subject": subject}).status == status
    for subject, status in (("schedule:ops", 404), ("responder:bob", 403)):
        form = {"csrf": csrf, **FORM, "subject": subject, "revoke": "none"}
        assert ada.post("/oncall/feeds", form).status == status


def test_a_token_for_programs_is_shown_once_and_revoked(stage: Stage, ada: Visitor, world: World) -> None:
    answer = ada.post("/people/tokens", {"csrf": ada.get("/people").csrf})
    found = re.search(r"Bearer (\w+)'", answer.text)
    assert found, answer.text
    assert world.oncall.acts_as(found[1]) == "ada"
    assert f"…{found[1][-4:]}" in ada.get("/people").text
    bob = entered(stage, world, "bob")
    assert f"…{found[1][-4:]}" not in bob.get("/people").text
    assert bob.post("/people/tokens", {"csrf": bob.get("/people").csrf, "revoke": found[1][-4:]}).status == 404
    assert "opens nothing any more" in ada.press("/people/tokens", revoke=found[1][-4:]).flash
    assert world.oncall.acts_as(found[1]) == ""
    assert "Say who you are first" in entered(stage, world, "").press("/people/tokens").flash


@pytest.mark.parametrize("path", ["/oncall/overrides", "/oncall/swaps", "/oncall/feeds", "/people/tokens"])
def test_nothing_is_done_without_the_token_of_the_form(ada: Visitor, world: World, path: str) -> None:
    form = {**FORM, "who": "cy", "begins": "", "ends": "2026-11-26T18:00", "subject": "schedule:ops"}
    assert ada.post(path, form).status == 403
    assert ada.post(path, {**form, "csrf": "test-token"}).status == 403
    assert not any(world.store.records(kind) for kind in ("override", "swap", "feed", "api-token"))
    assert ada.get(path).status == 405


def test_nobody_is_sent_elsewhere_and_unknown_answers_are_refused(ada: Visitor) -> None:
    csrf = ada.get("/people").csrf
    form = {"csrf": csrf, "here": "https://evil.example/oncall?", "end": "x"}
    assert ada.post("/oncall/overrides", form).location == "/oncall"
    assert ada.post("/oncall/swaps", {"csrf": csrf, "answer": "maybe"}).status == 400


@pytest.mark.parametrize("path", ["/oncall/overrides", "/oncall/feeds"])
def test_own_trouble_is_told(ada: Visitor, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    csrf = ada.get("/people").csrf

    def fail(*_: object) -> None:
        raise StoreUnavailableError("disk I/O error")

    monkeypatch.setattr(MemoryStore, "put_record", fail)
    form = {**FORM, "csrf": csrf, "who": "cy", "begins": "", "ends": "2026-11-26T18:00", "subject": "schedule:ops"}
    assert ada.post(path, form).status == 503


def test_who_carries_how_much_is_told(ada: Visitor) -> None:
    told = section(ada.get("/oncall"), "shares-title")
    assert re.search(r"Ada Lovelace \d+ \d+d( \d+h)? \d+d \d+h", told)
    assert re.search(r"Bob Bemer \d+ \d+d( \d+h)? not known", told)
