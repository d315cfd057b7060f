"""A team's account on ministack: the stack as `tocsin deploy` makes it, our code in it, and a fake Slack outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import boto3  # type: ignore[import-untyped]

from tests.aws.cloud import ACCOUNT, logged_in, ministack
from tests.serverless.edge import Edge
from tocsin.aws import bundle
from tocsin.dynamo.store import DynamoStore, connect
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.testing.fake_slack import FakeSlack
from tocsin.testing.fake_slack.records import Message, Refusal, User

T = TypeVar("T")

STACK = "prod"
DEADLINE_SECONDS = 60.0  # The machine that runs this may be busy; nothing waits so long otherwise.
WEB_KEY = "an-integration-key-for-tests"
QUICK_KEY = "another-integration-key-for-tests"
WORKER = Path(__file__).with_name("worker")

CONFIG = """\
slack: {bot_token: "${SLACK_BOT_TOKEN}", signing_secret: "${SLACK_SIGNING_SECRET}"}
responders:
  ada: {slack: %(ada)s}
  grace: {slack: %(grace)s}
teams:
  ops: {members: [ada, grace], slack: %(room)s, policy: calm}
  quick: {members: [ada, grace], policy: quick}
policies:
  calm: {steps: [{ask: ada, wait: 1h}, {ask: grace, wait: 1h}]}
  quick: {steps: [{ask: ada, wait: 2s}, {ask: grace, wait: 1h}]}
integrations:
  web: {key: "${WEB_KEY}"}
  quick: {key: "${QUICK_KEY}", team: quick}
workflows:
  approve: {file: approve.asl.json}
