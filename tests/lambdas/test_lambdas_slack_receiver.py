"""The thin receiver of Slack: who is let in, what is stored, what Slack hears."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import subprocess
import sys
import urllib.parse
from collections.abc import Mapping
from typing import Any

import pytest

from tests.lambdas.world import QUEUE, Aws, Life
from tocsin.aws.calls import Calls
from tocsin.lambdas import slack
from tocsin.lambdas.messages import Own, read
from tocsin.slack import views

SECRET = "a-signing-secret-for-tests"
NOW = 1_795_000_000


class Taking:
    def __init__(self, **environ: str) -> None:
        self.aws = Aws(Life())
        given = {"TOCSIN_INBOX_URL": QUEUE, "SLACK_SIGNING_SECRET": SECRET, **environ}
        self.receiver = slack.Receiver(given, self.aws, now=lambda: NOW)

    def __call__(self, body: str, path: str = "/slack/events", **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - of an event.
        return self.receiver.take(event(body, path, **changes))

    def stored(self) -> list[Any]:
        return [read(each, NOW * 1000) for each in self.aws.queue]


def event(body: str, path: str, *, secret: str = SECRET, at: int = NOW, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - as above.
    mac = hmac.new(secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
    return {
        "rawPath": path,
        "headers": {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={mac}"},
        "requestContext": {"http": {"method": "POST"}},
        "body": body,
        **changes,
    }


def form(payload: dict[str, Any]) -> str:
    return "payload=" + urllib.parse.quote(json.dumps(payload))


def test_a_press_is_stored_before_it_is_acknowledged() -> None:
    taking = Taking()
    body = form({"type": "block_actions"})
    assert taking(body, "/slack/interactions") == {"statusCode": 200, "body": ""}
    (found,) = taking.stored()
    assert isinstance(found, Own)
    assert found.received.channel == "slack"
    assert found.received.body == body.encode()
    assert found.received.received_at == NOW * 1000


def test_what_could_not_be_stored_is_not_acknowledged() -> None:
    taking = Taking()
    taking.aws.trouble["SendMessage"] = "status 503"
    answer = taking(form({"type": "block_actions"}))
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "5")


def test_a_forged_request_is_refused_and_not_stored() -> None:
    taking = Taking()
    answer = taking.receiver.take(event("{}", "/slack/events", secret="another"))
    assert answer["statusCode"] == 403
    assert taking.receiver.take(event("{}", "/slack/events", headers={}))["statusCode"] == 403
    assert taking.receiver.take(event("{}", "/slack/events", at=NOW - 301))["statusCode"] == 403
    assert not taking.stored()


def test_without_a_secret_nobody_is_let_in() -> None:
    taking = Taking(SLACK_SIGNING_SECRET="")
    assert taking.receiver.take(event("{}", "/slack/events", secret=""))["statusCode"] == 403


def test_slack_verifies_the_address() -> None:
    taking = Taking()
    answer = taking(json.dumps({"type": "url_verification", "challenge": "c1"}))
    assert json.loads(answer["body"]) == {"challenge": "c1"}
    assert not taking.stored()


def test_a_replay_has_the_number_of_the_first() -> None:
    taking = Taking()
    for _ in range(2):
        taking(form({"type": "block_actions"}))
    first, second = (found.received.header("x-tocsin-once") for found in taking.stored())
    assert first == second


def test_slack_s_repetition_of_an_event_has_the_number_of_the_first() -> None:
    taking = Taking()
    body = json.dumps({"type": "event_callback", "event_id": "Ev1"})
    taking(body)
    taking.receiver.take(event(body, "/slack/events", at=NOW - 10))
    first, second = (found.received.header("x-tocsin-once") for found in taking.stored())
    assert first == second


def test_a_form_stays_open_until_its_outcome_is_there() -> None:
    answer = Taking()(form({"type": "view_submission"}), "/slack/interactions")
    view = json.loads(answer["body"])["view"]
    assert json.loads(answer["body"])["response_action"] == "update"
    drawn = views.working_view()
    drawn["blocks"][0]["text"]["text"] = view["blocks"][0]["text"]["text"]
    assert view == drawn


def test_a_body_in_base64_is_the_same() -> None:
    taking = Taking()
    body = form({"type": "block_actions"})
    told = event(body, "/slack/commands") | {"body": base64.b64encode(body.encode()).decode(), "isBase64Encoded": True}
    assert taking.receiver.take(told)["statusCode"] == 200
    assert taking.stored()[0].received.body == body.encode()


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"body": "!", "isBase64Encoded": True}, 413),
        ({"body": "x" * (slack.BODY_BYTES_MAX + 1)}, 413),
        ({"rawPath": "/slack/else"}, 404),
        ({"requestContext": {"http": {"method": "GET"}}}, 404),
    ],
)
def test_what_slack_never_sends_is_refused(changes: dict[str, Any], status: int) -> None:
    taking = Taking()
    assert taking.receiver.take(event("{}", "/slack/events") | changes)["statusCode"] == status
    assert not taking.stored()


@pytest.mark.parametrize("body", ["", "[]", "nothing", "payload=%7B", "payload=", "payload=1&payload=2", "[" * 9000])
def test_what_is_signed_is_stored_whatever_it_says(body: str) -> None:
    taking = Taking()
    assert taking(body)["statusCode"] == 200
    assert len(taking.stored()) == 1


def test_the_secret_comes_from_systems_manager_if_a_prefix_is_told() -> None:
    class Answers:
        def call(self, service: object, action: str, given: Mapping[str, Any]) -> dict[str, Any]:
            del service
            assert (action, given["Name"]) == ("GetParameter", "/tocsin/prod/SLACK_SIGNING_SECRET")
            return {"Parameter": {"Value": SECRET}}

    given = {"TOCSIN_INBOX_URL": QUEUE, "TOCSIN_SECRETS": "/tocsin/prod/"}
    receiver = slack.Receiver(given, Answers(), now=lambda: NOW)
    answer = receiver.take(event(json.dumps({"type": "url_verification", "challenge": "c"}), "/slack/events"))
    assert answer["statusCode"] == 200


def test_the_handler_makes_its_receiver_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_INBOX_URL", QUEUE)
    monkeypatch.setenv("SLACK_SIGNING_SECRET", SECRET)
    monkeypatch.setattr(slack, "_receiver", [])
    monkeypatch.setattr(slack, "set_up", lambda _: None)
    assert slack.handler({"body": "{}"}, None)["statusCode"] == 404
    (made,) = slack._receiver
    slack.handler({}, None)
    assert slack._receiver == [made]
    assert isinstance(made._calls, Calls)


def test_it_imports_next_to_nothing() -> None:
    code = "import sys, tocsin.lambdas.slack as s; print(sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    for name in ("boto3", "botocore", "msgspec", "slack_sdk", "starlette", "asyncio", "tocsin.engine", "tocsin.wiring"):
        assert f"'{name}'" not in loaded, name
