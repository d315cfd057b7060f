"""What the console says of an incident that a silence covers."""

from __future__ import annotations

import pytest

from tests.web.console_world import BEGIN
from tocsin.incidents.alerts import Alert, AlertStatus, Plan
from tocsin.incidents.inputs import AlertReceived
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.silences import Mute
from tocsin.kernel.time import HOUR
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
