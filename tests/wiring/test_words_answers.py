"""Answers to words where things are built differently: many schedules, none, no integration, forms, a direct talk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from tests.wiring.words_world import CONFIG, URL, World, buttons, drawn
from tocsin.conversing.replies import Answer, Ask
from tocsin.conversing.wishes import Place, Pressed, Said, Speaker
from tocsin.engine.ports import Handled, Received
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.outcomes import outcome
from tocsin.incidents.reasons import Reason
from tocsin.saying.text import Words, pieces
from tocsin.wiring.concierge import words
from tocsin.wiring.concierge.filling import zone_of
from tocsin.wiring.concierge.words_room import SAY, TEXT_MAX, said_value

MANY = CONFIG.replace(
    "schedules:\n", "schedules:\n  nights: {layers: [{responders: [bo, ada], start: 2026-01-05 20:00}]}\n"
)
NONE = "responders: {ada: {name: Ada}}\nteams: {ops: {members: [ada], slack: C0OPS}, web: {slack: C0WEB}}\n"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_where_there_are_several_schedules_it_is_asked_which_one(tmp_path: Path) -> None:
    world = World(tmp_path, MANY)
    asks = world.answer("override me 2h", channel="C0ELSE")
    assert drawn(asks).splitlines()[0] == "In which schedule?"
    told = world.press(asks, "ops")
    assert isinstance(told, Answer)
    assert drawn(told).startswith("*\nAda is on call in ops from now until Wed 12:30")
    later = world.press(world.answer("override bo 18:00-22:00", channel="C0ELSE"), "nights")
    assert isinstance(later, Answer)
    assert "Bo is on call in nights from Wed 18:00 until Wed 22:00" in drawn(later)
    swap = world.press(world.answer("swap friday", channel="C0ELSE"), "ops")
    assert isinstance(swap, Answer)
    assert "Ada asks somebody to take their turns in ops from Fri 00:00" in drawn(swap)
    with_bo = world.press(world.answer("swap with bo sunday", channel="C0ELSE"), "ops")
    assert isinstance(with_bo, Answer)
    assert "Ada asks Bo to take their turns in ops" in drawn(with_bo)
    assert "nights" in world.say("oncall", channel="C0ELSE")
    assert world.say("override ops bo").startswith("For how long is Bo on call?")
    chosen = world.press(world.answer("override ops bo"), "4 h")
    assert isinstance(chosen, Answer)
    assert "Bo is on call in ops from now until Wed 14:30" in drawn(chosen)


def test_without_schedules_and_integrations_that_is_said(tmp_path: Path) -> None:
    world = World(tmp_path, NONE)
    assert world.say("oncall").startswith("There are no schedules yet")
    assert world.say("override me 2h").startswith("There are no schedules yet")
    assert world.say("swap tomorrow").startswith("There are no schedules yet")
    assert world.say("mine").endswith("No shift of yours is planned in the next 30 days.")
    assert world.say("key", channel="C0WEB") == "This room's team has no integration yet, so nothing can be sent to it."
    assert "nothing can be tested" in world.say("test", channel="C0WEB")


def test_when_nobody_is_on_call_it_is_said_loud_and_clear(tmp_path: Path) -> None:
    world = World(tmp_path, CONFIG.replace("rotate: daily}", "rotate: daily, until: 2026-02-01}"))
    assert world.say("oncall") == "ops: NOBODY is on call (no layer plans for it), until Thu 10:30."
    assert "On call: nobody (ops)" in world.say("status")


def test_more_schedules_than_can_be_read_are_counted(tmp_path: Path) -> None:
    layer = "{layers: [{responders: [ada], start: 2026-01-05 09:00}]}"
    more = "".join(f"  s{number:02}: {layer}\n" for number in range(12))
    world = World(tmp_path, CONFIG.replace("schedules:\n", f"schedules:\n{more}"))
    assert world.say("oncall", channel="C0ELSE").endswith("and 3 more schedules")


def test_a_swap_between_others_is_only_looked_at(world: World) -> None:
    world.say("swap with bo friday")
    assert world.say("swap list", "cy") == "1 swap:\n- Ada asks Bo: ops from Fri 00:00 until Sat 00:00"


def test_an_answer_in_a_direct_talk_is_for_nobody_else(world: World) -> None:
    for text in ("silence disk 2h", "override me 2h", "swap friday"):
        found = world.reply(text, direct=True)
        assert isinstance(found, Answer)
        assert found.private


def test_a_form_that_words_open_knows_the_incident(world: World) -> None:
    world.alert("Disk full")
    world.with_forms({"form:silence": "Silence"})
    assert isinstance(world.reply("silence", incident="1"), Ask)
    assert world.forms["form:silence"].value == {"i": "1"}
    assert isinstance(world.reply("silence"), Ask)
    assert world.forms["form:silence"].value == {}


def test_a_store_that_cannot_work_is_told_to_the_chat(world: World) -> None:
    def broken(_: Received) -> Sequence[Handled]:
        raise StoreUnavailableError("the disk is full")

    answer = words.said(msgspec.structs.replace(world.desk, do=broken))
    said = Said(by=world.speaker("ada"), place=Place(channel="C0OPS"), text="silence disk 2h", at=world.now)
    with pytest.raises(StoreUnavailableError):
        answer(said)


def test_where_no_form_can_be_opened_a_button_opens_it(world: World) -> None:
    world.with_forms({"form:swap": "Swap"})
    said = Said(by=world.speaker("ada"), place=Place(channel="C0OPS"), text="swap", at=world.now, opens=False)
    found = world.concierge.answer(said)
    assert isinstance(found, Answer)
    [button] = buttons(found.saying)
    assert (button.verb, button.opens, button.value) == ("form:swap", True, {})
    assert not world.forms


@pytest.mark.parametrize("value", [{}, {"text": 7}, {"other": "status"}])
def test_a_button_that_says_nothing_does_nothing(world: World, value: dict[str, str | int]) -> None:
    by = Speaker(chat="slack", user="U0ADA", responder="ada")
    found = world.concierge.answer(Pressed(by=by, place=Place(channel="C0OPS"), verb=SAY, value=value, at=world.now))
    assert isinstance(found, Answer)
    assert "older version" in drawn(found)


def test_foreign_words_forge_nothing(world: World) -> None:
    world.alert("<!channel> \ue0030\ue005 *bold* " + "x" * 600, "critical")
    answer = world.answer("open")
    [item] = [each for each in buttons(answer.saying) if each.label == "Take it"]
    assert item.value == {"text": "ack 1"}
    text = answer.saying.parts[1]
    found = [piece for piece in pieces(getattr(text, "text", "")) if isinstance(piece, Words)]
    assert [piece.href for piece in found if piece.href] == [f"{URL}/incidents/1"]
    assert not any(piece.code for piece in found)
    assert "\ue003" not in drawn(world.answer('ack "\ue003hello\ue005"'))


def test_people_are_called_by_any_name_that_only_one_has(tmp_path: Path) -> None:
    names = "ada: {name: Ada Lovelace, slack: U0ADA}, bo: {name: Will Bemer}, cy: {name: Cy Bemer}"
    world = World(
        tmp_path, CONFIG.replace("ada: {name: Ada, slack: U0ADA}, bo: {name: Bo, slack: U0BO}, cy: {name: Cy}", names)
    )
    for called in ("ada", "lovelace", "<@U0ADA>", "<@U0ADA|ada>", "@ada", "Lovelace"):
        assert world.say(f"is {called} on call?").startswith("Yes: Ada Lovelace is on call"), called
    assert world.say("who will be on call?").startswith("ops: Ada Lovelace")
    assert "I know no schedule, team or person" in world.say("override bemer 2h")


def test_a_stranger_tries_the_bell_without_waking_people(world: World) -> None:
    world.say("test critical", "slack:eve")
    assert world.say("open critical") == "Nothing critical is open."
    world.say("test critical")
    assert "1 critical incident is open" in world.say("open critical")


def test_a_number_is_never_guessed_at(world: World) -> None:
    for number in range(10):
        world.alert(f"Host {'abcdefghij'[number]} is down")
    assert world.say("ack 1").startswith("Host a is down")
    world.say("resolve 1")
    assert world.say("escalate 10").startswith("Host j is down")
    told = world.say("ack 100")
    assert told == "No open incident has the number 100.\n[What is open?]"


def test_a_number_that_begins_another_one_is_asked_about(world: World) -> None:
    world.alert("Host a is down")
    for _ in range(18):
        world.say("note 1 hello")
    world.alert("Host b is down")
    asks = world.answer("ack 2")
    assert drawn(asks).startswith(
        "No open incident has the number 2. Did you mean one of these?\n- high Host b is down"
    )
    told = world.press(asks, "This one")
    assert isinstance(told, Answer)
    assert drawn(told).startswith("Host b is down: Acknowledged")


def test_whose_clock_is_meant(world: World) -> None:
    nowhere = Speaker(chat="slack", user="U0EVE", responder="slack:eve", zone="Mars/Base")
    assert zone_of(world.desk, nowhere) == "UTC"
    assert zone_of(world.desk, world.speaker("ada")) == "Europe/Berlin"


def test_what_came_of_a_verb_is_said_the_same_everywhere() -> None:
    assert outcome(Reason.ESCALATED, who="asking Bo") == "Escalated: now asking Bo."
    assert outcome(Reason.TAKEN_OVER, before="Ada") == "You took it over from Ada."
    assert outcome("flapping") == "flapping"


def test_what_a_button_cannot_carry_is_seen_to_be_cut() -> None:
    assert said_value("x" * TEXT_MAX) == {"text": "x" * TEXT_MAX}
    assert said_value("x" * TEXT_MAX + "y") == {"text": "x" * (TEXT_MAX - 1) + "…"}
