"""Incidents, jobs and settings for the tests of Slack, made by the real machine."""

from __future__ import annotations

from tocsin.engine.ports import Job, Outgoing
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Link, Plan, Severity
from tocsin.incidents.inputs import AlertReceived, Input
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.state import Incident
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, Instant
from tocsin.saying.incident import Setting

NOW: Instant = 1_795_000_000_000  # 2026-11-18 11:06:40 UTC
ADA, BO, CY = "responder:ada", "responder:bo", "responder:cy"
ROOM = "team:ops"

POLICY = Policy(name="ops", steps=(Step((ADA,)), Step((BO, CY), 10 * MINUTE)), everyone=(ROOM,))
SETTING = Setting(
    names={"ada": "Ada Lovelace", "bo": "Bo", "cy": "Cy"},
    incident_url=lambda name: f"https://tocsin.example/incidents/{name}",
    console_url="https://tocsin.example/",
)


def alert(title: str = "CPU is high", **parts: Json) -> Alert:
    given: dict[str, Json] = {
        "status": AlertStatus.FIRING,
        "dedup_key": "cpu",
        "source": "cloudwatch",
        "severity": Severity.CRITICAL,
        "description": "The average is above 90 %.",
        "account": "123456789012",
        "region": "eu-west-1",
        "resource": "i-0abc",
        "labels": {"stage": "prod"},
        "links": (Link("alarm", "https://console.example/alarm"),),
    }
    return Alert(title=title, **(given | parts))


def incident(*inputs: tuple[Instant, Input], first: Alert | None = None, policy: Policy = POLICY) -> Incident:
    """The incident that *first* opened at NOW, after *inputs*, each with its instant."""
    machine = IncidentMachine()
    opened = AlertReceived(first or alert(), Plan(team="ops", policy=policy))
    state = machine.decide(None, opened, NOW).state
    for at, given in inputs:
        state = machine.decide(state, given, at).state
    assert state is not None
    return state


def notification() -> Incident:
    return incident(first=alert("Deployed", kind=Kind.NOTIFICATION, severity=Severity.INFO))


def job(  # noqa: PLR0917 - the parts of a job, in the order in which people say them.
    kind: str,
    receiver: str,
    state: object,
    receipt: dict[str, Json] | None = None,
    name: str = "inc-1",
    why: str = "",
) -> Job:
    outgoing = Outgoing(
        id=f"{name}/{kind}/{receiver}",
        aggregate=name,
        machine="incident",
        receiver=receiver,
        kind=kind,
        facts={"rung": 0, "why": why} if why else {},
        coalesce="",
        urgent=kind == "page",
        created_at=NOW,
        not_before=NOW,
    )
    return Job(outgoing, state, receipt)
