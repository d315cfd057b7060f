"""The buttons: each becomes a delivery, and the person is told what came of it."""

from __future__ import annotations

import pytest

from tests.web.console_desks import BEGIN
from tests.web.console_world import Stage, Visitor, World, due
from tocsin.engine.ports import Commit, Handled
from tocsin.incidents.commands import command
from tocsin.incidents.inputs import Acknowledged, Resolved
from tocsin.incidents.state import Status
from tocsin.kernel import json
from tocsin.kernel.time import HOUR, MINUTE
from tocsin.web.console import verbs

ESCALATED = "Escalated: now asking everyone in ops."


def test_a_button_is_a_delivery_like_any_other(ada: Visitor, world: World) -> None:
    incident = world.ring()
    assert ada.press(f"/incidents/{incident}", verb="acknowledge").flash == "Acknowledged: it is yours now."
    delivery = world.store.delivery("1")
    assert delivery
    assert (delivery.channel, delivery.key, delivery.head) == ("console", "", b"")
    order = command(json.decode(delivery.body))
    assert (order.verb, order.incident, order.by) == ("acknowledge", incident, "ada")
    assert world.state(incident).assignee == "ada"


def test_acknowledging_twice_says_who_has_it(ada: Visitor, world: World) -> None:
    incident = world.ring()
    ada.press(f"/incidents/{incident}", verb="acknowledge")
    again = ada.press(f"/incidents/{incident}", verb="acknowledge")
    assert again.flash == "Nothing to do: it was already acknowledged by Ada Lovelace, which is you."


def test_taking_over_says_from_whom(ada: Visitor, bob: Visitor, world: World) -> None:
    incident = world.ring()
    bob.press(f"/incidents/{incident}", verb="acknowledge")
    assert ada.press(f"/incidents/{incident}", verb="acknowledge").flash == "You took it over from Bob Bemer."


def test_a_late_acknowledgement_of_what_is_over_says_so(ada: Visitor, bob: Visitor, world: World) -> None:
    incident = world.ring()
    assert bob.press(f"/incidents/{incident}", verb="resolve", text="Made room").flash == "Resolved. Thank you!"
    assert world.state(incident).resolve_note == "Made room"
    for verb in ("acknowledge", "escalate", "resolve"):
        flash = ada.press(f"/incidents/{incident}", verb=verb).flash
        assert flash == "Nothing to do: it was already resolved by Bob Bemer."


def test_passing_asks_the_next(ada: Visitor, world: World) -> None:
    incident = world.ring()
    assert ada.press(f"/incidents/{incident}", verb="pass", rung=0).flash == "Passed on: now asking Bob Bemer."


def test_who_was_not_asked_cannot_pass(bob: Visitor, world: World) -> None:
    incident = world.ring()
    flash = bob.press(f"/incidents/{incident}", verb="pass", rung=0).flash
    assert flash == "You were not asked, so there was nothing to pass on: asking Ada Lovelace."


def test_a_late_click_does_not_escalate_twice(ada: Visitor, world: World) -> None:
    incident = world.ring()
    assert 'name="rung" value="0"' in ada.get(f"/incidents/{incident}").text
    due(world, incident)
    for verb in ("pass", "escalate"):
        flash = ada.press(f"/incidents/{incident}", verb=verb, rung=0).flash
        assert flash == "Too late for that button, as it had moved on: asking Bob Bemer."
    assert world.state(incident).rung == 1
    assert ada.press(f"/incidents/{incident}", verb="escalate", rung=1).flash == ESCALATED


def test_reassigning_asks_that_person(ada: Visitor, world: World) -> None:
    incident = world.ring()
    assert ada.press(f"/incidents/{incident}", verb="reassign", to="bob").flash == "Reassigned: now asking Bob Bemer."
    assert ada.press(f"/incidents/{incident}", verb="reassign", to="x").flash.startswith("Choose the person")
    assert ada.press(f"/incidents/{incident}", verb="reassign").flash.startswith("Choose the person")
    assert len(world.store.deliveries(10)) == 1


