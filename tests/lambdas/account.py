"""The functions in an account on ministack: a real queue, a real table with its stream, real timers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import boto3  # type: ignore[import-untyped]

from tests.aws.cloud import ACCOUNT, REGION, Cloud, arn, environment
from tests.lambdas.world import URL, World
from tocsin.aws.calls import Calls
from tocsin.dynamo import schema
from tocsin.dynamo.store import DynamoStore, connect
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.lambdas import inbox, outbox, processes
from tocsin.testing.fake_slack import FakeSlack
from tocsin.wiring.outside import Outside
from tocsin.wiring.serverless_process import Process

DEADLINE_SECONDS = 60.0
ROLE = f"arn:aws:iam::{ACCOUNT}:role/timer"

_NUMBERS = count(1)


class Account(World):
    """A world whose queue, table and timers are ministack's."""

    def __init__(self, slack: FakeSlack, url: str, config: str = "") -> None:
        super().__init__(slack, config)
        self.cloud = Cloud(url)
        number = next(_NUMBERS)
        self.name = f"functions-{number}"
        self.client = connect()
        self.client.create_table(**schema.table(self.name, protected=False))
        self.store = DynamoStore(self.client, self.name)
        self.queue = self.cloud.queue(VisibilityTimeout="1")
        self.states = boto3.client("stepfunctions")
        self.timer = self.states.create_state_machine(
            name=f"timer-{number}", roleArn=ROLE, definition=json.dumps(timer(self.queue))
        )["stateMachineArn"]
        self.streams = boto3.client("dynamodbstreams")
        stream = self.client.describe_table(TableName=self.name)["Table"]["LatestStreamArn"]
        shards = self.streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]
        self.shards = [
            self.streams.get_shard_iterator(
                StreamArn=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
            )["ShardIterator"]
            for shard in shards
        ]
        self.calls = Calls({**environment(url), "AWS_REGION": REGION})
        self.running = Process(
            self.settings,
            self.store,
            self.calls,
            environ={
                "TOCSIN_INBOX_URL": self.queue,
                "TOCSIN_TIMER_ARN": self.timer,
                "TOCSIN_PUBLIC_URL": URL,
                "TOCSIN_TABLE": self.name,
            },
            stream=self.store,
            outside=Outside(clock=self.clock, slack_api=slack.base_url),
        )
        processes.use(self.running)

    def step(self) -> None:
        """What event source mappings do, once."""
        found = self.cloud.sqs.receive_message(
            QueueUrl=self.queue, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
        ).get("Messages", [])
        if found:
            answer = inbox.handler({"Records": [_record(each, self.queue) for each in found]}, None)
            failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
            for each in found:
                if each["MessageId"] not in failed:
                    self.cloud.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=each["ReceiptHandle"])
        for place, shard in enumerate(self.shards):
            told = self.streams.get_records(ShardIterator=shard)
            self.shards[place] = told["NextShardIterator"]
            records = [each for each in told["Records"] if each["eventName"] != "REMOVE"]
            if records:
                assert not outbox.handler({"Records": records}, None)["batchItemFailures"]

    def until(self, condition: Callable[[], object]) -> None:
        """Work until *condition* holds."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            assert time.monotonic() < deadline
            self.step()

    def incidents(self) -> list[Incident]:
        machine = IncidentMachine()
        rows = self.store.listing("incident", live_only=False, limit=100)
        return [machine.decode(row.state) for row in rows]

    def close(self) -> None:
        """Give everything back."""
        self.running.forget()
        processes.use(None)
        self.store.close()
        self.calls.close()


def timer(queue: str) -> dict[str, Any]:
    """The state machine of a timer."""
    return {
        "StartAt": "Wait",
        "States": {
            "Wait": {"Type": "Wait", "TimestampPath": "$.at", "Next": "Tell"},
            "Tell": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sqs:sendMessage",
                "Parameters": {
                    "QueueUrl": queue,
                    "MessageBody": {"due.$": "$.aggregate", "version.$": "$.version"},
                },
                "End": True,
            },
        },
    }


def _record(message: dict[str, Any], queue: str) -> dict[str, Any]:
    """As Lambda's event source mapping writes it."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message.get("Attributes", {}),
        "messageAttributes": {
            name: {"stringValue": each.get("StringValue"), "dataType": each["DataType"]}
            for name, each in message.get("MessageAttributes", {}).items()
        },
        "eventSourceARN": arn(queue),
    }


def accounts(slack: FakeSlack, url: str, config: str = "") -> Iterator[Account]:
    """One, and its end."""
    made = Account(slack, url, config)
    yield made
    made.close()
