"""Remedies: what they do to a plan, what is wrong with some, and how people say them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.noise.noisy import BEGUN, CPU, TITLE
from tocsin.incidents.alerts import Alert, AlertStatus, Gate, Kind, Plan, Remedied, Severity
from tocsin.incidents.policy import Policy
from tocsin.kernel.time import DAY, MINUTE
from tocsin.noise.keys import By, Key
from tocsin.noise.proposals import Proposal
from tocsin.noise.remedies import Measure, Remedy, applied, problem, silence, words
from tocsin.noise.spoken import read, said

PLAN = Plan(team="ops", policy=Policy(name="usual", steps=(), everyone=()))
ALERT = Alert(status=AlertStatus.FIRING, title="CPU is high", dedup_key="cpu", source="probe")


def spoken(text: str) -> Remedy:
    found = read(text.split(), by="ada", now=BEGUN)
    assert isinstance(found, Remedy), found
    assert problem(CPU, found) == ""
    return found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hold 3m", "hold 3m"),
        ("notification", "make it a notification"),
        ("threshold 3 in 10m", "ask from 3 times in 10m"),
        ("silence 7d", "silence until 2026-11-25T11:06Z"),
        ("silence 2026-11-20T00:00Z", "silence until 2026-11-20T00:00Z"),
    ],
)
def test_a_remedy_is_read_as_people_say_it(text: str, told: str) -> None:
    assert words(spoken(text)) == told


@pytest.mark.parametrize(
    "text",
    ["", "shout", "hold", "hold long", "hold 1m 2m", "notification now", "threshold 3", "threshold x in 10m",
     "threshold 3 in time", "threshold 3 per 10m", "threshold 10000 in 1h", "silence", "silence forever"],
)  # fmt: skip
def test_what_makes_no_sense_is_told_in_words(text: str) -> None:
    found = read(text.split(), by="ada", now=BEGUN)
    assert isinstance(found, str)
    assert found


def test_a_remedy_may_have_an_end() -> None:
    found = read(["hold", "3m"], by="ada", now=BEGUN, why="it flaps", until=BEGUN + DAY)
    assert isinstance(found, Remedy)
    assert (found.why, words(found)) == ("it flaps", "hold 3m until 2026-11-19T11:06Z")
    assert found.lasts(BEGUN)
    assert not found.lasts(BEGUN + DAY)


@pytest.mark.parametrize(
    "wrong",
    [
        Remedy(measure=Measure.HOLD, by="ada", at=BEGUN, hold=MINUTE - 1),
        Remedy(measure=Measure.HOLD, by="ada", at=BEGUN, hold=11 * MINUTE),
        Remedy(measure=Measure.THRESHOLD, by="ada", at=BEGUN, count=1, within=MINUTE),
        Remedy(measure=Measure.THRESHOLD, by="ada", at=BEGUN, count=101, within=MINUTE),
        Remedy(measure=Measure.THRESHOLD, by="ada", at=BEGUN, count=2, within=MINUTE - 1),
        Remedy(measure=Measure.THRESHOLD, by="ada", at=BEGUN, count=2, within=2 * DAY),
        Remedy(measure=Measure.SILENCE, by="ada", at=BEGUN),
        Remedy(measure=Measure.SILENCE, by="ada", at=BEGUN, until=BEGUN + 31 * DAY),
        Remedy(measure=Measure.NOTIFICATION, by="ada", at=BEGUN, until=BEGUN),
        Remedy(measure=Measure.NOTIFICATION, by="ada", at=BEGUN, until=BEGUN + 367 * DAY),
        Remedy(measure=Measure.NOTIFICATION, by="", at=BEGUN),
        Remedy(measure=Measure.NOTIFICATION, by="a" * 101, at=BEGUN),
        Remedy(measure=Measure.NOTIFICATION, by="ada", at=BEGUN, why="w" * 501),
    ],
)
def test_a_remedy_beyond_its_bounds_is_refused_in_words(wrong: Remedy) -> None:
    assert problem(CPU, wrong)


def test_some_keys_have_no_remedy() -> None:
    fine = Remedy(measure=Measure.NOTIFICATION, by="ada", at=BEGUN)
    for value in ("", " ", "x" * 513):
        assert problem(Key(integration="prod", by=By.KEY, value=value), fine)
    assert problem(TITLE, spoken("threshold 3 in 10m"))
    assert problem(TITLE, fine) == ""


def test_a_remedy_makes_a_plan_quieter_and_says_whose_it_is() -> None:
    held = applied(PLAN, ALERT, CPU, spoken("hold 3m"))
    assert (held.hold, held.remedy) == (3 * MINUTE, Remedied(CPU.id, "held 3m by a remedy of ada"))
    assert applied(replace(PLAN, hold=5 * MINUTE), ALERT, CPU, spoken("hold 3m")).hold == 5 * MINUTE
    quiet = applied(PLAN, ALERT, CPU, spoken("notification"))
    assert (quiet.kind, quiet.remedy and quiet.remedy.words) == (
        Kind.NOTIFICATION,
        "made a notification by a remedy of ada",
    )
    gated = applied(PLAN, ALERT, CPU, spoken("threshold 3 in 10m"))
    assert (gated.gate, gated.remedy and gated.remedy.words) == (
        Gate(3, 10 * MINUTE),
        "asks from 3 times in 10m by a remedy of ada",
    )
    assert applied(PLAN, ALERT, CPU, spoken("silence 7d")) == PLAN


@pytest.mark.parametrize("text", ["hold 3m", "notification", "threshold 3 in 10m", "silence 7d"])
def test_what_is_critical_is_left_alone(text: str) -> None:
    assert applied(PLAN, replace(ALERT, severity=Severity.CRITICAL), CPU, spoken(text)) == PLAN
    graded = replace(PLAN, severity=Severity.CRITICAL)
    assert applied(graded, ALERT, CPU, spoken(text)) == graded


def test_a_silence_covers_its_key_or_its_titles_and_spares_what_is_critical() -> None:
    remedy = replace(spoken("silence 7d"), silence="s", why="we know")
    made = silence(CPU, remedy)
    assert (made.id, made.created_by, made.comment, made.ends_at) == ("s", "ada", "we know", BEGUN + 7 * DAY)
    assert made.matches(ALERT, "prod")
    assert not made.matches(ALERT, "dev")
    assert not made.matches(replace(ALERT, dedup_key="disk"), "prod")
    assert not made.matches(replace(ALERT, severity=Severity.CRITICAL), "prod")
    titles = silence(Key(integration="prod", by=By.TITLE, value="CPU of # is high"), remedy)
    assert titles.matches(replace(ALERT, title="CPU of 17 is high"), "prod")
    assert not titles.matches(replace(ALERT, title="CPU of web is high"), "prod")
    assert silence(CPU, replace(remedy, why="")).comment


@pytest.mark.parametrize(
    "proposal",
    [
        Proposal(measure=Measure.HOLD, why="", hold=10 * MINUTE),
        Proposal(measure=Measure.NOTIFICATION, why=""),
        Proposal(measure=Measure.THRESHOLD, why="", count=3, within=60 * MINUTE),
    ],
)
def test_what_is_proposed_can_be_said(proposal: Proposal) -> None:
    found = spoken(said(proposal))
    assert (found.measure, found.hold, found.count, found.within) == (
        proposal.measure,
        proposal.hold,
        proposal.count,
        proposal.within,
    )


def test_titles_full_of_numbers_cannot_be_silenced_by_one_expression() -> None:
    key = Key(integration="probe", by=By.TITLE, value=" ".join("#" * 120))
    found = read(["silence", "7d"], by="ada", now=BEGUN)
    assert isinstance(found, Remedy)
    assert "too many numbers" in problem(key, found)
    assert problem(replace(key, by=By.KEY), found) == ""


def test_a_key_of_an_integration_with_an_endless_name_is_none() -> None:
    found = read(["notification"], by="ada", now=BEGUN)
    assert isinstance(found, Remedy)
    assert "integration" in problem(Key(integration="a" * 201, by=By.KEY, value="cpu"), found)
