"""An account in miniature: a queue, a table with a stream, timers; and functions that may die after any request."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tocsin.aws.calls import SQS, SSM, STATES, AwsError, Service
from tocsin.engine.ports import Commit, CommitResult, Outgoing, Wake
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.kernel.time import SECOND, Instant
from tocsin.lambdas import dead, inbox, outbox, processes, sweep, web
from tocsin.testing.fake_slack import FakeSlack
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.outside import Outside
from tocsin.wiring.serverless_process import Process
from tocsin.wiring.settings_file import parse

QUEUE = "https://sqs.eu-west-1.amazonaws.com/111122223333/inbox"
TIMER = "arn:aws:states:eu-west-1:111122223333:stateMachine:timer"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:alarms"
KEY = "an-integration-key-for-tests"
URL = "https://tocsin.example.com"
RECEIVES_MAX = 5
ROUNDS_MAX = 400
BATCH = 10

CONFIG = """\
teams:
  ops:
    members: [ada, grace]
    slack: C0OPS00000
responders:
  ada: {slack: %s}
  grace: {slack: %s}
policies:
  default:
    steps:
      - {ask: ada, wait: 5m}
      - {ask: grace, wait: 5m}
integrations:
  web:
    key: %s
%sslack:
  bot_token: %s
  signing_secret: %s
"""


class Died(BaseException):
    """The process was killed."""


class Clock:
    """The system's, put forward."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> Instant:
        return time.time_ns() // 1_000_000 + self.ahead


class Life:
    """How many requests the process may still make; when it is over every request kills it, until it is born again."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.spent = 0

    @property
    def over(self) -> bool:
        return self.left is not None and self.left <= 0

    def before(self) -> None:
        if self.over:
            raise Died

    def after(self) -> None:
        self.spent += 1
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                raise Died


class Table:
    """A memory store that tells its changes in a stream, and counts what it is asked."""

    def __init__(self, life: Life, inner: MemoryStore | None = None) -> None:
        self.inner = inner or MemoryStore()
        self.stream: list[dict[str, Any]] = []
        self.counts: dict[str, int] = {}
        self._life = life
        self._wakes: dict[str, Instant | None] = {}

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any method of the port.
        work = getattr(self.inner, name)

        def ask(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as above.
            self._life.before()
            self.counts[name] = self.counts.get(name, 0) + 1
            found = work(*args, **kwargs)
            self._tell(name, args, found)
            self._life.after()
            return found

        return ask

    def told(self, record: Mapping[str, Any]) -> Outgoing | Wake | None:
        """The stream's port."""
        told: Outgoing | Wake | None = record["told"]
        return told

    def still(self, outgoing: Sequence[Outgoing]) -> Sequence[Outgoing]:
        """The stream's port."""
        self._life.before()
        self.counts["still"] = self.counts.get("still", 0) + 1
        names = {item.id for item in outgoing}
        found = [item for item in self.inner.pending(1 << 60, per_receiver=1 << 30) if item.id in names]
        self._life.after()
        return found

    def _tell(self, name: str, args: Sequence[Any], found: Any) -> None:  # noqa: ANN401 - of the port.
        if name == "commit":
            commit: Commit
            for commit, result in zip(args[0], found, strict=True):
                if result is CommitResult.COMMITTED:
                    self._record(*commit.outbox)
                    if commit.wake_at is not None and self._wakes.get(commit.aggregate) != commit.wake_at:
                        version = commit.expected + 1
                        self._record(Wake(aggregate=commit.aggregate, version=version, at=commit.wake_at))
                    self._wakes[commit.aggregate] = commit.wake_at
        elif name == "postpone":
            self._record(*args[0])

    def _record(self, *told: Outgoing | Wake) -> None:
        for each in told:
            number = str(len(self.stream) + 1)
            self.stream.append({"told": each, "dynamodb": {"SequenceNumber": number}})


