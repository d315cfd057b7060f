"""The console's page of silences: who, why, until when; and the buttons that make, extend and end them."""

from __future__ import annotations

import pytest

from tests.web.console_desks import BEGIN
from tests.web.console_world import Stage, Visitor, World
from tocsin.incidents.inputs import Muted
from tocsin.incidents.silence_lists import listed, muted
from tocsin.incidents.silence_machine import SilenceSet, Silencing
from tocsin.incidents.silences import Mute, Phase, Silence
from tocsin.kernel.time import DAY, HOUR, MINUTE


def silences(world: World) -> list[Silencing]:
    return listed(world.store, live_only=False, now=world.now)


def make(ada: Visitor, **form: object) -> str:
    given = {"action": "make", "matchers": "service=db\n\nlevel!=info", "for": HOUR, "why": "disk swap"} | form
    return ada.press("/silences", **given).flash


def test_nothing_is_silenced_at_first(ada: Visitor) -> None:
    assert "Nothing is silenced." in ada.get("/silences").text


def test_one_is_made_from_matchers_and_shown_with_who_why_and_until(ada: Visitor, world: World) -> None:
    assert make(ada, team="ops") == "Silenced: service=db level!=info in team ops."
    [state] = silences(world)
    silence = state.silence
    assert (silence.created_by, silence.comment, silence.ends_at) == ("ada", "disk swap", BEGIN + HOUR)
    assert (silence.team, silence.tell) == ("ops", ("responder:ada",))
    text = " ".join(ada.get("/silences").text.split())
    assert "service=db level!=info in team ops" in text
    assert "by <b><bdi>ada</bdi></b>, until" in text
    assert "0 alerts held back" in text
    assert "Mutes nothing at this moment." in text


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"for": ""}, "say until when"),
        ({"for": 31 * DAY}, "longer than 30d"),
        ({"for": "9" * 20}, "say until when"),
        ({"why": " "}, "say why"),
        ({"matchers": ""}, "say which alerts"),
        ({"matchers": "db"}, "bad matcher format"),
        ({"every": "sundays"}, "is no window"),
        ({"every": "mon-sun"}, "never close"),
        ({"every": "sun 02:00-04:00\n" * 51}, "51 windows are too many"),
        ({"every": ",".join(["sun"] * 30)}, "at most 100 characters"),
        ({"every": "sun", "zone": "Berlin"}, "is no time zone"),
    ],
)
def test_what_cannot_be_is_told(ada: Visitor, world: World, form: dict[str, object], sentence: str) -> None:
    assert sentence in make(ada, **form)
    assert silences(world) == []


def test_a_form_that_is_not_ours_is_refused(ada: Visitor) -> None:
    csrf = ada.get("/silences").csrf
    assert ada.post("/silences", {"csrf": csrf, "action": "forget"}).status == 400
    assert ada.post("/silences", {"csrf": csrf, "action": "make", "team": "nobody"}).status == 400
    assert ada.post("/silences", {"csrf": csrf, "action": "make", "integration": "other"}).status == 400
    assert ada.post("/silences", {"csrf": csrf, "action": "end", "silence": "s"}).status == 404
    assert ada.post("/silences", {"csrf": csrf, "action": "make", "incident": "i"}).status == 404
    assert ada.post("/silences", {"action": "make"}).status == 403


def test_an_alert_is_silenced_on_its_page(ada: Visitor, world: World) -> None:
    name = world.ring("Disk is full")
    assert "Silence this alert" in ada.get(f"/incidents/{name}").text
    page = ada.press("/silences", action="make", incident=name, **{"for": 2 * HOUR}, why="waits")
    assert page.flash == 'Silenced: dedup_key="Disk is full".'
    assert 'id="do-silence"' in page.text
    [state] = silences(world)
    assert state.silence.tell == ("responder:ada",)


def test_what_it_mutes_is_named(ada: Visitor, world: World) -> None:
    make(ada)
    [state] = silences(world)
    for number in range(12):
        name = world.ring(f"<b>{number}")
        mute = Mute(silence=state.silence.id, by="ada", until=BEGIN + HOUR, why="disk swap")
        world.give(Muted(dedup_key=f"<b>{number}", mute=mute), name)
    text = ada.get("/silences").text
    assert "Mutes now:" in text
    assert "&lt;b&gt;11" in text
    assert "and 2 more" in text


def test_a_long_list_of_incidents_is_read_in_pages(ada: Visitor, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.incidents.silence_lists.PAGE", 2)
    make(ada)
    [state] = silences(world)
    mute = Mute(silence=state.silence.id, by="ada", until=BEGIN + HOUR)
    for number in range(5):
        world.now += 1
        world.give(Muted(dedup_key=f"{number}", mute=mute), world.ring(f"{number}"))
    assert [each.title for each in muted(world.store)[state.silence.id]] == ["4", "3", "2", "1", "0"]


def test_one_is_extended_and_ended(ada: Visitor, world: World) -> None:
    make(ada)
    name = silences(world)[0].silence.id
    assert ada.press("/silences", action="extend", silence=name, **{"for": HOUR}).flash == "It is longer now."
    assert silences(world)[0].silence.ends_at == BEGIN + 2 * HOUR
    assert "choose how much longer" in ada.press("/silences", action="extend", silence=name).flash
    world.now += MINUTE
    assert "It is over." in ada.press("/silences", action="end", silence=name).flash
    assert "it is over already" in ada.press("/silences", action="end", silence=name).flash
    text = " ".join(ada.get("/silences").text.split())
    assert "ended <time" in text
    assert "silenced nothing" in text


def test_one_that_comes_again_can_be_skipped_and_ended_for_good(ada: Visitor, world: World) -> None:
    make(ada, every="Sun 02:00-04:00", zone="Europe/Berlin", matchers="", team="ops", maintenance="1")
    [state] = silences(world)
    first = state.silence.starts_at
    assert (state.phase, state.silence.tell) == (Phase.PENDING, ("team:ops",))
    text = " ".join(ada.get("/silences").text.split())
    assert "every sun 02:00-04:00 (Europe/Berlin)" in text
    assert "Skip this turn" in text
    ada.press("/silences", action="end", silence=state.silence.id)
    assert silences(world)[0].silence.starts_at == first + 7 * DAY
    ada.press("/silences", action="end", silence=state.silence.id, for_good="1")
    assert silences(world)[0].phase is Phase.EXPIRED


def test_one_of_the_configuration_is_ended_for_good_only_there(ada: Visitor, world: World) -> None:
    planned = Silence(
        id="maintenance-backup",
        name="backup",
        integration="",
        matchers=(),
        starts_at=0,
        ends_at=0,
        every=("sun",),
        zone="UTC",
        team="ops",
    )
    world._tell("silence", SilenceSet(planned), ())
    [state] = silences(world)
    assert "End it for good" not in ada.get("/silences").text
    name = next(name for name in ("told/1", *(f"told/{number}" for number in range(9))) if world.store.load([name]))
    assert "take it out there" in ada.press("/silences", action="end", silence=name, for_good="1").flash
    assert silences(world) == [state]


def test_who_has_not_said_who_they_are_has_the_room_told(stage: Stage, world: World) -> None:
    visitor = Visitor(stage.port)
    visitor.enter(world.link())
    make(visitor, team="ops")
    make(visitor)
    assert sorted(state.silence.tell for state in silences(world)) == [(), ("team:ops",)]
    make(visitor, matchers="", integration="prod", maintenance="1")
    assert ("team:ops", "team:shop") in [state.silence.tell for state in silences(world)]
