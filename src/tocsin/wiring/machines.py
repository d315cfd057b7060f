"""All the machines that the engine drives."""

from __future__ import annotations

from typing import Any

from tocsin.approvals.machine import ApprovalMachine
from tocsin.automation.machine import RuleMachine
from tocsin.automation.rule import Rules
from tocsin.changes.machine import ChangeMachine
from tocsin.digests.machine import DigestMachine, TurnOf
from tocsin.digests.machine import nobody as no_turns
from tocsin.executions.machine import Definitions, ExecutionMachine
from tocsin.heartbeats.machine import HeartbeatMachine
from tocsin.incidents.duty import OnDuty, nobody
from tocsin.incidents.history_machine import HistoryMachine
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.silence_machine import SilenceMachine
from tocsin.incidents.whom import Whom
from tocsin.kernel.machine import Machine
from tocsin.noise.machine import RemedyMachine
from tocsin.notices.machine import NoticeMachine
from tocsin.schedules.questions import QuestionMachine
from tocsin.schedules.recurring import next_turn


def machines(
    on_duty: OnDuty = nobody,
    turn_of: TurnOf = no_turns,
    whom: Whom | None = None,
    definitions: Definitions = lambda _: None,
    rules: Rules = lambda _: None,
) -> tuple[Machine[Any, Any], ...]:
    """One of each; *on_duty* and *turn_of* know the schedules, *whom* the people, *definitions* the workflows.

    *rules*: those of the configuration.
    """
    return (
        IncidentMachine(on_duty, whom),
        HeartbeatMachine(),
        ChangeMachine(),
        SilenceMachine(next_turn),
        RemedyMachine(),
        DigestMachine(turn_of),
        HistoryMachine(),
        QuestionMachine(),
        NoticeMachine(),
        ExecutionMachine(definitions),
        ApprovalMachine(),
        RuleMachine(rules),
    )
