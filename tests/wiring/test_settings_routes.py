"""Settings become routes: the names in the file are the receivers in the plans."""

from __future__ import annotations

import pytest

from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Severity
from tocsin.kernel.time import DAY, HOUR, MINUTE
from tocsin.routing.plans import BUILT_IN
from tocsin.wiring.settings_file import load, parse
from tocsin.wiring.settings_routes import routes

FILE = """
responders: {ada: , bo: , cy: }
teams:
  ops: {members: [ada, bo], slack: "#ops"}
  web: {members: [cy], policy: web}
policies:
  default: {steps: [{ask: ada, wait: 1m}, {ask: [team:web, team]}], repeat: 1, everyone_every: 10m, ack_timeout: 2h}
  web: {steps: [{ask: cy}]}
routes:
  - {when: {title: [quiet]}, kind: notification, severity: info, auto_resolve: false}
  - {event: {a: [1]}, team: web, policy: default}
integrations: {web: {team: web}}
windows: {alert: 1d}
"""
MADE = routes(parse(FILE.encode(), {}).settings)


def alert(title: str = "loud") -> Alert:
    return Alert(status=AlertStatus.FIRING, title=title, dedup_key=title, source="json")


def test_a_team_without_a_policy_uses_the_one_named_default() -> None:
    plan = MADE.route(alert(), "default", None)
    assert (plan.team, plan.policy.name, plan.alert_window) == ("ops", "default", DAY)
    assert [step.targets for step in plan.policy.steps] == [
        ("responder:ada",),
        ("responder:cy", "responder:ada", "responder:bo", "team:ops"),
    ]
    assert (plan.policy.steps[0].delay, plan.policy.repeat) == (MINUTE, 1)
    assert (plan.policy.everyone_delay, plan.policy.ack_timeout) == (10 * MINUTE, 2 * HOUR)


def test_a_team_s_own_policy_counts() -> None:
    assert MADE.route(alert(), "web", None).policy.name == "web"


def test_a_route_decides() -> None:
    quiet = MADE.route(alert("quiet"), "default", None)
    assert (quiet.kind, quiet.severity, quiet.auto_resolve) == (Kind.NOTIFICATION, Severity.INFO, False)
    moved = MADE.route(alert(), "default", {"a": 1})
    assert (moved.team, moved.policy.name, moved.auto_resolve) == ("web", "default", True)


@pytest.mark.parametrize("integration", ["default", "", "unheard of"])
def test_without_a_file_a_plan_comes_out(integration: str) -> None:
    plan = routes(load(None, {})).route(alert(), integration, None)
    assert (plan.team, plan.policy.name, plan.policy.everyone) == ("everyone", BUILT_IN, ("team:everyone",))
