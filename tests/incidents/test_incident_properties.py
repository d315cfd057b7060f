"""Whatever the world sends, in whatever order and at whatever time, the laws hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.incidents.laws import MACHINE, decided
from tocsin.incidents.alerts import Alert, AlertStatus, Gate, Kind, Plan, Remedied, Severity
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
from tocsin.incidents.policy import REPEAT_MAX, Policy, Step
from tocsin.incidents.silences import Mute
from tocsin.incidents.state import Incident
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import DAY, DURATION_MAX, HOUR, INSTANT_MAX, MINUTE, SECOND, Instant

BEGUN: Instant = 1_700_000_000_000
HUGE = 2**62

texts = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["\x00", "\u202egnp.exe", "<!channel>", "`*_~", "\r\n\r\n", "🔔" * 99, "x" * 5000]),
)
names = st.one_of(st.sampled_from(["ada", "bo", "cy"]), texts)
receivers = st.one_of(st.sampled_from(["ada", "bo", "cy"]).map(responder), st.just(room("ops")), texts)
delays = st.one_of(st.just(SECOND), st.integers(SECOND, DURATION_MAX))
windows = st.integers(0, DURATION_MAX)
policies = st.builds(
    Policy,
    name=texts,
    steps=st.lists(st.builds(Step, st.lists(receivers, max_size=3, unique=True).map(tuple), delays), max_size=3).map(
        tuple
    ),
    everyone=st.lists(receivers, max_size=4, unique=True).map(tuple),
    repeat=st.integers(0, REPEAT_MAX),
    everyone_delay=delays,
    ack_timeout=delays,
)
plans = st.builds(
    Plan,
    team=st.one_of(st.just("ops"), texts),
    policy=policies,
    severity=st.none() | st.sampled_from(Severity),
    kind=st.none() | st.sampled_from(Kind),
    auto_resolve=st.booleans(),
    alert_window=windows,
    notification_window=windows,
    reopen_window=windows,
    gate=st.none() | st.builds(Gate, st.integers(-1, 4), windows),
    remedy=st.none() | st.builds(Remedied, texts, texts),
)
alerts = st.builds(
    Alert,
    status=st.sampled_from(AlertStatus),
    title=texts,
    dedup_key=st.one_of(st.sampled_from(["disk", "mail"]), texts),
    group_key=texts,
    source=texts,
    severity=st.sampled_from(Severity),
    kind=st.sampled_from(Kind),
    labels=st.dictionaries(texts, texts, max_size=2),
    occurred_at=st.none() | st.integers(BEGUN - HOUR, BEGUN + HOUR) | st.integers(0, INSTANT_MAX),
    expires_at=st.none() | st.integers(BEGUN - HOUR, BEGUN + HOUR) | st.integers(0, INSTANT_MAX),
    sender=texts,
)
words = st.lists(texts, max_size=3).map(tuple)
amendments = st.builds(
    Amended,
    by=names,
    title=st.none() | texts,
    description=st.none() | texts,
    severity=st.none() | st.sampled_from(Severity),
    add_tags=words,
    remove_tags=words,
    set_labels=st.dictionaries(texts, texts, max_size=2),
    remove_labels=words,
    annotations=st.dictionaries(texts, texts, max_size=2),
)
moments = st.integers(BEGUN - HOUR, BEGUN + 2 * HOUR) | st.integers(0, INSTANT_MAX)
mutes = st.builds(Mute, silence=st.sampled_from(["s", "t"]), by=texts, until=moments, why=texts)
rungs = st.none() | st.integers(-1, 5) | st.integers(-HUGE, HUGE)
inputs: st.SearchStrategy[Input] = st.one_of(
    st.builds(AlertReceived, alerts, plans),
    st.builds(AlertReceived, alerts, plans, mute=st.none() | mutes),
    st.builds(Muted, dedup_key=st.sampled_from(["disk", "mail"]), mute=mutes),
    st.builds(
        Unmuted, silence=st.sampled_from(["s", "t"]), dedup_key=st.sampled_from(["", "disk"]), instead=st.none() | mutes
    ),
    st.builds(Lapsed, dedup_key=st.sampled_from(["disk", "mail"]), expires_at=moments),
    st.builds(Acknowledged, by=names),
    st.builds(Passed, by=names, rung=rungs, why=texts),
    st.builds(Escalated, by=names, rung=rungs),
    st.builds(Reassigned, by=names, to=names),
    st.builds(Snoozed, by=names, until=st.integers(BEGUN, BEGUN + 40 * DAY) | st.integers(-HUGE, HUGE)),
    st.builds(Resolved, by=names, note=texts),
    st.builds(Noted, by=names, text=texts),
    st.builds(Unacknowledged, by=names),
    amendments,
    st.builds(Invited, by=names, receivers=st.lists(receivers, max_size=3).map(tuple), why=texts),
    st.builds(Redirected, by=names, plan=plans),
    st.builds(Withdrawn, by=names),
    st.builds(PageFailed, receiver=receivers, rung=st.integers(-1, 5), error=texts, final=st.booleans()),
    st.just(Restored()),
    st.just(Tick()),
)
# Equal instants, the next millisecond, and leaps over every deadline.
pauses = st.sampled_from([0, 0, 1, SECOND, 5 * MINUTE, HOUR, 8 * DAY])
stories = st.lists(st.tuples(pauses, inputs), max_size=12)


@given(plans, alerts, stories)
def test_the_laws_hold_whatever_the_world_sends(plan: Plan, first: Alert, story: list[tuple[int, Input]]) -> None:
    state, now = decided(None, AlertReceived(first, plan), BEGUN).state, BEGUN
    for pause, given_input in story:
        now += pause
        state = decided(state, given_input, now).state


@given(plans, alerts, stories)
def test_the_laws_hold_when_every_tick_comes_in_time(plan: Plan, first: Alert, story: list[tuple[int, Input]]) -> None:
    state, now = decided(None, AlertReceived(first, plan), BEGUN).state, BEGUN
    for pause, given_input in story:
        now += pause
        for _ in range(3):
            if state is not None and state.next_at is not None and state.next_at <= now:
                state = decided(state, Tick(), max(state.next_at, now - pause)).state
        state = decided(state, given_input, now).state


def opened(plan: Plan, first: Alert) -> Incident:
    state = decided(None, AlertReceived(replace(first, status=AlertStatus.FIRING), plan), BEGUN).state
    assert state is not None
    return state


@given(plans, alerts, inputs)
def test_huge_counts_are_only_numbers(plan: Plan, first: Alert, given_input: Input) -> None:
    state = opened(plan, first)
    lines = {key: replace(line, count=HUGE) for key, line in state.alerts.items()}
    rung = HUGE + state.rung
    aged = replace(state, count=HUGE, reopened=HUGE, rung=rung, base=HUGE + state.base, alerts=lines)
    decided(aged, given_input, BEGUN)


@given(plans, alerts, stories, inputs)
def test_whether_an_incident_answers_is_always_told(
    plan: Plan, first: Alert, story: list[tuple[int, Input]], last: Input
) -> None:
    state, now = opened(plan, first), BEGUN
    for pause, given_input in story:
        now += pause
        state = decided(state, given_input, now).state or state
    fires = isinstance(last, AlertReceived) and last.alert.status is AlertStatus.FIRING
    assert MACHINE.answers(state, last, now) or fires


@given(plans, alerts, st.integers(0, 5))
def test_a_clock_that_stands_still_asks_one_rung_and_no_more(plan: Plan, first: Alert, ticks: int) -> None:
    state = opened(plan, first)
    assert state.wake_at is not None
    now = state.wake_at
    after = decided(state, Tick(), now).state
    for _ in range(ticks):
        again = decided(after, Tick(), now)
        assert (again.state, again.effects) == (after, ())
