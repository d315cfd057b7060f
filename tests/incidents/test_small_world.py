"""Every sequence of inputs in a world of two responders and two alerts: the laws hold after each step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from tests.incidents.laws import MACHINE, decided
from tocsin.asking.asker import Asker
from tocsin.asking.knowledge import Knowledge, Person
from tocsin.choosing.history import History, Observation
from tocsin.choosing.hours import HourClass
from tocsin.choosing.situation import Candidate
from tocsin.incidents.alerts import Alert, AlertStatus, Gate, Kind, Plan, Severity
from tocsin.incidents.inputs import (
    Acknowledged,
    AlertReceived,
    Amended,
    Escalated,
    Input,
    Invited,
    Lapsed,
    Muted,
    Noted,
    PageFailed,
    Passed,
    Reassigned,
    Redirected,
    Resolved,
    Restored,
    Snoozed,
    Unacknowledged,
    Unmuted,
    Withdrawn,
)
from tocsin.incidents.ladder import responder, room
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.marks import Marks
from tocsin.incidents.occurrences import Closer, Occurrence
from tocsin.incidents.policy import Condition, Policy, Step
from tocsin.incidents.reasons import Reason
from tocsin.incidents.silences import Mute, MuteKind
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import DAY, MINUTE, Instant
from tocsin.schedules.windows import Window

BEGUN: Instant = 1_000_000_000_000
DEPTH = 3  # After the opening: 4,000 situations, a few seconds. Four shows no reason and no state that three does not.
EVERYBODY = (responder("ada"), responder("bo"))
POLICIES = (
    Policy(name="one by one", steps=tuple(Step((each,)) for each in EVERYBODY), everyone=EVERYBODY),
    Policy(name="both, then one", steps=(Step(EVERYBODY), Step(EVERYBODY[:1])), everyone=EVERYBODY, repeat=1),
)


TRANSIENT = tuple(
    Occurrence(incident=f"{n}", closed_by=Closer.SOURCE, duration=MINUTE, severity=Severity.CRITICAL, closed_at=BEGUN)
    for n in range(20)
)


def alert(status: AlertStatus, key: str, severity: Severity = Severity.HIGH, kind: Kind = Kind.ALERT) -> Alert:
    return Alert(
        status=status, title=key, dedup_key=key, group_key="world", source="probe", severity=severity, kind=kind
    )


ALERTS = (
    *(alert(status, key) for status in AlertStatus for key in ("disk", "mail")),
    alert(AlertStatus.FIRING, "disk", Severity.CRITICAL),
    alert(AlertStatus.FIRING, "disk", kind=Kind.NOTIFICATION),
)


def inputs(state: Incident, plan: Plan, now: Instant) -> Iterator[Input]:
    """Everything that can happen at one moment."""
    yield from (AlertReceived(each, plan) for each in ALERTS)
    mutes = [Mute(silence=name, by=name, until=now + length) for name, length in (("s", MINUTE), ("t", 90 * MINUTE))]
    for key in ("disk", "mail"):
        yield AlertReceived(replace(alert(AlertStatus.FIRING, key), expires_at=now + MINUTE, sender="prom"), plan)
        yield AlertReceived(alert(AlertStatus.FIRING, key), plan, mute=mutes[1])
        yield Muted(dedup_key=key, mute=mutes[0])
        yield Lapsed(dedup_key=key, expires_at=state.alerts[key].expires_at or now if key in state.alerts else now)
    held = Mute(silence="storm/ops/1", by="the storm", until=now + 30 * MINUTE, kind=MuteKind.STORM)
    down = Mute(silence="down", by="down", until=now + 2 * MINUTE, kind=MuteKind.INHIBITION)
    waits = Marks(mutable=("down",))
    yield AlertReceived(alert(AlertStatus.FIRING, "mail"), plan, mute=down, marks=waits)
    yield AlertReceived(alert(AlertStatus.FIRING, "disk"), plan, mute=held, marks=Marks(mutes=("mail",)))
    yield Muted(dedup_key="mail", mute=down)
    yield Unmuted(silence="down")
    yield Unmuted(silence="storm/ops/1")
    yield Unmuted(silence="t")
    yield Unmuted(silence="s", dedup_key="disk", instead=mutes[1])
    for by in ("ada", "bo"):
        yield Acknowledged(by)
        yield Passed(by=by, rung=state.rung)
        yield Reassigned(by="cy", to=by)
        yield Snoozed(by=by, until=now + 90 * MINUTE)
        yield PageFailed(receiver=responder(by), rung=state.rung, error="gone", final=True)
        yield Invited(by="cy", receivers=(responder(by),))
    yield Invited(by="cy", receivers=(room("ops"),), why="all of you")
    yield Unacknowledged("cy")
    yield Amended(by="cy", title="disk", severity=Severity.CRITICAL)
    yield Amended(by="cy", severity=Severity.INFO)
    yield Redirected(by="cy", plan=Plan(team="", policy=POLICIES[1]))
    yield Withdrawn("cy")
    yield Passed(by="ada")
    yield Passed(by="ada", rung=state.rung - 1)
    yield Escalated(by="cy", rung=state.rung)
    yield Escalated(by="cy", rung=state.rung - 1)
    yield Snoozed(by="ada", until=now)
    yield Resolved(by="ada", note="it was full")
    yield Noted(by="cy", text="me too")
    yield Noted(by="cy", text=" ")
    yield PageFailed(receiver=responder("ada"), rung=state.rung - 1, error="gone", final=True)
    yield PageFailed(receiver=responder("ada"), rung=state.rung, error="gone", final=False)
    yield Restored()
    yield Tick()


def essence(state: Incident, now: Instant, *, choosing: bool) -> bytes:
    """*state* without what makes equal situations look different: counts, and times that no rule asks for.

    Only a policy that is *choosing* looks at the pages that were made.
    """

    def since(moment: Instant | None) -> Instant | None:
        return None if moment is None else moment - now

    lines = {
        key: replace(
            line,
            count=0,
            first_at=0,
            last_at=0,
            expires_at=since(line.expires_at),
            mute=line.mute and replace(line.mute, until=line.mute.until - now),
            beside=line.beside and replace(line.beside, until=line.beside.until - now),
        )
        for key, line in sorted(state.alerts.items())
    }
    return MACHINE.encode(
        replace(
            state,
            alerts=lines,
            count=0,
            reopened=0,
            opened_at=0,
            changed_at=0,
            last_alert_at=0,
            acknowledged_at=None,
            resolved_at=0,
            snoozed_until=None,
            wake_at=since(state.wake_at),
            look_at=since(state.look_at),
            fired=tuple(at - now for at in state.fired),
            rung=state.rung - state.base,
            base=0,
            asked_at=(),
            asked_more=0,
            answered_by="",
            answered_at=None,
            unanswered_at=None,
            step_at=state.moves and state.step_at - now,
            came=tuple(moment - now for moment in state.came),
            pages=tuple(replace(page, at=page.at - now, until=0, known={}) for page in state.pages) if choosing else (),
        )
    )


def explore(
    plan: Plan, depth: int = DEPTH, *begun: Incident, machine: IncidentMachine = MACHINE
) -> tuple[int, set[Reason], set[tuple[Status, Kind]]]:
    """Walk breadth-first; how many situations there were, and which reasons and states."""
    choosing = machine is not MACHINE
    first = ALERTS[:1] if choosing else ALERTS  # Choosing takes its time; what opens an incident makes no difference.
    opened = [decided(None, AlertReceived(each, plan, history=TRANSIENT), BEGUN, machine).state for each in first]
    level = [(state, BEGUN) for state in (begun or opened) if state is not None]
    seen: set[bytes] = set()
    reasons: set[Reason] = set()
    states: set[tuple[Status, Kind]] = set()
    for _ in range(depth):
        following: list[tuple[Incident, Instant]] = []
        for state, moment in level:
            moments = {
                moment,
                *(max(moment, due) for due in (state.wake_at, state.look_at, state.calm_at) if due is not None),
            }
            for now in sorted(moments):
                for given in inputs(state, plan, now):
                    decision = decided(state, given, now, machine)
                    after = decision.state
                    assert after is not None
                    reasons.add(Reason(decision.reason))
                    states.add((after.status, after.kind))
                    key = essence(after, now, choosing=choosing)
                    if key not in seen:
                        seen.add(key)
                        following.append((after, now))
        level = following
    return len(seen), reasons, states


def restless(plan: Plan) -> Iterator[Incident]:
    """Incidents of an alert that has just recovered, and flaps: asked about, and quiet when the step was over."""
    minutes = BEGUN // MINUTE
    state: Incident | None = None
    for minute in range(10):
        given = alert((AlertStatus.FIRING, AlertStatus.RESOLVED)[minute % 2], "disk")
        state = decided(state, AlertReceived(given, plan), (minutes - 10 + minute) * MINUTE).state
    assert state is not None
    yield state
    quiet = decided(state, Tick(), state.wake_at or 0).state
    assert quiet is not None
    yield quiet


def test_the_laws_hold_in_every_small_world() -> None:
    plans = [
        Plan(team="ops", policy=POLICIES[0]),
        Plan(team="ops", policy=POLICIES[1], auto_resolve=False),
        Plan(team="ops", policy=POLICIES[0], gate=Gate(2, 10 * MINUTE)),  # Two steps show all that a threshold does.
    ]
    patient = Plan(team="ops", policy=POLICIES[0], transient_hold=True, flapping=True)
    situations, reasons, states = 0, set[Reason](), set[tuple[Status, Kind]]()
    for found in (
        *(explore(plan, DEPTH if plan.gate is None else DEPTH - 1) for plan in plans),
        explore(patient, 2),
        explore(patient, 2, *restless(patient)),
    ):
        situations += found[0]
        reasons |= found[1]
        states |= found[2]
    assert situations > 3000
    assert reasons == set(Reason) - {
        Reason.OPENED,  # The first step is not counted.
        Reason.ASKED_AGAIN,  # That nobody of all can be reached takes more steps.
        Reason.HELD,
        Reason.OUT_OF_ORDER,  # Nobody tells the time here.
        Reason.PASSED_BY_EVERYONE,  # It takes more steps than there are here.
        Reason.ACKNOWLEDGED_PARTLY,  # One is enough here, and nobody is chosen.
        Reason.STILL_ASKED,
        Reason.NOTHING_TO_ACKNOWLEDGE,
        Reason.UNKNOWN_INCIDENT,
    }
    assert states == {(status, kind) for status in Status for kind in Kind}


def knowing(*habits: tuple[str, int, int]) -> Asker:
    """Somebody who knows, of each of *habits*, how many of twelve pages they answered, and in how many minutes."""
    history = History()
    for name, answers, minutes in habits:
        for number in range(12):
            history = history.learned(
                Observation(
                    candidate=Candidate(name=name, hours=HourClass.SLEEP),
                    severity="high",
                    waited=minutes * MINUTE,
                    answered=number < answers,
                    at=BEGUN - MINUTE,
                )
            )
    night = tuple(Window(day, 0, DAY) for day in range(7))
    people = {name: Person(works=(), sleeps=night) for name in ("ada", "bo")}
    return Asker(Knowledge(people=people, teams={"ops": ("ada", "bo")}, history=history))


CHOOSING = Policy(
    name="chosen",
    steps=(
        Step(("smart:ops",), acknowledgements=2),
        Step(("round-robin:ops",), when=Condition(severities=("critical",), alerts=2, within=MINUTE)),
        Step(("least-disturbed:ops",), when=Condition(hours=("sleep",), team="off")),
    ),
    everyone=EVERYBODY,
    repeat=1,
)


@pytest.mark.parametrize(
    "whom",
    [knowing(), knowing(("ada", 8, 9), ("bo", 11, 1)), knowing(("ada", 1, 9), ("bo", 1, 30))],
    ids=["no knowledge", "both", "hardly anybody"],
)
def test_the_laws_hold_where_it_is_chosen_whom_to_ask(whom: Asker) -> None:
    plan = Plan(team="ops", policy=CHOOSING)
    situations, reasons, _ = explore(plan, depth=2, machine=IncidentMachine(whom=whom))
    assert situations > 200
    assert Reason.ACKNOWLEDGED_PARTLY in reasons


def test_nothing_begins_without_an_alert_that_fires() -> None:
    plan = Plan(team="ops", policy=POLICIES[0])
    somewhere = decided(None, AlertReceived(ALERTS[0], plan), BEGUN).state
    assert somewhere is not None
    for given in inputs(somewhere, plan, BEGUN):
        begun = decided(None, given, BEGUN)
        fires = isinstance(given, AlertReceived) and given.alert.status is AlertStatus.FIRING
        assert (begun.reason is Reason.OPENED) is fires
        assert (begun.state is not None) is fires
