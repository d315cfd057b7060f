"""Patience: a rule counts before an integration, and an integration before the team."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.routing.test_routing_rules import ALERT, OPS
from tocsin.incidents.alerts import Plan
from tocsin.kernel.time import MINUTE
from tocsin.routing.patience import Patience
from tocsin.routing.rules import Routes, Rule
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import routes

TEAM = replace(OPS, patience=Patience(hold=MINUTE, transient_hold=True, flapping=True))


def plan(rule: Patience, integration: Patience) -> tuple[int, bool, bool]:
    made = Routes([Rule(name="r", patience=rule)], teams={}, fallback=TEAM, patience={"web": integration})
    return figures(made.route(ALERT, "web", None))


def figures(plan: Plan) -> tuple[int, bool, bool]:
    return plan.hold, plan.transient_hold, plan.flapping


def test_without_a_word_nothing_is_held() -> None:
    assert figures(Routes([], teams={}, fallback=OPS).route(ALERT, "web", None)) == (0, False, False)


@pytest.mark.parametrize(
    ("rule", "integration", "made"),
    [
        (Patience(), Patience(), (MINUTE, True, True)),
        (Patience(), Patience(transient_hold=False, flapping=False), (MINUTE, False, False)),
        (Patience(hold=0), Patience(hold=9), (0, True, True)),
        (Patience(transient_hold=True), Patience(transient_hold=False), (MINUTE, True, True)),
        (Patience(hold=3 * MINUTE), Patience(), (3 * MINUTE, True, True)),
    ],
)
def test_who_is_nearer_decides(rule: Patience, integration: Patience, made: tuple[int, bool, bool]) -> None:
    assert plan(rule, integration) == made


def test_two_integrations_of_one_team_have_plans_of_their_own() -> None:
    made = Routes([], teams={}, fallback=TEAM, patience={"web": Patience(flapping=False)})
    assert [made.route(ALERT, name, None).flapping for name in ("web", "db", "web")] == [False, True, False]


FILE = """
teams:
  ops: {hold: 2m}
  payments: {transient_hold: off, flapping: no}
integrations:
  lab: {team: payments, transient_hold: learned, flapping: on}
  pay: {team: payments}
routes: [{when: {labels: {env: [staging]}, integration: [pay]}, hold: 5m, transient_hold: learned}]
"""


def test_the_file_says_how_patient_who_is() -> None:
    made = routes(parse(FILE.encode(), {}).settings)
    found = {name: figures(made.route(ALERT, name, None)) for name in ("default", "lab", "pay")}
    assert found == {
        "default": (2 * MINUTE, True, True),
        "lab": (0, True, True),
        "pay": (5 * MINUTE, True, False),
    }
