"""Rehearsals whose outcome can be computed by hand."""

from __future__ import annotations

import pytest

from tocsin.choosing.hours import HourClass
from tocsin.choosing.situation import Presence
from tocsin.kernel.time import DAY, HOUR, MINUTE, Instant
from tocsin.rehearsal.comparison import compared, difference
from tocsin.rehearsal.draws import log_normal, pick, unit
from tocsin.rehearsal.measures import Mean, figures, mean, percentile, student
from tocsin.rehearsal.model import Team
from tocsin.rehearsal.people import People
from tocsin.rehearsal.policies import POLICIES, Broadcast, PlainLadder
from tocsin.rehearsal.policy_file import Step, Steps, Written
from tocsin.rehearsal.rehearse import Story, rehearse
from tocsin.rehearsal.seeing import Move, Policy, Seen
from tocsin.rehearsal.smart import Smart
from tocsin.rehearsal.stream import START, Alarm, stream
from tocsin.rehearsal.team_file import parse

NOON = START + 12 * HOUR  # A Monday, in UTC.

# Nobody's answers vary: the median and nine of ten are the same.
SURE = """
responders:
  ada:
    working: {page: {share: 0}, active: 100}
    off: {page: {share: 0}}
    sleep: {page: {share: 0}}
    presence: 100
  bo:
    working: {page: {share: 100, median: 2m, p90: 2m}, channel: {share: 100, median: 3m, p90: 3m}, active: 100}
    off: {page: {share: 100, median: 4m, p90: 4m}}
    sleep: {page: {share: 100, median: 8m, p90: 8m}}
    away: {share: 100, time: 100}
    presence: 100
  cy:
    works: 15:00-23:00
    working: {page: {share: 0}, active: 100}
    off: {page: {share: 0}, active: 0}
    sleep: {page: {share: 0}}
    presence: 100
"""


def sure(more: str = "") -> Team:
    return parse((SURE + more).encode())


def story(policy: Policy, at: int = NOON, *, team: Team | None = None, ends: int | None = None) -> Story:
    alarm = Alarm(at=at, severity="high", key=1, ends=ends)
    [found] = rehearse(People(team or sure(), 1), (alarm,), policy)
    return found


def ladder(team: Team | None = None) -> PlainLadder:
    return PlainLadder((team or sure()).ladder)


def test_the_ladder_asks_one_and_then_another() -> None:
    assert story(ladder()) == Story(day=0, cost=2.0, interruptions=2, sleep=0, minutes=7.0, never=False)


def test_interruptions_are_weighted_by_the_hour_of_each() -> None:
    assert story(Broadcast(sure().ladder)).cost == 1 + 1 + 3  # cy begins at 15:00.
    night = story(Broadcast(sure().ladder), START + 2 * HOUR)
    assert (night.cost, night.sleep, night.minutes) == (30.0, 3, 8.0)


def test_the_first_on_call_is_asked_first() -> None:
    team = sure("on_call: {every: 1d, share: 100, time: 50}")
    found = story(ladder(team), NOON + DAY, team=team)
    assert (found.interruptions, found.minutes, found.day) == (1, 1.0, 1)


def test_what_its_source_resolves_needs_no_answer() -> None:
    found = story(ladder(), ends=NOON + 3 * MINUTE)
    assert (found.interruptions, found.minutes, found.never) == (1, 3.0, False)


def test_an_answer_beats_the_deadline_of_the_same_moment() -> None:
    team = sure("ladder: {wait: 2m}")
    found = story(ladder(team), team=team)
    assert (found.interruptions, found.minutes) == (2, 4.0)


def test_what_nobody_answers_is_given_up_after_a_day() -> None:
    team = parse(
        b"responders: {ada: {working: {page: {share: 0}}, off: {page: {share: 0}}, sleep: {page: {share: 0}}}}"
    )
    found = story(ladder(team), team=team)
    assert (found.minutes, found.never) == (24 * 60, True)
    assert found.interruptions == 1 + (24 * 60 - 5 + 14) // 15


def test_round_robin_begins_with_another_each_time() -> None:
    alarms = tuple(Alarm(at=NOON + number * HOUR, severity="high", key=1, ends=None) for number in range(3))
    found = rehearse(People(sure(), 1), alarms, POLICIES["round-robin"](sure().ladder))
    assert [each.interruptions for each in found] == [2, 1, 3 + 2]


def test_a_random_active_member_is_asked_then_those_who_are_there_then_all() -> None:
    team = parse(SURE.replace("bo:\n    working: {page: {share: 100", "bo:\n    working: {page: {share: 0").encode())
    found = story(POLICIES["random-active"](team.ladder), team=team)
    # Two who are active, one by one; then both of them with @here, where bo answers in three minutes.
    assert (found.interruptions, found.minutes) == (4, 13.0)


def test_with_nobody_active_the_whole_channel_is_asked_at_once() -> None:
    found = story(POLICIES["random-active"](sure().ladder), START + 2 * HOUR)
    assert found.sleep >= 3


