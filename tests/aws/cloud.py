"""Ministack: SNS, SQS, EventBridge and CloudWatch on a loopback port, and the SDK of AWS unmodified on top of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest

from tests.end_to_end.served import free_port

ACCOUNT = "111122223333"
REGION = "eu-west-1"
DEADLINE_SECONDS = 20.0

_NUMBERS = count(1)


class Cloud:
    """An account of its own; what is made in it has a name of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sqs = boto3.client("sqs")
        self.sns = boto3.client("sns")
        self.events = boto3.client("events")
        self.cloudwatch = boto3.client("cloudwatch")

    def queue(self, **attributes: str) -> str:
        """A new queue; its address as AWS writes it, whoever answers there."""
        name = f"alerts-{next(_NUMBERS)}"
        self.sqs.create_queue(QueueName=name, Attributes=attributes)
        return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"

    def queue_with_dead_letters(self, receives: int = 1) -> tuple[str, str]:
        letters = self.queue()
        policy = json.dumps({"deadLetterTargetArn": arn(letters), "maxReceiveCount": receives})
        return self.queue(RedrivePolicy=policy), letters

    def topic(self) -> str:
        return str(self.sns.create_topic(Name=f"topic-{next(_NUMBERS)}")["TopicArn"])

    def subscribe(self, topic: str, queue: str, *, raw: bool = False) -> None:
        attributes = {"RawMessageDelivery": "true"} if raw else {}
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn(queue), Attributes=attributes)

    def rule(self, pattern: dict[str, Any], target: str, **more: str) -> None:
        """Events that match *pattern* go to the *target*."""
        name = f"rule-{next(_NUMBERS)}"
        self.events.put_rule(Name=name, EventPattern=json.dumps(pattern))
        done = self.events.put_targets(Rule=name, Targets=[{"Id": "tocsin", "Arn": target, **more}])
        assert done["FailedEntryCount"] == 0

    def event(self, source: str, kind: str, detail: dict[str, Any]) -> None:
        entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail)}
        assert self.events.put_events(Entries=[entry])["FailedEntryCount"] == 0

    def destination(self, url: str, key: str) -> str:
        """An API destination that posts to *url* with an API key in a header; its ARN."""
        name = f"destination-{next(_NUMBERS)}"
        connection = self.events.create_connection(
            Name=name,
            AuthorizationType="API_KEY",
            AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "x-api-key", "ApiKeyValue": key}},
        )
        made = self.events.create_api_destination(
            Name=name, ConnectionArn=connection["ConnectionArn"], InvocationEndpoint=url, HttpMethod="POST"
        )
        return str(made["ApiDestinationArn"])

    def left(self, queue: str) -> int:
        """How many messages are in a queue, hidden or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
        return sum(int(found[name]) for name in names)

    def send(self, queue: str, body: str, **attributes: str) -> str:
        told = {
            name.replace("_", "-"): {"DataType": "String", "StringValue": value} for name, value in attributes.items()
        }
        return str(self.sqs.send_message(QueueUrl=queue, MessageBody=body, MessageAttributes=told)["MessageId"])


def arn(queue: str) -> str:
    """The ARN of a queue by its address."""
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue.rpartition('/')[2]}"


def environment(url: str) -> dict[str, str]:
    """What the SDK finds in the environment; the account's number is the key, as ministack wants it."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "test-secret",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


@contextmanager
def logged_in(url: str) -> Iterator[None]:
    """While the context lasts, the SDK speaks to *url*: also the session that it may have made for somebody else."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(url).items():
            patch.setenv(name, value)
        patch.setattr(boto3, "DEFAULT_SESSION", None)
        yield


@contextmanager
def ministack(log: Path, environ: Mapping[str, str] | None = None) -> Iterator[str]:
    """Run it in a process group of its own while the context lasts; its address.

    *environ*: what it, and the functions that it runs, find in their environment beside ours.
    """
    port = free_port()
    # Neither another emulator's account nor the tracer, which would slow down its functions.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COVERAGE_"))}
    environ = inherited | {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",  # It would listen on all addresses.
        **(environ or {}),
    }
    with log.open("wb") as file:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("ministack")],
            env=environ,
            cwd=log.parent,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, log)
        yield url
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # It would wait for polls that nobody waits for any more.
        process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{url}/_ministack/ready", timeout=2):
                return
        except (OSError, urllib.error.URLError):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
