"""Every way by which AWS hands an alert over, from the SDK's call to the incident; ministack stands for AWS.

Real here: the SDK, what SNS, SQS, EventBridge and CloudWatch of ministack send, and all of Tocsin. Ministack has no
signing key, so that what SNS posts is signed on its way by `Signer`; nothing else in between is ours.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.aws.cloud import ACCOUNT, REGION, Cloud, arn
from tests.sns.signing import CERTIFICATE_URL, certificate, signed
from tests.wiring.serving import ask, serving, until
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.outside import Outside, Ready

Served = tuple[Embedded, Ready]


def incidents(runtime: Embedded) -> dict[str, Incident]:
    """All incidents by title."""
    machine = IncidentMachine()
    rows = runtime.store.listing(machine.name, live_only=False, limit=100)
    states = [machine.decode(row.state) for row in rows]
    return {state.face.title: state for state in states}


def rung(runtime: Embedded, title: str) -> Incident:
    """The incident called so, as soon as it is there."""
    until(lambda: title in incidents(runtime))
    return incidents(runtime)[title]


def head(runtime: Embedded, title: str) -> dict[str, str]:
    """The head of the newest delivery whose body holds *title*."""
    rows = [runtime.store.delivery(row.id) for row in runtime.store.deliveries(50)]
    found = next(row for row in rows if row is not None and title in row.body.decode())
    return dict(line.split(": ", 1) for line in found.head.decode().splitlines())


def reading(*queues: str) -> str:
    return json.dumps({"teams": {"ops": {}, "db": {}}, "integrations": {"aws": {"team": "db", "queues": queues}}})


def test_a_cloudwatch_alarm_comes_by_sns_and_sqs_and_resolves(cloud: Cloud, tmp_path: Path) -> None:
    queue, topic = cloud.queue(), cloud.topic()
    cloud.subscribe(topic, queue)
    cloud.cloudwatch.put_metric_alarm(
        AlarmName="cpu is high",
        MetricName="CPUUtilization",
        Namespace="AWS/EC2",
        Period=60,
        EvaluationPeriods=1,
        Threshold=90.0,
        ComparisonOperator="GreaterThanThreshold",
        Statistic="Average",
        AlarmActions=[topic],
        OKActions=[topic],
    )
    with serving(tmp_path / "tocsin.db", reading(queue)) as (runtime, _):
        cloud.cloudwatch.set_alarm_state(AlarmName="cpu is high", StateValue="ALARM", StateReason="too hot")
        until(lambda: any("cpu is high" in title for title in incidents(runtime)))
        (title,) = incidents(runtime)
        assert (incidents(runtime)[title].status, incidents(runtime)[title].face.account) == ("triggered", ACCOUNT)
        cloud.cloudwatch.set_alarm_state(AlarmName="cpu is high", StateValue="OK", StateReason="cooled down")
        until(lambda: incidents(runtime)[title].status == "resolved")
        until(lambda: cloud.left(queue) == 0)


def test_raw_delivery_brings_the_message_alone_and_its_attributes(cloud: Cloud, tmp_path: Path) -> None:
    queue, topic = cloud.queue(), cloud.topic()
    cloud.subscribe(topic, queue, raw=True)
    told = {"X-Alert-Key": {"DataType": "String", "StringValue": "shop-1"}}
    with serving(tmp_path / "tocsin.db", reading(queue)) as (runtime, _):
        for title in ("the shop is down", "the shop is still down"):
            cloud.sns.publish(TopicArn=topic, Message=json.dumps({"title": title}), MessageAttributes=told)
        until(lambda: [found.count for found in incidents(runtime).values()] == [2])
        assert head(runtime, "still down")["x-alert-key"] == "shop-1"


def test_an_envelope_is_opened_without_a_signature_since_the_queue_vouches_for_it(cloud: Cloud, tmp_path: Path) -> None:
    queue, topic = cloud.queue(), cloud.topic()
    cloud.subscribe(topic, queue)
    with serving(tmp_path / "tocsin.db", reading(queue)) as (runtime, _):
        cloud.sns.publish(TopicArn=topic, Subject="backup failed", Message="no space left")
        assert rung(runtime, "backup failed").face.account == ACCOUNT
        assert head(runtime, "no space left")["x-sqs-queue"] == queue.rpartition("/")[2]


def test_an_event_comes_by_a_rule_and_sqs(cloud: Cloud, tmp_path: Path) -> None:
    queue = cloud.queue()
    cloud.rule({"source": ["com.example.shop"]}, arn(queue))
    with serving(tmp_path / "tocsin.db", reading(queue)) as (runtime, _):
        cloud.event("com.example.shop", "Order Lost", {"order": "17"})
        until(lambda: len(incidents(runtime)) == 1)
        (found,) = incidents(runtime).values()
        assert (found.face.account, found.face.region) == (ACCOUNT, REGION)
        assert "Order Lost" in found.face.title


def test_a_dead_letter_is_an_alert_like_any_other_and_says_where_it_lay(cloud: Cloud, tmp_path: Path) -> None:
    queue, letters = cloud.queue_with_dead_letters(receives=1)
    cloud.send(queue, '{"title": "nobody took it"}')
    cloud.sqs.receive_message(QueueUrl=queue, VisibilityTimeout=0)  # By somebody who died of it.
    with serving(tmp_path / "tocsin.db", reading(queue)) as (runtime, _):
        rung(runtime, "nobody took it")
        noted = head(runtime, "nobody took it")
        assert noted["x-sqs-queue"] == letters.rpartition("/")[2]
        assert noted["x-sqs-dead-letters-of"] == queue.rpartition("/")[2]
        until(lambda: cloud.left(letters) == 0)
        assert list(incidents(runtime)) == ["nobody took it"]


def test_ending_does_not_wait_for_a_poll_and_loses_nothing(cloud: Cloud, tmp_path: Path) -> None:
    queue = cloud.queue()
    with serving(tmp_path / "tocsin.db", reading(queue)) as (runtime, _):
        cloud.send(queue, '{"title": "before the end"}')
        rung(runtime, "before the end")
        until(lambda: cloud.left(queue) == 0)
        began = time.monotonic()
    assert time.monotonic() - began < 5  # The poll that is on its way would take twenty.
    cloud.send(queue, '{"title": "while nobody was there"}')  # The old poll may see it, and gives it back.
    with serving(tmp_path / "tocsin.db", reading(queue)) as (runtime, _):
        rung(runtime, "while nobody was there")
        until(lambda: cloud.left(queue) == 0)
        assert rung(runtime, "before the end").count == 1


class Signer(BaseHTTPRequestHandler):
    """What SNS posts, with the headers and the signature of the real one; and what Tocsin answered."""

    target: ClassVar[str] = ""
    raw: ClassVar[bool] = False
    answers: ClassVar[list[tuple[str, int]]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        kind = self.headers["x-amz-sns-message-type"]
        headers = {"content-type": self.headers["content-type"], "x-amz-sns-message-type": kind}
        if self.raw and kind == "Notification":
            headers["x-amz-sns-rawdelivery"] = "true"
        else:
            message = json.loads(body)
            if "SubscribeURL" in message:
                query = urlsplit(message["SubscribeURL"]).query
                message["SubscribeURL"] = f"https://sns.{REGION}.amazonaws.com/?{query}"
            body = json.dumps(signed(message, "2")).encode()
            headers["x-amz-sns-topic-arn"] = message["TopicArn"]
        status, answer, _ = ask(self.target, body, headers)
        self.answers.append((kind, status))
        self.send_response(status)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def signing(target: str, *, raw: bool = False) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """The address that SNS posts to in the place of *target*, and the answers."""
    answers: list[tuple[str, int]] = []
    handler = type("Bound", (Signer,), {"target": target, "raw": raw, "answers": answers})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", answers
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def web_of(cloud: Cloud) -> Callable[[str], bytes]:
    """The certificate that `Signer` signs with; a confirmation reaches ministack by the SDK.

    Ministack finds topics for those who sign in only, so that its SubscribeURL itself leads nowhere.
    """

    def fetch(address: str) -> bytes:
        if address == CERTIFICATE_URL:
            return certificate(ends=10_000)
        query = dict(parse_qsl(urlsplit(address).query))
        cloud.sns.confirm_subscription(TopicArn=query["TopicArn"], Token=query["Token"])
        return b"<ConfirmSubscriptionResponse/>"

    return fetch


SNS = f'integrations: {{default: {{sns_accounts: "{ACCOUNT}"}}}}'


def test_a_topic_is_confirmed_over_http_and_then_rings(cloud: Cloud, tmp_path: Path) -> None:
    topic, outside = cloud.topic(), Outside(sns_fetch=web_of(cloud))
    with (
        serving(tmp_path / "tocsin.db", SNS, outside) as (runtime, ready),
        signing(ready.ingest_url) as (endpoint, answers),
    ):
        cloud.sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=endpoint)
        until(lambda: confirmed(cloud, topic))
        cloud.sns.publish(TopicArn=topic, Subject="disk full", Message="on web-1")
        rung(runtime, "disk full")
        until(lambda: len(answers) == 2)
        assert answers == [("SubscriptionConfirmation", 200), ("Notification", 200)]
        assert list(incidents(runtime)) == ["disk full"]


def test_raw_delivery_over_http_needs_the_key_only(cloud: Cloud, tmp_path: Path) -> None:
    topic, outside = cloud.topic(), Outside(sns_fetch=web_of(cloud))
    with (
        serving(tmp_path / "tocsin.db", SNS, outside) as (runtime, ready),
        signing(ready.ingest_url, raw=True) as (endpoint, answers),
    ):
        cloud.sns.subscribe(
            TopicArn=topic, Protocol="http", Endpoint=endpoint, Attributes={"RawMessageDelivery": "true"}
        )
        until(lambda: confirmed(cloud, topic))
        cloud.sns.publish(TopicArn=topic, Message='{"title": "raw over http"}')
        rung(runtime, "raw over http")
        until(lambda: len(answers) == 2)
        assert answers[1] == ("Notification", 202)


def confirmed(cloud: Cloud, topic: str) -> bool:
    (found,) = cloud.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    attributes = cloud.sns.get_subscription_attributes(SubscriptionArn=found["SubscriptionArn"])["Attributes"]
    return bool(attributes["PendingConfirmation"] == "false")


def test_what_sns_has_not_signed_is_refused(cloud: Cloud, tmp_path: Path) -> None:
    topic, outside = cloud.topic(), Outside(sns_fetch=lambda _: certificate(ends=10_000))
    with serving(tmp_path / "tocsin.db", SNS, outside) as (runtime, ready):
        cloud.sns.subscribe(TopicArn=topic, Protocol="http", Endpoint=ready.ingest_url)  # Straight from ministack.
        until(lambda: b'why="signature"} 1.0' in ask(f"{ready.url}/metrics")[1])
        assert not confirmed(cloud, topic)
        assert not runtime.store.deliveries(10)


def test_an_event_comes_by_an_api_destination(cloud: Cloud, tmp_path: Path) -> None:
    with serving(tmp_path / "tocsin.db") as (runtime, ready):
        destination = cloud.destination(ready.ingest_url, key="test-secret")
        role = f"arn:aws:iam::{ACCOUNT}:role/events"
        cloud.rule({"source": ["com.example.till"]}, destination, RoleArn=role)
        cloud.event("com.example.till", "Till Broken", {"till": "3"})
        until(lambda: len(incidents(runtime)) == 1)
        (title,) = incidents(runtime)
        assert "Till Broken" in title
        noted = head(runtime, "Till Broken")
        assert (noted["user-agent"], noted["range"]) == ("Amazon/EventBridge/ApiDestinations", "bytes=0-1048575")
        assert "test-secret" not in str(noted)


@pytest.mark.parametrize("headers", [{}, {"range": "bytes=0-1048575"}])
def test_an_answer_comes_long_before_eventbridge_gives_up(tmp_path: Path, headers: dict[str, str]) -> None:
    with serving(tmp_path / "tocsin.db") as (_, ready):
        began = time.monotonic()
        status = ask(ready.ingest_url, b'{"source": "x", "detail-type": "y", "detail": {}}', headers)[0]
        assert (status, time.monotonic() - began < 1) == (202, True)