def test_who_handles_an_incident_is_slower() -> None:
    team = sure("handling: 1h\nbusy: {time: 200}\nladder: {wait: 1h}")
    alarms = tuple(Alarm(at=NOON + n * 10 * MINUTE, severity="high", key=1, ends=None) for n in range(2))
    found = rehearse(People(team, 1), alarms, Broadcast(team.ladder))
    assert [each.minutes for each in found] == [2.0, 4.0]


def test_who_is_known_to_be_absent_is_not_asked_and_who_is_not_does_not_answer() -> None:
    announced = parse(SURE.replace("away:", "absences: [{day: 0}]\n    away:").encode())
    people = People(announced, 1)
    assert people.there(NOON) == ("ada", "cy")
    secret = People(parse(SURE.replace("away:", "absences: [{day: 0, announced: false}]\n    away:").encode()), 1)
    assert secret.there(NOON) == ("ada", "bo", "cy")
    assert secret.answer("bo", 0, 0, NOON, channel=False, busy=False) is None
    assert secret.state("bo", NOON) is Presence.AWAY
    alone = parse(b"responders: {ada: {absences: [{day: 0}]}}")
    assert People(alone, 1).there(NOON) == ("ada",)


def test_what_the_chat_shows_is_as_right_as_it_should_be() -> None:
    team = parse(b"responders: {ada: {presence: 70, working: {page: {share: 9}, active: 50, dnd: 30}}}")
    people = People(team, 3)
    times = [START + day * DAY + 12 * HOUR for day in range(2000)]
    right = sum(people.shown("ada", at) is people.state("ada", at) for at in times)
    assert right / len(times) == pytest.approx(0.7, abs=0.05)
    assert {people.state("ada", at) for at in times} == {Presence.ACTIVE, Presence.AWAY, Presence.DO_NOT_DISTURB}


def test_odd_minutes_of_a_week_are_kept() -> None:
    people = People(parse(b"responders: {ada: {works: '09:07-17:00'}}"), 1)
    hours = [people.hour("ada", START + 9 * HOUR + minute * MINUTE) for minute in (6, 7)]
    assert hours == [HourClass.OFF, HourClass.WORKING]


class _Listening:
    """Asks everyone every three minutes, and remembers what it hears."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, str, int]] = []
        self.recent: list[int] = []
        self.solved: list[int] = []

    def move(self, seen: Seen) -> Move:
        self.recent.append(seen.look("bo").recent)
        self.solved.append(seen.look("bo").solved)
        return Move(seen.members, 3 * MINUTE)

    def answered(self, number: int, name: str, now: Instant) -> None:
        self.heard.append((number, name, (now - START) // MINUTE))

    def ended(self, number: int, now: Instant) -> None:
        self.heard.append((number, "", (now - START) // MINUTE))


def test_a_policy_hears_who_answers_and_when_it_is_over_and_no_more() -> None:
    policy = _Listening()
    evening = START + 18 * HOUR
    alarms = (
        Alarm(at=evening, severity="high", key=1, ends=evening + HOUR),  # bo answers after four minutes.
        Alarm(at=evening + 30 * MINUTE, severity="high", key=1, ends=evening + 31 * MINUTE),
        Alarm(at=evening + 34 * MINUTE, severity="high", key=1, ends=evening + 35 * MINUTE),
    )
    rehearse(People(sure(), 1), alarms, policy)
    assert policy.heard == [(0, "bo", 1084), (1, "", 1111), (0, "", 1114), (2, "", 1115)]
    assert policy.recent == [0, 1, 2, 3]
    assert policy.solved == [0, 0, 0, 1], "who has handled it for half an hour has solved it"


def test_interruptions_of_yesterday_are_not_recent() -> None:
    policy = _Listening()
    alarms = tuple(Alarm(at=NOON + number * 2 * DAY, severity="high", key=1, ends=None) for number in range(2))
    rehearse(People(sure(), 1), alarms, policy)
    assert policy.recent == [0, 0]


def test_the_chooser_walks_the_ladder_until_it_knows_something() -> None:
    alarms = (Alarm(at=NOON, severity="high", key=1, ends=None),)
    team = sure("on_call: {every: 1d}")
    assert rehearse(People(team, 1), alarms, Smart(team.ladder)) == rehearse(People(team, 1), alarms, ladder(team))


def test_the_chooser_soon_asks_the_one_who_answers() -> None:
    alarms = tuple(
        Alarm(at=START + day * DAY + 12 * HOUR, severity="high", key=1, ends=None) for day in range(56) if day % 7 < 5
    )
    found = rehearse(People(sure(), 1), alarms, Smart(sure().ladder))
    assert [each.interruptions for each in found[-10:]] == [1] * 10


def test_a_written_policy_skips_steps_with_nobody() -> None:
    def walk(*words: str, at: int = NOON, **more: int) -> Story:
        steps = Steps(steps=tuple(Step(ask=word) for word in words), **more)
        return story(Written(steps), at)

    assert walk("nobody", "bo").interruptions == 1
    assert walk("on-call", "next").minutes == 7
    assert walk("least-disturbed", "cy", "next").interruptions == 3
    assert walk("random-active", "random-active").interruptions in {1, 2}
    assert walk("here").interruptions == 2
    assert walk("random-active", "channel", at=START + 2 * HOUR).interruptions >= 3
    assert walk("ada", repeat=1).interruptions == 2 + 3
    assert walk("everyone").minutes == 2


def test_two_policies_meet_the_same_answers() -> None:
    team = parse(b"responders: {ada: {}, bo: {}, cy: {}}\nalerts: {per_week: 30}")
    results = compared(team, {name: POLICIES[name] for name in ("broadcast", "ladder", "round-robin")}, days=30, seed=5)
    sooner = difference(results["broadcast"], results["ladder"], lambda one: one.minutes, 30)
    assert sooner.high < 0, "who asks all of them at once is never later"
    pairs = zip(results["broadcast"].stories, results["ladder"].stories, strict=True)
    assert all(one.minutes <= other.minutes + 15 for one, other in pairs)
    again = compared(team, {"ladder": POLICIES["ladder"]}, days=30, seed=5)
    assert again["ladder"] == results["ladder"]
    assert compared(team, {"ladder": POLICIES["ladder"]}, days=30, seed=6)["ladder"] != results["ladder"]


def test_the_stream_is_as_the_model_says() -> None:
    by_hour = ", ".join("1" if 8 <= hour < 20 else "0" for hour in range(24))
    team = parse(
        f"""
