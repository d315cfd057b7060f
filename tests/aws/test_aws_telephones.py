"""SMS through Amazon SNS, on ministack; calls through Amazon Connect, with the SDK's own stub, which knows them."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest
from botocore.stub import Stubber  # type: ignore[import-untyped]

from tests.aws.cloud import REGION, Cloud
from tests.slack.slack_examples import ADA, NOW, SETTING, incident, job
from tocsin.aws.telephones import ConnectVoice, SnsSms
from tocsin.engine.ports import Delivered, DeliveryResult, Postponed, Refused
from tocsin.kernel.time import SECOND
from tocsin.posting.paging import Message, Paging

URL = "https://tocsin.example"
THEIRS, OURS = "+15555550100", "+15555550123"
PAGING = Paging(now=lambda: NOW, names=SETTING.names, url=URL)
PAGE = job("page", ADA, incident(), None, "inc-1", why="You are the first to be asked.")


def send(transport: SnsSms | ConnectVoice, number: str = THEIRS) -> DeliveryResult:
    (result,) = transport.deliver(number, [PAGE])
    return result


def messages(cloud: Cloud, number: str) -> list[dict[str, Any]]:
    """What ministack sent to *number*."""
    with urllib.request.urlopen(f"{cloud.url}/_ministack/sns/sms-messages?region={REGION}") as answer:
        found: list[dict[str, Any]] = json.load(answer)["sms_messages"].get(number, [])
    return found


def test_an_sms_goes_out_by_sns(cloud: Cloud) -> None:
    number = "+15555550101"
    assert send(SnsSms(PAGING, region=REGION, sender="TOCSIN"), number) == Delivered()
    (message,) = messages(cloud, number)
    assert message["Message"] == f"[critical] CPU is high - asks you\n{URL}/incidents/inc-1"
    told = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert told == {"AWS.SNS.SMS.SMSType": "Transactional", "AWS.SNS.SMS.SenderID": "TOCSIN"}


def test_the_region_of_the_environment_counts_without_another(cloud: Cloud) -> None:
    assert send(SnsSms(PAGING), "+15555550102") == Delivered()
    assert len(messages(cloud, "+15555550102")) == 1


def test_aws_away_is_tried_again(monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    del cloud
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert send(SnsSms(PAGING, region=REGION)) == Postponed("sns could not be asked: EndpointConnectionError")


def test_without_a_region_nobody_can_be_asked(monkeypatch: pytest.MonkeyPatch, cloud: Cloud) -> None:
    del cloud
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert send(SnsSms(PAGING)) == Refused("sns: no region is set")


@contextmanager
def stubbed(transport: SnsSms | ConnectVoice, service: str) -> Iterator[Stubber]:
    client = boto3.client(service, region_name=REGION)
    transport._client._made = client
    with Stubber(client) as stub:
        yield stub


def connect() -> ConnectVoice:
    return ConnectVoice(PAGING, instance="instance", flow="flow", number=OURS, region=REGION)


@pytest.mark.usefixtures("cloud")
def test_a_call_goes_out_by_connect_and_the_same_pages_are_one_call() -> None:
    transport, sent = connect(), list[Message]()

    def keep(message: Message) -> DeliveryResult:
        sent.append(message)
        return Delivered()

    PAGING.deliver("a call", [PAGE], keep)
    wanted = {
        "DestinationPhoneNumber": THEIRS,
        "ContactFlowId": "flow",
        "InstanceId": "instance",
        "SourcePhoneNumber": OURS,
        "ClientToken": sent[0].token,
        "Attributes": {
            "text": "This is Tocsin with a page. critical: CPU is high. Please answer in the console.",
        },
    }
    with stubbed(transport, "connect") as stub:
        for _ in range(2):
            stub.add_response("start_outbound_voice_contact", {"ContactId": "1"}, wanted)
            assert send(transport) == Delivered()


@pytest.mark.parametrize(
    ("code", "status", "result"),
    [
        ("DestinationNotAllowedException", 403, Refused("connect answered DestinationNotAllowedException")),
        ("OutboundContactNotPermittedException", 403, Refused("connect answered OutboundContactNotPermittedException")),
        ("LimitExceededException", 429, Postponed("connect answered LimitExceededException")),
        ("ThrottlingException", 429, Postponed("connect answered ThrottlingException", after=2 * SECOND)),
        ("InternalServiceException", 500, Postponed("connect answered InternalServiceException")),
        ("Odd", 502, Postponed("connect answered Odd")),
        ("", 400, Refused("connect answered unknown")),
    ],
)
@pytest.mark.usefixtures("cloud")
def test_errors_are_told_by_their_code_only(code: str, status: int, result: DeliveryResult) -> None:
    transport = connect()
    with stubbed(transport, "connect") as stub:
        stub.add_client_error("start_outbound_voice_contact", code, f"about {THEIRS}", http_status_code=status)
        assert send(transport) == result


@pytest.mark.usefixtures("cloud")
def test_a_client_is_made_when_it_is_needed() -> None:
    transport = connect()
    assert transport._client._client() is transport._client._client()
