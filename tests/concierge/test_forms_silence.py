"""The form that silences: what, until when, why, who is reminded; and its end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.concierge.forms_world import CONFIG, MONDAY, ROOM, House, buttons, options, private, public, wrong
from tocsin.conversing.forms_silence import ALL
from tocsin.conversing.wishes import Filled, Place, Speaker
from tocsin.incidents.silence_machine import SilenceMachine, Silencing
from tocsin.kernel.json import Json
from tocsin.kernel.time import DAY, HOUR, MINUTE
from tocsin.saying.forms import Ticks


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    found = House(tmp_path / "tocsin.db")
    yield found
    found.close()


def silences(house: House) -> list[Silencing]:
    rows = house.store.listing("silence", live_only=False, limit=10)
    return [SilenceMachine().decode(row.state) for row in rows]


def test_this_alert_is_silenced_for_two_hours_and_the_room_hears_of_it(house: House) -> None:
    name = house.opened("disk full", labels={"service": "db"})
    form = house.form("ada", "form:silence", i=name)
    assert options(form, "what") == {
        "alert": "This alert, and no other",
        "title": "Everything with this title",
        "matchers": "What the matchers below say",
    }
    reply = house.send("ada", form, why="known,\nfixed tomorrow")
    ends_at = MONDAY + 2 * HOUR
    assert public(reply) == f"Ada has silenced the alert disk full until <{ends_at}>: known, fixed tomorrow"
    [state] = silences(house)
    assert (state.silence.ends_at, state.silence.created_by, state.silence.tell) == (ends_at, "Ada", ("responder:ada",))
    assert house.incident(name).called == "silenced"
    assert [button.verb for button in buttons(reply)] == ["silence:end"]
    house.wait(105 * MINUTE)
    assert [receiver for receiver, _ in house.told] == ["responder:ada"], "who has made it is reminded"


def test_the_same_form_silences_once(house: House) -> None:
    form = house.form("ada", "form:silence", i=house.opened("disk full"))
    first = public(house.send("ada", form, why="known"))
    house.now += MINUTE
    assert public(house.send("ada", form, why="known")) == first
    assert len(silences(house)) == 1


def test_a_silence_is_ended_by_its_button_and_what_fires_asks(house: House) -> None:
    name = house.opened("disk full")
    [button] = buttons(house.send("ada", house.form("ada", "form:silence", i=name), why="known"))
    assert house.incident(name).called == "silenced"
    pages = len(house.pages)
    assert public(house.press("bo", button.verb, **button.value)).startswith("Bo has ended the silence of Ada (known).")
    assert house.incident(name).called == "triggered"
    assert len(house.pages) > pages
    assert private(house.press("bo", button.verb, **button.value)) == "It is over already."
    assert private(house.press("bo", button.verb, s="nothing")) == "There is no such silence any more."
    assert private(house.press("bo", button.verb, s=name)) == "There is no such silence any more."


def test_what_is_not_done_at_once_is_stored_all_the_same(house: House) -> None:
    form = house.form("ada", "form:silence", i=house.opened("disk full"))
    house.slow = True
    assert private(house.send("ada", form, why="known")) == "It is stored, and will be done in a moment."
    house.rest()
    [state] = silences(house)
    assert private(house.press("ada", "silence:end", s=state.silence.id)).startswith("It is stored")


@pytest.mark.parametrize(
    ("chosen", "covered"), [("title", {"one", "two"}), ("resource", {"one", "three"}), ("matchers", {"two", "three"})]
)
def test_more_than_this_alert_can_be_meant(house: House, chosen: str, covered: set[str]) -> None:
    alerts: dict[str, dict[str, Json]] = {
        "one": {"title": "disk full", "resource": "db-1"},
        "two": {"title": "disk full", "resource": "db-2", "labels": {"tier": "b"}},
        "three": {"title": "slow", "resource": "db-1", "labels": {"tier": "b"}},
    }
    for key, facts in alerts.items():
        house.send_alert(**{**facts, "dedup_key": key})
    names = {incident.face.dedup_key: name for name, incident in house.incidents()}
    form = house.form("ada", "form:silence", i=names["one"])
    assert options(form, "what")["resource"] == "Everything of db-1"
    house.send("ada", form, what=chosen, matchers="tier=b\n", why="known", until=MONDAY + DAY)
    muted = {incident.face.dedup_key for _, incident in house.incidents() if incident.called == "silenced"}
    assert muted == covered


def test_without_an_incident_matchers_say_what_and_a_team_may_be_chosen(house: House) -> None:
    form = house.form("ada", "form:silence", matchers='service="db"', **{"for": "8h"})
    assert options(form, "team") == {ALL: "All teams", "ops": "ops", "web": "web"}
    public(house.send("ada", form, why="known", tell=("room", "me")))
    public(house.send("ada", house.form("ada", "form:silence"), matchers="a=b", team=ALL, why="known", tell=()))
    one, all_teams = sorted(silences(house), key=lambda state: state.silence.team, reverse=True)
    assert (one.silence.team, one.silence.ends_at) == ("ops", MONDAY + 8 * HOUR)
    assert one.silence.tell == ("responder:ada", "team:ops")
    assert (all_teams.silence.team, all_teams.silence.tell) == ("", ())


def test_who_is_no_responder_can_have_the_room_reminded(house: House) -> None:
    form = house.form("slack:guest", "form:silence", matchers="a=b")
    assert options(form, "tell") == {"room": "The room of ops"}
    assert public(house.send("slack:guest", form, why="known")).startswith("guest has silenced a=b in team ops until <")
    assert silences(house)[0].silence.created_by == "guest"


def test_with_nobody_to_remind_nothing_is_asked_about_that(tmp_path: Path) -> None:
    place = Place(channel="19:ops@thread.tacv2")
    house = House(tmp_path / "tocsin.db", f'teams: {{ops: {{teams_channel: "{place.channel}"}}}}')
    form = house.form("slack:guest", "form:silence", channel=place.channel, matchers="a=b")
    assert not [field for field in form.fields if isinstance(field, Ticks) or field.name == "team"]
    public(house.send_from(place, "slack:guest", form, why="known"))
    house.close()


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"why": ""}, {"why": "Say why, so that others know."}),
        ({"why": "x" * 501}, {"why": "These are 501 characters; 500 are possible."}),
        ({"until": MONDAY}, {"until": "That time has passed; choose a later one, or none."}),
        ({"until": MONDAY + 31 * DAY}, {"until": "Longer than 30d is not possible; say it again when that is over."}),
        ({"for": "1y"}, {"for": "Choose for how long."}),
        ({"matchers": " "}, {"matchers": "Say which alerts: a line like service=db, or several."}),
        ({"matchers": "disk"}, {"matchers": "Bad matcher format: 'disk' is not like name=\"value\"."}),
        (
            {"matchers": "a!=b"},
            {"matchers": "Say which alerts: at least one matcher, like service=db, must want something."},
        ),
        ({"team": "gone"}, {"team": "That team is not there any more; choose another one."}),
    ],
)
def test_what_cannot_be_a_silence_is_said_at_its_field(
    house: House, values: dict[str, object], errors: dict[str, str]
) -> None:
    form = house.form("ada", "form:silence", matchers="a=b")
    assert wrong(house.send("ada", form, **{"why": "known", **values})) == errors
    assert silences(house) == []


def test_an_incident_with_too_many_alerts_to_name_is_said_at_what_is_silenced(tmp_path: Path) -> None:
    house = House(tmp_path / "tocsin.db", CONFIG.replace("ops: {", "ops: {group_by: source, "))
    for number in range(3):
        house.send_alert("disk full", dedup_key=f"{number}" + "x" * 400)
    [(name, _)] = house.incidents()
    form = house.form("ada", "form:silence", i=name)
    assert "too many to name" in wrong(house.send("ada", form, why="known"))["what"]
    house.close()


@pytest.mark.parametrize("facts", [{}, {"once": "x"}])
def test_a_form_that_is_not_ours_is_not_believed(house: House, facts: dict[str, str]) -> None:
    by, place = Speaker(chat="slack", user="U", responder="ada"), Place(channel=ROOM)
    wish = Filled(by=by, place=place, form="silence", values={}, facts=facts, at=MONDAY)
    assert private(house.concierge.answer(wish)) == "That form is from an older version; open it again."