class Aws:
    """The calls that functions make themselves."""

    def __init__(self, life: Life) -> None:
        self.queue: list[dict[str, Any]] = []
        self.timers: dict[str, dict[str, Any]] = {}
        self.flows: dict[str, dict[str, Any]] = {}  # Executions of workflows, by their ARNs, as they are described.
        self.orders: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[tuple[str, dict[str, Any]]] = []
        self.parameters: dict[str, str] = {}
        self.counts: dict[str, int] = {}
        self.trouble: dict[str, str] = {}
        self._life = life
        self._sent = 0

    def call(self, service: Service, action: str, given: Mapping[str, Any]) -> dict[str, Any]:
        self._life.before()
        self.counts[action] = self.counts.get(action, 0) + 1
        if action in self.trouble:
            raise AwsError(action, self.trouble[action])
        found = self._done(service, action, given)
        self._life.after()
        return found

    def _done(self, service: Service, action: str, given: Mapping[str, Any]) -> dict[str, Any]:
        if (service, action) == (SQS, "SendMessage"):
            self.send(given["MessageBody"])
            return {"MessageId": "1"}
        if (service, action) == (STATES, "SendTaskHeartbeat"):
            return {}
        if service == STATES and (action != "StartExecution" or given["stateMachineArn"] != TIMER):
            return self._flow(action, dict(given))
        if (service, action) == (STATES, "StartExecution"):
            if given["name"] in self.timers:
                raise AwsError(action, "ExecutionAlreadyExists")
            assert 0 < len(given["name"]) <= 80
            self.timers[given["name"]] = json.loads(given["input"])
            return {}
        if service == SSM:
            names = sorted(self.parameters)
            start = int(given.get("NextToken", "0"))
            page = names[start : start + 10]
            more = {"NextToken": str(start + 10)} if start + 10 < len(names) else {}
            return {"Parameters": [{"Name": name, "Value": self.parameters[name]} for name in page], **more}
        raise AssertionError((service, action))

    def _flow(self, action: str, given: dict[str, Any]) -> dict[str, Any]:
        """What is asked of Step Functions about workflows, and answers for their tasks."""
        if action == "StartExecution":
            machine, _, name = given["stateMachineArn"].partition(":stateMachine:")
            arn = f"{machine}:execution:{name}:{given['name']}"
            if arn in self.flows:
                raise AwsError(action, "ExecutionAlreadyExists")
            assert 0 < len(given["name"]) <= 80
            self.flows[arn] = {"status": "RUNNING", "input": json.loads(given["input"]), "redriveCount": 0}
            return {"executionArn": arn}
        if action.startswith("SendTask"):
            self.answers.append((action, given))
            return {}
        found = self.flows.get(given["executionArn"])
        if found is None:
            raise AwsError(action, "ExecutionDoesNotExist")
        if action == "DescribeExecution":
            return found
        self.orders.append((action, given))
        if action == "RedriveExecution":
            if found["status"] not in {"FAILED", "TIMED_OUT", "ABORTED"}:
                raise AwsError(action, "ExecutionNotRedrivable")
            found |= {"status": "RUNNING", "redriveCount": found["redriveCount"] + 1}
        else:
            assert action == "StopExecution", action
            found["status"] = "ABORTED"
        return {}

    def send(self, body: str, **attributes: str) -> dict[str, Any]:
        """A message as a function gets it."""
        self._sent += 1
        record = {
            "messageId": f"00000000-0000-4000-8000-{self._sent:012d}",
            "body": body,
            "attributes": {"ApproximateReceiveCount": "1"},
            "messageAttributes": {
                name.replace("_", "-"): {"stringValue": value, "dataType": "String"}
                for name, value in attributes.items()
            },
            "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:111122223333:inbox",
        }
        self.queue.append(record)
        return record


