"""What a request to Opsgenie's API means: inputs for the incident or the heartbeat that it names. Pure.

A name that nobody here knows is written into the timeline, and never loses a request: an escalation to an unknown
policy asks the next step, a responder who is unknown leaves those who are asked.
"""

from __future__ import annotations

import zlib
from typing import assert_never

from msgspec.structs import replace

from tocsin.engine.ports import Delivery
from tocsin.engine.runner import Addressed
from tocsin.engine.worker import Interpretation
from tocsin.heartbeats.inputs import Configured, Deleted, Pinged, Switched
from tocsin.heartbeats.inputs import Input as HeartbeatInput
from tocsin.heartbeats.machine import HeartbeatMachine
from tocsin.heartbeats.ping import Ping
from tocsin.incidents.alerts import Alert, AlertStatus, Plan
from tocsin.incidents.inputs import (
    Acknowledged,
    AlertReceived,
    Amended,
    Escalated,
    Input,
    Invited,
    Noted,
    Reassigned,
    Redirected,
    Resolved,
    Snoozed,
    Unacknowledged,
    Withdrawn,
)
from tocsin.incidents.ladder import responder
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Step
from tocsin.incidents.reasons import Reason
from tocsin.routing.plans import Windows, plan, turns
from tocsin.sources import Problem, bounds, opsgenie, opsgenie_heartbeats, opsgenie_requests
from tocsin.sources.opsgenie import PRIORITIES, Party
from tocsin.sources.opsgenie_heartbeats import HeartbeatWrite
from tocsin.sources.opsgenie_requests import ALERTS, HEARTBEATS, INCIDENT, METHOD, PATH, Action, Refusal, Write
from tocsin.wiring.addressing import UNDECODABLE, Addressing, heartbeat_key, incident_key
from tocsin.wiring.opsgenie_names import Names


class OpsgenieChannel:
    """Reads the channel `opsgenie_requests.CHANNEL`."""

    def __init__(self, addressing: Addressing, names: Names) -> None:
        """*addressing* gives alerts their plans; *names* knows the configuration."""
        self._addressing = addressing
        self._names = names

    def interpret(self, delivery: Delivery) -> Interpretation:
        """What a stored request means; the first input carries out what it asks, the others tell of it."""
        method, path = delivery.header(METHOD) or "", delivery.header(PATH) or ""
        if path.startswith(HEARTBEATS):
            beat = opsgenie_heartbeats.asked(method, path.removeprefix(HEARTBEATS), delivery.body)
            if isinstance(beat, HeartbeatWrite):
                return Interpretation((_beat(delivery, beat),))
        else:
            asked = opsgenie_requests.asked(method, path.removeprefix(ALERTS), delivery.body)
            if isinstance(asked, Write):
                return self._write(delivery, asked)
            if isinstance(asked, Refusal):
                return self._unreadable(delivery, asked.message)
        return self._unreadable(delivery, f"{method} {path} is no request that changes anything")

    def _unreadable(self, delivery: Delivery, message: str) -> Interpretation:
        problem = Problem(place="", message=message)
        return Interpretation((self._addressing.undecodable(delivery, [problem]),), f"{UNDECODABLE}: {message}")

    def _write(self, delivery: Delivery, write: Write) -> Interpretation:
        name = delivery.occurrence
        if write.action is Action.CREATE:
            first = self._create(delivery, write)
            keys, incident = first.keys[:1], ""
        else:
            keys, incident = self._address(delivery, write)
            if not keys and not incident:
                return Interpretation((), Reason.UNKNOWN_INCIDENT)
            first = self._input(f"{name}/0", self._given(delivery, write), keys, incident)
        by = self._by(delivery, write)
        notes = [Noted(by=by, text=text) for text in self._remarks(delivery, write)]
        others = [self._input(f"{name}/{number}", note, keys, incident) for number, note in enumerate(notes, 1)]
        return Interpretation((first, *others))

    def _create(self, delivery: Delivery, write: Write) -> Addressed:
        """The alert, under the plan of those whom the create names, unless a routing rule has decided."""
        fresh = f"{delivery.id}-a"
        alert = opsgenie.alert(write.body, write.target.name or fresh)
        made = self._addressing.alert(f"{delivery.occurrence}/0", fresh, delivery.key, alert, write.body)
        if self._addressing.routes.matching(alert, delivery.key, write.body) is not None:
            return made
        given: AlertReceived = made.given
        meant = self._plan(given.plan, alert, opsgenie.responders(write.body), delivery.key)
        return replace(made, given=replace(given, plan=meant))

    def _plan(self, usual: Plan, alert: Alert, parties: tuple[Party, ...], integration: str) -> Plan:
        """*usual*, with the team, the ladder and the first people to ask that *parties* name."""
        people = [found for each in parties if each.kind in {"", "user"} and (found := self._names.person(*each.names))]
        for each in parties:
            if each.kind != "user" and (named := self._named(each, alert, integration)):
                usual = replace(usual, team=named.team or usual.team, policy=named.policy)
                break
        if not people:
            return usual
        first = Step(tuple(dict.fromkeys(responder(name) for name in people)))
        return replace(usual, policy=replace(usual.policy, steps=(first, *usual.policy.steps)))

    def _named(self, each: Party, alert: Alert, integration: str) -> Plan | None:
        """The plan of a team or a policy; within a team the turn is the alert's, as routing has it."""
        found = self._names.plan(each, integration)
        team = self._names.team(*each.names)
        if found is None or not found.team or team is None:
            return found
        return plan(team, None, zlib.crc32(alert.dedup_key.encode()) % turns(team, None), Windows())

    def _address(self, delivery: Delivery, write: Write) -> tuple[tuple[str, ...], str]:
        """The key or the id of the incident; neither for an id that is none of the integration's."""
        if write.target.by_alias:
            return (incident_key(delivery.key, write.target.name),), ""
        return (), delivery.header(INCIDENT) or ""

    def _input(self, input_id: str, given: Input, keys: tuple[str, ...], incident: str) -> Addressed:
        return Addressed(input_id=input_id, machine=IncidentMachine.name, given=given, keys=keys, aggregate=incident)

    def _by(self, delivery: Delivery, write: Write) -> str:
        return self._names.person(write.user) or write.user or write.source or delivery.key

    def _given(self, delivery: Delivery, write: Write) -> Input:
        by = self._by(delivery, write)
        match write.action:
            case Action.CLOSE if write.target.by_alias and not write.user:
                return self._recovered(delivery, write)
            case Action.CLOSE:
                return Resolved(by=by, note=write.note)
            case Action.ACKNOWLEDGE:
                return Acknowledged(by)
            case Action.UNACKNOWLEDGE:
                return Unacknowledged(by)
            case Action.SNOOZE:
                return Snoozed(by=by, until=write.until or 0)
            case Action.DELETE:
                return Withdrawn(by)
            case Action.ADD_NOTE:
                return Noted(by=by, text=write.note)
            case Action.EXECUTE | Action.CREATE:
                return Noted(by=by, text=f"pressed the action {write.text}")
            case Action.ASSIGN | Action.ESCALATE | Action.ADD_RESPONDER | Action.ADD_TEAM:
                return self._asking(delivery, write, by)
            case _:
                return _amendment(write, by)

    def _recovered(self, delivery: Delivery, write: Write) -> AlertReceived:
        """A close by which a program tells that its alert is over: its source resolves it, and it may fire again."""
        alert = Alert(
            status=AlertStatus.RESOLVED,
            title=bounds.title(write.target.name),
            dedup_key=write.target.name,
            source=opsgenie.SOURCE,
        )
        plan = self._addressing.routes.route(alert, delivery.key, None)
        return AlertReceived(alert, plan, delivery.key)

    def _asking(self, delivery: Delivery, write: Write, by: str) -> Input:
        assert write.party is not None
        named = write.party
        match write.action:
            case Action.ASSIGN:
                person = self._names.person(*named.names)
                return Reassigned(by=by, to=person) if person else _nobody(write, named, by)
            case Action.ESCALATE:
                plan = self._names.plan(named, delivery.key)
                return Redirected(by=by, plan=plan) if plan else Escalated(by=by)
            case _:
                receivers = self._names.receivers(named, delivery.key)
                return Invited(by=by, receivers=receivers) if receivers else _nobody(write, named, by)

    def _remarks(self, delivery: Delivery, write: Write) -> list[str]:
        """What is written into the timeline beside the act."""
        remarks = [] if write.action is Action.ADD_NOTE or self._keeps_note(write) else [write.note]
        if write.action is Action.ESCALATE and write.party and not self._names.plan(write.party, delivery.key):
            remarks.append(f"nobody knows the escalation {write.party.label} here; the next step is asked instead")
        if write.action is Action.CREATE:
            remarks += self._unknown(write, delivery.key)
        return [remark for remark in remarks if remark]

    def _keeps_note(self, write: Write) -> bool:
        """A person who resolves says with it what has helped."""
        return write.action is Action.CLOSE and not (write.target.by_alias and not write.user)

    def _unknown(self, write: Write, integration: str) -> list[str]:
        """Whom a create names in vain."""
        named = opsgenie.responders(write.body)
        lost = [each.label for each in named if not self._names.receivers(each, integration)]
        return [f"nobody knows {', '.join(dict.fromkeys(lost))} here"] if lost else []


