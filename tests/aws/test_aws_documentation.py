"""What the page about AWS gives to copy is right: it is read, and its stack is made and rings."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
import yaml

from tests.aws.cloud import ACCOUNT, REGION, Cloud
from tests.wiring.serving import serving, until
from tocsin import patterns
from tocsin.aws import ACTIONS
from tocsin.incidents.machine import IncidentMachine
from tocsin.wiring.settings_file import parse

PAGE = (Path(__file__).parents[2] / "docs" / "aws-senders.md").read_text(encoding="utf-8")
RETRY_SECONDS_MAX = 3600  # Of a delivery policy, in all: "Amazon SNS message delivery retries", Developer Guide.


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def resources() -> dict[str, dict[str, Any]]:
    (template,) = blocks("yaml")
    found: dict[str, dict[str, Any]] = yaml.safe_load(template)["Resources"]
    return found


def test_the_policy_allows_exactly_what_is_used() -> None:
    document = resources()["Reader"]["Properties"]["PolicyDocument"]
    (statement,) = document["Statement"]
    assert tuple(statement["Action"]) == ACTIONS
    assert statement["Resource"] == [{"Fn::GetAtt": [name, "Arn"]} for name in ("Alerts", "DeadLetters")]


def test_only_the_topic_and_the_rule_may_send() -> None:
    policy = resources()["Senders"]["Properties"]["PolicyDocument"]
    assert [(each["Action"], list(each["Condition"])) for each in policy["Statement"]] == [
        ("sqs:SendMessage", ["ArnEquals"])
    ] * 2


def test_the_rule_is_the_one_that_the_page_tells_of() -> None:
    told = [json.loads(block) for block in blocks("json")]
    pattern = resources()["Alarms"]["Properties"]["EventPattern"]
    assert pattern in told
    event = {"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change"}
    assert patterns.compile(pattern).matches(event)


def test_the_delivery_policy_is_as_long_as_sns_allows() -> None:
    policy = next(found for block in blocks("json") if "healthyRetryPolicy" in (found := json.loads(block)))
    retry = policy["healthyRetryPolicy"]
    assert (retry["numRetries"] - retry["numNoDelayRetries"]) * retry["maxDelayTarget"] <= RETRY_SECONDS_MAX


@pytest.mark.parametrize("example", blocks("tocsin"))
def test_the_settings_are_valid(example: str) -> None:
    assert parse(example.encode(), {}).settings.integrations


def test_the_stack_is_made_and_its_topic_rings(cloud: Cloud, tmp_path: Path) -> None:
    (template,) = blocks("yaml")
    formation = boto3.client("cloudformation")
    formation.create_stack(StackName="tocsin-alerts", TemplateBody=template, Capabilities=["CAPABILITY_IAM"])
    (stack,) = formation.describe_stacks(StackName="tocsin-alerts")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    made = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    queue = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{made['Queue'].rpartition('/')[2]}"
    with serving(tmp_path / "tocsin.db", json.dumps({"integrations": {"aws": {"queues": queue}}})) as (runtime, _):
        cloud.sns.publish(TopicArn=made["Topic"], Subject="by the stack", Message="hello")
        until(lambda: runtime.store.listing(IncidentMachine.name, live_only=False, limit=1))
        until(lambda: cloud.left(queue) == 0)
        consumers = runtime._queues._consumers
        until(lambda: len(consumers) == 2)  # Its dead-letter queue was found.