@pytest.mark.parametrize(
    ("form", "until", "back"),
    [
        ({"for": str(30 * MINUTE)}, BEGIN + 30 * MINUTE, "in 30 min"),
        ({"until": str(BEGIN + HOUR), "until_utc": "2026-11-21T09:00"}, BEGIN + HOUR, "in 1 h 0 min"),
        ({"until": "", "until_utc": "2026-11-21T05:00"}, BEGIN + 2 * HOUR, "in 2 h 0 min"),
    ],
)
def test_snoozing_until(ada: Visitor, world: World, form: dict[str, str], until: int, back: str) -> None:
    incident = world.ring()
    flash = ada.press(f"/incidents/{incident}", verb="snooze", **form).flash
    assert flash == f"Snoozed: it comes back {back}."
    assert world.state(incident).snoozed_until == until


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "Choose until when."),
        ({"until": "soon", "until_utc": "tomorrow"}, "Choose until when."),
        ({"until_utc": "2026-11-21T02:59"}, "That time has passed already; choose a later one."),
        ({"for": "0"}, "That time has passed already; choose a later one."),
        ({"for": "9" * 30}, "Choose until when."),
    ],
)
def test_a_snooze_that_makes_no_sense_is_explained(ada: Visitor, world: World, form: dict[str, str], said: str) -> None:
    incident = world.ring()
    assert ada.press(f"/incidents/{incident}", verb="snooze", **form).flash == said
    assert world.state(incident).status is Status.TRIGGERED


def test_a_note_is_kept(ada: Visitor, world: World) -> None:
    incident = world.ring()
    page = ada.press(f"/incidents/{incident}", verb="note", text="  first\r\nsecond <b>  ")
    assert page.flash == "Noted."
    assert "ada: first\nsecond &lt;b&gt;" in page.text
    assert ada.press(f"/incidents/{incident}", verb="note", text=" ").flash.startswith("An empty note")
    world.give(Resolved(by="bob"), incident)
    assert ada.press(f"/incidents/{incident}", verb="note", text="afterwards").flash == "Noted."


def test_whoever_has_not_said_who_they_are_acts_as_the_console(stage: Stage, world: World) -> None:
    visitor = Visitor(stage.port)
    visitor.enter(world.link())
    incident = world.ring()
    visitor.press(f"/incidents/{incident}", verb="acknowledge")
    assert world.state(incident).assignee == "console"


def test_an_unknown_verb_is_refused(ada: Visitor, world: World) -> None:
    incident = world.ring()
    for verb in ("", "delete", "Acknowledge"):
        answer = ada.post(f"/incidents/{incident}", {"csrf": ada.get("/people").csrf, "verb": verb})
        assert answer.status == 400
    assert world.store.deliveries(10) == []


def test_what_takes_longer_is_promised(ada: Visitor, world: World) -> None:
    incident = world.ring()
    world.asleep = True
    assert ada.press(f"/incidents/{incident}", verb="acknowledge").flash == verbs.LATER
    assert len(world.store.backlog(10)) == 1


def test_a_full_disk_is_told_and_nothing_is_done(ada: Visitor, world: World) -> None:
    incident = world.ring()
    world.refuses = True
    answer = ada.post(f"/incidents/{incident}", {"csrf": ada.get("/people").csrf, "verb": "acknowledge"})
    assert answer.status == 503
    assert "Nothing was done" in answer.text
    assert "disk full" in answer.text
    assert world.state(incident).status is Status.TRIGGERED


def test_an_incident_whose_name_has_slashes_and_more(ada: Visitor, world: World) -> None:
    name = "12/0:ü %3f?"
    state = world.state(world.ring("Strange"))
    world.give(Acknowledged(by="bob"), world.ring("Strange"))
    world.store.commit(
        [
            Commit(
                aggregate=name,
                machine="incident",
                expected=0,
                state=world.machine.encode(state),
                wake_at=state.wake_at,
                live=True,
                owes=True,
                rank=BEGIN + 1,
            )
        ]
    )
    path = "/incidents/12/0:%C3%BC%20%253f%3F"
    assert f'href="{path}"' in ada.get("/").text
    assert ada.press(path, verb="acknowledge").flash == "Acknowledged: it is yours now."
    assert world.state(name).assignee == "ada"


def test_a_reason_without_a_sentence_of_its_own_is_told_as_it_is(stage: Stage, world: World) -> None:
    incident = world.ring()
    world.asleep = True
    told = "something new"

    async def outcome(delivery_id: str, timeout: float) -> list[Handled]:  # noqa: ASYNC109 - the port's.
        del timeout
        return [Handled(f"{delivery_id}/0", world.now, told, "")]

    world.outcome = outcome  # type: ignore[method-assign]
    visitor = Visitor(stage.port)
    visitor.enter(world.link("ada"))
    assert visitor.press(f"/incidents/{incident}", verb="resolve").flash == "something new"
    told = "passed, others are still asked"
    assert visitor.press(f"/incidents/{incident}", verb="pass").flash == "Passed on: still asking Ada Lovelace."
