"""Who may do what: the configuration's people anything, members of a room what is theirs, strangers what is here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.concierge.forms_world import ROOM, House, buttons, private, public
from tocsin.conversing.forms_silence import ALL
from tocsin.conversing.replies import Answer, Ask, Corrections, Reply
from tocsin.conversing.wishes import Place, Pressed, Said, Speaker
from tocsin.incidents.silence_machine import SilenceMachine
from tocsin.incidents.state import Status
from tocsin.kernel.time import DAY, MINUTE
from tocsin.wiring.concierge import forms, words
from tocsin.wiring.concierge.concierge import Handlers, HouseConcierge, plain_answer
from tocsin.wiring.concierge.filling import plainly
from tocsin.wiring.concierge.forms_duty import STRANGER
from tocsin.wiring.concierge.rights import NOT_YOURS, may_act, team_of_integration
from tocsin.wiring.concierge.words_room import NOT_KNOWN as UNKNOWN
from tocsin.wiring.concierge.words_status import COUNTING
from tocsin.wiring.key_desk import SettingsKeyDesk
from tocsin.wiring.room_records import Room, stored

ELSEWHERE = Place(channel="C00ELSE")
DIRECT = Place(channel="D00000CY", direct=True)
STRANGER_ID = "slack:mallory"
NOT_KNOWN = plainly(UNKNOWN)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Cy has only joined a room, that of web; Ada and Bo are of the configuration."""
    found = House(tmp_path / "tocsin.db")
    found.desk = replace(found.desk, configured=frozenset({"ada", "bo"}))
    found.concierge = HouseConcierge(
        Handlers(
            said=words.said(found.desk, forms.pressed(found.desk)),
            pressed=forms.pressed(found.desk),
            filled=forms.filled(found.desk),
            opened=lambda _: plain_answer("home"),
        )
    )
    yield found
    found.close()


def say(house: House, by: str, text: str, place: Place = DIRECT) -> Reply:
    speaker = Speaker(chat="slack", user=f"U-{by}", responder=by)
    return house.concierge.answer(Said(by=speaker, place=place, text=text, at=house.now))


def press(house: House, by: str, verb: str, place: Place = DIRECT, **value: str) -> Reply:
    speaker = Speaker(chat="slack", user=f"U-{by}", responder=by)
    return house.concierge.answer(Pressed(by=speaker, place=place, verb=verb, value=value, at=house.now))


def silences(house: House) -> list[str]:
    found = (SilenceMachine().decode(row.state) for row in house.store.listing("silence", live_only=True, limit=10))
    return [state.silence.team for state in found]


WHO = [("cy", DIRECT), ("cy", ELSEWHERE), (STRANGER_ID, DIRECT), (STRANGER_ID, ELSEWHERE)]


@pytest.mark.parametrize(("by", "place"), WHO)
@pytest.mark.parametrize(
    "verb", ["ack {}", "resolve {}", "snooze {} 2h", "escalate {}", "assign {} to bo", "note {} x"]
)
def test_words_about_an_incident_of_others_change_nothing(house: House, by: str, place: Place, verb: str) -> None:
    name = house.opened("disk full")
    before = house.incident(name)
    assert private(say(house, by, verb.format(name), place)) == NOT_YOURS
    assert private(say(house, by, verb.format(name), replace(place, incident=name))) == NOT_YOURS, "as buttons carry it"
    assert house.incident(name) == before


@pytest.mark.parametrize("verb", ["form:note", "form:resolve", "form:snooze", "form:reassign", "form:pass"])
def test_forms_about_an_incident_of_others_do_not_open(house: House, verb: str) -> None:
    name = house.opened("disk full")
    for by, place in WHO:
        assert private(press(house, by, verb, place, i=name)) == NOT_YOURS
    assert private(press(house, "cy", "form:silence", i=name)) == NOT_YOURS


def test_a_form_whose_incident_was_changed_on_the_way_does_nothing(house: House) -> None:
    name = house.opened("disk full")
    form = house.form("ada", "form:resolve", i=name)
    assert private(house.send_from(DIRECT, "cy", form)) == NOT_YOURS
    assert house.incident(name).status is Status.TRIGGERED
    silence = house.form("ada", "form:silence", i=name)
    assert house.send_from(DIRECT, "cy", silence, why="mine") == Corrections({"team": NOT_YOURS})
    assert not silences(house)


def test_who_is_in_the_room_may_act_there(house: House) -> None:
    name = house.opened("disk full")
    say(house, STRANGER_ID, f"ack {name}", Place(channel=ROOM))
    assert house.incident(name).assignee == STRANGER_ID


def test_a_room_that_the_configuration_knows_by_its_name_is_known_by_its_record(house: House) -> None:
    teams = dict(house.settings.teams) | {"ops": replace(house.settings.teams["ops"], slack="#ops")}
    settings = replace(house.settings, teams=teams)
    desk = replace(house.desk, settings=lambda: settings)
    who = Speaker(chat="slack", user="U1", responder=STRANGER_ID)
    assert not may_act(desk, who, Place(channel=ROOM), "ops")
    room = Room(channel=ROOM, name="ops", team="ops", integration="default", made_at=0)
    house.store.put_record("room", ROOM, stored(room))
    assert may_act(desk, who, Place(channel=ROOM), "ops")
    assert not may_act(desk, who, Place(channel=ROOM), "web")
    assert not may_act(desk, who, Place(channel=ROOM), "gone")
    assert team_of_integration(settings, "gone") == ""


