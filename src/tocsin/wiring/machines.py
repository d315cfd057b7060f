"""All the machines that the engine drives."""

from __future__ import annotations

from typing import Any

from tocsin.changes.machine import ChangeMachine
from tocsin.heartbeats.machine import HeartbeatMachine
from tocsin.incidents.duty import OnDuty, nobody
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.silence_machine import SilenceMachine
from tocsin.incidents.whom import Whom
from tocsin.kernel.machine import Machine


def machines(on_duty: OnDuty = nobody, whom: Whom | None = None) -> tuple[Machine[Any, Any], ...]:
    """One of each; *on_duty* knows the schedules, *whom* the people."""
    return (IncidentMachine(on_duty, whom), HeartbeatMachine(), ChangeMachine(), SilenceMachine())
