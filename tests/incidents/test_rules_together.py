"""All rules on one plan, in any order: the laws hold, and nobody waits longer for a page than the rules say."""

from __future__ import annotations

import msgspec
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


class Happening(msgspec.Struct, frozen=True):
    """*pause*, and then *what*, about *key* or *name*; *muted*: what covers the alert, if it is one."""

    pause: Duration
    what: str
    key: str
    name: str
    severity: Severity
    muted: str


WORDS = [
    "fires",
    "fires",
    "fires",
    "recovers",
    "recovers",
    "flaps",
    "source",
    "ack",
    "ack",
    "pass",
    "escalate",
    "reassign",
    "snooze",
    "invite",
    "unack",
    "amend",
    "redirect",
    "fails",
    "fails",
    "silence",
    "inhibit",
    "unsilence",
    "uninhibit",
    "over",
    "resolve",
    "nothing",
    "nothing",
]
happenings = st.builds(
    Happening,
    pause=st.sampled_from([0, SECOND, MINUTE, MINUTE, 3 * MINUTE, WAIT]),
    what=st.sampled_from(WORDS),
    key=st.sampled_from(KEYS),
    name=st.sampled_from(NAMES),
    severity=st.sampled_from(Severity),
    muted=st.sampled_from(["", "", "", "silence", "inhibit", "storm"]),
)


def told_by(each: Happening, state: Incident | None, plan: Plan, now: Instant) -> list[Input]:
    """What the incident is told of *each*, when it stands as *state*."""
    rung, name = state.rung if state else -1, each.name
    inhibited = mute(MuteKind.INHIBITION, DOWN, (state.opened_at if state else now) + MUTES_AT_MOST)
    fires = firing(each, plan, inhibited, now)
    says = {status: replace(fires, alert=replace(fires.alert, status=status), mute=None) for status in AlertStatus}
    other = replace(plan, policy=PLAIN if plan.policy is CHOSEN else CHOSEN)
    found: dict[str, list[Input]] = {
        "fires": [fires],
        "recovers": [says[AlertStatus.RESOLVED]],
        "flaps": [says[AlertStatus.RESOLVED], fires],
        "source": [says[AlertStatus.ACKNOWLEDGED]],
        "ack": [Acknowledged(name)],
        "pass": [Passed(by=name, rung=rung)],
        "escalate": [Escalated(by=name, rung=rung)],
        "reassign": [Reassigned(by="cy", to=name)],
        "snooze": [Snoozed(by=name, until=now + 7 * MINUTE)],
        "invite": [Invited(by="cy", receivers=(responder(name),))],
        "unack": [Unacknowledged(name)],
        "amend": [Amended(by="cy", severity=each.severity)],
        "redirect": [Redirected(by="cy", plan=other)],
        "fails": [PageFailed(receiver=responder(name), rung=rung, error="gone", final=True)],
        "silence": [Muted(dedup_key=each.key, mute=mute(MuteKind.SILENCE, "t", now + 4 * MINUTE))],
        "inhibit": [Muted(dedup_key=each.key, mute=inhibited)],
        "unsilence": [Unmuted(silence="s"), Unmuted(silence="t", dedup_key=each.key)],
        "uninhibit": [Unmuted(silence=DOWN)],
        "over": [Unmuted(silence=STORM)],
        "resolve": [Resolved(by=name)],
    }
    return found.get(each.what, [])


def firing(each: Happening, plan: Plan, inhibited: Mute, now: Instant) -> AlertReceived:
    """The alert of *each*; the edge mutes no emergency but by a person's silence."""
    alert = Alert(
        status=AlertStatus.FIRING,
        title=each.key,
        dedup_key=each.key,
        group_key="g",
        source="probe",
        severity=each.severity,
    )
    mutes = {"silence": mute(MuteKind.SILENCE, "s", now + 7 * MINUTE)}
    if each.severity is not Severity.CRITICAL:
        mutes |= {"inhibit": inhibited, "storm": mute(MuteKind.STORM, STORM, BEGUN + MUTES_AT_MOST)}
    marks = Marks(mutable=() if each.severity is Severity.CRITICAL else (DOWN,))
    return AlertReceived(alert, plan, "in", mutes.get(each.muted), TRANSIENT, marks)


class Life:
    """An incident that is told everything, with every tick in its time."""

    def __init__(self, whom: Asker, first: Input) -> None:
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
        firing = [line.severity for line in state.alerts.values() if line.status is not AlertStatus.RESOLVED]
        if Severity.CRITICAL in firing and not silenced and not rests and state.kind is Kind.ALERT:
            assert state.status is Status.TRIGGERED, "an emergency asks"
            # A smart step that waits on is over after twice its wait.
            assert self.now - self.asked_at <= SMART_WAITS * WAIT
            opens = before is None or before.status is Status.RESOLVED or before.severity is not Severity.CRITICAL
            if opens and isinstance(told, AlertReceived) and (before is None or before.status is not Status.TRIGGERED):
                assert paged, "an emergency asks at once"

    def _words(self) -> None:
        state = self.state
        sentence = who(state, TELLING)
        assert sentence
        assert standing(state, TELLING, self.now)
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
@given(plans, st.sampled_from(ASKERS), happenings, st.lists(happenings, min_size=3, max_size=25))
def test_all_rules_hold_together(plan: Plan, whom: Asker, first: Happening, story: list[Happening]) -> None:
    (opening,) = told_by(replace(first, what="fires"), None, plan, BEGUN)
    life = Life(whom, opening)
    for each in story:
        life.wait(each.pause)
        for told in told_by(each, life.state, plan, life.now):
            if life.machine.answers(life.state, told, life.now):
                life.give(told)
    life.wait(60 * MINUTE)
