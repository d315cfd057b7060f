"""Silences that come again, reminders, reports: what the machine decides, also when it is asked late or in vain."""

from __future__ import annotations

from itertools import product

import pytest
from msgspec.structs import replace

from tocsin.incidents.ladder import responder, room
from tocsin.incidents.matchers import Matcher
from tocsin.incidents.silence_machine import (
    HELD_MAX,
    Muting,
    SilenceEnded,
    SilenceInput,
    SilenceMachine,
    SilenceReason,
    SilenceSet,
    Silencing,
    Surveyed,
)
from tocsin.incidents.silence_telling import About, Survey, ghost, what, when
from tocsin.incidents.silences import Phase, Silence
from tocsin.kernel.json import Json
from tocsin.kernel.machine import Effect, Tick
from tocsin.kernel.time import DAY, HOUR, MINUTE, Instant

NOW = 1_700_000_000_000 - 1_700_000_000_000 % DAY
ADA = responder("ada")
OPS = room("ops")


def hourly(every: tuple[str, ...], zone: str, now: Instant) -> tuple[Instant, Instant] | None:
    """From 2:00 to 4:00 each day."""
    assert every
    assert zone
    day = now - now % DAY
    first = next(start for start in (day + 2 * HOUR, day + DAY + 2 * HOUR) if start + 2 * HOUR > now)
    return max(first, now), first + 2 * HOUR


MACHINE = SilenceMachine(hourly)
ONCE = Silence(
    id="s-1",
    integration="prom",
    matchers=(Matcher(name="service", value="db"),),
    starts_at=NOW,
    ends_at=NOW + 2 * HOUR,
    created_by="ada",
    comment="we move",
    remind=15 * MINUTE,
    tell=(ADA,),
)
DAILY = replace(ONCE, starts_at=0, ends_at=0, every=("02:00-04:00",), zone="UTC")
WORK = replace(ONCE, matchers=(), team="ops", tell=(OPS,), maintenance=True)


class Life:
    """One silence on a clock of its own."""

    def __init__(self) -> None:
        self.now = NOW
        self.state: Silencing | None = None
        self.effects: tuple[Effect, ...] = ()

    def give(self, given: SilenceInput, at: int = 0) -> str:
        self.now = max(self.now, NOW + at)
        decision = MACHINE.decide(self.state, given, self.now)
        self.state, self.effects = decision.state, decision.effects
        return decision.reason

    @property
    def known(self) -> Silencing:
        assert self.state
        return self.state

    @property
    def wake_at(self) -> int:
        wake_at = MACHINE.standing(self.known).wake_at
        return -1 if wake_at is None else wake_at - NOW

    def told(self, what: str) -> list[dict[str, Json]]:
        return [effect.facts for effect in self.effects if effect.facts.get("what") == what]

    def announced(self) -> list[tuple[str, Json]]:
        return [(effect.receiver, effect.facts["title"]) for effect in self.effects if effect.kind == "announce"]


@pytest.fixture
def life() -> Life:
    return Life()


def muting(number: int = 0) -> Muting:
    return Muting(incident=f"{number}", dedup_key="disk", until=NOW + 2 * HOUR)


def test_it_asks_before_its_end_how_what_it_holds_stands(life: Life) -> None:
    life.give(SilenceSet(ONCE))
    life.give(muting())
    assert life.wake_at == 105 * MINUTE
    assert life.give(Tick(), 104 * MINUTE) == SilenceReason.NOT_DUE
    assert life.give(Tick(), 105 * MINUTE) == SilenceReason.NEARS_END
    [asked] = life.told("survey")
    assert (asked["about"], asked["until"]) == ("reminder", ONCE.ends_at)
    assert asked["held"] == [{"incident": "0", "dedup_key": "disk"}]
    assert life.wake_at == 2 * HOUR
    assert life.give(Tick(), 106 * MINUTE) == SilenceReason.NOT_DUE


def test_the_answer_is_told_if_its_end_is_still_that_one(life: Life) -> None:
    answer = Surveyed(
        about=About.REMINDER, ends_at=ONCE.ends_at, survey=Survey(fires=1, firing=("disk",)), receivers=(ADA, OPS)
    )
    life.give(SilenceSet(ONCE))
    assert life.give(answer, 105 * MINUTE) == SilenceReason.TOLD
    assert [receiver for receiver, _ in life.announced()] == [ADA, OPS]
    assert life.effects[0].facts["until"] == ONCE.ends_at
    before, told = life.known, life.effects[0]
    assert MACHINE.wanted(before, told)
    life.give(SilenceSet(replace(ONCE, ends_at=NOW + 3 * HOUR)))
    assert not MACHINE.wanted(life.known, told)
    assert life.give(answer) == SilenceReason.ALREADY_OVER
    life.give(SilenceEnded())
    assert not MACHINE.wanted(life.known, told)
    assert life.give(replace(answer, ends_at=life.known.silence.ends_at)) == SilenceReason.ALREADY_OVER