"""
APPROVE = {
    "StartAt": "Ask",
    "States": {
        "Ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {
                "FunctionName": "tocsin-ask",
                "Payload": {
                    "token.$": "$$.Task.Token",
                    "title.$": "$.title",
                    "to": "ops",
                    "approvers": ["responder:grace"],
                },
            },
            "End": True,
        }
    },
}


class Stage:
    """The deployed stack. Tests share it; each has alerts, and so incidents, of its own."""

    def __init__(self, folder: Path, url: str, slack: FakeSlack) -> None:
        self.folder, self.slack, self._url = folder, slack, url
        self.deployed = True
        self._complaints = 0
        self.ada, self.grace = slack.add_user("ada"), slack.add_user("grace")
        self.room = slack.add_channel("ops", [self.ada, self.grace])
        self.sqs, self.sns = boto3.client("sqs"), boto3.client("sns")
        self.events, self.functions = boto3.client("events"), boto3.client("lambda")
        self.states, self.cloudformation = boto3.client("stepfunctions"), boto3.client("cloudformation")
        self.edge: Edge
        self.store: DynamoStore
        self.configure("")
        (folder / "approve.asl.json").write_text(json.dumps(APPROVE), encoding="utf-8")
        file = bundle.pack(bundle.contents(folder / "none", {}))
        (folder / "code.zip").write_bytes(file.data)

    # The stack

    def configure(self, more: str) -> None:
        """Write tocsin.yaml."""
        text = CONFIG % {"ada": self.ada.id, "grace": self.grace.id, "room": self.room.id}
        (self.folder / "tocsin.yaml").write_text(text + more, encoding="utf-8")

    def tocsin(self, *words: str) -> dict[str, Any]:
        """A command of ours, as people type it; what it tells scripts."""
        done = subprocess.run(
            [sys.executable, "-m", "tocsin", *words, "--stack", STACK, "--yes", "--json"],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=os.environ
            | {
                "SLACK_BOT_TOKEN": self.slack.bot_token,
                "SLACK_SIGNING_SECRET": self.slack.signing_secret,
                "WEB_KEY": WEB_KEY,
                "QUICK_KEY": QUICK_KEY,
            },
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return dict(json.loads(done.stdout))

    def deploy(self, *words: str) -> dict[str, Any]:
        return self.tocsin("deploy", "--zip", "code.zip", "--email", "ops@example.com", *words)

    def begin(self, edge: Edge) -> None:
        """The stack is there."""
        self.edge = edge
        self.store = DynamoStore(connect(), self.physical("Table"))
        self.queue = self.physical("InboxQueue")
        # What failed comes again after ten seconds, not after two minutes.
        self.sqs.set_queue_attributes(QueueUrl=self.queue, Attributes={"VisibilityTimeout": "10"})
        self.slack.deliver_to(
            f"{edge.url}/slack/interactions", commands=f"{edge.url}/slack/commands", events=f"{edge.url}/slack/events"
        )

    def settle_emulator(self) -> None:
        """Ministack keeps a parameter of the type Number as text here, and then compares it with a number."""
        for each in self.functions.list_event_source_mappings()["EventSourceMappings"]:
            if each.get("ScalingConfig"):
                self.functions.update_event_source_mapping(UUID=each["UUID"], ScalingConfig={"MaximumConcurrency": 2})

    def physical(self, logical: str) -> str:
        found = self.cloudformation.describe_stack_resource(StackName=STACK, LogicalResourceId=logical)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def output(self, name: str) -> str:
        (stack,) = self.cloudformation.describe_stacks(StackName=STACK)["Stacks"]
        return next(str(each["OutputValue"]) for each in stack["Outputs"] if each["OutputKey"] == name)

    @contextmanager
    def without_stream(self) -> Iterator[None]:
        """The stream's mapping is switched off while the context lasts."""
        mapping = self.physical("OutboxMapping")
        self.functions.update_event_source_mapping(UUID=mapping, Enabled=False)
        yield
        self.functions.update_event_source_mapping(UUID=mapping, Enabled=True)

    def die(self, word: str, action: str, after: int = 1) -> None:
        """The process of the function *word* dies with the answer of its request number *after* to *action*."""
        (self.folder / f"died-{word}-{action}").unlink(missing_ok=True)
        (self.folder / f"die-{word}-{action}").write_text(str(after))

    def died(self, word: str, action: str) -> bool:
        return (self.folder / f"died-{word}-{action}").exists()

    def forward(self, seconds: int) -> None:
        """Put the clock of all functions forward."""
        (self.folder / "ahead.new").write_text(str(self._ahead() + seconds * 1000))
        (self.folder / "ahead.new").rename(self.folder / "ahead")

    def _ahead(self) -> int:
        file = self.folder / "ahead"
        return int(file.read_text()) if file.exists() else 0

    def sweep(self) -> None:
        """A minute has passed, as EventBridge says it."""
        told = json.dumps({"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}).encode()
        answer = self.functions.invoke(FunctionName=self.physical("SweepFunction"), Payload=told)
        assert "FunctionError" not in answer, answer["Payload"].read()

    def requests(self) -> list[str]:
        """All requests of functions to AWS so far: the function, and the action."""
        return (self.folder / "requests").read_text().splitlines()

    # What comes in

    def publish(self, title: str, **more: str) -> str:
        """An alert by SNS."""
        told = json.dumps({"title": title, "dedup_key": title, **more})
        return str(self.sns.publish(TopicArn=self.output("AlertTopicArn"), Message=told)["MessageId"])

    def post(self, path: str, document: Mapping[str, Any] | None = None, **headers: str) -> tuple[int, bytes]:
        """A request at the HTTP API: a POST of *document*, or a GET."""
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(
            self.edge.url + path,
            body,
            {"content-type": "application/json"} | {name.replace("_", "-"): each for name, each in headers.items()},
        )
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_SECONDS) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as problem:
            return problem.code, problem.read()

    # What is seen

    def incidents(self) -> dict[str, Incident]:
        """All of them by their titles."""
        machine = IncidentMachine()
        rows = self.store.listing("incident", live_only=False, limit=1000)
        found = [machine.decode(row.state) for row in rows]
        assert len({each.face.title for each in found}) == len(found), "One alert has become two incidents."
        return {each.face.title: each for each in found}

    def pages(self, user: User, title: str) -> Sequence[Message]:
        """The direct messages to *user* about *title*, each as often as it was posted."""
        found = self.slack.messages(self.slack.direct_channel(user))
        return [each for each in found if title in json.dumps(each.layout) or title in each.text]

    def complaints(self) -> Sequence[Refusal]:
        """What Slack would have refused since this was asked last, but for haste: each function has its own pace."""
        found = self.slack.errors[self._complaints :]
        self._complaints += len(found)
        return [each for each in found if each.error != "ratelimited"]

    def until(self, condition: Callable[[], T], what: str = "") -> T:
        """Wait for *condition*."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not (found := condition()):
            assert time.monotonic() < deadline, what or "it does not come"
            time.sleep(0.1)
        return found

    def rested(self) -> None:
        """Wait until nothing is left in the queue, the backlog and the outbox; threads are left to the sweep."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        left: list[str] = []

        def still() -> bool:
            found = self.sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=names)["Attributes"]
            pending = self.store.pending(time.time_ns() // 1_000_000 + self._ahead(), per_receiver=100)
            left[:] = [f"{name}: {found[name]}" for name in names if int(found[name])]
            left.extend(f"delivery {each.id}" for each in self.store.backlog(10))
            left.extend(f"{each.kind} to {each.receiver}" for each in pending if not each.behind)
            return not left

        deadline = time.monotonic() + DEADLINE_SECONDS
        while not still():
            assert time.monotonic() < deadline, left
            time.sleep(0.2)


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Ministack, Slack and the stack, while the context lasts."""
    with FakeSlack() as slack:
        environ = {
            "PYTHONPATH": str(WORKER),
            "TOCSIN_TEST_FOLDER": str(folder),
            "TOCSIN_SLACK_API": slack.base_url,
            "MINISTACK_ACCOUNT_ID": ACCOUNT,  # Of requests that carry no credentials: those of the HTTP API.
        }
        with ministack(folder / "ministack.log", environ) as url, logged_in(url):
            made = Stage(folder, url, slack)
            told = made.deploy("--no-test")
            assert told["account"] == ACCOUNT
            with Edge(url, STACK) as edge:
                made.begin(edge)
                made.settle_emulator()
                yield made
                made.store.close()
