"""The sentences that say who is on it and what comes next."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.slack.slack_examples import ADA, BO, CY, NOW, POLICY, ROOM, alert, notification
from tocsin.incidents.alerts import AlertStatus, Plan
from tocsin.incidents.inputs import Acknowledged, AlertReceived, Input, PageFailed, Passed, Resolved, Snoozed
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.state import Incident
from tocsin.incidents.telling import Telling, next_step, who
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import HOUR, MINUTE, Instant, format_instant

TELLING = Telling({"ada": "Ada Lovelace", "cy": "<!channel>"}, lambda instant: format_instant(instant)[11:16])
PLAN = Plan(team="ops", policy=POLICY)
BEGUN = NOW - NOW % HOUR  # On the hour, so that the sentences can be read.


def after(*inputs: tuple[int, Input], policy: Policy = POLICY, **parts: object) -> Incident:
    """The incident that opened at 11:00, after *inputs*, each with its minute."""
    machine = IncidentMachine()
    state = machine.decide(None, AlertReceived(alert(**parts), Plan(team="ops", policy=policy)), BEGUN).state
    for minute, given in inputs:
        state = machine.decide(state, given, BEGUN + minute * MINUTE).state
    assert state is not None
    return state


SOURCE_ACKNOWLEDGED = AlertReceived(alert(status=AlertStatus.ACKNOWLEDGED, source="pagerduty"), PLAN)
RECOVERED = AlertReceived(alert(status=AlertStatus.RESOLVED), PLAN)
UNREACHED = PageFailed(receiver=BO, rung=1, error="gone", final=True)

STORIES: dict[str, tuple[list[tuple[int, Input]], str, str]] = {
    "opened": ([], "Asking Ada Lovelace.", "Without an answer, asks bo and <!channel> next at 11:05."),
    "no answer": (
        [(5, Tick())],
        "Asking bo and <!channel>.",
        "Without an answer, asks team ops next at 11:15.",
    ),
    "passed by one": (
        [(5, Tick()), (6, Passed(by="bo", rung=1))],
        "Asking <!channel>. bo passed.",
        "Without an answer, asks team ops next at 11:15.",
    ),
    "one not reached": (
        [(5, Tick()), (6, UNREACHED)],
        "Asking <!channel>. bo could not be reached.",
        "Without an answer, asks team ops next at 11:15.",
    ),
    "everyone": ([(5, Tick()), (15, Tick())], "Asking team ops.", "Without an answer, asks team ops again at 11:30."),
    "acknowledged": (
        [(1, Acknowledged(by="ada"))],
        "Ada Lovelace is on it since 11:01.",
        "Asks Ada Lovelace again at 12:01, unless it is resolved.",
    ),
    "acknowledged by a stranger": (
        [(1, Acknowledged(by="slack:dora"))],
        "dora is on it since 11:01.",
        "Asks dora again at 12:01, unless it is resolved.",
    ),
    "acknowledged at its source": (
        [(1, SOURCE_ACKNOWLEDGED)],
        "Acknowledged in pagerduty at 11:01.",
        "Asks Ada Lovelace at 12:01, unless it is resolved.",
    ),
    "snoozed": (
        [(1, Snoozed(by="ada", until=BEGUN + 2 * HOUR))],
        "Ada Lovelace snoozed it until 13:00.",
        "Asks Ada Lovelace again at 13:00, unless it is resolved.",
    ),
    "resolved": (
        [(90, Resolved(by="ada", note="disk <cleaned>"))],
        "Ada Lovelace resolved it at 12:30, after 1h 30m: disk <cleaned>",
        "",
    ),
    "resolved without a word": ([(2, Resolved(by="ada"))], "Ada Lovelace resolved it at 11:02, after 2m.", ""),
    "recovered": ([(2, RECOVERED)], "Recovered at 11:02, after 2m.", ""),
}


@pytest.mark.parametrize("name", STORIES)
def test_who_is_on_it_and_what_comes_next(name: str) -> None:
    inputs, on_it, following = STORIES[name]
    state = after(*inputs)
    assert who(state, TELLING) == on_it
    assert next_step(state, TELLING, BEGUN) == following


def test_a_notification_asks_nobody_and_ends() -> None:
    state = notification()
    assert who(state, TELLING) == "For information; nobody is asked."
    assert next_step(state, TELLING, NOW) == ""
    over = IncidentMachine().decide(state, Tick(), NOW + MINUTE).state
    assert over is not None
    assert who(over, TELLING).startswith("Over at ")


def test_what_is_overdue_comes_now() -> None:
    assert next_step(after(), TELLING, BEGUN + HOUR).endswith("next now.")


def test_the_next_step_leaves_out_who_has_passed() -> None:
    policy = Policy(name="p", steps=(Step((ADA,)), Step((ADA,)), Step((ADA, BO))), everyone=(ROOM,))
    state = replace(after(policy=policy), passed=(ADA,))
    assert next_step(state, TELLING, BEGUN) == "Without an answer, asks bo next at 11:05."


@pytest.mark.parametrize("name", [name for name, (inputs, _, _) in STORIES.items() if "acknowledged" not in name])
def test_the_foretold_is_what_the_machine_does(name: str) -> None:
    state = after(*STORIES[name][0])
    if state.wake_at is None:
        return
    foretold = next_step(state, TELLING, BEGUN)
    asked = IncidentMachine().decide(state, Tick(), state.wake_at).state
    assert asked is not None
    assert f"sks {TELLING.receivers(asked.asked)} " in foretold


def test_many_names_become_a_number() -> None:
    names = [f"responder:r{number}" for number in range(8)]
    assert TELLING.receivers(names) == "r0, r1, r2, r3, r4 and 3 others"
    assert TELLING.receivers(names[:6]) == "r0, r1, r2, r3, r4 and 1 other"
    assert TELLING.receivers([CY]) == "<!channel>"
    assert TELLING.receivers([]) == "nobody"
    assert TELLING.person("slack:") == "somebody"


def test_a_promise_without_its_instant_is_told_from_the_last_change() -> None:
    odd: list[tuple[Incident, Instant]] = [
        (replace(after((1, Acknowledged(by="ada"))), acknowledged_at=None), BEGUN + MINUTE),
        (replace(after((1, Snoozed(by="ada", until=BEGUN + HOUR))), snoozed_until=None), BEGUN + MINUTE),
        (replace(after((1, Resolved(by="ada"))), resolved_at=None), BEGUN + MINUTE),
    ]
    for state, changed_at in odd:
        assert TELLING.when(changed_at) in who(state, TELLING)
