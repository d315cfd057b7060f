"""Forms about one incident: what is asked, what comes of it, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.concierge.forms_world import MONDAY, House, options, private, read, wrong
from tocsin.conversing.wishes import Filled, Place, Speaker
from tocsin.incidents.resolve_notes import Lesson
from tocsin.incidents.resolve_notes import read as read_note
from tocsin.incidents.state import Status
from tocsin.kernel.json import Json
from tocsin.kernel.time import DAY, HOUR, MINUTE
from tocsin.saying.forms import Moments

VERBS = ("note", "resolve", "snooze", "reassign", "pass", "silence")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path / "tocsin.db")
    yield found
    found.close()


def asked(house: House, name: str) -> tuple[str, str]:
    """Who is asked, and who is not."""
    [receiver] = house.incident(name).asked
    who = receiver.removeprefix("responder:")
    return who, "bo" if who == "ada" else "ada"


def test_a_note_is_written_into_the_timeline_once(house: House) -> None:
    name = house.opened("disk full")
    form = house.form("bo", "form:note", i=name)
    assert private(house.send("bo", form, text="  looking\r\nat it ")).startswith("Noted. Asking ")
    assert private(house.send("bo", form, text="looking\nat it")).startswith("That was done already.")
    assert [line for line in house.story(name) if line.startswith("bo")] == ["bo: looking\nat it"]


def test_a_note_may_follow_when_it_is_over(house: House) -> None:
    name = house.opened("disk full")
    house.press_verb("resolve", name, "ada")
    form = house.form("bo", "form:note", i=name)
    assert private(house.send("bo", form, text="the log was rotated")).startswith("Noted. Ada resolved it")


def test_what_is_no_note_is_said_at_its_field(house: House) -> None:
    form = house.form("bo", "form:note", i=house.opened("disk full"))
    assert wrong(house.send("bo", form, text=" ")) == {"text": "An empty note says nothing; write a word or two."}
    assert wrong(house.send("bo", form, text="x" * 2001)) == {"text": "These are 2001 characters; 2000 are possible."}


def test_cause_and_remedy_are_kept_and_can_be_found_again(house: House) -> None:
    name = house.opened("disk full")
    form = house.form("ada", "form:resolve", i=name)
    told = private(house.send("ada", form, cause="a log\nthat nobody rotates", remedy="deleted it"))
    assert told.startswith("Resolved. Thank you! Ada resolved it")
    assert house.incident(name).status is Status.RESOLVED
    note = house.incident(name).resolve_note
    assert note == "Cause: a log that nobody rotates; remedy: deleted it"
    assert read_note(note) == Lesson(cause="a log that nobody rotates", remedy="deleted it")
    assert private(house.send("ada", form, cause="x", remedy="y")).startswith("That was done already.")
    assert house.incident(name).resolve_note == note


def test_it_may_be_resolved_without_a_word(house: House) -> None:
    name = house.opened("disk full")
    form = house.form("ada", "form:resolve", i=name)
    errors = wrong(house.send("ada", form, cause="x" * 901, remedy="y" * 901))
    assert set(errors) == {"cause", "remedy"}
    house.send("ada", form)
    assert (house.incident(name).status, house.incident(name).resolve_note) == (Status.RESOLVED, "")


def test_it_is_snoozed_until_the_moment_of_ones_choice(house: House) -> None:
    name = house.opened("disk full")
    form = house.form("bo", "form:snooze", i=name, zone="America/New_York")
    [until] = form.fields
    assert isinstance(until, Moments)
    assert until.initial == MONDAY + DAY + 2 * HOUR, "tomorrow at nine in New York"
    assert private(house.send("bo", form)).startswith("Snoozed. Bo snoozed it until")
    assert house.incident(name).snoozed_until == MONDAY + DAY + 2 * HOUR
    assert house.incident(name).assignee == "bo"


@pytest.mark.parametrize(
    ("until", "why"),
    [
        (None, "Choose until when."),
        ("soon", "Choose until when."),
        (MONDAY, "That time has passed; choose a later one."),
        (MONDAY + 31 * DAY, "Choose an earlier time; 30d is the longest."),
    ],
)
def test_a_snooze_needs_an_end_that_is_to_come(house: House, until: object, why: str) -> None:
    form = house.form("bo", "form:snooze", i=house.opened("disk full"))
    assert wrong(house.send("bo", form, until=until)) == {"until": why}


def test_a_snooze_that_was_stored_too_late_says_so(house: House) -> None:
    """Between the form and the decision the moment has passed."""
    name = house.opened("disk full")
    form = house.form("bo", "form:snooze", i=name)
    house.slow = True
    assert private(house.send("bo", form, until=MONDAY + MINUTE)) == "It is stored, and will be done in a moment."
    house.wait(2 * MINUTE)
    assert house.incident(name).status is Status.TRIGGERED


def test_somebody_else_is_asked_the_team_first_and_who_is_on_call_is_said(house: House) -> None:
    name = house.opened("disk full")
    first, second = asked(house, name)
    form = house.form(first, "form:reassign", i=name)
    assert options(form, "to") == {"ada": "Ada (on call in primary)", "bo": "Bo", "cy": "Cy (on call in backup)"}
    told = private(house.send(first, form, to="cy"))
    assert told.startswith("Done. Asking Cy.")
    assert house.incident(name).asked == ("responder:cy",)
    assert house.pages[-1] == "responder:cy"
    assert second


def test_who_has_it_is_not_among_those_to_ask_instead(house: House) -> None:
    name = house.opened("disk full")
    house.press_verb("acknowledge", name, "ada")
    assert set(options(house.form("ada", "form:reassign", i=name), "to")) == {"bo", "cy"}


def test_whom_nobody_knows_cannot_be_asked(house: House) -> None:
    form = house.form("ada", "form:reassign", i=house.opened("disk full"))
    assert wrong(house.send("ada", form)) == {"to": "Choose somebody."}
    assert "not there any more" in wrong(house.send("ada", form, to="dee"))["to"]


def test_with_nobody_else_there_is_nothing_to_choose(tmp_path: Path) -> None:
    house = House(tmp_path / "tocsin.db", "responders: {ada: }\nteams: {ops: {members: [ada]}}")
    name = house.opened("disk full")
    house.press_verb("acknowledge", name, "ada")
    assert private(house.press("ada", "form:reassign", i=name)).startswith("There is nobody else to ask.")
    house.close()


def test_who_passes_may_say_why_and_the_next_one_is_asked(house: House) -> None:
    name = house.opened("disk full")
    first, second = asked(house, name)
    form = house.form(first, "form:pass", i=name, r=house.incident(name).rung)
    assert set(wrong(house.send(first, form, why="x" * 501))) == {"why"}
    told = private(house.send(first, form, why="I am on a train"))
    assert told.startswith(f"Passed on. Asking {second.title()}.")
    assert private(house.send(first, form, why="I am on a train")).startswith("That was done already.")
    assert f"{first} passed: I am on a train; asked {second}" in house.story(name)
    assert house.incident(name).asked == (f"responder:{second}",)


def test_who_has_acknowledged_may_pass_as_well(house: House) -> None:
    name = house.opened("disk full")
    house.press_verb("acknowledge", name, "ada")
    house.send("ada", house.form("ada", "form:pass", i=name))
    assert house.incident(name).status is Status.TRIGGERED
    assert any(line.startswith("ada passed; asked ") for line in house.story(name))


def test_who_is_not_asked_has_nothing_to_pass_on(house: House) -> None:
    name = house.opened("disk full")
    first, second = asked(house, name)
    assert private(house.press(second, "form:pass", i=name)).startswith("You are not asked")
    rung = house.incident(name).rung
    house.wait(6 * MINUTE)
    assert private(house.press(first, "form:pass", i=name, r=rung)).startswith("It has moved on meanwhile. Asking")


def test_a_pass_that_is_sent_when_it_has_moved_on_does_no_harm(house: House) -> None:
    name = house.opened("disk full")
    first, second = asked(house, name)
    form = house.form(first, "form:pass", i=name)
    house.wait(6 * MINUTE)
    assert private(house.send(first, form)).startswith("It has moved on meanwhile. Asking")
    assert house.incident(name).asked == (f"responder:{second}",)


@pytest.mark.parametrize("verb", ["resolve", "snooze", "reassign", "pass"])
def test_a_late_press_is_told_that_it_is_over(house: House, verb: str) -> None:
    name = house.opened("disk full")
    house.press_verb("resolve", name, "ada")
    assert private(house.press("bo", f"form:{verb}", i=name)).startswith("It is over already. Ada resolved it")


@pytest.mark.parametrize(
    ("verb", "values"), [("resolve", {}), ("snooze", {}), ("reassign", {"to": "cy"}), ("pass", {})]
)
def test_what_was_resolved_while_the_form_was_open_stays_so(house: House, verb: str, values: dict[str, str]) -> None:
    name = house.opened("disk full")
    form = house.form(asked(house, name)[0], f"form:{verb}", i=name)
    house.press_verb("resolve", name, "cy")
    assert private(house.send("ada", form, **values)).startswith("It is over already. Cy resolved it")
    assert house.incident(name).resolved_by == "cy"


@pytest.mark.parametrize("verb", VERBS)
def test_an_incident_that_is_gone_is_said_to_be(house: House, verb: str) -> None:
    assert private(house.press("ada", f"form:{verb}", i="nothing")) == "There is no such incident any more."
    form = house.form(asked(house, house.opened("disk full"))[0], f"form:{verb}", i=house.named("disk full"))
    facts = {**form.facts, "i": "nothing"}
    by, place = Speaker(chat="slack", user="U", responder="ada"), Place(channel="C")
    wish = Filled(by=by, place=place, form=form.name, values={}, facts=facts, at=MONDAY)
    assert private(house.concierge.answer(wish)) == "There is no such incident any more."


@pytest.mark.parametrize(
    "facts", [{}, {"once": ""}, {"once": "../../../x", "i": "a"}, {"once": 7, "i": "a"}, {"once": "0123456789abcdef"}]
)
@pytest.mark.parametrize("name", ["note", "resolve", "snooze", "reassign", "pass"])
def test_a_form_that_is_not_ours_is_not_believed(house: House, name: str, facts: dict[str, Json]) -> None:
    by, place = Speaker(chat="slack", user="U", responder="ada"), Place(channel="C")
    wish = Filled(by=by, place=place, form=name, values={}, facts=facts, at=MONDAY)
    assert private(house.concierge.answer(wish)) == "That form is from an older version; open it again."


def test_the_incident_of_the_thread_counts_where_a_button_names_none(house: House) -> None:
    assert read(house.press("ada", "form:note")) == "There is no such incident any more."