def test_an_answer_that_says_nothing_is_told_to_nobody(life: Life) -> None:
    life.give(SilenceSet(ONCE))
    for about in (About.REMINDER, About.END):
        given = Surveyed(about=about, ends_at=ONCE.ends_at, receivers=(ADA,))
        assert life.give(given) == SilenceReason.NOTHING_TO_TELL
    unheard = Surveyed(about=About.REMINDER, ends_at=ONCE.ends_at, survey=Survey(fires=1))
    assert life.give(unheard) == SilenceReason.NOTHING_TO_TELL


def test_who_does_not_want_to_be_reminded_is_not(life: Life) -> None:
    life.give(SilenceSet(replace(ONCE, remind=0)))
    assert life.wake_at == 2 * HOUR


def test_after_an_outage_one_that_begins_late_is_not_reminded_of(life: Life) -> None:
    life.give(SilenceSet(replace(ONCE, starts_at=NOW + HOUR)))
    assert life.give(Tick(), 110 * MINUTE) == SilenceReason.BEGUN
    assert life.wake_at == 2 * HOUR


def test_a_ghost_is_told_once_it_is_over(life: Life) -> None:
    life.give(SilenceSet(ONCE))
    life.give(Tick(), 105 * MINUTE)
    assert life.give(Tick(), 2 * HOUR) == SilenceReason.OVER
    assert life.announced() == [(ADA, ghost(ONCE).title)]


def test_a_ghost_that_nobody_of_ours_has_made_is_told_to_nobody(life: Life) -> None:
    life.give(SilenceSet(replace(ONCE, tell=())))
    life.give(Tick(), 2 * HOUR)
    assert life.effects == ()


def test_one_that_held_something_asks_at_its_end_whether_it_was_overruled(life: Life) -> None:
    life.give(SilenceSet(ONCE))
    life.give(muting())
    life.give(Tick(), 2 * HOUR)
    assert [facts["about"] for facts in life.told("survey")] == ["end"]


def test_it_counts_each_alert_once_and_remembers_only_so_many(life: Life) -> None:
    life.give(SilenceSet(ONCE))
    for number in (*range(HELD_MAX + 5), 0, 1):
        life.give(muting(number))
    assert (life.known.count, len(life.known.held)) == (HELD_MAX + 5, HELD_MAX)


def test_one_that_comes_again_takes_the_times_of_its_turns(life: Life) -> None:
    life.give(SilenceSet(DAILY))
    assert (life.known.phase, life.wake_at) == (Phase.PENDING, 2 * HOUR)
    assert life.give(Tick(), 2 * HOUR) == SilenceReason.BEGUN
    life.give(muting())
    assert life.give(Tick(), 4 * HOUR) == SilenceReason.AGAIN
    assert (life.known.phase, life.wake_at) == (Phase.PENDING, DAY + 2 * HOUR)
    assert (life.known.held, life.known.count) == ((), 1)


def test_one_that_is_made_in_its_window_covers_at_once(life: Life) -> None:
    life.give(SilenceSet(DAILY), 3 * HOUR)
    assert (life.known.phase, life.known.silence.starts_at) == (Phase.ACTIVE, NOW + 3 * HOUR)
    assert life.told("silence")


def test_after_an_outage_it_is_in_the_turn_that_runs_now(life: Life) -> None:
    life.give(SilenceSet(replace(DAILY, maintenance=True)))
    life.give(Tick(), 2 * HOUR)
    assert life.give(Tick(), DAY + 3 * HOUR) == SilenceReason.AGAIN
    assert (life.known.phase, life.wake_at > DAY + 3 * HOUR) == (Phase.ACTIVE, True)
    assert [facts["about"] for facts in life.told("survey")] == ["report"]
    assert len(life.told("silence")) == len(life.announced()) == 1


def test_a_turn_that_was_missed_is_reported_to_nobody(life: Life) -> None:
    life.give(SilenceSet(replace(DAILY, maintenance=True)))
    life.give(Tick(), 5 * HOUR)
    assert life.effects == ()


def test_the_last_turn_ends_when_it_was_to_end_for_good(life: Life) -> None:
    life.give(SilenceSet(replace(DAILY, last=NOW + DAY + 3 * HOUR)))
    life.give(Tick(), 2 * HOUR)
    life.give(Tick(), 4 * HOUR)
    life.give(Tick(), DAY + 2 * HOUR)
    assert life.known.silence.ends_at == NOW + DAY + 3 * HOUR
    assert life.give(Tick(), DAY + 3 * HOUR) == SilenceReason.OVER
    assert (life.known.phase, life.wake_at, life.effects) == (Phase.EXPIRED, -1, ())


