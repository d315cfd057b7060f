"""The rules of `tocsin.yaml`: what is wrong in them is told with its line."""

from __future__ import annotations

import pytest

from tocsin.automation.rule import Mode
from tocsin.engine.ports import Delivery
from tocsin.incidents.inputs import AlertReceived
from tocsin.kernel import json
from tocsin.kernel.time import parse_instant
from tocsin.wiring import rules
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_problems import SettingsError
from tocsin.wiring.settings_routes import routes


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("{alert: x}", "needs event, schedule, webhook: true or command"),
        ("{webhook: true}", "needs workflow or alert, and one of them only"),
        ("{webhook: true, alert: x, workflow: w}", 'there is no workflow "w"'),
        ("{webhook: true, alert: x, time_zone: Europe/Berlin}", "which need a schedule"),
        ("{schedule: rate(0 minutes), alert: x}", "is no timetable"),
        ("{schedule: rate(5 minutes), start: soon, alert: x}", "is no date and time"),
        ("{schedule: rate(5 minutes), start: 2027-01-02T00:00Z, end: 2027-01-01T00:00Z, alert: x}", "that cannot be"),
        ("{event: {source: aws}, alert: x}", "must be an object or an array"),
        ("{webhook: true, alert: x, input: '{'}", "is no expression"),
        ("{webhook: true, alert: x, input: $headers.host}", "has an input that cannot be: there is no $headers here"),
        ("{webhook: true, alert: x, mode: often}", "often"),
        ("{webhook: true, alert: x, colour: red}", "unknown key"),
    ],
)
def test_what_is_wrong_with_a_rule_is_told_with_its_line(rule: str, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse(f"rules:\n  one:\n    {rule}\n".encode(), {})
    (problem,) = refused.value.problems
    assert said in problem.message
    assert problem.line in {2, 3}


def test_a_rule_is_read_whole() -> None:
    text = (
        "rules: {one: {schedule: rate(5 minutes), start: 2027-01-01T00:00Z, end: 2028-01-01T00:00:00Z, "
        "alert: {title: x}, mode: single, max: 3, retries: 2}}"
    )
    rule = parse(text.encode(), {}).settings.rules["one"].rule("one", "s")
    assert (rule.mode, rule.most, rule.at_once, rule.retries) == (Mode.SINGLE, 3, 1, 2)
    assert rule.timetable is not None
    assert rule.timetable.end == parse_instant("2028-01-01T00:00:00Z")


# ── Deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────────
EVENT = {"version": "0", "id": "e", "source": "aws.ec2", "detail-type": "t", "detail": {"state": "stopped"}}
ENVELOPE = {
    "Type": "Notification",
    "MessageId": "m",
    "TopicArn": "arn:aws:sns:eu-west-1:111122223333:events",
    "Message": json.encode(EVENT).decode(),
    "Timestamp": "2026-11-27T10:00:00.000Z",
}


def interpreter(text: str) -> Interpreter:
    settings = parse(text.encode(), {}).settings
    made = Interpreter(routes(settings), {})
    rules.join(rules.RuleDesk(settings, {}), made)
    return made


def delivery(body: bytes, channel: str = "in", key: str = "default") -> Delivery:
    return Delivery(id="7", received_at=1, channel=channel, key=key, head=b"", body=body)


@pytest.mark.parametrize("body", [EVENT, ENVELOPE])
@pytest.mark.parametrize("consume", ["false", "true"])
def test_an_event_is_matched_with_and_without_the_envelope_of_sns(body: object, consume: str) -> None:
    made = interpreter(f"rules: {{one: {{event: {{source: [aws.ec2]}}, alert: x, consume: {consume}}}}}")
    inputs = made.interpret(delivery(json.encode(body))).inputs
    fired = [each for each in inputs if each.machine == "rule"]
    assert [(each.input_id, each.aggregate, each.given.event) for each in fired] == [("7/rule/one", "rule-one", EVENT)]
    assert any(isinstance(each.given, AlertReceived) for each in inputs) is (consume == "false")


def test_a_rule_of_another_integration_does_not_fire() -> None:
    made = interpreter("integrations: {aws: {}}\nrules: {one: {event: {source: [x]}, integration: aws, alert: x}}")
    told = {key: made.interpret(delivery(b'{"source": "x"}', key=key)).inputs for key in ("aws", "default")}
    assert [[each.machine for each in inputs] for inputs in told.values()] == [["incident", "rule"], ["incident"]]


def test_a_text_fires_a_webhook_and_what_people_do_fires_nothing() -> None:
    made = interpreter("rules: {one: {webhook: true, alert: x, consume: true}}")
    (fired,) = made.interpret(delivery(b"hello")).inputs
    assert fired.given.event == {"text": "hello"}
    assert all(each.machine != "rule" for each in made.interpret(delivery(b"hello", key="other")).inputs)
    assert all(each.machine != "rule" for each in made.interpret(delivery(b"{}", channel="console")).inputs)


def test_the_input_says_more_of_the_alert_and_what_cannot_be_read_of_it_does_not_count() -> None:
    made = interpreter("rules: {one: {webhook: true, alert: Plain, input: '{}', integration: default}}")
    given = {"title": "Better", "severity": "critical", "kind": "nonsense", "status": None, "dedup_key": " "}
    facts = {"rule": "one", "event": {}, "input": given, "at": 5, "of": "7"}
    body = json.encode({"to": "machine:rule", "from": "rule-one", "what": "rule-alert", **facts})
    (addressed,) = made.interpret(delivery(body, "machine")).inputs
    alert = addressed.given.alert
    assert (alert.title, alert.severity, alert.dedup_key, alert.occurred_at) == ("Better", "critical", "rule/one", 5)
    gone = json.encode({"to": "machine:rule", "from": "rule-x", "what": "rule-alert", **facts, "rule": "x"})
    assert made.interpret(delivery(gone, "machine")).inputs[0].given.alert.title == "Rule x"


def test_the_answers_of_others_are_theirs_and_an_end_without_words_is_one() -> None:
    made = interpreter("rules: {one: {webhook: true, alert: x}}")
    (other,) = made.interpret(delivery(json.encode({"run": "run-1", "task": "t", "output": 1}), "tasks")).inputs
    assert other.machine == "execution"
    assert made.interpret(delivery(b"[]", "tasks")).outcome.startswith("not an answer")
    for cause in (None, "no JSON", "[]"):
        told = {"run": "rule-one", "task": "run-5", "error": "States.TaskFailed", "cause": cause}
        (end,) = made.interpret(delivery(json.encode(told), "tasks")).inputs
        assert (end.machine, end.given.run, end.given.error) == ("rule", "run-5", "States.TaskFailed")
