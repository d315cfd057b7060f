"""Calls of AWS without the SDK: signed as the SDK signs, patient where that may help, silent about what was sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.aws.json_server import serving
from tocsin.aws.calls import SQS, SSM, STATES, TRIES, AwsError, Calls
from tocsin.aws.signing import Call, Credentials, signed

botocore_auth = pytest.importorskip("botocore.auth", reason="the SDK is the judge of signatures")
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]  # noqa: E402
from botocore.credentials import Credentials as Theirs  # type: ignore[import-untyped]  # noqa: E402

STAMP = "20261127T143000Z"
WORDS = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=30)


@given(
    body=st.binary(max_size=200),
    token=st.sampled_from(["", "a-session-token"]),
    secret=st.text(st.characters(codec="ascii", exclude_categories=["Cc", "Zs"]), min_size=1, max_size=40),
    target=WORDS,
)
def test_requests_are_signed_as_the_sdk_signs_them(body: bytes, token: str, secret: str, target: str) -> None:
    headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": target}
    call = Call("sqs", "eu-west-1", "sqs.eu-west-1.amazonaws.com", headers, body)
    ours = signed(call, Credentials("AKIDEXAMPLE", secret, token), STAMP)
    request = AWSRequest("POST", "https://sqs.eu-west-1.amazonaws.com/", headers=dict(headers), data=body)
    request.context["timestamp"] = STAMP
    request.headers["X-Amz-Date"] = STAMP
    if token:
        request.headers["X-Amz-Security-Token"] = token
    judge = botocore_auth.SigV4Auth(Theirs("AKIDEXAMPLE", secret, token or None), "sqs", "eu-west-1")
    text = judge.string_to_sign(request, judge.canonical_request(request))
    assert ours["authorization"].endswith(f"Signature={judge.signature(text, request)}")


def test_credentials_do_not_show_their_secret() -> None:
    assert "hidden" not in repr(Credentials("AKIDEXAMPLE", "hidden", "hidden"))


@contextmanager
def calling(url: str, **environ: str) -> Iterator[Calls]:
    given = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1"}
    calls = Calls(given | {"AWS_ENDPOINT_URL": url} | environ, now=lambda: 1_795_000_000.0, rest=lambda _: None)
    try:
        yield calls
    finally:
        calls.close()


def test_a_call_is_made_and_the_connection_is_kept() -> None:
    with serving((200, b'{"MessageId": "1"}')) as (server, url), calling(url, AWS_SESSION_TOKEN="t") as calls:
        assert calls.call(SQS, "SendMessage", {"MessageBody": "é"}) == {"MessageId": "1"}
        calls.call(STATES, "StartExecution", {})
    headers, body = server.seen[0]
    assert body == {"MessageBody": "é"}
    assert headers["x-amz-target"] == "AmazonSQS.SendMessage"
    assert headers["x-amz-security-token"] == "t"
    assert headers["content-type"] == "application/x-amz-json-1.0"
    assert server.seen[1][0]["x-amz-target"] == "AWSStepFunctions.StartExecution"
    assert (server.connections, calls.made) == (1, 2)


def test_a_connection_that_was_closed_meanwhile_is_opened_again() -> None:
    with serving((200, b"{}"), None, (200, b'{"a": 1}')) as (server, url), calling(url) as calls:
        calls.call(SSM, "GetParameter", {})
        assert calls.call(SSM, "GetParameter", {}) == {"a": 1}
    assert server.connections == 2


def test_trouble_of_the_service_is_tried_again_and_told_in_the_end() -> None:
    with serving((503, b"<html>")) as (server, url), calling(url) as calls, pytest.raises(AwsError) as caught:
        calls.call(SQS, "SendMessage", {"MessageBody": "hidden"})
    assert caught.value.code == "status 503"
    assert "hidden" not in str(caught.value)
    assert len(server.seen) == TRIES


def test_throttling_passes() -> None:
    throttled = (400, b'{"__type": "com.amazonaws.sqs#RequestThrottled", "message": "slow"}')
    with serving(throttled, (200, b"{}")) as (_, url), calling(url) as calls:
        assert calls.call(SQS, "SendMessage", {}) == {}


def test_a_refusal_is_told_by_its_code_at_once() -> None:
    body = b'{"__type": "com.amazonaws.states.v2.doc#ExecutionAlreadyExists", "message": "hidden"}'
    refused = pytest.raises(AwsError, match="StartExecution: ExecutionAlreadyExists")
    with serving((400, body)) as (server, url), calling(url) as calls, refused as caught:
        calls.call(STATES, "StartExecution", {})
    assert "hidden" not in str(caught.value)
    assert len(server.seen) == 1


@pytest.mark.parametrize(("status", "body"), [(400, b"[]"), (404, b"{}"), (403, b"no")])
def test_an_answer_without_a_code_has_its_status(status: int, body: bytes) -> None:
    refused = pytest.raises(AwsError, match=f"status {status}")
    with serving((status, body)) as (_, url), calling(url) as calls, refused:
        calls.call(SQS, "SendMessage", {})


def test_an_answer_that_is_no_object_is_empty() -> None:
    with serving((200, b"[1]")) as (_, url), calling(url) as calls:
        assert calls.call(SQS, "SendMessage", {}) == {}


@pytest.mark.parametrize(
    ("environ", "host"),
    [
        ({"AWS_REGION": "eu-central-1"}, "sqs.eu-central-1.amazonaws.com"),
        ({"AWS_DEFAULT_REGION": "cn-north-1"}, "sqs.cn-north-1.amazonaws.com.cn"),
        ({}, "sqs.us-east-1.amazonaws.com"),
        ({"AWS_ENDPOINT_URL": "https://a.example", "AWS_ENDPOINT_URL_SQS": "https://b.example/x"}, "b.example"),
    ],
)
def test_requests_go_where_the_environment_says(
    environ: dict[str, str], host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    class Refusing:
        def __init__(self, host: str, timeout: float) -> None:
            del timeout
            asked.append(host)

        def request(self, *_: object) -> None:
            raise OSError

        def close(self) -> None:
            """Nothing is open."""

    monkeypatch.setattr("http.client.HTTPSConnection", Refusing)
    with pytest.raises(AwsError, match="OSError"):
        Calls(environ, rest=lambda _: None).call(SQS, "SendMessage", {})
    assert asked == [host]
