"""The common values of all machines."""

from __future__ import annotations

import pytest

from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident
from tocsin.kernel.machine import Decision, Effect, Machine, Standing, Tick


def test_an_effect_is_quiet_and_plain_unless_it_says_otherwise() -> None:
    effect = Effect(receiver="team:ops", kind="show")
    assert (effect.coalesce, effect.urgent, effect.facts) == (False, False, {})
    assert effect == Effect(receiver="team:ops", kind="show")


def test_a_decision_tells_nothing_unless_it_says_otherwise() -> None:
    assert Decision[Incident](None, Reason.NOT_DUE) == Decision(None, Reason.NOT_DUE, (), "")


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Effect(receiver="r", kind="k"), "kind"),
        (Decision(None, Reason.NOT_DUE), "story"),
        (Standing(None, live=False, owes=False, rank=0), "rank"),
    ],
)
def test_values_do_not_change(value: object, name: str) -> None:
    assert hasattr(value, name)
    with pytest.raises(AttributeError, match="immutable"):
        setattr(value, name, None)


def test_the_incident_machine_is_a_machine() -> None:
    machine: Machine[Incident, Tick] = IncidentMachine()
    assert machine.decide(None, Tick(), 0) == Decision(None, Reason.UNKNOWN_INCIDENT)
