"""What the console says of an incident that a silence covers, that is held, or that flaps."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.web.console_desks import BEGIN
from tocsin.incidents.alerts import Alert, AlertStatus, Plan
from tocsin.incidents.inputs import Acknowledged, AlertReceived
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.silences import Mute
from tocsin.kernel.time import HOUR, MINUTE
from tocsin.web.console.outlook import outlook


@pytest.mark.parametrize(
    ("by", "why", "said"), [("cy", "we move it", "silenced by cy: we move it"), ("", "", "silenced by somebody")]
)
def test_a_silence_tells_who_has_made_it_until_when_and_why(by: str, why: str, said: str) -> None:
    policy = Policy(name="one", steps=(Step(("responder:ada",)),), everyone=())
    alert = Alert(status=AlertStatus.FIRING, title="x", dedup_key="x", source="json")
    mute = Mute(silence="s", by=by, until=BEGIN + HOUR, why=why)
    machine = IncidentMachine()
    given = AlertReceived(alert, Plan(team="ops", policy=policy), mute=mute)
    state = machine.decide(None, given, BEGIN).state
    assert state
    found = outlook(machine, state, {})
    assert (found.who, found.then, found.at) == (said, "asks ada", BEGIN + HOUR)


def opened(plan: Plan) -> tuple[IncidentMachine, AlertReceived]:
    alert = Alert(status=AlertStatus.FIRING, title="x", dedup_key="x", source="json")
    return IncidentMachine(), AlertReceived(alert, plan)


POLICY = Policy(name="one", steps=(Step(("responder:ada",)),), everyone=("responder:ada",))


def test_a_hold_tells_why_and_until_when() -> None:
    machine, given = opened(Plan(team="ops", policy=POLICY, hold=3 * MINUTE))
    state = machine.decide(None, given, BEGIN).state
    assert state
    found = outlook(machine, state, {})
    assert (found.who, found.then, found.at) == (
        "held: it has 3m to recover by itself",
        "asks ada",
        BEGIN + 3 * MINUTE,
    )


def test_what_flaps_says_so_and_closes_when_it_has_been_quiet() -> None:
    machine, given = opened(Plan(team="ops", policy=POLICY, flapping=True))
    recovers = replace(given, alert=replace(given.alert, status=AlertStatus.RESOLVED))
    state, now = None, BEGIN
    for number in range(10):
        now += MINUTE
        state = machine.decide(state, recovers if number % 2 else given, now).state
    assert state
    state = machine.decide(state, Acknowledged("ada"), now).state
    assert state
    found = outlook(machine, state, {})
    assert (found.who, found.then, found.at) == (
        "acknowledged by ada; flapping: 10 changes in 10m",
        "closes by itself",
        state.calm_at,
    )
