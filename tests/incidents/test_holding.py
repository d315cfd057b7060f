"""What holds and flapping teach and tell, beside the stories in the scenarios."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.incidents.laws import MACHINE, decided
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Plan, Severity
from tocsin.incidents.inputs import (
    Acknowledged,
    AlertReceived,
    Amended,
    Escalated,
    Input,
    Lapsed,
    Muted,
    Resolved,
    Withdrawn,
)
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.reasons import Reason
from tocsin.incidents.silences import Mute
from tocsin.incidents.state import Incident, Status
from tocsin.incidents.telling import Telling, next_step, restless, standing, who
from tocsin.kernel.json import Json
from tocsin.kernel.machine import TELL, Tick
from tocsin.kernel.time import HOUR, MINUTE

NOW = 1_700_000_040_000  # A whole minute: 22:14.
ADA, BO = "responder:ada", "responder:bo"
POLICY = Policy(name="p", steps=(Step((ADA,)), Step((BO,))), everyone=(ADA, BO))
PLAN = Plan(team="ops", policy=POLICY, hold=3 * MINUTE, transient_hold=True, flapping=True)
DISK = Alert(status=AlertStatus.FIRING, title="disk", dedup_key="disk", group_key="g", source="probe")
FIRES = AlertReceived(DISK, PLAN, "prom")
RECOVERS = replace(FIRES, alert=replace(DISK, status=AlertStatus.RESOLVED))
MAIL = replace(DISK, dedup_key="mail", severity=Severity.WARNING)
TELLING = Telling({"ada": "Ada"}, when=lambda at: f"+{(at - NOW) / MINUTE:g}m")


class Life:
    """One incident on a clock of its own, and what it has told the history."""

    def __init__(self, plan: Plan = PLAN) -> None:
        self.plan = plan
        self.now = NOW
        self.state: Incident | None = None
        self.told: list[dict[str, Json]] = []

    def give(self, *given: Input, after: int = 0) -> Incident:
        self.now += after
        for each in given:
            meant = replace(each, plan=self.plan) if isinstance(each, AlertReceived) else each
            decision = decided(self.state, meant, self.now)
            self.state = decision.state
            self.reason = decision.reason
            tells = [effect.facts for effect in decision.effects if effect.kind == TELL]
            self.told += [facts for facts in tells if facts["what"] == "closed"]
        assert self.state is not None
        return self.state

    def flap(self, changes: int) -> Incident:
        states = [self.give(RECOVERS if number % 2 else FIRES, after=MINUTE) for number in range(changes)]
        return states[-1]

    @property
    def lessons(self) -> list[tuple[Json, ...]]:
        return [(facts["dedup_key"], facts["closed_by"], facts["duration"], facts["held"]) for facts in self.told]


def test_what_recovers_while_it_is_held_has_saved_a_page() -> None:
    life = Life()
    life.give(FIRES)
    life.give(RECOVERS, after=MINUTE)
    assert life.told == [
        {
            "what": "closed",
            "of": "prom",
            "dedup_key": "disk",
            "closed_by": "source",
            "duration": MINUTE,
            "severity": "high",
            "closed_at": NOW + MINUTE,
            "held": "saved",
        }
    ]


def test_what_recovers_after_the_hold_was_paged_late() -> None:
    life = Life()
    life.give(FIRES)
    life.give(Tick(), after=3 * MINUTE)
    life.give(RECOVERS, after=MINUTE)
    assert life.lessons == [("disk", "source", 4 * MINUTE, "late")]


def test_what_comes_back_teaches_its_whole_time_and_was_late() -> None:
    life = Life()
    life.give(FIRES)
    life.give(RECOVERS, after=MINUTE)
    life.give(FIRES, after=MINUTE)
    life.give(RECOVERS, after=MINUTE)
    assert life.lessons == [("disk", "source", MINUTE, "saved"), ("disk", "source", 3 * MINUTE, "late")]


@pytest.mark.parametrize(
    ("given", "closed_by", "held"),
    [
        ((Resolved(by="ada"),), "human", "ended"),
        ((Escalated(by="cy"), Resolved(by="ada")), "human", "ended"),
        ((Acknowledged("ada"), RECOVERS), "source", "ended"),
        ((Amended(by="cy", severity=Severity.CRITICAL), RECOVERS), "source", "ended"),
        ((Withdrawn("prom"),), "human", "ended"),
        ((Muted(dedup_key="disk", mute=Mute(silence="s", by="cy", until=NOW + HOUR)), RECOVERS), "source", "ended"),
    ],
)
def test_who_closes_it_and_what_came_of_the_hold(given: tuple[Input, ...], closed_by: str, held: str) -> None:
    life = Life()
    life.give(FIRES)
    life.give(*given, after=MINUTE)
    assert life.lessons == [("disk", closed_by, MINUTE, held)]


def test_each_alert_of_a_group_teaches_its_own_key_and_the_first_one_the_hold() -> None:
    life = Life()
    life.give(FIRES, replace(FIRES, alert=MAIL))
    life.give(replace(FIRES, alert=replace(MAIL, status=AlertStatus.RESOLVED)), after=MINUTE)
    life.give(Resolved(by="ada"), after=MINUTE)
    assert life.lessons == [("mail", "source", MINUTE, None), ("disk", "human", 2 * MINUTE, "ended")]
    life.give(RECOVERS, after=MINUTE)
    assert len(life.told) == 2


def test_nothing_is_told_where_nothing_is_learned() -> None:
    life = Life(replace(PLAN, transient_hold=False))
    life.give(FIRES, RECOVERS)
    assert life.told == []


def test_notifications_teach_nothing_and_are_not_held() -> None:
    life = Life(replace(PLAN, kind=Kind.NOTIFICATION))
    state = life.give(FIRES)
    assert (state.status, state.hold) == (Status.TRIGGERED, None)
    life.give(RECOVERS)
    assert life.told == []


def test_what_lapses_while_it_is_held_has_recovered() -> None:
    life = Life()
    life.give(replace(FIRES, alert=replace(DISK, expires_at=NOW + MINUTE, sender="prom")))
    life.give(Lapsed(dedup_key="disk", expires_at=NOW + MINUTE), after=2 * MINUTE)
    assert life.reason is Reason.HELD_RECOVERED
    assert life.lessons == [("disk", "source", 2 * MINUTE, "saved")]


def test_what_flaps_is_one_occurrence_when_it_has_stopped() -> None:
    life = Life(replace(PLAN, hold=0))
    state = life.flap(10)
    assert life.reason is Reason.FLAPPING
    told = len(life.told)
    life.give(FIRES, RECOVERS, after=MINUTE)
    assert len(life.told) == told
    life.now = state.calm_at or 0
    state = life.give(Tick(), after=2 * MINUTE)
    assert (life.reason, state.status) == (Reason.CALMED, Status.RESOLVED)
    assert life.lessons[-1] == ("disk", "source", life.now - NOW - MINUTE, None)


def test_flapping_in_a_group_keeps_it_open_until_the_last_one_is_quiet() -> None:
    life = Life(replace(PLAN, hold=0))
    state = life.flap(10)
    life.give(Acknowledged("ada"))
    for status in (AlertStatus.FIRING, AlertStatus.RESOLVED) * 5:
        state = life.give(replace(FIRES, alert=replace(MAIL, status=status)), after=MINUTE)
    first = state.calm_at
    assert first is not None
    life.now = first
    state = life.give(Tick())
    assert (life.reason, state.live) == (Reason.CALMED, True)
    assert state.calm_at is not None
    assert state.calm_at > first
    life.now = state.calm_at
    assert not life.give(Tick()).live


def test_a_repetition_is_no_change() -> None:
    life = Life(replace(PLAN, hold=0))
    state = life.give(FIRES, FIRES, FIRES)
    assert [line.flips and line.flips.slots for line in state.alerts.values()] == [((NOW // MINUTE, 1),)]


def test_a_person_must_resolve_it_even_when_it_flaps() -> None:
    life = Life(replace(PLAN, hold=0, auto_resolve=False))
    state = life.flap(10)
    assert life.reason is Reason.SOURCE_RECOVERED
    assert restless(state, TELLING) == "Flapping: 10 changes in 10m."
    life.now = state.calm_at or 0
    state = life.give(Acknowledged("ada"), Tick())
    assert (life.reason, state.live) == (Reason.CALMED, True)


def test_a_ladder_that_is_late_finds_what_has_been_quiet_resolved() -> None:
    life = Life(replace(PLAN, hold=0))
    life.flap(10)
    assert not life.give(Tick(), after=HOUR).live
    assert life.reason is Reason.CALMED


def test_a_ladder_that_is_late_goes_on_when_what_has_flapped_fires() -> None:
    life = Life(replace(PLAN, hold=0))
    life.flap(11)
    state = life.give(Tick(), after=HOUR)
    assert (life.reason, state.asked, state.calm_at) == (Reason.STEP_EXPIRED, (BO,), None)


def test_an_alert_of_the_group_that_fires_while_all_is_quiet_asks_the_next_step() -> None:
    life = Life(replace(PLAN, hold=0))
    life.flap(10)
    state = life.give(Tick(), after=5 * MINUTE)
    assert life.reason is Reason.QUIET
    assert next_step(state, TELLING, life.now) == "Without an answer, asks bo when it fires again."
    state = life.give(replace(FIRES, alert=MAIL), after=MINUTE)
    assert (life.reason, state.asked) == (Reason.RESUMED, (BO,))


def test_a_state_of_an_older_version_has_neither() -> None:
    document = MACHINE.encode(Life(replace(PLAN, hold=0)).give(FIRES))
    without = document
    for name in (b'"hold":null,', b'"calm_at":null,', b',"hold":null', b',"calm_at":null', b'"hold":0,'):
        without = without.replace(name, b"")
    state = MACHINE.decode(without)
    assert (state.held, state.calm_at, state.plan.hold) == (False, None, 0)


def test_people_read_that_it_is_held_and_why() -> None:
    state = Life().give(FIRES)
    assert who(state, TELLING) == "Held until +3m: it has 3m to recover by itself."
    assert next_step(state, TELLING, NOW) == "Asks Ada at +3m, unless it is resolved."


def test_people_read_that_it_flaps_and_until_when() -> None:
    life = Life(replace(PLAN, hold=0))
    state = life.flap(10)
    assert state.calm_at is not None
    quiet = TELLING.when(state.calm_at)
    assert f"Asking Ada. Flapping: 10 changes in 10m; resolves at {quiet}" in standing(state, TELLING, life.now)
    state = life.give(FIRES, after=MINUTE)
    assert restless(state, TELLING) == "Flapping: 11 changes in 11m; resolves when it has recovered and been quiet."
    assert restless(life.give(Resolved(by="ada")), TELLING) == ""
