"""Routes: the first rule that matches decides, and a plan always comes out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin import patterns
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Severity
from tocsin.routing.plans import Ladder, Rung, Team, Windows
from tocsin.routing.rules import FIELDS, Routes, Rule, document

OPS = Team(name="ops", members=("ada", "bo", "cy"))
WEB = Team(name="web", members=("di",))
ALERT = Alert(
    status=AlertStatus.FIRING,
    title="disk full",
    dedup_key="disk",
    source="cloudwatch",
    account="111122223333",
    labels={"env": "staging"},
)


def routes(*rules: Rule) -> Routes:
    return Routes(rules, teams={"web": WEB}, fallback=OPS)


def when(**pattern: object) -> patterns.Pattern:
    return patterns.compile(pattern)


def test_without_rules_the_integration_s_team_is_asked() -> None:
    assert routes().route(ALERT, "web", None).team == "web"


def test_an_integration_without_a_team_falls_back() -> None:
    assert routes().route(ALERT, "unheard of", None).team == "ops"


def test_a_rule_over_the_alert_decides() -> None:
    rule = Rule(
        name="quiet",
        when=when(labels={"env": ["staging"]}, integration=["web"]),
        team=OPS,
        severity=Severity.INFO,
        kind=Kind.NOTIFICATION,
        auto_resolve=False,
    )
    found = routes(rule).route(ALERT, "web", None)
    assert (found.team, found.severity, found.kind, found.auto_resolve) == (
        "ops",
        Severity.INFO,
        Kind.NOTIFICATION,
        False,
    )
    assert routes(rule).route(ALERT, "other", None).severity is None
    assert routes(rule).matching(ALERT, "web", None) is rule
    assert routes(rule).matching(ALERT, "other", None) is None


def test_a_rule_over_the_event_decides() -> None:
    made = routes(Rule(name="health", event=when(source=["aws.health"]), severity=Severity.CRITICAL))
    assert made.route(ALERT, "web", {"source": "aws.health"}).severity is Severity.CRITICAL
    assert made.route(ALERT, "web", {"source": "aws.ec2"}).severity is None


@pytest.mark.parametrize("event", [None, "aws.health", 7, [{"source": "aws.health"}]])
def test_what_is_no_object_matches_no_event_pattern(event: object) -> None:
    made = routes(Rule(name="health", event=when(source=["aws.health"]), severity=Severity.CRITICAL))
    assert made.route(ALERT, "web", event).severity is None


def test_a_rule_with_both_patterns_wants_both() -> None:
    both = Rule(name="both", when=when(title=["disk full"]), event=when(a=[1]), severity=Severity.CRITICAL)
    made = routes(both)
    assert made.matching(ALERT, "web", {"a": 1}) is both
    assert made.matching(ALERT, "web", {"a": 2}) is None
    other = Alert(status=AlertStatus.FIRING, title="other", dedup_key="x", source="json")
    assert made.matching(other, "web", {"a": 1}) is None


def test_the_first_rule_that_matches_wins() -> None:
    rules = [
        Rule(name="other", when=when(title=["other"])),
        Rule(name="event", event=when(a=[1])),
        Rule(name="title", when=when(title=["disk full"])),
        Rule(name="again", when=when(source=["cloudwatch"])),
    ]
    assert routes(*rules).matching(ALERT, "web", {"a": 1}) is rules[1]
    assert routes(*rules).matching(ALERT, "web", {}) is rules[2]


def test_nothing_behind_a_rule_without_a_pattern_matches() -> None:
    rules = [
        Rule(name="first", when=when(title=["other"])),
        Rule(name="all", severity=Severity.WARNING),
        Rule(name="never", when=when(title=["disk full"]), severity=Severity.CRITICAL),
    ]
    assert routes(*rules).matching(ALERT, "web", None) is rules[1]


def test_a_rule_s_policy_is_used_for_the_integration_s_team() -> None:
    mine = Ladder(name="mine", rungs=(Rung(("responder:zoe",)),))
    found = routes(Rule(name="all", ladder=mine)).route(ALERT, "web", None)
    assert (found.team, found.policy.name) == ("web", "mine")


def test_the_same_alert_always_begins_with_the_same_person() -> None:
    assert routes().route(ALERT, "x", None) == routes().route(ALERT, "x", None)


def test_a_plan_is_made_once() -> None:
    made = routes(Rule(name="quiet", when=when(title=["disk full"])))
    assert made.route(ALERT, "x", None) is made.route(ALERT, "x", None)


def test_many_alerts_ask_everybody_about_equally_often() -> None:
    made = routes()
    firsts = [
        made.route(Alert(status=AlertStatus.FIRING, title="t", dedup_key=f"alarm {number}", source="json"), "x", None)
        .policy.steps[0]
        .targets[0]
        for number in range(300)
    ]
    assert all(firsts.count(f"responder:{name}") > 70 for name in OPS.members)


def test_the_windows_of_the_configuration_are_in_every_plan() -> None:
    made = Routes([], teams={}, fallback=OPS, windows=Windows(alert=11))
    assert made.route(ALERT, "x", None).alert_window == 11


def test_the_document_has_the_documented_fields_and_plain_texts() -> None:
    found = document(ALERT, "web")
    assert tuple(found) == FIELDS
    assert {type(value) for name, value in found.items() if name != "labels"} == {str}
    assert found["labels"] == {"env": "staging"}


@given(st.lists(st.sampled_from(["title", "source", "event", "all"]), max_size=6), st.text(), st.booleans())
def test_a_plan_always_comes_out_and_it_is_the_first_match_s(kinds: list[str], key: str, hit: bool) -> None:
    made = {
        "title": Rule(name="title", when=when(title=["disk full"])),
        "source": Rule(name="source", when=when(source=["nobody"])),
        "event": Rule(name="event", event=when(a=[1])),
        "all": Rule(name="all"),
    }
    matches = {"title", "all"} | ({"event"} if hit else set())
    expected = next((kind for kind in kinds if kind in matches), None)
    alert = Alert(status=AlertStatus.FIRING, title="disk full", dedup_key=key, source="json")
    ours = routes(*(made[kind] for kind in kinds))
    found = ours.matching(alert, "web", {"a": 1 if hit else 2})
    assert (found.name if found else None) == expected
    assert ours.route(alert, "web", {"a": 1 if hit else 2}).team == "web"
