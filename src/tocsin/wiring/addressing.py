"""Gives what a delivery says the aggregates that it concerns. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from tocsin.changes.machine import ChangeMachine, Reported
from tocsin.engine.ports import Delivery
from tocsin.engine.runner import Addressed
from tocsin.engine.worker import Interpretation
from tocsin.heartbeats.inputs import Pinged
from tocsin.heartbeats.machine import HeartbeatMachine
from tocsin.incidents.alerts import Alert, AlertStatus, Plan, Severity
from tocsin.incidents.grouping import grouped
from tocsin.incidents.inputs import AlertReceived
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.marks import Marks
from tocsin.incidents.occurrences import Occurrence
from tocsin.incidents.silences import Mute
from tocsin.kernel.json import Json
from tocsin.routing.rules import Rule
from tocsin.sources import Problem, Reading, undecodable

Mutes = Callable[[Alert, str, str], Mute | None]
Quieter = Callable[[Plan, Alert, str], Plan]
Histories = Callable[[str, str], tuple[Occurrence, ...]]


class Causes(Protocol):
    """What is known, beside the silences, of who mutes whom."""

    def __call__(
        self, alert: Alert, plan: Plan, integration: str, keys: Sequence[str], silence: Mute | None
    ) -> tuple[Marks | None, Mute | None]:
        """The marks of *alert*, which fires and is addressed by *keys*, and what mutes it, *silence* or another."""
        ...


class Routing(Protocol):
    """What decides about alerts: `tocsin.routing.rules.Routes`, or what has the newest of them."""

    def route(self, alert: Alert, integration: str, event: Json) -> Plan:
        """See there."""
        ...

    def matching(self, alert: Alert, integration: str, event: Json) -> Rule | None:
        """See there."""
        ...


SELF: Final = "tocsin"  # The integration of what Tocsin itself reports.
UNDECODABLE: Final = "undecodable"  # How the note of a delivery begins that became an alert of its own.


def incident_key(integration: str, dedup_key: str) -> str:
    """The correlation key of the incident that has the alert *dedup_key* of *integration*."""
    return f"{integration}/d/{dedup_key}"


def history_key(integration: str, dedup_key: str) -> str:
    """The correlation key of the history of *dedup_key*."""
    return f"{integration}/o/{dedup_key}"


def heartbeat_key(integration: str, name: str) -> str:
    """The correlation key of the heartbeat *name* of *integration*."""
    return f"{integration}/h/{name}"


class Addressing:
    """Names inputs after their delivery, and finds out by which keys an aggregate is known."""

    def __init__(
        self,
        routes: Routing,
        mute: Mutes | None = None,
        quieter: Quieter | None = None,
        *,
        histories: Histories | None = None,
        causes: Causes | None = None,
    ) -> None:
        """*routes* decide what becomes of an alert; *mute*: which silence covers one of an integration, for a team.

        *quieter*: a plan for an alert of an integration, as the remedies of people change it. *histories*: how the last
        occurrences of an integration's key were closed.
        """
        self.routes = routes
        self._quieter = quieter or (lambda plan, *_: plan)

        self._causes = causes
        self._mute = mute or (lambda *_: None)
        self._histories = histories or (lambda *_: ())

    def reading(self, delivery: Delivery, found: Reading) -> Interpretation:
        """All that was read in *delivery*: alerts, changes, pings, and what could not be read."""
        name = delivery.occurrence
        inputs = [
            self.alert(
                f"{name}/{number}", delivery.id + (f"-{number}" if number else ""), delivery.key, alert, found.event
            )
            for number, alert in enumerate(found.alerts)
        ]
        inputs += [
            Addressed(
                input_id=f"{name}/change/{number}",
                machine=ChangeMachine.name,
                given=Reported(integration=delivery.key, change=change),
                keys=(f"{delivery.key}/c/{change.key}",) if change.key else (),
                fresh=f"{delivery.id}-c{number}",
            )
            for number, change in enumerate(found.changes)
        ]
        inputs += [
            Addressed(
                input_id=f"{name}/ping/{number}",
                machine=HeartbeatMachine.name,
                given=Pinged(integration=delivery.key, ping=ping),
                keys=(heartbeat_key(delivery.key, ping.name),),
                fresh=f"{delivery.id}-h{number}",
            )
            for number, ping in enumerate(found.pings)
        ]
        if not found.problems:
            return Interpretation(tuple(inputs), found.fact)
        inputs.append(self.undecodable(delivery, found.problems))
        first = found.problems[0]
        return Interpretation(tuple(inputs), ": ".join(filter(None, (UNDECODABLE, first.place, first.message))))

    def alert(self, input_id: str, fresh: str, integration: str, alert: Alert, event: Json) -> Addressed:
        """One alert; *fresh* names the incident if it opens one."""
        plan = self._quieter(self.routes.route(alert, integration, event), alert, integration)
        alert = grouped(alert, plan)
        dedup = incident_key(integration, alert.dedup_key)
        keys = (dedup, f"{integration}/g/{alert.group_key}") if alert.group_key else (dedup,)
        fires = alert.status is AlertStatus.FIRING
        mute = self._mute(alert, integration, plan.team) if fires else None
        if mute is not None and mute.spares_critical and plan.severity is Severity.CRITICAL:
            mute = None
        history = self._histories(integration, alert.dedup_key) if fires and plan.transient_hold else ()
        marks: Marks | None = None
        if self._causes is not None and fires:
            marks, mute = self._causes(alert, plan, integration, keys, mute)
        given = AlertReceived(alert, plan, integration, mute, history, marks)
        return Addressed(input_id=input_id, machine=IncidentMachine.name, given=given, keys=keys, fresh=fresh)

    def undecodable(self, delivery: Delivery, problems: Sequence[Problem]) -> Addressed:
        """The alert that stands for what nobody could read."""
        alert = undecodable(delivery.key or delivery.channel, delivery.id, problems)
        return self.alert(f"{delivery.occurrence}/problem", f"{delivery.id}-p", delivery.key or SELF, alert, None)
