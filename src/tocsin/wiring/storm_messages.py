"""What the book of storms tells: a storm begins, is told anew, is over. Each is a delivery, and becomes inputs here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from tocsin.engine.ports import Delivery, Received
from tocsin.engine.runner import Addressed
from tocsin.engine.worker import Interpretation
from tocsin.incidents import storms
from tocsin.incidents.alerts import Alert, Plan
from tocsin.incidents.inputs import AlertReceived, Amended
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.marks import Marks, storm_mark
from tocsin.incidents.storms import Summary
from tocsin.kernel import json
from tocsin.kernel.time import SECOND, Instant
from tocsin.routing.plans import Windows, plan, turns
from tocsin.wiring import channel_names
from tocsin.wiring.addressing import SELF, incident_key
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_routes import parties

CHANNEL: Final = channel_names.STORM
BEGUN: Final = "begun"
RENEWED: Final = "renewed"
OVER: Final = "over"


class Report(msgspec.Struct, frozen=True):
    """How a storm stands at *at*; *what* is BEGUN, RENEWED or OVER."""

    what: str
    summary: Summary
    at: Instant


_DECODER: Final = msgspec.json.Decoder(Report)


def report(what: str, summary: Summary, now: Instant) -> Received:
    """The delivery that tells of a storm."""
    body = json.encode(Report(what, summary, now))
    return Received(received_at=now, channel=CHANNEL, key=SELF, head=b"", body=body)


def channels(settings: Settings) -> Mapping[str, Callable[[Delivery], Interpretation]]:
    """What reads the channel CHANNEL."""
    return {CHANNEL: lambda delivery: _interpret(delivery, _DECODER.decode(delivery.body), settings)}


def _interpret(delivery: Delivery, told: Report, settings: Settings) -> Interpretation:
    summary = told.summary
    given: list[AlertReceived | Amended]
    match told.what:
        case "begun":
            given = [_alert(storms.begun(summary), summary, settings)]
        case "over":
            given = [storms.reported(summary, told.at), _alert(storms.over(summary), summary, settings)]
        case _:
            given = [storms.renewed(summary)]
    key = incident_key(SELF, storm_mark(summary.team, summary.began_at))
    return Interpretation(
        tuple(
            Addressed(
                input_id=f"{delivery.occurrence}/{number}",
                machine=IncidentMachine.name,
                given=each,
                keys=(key,),
                fresh=delivery.id,
            )
            for number, each in enumerate(given)
        )
    )


def _alert(alert: Alert, summary: Summary, settings: Settings) -> AlertReceived:
    marks = Marks(mutes=(storm_mark(summary.team, summary.began_at),))
    return AlertReceived(alert, _plan(summary, settings), SELF, marks=marks)


def _plan(summary: Summary, settings: Settings) -> Plan:
    """The team's own ladder; of the built-in one, storms ask everybody equally often to be the first."""
    teams = parties(settings)[0]
    team = teams.get(summary.team, teams[settings.first_team])
    windows = settings.windows
    kept = Windows(alert=windows.alert, notification=windows.notification, reopen=windows.reopen)
    return plan(team, None, summary.began_at // SECOND % turns(team, None), kept)
