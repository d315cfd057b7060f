"""Tasks at AWS, as ministack has it: any action in the spelling of Step Functions, and the optimised integrations."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from botocore import exceptions  # type: ignore[import-untyped]
from botocore.stub import Stubber  # type: ignore[import-untyped]

from tests.aws.cloud import ACCOUNT, REGION, Cloud
from tests.tasks.task_examples import sdk, task
from tocsin import asl
from tocsin.kernel.json import Json
from tocsin.kernel.time import HOUR
from tocsin.tasks.amazon import Amazon
from tocsin.tasks.integrations import Integrations
from tocsin.tasks.task import Later
from tocsin.testing.conformance.subject import NOW
from tocsin.wiring.clock import SystemClock

TABLE: dict[str, Json] = {
    "TableName": "orders",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "BillingMode": "PAY_PER_REQUEST",
}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/chores"
HANDLER = """
def handler(event, context):
    if event.get("bad"):
        raise ValueError("so bad")
    return {"got": event}
"""


pytestmark = pytest.mark.usefixtures("cloud")


@pytest.fixture
def amazon() -> Amazon:
    return Amazon(SystemClock())


@pytest.fixture
def table(amazon: Amazon) -> Iterator[str]:
    amazon.do(sdk("dynamodb:createTable", TABLE))
    yield "orders"
    amazon.do(sdk("dynamodb:deleteTable", {"TableName": "orders"}))


# ── The SDK ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_parameters_and_results_are_in_pascal_case(amazon: Amazon, table: str) -> None:
    amazon.do(sdk("dynamodb:putItem", {"TableName": table, "Item": {"id": {"S": "a"}, "ok": {"BOOL": True}}}))
    found = amazon.do(sdk("dynamodb:getItem", {"TableName": table, "Key": {"id": {"S": "a"}}, "ConsistentRead": None}))
    assert found["Item"] == {"id": {"S": "a"}, "ok": {"Bool": True}}
    described = amazon.do(sdk("dynamodb:describeTable", {"TableName": table}))["Table"]
    assert described["TableName"] == table
    assert described["CreationDateTime"].endswith("Z")
    assert "ResponseMetadata" not in described


def test_errors_are_named_after_service_and_error(amazon: Amazon) -> None:
    with pytest.raises(asl.Failure) as caught:
        amazon.do(sdk("dynamodb:describeTable", {"TableName": "none"}))
    assert caught.value.error == "DynamoDb.ResourceNotFoundException"
    assert "(Service: DynamoDb, Status Code: 400, Request ID: " in str(caught.value.cause)
    with pytest.raises(asl.Failure) as caught:
        amazon.do(sdk("sqs:getQueueUrl", {"QueueName": "none"}))
    assert caught.value.error == "Sqs.QueueDoesNotExistException"


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("nothing:doIt", {}, "There is no service 'nothing'"),
        ("sqs:doIt", {}, "SQS has no action 'doIt'"),
        ("sqs:sendMessage", [], "must be an object"),
        ("sqs:sendMessage", {"Wrong": 1}, "there is no 'Wrong'; there are QueueUrl, MessageBody"),
        ("sqs:sendMessage", {"QueueUrl": "x"}, "Missing required parameter"),
        ("sqs:sendMessage", {"QueueUrl": 5, "MessageBody": "b"}, "Invalid type"),
        ("glue:startJobRun.sync", {}, "nobody waits for its end"),
    ],
)
def test_what_cannot_be_called_is_told(name: str, arguments: Json, words: str, amazon: Amazon) -> None:
    with pytest.raises(asl.Failure) as caught:
        amazon.do(sdk(name, arguments))
    assert caught.value.error == "States.Runtime"
    assert words in str(caught.value.cause)


def test_a_service_is_found_by_every_name_it_has(amazon: Amazon) -> None:
    for name in ("cloudwatchlogs:describeLogGroups", "logs:describeLogGroups"):
        assert amazon.do(sdk(name, {"LogGroupNamePrefix": "/of/nobody"}))["LogGroups"] == []
    assert "StateMachines" in amazon.do(sdk("sfn:listStateMachines"))


def test_a_task_runs_in_the_region_that_it_names(amazon: Amazon) -> None:
    amazon.do(task("arn:aws:states:us-west-2::aws-sdk:dynamodb:createTable", {**TABLE, "TableName": "far"}))
    assert "far" not in amazon.do(sdk("dynamodb:listTables"))["TableNames"]
    listed = amazon.do(task("arn:aws:states:us-west-2::aws-sdk:dynamodb:listTables"))
    assert listed["TableNames"] == ["far"]


def test_a_role_is_assumed_once_while_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    clock = SystemClock()
    late = [0]
    session = boto3.Session()
    make = session.client

    def client(name: str, **more: Any) -> Any:  # noqa: ANN401 - boto3's.
        if name == "sts":
            asked.append(name)
        return make(name, **more)

    monkeypatch.setattr(session, "client", client)
    amazon = Amazon(lambda: clock() + late[0], session)
    wanted = sdk("sts:getCallerIdentity", role=ROLE, runs_as=f"arn:aws:iam::{ACCOUNT}:role/workflow")
    for _ in range(3):
        assert amazon.do(wanted)["Account"] == ACCOUNT
    assert len(asked) == 1
    clients = dict(amazon._clients)
    late[0] = 2 * HOUR
    assert amazon.do(wanted)["Account"] == ACCOUNT
    assert clients[next(reversed(clients))] != amazon._clients[next(reversed(clients))]


# ── Whether a call may be repeated ───────────────────────────────────────────────────────────────────────────────────
class Broken:
    """A session whose clients fail in one way."""

    region_name = REGION

    def __init__(self, problem: Exception) -> None:
        self.problem = problem

    def get_available_services(self) -> list[str]:
        return ["codebuild", "dynamodb", "sqs"]

    def client(self, name: str, **more: Any) -> Any:  # noqa: ANN401
        made = boto3.client(name, **more)
        made.meta.events.register("before-send", self._fail)
        return made

    def _fail(self, **_: object) -> None:
        raise self.problem


REACHED = exceptions.ReadTimeoutError(endpoint_url="https://aws.example")
NEVER = exceptions.ConnectTimeoutError(endpoint_url="https://aws.example")


@pytest.mark.parametrize(
    ("name", "arguments", "problem", "kind"),
    [
        ("sqs:sendMessage", {"QueueUrl": "https://q.example", "MessageBody": "b"}, REACHED, asl.Failure),
        ("sqs:sendMessage", {"QueueUrl": "https://q.example", "MessageBody": "b"}, NEVER, Later),
        ("dynamodb:getItem", {"TableName": "t", "Key": {"id": {"S": "a"}}}, REACHED, Later),
        ("dynamodb:transactWriteItems", {"TransactItems": [{}]}, REACHED, Later),
        (
            "dynamodb:getItem",
            {"TableName": "t", "Key": {"id": {"S": "a"}}},
            exceptions.NoCredentialsError(),
            asl.Failure,
        ),
    ],
)
def test_trouble_of_the_network_is_repeated_where_that_is_safe(
    name: str, arguments: Json, problem: Exception, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as caught:
        Amazon(lambda: NOW, Broken(problem)).do(sdk(name, arguments))
    assert str(caught.value.error).endswith(".SdkClientException")  # type: ignore[attr-defined]


def stubbed(amazon: Amazon, service: str) -> Stubber:
    return Stubber(amazon._client(sdk(f"{service}:any"), service))


def test_what_was_throttled_is_repeated(amazon: Amazon) -> None:
    with stubbed(amazon, "dynamodb") as stub:
        stub.add_client_error("put_item", "ThrottlingException", "slow down", 400)
        with pytest.raises(Later) as caught:
            amazon.do(sdk("dynamodb:putItem", {"TableName": "t", "Item": {}}))
    assert caught.value.error == "DynamoDb.ThrottlingException"


def test_an_error_that_the_service_does_not_name_is_that_of_the_service(amazon: Amazon) -> None:
    with stubbed(amazon, "dynamodb") as stub:
        calls: list[tuple[Callable[[], Json], str]] = [
            (lambda: amazon.do(sdk("dynamodb:putItem", {"TableName": "t", "Item": {}})), "DynamoDb.DynamoDbException"),
            (
                lambda: Integrations(amazon).doers()["dynamodb:putItem"](
                    task("arn:aws:states:::dynamodb:putItem", {"TableName": "t", "Item": {}})
                ),
                "DynamoDB.AmazonDynamoDBException",
            ),
        ]
        for call, error in calls:
            stub.add_client_error("put_item", "ValidationException", "no", 400)
            with pytest.raises(asl.Failure) as caught:
                call()
            assert caught.value.error == error


def test_a_token_of_idempotence_is_the_same_however_often_a_task_is_done(amazon: Amazon) -> None:
    tokens: list[Json] = []

    def see(params: dict[str, Json], **_: object) -> None:
        tokens.append(params["ClientRequestToken"])

    events = amazon._client(sdk("dynamodb:any"), "dynamodb").meta.events
    events.register("provide-client-params.dynamodb.TransactWriteItems", see)
    for name in ("7/0/0", "7/0/0", "8/0/0"):
        with suppress(asl.Failure, Later):
            amazon.do(sdk("dynamodb:transactWriteItems", {"TransactItems": [{}]}, id=name))
    assert tokens[0] == tokens[1] != tokens[2]


# ── Optimised integrations ───────────────────────────────────────────────────────────────────────────────────────────
def test_a_message_is_sent_to_a_queue(cloud: Cloud, amazon: Amazon) -> None:
    queue = cloud.sqs.create_queue(QueueName="tasks")["QueueUrl"]
    done = Integrations(amazon).doers()["sqs:sendMessage"](
        task("arn:aws:states:::sqs:sendMessage", {"QueueUrl": queue, "MessageBody": {"a": 1}})
    )
    assert {"MD5OfMessageBody", "MessageId"} <= set(done)
    assert cloud.sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"] == '{"a":1}'


def test_a_message_is_published_and_an_event_put(cloud: Cloud, amazon: Amazon) -> None:
    doers = Integrations(amazon).doers()
    topic = cloud.topic()
    published = doers["sns:publish"](task("arn:aws:states:::sns:publish", {"TopicArn": topic, "Message": {"a": 1}}))
    assert published["MessageId"]
    entry = {"Source": "own", "DetailType": "t", "Detail": {"a": 1}}
    put = doers["events:putEvents"](task("arn:aws:states:::events:putEvents", {"Entries": [entry]}))
    assert put["FailedEntryCount"] == 0
    with pytest.raises(asl.Failure, match="must be an object"):
        doers["sns:publish"](task("arn:aws:states:::sns:publish", []))
    with stubbed(amazon, "events") as stub:
        stub.add_response("put_events", {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "E"}]})
        with pytest.raises(asl.Failure) as caught:
            doers["events:putEvents"](task("arn:aws:states:::events:putEvents", {"Entries": [entry]}))
    assert caught.value.error == "EventBridge.FailedEntry"


def test_items_are_told_with_the_names_of_the_service(amazon: Amazon, table: str) -> None:
    doers = Integrations(amazon).doers()
    item = {"id": {"S": "a"}, "ok": {"BOOL": True}}
    doers["dynamodb:putItem"](task("arn:aws:states:::dynamodb:putItem", {"TableName": table, "Item": item}))
    key = {"TableName": table, "Key": {"id": {"S": "a"}}}
    assert doers["dynamodb:getItem"](task("arn:aws:states:::dynamodb:getItem", key))["Item"] == item
    with pytest.raises(asl.Failure) as caught:
        doers["dynamodb:putItem"](
            task(
                "arn:aws:states:::dynamodb:putItem",
                {"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(id)"},
            )
        )
    assert caught.value.error == "DynamoDB.ConditionalCheckFailedException"


def test_an_object_whose_items_are_read_comes_whole_as_a_text(amazon: Amazon, monkeypatch: pytest.MonkeyPatch) -> None:
    s3, read = boto3.client("s3"), Integrations(amazon).doers()["s3:getObject"]
    s3.create_bucket(Bucket="items", CreateBucketConfiguration={"LocationConstraint": REGION})
    rows = "id\n" + "7\n" * 200_000

    def body(raw: bytes) -> str:
        s3.put_object(Bucket="items", Key="rows.csv", Body=raw)
        found = read(task("arn:aws:states:::s3:getObject", {"Bucket": "items", "Key": "rows.csv"}))
        return str(found["Body"])

    assert body(rows.encode()) == rows
    assert body(gzip.compress(rows.encode())) == rows
    with pytest.raises(asl.Failure, match="no text in UTF-8"):
        body(b"\xff\xfe\x00")
    monkeypatch.setattr("tocsin.tasks.amazon.OBJECT_BYTES_MAX", 1000)
    for raw in (rows.encode(), gzip.compress(rows.encode())):
        with pytest.raises(asl.Failure, match="The object has more than"):
            body(raw)


def test_a_lambda_function_is_invoked(amazon: Amazon) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("code.py", HANDLER)
    boto3.client("lambda").create_function(
        FunctionName="chore",
        Runtime="python3.11",
        Role=ROLE,
        Handler="code.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    integrations = Integrations(amazon)
    given = {"FunctionName": "chore", "Payload": {"a": 1}}
    answer = integrations.invoke(task("arn:aws:states:::lambda:invoke", given))
    assert (answer["Payload"], answer["StatusCode"]) == ({"got": {"a": 1}}, 200)
    arn = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:chore"
    assert integrations.function(task(arn, {"b": 2})) == {"got": {"b": 2}}
    with pytest.raises(asl.Failure) as caught:
        integrations.function(task(arn, {"bad": True}))
    assert caught.value.error
    assert "so bad" in json.loads(str(caught.value.cause))["errorMessage"]
    with pytest.raises(asl.Failure) as caught:
        integrations.invoke(task("arn:aws:states:::lambda:invoke", {"FunctionName": "none"}))
    assert caught.value.error == "Lambda.ResourceNotFoundException"
    with pytest.raises(asl.Failure, match="needs a FunctionName"):
        integrations.invoke(task("arn:aws:states:::lambda:invoke"))
