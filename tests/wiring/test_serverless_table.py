"""The client of DynamoDB that functions have: operations by their names, bytes as bytes, errors as the SDK has them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.aws import json_server
from tests.aws.json_server import Server
from tocsin.dynamo.requests import AnswerError
from tocsin.wiring.serverless_table import TableClient


@contextmanager
def serving(*answers: tuple[int, bytes]) -> Iterator[tuple[Server, TableClient]]:
    with json_server.serving(*answers) as (server, url):
        environ = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "s"}
        client = TableClient(environ)
        yield server, client
        client.close()


def test_bytes_leave_and_come_as_base64() -> None:
    raw = b'{"Items": [{"body": {"B": "AAEC"}, "B": {"S": "text"}, "n": {"N": "7"}}], "Count": 1}'
    with serving((200, raw)) as (server, client):
        found = client.query(TableName="t", Item={"body": {"B": b"\x00\x01\x02"}})
    assert found == {"Items": [{"body": {"B": b"\x00\x01\x02"}, "B": {"S": "text"}, "n": {"N": "7"}}], "Count": 1}
    headers, body = server.seen[0]
    assert headers["x-amz-target"] == "DynamoDB_20120810.Query"
    assert body == {"TableName": "t", "Item": {"body": {"B": "AAEC"}}}


def test_a_refusal_has_the_shape_of_the_sdks() -> None:
    raw = (
        b'{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "Message": "no",'
        b'"CancellationReasons": [{"Code": "ConditionalCheckFailed", "Item": {"state": {"B": "AA=="}}}]}'
    )
    with serving((400, raw)) as (server, client), pytest.raises(AnswerError) as caught:
        client.transact_write_items(TransactItems=[])
    assert server.seen[0][0]["x-amz-target"] == "DynamoDB_20120810.TransactWriteItems"
    response = caught.value.response
    assert response["Error"] == {"Code": "TransactionCanceledException", "Message": "no"}
    assert response["CancellationReasons"] == [{"Code": "ConditionalCheckFailed", "Item": {"state": {"B": b"\x00"}}}]
    assert response["ResponseMetadata"] == {"HTTPStatusCode": 400}


@pytest.mark.parametrize("body", [b"<html>", b"[]"])
def test_trouble_of_the_service_is_told_by_its_status(body: bytes) -> None:
    with serving((503, body)) as (_, client), pytest.raises(AnswerError) as caught:
        client.get_item(TableName="t")
    assert caught.value.response["ResponseMetadata"] == {"HTTPStatusCode": 503}


def test_an_answer_that_is_no_json_is_a_lost_one() -> None:
    with (
        serving((200, b"<html>")) as (_, client),
        pytest.raises(ConnectionError, match="GetItem: the answer is no"),
    ):
        client.get_item(TableName="t")


def test_what_is_no_object_is_empty() -> None:
    with serving((200, b"[1]")) as (_, client):
        assert client.get_item(TableName="t") == {}


def test_it_has_nothing_private() -> None:
    with pytest.raises(AttributeError):
        _ = TableClient({})._secret
