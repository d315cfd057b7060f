"""A team for the tests of asking: a moment, an incident, and what is known."""

from __future__ import annotations

from msgspec.structs import replace

from tocsin.asking.asker import Asker
from tocsin.asking.knowledge import Knowledge, Person
from tocsin.choosing.history import History, Observation
from tocsin.choosing.hours import HourClass
from tocsin.choosing.situation import Candidate
from tocsin.incidents.alerts import Alert, AlertStatus, Plan
from tocsin.incidents.inputs import AlertReceived
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.state import Incident
from tocsin.incidents.whom import Case
from tocsin.kernel.machine import Decision
from tocsin.kernel.time import DAY, MINUTE, Instant
from tocsin.schedules.windows import Window

NOON: Instant = 1_767_614_400_000  # 2026-01-05T12:00Z, a Monday.
ALWAYS = tuple(Window(day, 0, DAY) for day in range(7))
TEAM = ("ada", "bo", "cy")
EVERYONE = tuple(f"responder:{name}" for name in TEAM)


def taught(*habits: tuple[str, int, int], hours: HourClass = HourClass.WORKING) -> History:
    """Of each of *habits*: who, of twelve pages how many answered, in how many minutes."""
    history = History()
    for name, answers, minutes in habits:
        for number in range(12):
            history = history.learned(
                Observation(
                    candidate=Candidate(name=name, hours=hours),
                    severity="high",
                    waited=minutes * MINUTE,
                    answered=number < answers,
                    at=NOON - DAY,
                )
            )
    return history


def knowledge(**more: object) -> Knowledge:
    found = Knowledge(
        people={name: Person(works=ALWAYS) for name in TEAM}, teams={"ops": TEAM, "shop": ("cy",), "none": ()}
    )
    return replace(found, **more)


def plan(*steps: Step, **more: object) -> Plan:
    made = Policy(name="x", steps=steps, everyone=EVERYONE)
    return Plan(team="ops", policy=replace(made, **more))


def case(**more: object) -> Case:
    made = Case(
        now=NOON,
        plan=plan(Step(("smart:ops",))),
        state=None,
        severity="high",
        key="disk",
        opened_at=NOON,
        fired=(NOON,),
    )
    return replace(made, **more)


def machine(knows: Knowledge) -> IncidentMachine:
    return IncidentMachine(knows.calendar, Asker(knows))


def opened(knows: Knowledge, given: Plan, key: str = "disk", at: Instant = NOON) -> Decision[Incident]:
    alert = Alert(status=AlertStatus.FIRING, title=key, dedup_key=key, source="json")
    return machine(knows).decide(None, AlertReceived(alert, given), at)


def state_of(decision: Decision[Incident]) -> Incident:
    assert decision.state is not None
    return decision.state
