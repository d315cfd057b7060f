"""The shipped backup of DynamoDB tables with real calls of the SDK, on ministack."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from tests.aws.cloud import Cloud
from tocsin import asl

LATER = 3_786_912_000_000  # 2090: what was made before is old by then.


@pytest.fixture
def dynamodb(cloud: Cloud) -> Any:  # noqa: ANN401 - a client of the SDK.
    return boto3.client("dynamodb", endpoint_url=cloud.url)


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
    machine = asl.parse((resources.files("tocsin") / "workflows" / "dynamodb-backup.asl.json").read_text())
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
