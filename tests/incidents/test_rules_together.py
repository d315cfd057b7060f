"""All rules on one plan, in any order: the laws hold, and nobody waits longer for a page than the rules say."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.incidents.laws import decided
from tests.incidents.test_small_world import EVERYBODY, TRANSIENT, knowing
from tocsin.asking.asker import Asker
from tocsin.incidents import ladder
from tocsin.incidents.alerts import Alert, AlertStatus, Gate, Kind, Plan, Severity
from tocsin.incidents.holding import HOLD_MAX
from tocsin.incidents.inputs import (
    Acknowledged,
    AlertReceived,
    Amended,
    Escalated,
    Input,
    Invited,
    Muted,
    PageFailed,
    Passed,
    Reassigned,
    Redirected,
    Resolved,
    Snoozed,
    Unacknowledged,
    Unmuted,
)
from tocsin.incidents.ladder import PAGE, responder
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.marks import Marks
from tocsin.incidents.policy import SMART_WAITS, Condition, Policy, Step
from tocsin.incidents.silences import Mute, MuteKind
from tocsin.incidents.state import Incident, Status
from tocsin.incidents.telling import Telling, next_step, standing, who
from tocsin.kernel.machine import Decision, Tick
from tocsin.kernel.time import MINUTE, SECOND, Duration, Instant
from tocsin.web.console.outlook import coming, outlook

BEGUN: Instant = 1_000_000_000_000
WAIT: Duration = 5 * MINUTE
MUTES_AT_MOST: Duration = 20 * MINUTE  # Of the inhibitions and storms here.
TELLING = Telling({"ada": "Ada", "bo": "Bo"})
KEYS = ("disk", "mail")
NAMES = ("ada", "bo")
DOWN, STORM = "inhibit/down/1", "storm/ops/1"

CHOSEN = Policy(
    name="all of it",
    steps=(
        Step(("smart:ops",), WAIT, acknowledgements=2, when=Condition(severities=("critical", "high"))),
        Step(("round-robin:ops",), WAIT, when=Condition(hours=("sleep",))),
        Step(("least-disturbed:ops",), WAIT, when=Condition(alerts=2, within=20 * MINUTE)),
    ),
    everyone=EVERYBODY,
    everyone_delay=WAIT,
    repeat=1,
)
PLAIN = Policy(name="plain", steps=(Step(EVERYBODY[:1], WAIT),), everyone=EVERYBODY, everyone_delay=WAIT)
TEAM = Policy(
    name="people by the name of their team",
    steps=(Step(("least-disturbed:ops",), WAIT, acknowledgements=3),),
    everyone=("members:ops",),
    everyone_delay=WAIT,
)
ASKERS: tuple[Asker, ...] = (knowing(), knowing(("ada", 8, 9), ("bo", 11, 1)), knowing(("ada", 1, 9), ("bo", 1, 30)))

plans = st.builds(
    Plan,
    team=st.just("ops"),
    policy=st.sampled_from([CHOSEN, PLAIN, TEAM]),
    transient_hold=st.booleans(),
    flapping=st.booleans(),
    hold=st.sampled_from([0, 0, 3 * MINUTE]),
    gate=st.sampled_from([None, None, Gate(2, 10 * MINUTE)]),
)


def mute(kind: MuteKind, name: str, until: Instant) -> Mute:
    return Mute(silence=name, by=name, until=until, kind=kind)


@st.composite
def happenings(draw: st.DrawFn) -> tuple[Duration, object]:
    """How much time passes, and then what: names of it, since much depends on the moment."""
    pause = draw(st.sampled_from([0, SECOND, MINUTE, MINUTE, 3 * MINUTE, WAIT]))
    what = draw(
        st.sampled_from(
            ["fires", "fires", "fires", "recovers", "recovers", "flaps", "source", "ack", "ack", "pass", "escalate"]
            + ["reassign", "snooze", "invite", "unack", "amend", "redirect", "fails", "fails", "silence", "inhibit"]
            + ["unsilence", "uninhibit", "over", "resolve", "nothing", "nothing"]
        )
    )
    key, name = draw(st.sampled_from(KEYS)), draw(st.sampled_from(NAMES))
    severity = draw(st.sampled_from(list(Severity)))
    muted = draw(st.sampled_from(["", "", "", "silence", "inhibit", "storm"]))
    return pause, (what, key, name, severity, muted)


def given_of(happening: object, state: Incident, plan: Plan, now: Instant) -> list[Input]:
    what, key, name, severity, muted = happening  # type: ignore[misc]
    firing = Alert(
        status=AlertStatus.FIRING, title=key, dedup_key=key, group_key="g", source="probe", severity=severity
    )
    mutes = {
        "": None,
        "silence": mute(MuteKind.SILENCE, "s", now + 7 * MINUTE),
        "inhibit": mute(MuteKind.INHIBITION, DOWN, state.opened_at + MUTES_AT_MOST),
        "storm": mute(MuteKind.STORM, STORM, BEGUN + MUTES_AT_MOST),
    }
    critical = severity is Severity.CRITICAL
    marks = Marks(mutable=() if critical else (DOWN,))
    value = mutes[muted] if not critical or muted == "silence" else None
    fires = AlertReceived(firing, plan, "in", value, TRANSIENT, marks)
    recovers = replace(fires, alert=replace(firing, status=AlertStatus.RESOLVED), mute=None)
    match what:
        case "fires":
            return [fires]
        case "recovers":
            return [recovers]
        case "flaps":
            return [recovers, fires]
        case "source":
            return [replace(fires, alert=replace(firing, status=AlertStatus.ACKNOWLEDGED), mute=None)]
        case "ack":
            return [Acknowledged(name)]
        case "pass":
            return [Passed(by=name, rung=state.rung)]
        case "escalate":
            return [Escalated(by=name, rung=state.rung)]
        case "reassign":
            return [Reassigned(by="cy", to=name)]
        case "snooze":
            return [Snoozed(by=name, until=now + 7 * MINUTE)]
        case "invite":
            return [Invited(by="cy", receivers=(responder(name),))]
        case "unack":
            return [Unacknowledged(name)]
        case "amend":
            return [Amended(by="cy", severity=severity)]
        case "redirect":
            return [Redirected(by="cy", plan=replace(plan, policy=PLAIN if plan.policy is CHOSEN else CHOSEN))]
        case "fails":
            return [PageFailed(receiver=responder(name), rung=state.rung, error="gone", final=True)]
        case "silence":
            return [Muted(dedup_key=key, mute=mute(MuteKind.SILENCE, "t", now + 4 * MINUTE))]
        case "inhibit":
            return [Muted(dedup_key=key, mute=mute(MuteKind.INHIBITION, DOWN, state.opened_at + MUTES_AT_MOST))]
        case "unsilence":
            return [Unmuted(silence="s"), Unmuted(silence="t", dedup_key=key)]
        case "uninhibit":
            return [Unmuted(silence=DOWN)]
        case "over":
            return [Unmuted(silence=STORM)]
        case "resolve":
            return [Resolved(by=name)]
    return []


class Life:
    """An incident that is told everything, with every tick in its time."""

    def __init__(self, plan: Plan, whom: Asker, first: AlertReceived) -> None:
        self.machine = IncidentMachine(whom=whom)
        self.now = BEGUN
        self.asked_at: Instant = BEGUN  # When somebody was asked last, or nobody needed to be.
        opened = decided(None, first, BEGUN, self.machine)
        assert opened.state is not None
        self.state: Incident = opened.state
        self._look(None, first, opened)

    def wait(self, pause: Duration) -> None:
        """Time passes, and the sweep is never late."""
        end = self.now + pause
        while self.state.next_at is not None and self.state.next_at <= end:
            self.now = max(self.now, self.state.next_at)
            self.give(Tick())
        self.now = end

    def give(self, told: Input) -> None:
        before = self.state
        decision = decided(before, told, self.now, self.machine)
        assert decision.state is not None
        self.state = decision.state
        self._look(before, told, decision)

    def _look(self, before: Incident | None, told: Input, decision: Decision[Incident]) -> None:
        state, pages = self.state, [effect for effect in decision.effects if effect.kind == PAGE]
        for page in pages:
            assert page.receiver.startswith("responder:"), "what stands for others is nobody"
            assert str(page.facts["why"]).strip()
            assert page.receiver in ladder.awaited(state, unreached=True)
        if before is not None and before.rung == state.rung and not isinstance(told, Invited):
            assert not {page.receiver for page in pages} & set(before.passed)
        self._silence(before, told, bool(pages))
        self._words()

    def _silence(self, before: Incident | None, told: Input, paged: bool) -> None:
        """How long nobody was asked while it fires, and nobody has it, and no person has silenced it."""
        state = self.state
        mutes = [line.mute for line in state.alerts.values() if line.status is not AlertStatus.RESOLVED]
        silenced = any(each is not None and each.kind is MuteKind.SILENCE for each in mutes)
        rests = state.status in {Status.RESOLVED, Status.ACKNOWLEDGED} or bool(state.assignee) or not state.firing
        if paged or silenced or rests or state.kind is Kind.NOTIFICATION:
            self.asked_at = self.now
        longest = HOLD_MAX + MUTES_AT_MOST + SMART_WAITS * WAIT
        assert self.now - self.asked_at <= longest, "somebody is asked in time"
        if state.severity is Severity.CRITICAL and not silenced and not rests and state.kind is Kind.ALERT:
            assert state.status is Status.TRIGGERED, "an emergency asks"
            # A smart step that waits on is over after twice its wait.
            assert self.now - self.asked_at <= SMART_WAITS * WAIT
            opens = before is None or before.status is Status.RESOLVED or before.severity is not Severity.CRITICAL
            if opens and isinstance(told, AlertReceived) and (before is None or before.status is not Status.TRIGGERED):
                assert paged, "an emergency asks at once"

    def _words(self) -> None:
        state = self.state
        sentence = who(state, TELLING)
        assert sentence and standing(state, TELLING, self.now)
        if state.status is Status.TRIGGERED and state.kind is Kind.ALERT:
            awaited = ladder.awaited(state)
            asking = sentence.partition(".")[0]
            assert {name for name in NAMES if name.title() in asking} == {ladder.label(each) for each in awaited}
            assert "0 more" not in sentence
        then = next_step(state, TELLING, self.now)
        assert "nobody again" not in then
        seen = outlook(self.machine, state, {})
        assert seen.who
        assert (seen.then == "") is (state.wake_at is None)
        if state.wake_at is not None and state.kind is Kind.ALERT:
            self._foretold(seen.then, seen.at or state.wake_at)
        coming(self.machine, state, {})

    def _foretold(self, then: str, at: Instant) -> None:
        """What the console says of the next moment comes true."""
        after = self.machine.decide(self.state, Tick(), max(at, self.now))
        paged = any(effect.kind == PAGE for effect in after.effects)
        if paged:
            assert then.startswith("asks"), then
        else:
            assert not then.startswith("asks") or "when" in then, then


@settings(max_examples=150)
@given(plans, st.sampled_from(ASKERS), happenings(), st.lists(happenings(), min_size=3, max_size=25))
def test_all_rules_hold_together(
    plan: Plan, whom: Asker, first: tuple[Duration, object], story: list[tuple[Duration, object]]
) -> None:
    _, (_, key, name, severity, muted) = first  # type: ignore[misc]
    nothing = Incident(
        plan=plan,
        status=Status.RESOLVED,
        kind=Kind.ALERT,
        severity=severity,
        alerts={},
        count=0,
        opened_at=BEGUN,
        changed_at=BEGUN,
        last_alert_at=BEGUN,
        wake_at=None,
        face=Alert(status=AlertStatus.FIRING, title=key, dedup_key=key, source="probe"),
    )
    opening = given_of(("fires", key, name, severity, muted), nothing, plan, BEGUN)[0]
    assert isinstance(opening, AlertReceived)
    life = Life(plan, whom, opening)
    for pause, happening in story:
        life.wait(pause)
        for told in given_of(happening, life.state, plan, life.now):
            if life.machine.answers(life.state, told, life.now):
                life.give(told)
    life.wait(60 * MINUTE)
