"""What is said of an incident that another alert inhibits, that a storm holds, or that is a group."""

from __future__ import annotations

import pytest

from tocsin.incidents import ladder
from tocsin.incidents.alerts import Alert, AlertStatus, Plan
from tocsin.incidents.inputs import AlertReceived
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.silences import Mute, MuteKind
from tocsin.incidents.state import Incident
from tocsin.incidents.telling import Telling, facts, who
from tocsin.kernel.time import HOUR, format_instant

NOON = 1_767_614_400_000
TELLING = Telling({}, lambda instant: format_instant(instant)[11:16])
PLAN = Plan(team="ops", policy=Policy(name="p", steps=(Step(("responder:ada",)),), everyone=("team:ops",)))
ALERT = Alert(status=AlertStatus.FIRING, title="t", dedup_key="k", source="s", account="1", region="eu")


def opened(mute: Mute | None = None, *group_by: str) -> Incident:
    given = AlertReceived(ALERT, Plan(team="ops", policy=PLAN.policy, group_by=group_by), mute=mute)
    state = IncidentMachine().decide(None, given, NOON).state
    assert state is not None
    return state


@pytest.mark.parametrize(
    ("kind", "called", "said"),
    [
        (MuteKind.SILENCE, "silenced", "Silenced by x until 13:00: y."),
        (MuteKind.INHIBITION, "inhibited", "Inhibited by x until 13:00: y."),
        (MuteKind.STORM, "held", "Held by x until 13:00: y."),
    ],
)
def test_what_is_muted_is_called_by_what_mutes_it(kind: MuteKind, called: str, said: str) -> None:
    mute = Mute(silence="m", by="x", until=NOON + HOUR, why="y", kind=kind)
    state = opened(mute)
    assert state.called == called
    assert who(state, TELLING) == said
    assert ladder.silenced(mute).startswith(f"{called} by x until ")


def test_what_is_not_muted_is_called_by_its_status() -> None:
    assert opened().called == "triggered"


def test_a_group_is_told_with_what_is_equal_in_it() -> None:
    assert facts(opened(None, "account", "region"), TELLING)["Group"] == "account=1, region=eu"
    assert "Group" not in facts(opened(None, "label:cluster"), TELLING)
    assert "Group" not in facts(opened(), TELLING)
