"""The shipped workflows on ministack: with real calls of the SDK, by rules, and unchanged on its Step Functions."""

from __future__ import annotations

import datetime as dt
import io
import json
import re
import time
import zipfile
from collections.abc import Callable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from tests.aws.cloud import ACCOUNT, DEADLINE_SECONDS, Cloud
from tocsin import asl
from tocsin.wiring.settings_file import parse

ROLE = f"arn:aws:iam::{ACCOUNT}:role/workflow"
SHIPPED = resources.files("tocsin") / "workflows"
PAGE = Path(__file__).parents[2] / "docs" / "workflows-shipped.md"
LATER = 3_786_912_000_000  # 2090: what was made before is old by then.


@pytest.fixture
def dynamodb(cloud: Cloud) -> Any:  # noqa: ANN401 - a client of the SDK.
    return boto3.client("dynamodb", endpoint_url=cloud.url)


def definition(name: str) -> str:
    return (SHIPPED / f"{name}.asl.json").read_text(encoding="utf-8")


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON, where the SDK gives times.
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items() if name != "ResponseMetadata"}
    return [plain(each) for each in value] if isinstance(value, list) else value


def calls(client: Any, told: list[dict[str, Any]], gone: str = "") -> Mapping[str, Callable[[Any], Any]]:  # noqa: ANN401
    """The tasks of the workflow. *gone*: a table that is listed, and deleted before anybody gets to it."""

    def called(method: str) -> Callable[[Any], Any]:
        def call(given: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON.
            try:
                return plain(getattr(client, method)(**given))
            except ClientError as problem:
                error = problem.response["Error"]
                raise asl.Failure(f"DynamoDb.{error['Code']}", error["Message"]) from problem

        return call

    def list_tables(given: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON.
        found = called("list_tables")(given)
        return {**found, "TableNames": [*found["TableNames"], *([gone] if gone else [])]}

    return {
        "listTables": list_tables,
        "createBackup": called("create_backup"),
        "listBackups": called("list_backups"),
        "deleteBackup": called("delete_backup"),
        "tocsin-announce": told.append,
    }


def table(client: Any, name: str) -> None:  # noqa: ANN401
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def backups(client: Any, name: str) -> list[str]:  # noqa: ANN401
    return sorted(each["BackupArn"] for each in client.list_backups(TableName=name)["BackupSummaries"])


def test_tables_are_backed_up_and_only_our_old_backups_are_deleted(dynamodb: Any) -> None:  # noqa: ANN401
    machine = asl.parse(definition("dynamodb-backup"))
    for name in ("flow-orders", "flow-users", "flow-tmp-x", "other"):
        table(dynamodb, name)
    by_hand = dynamodb.create_backup(TableName="flow-orders", BackupName="by-hand")["BackupDetails"]["BackupArn"]
    settings = {"only": ["flow-"], "except": ["flow-tmp-"], "to": "ops"}
    told: list[dict[str, Any]] = []

    first = asl.run(machine, settings, functions=calls(dynamodb, told))
    assert (first.status, first.output) == ("SUCCEEDED", {"backed_up": 2, "failed": [], "deleted": 0, "left": []})
    assert [len(backups(dynamodb, name)) for name in ("flow-orders", "flow-users", "flow-tmp-x", "other")] == [
        2,
        1,
        0,
        0,
    ]
    before = {name: backups(dynamodb, name) for name in ("flow-orders", "flow-users")}

    second = asl.run(machine, settings, functions=calls(dynamodb, told), now=LATER)
    assert second.output == {"backed_up": 2, "failed": [], "deleted": 2, "left": []}
    orders = backups(dynamodb, "flow-orders")
    assert by_hand in orders
    assert len(orders) == 2
    assert set(orders) & set(before["flow-orders"]) == {by_hand}
    assert not set(backups(dynamodb, "flow-users")) & set(before["flow-users"])

    third = asl.run(machine, settings, functions=calls(dynamodb, told, gone="flow-gone"), now=LATER)
    assert (third.status, third.error) == ("FAILED", "BackupIncomplete")
    assert "Not backed up: flow-gone (DynamoDb.TableNotFoundException)" in told[-1]["text"]
    assert [each["title"] for each in told] == [
        "Backups of DynamoDB are made",
        "Backups of DynamoDB are made",
        "Backups of DynamoDB are incomplete",
    ]


# ── On its Step Functions, by its rules ──────────────────────────────────────────────────────────────────────────────
def announces() -> None:
    """A function that takes announcements, and keeps them to itself."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("announce.py", "def handle(event, context):\n    return {}\n")
    boto3.client("lambda").create_function(
        FunctionName="tocsin-announce",
        Runtime="python3.11",
        Role=ROLE,
        Handler="announce.handle",
        Code={"ZipFile": packed.getvalue()},
    )


def started(machine: str) -> dict[str, Any]:
    """The execution of a state machine, once it is over."""
    states = boto3.client("stepfunctions")
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        for each in states.list_executions(stateMachineArn=machine)["executions"]:
            if each["status"] != "RUNNING":
                found: dict[str, Any] = states.describe_execution(executionArn=each["executionArn"])
                return found
        assert time.monotonic() < deadline, "nothing has started it, or it does not end"
        time.sleep(0.05)


def created(name: str) -> str:
    states = boto3.client("stepfunctions")
    return str(states.create_state_machine(name=name, definition=definition(name), roleArn=ROLE)["stateMachineArn"])


def test_the_same_file_runs_on_the_step_functions_of_others_when_a_rule_starts_it(cloud: Cloud, dynamodb: Any) -> None:  # noqa: ANN401
    announces()
    table(dynamodb, "ruled-orders")
    machine = created("dynamodb-backup")
    cloud.rule({"source": ["nightly"]}, machine, RoleArn=ROLE, Input=json.dumps({"only": ["ruled-"]}))
    cloud.event("nightly", "now", {})
    found = started(machine)
    assert found["status"] == "SUCCEEDED", found
    assert len(backups(dynamodb, "ruled-orders")) == 1


def test_the_rule_of_the_page_starts_an_approval_with_the_event(cloud: Cloud) -> None:
    [pattern] = [
        json.loads(rule.event.source)
        for text in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
        for rule in parse(text.encode(), {}, str(SHIPPED / "tocsin.yaml")).settings.rules.values()
        if rule.event is not None
    ]
    machine = created("deployment-approval")
    cloud.rule({**pattern, "source": ["pipelines"]}, machine, RoleArn=ROLE)  # Only AWS itself may send as `aws.…`.
    case = json.loads((SHIPPED / "deployment-approval.rejected.case.json").read_text(encoding="utf-8"))
    cloud.event("pipelines", case["input"]["detail-type"], case["input"]["detail"])
    given = json.loads(started(machine)["input"])
    assert given["detail"] == case["input"]["detail"]
