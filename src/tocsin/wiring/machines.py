"""All the machines that the engine drives."""

from __future__ import annotations

from typing import Any

from tocsin.changes.machine import ChangeMachine
from tocsin.heartbeats.machine import HeartbeatMachine
from tocsin.incidents.duty import OnDuty, nobody
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.silence_machine import SilenceMachine
from tocsin.kernel.machine import Machine
from tocsin.schedules.recurring import next_turn


def machines(on_duty: OnDuty = nobody) -> tuple[Machine[Any, Any], ...]:
    """One of each; *on_duty* knows the schedules."""
    return (IncidentMachine(on_duty), HeartbeatMachine(), ChangeMachine(), SilenceMachine(next_turn))