def _nobody(write: Write, named: Party, by: str) -> Noted:
    return Noted(by=by, text=f"{write.action}: nobody knows {named.label} here")


def _amendment(write: Write, by: str) -> Amended:
    match write.action:
        case Action.ADD_TAGS:
            return Amended(by=by, add_tags=write.tags)
        case Action.REMOVE_TAGS:
            return Amended(by=by, remove_tags=write.tags)
        case Action.ADD_DETAILS:
            return Amended(by=by, set_labels=write.details)
        case Action.REMOVE_DETAILS:
            return Amended(by=by, remove_labels=write.tags)
        case Action.UPDATE_PRIORITY:
            told = {"priority": write.priority}
            return Amended(by=by, severity=PRIORITIES[write.priority], annotations=told)
        case Action.UPDATE_MESSAGE:
            return Amended(by=by, title=bounds.line(write.text, opsgenie.MESSAGE_MAX) or None)
        case _:
            return Amended(by=by, description=bounds.prose(write.text))


def _beat(delivery: Delivery, write: HeartbeatWrite) -> Addressed:
    return Addressed(
        input_id=f"{delivery.occurrence}/0",
        machine=HeartbeatMachine.name,
        given=_beaten(delivery.key, write),
        keys=(heartbeat_key(delivery.key, write.name),),
        fresh=f"{delivery.id}-h0",
    )


def _beaten(integration: str, write: HeartbeatWrite) -> HeartbeatInput:
    match write.action:
        case opsgenie_heartbeats.Action.PING:
            return Pinged(integration=integration, ping=Ping(name=write.name))
        case opsgenie_heartbeats.Action.CREATE | opsgenie_heartbeats.Action.UPDATE:
            return Configured(integration=integration, name=write.name, terms=write.terms, enabled=write.enabled)
        case opsgenie_heartbeats.Action.ENABLE | opsgenie_heartbeats.Action.DISABLE:
            return Switched(write.enabled is True)
        case opsgenie_heartbeats.Action.DELETE:
            return Deleted()
    assert_never(write.action)
