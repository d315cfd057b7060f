"""The page of a storm: how much it holds, and one button for all of that."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.web.console_desks import BEGIN
from tests.web.console_world import Visitor, World
from tocsin.incidents import storms
from tocsin.incidents.alerts import Alert, AlertStatus, Plan
from tocsin.incidents.inputs import AlertReceived
from tocsin.incidents.marks import Marks
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.state import Status
from tocsin.incidents.storms import Limits, Summary
from tocsin.kernel.time import HOUR
from tocsin.web.console import storm as storm_page

PLAN = Plan(team="ops", policy=Policy(name="usual", steps=(Step(("responder:ada",)),), everyone=("team:ops",)))
MUTE = replace(storms.mute("ops", BEGIN, Limits()), until=BEGIN + HOUR)


def begun(world: World, count: int) -> tuple[str, list[str]]:
    """A storm that holds *count* incidents; their ids."""
    alert = storms.begun(Summary(team="ops", began_at=BEGIN, until=MUTE.until, sudden=11))
    storm = world.give(AlertReceived(alert, PLAN, marks=Marks(mutes=(alert.dedup_key,))), keys=(alert.dedup_key,))
    held = [Alert(status=AlertStatus.FIRING, title=f"d{n}", dedup_key=f"d{n}", source="json") for n in range(count)]
    return storm, [world.give(AlertReceived(each, PLAN, mute=MUTE), keys=(each.dedup_key,)) for each in held]


def test_a_storm_tells_what_it_holds_and_all_of_it_is_taken_by_one_button(ada: Visitor, world: World) -> None:
    storm, held = begun(world, 3)
    assert "This storm holds 3 incidents." in ada.get(f"/incidents/{storm}").text
    page = ada.get(f"/incidents/{held[0]}").text
    assert '<span class="status held">held</span>' in page
    assert "This storm holds" not in page
    said = ada.press(f"/incidents/{storm}", verb="acknowledge", held="yes")
    assert said.flash == "You take 3 incidents."
    assert {world.state(name).assignee for name in held} == {"ada"}
    assert world.state(storm).status is Status.TRIGGERED
    assert "This storm holds" not in ada.get(f"/incidents/{storm}").text


def test_all_of_it_is_resolved_by_one_button(ada: Visitor, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storm_page, "PAGE", 1)
    storm, held = begun(world, 1)
    assert "This storm holds 1 incident." in ada.get(f"/incidents/{storm}").text
    assert ada.press(f"/incidents/{storm}", verb="resolve", held="yes").flash == "Resolved: 1 incident."
    assert world.state(held[0]).status is Status.RESOLVED


def test_what_holds_nothing_has_nothing_to_take(ada: Visitor, world: World) -> None:
    incident = world.ring()
    assert ada.press(f"/incidents/{incident}", verb="acknowledge", held="yes").flash == "You take 0 incidents."
    assert world.state(incident).status is Status.TRIGGERED


def test_other_verbs_are_never_for_all(ada: Visitor, world: World) -> None:
    storm, held = begun(world, 1)
    assert ada.press(f"/incidents/{storm}", verb="escalate", held="yes").flash.startswith("Escalated")
    assert world.state(held[0]).called == "held"


def test_a_group_is_told(ada: Visitor, world: World) -> None:
    alert = Alert(status=AlertStatus.FIRING, title="d", dedup_key="d", source="json", resource="db-<1>")
    name = world.give(AlertReceived(alert, replace(PLAN, group_by=("resource",))), keys=("d",))
    assert "resource=db-&lt;1&gt;" in ada.get(f"/incidents/{name}").body.decode()
