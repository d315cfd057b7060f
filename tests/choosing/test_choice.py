"""Choosing: what must hold whatever is believed, and what a reasonable person would choose."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import tocsin.choosing
from tests.choosing.test_history import taught
from tocsin.choosing.choice import KNOWLEDGE_MIN, REPEAT_AFTER, Choice, Reason, choose
from tocsin.choosing.history import History, Observation
from tocsin.choosing.hours import HourClass
from tocsin.choosing.planning import PAGES_MAX
from tocsin.choosing.situation import Asked, Candidate, Costs, Presence, Rung, Situation
from tocsin.kernel.time import HOUR, MINUTE

NAMES = ("ada", "bo", "cy", "dee")
LADDER = (Rung(("ada",), 5 * MINUTE), Rung(("bo",), 5 * MINUTE))


def team(**hours: HourClass) -> tuple[Candidate, ...]:
    return tuple(Candidate(name=name, hours=hours.get(name, HourClass.WORKING)) for name in NAMES)


def situation(**more: object) -> Situation:
    values: dict[str, object] = {
        "now": 0,
        "severity": "high",
        "candidates": team(),
        "deadline": 10 * MINUTE,
        "ladder": LADDER,
    }
    return Situation(**(values | more))  # type: ignore[arg-type]


def known(**waits: list[float | None]) -> History:
    """A history in which each answered so at work, and off work, and asleep."""
    history = History()
    for name, each in waits.items():
        for hours in HourClass:
            history = taught(history, Candidate(name=name, hours=hours), each)
    return history


WELL_KNOWN = known(zoe=[2.0] * 40)  # Of the team in general; of its members nothing that tells them apart.

candidates = st.builds(
    Candidate,
    name=st.sampled_from([*NAMES, "eli", "flo"]),
    hours=st.sampled_from(HourClass),
    presence=st.sampled_from(Presence),
    on_call=st.booleans(),
    busy=st.booleans(),
    again=st.booleans(),
    recent=st.integers(0, 30),
    solved=st.integers(0, 5),
)
teams = st.lists(candidates, max_size=6, unique_by=lambda each: each.name).map(tuple)
severities = st.sampled_from(["critical", "high", "warning", "info", "unheard-of"])
observations = st.builds(
    Observation,
    candidate=candidates,
    severity=severities,
    waited=st.integers(-MINUTE, 3 * HOUR),
    answered=st.booleans(),
    at=st.integers(0, 1000 * HOUR),
)
situations = st.builds(
    Situation,
    now=st.integers(0, HOUR),
    severity=severities,
    candidates=teams,
    deadline=st.integers(0, 2 * HOUR),
    ladder=st.lists(
        st.builds(Rung, st.lists(st.sampled_from(NAMES), max_size=2).map(tuple), st.integers(1, HOUR)), max_size=3
    ).map(tuple),
    asked=st.lists(st.builds(Asked, st.sampled_from([*NAMES, "gone"]), st.integers(0, HOUR), st.booleans())).map(tuple),
    moves=st.integers(0, 5),
    again=st.integers(1, HOUR),
    seed=st.integers(0, 1000),
)


@settings(max_examples=150, deadline=None)
@given(situations, st.lists(observations, max_size=25))
def test_whatever_is_believed_the_whole_team_is_asked_in_time(where: Situation, seen: list[Observation]) -> None:
    history = History()
    for each in seen:
        history = history.learned(each)
    found = choose(where, history)
    assert found == choose(where, history), "the same values, the same choice"
    assert found.wait > 0
    assert len(found.why) == len(found.ask)
    assert all(sentence.startswith("You ") and sentence.endswith(".") for sentence in found.why)
    if where.now >= where.deadline:
        assert found.everyone
        assert set(found.ask) == {each.name for each in where.candidates}
    elif not found.everyone:
        assert where.now + found.wait <= where.deadline
    if where.candidates and not where.asked and history.pages >= KNOWLEDGE_MIN:
        assert found.ask, "the first choice asks somebody"


@given(teams.filter(bool), st.integers(1, HOUR), severities)
def test_without_knowledge_the_plain_ladder_is_walked(people: tuple[Candidate, ...], again: int, severity: str) -> None:
    now = 0
    asked: list[Asked] = []
    steps = []
    for moves in range(4):
        found = choose(
            situation(now=now, severity=severity, candidates=people, asked=tuple(asked), moves=moves, again=again),
            History(),
        )
        steps.append((now, found.ask, found.everyone))
        asked += [Asked(name, now) for name in found.ask]
        now += found.wait
    everyone = tuple(each.name for each in people)
    assert steps == [
        (0, ("ada",), False),
        (5 * MINUTE, ("bo",), False),
        (10 * MINUTE, everyone, True),
        (10 * MINUTE + again, everyone, True),
    ]


def test_a_ladder_that_ends_early_is_followed_by_everyone() -> None:
    found = choose(situation(moves=2, now=MINUTE), History())
    assert (found.everyone, found.reason) == (True, Reason.DEADLINE)


def test_who_is_awake_is_asked_rather_than_who_sleeps() -> None:
    people = team(ada=HourClass.SLEEP, bo=HourClass.OFF, cy=HourClass.SLEEP)
    assert choose(situation(candidates=people), WELL_KNOWN).ask == ("dee",)


def test_who_answers_is_asked_rather_than_who_does_not() -> None:
    history = known(ada=[None] * 10, bo=[None] * 10, cy=[1.0] * 10, dee=[None] * 10)
    assert choose(situation(), history).ask == ("cy",)


def test_what_is_critical_is_asked_of_more_people_sooner() -> None:
    history = known(**{name: [3.0, None] * 8 for name in NAMES})
    calm, urgent = (choose(situation(severity=severity), history) for severity in ("info", "critical"))
    assert (len(urgent.ask), -urgent.wait) > (len(calm.ask), -calm.wait)


def test_an_interruption_costs_more_for_who_had_many() -> None:
    tired = tuple(replace(each, recent=0 if each.name == "dee" else 20) for each in team())
    assert choose(situation(candidates=tired), WELL_KNOWN).ask == ("dee",)


def test_who_solved_it_before_is_preferred_among_equals() -> None:
    people = tuple(replace(each, solved=3 if each.name == "cy" else 0) for each in team())
    found = choose(situation(candidates=people), WELL_KNOWN)
    assert found.ask == ("cy",)
    assert "you have solved this before" in found.why[0]


def test_equals_take_turns() -> None:
    assert len({choose(situation(seed=seed), WELL_KNOWN).ask for seed in range(30)}) > 1


def test_who_has_passed_is_not_asked_again_before_everyone_is() -> None:
    people = team()[:2]
    found = choose(
        situation(candidates=people, now=6 * MINUTE, asked=(Asked("ada", 0, passed=True), Asked("bo", 5 * MINUTE))),
        WELL_KNOWN,
    )
    assert "ada" not in found.ask


def test_who_did_not_answer_may_be_asked_again_after_a_while() -> None:
    history = known(ada=[1.0] * 30, bo=[None] * 30)
    people = (team()[0], replace(team()[1], hours=HourClass.SLEEP))
    asked = (Asked("ada", 0),)
    soon = choose(situation(candidates=people, now=MINUTE, asked=asked), history)
    later = choose(situation(candidates=people, now=REPEAT_AFTER, asked=asked), history)
    assert soon.ask == ()
    assert later.ask == ("ada",)


def test_after_everyone_was_asked_single_people_may_be_before_everyone_is_again() -> None:
    found = choose(situation(now=10 * MINUTE), WELL_KNOWN)
    assert (found.everyone, found.wait) == (True, REPEAT_AFTER)


def test_costs_decide() -> None:
    people = team(ada=HourClass.OFF, bo=HourClass.OFF, cy=HourClass.OFF)
    dear = Costs(working=50.0)
    assert choose(situation(candidates=people), WELL_KNOWN).ask == ("dee",)
    assert "dee" not in choose(situation(candidates=people), WELL_KNOWN, dear).ask


def test_however_dear_a_minute_is_a_plan_has_only_so_many_pages() -> None:
    people = tuple(Candidate(name=f"p{place}", hours=HourClass.WORKING) for place in range(20))
    found = choose(situation(candidates=people, severity="critical"), WELL_KNOWN, Costs(minute=(("critical", 1e4),)))
    assert len(found.ask) == PAGES_MAX + 1


def test_a_deadline_that_is_far_away_is_no_reason_to_wait_for_long() -> None:
    found = choose(situation(deadline=7 * 24 * HOUR), WELL_KNOWN)
    assert found.ask
    assert found.wait <= HOUR


def test_nobody_to_ask_is_everyone() -> None:
    assert choose(situation(candidates=()), WELL_KNOWN) == Choice(
        ask=(), wait=REPEAT_AFTER, everyone=True, reason=Reason.DEADLINE, why=()
    )


def test_the_ladder_does_not_bind_by_people_who_have_left() -> None:
    ladder = (Rung(("gone",), 5 * MINUTE), *LADDER)
    assert choose(situation(ladder=ladder), WELL_KNOWN).ask


@pytest.mark.parametrize(
    ("where", "history", "sentence"),
    [
        (
            situation(),
            History(),
            "You are asked since you are the first in line; nothing is known yet that speaks for another.",
        ),
        (
            situation(moves=1, now=5 * MINUTE, asked=(Asked("ada", 0),)),
            History(),
            "You are asked since the one before you has not answered, and you are next on the ladder.",
        ),
        (situation(now=10 * MINUTE), History(), "You are asked since everyone is: it is time for the whole team."),
        (
            situation(now=10 * MINUTE, asked=(Asked("ada", 0),)),
            History(),
            "You are asked since everyone is: nobody has answered in time.",
        ),
        (
            situation(candidates=(replace(team()[0], on_call=True, presence=Presence.ACTIVE),)),
            known(ada=[1.0] * 9 + [None]),
            (
                "You are asked since you are on call, it is working time for you, you seem to be active "
                "and you answered 9 of 10 pages at work."
            ),
        ),
        (
            situation(candidates=team()[:1]),
            known(ada=[None] * 9),
            "You are asked since it is working time for you.",
        ),
        (
            situation(candidates=team(**dict.fromkeys(NAMES, HourClass.SLEEP))[:1]),
            known(ada=[1.0] * 5),
            "You are asked since it is night for everyone and you answered 5 of 5 pages at night.",
        ),
        (
            situation(candidates=team(ada=HourClass.SLEEP, bo=HourClass.OFF)[:2]),
            known(ada=[1.0] * 30, bo=[None] * 60),
            (
                "You are asked since those who are awake are less likely to answer soon "
                "and you answered 30 of 30 pages at night."
            ),
        ),
        (
            situation(
                candidates=team(bo=HourClass.OFF)[1:3],
                asked=(Asked("ada", 0),),
                now=MINUTE * 4,
                severity="critical",
                deadline=HOUR,
            ),
            known(ada=[1.0] * 5, cy=[None] * 20),
            "You are asked since ada has not answered, you are off work, but awake and little is known of you yet.",
        ),
        (
            situation(
                candidates=team()[2:3],
                asked=(Asked("ada", 0), Asked("bo", MINUTE)),
                now=MINUTE * 4,
                severity="critical",
            ),
            known(ada=[None] * 5, bo=[None] * 5, cy=[1.0]),
            "You are asked since 2 others have not answered and it is working time for you.",
        ),
    ],
)
def test_every_page_says_why_you(where: Situation, history: History, sentence: str) -> None:
    assert choose(where, history).why[:1] == (sentence,)


def test_the_chooser_knows_nothing_of_the_rehearsal() -> None:
    [folder] = tocsin.choosing.__path__
    imported = {
        name
        for path in Path(folder).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
        if name.startswith("tocsin")
    }
    assert all(name.startswith(("tocsin.choosing", "tocsin.kernel")) for name in imported), imported
