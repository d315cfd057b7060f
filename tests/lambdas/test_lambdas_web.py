"""The console, the API and the ways in that need an answer, behind an HTTP API."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import secrets
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.lambdas.world import KEY, URL, World
from tocsin.errors import StoreUnavailableError
from tocsin.lambdas.gateway import ANSWER_BYTES_MAX, Gateway
from tocsin.testing.fake_slack import FakeSlack
from tocsin.web.console.sessions import signin_link

ALERT = json.dumps({"title": "the queue is long", "status": "firing"})


def signed_in(world: World) -> list[str]:
    """The cookies of somebody who has followed a one-time link."""
    link = signin_link(world.table.inner, secrets.token_urlsafe(32), world.clock())
    page = world.get(link)
    form = {"content-type": "application/x-www-form-urlencoded", "origin": URL}
    cookies = [each.partition(";")[0] for each in page.get("cookies", [])]
    if page["statusCode"] == 200:
        page = world.get(link, "POST", "", headers=form, cookies=cookies)
        cookies += [each.partition(";")[0] for each in page.get("cookies", [])]
    return cookies


def test_it_is_healthy(world: World) -> None:
    assert world.get("/healthz")["statusCode"] == 200
    assert world.get("/readyz")["statusCode"] == 200
    assert "CloudWatch" in world.get("/metrics")["body"]


def test_while_the_store_is_away_it_is_not_ready(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.get("/healthz")

    def away(_: int) -> None:
        raise StoreUnavailableError("away")

    monkeypatch.setattr(world.table.inner, "health", away)
    assert world.get("/readyz")["statusCode"] == 503


def test_an_event_of_pagerduty_is_answered_and_handled_at_once(world: World) -> None:
    told = {
        "routing_key": KEY,
        "event_action": "trigger",
        "payload": {"summary": "slow", "source": "db", "severity": "error"},
    }
    answer = world.get("/v2/enqueue", "POST", json.dumps(told), headers={"content-type": "application/json"})
    assert answer["statusCode"] == 202
    assert json.loads(answer["body"])["status"] == "success"
    assert [each.face.title for each in world.incidents()] == ["slow"]
    world.run()
    assert len(world.pages(world.ada)) == 1


def test_a_key_in_a_path_comes_in_and_a_wrong_one_does_not(world: World) -> None:
    assert world.get(f"/v1/in/{KEY}/form", "POST", ALERT)["statusCode"] == 202
    assert world.get("/v1/in/another", "POST", ALERT)["statusCode"] == 403
    assert len(world.incidents()) == 1


def test_what_could_not_be_stored_is_503(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.get("/healthz")

    def away(*_: object) -> None:
        raise StoreUnavailableError("away")

    monkeypatch.setattr(world.table.inner, "accept", away)
    answer = world.get(f"/v1/in/{KEY}/form", "POST", ALERT)
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "5")


def test_what_could_not_be_handled_is_left_to_the_sweep(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.get("/healthz")

    def away(*_: object) -> None:
        raise StoreUnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(world.table.inner, "commit", away)
        assert world.get(f"/v1/in/{KEY}/form", "POST", ALERT)["statusCode"] == 202
    assert not world.incidents()
    world.pass_time(61)
    assert len(world.incidents()) == 1


def test_a_person_signs_in_and_acknowledges_in_the_console(world: World) -> None:
    world.gateway(ALERT)
    world.run()
    cookies = signed_in(world)
    page = world.get("/", cookies=cookies)
    assert page["statusCode"] == 200
    assert "the queue is long" in page["body"]
    assert world.get("/")["statusCode"] in {303, 401}
    (row,) = world.table.inner.listing("incident", live_only=True, limit=9)
    shown = world.get(f"/incidents/{row.id}", cookies=cookies)
    assert "the queue is long" in shown["body"]


def test_a_workflow_is_shown_here_and_started_at_step_functions(tmp_path: Path) -> None:
    chore = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    (tmp_path / "chore.asl.json").write_text(json.dumps(chore), encoding="utf-8")
    with FakeSlack() as slack:
        world = World(slack, f"workflows: {{chore: {tmp_path / 'chore.asl.json'}}}\n")
        cookies = signed_in(world)
        page = world.get("/workflows/chore", cookies=cookies)
        assert page["statusCode"] == 200
        (csrf,) = set(re.findall(r'name="csrf" value="([^"]+)"', page["body"]))
        form = {"content-type": "application/x-www-form-urlencoded", "origin": URL}
        answer = world.get("/workflows/chore", "POST", urlencode({"csrf": csrf}), headers=form, cookies=cookies)
        assert answer["statusCode"] == 400
        assert "chore runs at Step Functions" in answer["body"]
        assert "eu-west-1.console.aws.amazon.com/states/home" in answer["body"]
        assert not world.table.inner.listing("execution", live_only=False, limit=9)
        answer = world.get("/workflows/none", "POST", urlencode({"csrf": csrf}), headers=form, cookies=cookies)
        assert answer["statusCode"] == 404
        world.running.forget()


def test_the_live_stream_ends_at_once_and_the_browser_opens_it_again(world: World) -> None:
    answer = world.get("/events", cookies=signed_in(world))
    assert answer["statusCode"] == 200
    assert answer["headers"]["content-type"].startswith("text/event-stream")
    assert answer["body"].startswith("retry: ")


def test_pictures_come_whole(world: World) -> None:
    cookies = signed_in(world)
    page = world.get("/", cookies=cookies)["body"]
    icon = next(
        part.split('"')[0] for part in page.split('href="') if ".png" in part or ".svg" in part or ".css" in part
    )
    assert world.get(icon, cookies=cookies)["statusCode"] == 200


# ── The adapter ──────────────────────────────────────────────────────────────────────────────────────────────────────
Send = Callable[[MutableMapping[str, Any]], Any]


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


def event(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - of an event.
    return {"requestContext": {"http": {"method": "get", "path": "/x", "sourceIp": "203.0.113.7"}}, **changes}


def answered(loop: asyncio.AbstractEventLoop, told: dict[str, Any], *messages: dict[str, Any]) -> dict[str, Any]:
    """What an application that says *messages* makes of an event; the scope is in `told["scope"]`."""

    async def application(scope: Any, receive: Any, send: Send) -> None:  # noqa: ANN401 - as ASGI has them.
        told["scope"] = scope
        told["read"] = await receive()
        for message in messages:
            await send(message)
        if messages:
            told["end"] = (await receive())["type"]

    return Gateway(application, loop).answer(told)


def start(*headers: tuple[bytes, bytes], status: int = 200) -> dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": headers}


def body(raw: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.response.body", "body": raw, "more_body": more}


def test_a_request_is_as_it_came(loop: asyncio.AbstractEventLoop) -> None:
    told = event(
        rawPath="/v2/alerts/a%2Fb c",
        rawQueryString="a=1&a=2",
        headers={"Host": "x.example.com:443", "X-Api-Key": "ké", "cookie": "old=1"},
        cookies=["a=1", "b=2"],
        body=base64.b64encode(b"\x00\xff").decode(),
        isBase64Encoded=True,
    )
    answered(loop, told, start(), body(b""))
    scope = told["scope"]
    assert (scope["method"], scope["path"], scope["raw_path"]) == ("GET", "/v2/alerts/a/b c", b"/v2/alerts/a%2Fb%20c")
    assert scope["query_string"] == b"a=1&a=2"
    assert scope["headers"] == [
        (b"host", b"x.example.com:443"),
        (b"x-api-key", "ké".encode()),
        (b"cookie", b"a=1; b=2"),
    ]
    assert (scope["client"], scope["server"], scope["scheme"]) == (("203.0.113.7", 0), ("x.example.com", 443), "https")
    assert told["read"]["body"] == b"\x00\xff"
    assert told["end"] == "http.disconnect"


def test_base64_that_is_none_is_text(loop: asyncio.AbstractEventLoop) -> None:
    told = event(body="a", isBase64Encoded=True)
    answered(loop, told, start(), body(b""))
    assert told["read"]["body"] == b"a"


def test_an_answer_in_parts_is_whole(loop: asyncio.AbstractEventLoop) -> None:
    headers = ((b"Content-Type", b"text/plain"), (b"set-cookie", b"a=1"), (b"Set-Cookie", b"b=2"), (b"vary", b"a"))
    answer = answered(loop, event(), start(*headers, (b"vary", b"b")), body(b"a", more=True), body(b"b"))
    assert answer == {
        "statusCode": 200,
        "headers": {"content-type": "text/plain", "vary": "a, b"},
        "cookies": ["a=1", "b=2"],
        "body": "ab",
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize(
    ("headers", "raw"),
    [
        ([(b"content-type", b"image/png")], b"\x89PNG"),
        ([(b"content-type", b"text/plain"), (b"content-encoding", b"gzip")], b"x"),
        ([(b"content-type", b"text/plain; charset=latin-1")], b"\xe9"),
    ],
)
def test_bytes_are_written_in_base64(
    loop: asyncio.AbstractEventLoop, headers: list[tuple[bytes, bytes]], raw: bytes
) -> None:
    answer = answered(loop, event(), start(*headers), body(raw))
    assert answer["isBase64Encoded"]
    assert base64.b64decode(answer["body"]) == raw


def test_an_answer_that_is_too_large_is_an_error(loop: asyncio.AbstractEventLoop) -> None:
    assert answered(loop, event(), start(), body(b"x" * (ANSWER_BYTES_MAX + 1)))["statusCode"] == 500


def test_what_breaks_before_the_answer_is_raised(loop: asyncio.AbstractEventLoop) -> None:
    async def application(*_: object) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        Gateway(application, loop).answer(event())


def test_what_breaks_within_the_answer_ends_it(loop: asyncio.AbstractEventLoop) -> None:
    async def application(scope: object, receive: object, send: Send) -> None:
        del scope, receive
        await send(start(status=201))
        await send(body(b"a", more=True))
        raise LookupError

    assert Gateway(application, loop).answer(event())["statusCode"] == 201
