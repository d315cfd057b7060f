"""The rule machine: when a rule fires, and what is done about it, given what of it still runs."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given as when
from hypothesis import strategies as st
from msgspec.structs import replace

from tocsin.automation import machine as rules
from tocsin.automation.book import DEAD_MAX, NOTES_MAX, Book
from tocsin.automation.inputs import Configured, Ended, Fired, Input, Removed
from tocsin.automation.machine import QUEUE_MAX, RuleMachine
from tocsin.automation.reasons import RuleReason as Reason
from tocsin.automation.rule import INPUT_BYTES_MAX, Mode, Rule
from tocsin.expressions.expression import Expression
from tocsin.kernel.json import Json
from tocsin.kernel.machine import Decision, Effect, Tick
from tocsin.kernel.time import DAY, HOUR, MINUTE, SECOND, Instant, format_instant, parse_instant
from tocsin.timetables import parse

NOW: Instant = parse_instant("2026-11-27T10:00:00Z") or 0
HOURLY = parse("rate(1 hour)")
NAME = "tidy"


class World:
    """One rule, its book, and the clock."""

    def __init__(self, rule: Rule | None) -> None:
        self.now = NOW
        self.rule = rule
        self.book: Book | None = None
        self.effects: list[Effect] = []

    def tell(self, given: Input) -> Reason:
        machine = RuleMachine(lambda name: self.rule if name == NAME else None)
        made: Decision[Book] = machine.decide(self.book, given, self.now)
        self.effects = list(made.effects)
        self.book = made.state
        if self.book is not None:
            assert machine.decode(machine.encode(self.book)) == self.book
            assert machine.answers(self.book, given, self.now)
            assert all(machine.wanted(self.book, effect) for effect in self.effects)
            wake_at = machine.standing(self.book).wake_at
            assert not isinstance(given, Tick) or wake_at is None or wake_at > self.now
        assert isinstance(made.reason, Reason)
        return made.reason

    def configure(self) -> Reason:
        return self.tell(Configured(rule=NAME))

    def fire(self, event: Json = None) -> Reason:
        return self.tell(Fired(rule=NAME, cause="event", of="7", event=event))

    @property
    def known(self) -> Book:
        assert self.book is not None
        return self.book

    @property
    def runs(self) -> Sequence[str]:
        return [each.run for each in self.known.live]

    def told(self, what: str) -> list[Json]:
        return [effect.facts for effect in self.effects if effect.facts["what"] == what]


def rule(**more: object) -> Rule:
    fields: dict[str, object] = {"name": NAME, "seed": "s", "workflows": ("sweep",), **more}
    return Rule(**fields)  # type: ignore[arg-type]


# ── The timetable ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_timetable_fires_at_its_time_under_a_name_that_follows_from_it() -> None:
    world = World(rule(timetable=HOURLY))
    assert world.configure() is Reason.BEGUN
    assert world.known.wake_at == NOW + HOUR
    assert world.tell(Tick()) is Reason.NOT_DUE
    world.now += HOUR
    assert world.tell(Tick()) is Reason.STARTED
    (told,) = world.told(rules.START)
    assert told["run"] == "run-tidy-20261127T110000Z-1"
    assert told["input"]["time"] == format_instant(NOW + HOUR)
    assert told["input"]["detail-type"] == "Scheduled Event"
    assert world.known.wake_at == NOW + 2 * HOUR
    assert world.tell(Tick()) is Reason.NOT_DUE


def test_after_an_outage_it_fires_once_and_keeps_its_beat() -> None:
    world = World(rule(timetable=HOURLY))
    world.configure()
    world.now += 5 * HOUR + 7 * MINUTE
    assert world.configure() is Reason.UNCHANGED
    assert world.tell(Tick()) is Reason.STARTED
    (note,) = world.known.notes
    assert note.of == format_instant(NOW + HOUR)
    assert world.known.wake_at == NOW + 6 * HOUR


def test_a_changed_timetable_counts_from_now() -> None:
    world = World(rule(timetable=HOURLY))
    world.configure()
    world.now += 2 * HOUR
    world.rule = rule(timetable=parse("rate(2 hours)"))
    assert world.tell(Tick()) is Reason.NOT_DUE
    assert RuleMachine().standing(world.known).wake_at is None
    assert world.configure() is Reason.CHANGED
    assert world.known.wake_at == world.now + 2 * HOUR
    assert world.known.notes == ()


def test_a_timetable_without_another_time_sleeps_for_ever() -> None:
    world = World(rule(timetable=parse("at(2026-11-27T11:00:00)", end=NOW + DAY)))
    world.configure()
    world.now += HOUR
    assert world.tell(Tick()) is Reason.STARTED
    assert world.known.wake_at is None
    ended = World(rule(timetable=parse("rate(1 hour)", end=NOW - 1)))
    ended.configure()
    assert ended.known.wake_at is None
    begins = World(rule(timetable=parse("rate(1 hour)", start=NOW + DAY)))
    begins.configure()
    assert begins.known.wake_at == NOW + DAY


@when(st.lists(st.integers(1, 4 * 3600), max_size=20), st.sampled_from(["rate(45 minutes)", "cron(0/20 * * * ? *)"]))
def test_whenever_it_is_woken_each_time_fires_once_at_most(sleeps: list[int], expression: str) -> None:
    world = World(rule(timetable=parse(expression), workflows=(), mode=Mode.SINGLE))
    world.configure()
    fired: list[str] = []
    for sleep in sleeps:
        due = world.known.due
        world.now += sleep * SECOND
        reason = world.tell(Tick())
        assert due is not None
        assert (reason is Reason.RAISED) == (due <= world.now)
        if reason is Reason.RAISED:
            fired.append(world.known.notes[-1].of)
            assert fired[-1] == format_instant(due)
    assert len(fired) == len(set(fired))


# ── Modes ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_single_does_nothing_while_it_runs() -> None:
    world = World(rule(mode=Mode.SINGLE))
    assert [world.fire(), world.fire()] == [Reason.STARTED, Reason.RUNNING]
    assert world.known.notes[-1].text == world.runs[0]
    assert world.tell(Ended(run=world.runs[0])) is Reason.ENDED
    assert world.fire() is Reason.STARTED


def test_restart_stops_what_runs_and_begins_anew() -> None:
    world = World(rule(mode=Mode.RESTART))
    assert world.fire() is Reason.STARTED
    (old,) = world.runs
    assert world.fire() is Reason.RESTARTED
    assert [told["run"] for told in world.told(rules.STOP)] == [old]
    assert world.runs != [old]
    assert world.tell(Ended(run=old, error="x", stopped=True)) is Reason.STRANGE


def test_queued_ones_begin_one_after_the_other_in_order() -> None:
    world = World(rule(mode=Mode.QUEUED, workflows=("sweep", "mop")))
    assert [world.fire(n) for n in range(3)] == [Reason.STARTED, Reason.QUEUED, Reason.QUEUED]
    sweep, mop = world.runs
    world.tell(Ended(run=sweep))
    assert world.effects == []
    world.tell(Ended(run=mop))
    assert [told["input"] for told in world.told(rules.START)] == [1, 1]
    assert len(world.known.queue) == 1


def test_parallel_begins_at_most_so_many_and_the_rest_waits() -> None:
    world = World(rule(most=2))
    assert [world.fire(n) for n in range(4)] == [Reason.STARTED, Reason.STARTED, Reason.QUEUED, Reason.QUEUED]
    world.rule = rule(most=9)
    world.tell(Ended(run=world.runs[0]))
    assert [told["input"] for told in world.told(rules.START)] == [2, 3]


@when(st.sampled_from(Mode), st.integers(1, 3), st.lists(st.integers(0, 3), max_size=40))
def test_no_more_than_allowed_runs_at_once_and_nothing_that_waits_is_lost(
    mode: Mode, most: int, moves: list[int]
) -> None:
    world = World(rule(mode=mode, most=most))
    world.configure()
    accepted: list[int] = []
    begun: list[Json] = []
    for number, move in enumerate(moves):
        if move and world.known.live:
            world.tell(Ended(run=world.runs[move % len(world.runs)]))
        elif world.fire(number) is not Reason.RUNNING:
            accepted.append(number)
        begun += [told["input"] for told in world.told(rules.START)]
        assert world.known.at_work <= world.rule.at_once  # type: ignore[union-attr]
        assert world.known.live or not world.known.queue
    assert begun + [each.input for each in world.known.queue] == accepted


def test_a_full_queue_is_told() -> None:
    world = World(rule(mode=Mode.QUEUED))
    world.fire()
    assert {world.fire() for _ in range(QUEUE_MAX)} == {Reason.QUEUED}
    assert world.fire() is Reason.FULL
    assert world.told(rules.TROUBLE)
    assert len(world.known.queue) == QUEUE_MAX
    large = World(rule(mode=Mode.QUEUED))
    assert [large.fire("x" * 250_000) for _ in range(6)][-1] is Reason.FULL


# ── What fails ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_run_that_failed_is_tried_again_later_and_later_and_then_kept_as_dead() -> None:
    world = World(rule(retries=2))
    world.fire()
    (run,) = world.runs
    for wait in (MINUTE, 2 * MINUTE):
        assert world.tell(Ended(run=run, error="Busy")) is Reason.RETRIED
        assert world.known.wake_at == world.now + wait
        world.now += wait
        assert world.tell(Tick()) is Reason.AGAIN
        assert [told["run"] for told in world.told(rules.REDRIVE)] == [run]
    assert world.tell(Ended(run=run, error="Busy")) is Reason.DEAD
    (dead,) = world.known.dead
    assert (dead.run, dead.error) == (run, "Busy")
    assert world.known.live == ()


def test_what_somebody_stopped_is_not_tried_again() -> None:
    world = World(rule(retries=2))
    world.fire()
    assert world.tell(Ended(run=world.runs[0], error="x", stopped=True)) is Reason.ENDED
    assert world.known.dead == ()


@pytest.mark.parametrize("event", ["x", "y" * INPUT_BYTES_MAX])
def test_a_poison_event_is_told_and_the_next_one_starts(event: str) -> None:
    template = Expression("$length($) > 9 ? $ : $number($)" if event == "x" else "$ & $")
    world = World(rule(template=template))
    assert world.fire(event) is Reason.POISON
    assert "its input cannot be made" in world.told(rules.TROUBLE)[0]["problem"]
    assert world.fire("5") is Reason.STARTED


def test_an_input_that_is_too_large_is_refused() -> None:
    assert World(rule()).fire("y" * INPUT_BYTES_MAX) is Reason.POISON


def test_a_dry_run_notes_what_it_would_give() -> None:
    world = World(rule(dry_run=True, template=Expression('{"a": $event.b}')))
    assert world.fire({"b": 1}) is Reason.DRY
    assert world.known.notes[-1].text == '{"a":1}'
    assert world.effects == []


def test_a_book_is_found_by_the_name_of_its_rule() -> None:
    assert rules.aggregate(NAME) == "rule-tidy"


# ── The configuration ────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_not_known_is_ignored() -> None:
    world = World(None)
    for given in (Configured(rule=NAME), Fired(rule=NAME, cause="event", of="1", event=None), Removed(), Tick()):
        assert world.tell(given) is Reason.UNKNOWN
        assert world.book is None
    world.rule = rule(timetable=HOURLY, mode=Mode.QUEUED)
    world.fire()
    world.fire()
    (run,) = world.runs
    world.rule = None
    world.now += HOUR
    assert world.fire() is Reason.UNKNOWN
    assert world.tell(Tick()) is Reason.NOT_DUE
    assert world.tell(Ended(run=run, error="late")) is Reason.DEAD
    assert len(world.known.queue) == 1


def test_a_removed_rule_ends_and_may_come_back() -> None:
    world = World(rule(timetable=HOURLY))
    world.configure()
    assert world.tell(Removed()) is Reason.REMOVED
    standing = RuleMachine().standing(world.known)
    assert (standing.live, standing.wake_at, standing.owes) == (False, None, False)
    world.now += DAY
    assert world.configure() is Reason.CHANGED
    assert world.known.wake_at == world.now + HOUR


def test_a_run_and_a_time_may_be_due_at_once() -> None:
    world = World(rule(timetable=HOURLY, retries=1))
    world.configure()
    world.fire()
    world.now += HOUR - MINUTE
    world.tell(Ended(run=world.runs[0], error="x"))
    world.now += MINUTE
    assert world.tell(Tick()) is Reason.STARTED
    assert [effect.facts["what"] for effect in world.effects] == [rules.REDRIVE, rules.START]


def test_the_books_stay_small() -> None:
    world = World(rule(template=Expression("$number($)")))
    for _ in range(DEAD_MAX + NOTES_MAX):
        world.fire("x" * 1000)
    assert (len(world.known.notes), len(world.known.dead)) == (NOTES_MAX, DEAD_MAX)
    assert replace(world.known, live=()).at_work == 0