def test_silences_of_room_members_are_about_their_own_team(house: House) -> None:
    assert private(say(house, "cy", "silence disk 2h")).startswith("Cy has silenced")
    assert silences(house) == ["web"], "never everything"
    assert private(say(house, "cy", "silence team:ops disk 2h")) == NOT_YOURS
    assert private(say(house, STRANGER_ID, "silence disk 2h")) == NOT_KNOWN
    assert private(say(house, STRANGER_ID, "silence integration:shop disk 2h", Place(channel=ROOM))) == NOT_YOURS
    assert silences(house) == ["web"]
    assert public(say(house, STRANGER_ID, "silence cpu 2h", Place(channel=ROOM))).startswith("mallory has silenced")
    assert sorted(silences(house)) == ["ops", "web"]


def test_the_form_offers_room_members_their_own_team_only(house: House) -> None:
    reply = press(house, "cy", "form:silence", matchers="a=b")
    assert isinstance(reply, Ask)
    assert "team" not in {field.name for field in reply.form.fields}
    assert house.send_from(DIRECT, "cy", reply.form, why="mine", team="ops") == Corrections({"team": NOT_YOURS})
    assert isinstance(house.send_from(DIRECT, "cy", reply.form, why="mine", team=ALL), Answer)
    assert silences(house) == ["web"]
    assert private(press(house, STRANGER_ID, "form:silence", matchers="a=b")) == NOT_YOURS


def test_a_silence_of_others_is_not_ended(house: House) -> None:
    [button] = buttons(house.send("ada", house.form("ada", "form:silence", matchers="a=b"), why="known", team="ops"))
    assert private(press(house, "cy", button.verb, **button.value)) == NOT_YOURS
    assert private(say(house, "cy", f"unsilence {button.value['s']}")) == NOT_YOURS
    assert silences(house) == ["ops"]


def test_who_has_only_joined_a_room_does_not_change_who_is_on_call(house: House) -> None:
    assert private(say(house, "cy", "override cy 2h schedule:primary")) == NOT_KNOWN
    assert private(press(house, "cy", "form:override")) == STRANGER
    form = house.form("ada", "form:override")
    assert private(house.send_from(DIRECT, "cy", form, who="cy")) == STRANGER
    swap = house.form("ada", "form:swap")
    assert private(house.send_from(DIRECT, "cy", swap, to="anybody")) == STRANGER
    asked = house.desk.oncall.ask(
        schedule="primary", by="ada", start=house.now + MINUTE, until=house.now + DAY // 8, to=""
    )[0]
    assert private(press(house, "cy", "swap:accept", s=asked.id)) == STRANGER
    assert not house.desk.oncall.swaps()[0].accepted


def test_keys_are_for_the_team_that_they_belong_to(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def rotate(_: SettingsKeyDesk, name: str) -> str:
        made.append(name)
        return f"https://bell.example/{name}"

    monkeypatch.setattr(SettingsKeyDesk, "rotate", rotate)
    assert private(say(house, "cy", "key", Place(channel=ROOM))) == NOT_YOURS
    assert private(say(house, "cy", "key integration:default new")) == NOT_YOURS
    assert private(say(house, STRANGER_ID, "key", Place(channel=ROOM))) == NOT_KNOWN
    assert not made
    assert "https://bell.example/shop" in private(say(house, "cy", "key integration:shop new"))
    say(house, "ada", "key integration:shop new")
    assert made == ["shop", "shop"]


def test_the_bell_is_tried_where_it_rings(house: House) -> None:
    assert private(say(house, STRANGER_ID, "test")) == NOT_YOURS
    assert not house.store.listing("incident", live_only=True, limit=9)
    assert private(say(house, STRANGER_ID, "test", Place(channel=ROOM))) != NOT_YOURS


def test_figures_are_counted_for_one_at_a_time(house: House) -> None:
    assert "alerts became" in private(say(house, "ada", "stats"))
    with COUNTING:
        assert private(say(house, "bo", "stats")) == "I am counting for somebody else; ask again in a moment."
    assert "alerts became" in private(say(house, "bo", "stats"))


def test_a_silence_of_everything_is_ended_by_the_configurations_people_only(house: House) -> None:
    assert private(say(house, "ada", "silence disk 2h")).startswith("Ada has silenced")
    assert silences(house) == [""]
    assert private(say(house, "cy", "unsilence disk")) == NOT_YOURS
    assert private(say(house, STRANGER_ID, "unsilence disk", Place(channel=ROOM))) == NOT_YOURS
    assert silences(house) == [""]
    assert private(say(house, "bo", "unsilence disk")).startswith("Bo has ended")
