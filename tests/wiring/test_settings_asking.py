"""The keys that say whom to ask: what they become, and what is wrong with them."""

from __future__ import annotations

import pytest

from tocsin.incidents.alerts import Alert, AlertStatus, Plan
from tocsin.incidents.policy import Condition, Step
from tocsin.kernel.time import MINUTE
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_problems import SettingsError
from tocsin.wiring.settings_routes import routes

TEAMS = """
responders: {ada: {ntfy: "https://ntfy.example.com/x"}}
schedules: {s: {layers: [{responders: [ada], start: 2026-01-05}]}}
teams: {ops: {members: [ada], policy: %s}, web: {members: [ada], policy: smart}}
"""


def routed(text: str, integration: str = "default") -> Plan:
    alert = Alert(status=AlertStatus.FIRING, title="x", dedup_key="x", source="json")
    return routes(parse(text.encode(), {}).settings).route(alert, integration, None)


def complaints(text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse(text.encode(), {})
    return [problem.text("f").removeprefix("f:") for problem in caught.value.problems]


def advised(text: str) -> list[str]:
    return [warning.text("f").removeprefix("f:") for warning in parse(text.encode(), {}).warnings]


def test_a_policy_named_smart_is_there_always() -> None:
    policy = routed(TEAMS % "smart").policy
    assert (policy.name, policy.steps, policy.everyone) == ("smart", (Step(("smart:ops",)),), ("responder:ada",))
    mine = routed(TEAMS % "smart" + "policies: {smart: {steps: [{ask: ada}]}}").policy
    assert mine.steps == (Step(("responder:ada",)),), "unless there is one of one's own"


def test_targets_of_all_kinds_are_read() -> None:
    ask = '[channel, "channel:web", round-robin, "round-robin:web", "least-disturbed:schedule:s", "schedule:s:next"]'
    plan = routed(TEAMS % "mine" + f"policies: {{mine: {{steps: [{{ask: {ask}}}, {{ask: 'smart:web'}}]}}}}")
    assert [step.targets for step in plan.policy.steps] == [
        ("round-robin:ops", "round-robin:web", "least-disturbed:schedule:s", "schedule:s:next"),
        ("smart:web",),
    ]


def test_a_condition_and_several_acknowledgements_are_read() -> None:
    when = "{severity: [critical], hours: [off, 'mon-fri 09:00-17:00'], team: off, alerts: 3, within: 5m}"
    step = f"{{ask: team, when: {when}, acknowledgements: 2}}"
    policy = routed(TEAMS % "mine" + f"policies: {{mine: {{steps: [{step}], acknowledgements: 3}}}}").policy
    condition = Condition(
        severities=("critical",), hours=("off", "mon-fri 09:00-17:00"), team="off", alerts=3, within=5 * MINUTE
    )
    assert policy.steps == (Step(("responder:ada",), when=condition, acknowledgements=2),)
    assert policy.acknowledgements == 3


@pytest.mark.parametrize(
    ("step", "lines"),
    [
        ("{ask: 'smart:webb'}", ['5:30: policies.p.steps[0].ask: there is no team "webb"; did you mean "smart:web"?']),
        ("{ask: 'round-robin:schedule:t'}", ['there is no schedule "t"; did you mean "round-robin:schedule:s"?']),
        ("{ask: 'smart:schedule:s:next'}", ['there is no schedule "s:next"']),
        ("{ask: 'channel:op'}", ['there is no team "op"; did you mean "channel:ops"?']),
        ("{ask: smrt}", ['there is no responder "smrt"; did you mean "smart"?']),
        ("{ask: [smart, ada]}", ["needs `smart` alone in its step, or others without it"]),
        ("{ask: ada, when: {within: 5m}}", ["needs `alerts` beside `within`"]),
        ("{ask: ada, when: {hours: [tea]}}", ['"tea" is not `working`, `off`, `sleep`, or a window like']),
        ("{ask: ada, when: {severity: bad}}", ['"bad" is none of critical, high, warning, info']),
        ("{ask: ada, acknowledgements: 99}", ['"99" is not between 0 and 20']),
    ],
)
def test_what_is_wrong_is_told_with_its_place(step: str, lines: list[str]) -> None:
    told = complaints(TEAMS % "smart" + f"policies: {{p: {{steps: [{step}]}}}}")
    assert len(told) == len(lines)
    assert all(line in said for line, said in zip(lines, told, strict=True)), told


def test_a_responder_cannot_have_a_name_that_means_something() -> None:
    assert "cannot be the name of a responder" in complaints("responders: {smart: }")[0]


def test_what_is_probably_not_meant_is_said() -> None:
    text = (
        TEAMS % "mine" + "policies: {mine: {steps: [{ask: [channel, 'round-robin:schedule:s']}], acknowledgements: 2}}"
    )
    assert [line.partition(" ops: ")[2] or line.partition("ops: ")[2] for line in advised(text)] == [
        "2 people must acknowledge, and ops has 1 member: all of them are enough",
        "ops has no room: the steps that ask its `channel` are left out",
    ]
