"""What people raise themselves: an alert of their own, for the team that they choose. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.engine.ports import ONCE, Delivery, Received
from tocsin.engine.runner import Addressed
from tocsin.engine.worker import Interpretation
from tocsin.incidents.alerts import Alert, AlertStatus, Link, Plan, Severity
from tocsin.incidents.inputs import Noted
from tocsin.incidents.ladder import responder
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Step
from tocsin.kernel import json
from tocsin.kernel.time import Instant
from tocsin.routing.plans import Windows, plan, turns
from tocsin.sources import bounds
from tocsin.wiring import channel_names
from tocsin.wiring.addressing import Addressing, incident_key
from tocsin.wiring.settings import DEFAULT, Settings
from tocsin.wiring.settings_routes import parties

CHANNEL: Final = channel_names.RAISE
SOURCE: Final = "person"
RAISED_BY: Final = "raised_by"  # The label that says who.


class Raise(msgspec.Struct, frozen=True, kw_only=True):
    """What *by*, called *name*, raises. *once* names it: raised again with the same word it is the same incident.

    *ask*: the responder who is asked before the team's policy begins, or empty. *link*: a message that tells of it.
    """

    once: str
    title: str
    severity: Severity
    team: str
    by: str
    name: str
    description: str = ""
    ask: str = ""
    link: str = ""


_DECODER: Final = msgspec.json.Decoder(Raise)


def raised(wanted: Raise, now: Instant) -> Received:
    """The delivery that raises it."""
    head = f"{ONCE}: {dedup_key(wanted.once)}".encode()
    return Received(received_at=now, channel=CHANNEL, key="", head=head, body=json.encode(wanted))


def dedup_key(once: str) -> str:
    """The dedup key of what is raised with the word *once*."""
    return f"raised/{once}"


def key_of(settings: Settings, team: str, once: str) -> str:
    """The correlation key of the incident."""
    return incident_key(integration_of(settings, team), dedup_key(once))


def integration_of(settings: Settings, team: str) -> str:
    """Under which integration a team's people raise: its own if it has one."""
    return next((name for name, found in settings.integrations.items() if found.team == team), DEFAULT)


def channels(
    addressing: Addressing, settings: Callable[[], Settings]
) -> Mapping[str, Callable[[Delivery], Interpretation]]:
    """What reads the channel CHANNEL."""
    return {CHANNEL: lambda delivery: _interpret(delivery, addressing, settings())}


def _interpret(delivery: Delivery, addressing: Addressing, settings: Settings) -> Interpretation:
    """The alert, and who has raised it as the first line that a person writes into the timeline."""
    try:
        wanted = _DECODER.decode(delivery.body)
    except (msgspec.DecodeError, UnicodeError) as problem:
        return Interpretation((), f"nothing to raise: {problem}")
    name = delivery.occurrence
    made = addressing.alert(
        f"{name}/0",
        f"{delivery.id}-r",
        integration_of(settings, wanted.team),
        _alert(wanted),
        None,
        _plan(wanted, settings),
    )
    told = Noted(by=wanted.by, text="raised it")
    noted = Addressed(input_id=f"{name}/1", machine=IncidentMachine.name, given=told, keys=made.keys[:1])
    return Interpretation((made, noted))


def _alert(wanted: Raise) -> Alert:
    who = bounds.line(wanted.name, bounds.LABEL_MAX)
    return Alert(
        status=AlertStatus.FIRING,
        title=bounds.title(wanted.title),
        description=bounds.paragraphs(wanted.description, f"Raised by {who}."),
        dedup_key=dedup_key(wanted.once),
        source=SOURCE,
        severity=wanted.severity,
        labels=bounds.labels(((RAISED_BY, who),)),
        links=(Link("The message", wanted.link),) if wanted.link else (),
    )


def _plan(wanted: Raise, settings: Settings) -> Plan:
    """The team's own ladder, begun with whom the raiser wants asked; what people raise is neither held nor grouped."""
    teams = parties(settings)[0]
    team = teams.get(wanted.team, teams[settings.first_team])
    windows = settings.windows
    kept = Windows(alert=windows.alert, notification=windows.notification, reopen=windows.reopen)
    # As with alerts: the same title begins with the same person, and all titles together with everybody equally often.
    turn = zlib.crc32(wanted.title.encode("utf-8", "replace")) % turns(team, None)
    made = plan(team, None, turn, kept)
    first = Step((responder(wanted.ask),))
    if wanted.ask not in settings.responders or made.policy.steps[0].targets == first.targets:
        return made
    return replace(made, policy=replace(made.policy, steps=(first, *made.policy.steps)))