responders: {{ada: {{}}}}
alerts:
  per_week: 70
  by_hour: [{by_hour}]
  severities: {{critical: 1, info: 3}}
  keys: 400
  transient: {{keys: 50, median: 2m, p90: 5m}}
  storms: {{every: 10d, alerts: 7, within: 5m}}
""".encode()
    )
    alarms = stream(team.alerts, 400, 1)
    assert list(alarms) == sorted(alarms, key=lambda alarm: alarm.at)
    assert len(alarms) == pytest.approx(4000 + 40 * 7, rel=0.1)
    assert sum(alarm.severity == "critical" for alarm in alarms) / len(alarms) == pytest.approx(0.25, abs=0.03)
    ended = [alarm.ends - alarm.at for alarm in alarms if alarm.ends is not None]
    assert len(ended) / len(alarms) == pytest.approx(0.45, abs=0.05)
    assert percentile(ended, 0.5) == pytest.approx(2 * MINUTE, rel=0.1)
    quiet = stream(parse(b"responders: {ada: {}}").alerts, 400, 1)
    assert len(quiet) == pytest.approx(50 * 400 / 7, rel=0.08)
    assert {alarm.ends for alarm in quiet} == {None}


def test_draws_are_even_and_their_questions_matter() -> None:
    draws = [unit(1, place) for place in range(4000)]
    assert sum(draws) / len(draws) == pytest.approx(0.5, abs=0.02)
    assert unit(1, 2) != unit(2, 1)
    assert all(0 < draw < 1 for draw in draws)
    assert log_normal(0.5, 120, 480) == pytest.approx(120)
    assert log_normal(0.9, 120, 480) == pytest.approx(480)
    assert [pick(chance, (1, 0, 3)) for chance in (0.1, 0.3, 0.99, 1.0)] == [0, 2, 2, 2]


def test_means_have_intervals_over_days() -> None:
    stories = [
        Story(day=day, cost=float(day % 2), interruptions=1, sleep=1, minutes=2.0, never=day == 0) for day in range(4)
    ]
    found = mean(stories, [each.cost for each in stories], 4)
    assert found.mean == 0.5
    # Each day is half away from the mean: sqrt(4 / 3 * 4 * 0.25) / 4, times Student's 3.18.
    assert found.high - found.mean == pytest.approx(3.18 * 0.288675, rel=0.02)
    assert mean([], [], 4) == Mean(0.0, 0.0, 0.0)
    assert mean(stories[:1], [3.0], 1) == Mean(3.0, 3.0, 3.0)
    whole = figures("ladder", stories, 4)
    assert (whole.incidents, whole.sleep_pages_per_week, whole.never_acknowledged) == (4, 7.0, 1)
    assert (whole.minutes_to_acknowledge.p50, whole.minutes_to_acknowledge.p99) == (2.0, 2.0)
    assert percentile([], 0.5) == 0


@pytest.mark.parametrize(("freedom", "value"), [(4, 2.776), (10, 2.228), (199, 1.972)])
def test_students_t_is_that_of_the_tables(freedom: int, value: float) -> None:
    assert student(0.95, freedom) == pytest.approx(value, abs=0.01)


def test_a_written_policy_learns_nothing() -> None:
    policy = Written(Steps(steps=(Step(ask="random-active"), Step(ask="here"), Step(ask="cy"))))
    assert story(policy, START + 2 * HOUR).interruptions >= 1
    assert not vars(policy).keys() & {"history"}