def test_one_without_any_turn_is_over_at_once() -> None:
    state = SilenceMachine().decide(None, SilenceSet(DAILY), NOW).state
    assert state
    assert (state.phase, SilenceMachine().standing(state).live) == (Phase.EXPIRED, False)


def test_a_turn_that_is_ended_when_the_next_one_runs_goes_on_with_that(life: Life) -> None:
    life.give(SilenceSet(DAILY))
    life.give(Tick(), 2 * HOUR)
    assert life.give(SilenceEnded(), DAY + 3 * HOUR) == SilenceReason.ENDED
    assert life.known.phase is Phase.ACTIVE


def test_what_the_configuration_wants_is_made_once_and_changed_when_it_changes(life: Life) -> None:
    life.give(SilenceSet(DAILY, planned=True))
    life.give(Tick(), 2 * HOUR)
    life.give(SilenceEnded(), 3 * HOUR)
    before = life.known
    again = replace(DAILY, updated_at=NOW + 3 * HOUR)
    assert life.give(SilenceSet(again, planned=True)) == SilenceReason.AS_PLANNED
    assert life.known == before
    assert life.give(SilenceSet(replace(DAILY, comment="other"), planned=True)) == SilenceReason.CHANGED
    life.give(SilenceEnded(for_good=True))
    assert life.known.phase is Phase.EXPIRED
    assert life.give(SilenceSet(DAILY, planned=True)) == SilenceReason.CHANGED
    assert life.known.phase is not Phase.EXPIRED


def test_a_maintenance_tells_the_room_when_it_begins(life: Life) -> None:
    life.give(SilenceSet(WORK))
    assert [receiver for receiver, _ in life.announced()] == [OPS]
    life.give(SilenceSet(replace(WORK, ends_at=NOW + 3 * HOUR)))
    assert life.announced() == []


def test_a_silence_says_what_it_is_about() -> None:
    assert what(ONCE) == "service=db in integration prom"
    assert what(replace(ONCE, matchers=(Matcher(name="a", value="b c", equal=False),), integration="")) == 'a!="b c"'
    assert what(replace(ONCE, matchers=())) == "everything of integration prom"
    assert what(replace(WORK, integration="web")) == "everything of team ops and integration web"
    assert what(replace(ONCE, matchers=(), integration="")) == "everything"
    assert what(replace(ONCE, matchers=(Matcher(name="a", value="b.*", regex=True),), integration="")) == "a=~b.*"
    assert what(replace(ONCE, matchers=(Matcher(name="a", value=""),), integration="")) == 'a=""'
    assert (when(DAILY), when(ONCE)) == ("every 02:00-04:00 (UTC)", "")


def test_who_gives_no_name_and_no_reason_is_somebody() -> None:
    nameless = replace(ONCE, created_by="", comment="")
    told = ghost(nameless)
    assert told.lines[0].endswith(", by somebody")
    assert len(told.lines) == 2


def test_a_state_that_an_older_version_wrote_is_read() -> None:
    silence = b'{"id":"s","integration":"","matchers":[],"starts_at":1,"ends_at":2}'
    state = MACHINE.decode(b'{"silence":' + silence + b',"phase":"active"}')
    assert (state.count, state.silence.every, MACHINE.standing(state).wake_at) == (0, (), 2)


def test_in_a_small_world_every_input_is_legal_and_a_tick_leaves_rest() -> None:
    inputs: list[SilenceInput] = [
        SilenceSet(ONCE),
        SilenceSet(DAILY),
        SilenceSet(replace(DAILY, last=NOW + DAY), planned=True),
        SilenceSet(WORK),
        SilenceEnded(),
        SilenceEnded(for_good=True),
        muting(),
        Surveyed(about=About.REMINDER, ends_at=NOW + 2 * HOUR, survey=Survey(fires=1), receivers=(ADA,)),
        Surveyed(about=About.REPORT, ends_at=NOW + 2 * HOUR, survey=Survey(overruled=1), receivers=(ADA,)),
        Tick(),
    ]
    for first, early, second, late, third in product(inputs, (0, 110 * MINUTE), inputs, (3 * HOUR, DAY), inputs):
        state, now = None, NOW
        for step, wait in ((first, early), (second, late), (third, 0), (Tick(), 0)):
            state = MACHINE.decide(state, step, now).state
            if state is not None:
                standing = MACHINE.standing(state)
                assert standing.owes is (standing.wake_at is not None) is standing.live
                assert not isinstance(step, Tick) or standing.wake_at is None or standing.wake_at > now
                assert MACHINE.decode(MACHINE.encode(state)) == state
            now += wait
