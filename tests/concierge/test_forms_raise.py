"""Raising an incident, from nothing and from a message."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.concierge.forms_world import CONFIG, MONDAY, ROOM, URL, House, options, private, public, read, wrong
from tocsin.conversing.forms_raise import NOBODY
from tocsin.conversing.wishes import Filled, Place, Speaker
from tocsin.engine.ports import Received
from tocsin.incidents.alerts import Severity
from tocsin.kernel.time import MINUTE
from tocsin.saying.forms import Form, Words
from tocsin.wiring import raising


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path / "tocsin.db")
    yield found
    found.close()


def words(form: Form, name: str) -> str:
    [field] = [field for field in form.fields if field.name == name]
    assert isinstance(field, Words)
    return field.initial


def test_who_raises_an_incident_has_the_team_of_the_room_asked(house: House) -> None:
    form = house.form("cy", "raise")
    told = private(house.send("cy", form, title="checkout\nis slow", description="since noon"))
    name = house.named("checkout is slow")
    incident = house.incident(name)
    assert told.startswith("Cy has raised checkout is slow (high). Asking ")
    assert (incident.team, incident.integration, incident.severity) == ("ops", "default", Severity.HIGH)
    assert incident.face.description == "since noon\n\nRaised by Cy."
    assert incident.face.labels == {"raised_by": "Cy"}
    assert house.pages == list(incident.asked)
    assert house.story(name)[-1] == "cy: raised it"


def test_the_same_form_raises_once(house: House) -> None:
    form = house.form("cy", "raise")
    first = house.send("cy", form, title="slow")
    assert house.send("cy", form, title="slow") == first
    assert len(house.incidents()) == len(house.pages) == 1


def test_a_form_that_was_sent_twice_before_it_was_handled_raises_once(house: House) -> None:
    form = house.form("cy", "raise")
    house.slow = True
    for _ in range(2):
        told = private(house.send("cy", form, title="slow"))
        assert told == "slow is stored, and somebody will be asked in a moment."
    house.rest()
    assert len(house.incidents()) == len(house.pages) == 1
    assert [line for line in house.story(house.named("slow")) if "raised" in line] == ["cy: raised it"]


def test_another_team_and_somebody_to_begin_with_can_be_chosen(house: House) -> None:
    form = house.form("ada", "raise")
    assert options(form, "team") == {"ops": "ops", "web": "web"}
    assert list(options(form, "ask")) == [NOBODY, "ada", "bo", "cy"]
    told = public(house.send("ada", form, title="shop is down", team="web", ask="bo", severity="critical"))
    assert told.startswith("Ada has raised shop is down (critical)."), "this is the room of another team"
    incident = house.incident(house.named("shop is down"))
    assert (incident.team, incident.integration, incident.severity) == ("web", "shop", Severity.CRITICAL)
    assert incident.asked == ("responder:bo",)
    house.wait(6 * MINUTE)
    assert house.incident(house.named("shop is down")).asked == ("responder:cy",)


def test_whom_the_policy_asks_first_is_not_asked_twice_in_a_row(house: House) -> None:
    public(house.send("ada", house.form("ada", "raise"), title="slow", team="web", ask="cy"))
    steps = house.incident(house.named("slow")).plan.policy.steps
    assert [step.targets for step in steps] == [("responder:cy",)]


def test_in_a_room_of_nobody_the_first_team_is_asked(house: House) -> None:
    form = house.form("cy", "raise", channel="C0000GENERAL")
    read(house.send("cy", form, title="slow"))
    assert house.incident(house.named("slow")).team == "ops"


def test_with_one_team_it_need_not_be_chosen(tmp_path: Path) -> None:
    house = House(tmp_path / "tocsin.db", "responders: {ada: }\nteams: {ops: {members: [ada]}}")
    form = house.form("ada", "raise")
    assert [field.name for field in form.fields] == ["title", "severity", "description", "ask"]
    read(house.send("ada", form, title="slow"))
    assert house.pages == ["responder:ada"]
    house.close()


def test_without_any_responder_the_room_is_asked(tmp_path: Path) -> None:
    house = House(tmp_path / "tocsin.db", "{}")
    form = house.form("slack:guest", "raise")
    assert "ask" not in {field.name for field in form.fields}
    assert read(house.send("slack:guest", form, title="slow")).startswith("guest has raised slow")
    assert len(house.pages) == 1
    house.close()


def test_what_somebody_has_just_raised_is_shown_instead(house: House) -> None:
    read(house.send("cy", house.form("cy", "raise"), title="Checkout is slow"))
    name = house.named("Checkout is slow")
    reply = house.send("ada", house.form("ada", "raise"), title="checkout  is SLOW")
    told = private(reply)
    assert told.startswith(f"Checkout is slow was raised at <{MONDAY}> already. Asking")
    assert told.endswith("Nobody was asked a second time. If yours is something else, give it another title.")
    assert f"{URL}/incidents/{name}" in str(reply)
    assert len(house.incidents()) == 1
    read(house.send("ada", house.form("ada", "raise"), title="checkout is slow", team="web"))
    assert len(house.incidents()) == 2, "another team"
    house.now += 11 * MINUTE
    read(house.send("ada", house.form("ada", "raise"), title="checkout is slow"))
    assert len(house.incidents()) == 3, "some time ago"


def test_what_a_sender_has_told_is_raised_by_people_all_the_same(house: House) -> None:
    house.opened("slow")
    read(house.send("cy", house.form("cy", "raise"), title="slow"))
    assert len(house.incidents()) == 2


def test_a_message_becomes_an_incident_with_a_link_to_it(house: House) -> None:
    text = "\n the shop says 500 <!channel>\nsince ten minutes\n"
    form = house.form("ada", "raise-from", text=text, link="https://chat.example/archives/C1/p1", author="Bo")
    assert words(form, "title") == "the shop says 500 <!channel>"
    assert words(form, "description") == ("the shop says 500 <!channel>\nsince ten minutes\n\nFrom a message of Bo.")
    reply = house.send("ada", form)
    assert "It is about this message." in read(reply)
    [(name, incident)] = house.incidents()
    assert [(link.text, link.href) for link in incident.face.links] == [
        ("The message", "https://chat.example/archives/C1/p1")
    ]
    assert name in str(reply)


@pytest.mark.parametrize(("author", "told"), [("U00000ADA", "From a message of Ada."), ("U00000XYZ", "")])
def test_an_author_that_is_an_id_is_told_by_name_or_not_at_all(tmp_path: Path, author: str, told: str) -> None:
    house = House(tmp_path / "tocsin.db", CONFIG.replace("ada: {name: Ada}", "ada: {name: Ada, slack: U00000ADA}"))
    assert words(house.form("bo", "on_message", text="slow", author=author), "description") == told
    house.close()


@pytest.mark.parametrize("address", ["", "javascript:alert(1)", "http://chat.example/1", "https://", "https://a b/"])
def test_an_address_that_leads_nowhere_is_left_out(house: House, address: str) -> None:
    form = house.form("ada", "raise-from", text="slow", link=address)
    assert words(form, "description") == ""
    read(house.send("ada", form))
    assert house.incident(house.named("slow")).face.links == ()


@pytest.mark.parametrize("text", ["", " \n ", "x" * 10_000, "a\n" * 5_000, "\u202ex"])
def test_any_message_makes_a_form_that_can_be_shown(house: House, text: str) -> None:
    house.form("ada", "raise-from", text=text, author="y" * 500)


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"title": " "}, {"title": "Say in a few words what is wrong."}),
        ({"title": "\u202e"}, {"title": "Say in a few words what is wrong."}),
        ({"title": "x" * 151}, {"title": "These are 151 characters; 150 are possible."}),
        ({"description": "x" * 3001}, {"description": "These are 3001 characters; 3000 are possible."}),
        ({"severity": "terrible"}, {"severity": "Choose how bad it is."}),
        ({"team": "gone"}, {"team": "That team is not there any more; choose another one."}),
        ({"ask": "dee"}, {"ask": "Choose somebody else; whom you have chosen is not there any more."}),
    ],
)
def test_what_cannot_be_raised_is_said_at_its_field(
    house: House, values: dict[str, object], errors: dict[str, str]
) -> None:
    assert wrong(house.send("ada", house.form("ada", "raise"), **{"title": "slow", **values})) == errors
    assert house.incidents() == []


def test_a_silence_of_the_chosen_team_counts_for_what_is_raised(house: House) -> None:
    public(house.send("ada", house.form("ada", "form:silence"), matchers="source=person", team="web", why="a test"))
    read(house.send("ada", house.form("ada", "raise"), title="one", team="ops"))
    read(house.send("ada", house.form("ada", "raise"), title="two", team="web"))
    assert [house.incident(house.named(title)).called for title in ("one", "two")] == ["triggered", "silenced"]


def test_what_a_person_raises_is_an_incident_of_its_own(tmp_path: Path) -> None:
    house = House(tmp_path / "tocsin.db", CONFIG.replace("ops: {", "ops: {group_by: source, "))
    for title in ("one", "two"):
        read(house.send("ada", house.form("ada", "raise"), title=title))
    assert len(house.incidents()) == 2
    house.close()


def test_a_delivery_that_raises_nothing_says_so(house: House) -> None:
    received = Received(received_at=MONDAY, channel=raising.CHANNEL, key="", head=b"", body=b"{}")
    [handled] = house.do(received)
    assert handled.reason.startswith("nothing to raise: ")


def test_a_form_that_is_not_ours_is_not_believed(house: House) -> None:
    by, place = Speaker(chat="slack", user="U", responder="ada"), Place(channel=ROOM)
    wish = Filled(by=by, place=place, form="raise", values={"title": "x"}, facts={}, at=MONDAY)
    assert private(house.concierge.answer(wish)) == "That form is from an older version; open it again."
