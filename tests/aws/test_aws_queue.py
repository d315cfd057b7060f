"""The SDK behind our words, unmodified, on ministack: what a queue gives, and how its errors are told."""

from __future__ import annotations

from pathlib import Path

import boto3  # type: ignore[import-untyped]
import pytest
from botocore.stub import Stubber  # type: ignore[import-untyped]

from tests.aws.cloud import ACCOUNT, REGION, Cloud, arn
from tocsin.aws.addresses import parse
from tocsin.aws.messages import QueueError
from tocsin.aws.queue import SqsQueue, connect

ROLE = f"arn:aws:iam::{ACCOUNT}:role/tocsin-reads"


def opened(url: str, role: str | None = None) -> SqsQueue:
    address = parse(url)
    assert address is not None
    return connect(address, role, wait_seconds=0)


def code(url: str) -> str:
    with pytest.raises(QueueError) as caught:
        opened(url).receive()
    return caught.value.code


def test_messages_are_received_hidden_shown_again_and_deleted(cloud: Cloud) -> None:
    url = cloud.queue()
    sent = [cloud.send(url, body, X_Alert_Key=body) for body in ("a", "b")]
    queue = opened(url)
    found = queue.receive()
    assert [(each.id, each.body, each.attributes, each.receives) for each in found] == [
        (sent[0], "a", {"X-Alert-Key": "a"}, "1"),
        (sent[1], "b", {"X-Alert-Key": "b"}, "1"),
    ]
    assert queue.receive() == ()
    queue.hide(found, 0)
    again = queue.receive()
    assert [each.receives for each in again] == ["2", "2"]
    assert queue.delete(again) == {}
    assert cloud.left(url) == 0


def test_what_is_not_deleted_is_named_with_the_reason(cloud: Cloud) -> None:
    url = cloud.queue()
    sent = cloud.send(url, "a")
    queue = opened(url)
    first = queue.receive()
    queue.hide(first, 0)
    queue.receive()
    assert queue.delete(first) == {sent: "ReceiptHandleIsInvalid"}  # The receipt was that of the first time.


def test_the_dead_letter_queue_is_that_of_the_redrive_policy(cloud: Cloud) -> None:
    url, letters = cloud.queue_with_dead_letters()
    assert opened(url).dead_letters() == arn(letters)
    assert opened(letters).dead_letters() == ""


@pytest.mark.parametrize("policy", ["no json", "[]", '{"maxReceiveCount": 1}'])
def test_a_redrive_policy_that_names_none_is_none(policy: str) -> None:
    client = boto3.client("sqs", region_name=REGION, aws_access_key_id=ACCOUNT, aws_secret_access_key="test-secret")
    with Stubber(client) as stub:
        stub.add_response("get_queue_attributes", {"Attributes": {"RedrivePolicy": policy}})
        assert SqsQueue(client, "https://sqs.eu-west-1.amazonaws.com/111122223333/alerts").dead_letters() == ""


def test_a_queue_that_is_not_there_is_told_in_the_words_of_aws(cloud: Cloud) -> None:
    assert code(cloud.queue() + "-gone") == "NonExistentQueue"


def test_no_credentials_and_nobody_there_are_errors_like_any_other(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = cloud.queue()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    assert code(url) == "EndpointConnection"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    assert code(url) == "NoCredentials"
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert code(url) == "ProfileNotFound"


def test_a_role_is_assumed_if_one_is_named(cloud: Cloud) -> None:
    url = cloud.queue()
    cloud.send(url, "a")
    assert [each.body for each in opened(url, ROLE).receive()] == ["a"]


def test_a_role_that_cannot_be_assumed_is_an_error_like_any_other(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = opened(cloud.queue(), ROLE)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    queue = opened(cloud.queue(), ROLE)
    with pytest.raises(QueueError, match="EndpointConnection"):
        queue.receive()


def test_an_address_without_a_region_has_that_of_the_environment_or_the_oldest(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = f"{cloud.url}/{ACCOUNT}/{cloud.queue().rpartition('/')[2]}"
    cloud.send(url, "a")
    assert [each.body for each in opened(url).receive()] == ["a"]
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    assert code(url) == "NonExistentQueue"  # In us-east-1 there is none of this name.
