"""When digests are due, and what becomes of them: a day, a week, a shift, an outage, another configuration."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tocsin.digests.figures import figures
from tocsin.digests.hours import hours_of
from tocsin.digests.machine import (
    LOOK,
    Digest,
    DigestInput,
    DigestMachine,
    Looked,
    Plan,
    Planned,
    Reckoned,
    Retired,
    Turn,
    scene_of,
)
from tocsin.digests.reasons import DigestReason
from tocsin.digests.report import Kind, Report, Scene
from tocsin.digests.times import Rhythm, following, latest
from tocsin.digests.words import RECKON
from tocsin.kernel.announcement import ANNOUNCE, Announcement, announcement
from tocsin.kernel.machine import Decision, Tick
from tocsin.kernel.time import DAY, HOUR, MINUTE, Instant, parse_instant
from tocsin.schedules.clock import moment_of, wall_clock

MONDAY: Instant = parse_instant("2026-11-23T00:00Z") or 0
BERLIN = "Europe/Berlin"
DAILY = Plan(
    kind=Kind.DAILY,
    subject="ops",
    zone="UTC",
    rhythm=Rhythm(zone="UTC", time=9 * HOUR),
    teams=("ops",),
    receivers=("team:ops",),
)
WEEKLY = replace(DAILY, kind=Kind.WEEKLY, rhythm=Rhythm(zone="UTC", time=9 * HOUR, weekday=0))
SHIFT = Plan(kind=Kind.HANDOVER, subject="week", zone="UTC", teams=("ops",), receivers=("team:ops",))


class Rota:
    """Ada until noon of Monday, then bo; a test puts somebody else there."""

    def __init__(self) -> None:
        self.instead = ""

    def __call__(self, schedule: str, now: Instant) -> Turn:
        assert schedule == "week"
        noon = MONDAY + 12 * HOUR
        who, until = ("ada", noon) if now < noon else ("bo", now + 7 * DAY)
        return Turn(self.instead or who, until)


def quiet(scene: Scene) -> Report:
    return Report(scene=scene, figures=figures((), scene.since, scene.until, hours_of({})))


def busy(scene: Scene) -> Report:
    return replace(quiet(scene), open_count=1, waiting_count=1)


class Desk:
    """One digest, and what it asked and told."""

    def __init__(self, plan: Plan, now: Instant, rota: Rota | None = None) -> None:
        self.machine = DigestMachine(rota) if rota else DigestMachine()
        self.state: Digest | None = None
        self.now = now
        self.give(Planned(plan))

    def give(self, given_: DigestInput) -> Decision[Digest]:
        decision = self.machine.decide(self.state, given_, self.now)
        assert decision.state is not None
        assert self.machine.decode(self.machine.encode(decision.state)) == decision.state
        standing = self.machine.standing(decision.state)
        assert standing.live is (standing.wake_at is not None)
        assert not isinstance(given_, Tick) or standing.wake_at is None or standing.wake_at > self.now
        self.state = decision.state
        return decision

    def wake(self, at: Instant | None = None) -> Decision[Digest]:
        assert self.state is not None
        self.now = at or self.state.wake_at or self.now
        return self.give(Tick())


def asked(decision: Decision[Digest]) -> Scene:
    [effect] = decision.effects
    assert (effect.receiver, effect.kind, effect.facts["what"]) == ("machine:digest", "tell", RECKON)
    scene, teams = scene_of(effect.facts)
    assert teams == ("ops",)
    return scene


def told(decision: Decision[Digest]) -> list[str]:
    assert all(effect.kind == ANNOUNCE and effect.coalesce and not effect.urgent for effect in decision.effects)
    return [effect.receiver for effect in decision.effects]


def test_a_day_is_told_at_its_time_if_there_is_anything_to_tell() -> None:
    desk = Desk(DAILY, MONDAY + 10 * HOUR)
    assert desk.state is not None
    assert desk.state.wake_at == MONDAY + 33 * HOUR
    scene = asked(desk.wake())
    assert (scene.since, scene.until) == (MONDAY + 10 * HOUR, MONDAY + 33 * HOUR)
    assert told(desk.give(Reckoned(busy(scene)))) == ["team:ops"]
    scene = asked(desk.wake())
    assert (scene.since, scene.until) == (MONDAY + 33 * HOUR, MONDAY + 57 * HOUR)
    decision = desk.give(Reckoned(quiet(scene)))
    assert (decision.reason, decision.effects) == (DigestReason.QUIET, ())
    assert decision.state is not None
    assert decision.state.told == 1


def test_a_quiet_week_is_told() -> None:
    desk = Desk(WEEKLY, MONDAY)
    desk.wake()
    scene = asked(desk.wake())
    assert (scene.since, scene.until) == (MONDAY + 9 * HOUR, MONDAY + 7 * DAY + 9 * HOUR)
    decision = desk.give(Reckoned(quiet(scene)))
    assert told(decision) == ["team:ops"]
    assert announcement(decision.effects[0].facts) == Announcement(
        "ops: a quiet week", ("Nobody was asked, and nothing is open.",)
    )


def test_after_an_outage_there_is_one_digest_and_not_all_that_were_missed() -> None:
    desk = Desk(DAILY, MONDAY + 10 * HOUR)
    scene = asked(desk.wake(MONDAY + 3 * DAY + 12 * HOUR))
    assert (scene.since, scene.until) == (MONDAY + 10 * HOUR, MONDAY + 3 * DAY + 9 * HOUR)
    assert desk.state is not None
    assert desk.state.wake_at == MONDAY + 4 * DAY + 9 * HOUR
    assert asked(desk.wake(MONDAY + 40 * DAY)).since == MONDAY + 33 * DAY + 9 * HOUR - DAY


def test_figures_that_come_after_those_of_a_later_digest_are_dropped() -> None:
    desk = Desk(DAILY, MONDAY)
    first = asked(desk.wake())
    second = asked(desk.wake())
    assert desk.give(Reckoned(busy(first))).reason is DigestReason.OLD
    assert desk.give(Reckoned(busy(second))).reason is DigestReason.TOLD
    assert desk.give(Reckoned(busy(second))).reason is DigestReason.OLD


def test_a_hand_over_is_told_to_the_room_and_to_both() -> None:
    desk = Desk(SHIFT, MONDAY, Rota())
    while (decision := desk.wake()).reason is DigestReason.SAME:
        assert desk.state is not None
        assert desk.state.wake_at is not None
        assert desk.state.wake_at - desk.now <= LOOK
    assert (decision.reason, desk.now) == (DigestReason.HANDED_OVER, MONDAY + 12 * HOUR)
    scene = asked(decision)
    assert (scene.left, scene.came, scene.since, scene.until) == ("ada", "bo", MONDAY, MONDAY + 12 * HOUR)
    decision = desk.give(Reckoned(busy(scene)))
    assert told(decision) == ["team:ops", "responder:ada", "responder:bo"]
    assert decision.effects[0].facts["title"] == "week: ada hands over to bo"


def test_of_a_very_long_shift_the_end_is_told() -> None:
    desk = Desk(SHIFT, MONDAY - 100 * DAY, Rota())
    scene = asked(desk.wake(MONDAY + 12 * HOUR))
    assert scene.until - scene.since == 35 * DAY


def test_a_hand_over_with_nothing_open_and_nothing_happened_is_not_told() -> None:
    desk = Desk(SHIFT, MONDAY, Rota())
    scene = asked(desk.wake(MONDAY + 12 * HOUR))
    assert desk.give(Reckoned(quiet(scene))).reason is DigestReason.QUIET


def test_an_override_is_a_hand_over_too() -> None:
    rota = Rota()
    desk = Desk(SHIFT, MONDAY, rota)
    rota.instead = "cy"
    scene = asked(desk.wake())
    assert (scene.left, scene.came, scene.until) == ("ada", "cy", MONDAY + LOOK)


def test_a_schedule_that_was_changed_is_looked_at_at_once() -> None:
    rota = Rota()
    desk = Desk(SHIFT, MONDAY, rota)
    desk.now = MONDAY + MINUTE
    assert desk.give(Looked()).reason is DigestReason.SAME
    rota.instead = "cy"
    decision = desk.give(Looked())
    assert (decision.reason, asked(decision).came) == (DigestReason.HANDED_OVER, "cy")
    assert Desk(DAILY, MONDAY).give(Looked()).reason is DigestReason.NOT_DUE
    desk.give(Retired())
    assert desk.give(Looked()).reason is DigestReason.NOT_DUE


def test_when_nobody_is_on_call_the_one_who_leaves_hears_it() -> None:
    desk = Desk(replace(SHIFT, receivers=()), MONDAY, Rota())
    scene = asked(desk.wake(MONDAY + 12 * HOUR))
    decision = desk.give(Reckoned(busy(replace(scene, came=""))))
    assert told(decision) == ["responder:ada"]
    assert decision.effects[0].facts["title"] == "week: ada hands over to nobody"


def test_a_schedule_that_is_gone_hands_over_to_nobody() -> None:
    desk = Desk(SHIFT, MONDAY)
    assert desk.wake().reason is DigestReason.SAME


def test_the_configuration_changes_it_and_gives_it_up() -> None:
    desk = Desk(DAILY, MONDAY)
    assert desk.give(Planned(DAILY)).reason is DigestReason.KEPT
    other = replace(DAILY, receivers=("responder:ada",))
    assert desk.give(Planned(other)).reason is DigestReason.REPLANNED
    assert desk.state is not None
    assert desk.state.wake_at == MONDAY + 9 * HOUR
    desk.give(Planned(replace(DAILY, rhythm=Rhythm(zone="UTC", time=7 * HOUR))))
    assert desk.state.wake_at == MONDAY + 7 * HOUR
    announced = desk.give(Reckoned(busy(asked(desk.wake())))).effects
    assert desk.machine.wanted(desk.state, announced[0])
    assert desk.give(Retired()).reason is DigestReason.RETIRED
    assert not desk.machine.wanted(desk.state, announced[0])
    assert desk.wake(MONDAY + DAY).reason is DigestReason.NOT_DUE
    desk.now = MONDAY + 2 * DAY
    assert desk.give(Planned(DAILY)).reason is DigestReason.PLANNED
    assert desk.state.since == MONDAY + 2 * DAY
    assert desk.state.made_at == MONDAY


def test_a_restart_after_its_time_does_not_lose_a_digest() -> None:
    desk = Desk(DAILY, MONDAY)
    desk.now = MONDAY + 11 * HOUR
    desk.give(Planned(replace(DAILY, receivers=("responder:ada",))))
    assert desk.wake(desk.now).reason is DigestReason.DUE


def test_a_hand_over_that_is_planned_otherwise_keeps_who_was_on_call() -> None:
    desk = Desk(SHIFT, MONDAY, Rota())
    desk.now = MONDAY + 13 * HOUR
    desk.give(Planned(replace(SHIFT, receivers=())))
    assert asked(desk.wake(desk.now)).left == "ada"


@pytest.mark.parametrize(
    "given_", [Tick(), Retired(), Reckoned(quiet(Scene(kind=Kind.DAILY, subject="", since=0, until=0)))]
)
def test_what_nobody_has_planned_decides_nothing(given_: DigestInput) -> None:
    decision = DigestMachine().decide(None, given_, MONDAY)
    assert (decision.state, decision.reason) == (None, DigestReason.UNKNOWN)


def test_it_takes_what_is_meant_for_it_and_is_not_due_early() -> None:
    desk = Desk(DAILY, MONDAY)
    assert desk.state is not None
    assert desk.machine.answers(desk.state, Tick(), MONDAY)
    assert desk.wake(MONDAY + 1).reason is DigestReason.NOT_DUE


# ── Times ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_nine_in_the_morning_stays_nine_when_the_clocks_change() -> None:
    rhythm = Rhythm(zone=BERLIN, time=9 * HOUR)
    before = parse_instant("2026-10-24T07:00Z")  # The clocks go back in the night.
    assert before is not None
    assert following(rhythm, before) == before + 25 * HOUR
    assert latest(rhythm, before + 25 * HOUR - 1) == before


def test_a_time_that_does_not_exist_is_that_of_the_jump() -> None:
    rhythm = Rhythm(zone=BERLIN, time=2 * HOUR + 30 * MINUTE)
    assert following(rhythm, parse_instant("2026-03-28T12:00Z") or 0) == parse_instant("2026-03-29T01:00Z")


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["UTC", BERLIN, "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Australia/Lord_Howe"]),
    st.integers(0, 24 * 60 - 1),
    st.none() | st.integers(0, 6),
    st.integers(0, 3 * 366 * 24 * 60),
)
def test_beats_are_where_the_clock_shows_them_and_in_order(
    zone: str, minutes: int, weekday: int | None, later: int
) -> None:
    now = (parse_instant("2010-12-01T00:00Z") or 0) + later * MINUTE
    rhythm = Rhythm(zone=zone, time=minutes * MINUTE, weekday=weekday)
    before, after = latest(rhythm, now), following(rhythm, now)
    assert before <= now < after
    assert after - before <= (8 if weekday is None else 15) * DAY
    assert following(rhythm, before) == after
    assert latest(rhythm, after) == after
    for beat in (before, after):
        shown = moment_of(wall_clock(zone, beat, beat).shown(beat))
        assert (shown.hour * 60 + shown.minute - minutes) % (24 * 60) <= 24 * 60 - 1
        if shown.hour * 60 + shown.minute == minutes and weekday is not None:
            assert shown.weekday() == weekday


# ── Announcements ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_announcement_is_read_as_it_was_written() -> None:
    told_ = Announcement("A day", ("one", "two"))
    assert announcement(told_.facts()) == told_
    assert told_.text() == "A day\n- one\n- two\n"


def test_an_announcement_is_bounded_and_whatever_comes_is_one() -> None:
    long = announcement({"title": "x", "lines": [str(number) for number in range(100)]})
    assert len(long.lines) == 60
    assert long.lines[-1] == "and 41 more"
    assert announcement({}) == Announcement("Announcement")
    assert announcement({"title": 5, "lines": 5}) == Announcement("5")
