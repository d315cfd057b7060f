"""The life of a heartbeat, as a story that people can read: minutes, what happened, what followed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tocsin.heartbeats.inputs import Configured, Deleted, Expired, Input, Pinged, Switched, Terms
from tocsin.heartbeats.machine import EVERY, GRACE, SILENCE, Heartbeat, HeartbeatMachine, Status
from tocsin.heartbeats.ping import Ping, PingKind
from tocsin.heartbeats.reasons import Reason
from tocsin.kernel.json import Json
from tocsin.kernel.machine import Decision, Effect, Standing, Tick
from tocsin.kernel.time import HOUR, MINUTE

MACHINE = HeartbeatMachine()
START = 1_800_000_000_000


class Life:
    """One heartbeat on a clock of its own; time sends Tick when it is due, as the sweep does."""

    def __init__(self) -> None:
        self.now = START
        self.state: Heartbeat | None = None
        self.told: list[str] = []

    def give(self, given: Input) -> str:
        decision: Decision[Heartbeat] = MACHINE.decide(self.state, given, self.now)
        self.state = decision.state
        self.told += [str(effect.facts.get("condition") or effect.facts["what"]) for effect in decision.effects]
        return decision.reason

    def ping(self, kind: PingKind = PingKind.SUCCESS, *, watched: bool = False, **more: Json) -> str:
        return self.give(Pinged(integration="ops", ping=Ping(name="backup", kind=kind, **more), watched=watched))

    def configure(self, *, enabled: bool | None = None, **terms: Json) -> str:
        return self.give(Configured(integration="ops", name="backup", terms=Terms(**terms), enabled=enabled))

    def wait(self, duration: int) -> list[str]:
        """Let time pass; the reasons of what fell due."""
        end, reasons = self.now + duration, []
        while (due := self._due()) is not None and due <= end:
            self.now = max(self.now, due)
            reasons.append(self.give(Tick()))
            due = self._due()
            assert due is None or due > self.now
        self.now = end
        return reasons

    def _due(self) -> int | None:
        return self.state.wake_at if self.state else None

    @property
    def status(self) -> Status:
        assert self.state
        return self.state.status


@pytest.fixture
def life() -> Life:
    return Life()


def test_the_first_ping_creates_it_with_the_usual_promise(life: Life) -> None:
    assert life.ping() == Reason.CREATED
    assert life.state
    assert (life.state.every, life.state.grace, life.status) == (EVERY, GRACE, Status.UP)
    assert life.told == []


def test_silence_is_late_then_missed_and_a_ping_resolves_it(life: Life) -> None:
    life.ping(every=5 * MINUTE, grace=MINUTE)
    assert life.wait(5 * MINUTE) == [Reason.LATE]
    assert life.wait(MINUTE) == [Reason.MISSED]
    assert life.wait(100 * HOUR) == []
    assert life.ping() == Reason.RECOVERED
    assert life.told == ["late", "missed", "well"]
    assert life.status is Status.UP


def test_who_comes_in_time_is_never_late(life: Life) -> None:
    life.ping(every=5 * MINUTE)
    for _ in range(10):
        assert life.wait(5 * MINUTE - 1) == []
        assert life.ping() == Reason.PINGED
    assert life.told == []


def test_without_a_grace_it_is_missed_at_once(life: Life) -> None:
    life.ping(every=5 * MINUTE)
    assert life.wait(5 * MINUTE) == [Reason.MISSED]
    assert life.told == ["missed"]


def test_a_promise_is_at_least_ten_seconds(life: Life) -> None:
    life.ping(every=1)
    assert life.wait(9_999) == []
    assert life.wait(1) == [Reason.MISSED]


def test_a_failure_is_told_at_once_and_a_success_resolves_it(life: Life) -> None:
    assert life.ping(PingKind.FAIL, every=HOUR, text="exit status 3") == Reason.FAILED
    assert life.told == ["failed"]
    assert life.state
    assert life.state.text == "exit status 3"
    assert life.ping() == Reason.RECOVERED
    assert life.told == ["failed", "well"]


def test_work_that_begins_and_does_not_end_in_time_is_told(life: Life) -> None:
    life.ping(every=HOUR, grace=10 * MINUTE)
    life.wait(30 * MINUTE)
    assert life.ping(PingKind.START) == Reason.STARTED
    assert life.wait(10 * MINUTE) == [Reason.FAILED]
    assert life.told == ["unfinished"]
    assert life.ping() == Reason.RECOVERED


def test_work_that_begins_and_ends_in_time_is_well(life: Life) -> None:
    life.ping(every=HOUR, grace=10 * MINUTE)
    life.wait(30 * MINUTE)
    life.ping(PingKind.START)
    life.wait(5 * MINUTE)
    assert life.ping() == Reason.PINGED
    assert life.wait(50 * MINUTE) == []


def test_a_word_for_the_record_proves_nothing(life: Life) -> None:
    life.ping(every=HOUR)
    life.wait(HOUR - 1)
    assert life.ping(PingKind.LOG, text="still copying") == Reason.LOGGED
    assert life.wait(1) == [Reason.MISSED]


def test_a_configured_one_that_never_comes_is_missed(life: Life) -> None:
    assert life.configure(every=HOUR, message="The backup did not run") == Reason.CREATED
    assert life.wait(HOUR) == [Reason.MISSED]


def test_the_same_terms_again_change_nothing(life: Life) -> None:
    life.configure(every=HOUR)
    assert life.configure(every=HOUR) == Reason.UNCHANGED
    assert life.configure(every=HOUR, description="nightly") == Reason.CONFIGURED


def test_a_new_promise_counts_from_now(life: Life) -> None:
    life.configure(every=24 * HOUR)
    life.wait(10 * HOUR)
    assert life.configure(every=HOUR, grace=MINUTE) == Reason.CONFIGURED
    assert life.wait(HOUR) == [Reason.LATE]
    assert life.wait(MINUTE) == [Reason.MISSED]


def test_new_terms_of_a_missed_one_leave_it_missed(life: Life) -> None:
    life.ping(every=HOUR)
    life.wait(HOUR)
    assert life.configure(every=2 * HOUR) == Reason.CONFIGURED
    assert life.status is Status.MISSED


def test_a_disabled_one_is_silent_and_its_alert_is_over(life: Life) -> None:
    life.ping(every=HOUR)
    life.wait(HOUR)
    assert life.give(Switched(enabled=False)) == Reason.DISABLED
    assert life.told == ["missed", "well"]
    assert life.wait(10 * HOUR) == []
    assert life.ping() == Reason.IDLE
    assert life.give(Switched(enabled=False)) == Reason.UNCHANGED
    assert life.give(Switched(enabled=True)) == Reason.ENABLED
    assert life.wait(HOUR) == [Reason.MISSED]


def test_terms_can_enable_and_disable(life: Life) -> None:
    assert life.configure(every=HOUR, enabled=False) == Reason.CREATED
    assert life.status is Status.DISABLED
    assert life.wait(2 * HOUR) == []
    assert life.configure(enabled=True) == Reason.ENABLED
    assert life.configure(enabled=False) == Reason.DISABLED


def test_a_deleted_one_resolves_its_alert_and_may_begin_anew(life: Life) -> None:
    life.ping(every=HOUR)
    life.wait(HOUR)
    assert life.give(Deleted()) == Reason.DELETED
    assert life.told == ["missed", "well"]
    assert life.give(Deleted()) == Reason.UNKNOWN
    assert life.state is None
    assert life.ping() == Reason.CREATED


@pytest.mark.parametrize(
    "given", [Tick(), Deleted(), Switched(enabled=True), Expired(incident="1", dedup_key="d", expires_at=1)]
)
def test_what_is_not_there_takes_nothing(life: Life, given: Input) -> None:
    assert life.give(given) == Reason.UNKNOWN
    assert life.state is None


def test_a_tick_too_early_does_nothing(life: Life) -> None:
    life.ping(every=HOUR)
    assert life.give(Tick()) == Reason.NOT_DUE


def test_a_watched_sender_promises_nothing(life: Life) -> None:
    life.ping(watched=True)
    assert life.wait(1000 * HOUR) == []
    assert life.state
    assert MACHINE.standing(life.state) == Standing(wake_at=None, live=True, owes=False, rank=START)


def expired(at: int) -> Expired:
    return Expired(incident="7", dedup_key="disk", expires_at=at)


def test_what_a_living_sender_does_not_repeat_is_over(life: Life) -> None:
    life.ping(watched=True)
    life.wait(5 * MINUTE)
    life.ping(watched=True)
    assert life.give(expired(life.now - MINUTE)) == Reason.SENDER_LIVES
    assert life.told == ["lapsed"]


def test_a_sender_that_is_silent_as_a_whole_is_told_once_and_nothing_is_over(life: Life) -> None:
    life.ping(watched=True)
    at = life.now + MINUTE
    life.wait(2 * MINUTE)
    assert life.give(expired(at)) == Reason.NOT_YET
    life.wait(SILENCE)
    assert life.give(expired(at)) == Reason.SENDER_SILENT
    assert life.give(expired(at)) == Reason.SENDER_SILENT
    assert life.told == ["silent"]
    assert life.ping(watched=True) == Reason.RECOVERED
    assert life.told == ["silent", "well"]
    assert life.give(expired(at)) == Reason.NOT_YET


def test_a_heartbeat_that_promises_is_not_told_twice(life: Life) -> None:
    life.ping(every=HOUR)
    at = life.now + MINUTE
    life.wait(10 * MINUTE)
    assert life.give(expired(at)) == Reason.SENDER_SILENT
    assert life.told == []


def test_the_message_carries_all_that_an_alert_says(life: Life) -> None:
    life.configure(every=HOUR, message="no backup", severity="critical", tags=("nightly",), description="see the wiki")
    decision = MACHINE.decide(life.state, Tick(), START + HOUR)
    [effect] = decision.effects
    assert (effect.receiver, effect.kind) == ("machine:incident", "tell")
    told = {name: effect.facts[name] for name in ("message", "severity", "tags", "description", "name", "integration")}
    assert told == {
        "message": "no backup",
        "severity": "critical",
        "tags": ("nightly",),
        "description": "see the wiki",
        "name": "backup",
        "integration": "ops",
    }


def test_a_state_survives_its_json(life: Life) -> None:
    life.configure(every=HOUR, tags=("a",))
    assert life.state
    assert MACHINE.decode(MACHINE.encode(life.state)) == life.state
    assert MACHINE.answers(life.state, Tick(), 0)
    assert MACHINE.wanted(life.state, Effect(receiver="r", kind="tell"))


def every_input() -> Sequence[Input]:
    pings = [
        Pinged(integration="ops", ping=Ping(name="b", kind=kind, every=every, grace=grace), watched=watched)
        for kind in PingKind
        for every, grace in ((None, None), (MINUTE, 0), (MINUTE, MINUTE))
        for watched in (False, True)
    ]
    terms = [
        Configured(integration="ops", name="b", terms=Terms(every=every, grace=grace), enabled=enabled)
        for every, grace in ((None, None), (HOUR, MINUTE))
        for enabled in (None, False, True)
    ]
    return [*pings, *terms, Switched(enabled=True), Switched(enabled=False), Deleted(), expired(START), Tick()]


def test_in_a_small_world_every_input_is_legal_and_who_owes_has_a_next_action() -> None:
    seen: set[bytes] = set()
    worlds: list[tuple[Heartbeat | None, int]] = [(None, START)]
    for _ in range(3):
        after: list[tuple[Heartbeat | None, int]] = []
        for state, now in worlds:
            for later in (0, 90_000, HOUR):
                for given in every_input():
                    decision = MACHINE.decide(state, given, now + later)
                    assert isinstance(decision.reason, Reason)
                    if decision.state is None:
                        continue
                    standing = MACHINE.standing(decision.state)
                    assert not standing.owes or standing.wake_at is not None
                    if isinstance(given, Tick):
                        assert standing.wake_at is None or standing.wake_at > now + later
                    raw = MACHINE.encode(decision.state)
                    if raw not in seen and len(seen) < 2000:
                        seen.add(raw)
                        after.append((decision.state, now + later))
        worlds = after
    assert len(seen) == 2000
