"""The templates as files: they are read, they fit, cfn-lint finds nothing, and they agree with the code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from tests.stack import policy
from tests.stack.examples import read, settings
from tocsin import patterns, stack
from tocsin.dynamo import schema
from tocsin.stack import (
    AUTOMATION,
    INLINE_BYTES_MAX,
    MEMBER,
    TEMPLATE,
    TemplateError,
    build,
    fits_inline,
    flows,
    render,
)
from tocsin.stack.reading import parse
from tocsin.stack.rendering import BYTES_MAX

CORE: Any = stack.load()
LINT = Path(sys.executable).with_name("cfn-lint")
FILES = (TEMPLATE, MEMBER, AUTOMATION)


@pytest.mark.parametrize("name", [*FILES, "team"])
def test_cfn_lint_finds_nothing(name: str, tmp_path: Path) -> None:
    path = tmp_path / "template.json"
    if name == "team":
        path.write_text(render(build(settings(), read)))
    else:
        path = Path(stack.__file__).with_name(name)
    done = subprocess.run(
        [LINT, "--regions", "us-east-1", "eu-west-1", "--template", str(path)],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_cfn_lint_would_find_something(tmp_path: Path) -> None:
    broken = json.loads(render(CORE))
    broken["Resources"]["InboxRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][1]["Action"] = [
        "sqs:Recieve"
    ]
    path = tmp_path / "template.json"
    path.write_text(json.dumps(broken))
    done = subprocess.run([LINT, "--template", str(path)], check=False, capture_output=True, text=True)
    assert "W3037" in done.stdout


def test_the_core_goes_with_the_request() -> None:
    body = render(CORE)
    assert fits_inline(body)
    assert len(body.encode()) <= INLINE_BYTES_MAX == 51_200


def test_a_template_with_large_definitions_goes_by_s3() -> None:
    assert not fits_inline("x" * (INLINE_BYTES_MAX + 1))


def test_what_lies_nowhere_is_refused() -> None:
    with pytest.raises(TemplateError, match="too large for one stack"):
        render({"Description": "x" * BYTES_MAX})


@pytest.mark.parametrize("name", FILES)
def test_what_is_sent_says_what_the_file_says(name: str) -> None:
    template: Any = stack.load(name)
    assert template["AWSTemplateFormatVersion"] == "2010-09-09"
    again: Any = json.loads(render(template))
    tight = again["Resources"].get("Timer", {}).get("Properties", {}).get("DefinitionString", {}).get("Fn::Sub", "{}")
    assert "\n" not in tight
    assert again["Resources"].keys() == template["Resources"].keys()


def test_short_forms_become_long_ones() -> None:
    found: Any = parse(
        "Resources: {A: {d: 2012-10-17, "
        "v: [!Ref B, !GetAtt B.Arn.x, !GetAtt [B, C], !Sub 'x', !If [c, 1, 2], !Condition D]}}"
    )
    assert found["Resources"]["A"] == {
        "v": [
            {"Ref": "B"},
            {"Fn::GetAtt": ["B", "Arn.x"]},
            {"Fn::GetAtt": ["B", "C"]},
            {"Fn::Sub": "x"},
            {"Fn::If": ["c", 1, 2]},
            {"Condition": "D"},
        ],
        "d": "2012-10-17",
    }


@pytest.mark.parametrize("text", ["a: [", "[]", "Resources: []", "x: 1"])
def test_what_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        parse(text)


def test_a_mapping_may_stand_in_a_short_form() -> None:
    found: Any = parse("Resources: {A: !Transform {Name: x}}")
    assert found["Resources"]["A"] == {"Fn::Transform": {"Name": "x"}}


# ── It agrees with the code ──────────────────────────────────────────────────────────────────────────────────────────
def test_the_table_is_the_stores() -> None:
    table = CORE["Resources"]["Table"]["Properties"]
    wanted = schema.table("any")

    def by_name(attributes: list[dict[str, str]]) -> list[dict[str, str]]:
        return sorted(attributes, key=lambda each: each["AttributeName"])

    assert by_name(table["AttributeDefinitions"]) == by_name(wanted["AttributeDefinitions"])
    for same in ("KeySchema", "GlobalSecondaryIndexes", "BillingMode", "DeletionProtectionEnabled"):
        given = wanted.get(same, wanted.get("DeletionProtectionEnabled"))
        assert table[same] == given, same
    assert table["StreamSpecification"]["StreamViewType"] == wanted["StreamSpecification"]["StreamViewType"]
    assert table["SSESpecification"]["SSEEnabled"] is wanted["SSESpecification"]["Enabled"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": schema.TTL, "Enabled": True}


def test_the_stream_brings_what_the_store_says() -> None:
    filters = CORE["Resources"]["OutboxMapping"]["Properties"]["FilterCriteria"]["Filters"]
    assert [json.loads(each["Pattern"]) for each in filters] == [schema.EFFECT_PATTERN, schema.WAKE_PATTERN]


def test_every_handler_is_there() -> None:
    for name, each in policy.of_type(CORE, "AWS::Lambda::Function").items():
        module, _, attribute = each["Properties"]["Handler"].rpartition(".")
        path = Path(stack.__file__).parents[1] / f"{module.removeprefix('tocsin.').replace('.', '/')}.py"
        assert attribute == "handler"
        assert re.search(r"^handler = ", path.read_text(), re.MULTILINE), name


def test_functions_know_what_the_code_reads() -> None:
    from tocsin.wiring import serverless_process as process  # noqa: PLC0415 - it is heavy.

    names = {process.TABLE, process.INBOX_URL, process.TIMER_ARN, process.PUBLIC_URL, process.CONFIG, process.SECRETS}
    names.add(process.NAMESPACE)
    for name, each in policy.of_type(CORE, "AWS::Lambda::Function").items():
        given = each["Properties"]["Environment"]["Variables"].keys()
        wanted = {process.INBOX_URL, process.SECRETS, process.NAMESPACE} if name == "SlackFunction" else names
        assert given == wanted, name


def told() -> dict[str, set[str]]:
    """The names of all figures that each part of the stack can tell."""
    from tocsin.engine.ports import Health  # noqa: PLC0415
    from tocsin.lambdas import metrics  # noqa: PLC0415

    health = Health(
        oldest_due_at=None, oldest_pending_at=None, oldest_backlog_at=None, backlog=0, pending=0, live={}, broken=()
    )
    text = (Path(stack.__file__).parents[1] / "engine" / "dispatcher.py").read_text(encoding="utf-8")
    words = set(re.findall(r'_on_result\(item, [^,]+, "(\w+)"\)', text))
    words |= set(re.findall(r'"(\w+)"', " ".join(re.findall(r"_confirmation\(item, (.*)\)", text))))
    results = {word.capitalize() for word in words} | {"SlowestDelivery"}
    assert "Delivered" in results
    return {"sweep": {*metrics.health(health, 0, 0), *results}, "outbox": results}


def own(namespace: object) -> bool:
    return namespace in ({"Fn::Sub": "Tocsin/${AWS::StackName}"}, "Tocsin/${AWS::StackName}")


def test_alarms_look_at_figures_that_the_functions_tell() -> None:
    alarms = [each["Properties"] for each in policy.of_type(CORE, "AWS::CloudWatch::Alarm").values()]
    ours = [each for each in alarms if own(each["Namespace"])]
    assert {each["MetricName"] for each in ours} == {"SweepLateness", "Trouble", "Broken"}
    for each in ours:
        ((dimension,),) = (each["Dimensions"],)
        assert dimension["Name"] == "Part"
        assert each["MetricName"] in told()[dimension["Value"]]


def test_the_dashboard_draws_figures_that_the_functions_tell() -> None:
    body = json.loads(CORE["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"])
    drawn = []
    for widget in body["widgets"]:
        last: list[Any] = []
        for row in widget["properties"]["metrics"]:
            names = [each for each in row if not isinstance(each, dict)]
            if names[0] == "...":  # All but the last are those of the row above.
                names = [*last[: len(last) - len(names) + 1], *names[1:]]
            last = [last[place] if each == "." else each for place, each in enumerate(names)]
            drawn.append(last)
    ours = [row for row in drawn if own(row[0])]
    assert [row[1:] for row in ours] == [[name, "Part", "sweep"] for name in ("OldestDue", "OldestPending", "Broken")]
    assert {row[1] for row in ours} <= told()["sweep"]
    resources = {match for row in drawn for value in row for match in re.findall(r"\$\{(\w+)", str(value))}
    assert resources - {"AWS"} <= CORE["Resources"].keys()


def test_the_bill_counts_every_figure_that_is_told() -> None:
    from tocsin.stack import demand  # noqa: PLC0415

    found = told()
    assert len(found["sweep"] - found["outbox"]) == demand.OWN_METRICS
    assert 2 * len(found["outbox"]) == demand.RESULT_METRICS


def test_figures_go_where_the_alarms_look() -> None:
    from tocsin.lambdas import metrics  # noqa: PLC0415
    from tocsin.wiring.serverless_process import NAMESPACE  # noqa: PLC0415

    for name in ("SweepFunction", "OutboxFunction"):
        assert own(CORE["Resources"][name]["Properties"]["Environment"]["Variables"][NAMESPACE])
    written = StringIO()
    metrics.emit({NAMESPACE: "Tocsin/x"}, "sweep", {"Trouble": (1.0, "Count")}, lambda: 5, written)
    line = json.loads(written.getvalue())
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("Tocsin/x", [["Part"]])
    assert (line["Part"], line["Trouble"]) == ("sweep", 1.0)


# What an alarm does when nothing is told at all; every other one is content then, and this says why.
def test_silence_is_an_alarm_only_where_something_must_be_told() -> None:
    alarms = {name: each["Properties"] for name, each in policy.of_type(CORE, "AWS::CloudWatch::Alarm").items()}
    assert {name for name, each in alarms.items() if each["TreatMissingData"] == "breaching"} == {"SweepMissingAlarm"}
    # A service that counts what went wrong tells nothing when nothing did, or when nobody called. That the sweep is
    # silent is told by the alarm above, for all figures of ours; that a queue or a stream is not read, by the figures
    # of the queue itself, and by what the sweep finds waiting.
    silent = {each["Namespace"] for each in alarms.values() if isinstance(each["Namespace"], str)}
    assert silent == {"AWS/ApiGateway", "AWS/DynamoDB", "AWS/Events", "AWS/Lambda", "AWS/SNS", "AWS/SQS", "AWS/States"}
    assert {each["TreatMissingData"] for each in alarms.values()} == {"breaching", "notBreaching"}


TIMER = "arn:aws:states:eu-west-1:111122223333:stateMachine:stack-timer"


@pytest.mark.parametrize(
    ("detail", "wanted"),
    [
        ({"stateMachineArn": TIMER, "status": "FAILED"}, False),
        ({"stateMachineArn": TIMER.replace("timer", "flow-backup"), "status": "FAILED"}, True),
        ({"state": "STOPPED"}, True),
    ],
)
def test_what_our_own_timers_do_is_no_alert(detail: dict[str, str], wanted: bool) -> None:
    rule = CORE["Resources"]["AccountRule"]["Properties"]["EventPattern"]
    text = json.dumps({**rule, "source": ["aws.states"]}).replace('{"Ref": "Timer"}', json.dumps(TIMER))
    event: Any = {"source": "aws.states", "detail-type": "Step Functions Execution Status Change", "detail": detail}
    assert patterns.compile(text).matches(event) is wanted


def test_ends_of_workflows_are_told_and_no_others() -> None:
    rule: Any = flows.ends()["FlowEndRule"]
    text = json.dumps(rule["Properties"]["EventPattern"])
    for name, value in (("Partition", "aws"), ("Region", "eu-west-1"), ("AccountId", "111122223333")):
        text = text.replace(f"${{AWS::{name}}}", value)
    text = text.replace("${AWS::StackName}", "stack").replace('{"Fn::Sub": ', "").replace('-flow-"}}', '-flow-"}')
    pattern = patterns.compile(text)
    detail = {"stateMachineArn": TIMER.replace("timer", "flow-backup"), "status": "FAILED"}
    event: Any = {"source": "aws.states", "detail-type": "Step Functions Execution Status Change", "detail": detail}
    assert pattern.matches(event)
    assert not pattern.matches({**event, "detail": {**detail, "status": "RUNNING"}})
    assert not pattern.matches({**event, "detail": {**detail, "stateMachineArn": TIMER}})


def test_the_functions_find_the_state_machines_of_workflows_beside_the_timer() -> None:
    from tocsin.wiring.serverless_flows import FLOW  # noqa: PLC0415

    team: Any = build(settings(), read)["Resources"]
    timer = CORE["Resources"]["Timer"]["Properties"]["StateMachineName"]["Fn::Sub"]
    assert team["Flowbackup"]["Properties"]["StateMachineName"]["Fn::Sub"] == timer.replace("timer", f"{FLOW}backup")


def test_a_bite_of_the_functions_is_a_batch_of_the_queue() -> None:
    from tocsin.wiring.serverless import BITE  # noqa: PLC0415

    assert CORE["Parameters"]["InboxBatch"]["Default"] == BITE
