"""`http:invoke`: https to public addresses only, answers as Step Functions tells them, nothing of ours smuggled in."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from tests.mail.post_office import Certificate, certificate
from tests.posting.vendor import Vendor, vendor
from tests.tasks.task_examples import task
from tocsin import asl
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.tasks.task import Later
from tocsin.tasks.web import Web
from tocsin.webpush.subscriptions import public_address

RESOURCE = "arn:aws:states:::http:invoke"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def server(made: Certificate) -> Iterator[Vendor]:
    with vendor(made.serving) as server:
        server.headers["Content-Type"] = "application/json; charset=utf-8"
        yield server


def ask(server: Vendor, context: ssl.SSLContext, **given: Json) -> Json:
    endpoint = f"https://127.0.0.1:{server.port}/path?a=1"
    arguments = {"ApiEndpoint": endpoint, "Method": "POST", "RequestBody": {"b": 2}, **given}
    return Web(lambda *_: "127.0.0.1", context).do(task(RESOURCE, arguments))


def test_a_request_is_sent_and_its_answer_told(server: Vendor, made: Certificate) -> None:
    server.body = b'{"ok": true}'
    found = ask(server, made.trusting, QueryParameters={"c": [3, 4]}, Headers={"X-Own": ["a", "b"], "X-Two": 2})
    assert (found["StatusCode"], found["StatusText"], found["ResponseBody"]) == (201, "Created", {"ok": True})
    assert found["Headers"]["content-type"] == ["application/json; charset=utf-8"]
    (posted,) = server.posted
    assert (posted.path, posted.body) == ("/path?a=1&c=3&c=4", b'{"b":2}')
    assert (posted.headers["x-own"], posted.headers["x-two"]) == ("a, b", "2")
    assert posted.headers["content-type"] == "application/json"
    assert posted.headers["user-agent"] == "tocsin"


@pytest.mark.parametrize(
    ("body", "kind", "told"),
    [(b"{", "application/json", "{"), (b'"x"', "text/plain", '"x"'), (b"\xff", "text/plain", "\ufffd")],
)
def test_what_is_no_json_is_a_text(body: bytes, kind: str, told: str, server: Vendor, made: Certificate) -> None:
    server.body, server.headers["Content-Type"] = body, kind
    found = ask(server, made.trusting, RequestBody="as it is", Headers={"content-type": "text/own"})
    assert found["ResponseBody"] == told
    assert server.posted[0].body == b"as it is"
    assert server.posted[0].headers["content-type"] == "text/own"


def test_an_error_of_http_is_an_error_of_the_task_and_redirects_are_not_followed(
    server: Vendor, made: Certificate
) -> None:
    for status in (302, 404, 500):
        server.status = status
        server.headers["Location"] = "https://localhost/elsewhere"
        with pytest.raises(asl.Failure) as caught:
            ask(server, made.trusting)
        assert caught.value.error == f"States.Http.StatusCode.{status}"
        assert json.decode(str(caught.value.cause))["StatusCode"] == status
    assert len(server.posted) == 3


def test_a_certificate_that_nobody_vouches_for_is_refused(server: Vendor) -> None:
    with pytest.raises(asl.Failure, match="is not trusted"):
        ask(server, ssl.create_default_context())
    assert server.posted == []


def test_what_changes_nothing_is_tried_again_when_the_network_fails(made: Certificate) -> None:
    with vendor(made.serving) as gone:
        pass
    with pytest.raises(Later, match="could not be asked"):
        ask(gone, made.trusting, Method="GET", RequestBody=None)
    with pytest.raises(asl.Failure, match="could not be asked"):
        ask(gone, made.trusting)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://127.0.0.1/",
        "https://localhost/",
        "https://169.254.169.254/latest",
        "https://[::1]/",
        "https://10.0.0.1/",
    ],
)
def test_our_own_network_is_out_of_reach(endpoint: str) -> None:
    with pytest.raises(asl.Failure, match="has no public address"):
        Web(public_address).do(task(RESOURCE, {"ApiEndpoint": endpoint}))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"ApiEndpoint": "http://example.com/"}, "must be an https address"),
        ({"ApiEndpoint": "https://me:it@example.com/"}, "must be an https address"),
        ({"ApiEndpoint": "https://example.com/\r\nX: 1"}, "must be an https address"),
        ({"ApiEndpoint": "https://example.com:x/"}, "is no address"),
        ({"ApiEndpoint": "https://example.com/a b"}, "must be encoded"),
        ({"ApiEndpoint": "https://example.com/ä"}, "must be encoded"),
        ([], "must be an https address"),
        ({"ApiEndpoint": "https://example.com/", "Method": "TRACE"}, "'TRACE' is no method"),
        ({"ApiEndpoint": "https://example.com/", "Headers": {"a\n": "b"}}, "cannot be sent"),
        ({"ApiEndpoint": "https://example.com/", "Headers": {"a": "b\r\nc: d"}}, "cannot be sent"),
        ({"ApiEndpoint": "https://example.com/", "Headers": {"Host": "other"}}, "cannot be sent"),
        ({"ApiEndpoint": "https://example.com/", "Authentication": {"ConnectionArn": "x"}}, "is not read here"),
    ],
)
def test_what_cannot_be_asked_is_told(given: Json, words: str) -> None:
    with pytest.raises(asl.Failure, match=words):
        Web(lambda *_: "192.0.2.1").do(task(RESOURCE, given))
