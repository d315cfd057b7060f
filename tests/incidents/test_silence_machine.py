"""The life of a silence: pending, active, expired; what it tells, and what it answers."""

from __future__ import annotations

from itertools import product

import pytest
from msgspec.structs import replace

from tocsin.incidents.matchers import Matcher
from tocsin.incidents.silence_machine import (
    Muting,
    SilenceEnded,
    SilenceInput,
    SilenceMachine,
    SilenceReason,
    SilenceSet,
    Silencing,
)
from tocsin.incidents.silences import Phase, Silence
from tocsin.kernel.json import Json
from tocsin.kernel.machine import Effect, Tick
from tocsin.kernel.time import HOUR, MINUTE

MACHINE = SilenceMachine()
NOW = 1_700_000_000_000
SILENCE = Silence(
    id="s-1",
    integration="prom",
    matchers=(Matcher(name="alertname", value="Disk"),),
    starts_at=NOW,
    ends_at=NOW + HOUR,
    created_by="cy",
    comment="we move the disks",
)
LATER = replace(SILENCE, starts_at=NOW + HOUR, ends_at=NOW + 2 * HOUR)


class Life:
    """One silence on a clock of its own."""

    def __init__(self) -> None:
        self.now = NOW
        self.state: Silencing | None = None
        self.told: list[dict[str, Json]] = []

    def give(self, given: SilenceInput, after: int = 0) -> str:
        self.now += after
        decision = MACHINE.decide(self.state, given, self.now)
        self.state = decision.state
        self.told = [effect.facts for effect in decision.effects]
        return decision.reason

    @property
    def phase(self) -> Phase:
        assert self.state
        return self.state.phase

    @property
    def wake_at(self) -> int | None:
        assert self.state
        return MACHINE.standing(self.state).wake_at


@pytest.fixture
def life() -> Life:
    return Life()


def test_it_covers_at_once_and_ends_by_itself(life: Life) -> None:
    assert life.give(SilenceSet(SILENCE)) == SilenceReason.MADE
    assert (life.phase, life.wake_at, life.told) == (Phase.ACTIVE, NOW + HOUR, [{"what": "silence"}])
    assert life.give(Tick(), MINUTE) == SilenceReason.NOT_DUE
    assert life.give(Tick(), HOUR) == SilenceReason.OVER
    assert (life.phase, life.wake_at, life.told) == (Phase.EXPIRED, None, [])


def test_one_that_begins_later_waits_for_its_time(life: Life) -> None:
    life.give(SilenceSet(LATER))
    assert (life.phase, life.wake_at, life.told) == (Phase.PENDING, NOW + HOUR, [])
    assert life.give(Tick(), HOUR) == SilenceReason.BEGUN
    assert (life.phase, life.wake_at, life.told) == (Phase.ACTIVE, NOW + 2 * HOUR, [{"what": "silence"}])


def test_after_an_outage_one_that_was_missed_is_over(life: Life) -> None:
    life.give(SilenceSet(LATER))
    assert life.give(Tick(), 3 * HOUR) == SilenceReason.OVER
    assert life.told == []


def test_it_is_changed_in_its_place(life: Life) -> None:
    life.give(SilenceSet(SILENCE))
    assert life.give(SilenceSet(replace(SILENCE, ends_at=NOW + 3 * HOUR)), MINUTE) == SilenceReason.CHANGED
    assert (life.wake_at, life.told) == (NOW + 3 * HOUR, [{"what": "silence"}])
    assert (
        life.give(SilenceSet(replace(SILENCE, starts_at=NOW + 2 * HOUR, ends_at=NOW + 3 * HOUR))) == "silence changed"
    )
    assert (life.phase, life.told) == (Phase.PENDING, [{"what": "silence"}])


def test_who_ends_it_early_is_told_to_all_whom_it_mutes(life: Life) -> None:
    life.give(SilenceSet(SILENCE))
    assert life.give(SilenceEnded(), MINUTE) == SilenceReason.ENDED
    assert life.state
    assert (life.phase, life.state.silence.ends_at, life.told) == (Phase.EXPIRED, life.now, [{"what": "silence"}])
    assert life.give(SilenceEnded()) == SilenceReason.ALREADY_OVER


def test_one_that_is_ended_before_it_begins_concerns_nobody(life: Life) -> None:
    life.give(SilenceSet(LATER))
    assert life.give(SilenceEnded(), MINUTE) == SilenceReason.ENDED
    assert life.state
    assert (life.state.silence.starts_at, life.state.silence.ends_at, life.told) == (life.now, life.now, [])


def test_an_incident_that_it_mutes_hears_how_it_stands(life: Life) -> None:
    life.give(SilenceSet(SILENCE))
    asks = Muting(incident="7", dedup_key="disk", until=NOW + HOUR)
    assert life.give(asks) == SilenceReason.MUTES
    assert life.told == []
    assert life.give(replace(asks, until=NOW + 2 * HOUR)) == SilenceReason.CORRECTED
    [told] = life.told
    assert (told["what"], told["incident"], told["dedup_key"]) == ("muted", "7", "disk")
    assert told["mute"] == {"silence": "s-1", "by": "cy", "until": NOW + HOUR, "why": "we move the disks"}
    life.give(SilenceEnded())
    assert life.give(asks) == SilenceReason.CORRECTED
    assert life.told == [{"incident": "7", "dedup_key": "disk", "what": "unmuted", "silence": "s-1", "instead": None}]


def test_what_is_not_there_takes_nothing(life: Life) -> None:
    for given in (SilenceEnded(), Tick(), Muting(incident="7", dedup_key="d", until=NOW)):
        assert life.give(given) == SilenceReason.UNKNOWN
        assert life.state is None


def test_in_a_small_world_every_input_is_legal_and_a_silence_has_its_end() -> None:
    inputs: list[SilenceInput] = [
        SilenceSet(SILENCE),
        SilenceSet(LATER),
        SilenceSet(replace(SILENCE, ends_at=NOW - MINUTE)),
        SilenceEnded(),
        Muting(incident="7", dedup_key="d", until=NOW + HOUR),
        Tick(),
    ]
    for story in product(inputs, (0, 30 * MINUTE, HOUR), inputs, (0, HOUR), inputs):
        state, now = None, NOW
        for step in story:
            if isinstance(step, int):
                now += step
                continue
            state = MACHINE.decide(state, step, now).state
            if state is None:
                continue
            standing = MACHINE.standing(state)
            assert standing.live is (state.phase is not Phase.EXPIRED)
            assert standing.owes is (standing.wake_at is not None) is standing.live
            assert not isinstance(step, Tick) or standing.wake_at is None or standing.wake_at > now
            assert MACHINE.decode(MACHINE.encode(state)) == state
            assert MACHINE.answers(state, step, now)
            assert MACHINE.wanted(state, Effect(receiver="machine:incident", kind="tell"))
