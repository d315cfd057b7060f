"""What an incident's page says of the ways by which those who are asked will still hear of it."""

from __future__ import annotations

from msgspec.structs import replace

from tests.web.console_desks import BEGIN
from tocsin.engine.ports import Outgoing
from tocsin.incidents.alerts import Alert, AlertStatus, Plan
from tocsin.incidents.inputs import Acknowledged, AlertReceived
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.state import Incident
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, Instant
from tocsin.testing.memory import MemoryStore
from tocsin.web.console.ways_ahead import waiting, ways_ahead

MACHINE = IncidentMachine()


def asking() -> Incident:
    policy = Policy(name="one", steps=(Step(("responder:ada",), 5 * MINUTE), Step(("responder:bo",))), everyone=())
    alert = Alert(status=AlertStatus.FIRING, title="x", dedup_key="x", source="json")
    state = MACHINE.decide(None, AlertReceived(alert, Plan(team="ops", policy=policy)), BEGIN).state
    assert state
    return state


def page(minutes: int, **more: Json) -> Outgoing:
    return Outgoing(
        id=f"1/{minutes}",
        aggregate="1",
        machine="incident",
        receiver="responder:ada",
        kind="page",
        facts={"rung": 0, "by": ["sms", "mail"], **more},
        coalesce="",
        urgent=True,
        created_at=BEGIN,
        not_before=BEGIN + minutes * MINUTE,
    )


def told(*pages: Outgoing, state: Incident | None = None) -> list[tuple[Instant, str]]:
    found = ways_ahead(MACHINE, "1", state or asking(), pages, {"ada": "Ada"}, BEGIN)
    return [((each.at - BEGIN) // MINUTE, each.what) for each in found]


def test_the_ways_that_are_still_to_come_are_told_in_their_order() -> None:
    assert told(page(4, by=["voice"]), page(2)) == [(2, "SMS to Ada"), (4, "a call to Ada")]
    assert told(page(1, by=[]), page(3, by=["pigeon"])) == [(1, "a page to Ada"), (3, "a page to Ada")]


def test_what_will_not_leave_is_not_told() -> None:
    other = replace(page(2), aggregate="2")
    shown = replace(page(2), kind="show")
    assert told(page(0), page(6), page(2, rung=7), other, shown) == []
    answered = MACHINE.decide(asking(), Acknowledged("ada"), BEGIN).state
    assert told(page(2), state=answered) == []


def test_only_what_waits_for_those_who_are_asked_is_read() -> None:
    store = MemoryStore()
    assert list(waiting(store, asking())) == []
    assert list(waiting(store, replace(asking(), asked=()))) == []
