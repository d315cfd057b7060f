"""What a function talks to when it starts cold: DynamoDB, the other services of AWS and Slack, all on this machine.

The functions run in processes of their own and know nothing of it, so what they load is what they load on Lambda.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from tocsin.dynamo import schema
from tocsin.dynamo.effects import BEHIND
from tocsin.testing.dynamo_memory import FakeDynamo
from tocsin.testing.fake_slack import FakeSlack, Limits

TABLE: Final = "tocsin"
TOPIC: Final = "arn:aws:sns:eu-west-1:111122223333:alarms"
FUNCTIONS: Final = ("slack", "inbox", "outbox", "sweep", "web", "dead")
"""In the order in which they follow from each other: the inbox makes what the outbox sends."""

_CONFIG: Final = """\
teams:
  ops: {members: [ada], slack: %s}
responders:
  ada: {slack: %s}
policies:
  default:
    steps: [{ask: ada, wait: 5m}]
slack: {bot_token: "${SLACK_BOT_TOKEN}", signing_secret: "${SLACK_SIGNING_SECRET}"}
"""
_PREFIX: Final = "DynamoDB_20120810."


class Aws:
    """Answers as AWS does. What is in the table is put back to what it was before each function."""

    def __init__(self) -> None:
        """An empty table."""
        self.fake = FakeDynamo(schema.table(TABLE))

    def answer(self, target: str, body: bytes, parameters: Mapping[str, str]) -> tuple[int, bytes]:
        """The status and the body of the answer to a request of the JSON protocol."""
        if target == "AmazonSSM.GetParametersByPath":
            found = [{"Name": f"/t/{name}", "Value": value} for name, value in parameters.items()]
            return 200, json.dumps({"Parameters": found}).encode()
        if target == "AmazonSSM.GetParameter":
            name = str(json.loads(body)["Name"])
            return 200, json.dumps({"Parameter": {"Value": parameters[name.rpartition("/")[2]]}}).encode()
        if not target.startswith(_PREFIX):
            return 200, b"{}"
        name = "".join(f"_{each.lower()}" if each.isupper() else each for each in target.removeprefix(_PREFIX))[1:]
        try:
            return 200, _encoded(getattr(self.fake, name)(**_decoded(json.loads(body))))
        except Exception as problem:
            response = getattr(problem, "response", None)
            if response is None:
                raise
            return 400, _encoded({**response, "__type": "x#" + response["Error"]["Code"]})

    def stream(self) -> list[dict[str, Any]]:
        """What the table's stream tells of the effects in it that leave at once; threads are the sweep's."""
        effects = [image for image in _items(self.fake).values() if "lane" in image]
        images = [image for image in effects if int(image["place"]["N"]) < BEHIND]
        return [
            {"dynamodb": {"NewImage": json.loads(_encoded(image)), "SequenceNumber": str(number)}}
            for number, image in enumerate(images, 1)
        ]


class World:
    """All of it, running."""

    def __init__(self, folder: Path, slack: FakeSlack, aws: Aws, url: str) -> None:
        """*url*: of what answers for AWS."""
        ada = slack.add_user("ada")
        room = slack.add_channel("ops", [ada])
        config = folder / "tocsin.yaml"
        config.write_text(_CONFIG % (room.id, ada.id), encoding="utf-8")
        self._slack, self._aws = slack, aws
        self._before: dict[str, FakeDynamo] = {}
        self.environ = {
            "AWS_ENDPOINT_URL": url,
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "for-tests",
            "TOCSIN_TABLE": TABLE,
            "TOCSIN_INBOX_URL": f"{url}/111122223333/inbox",
            "TOCSIN_TIMER_ARN": "arn:aws:states:eu-west-1:111122223333:stateMachine:timer",
            "TOCSIN_PUBLIC_URL": "https://tocsin.example.com",
            "TOCSIN_CONFIG": str(config),
            "TOCSIN_SECRETS": "/t/",
            "TOCSIN_SLACK_API": slack.base_url,
            "TOCSIN_LOG_LEVEL": "ERROR",
        }

    def event(self, function: str) -> dict[str, Any]:
        """An event of the usual kind for *function*, in a world that is each time the same."""
        if function not in self._before:
            self._before[function] = self._aws.fake
        self._aws.fake = _copied(self._before[function])
        found: dict[str, Any] = _EVENTS[function](self._slack, self._aws)
        return found


def _items(fake: FakeDynamo) -> dict[Any, dict[str, Any]]:
    found: dict[Any, dict[str, Any]] = vars(fake)["_items"]
    return found


def _copied(fake: FakeDynamo) -> FakeDynamo:
    made = FakeDynamo(schema.table(TABLE))
    for name in ("_items", "_sorted", "_entries", "_tokens"):
        setattr(made, name, copy.deepcopy(vars(fake)[name]))
    return made


def _alarm(*_: object) -> dict[str, Any]:
    """CloudWatch, through SNS and SQS."""
    alarm = {
        "AlarmName": "disk",
        "NewStateValue": "ALARM",
        "OldStateValue": "OK",
        "NewStateReason": "Threshold crossed",
        "StateChangeTime": "2026-11-27T10:00:00.000+0000",
        "AWSAccountId": "111122223333",
        "Region": "EU (Ireland)",
        "AlarmArn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:disk",
        "Trigger": {"MetricName": "Used", "Namespace": "Disk", "Dimensions": []},
    }
    envelope = {
        "Type": "Notification",
        "MessageId": "5ad1-1",
        "TopicArn": TOPIC,
        "Message": json.dumps(alarm),
        "Timestamp": "2026-11-27T10:00:00.000Z",
    }
    return _batch(json.dumps(envelope), "inbox")


def _batch(body: str, queue: str) -> dict[str, Any]:
    record = {
        "messageId": "00000000-0000-4000-8000-000000000001",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-west-1:111122223333:{queue}",
    }
    return {"Records": [record]}


def _request(
    path: str, method: str = "GET", body: str = "", headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {"host": "tocsin.example.com", **(headers or {})},
        "requestContext": {"http": {"method": method, "path": path, "sourceIp": "203.0.113.7"}},
        "body": body,
        "isBase64Encoded": False,
    }


def _press(slack: FakeSlack, _: Aws) -> dict[str, Any]:
    body = json.dumps({"type": "event_callback", "event_id": "Ev1", "event": {"type": "app_mention"}})
    stamp = str(int(time.time()))
    base = f"v0:{stamp}:{body}".encode()
    signature = "v0=" + hmac.digest(slack.signing_secret.encode(), base, hashlib.sha256).hex()
    return _request("/slack/events", "POST", body, {"x-slack-signature": signature, "x-slack-request-timestamp": stamp})


_EVENTS: Final[Mapping[str, Any]] = {
    "slack": _press,
    "inbox": _alarm,
    "outbox": lambda _, aws: {"Records": aws.stream()},
    "sweep": lambda *_: {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())},
    "web": lambda *_: _request("/"),
    "dead": lambda *_: _batch("what nobody could handle", "inbox-dead"),
}


def _decoded(found: Any) -> Any:  # noqa: ANN401 - any JSON.
    if isinstance(found, dict):
        if len(found) == 1 and isinstance(found.get("B"), str):
            return {"B": base64.b64decode(found["B"])}
        return {name: _decoded(value) for name, value in found.items()}
    return [_decoded(each) for each in found] if isinstance(found, list) else found


def _encoded(value: object) -> bytes:
    return json.dumps(value, default=lambda raw: base64.b64encode(bytes(raw)).decode()).encode()


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """A world in *folder*, as long as the context lasts."""
    aws = Aws()
    with FakeSlack(limits=Limits(channel_rate=False, workspace_rate=False, tiers=False)) as slack:
        parameters = {"SLACK_BOT_TOKEN": slack.bot_token, "SLACK_SIGNING_SECRET": slack.signing_secret}

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # Head and body leave together; otherwise each answer waits 40 ms for the kernel.

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                status, answer = aws.answer(self.headers.get("x-amz-target", ""), body, parameters)
                self.send_response(status)
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield World(folder, slack, aws, f"http://127.0.0.1:{server.server_address[1]}")
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