class World:
    """All of it, with a fake Slack outside."""

    def __init__(
        self,
        slack: FakeSlack,
        config: str = "",
        *,
        integrations: str = "",
        table: Callable[[Life], Any] = Table,
        **environ: str,
    ) -> None:
        self.slack = slack
        self.ada, self.grace = slack.add_user("ada"), slack.add_user("grace")
        self.room = slack.add_channel("ops", [self.ada, self.grace])
        self.clock, self.life = Clock(), Life()
        self.table: Any = table(self.life)
        self.aws = Aws(self.life)
        self.dead: list[dict[str, Any]] = []
        text = CONFIG % (
            self.ada.id,
            self.grace.id,
            KEY,
            integrations.lstrip("\n"),
            slack.bot_token,
            slack.signing_secret,
        )
        self.settings = parse((text.replace("C0OPS00000", self.room.id) + config).encode(), {}).settings
        self.environ = {
            "TOCSIN_INBOX_URL": QUEUE,
            "TOCSIN_TIMER_ARN": TIMER,
            "TOCSIN_PUBLIC_URL": URL,
            "TOCSIN_TABLE": "tocsin",
            "TOCSIN_NAMESPACE": "Tests",
            **environ,
        }
        self.deaths = 0
        self.sns_fetch: Callable[[str], bytes] | None = None
        self.streaming = True
        self.running: Process
        self.be_born()

    def be_born(self) -> None:
        """A new process: all that was in memory is gone."""
        self.running = Process(
            self.settings,
            self.table,
            self.aws,
            environ=self.environ,
            stream=self.table,
            outside=Outside(clock=self.clock, slack_api=self.slack.base_url, sns_fetch=self.sns_fetch),
        )
        processes.use(self.running)

    @contextmanager
    def mortal(self) -> Iterator[None]:
        """Within it a killed process is followed by another."""
        try:
            yield
        except Died:
            self.deaths += 1
            self.life.left = None
            self.running.forget()  # The operating system would do as much.
            if hasattr(self.table, "reborn"):
                self.table.reborn()
            self.be_born()

    # What is sent

    def alarm(self, name: str = "disk", state: str = "ALARM") -> None:
        """CloudWatch, through SNS."""
        told = {
            "AlarmName": name,
            "NewStateValue": state,
            "OldStateValue": "OK",
            "NewStateReason": "Threshold crossed",
            "StateChangeTime": "2026-11-27T10:00:00.000+0000",
            "AWSAccountId": "111122223333",
            "Region": "EU (Ireland)",
            "AlarmArn": f"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{name}",
            "Trigger": {"MetricName": "Used", "Namespace": "Disk", "Dimensions": []},
        }
        self.sns(json.dumps(told), number=f"{name}-{state}")

    def sns(self, message: str, number: str = "5ad1-1") -> None:
        envelope = {
            "Type": "Notification",
            "MessageId": number,
            "TopicArn": TOPIC,
            "Subject": "",
            "Message": message,
            "Timestamp": "2026-11-27T10:00:00.000Z",
            "SignatureVersion": "1",
        }
        self.aws.send(json.dumps(envelope))

    def gateway(self, body: bytes | str, key: str = KEY, **attributes: str) -> None:
        """A stranger, through the HTTP API."""
        if isinstance(body, bytes):
            attributes["encoding"], body = "base64", base64.b64encode(body).decode()
        self.aws.send(body, channel="in", key=key, **attributes)

    # What works

    def inbox(self) -> None:
        """One batch of the queue."""
        batch, self.aws.queue = self.aws.queue[:BATCH], self.aws.queue[BATCH:]
        failed = {str(each["messageId"]) for each in batch}
        try:
            answer = inbox.handler({"Records": batch}, None)
            self.life.before()
            failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        finally:
            for record in batch:
                if record["messageId"] in failed:
                    count = int(record["attributes"]["ApproximateReceiveCount"])
                    record["attributes"]["ApproximateReceiveCount"] = str(count + 1)
                    (self.dead if count >= RECEIVES_MAX else self.aws.queue).append(record)

    def outbox(self) -> None:
        """What the stream tells, in order; a batch that fails comes again."""
        batch = self.table.stream[:BATCH]
        answer = outbox.handler({"Records": batch}, None)
        self.life.before()  # Killed in a thread of a lane: the whole process is.
        if not answer["batchItemFailures"]:
            del self.table.stream[: len(batch)]

    def timers(self) -> None:
        """What waits for a moment that has come."""
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.clock() / SECOND))
        for told in self.aws.timers.values():
            if not told.get("done") and told["at"] <= now:
                told["done"] = True
                self.aws.send(json.dumps({"due": told["aggregate"], "version": told["version"]}))

    def sweep(self) -> None:
        """A minute has passed."""
        sweep.handler({"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.clock() / SECOND))}, None)
        self.life.before()

    def bury(self) -> dict[str, Any]:
        """The dead letters of the inbox."""
        letters, self.dead = self.dead, []
        for each in letters:
            each["eventSourceARN"] = "arn:aws:sqs:eu-west-1:111122223333:inbox-dead"
        found: dict[str, Any] = dead.handler({"Records": letters}, None)
        return found

    def run(self) -> None:
        """Until nothing is left to do; whoever is killed is followed by another."""
        for _ in range(ROUNDS_MAX):
            if self.streaming and self.table.stream:
                with self.mortal():
                    self.outbox()
            elif self.aws.queue:
                with self.mortal():
                    self.inbox()
            else:
                self.timers()
                if not self.aws.queue:
                    return
        raise AssertionError("it does not come to rest")

    def pass_time(self, seconds: float) -> None:
        """Time passes, minute after minute, each with its sweep."""
        until = self.clock() + round(seconds * SECOND)
        while (left := until - self.clock()) > 0:
            self.clock.ahead += min(left, 60 * SECOND)
            self.run()
            with self.mortal():
                self.sweep()
            self.run()

    def get(self, path: str, method: str = "GET", body: str = "", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - of an event.
        """A request at the HTTP API."""
        event = {
            "version": "2.0",
            "rawPath": path.partition("?")[0],
            "rawQueryString": path.partition("?")[2],
            "headers": {"host": "tocsin.example.com", **more.pop("headers", {})},
            "requestContext": {"http": {"method": method, "path": path, "sourceIp": "203.0.113.7"}},
            "body": body,
            "isBase64Encoded": False,
            **more,
        }
        found: dict[str, Any] = web.handler(event, None)
        return found

    # What is seen

    def incidents(self) -> list[Incident]:
        machine = IncidentMachine()
        rows = self.table.inner.listing("incident", live_only=False, limit=1000)
        return [machine.decode(row.state) for row in rows]

    def pages(self, user: Any) -> list[Any]:  # noqa: ANN401 - a user of the fake.
        """The direct messages to somebody, each as often as it was posted."""
        return list(self.slack.messages(self.slack.direct_channel(user)))
