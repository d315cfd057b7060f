"""The fake Teams refuses what Teams refuses, and says so in the end."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tocsin.testing.fake_teams import FakeTeams
from tocsin.testing.fake_teams.adaptive_cards import problems
from tocsin.testing.fake_teams.records import JsonObject

HELLO = {"type": "message", "text": "hello"}
EXECUTE: JsonObject = {
    "type": "Action.Execute",
    "title": "Go",
    "verb": "go",
    "data": {},
    "fallback": {"type": "Action.Submit", "title": "Go", "data": {}},
}


def card(*body: Any, **more: Any) -> JsonObject:  # noqa: ANN401 - what is wrong is of any type.
    return {"type": "AdaptiveCard", "version": "1.5", "body": list(body)} | more


def choices(*found: JsonObject) -> JsonObject:
    return {"type": "Input.ChoiceSet", "id": "x", "label": "X", "choices": list(found)}


ONE = {"title": "1", "value": "1"}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ("text", "the card is no object"),
        (card(7), "no object"),
        (card({"type": "Video"}), "the type 'Video' does not belong there"),
        (card(EXECUTE), "the type 'Action.Execute' does not belong there"),
        (card({"type": "ActionSet", "actions": [{"type": "TextBlock", "text": "x"}]}), "does not belong there"),
        (card({"type": "TextBlock", "text": "x", "colour": "red"}), "unknown property 'colour' of TextBlock"),
        (card({"type": "TextBlock"}), "TextBlock needs 'text'"),
        (card({"type": "TextBlock", "text": "x", "size": "Huge"}), "'size' is 'Huge'"),
        (card({"type": "TextBlock", "text": "x", "wrap": 1}), "'wrap' must be of the type bool"),
        (
            card({"type": "Input.Text", "id": "x", "label": "X", "maxLength": True}),
            "'maxLength' must be of the type int",
        ),
        (card({"type": "FactSet", "facts": [{"title": "x", "value": ""}]}), "a fact is a title and a value"),
        (card(choices()), "0 choices"),
        (card(choices({"title": "x"})), "a choice is a title and a value"),
        (card(choices(ONE, ONE)), "two choices have one value"),
        (card({"type": "Input.Date", "id": "x", "label": "X", "value": "soon"}), "is no date"),
        (card({"type": "Input.Time", "id": "x", "label": "X", "value": "5"}), "is no time"),
        (card({"type": "Image", "url": "data:x", "altText": "x"}), "is no http address"),
        (card({"type": "Image", "url": "https://x/"}), "Image needs 'altText'"),
        (card(actions=[EXECUTE | {"title": "x" * 81}]), "more than 80 characters"),
        (card(actions=[{name: value for name, value in EXECUTE.items() if name != "fallback"}]), "need a fallback"),
        (card({"type": "ActionSet", "actions": [EXECUTE] * 7}), "more than 6 actions in sight"),
        (card({"type": "Input.Text", "id": "x", "label": "X"}, choices(ONE)), "the id 'x' stands twice"),
        (card(version="2.0"), "the version '2.0'"),
        (card(actions=[{"type": "Action.ShowCard", "title": "x", "card": 7}]), "no object"),
    ],
)
def test_a_card_with_a_fault_is_found_out(given: Any, wrong: str) -> None:  # noqa: ANN401 - of any type.
    assert wrong in "; ".join(problems(given))


def test_a_card_that_is_too_deep_is_found_out() -> None:
    inner: JsonObject = {"type": "TextBlock", "text": "x"}
    for _ in range(20):
        inner = {"type": "Container", "items": [inner]}
    assert any("too deep" in wrong for wrong in problems(card(inner)))


@pytest.fixture
def teams() -> Iterator[FakeTeams]:
    with FakeTeams() as fake:
        fake.add_channel("ops")
        fake._connector.tokens["test-token"] = 1e12
        yield fake


def call(teams: FakeTeams, method: str, path: str, body: Any, token: str = "test-token") -> tuple[int, str]:  # noqa: ANN401, S107 - JSON, invented.
    connection = http.client.HTTPConnection("127.0.0.1", teams._server.server_port, timeout=10)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connection.request(method, path, raw, headers)
    answer = connection.getresponse()
    found = answer.status, json.loads(answer.read()).get("error", {}).get("code", "")
    connection.close()
    return found


CONVERSATIONS = "/emea/v3/conversations"
CHANNEL = f"{CONVERSATIONS}/19:ops0000@thread.tacv2;messageid=1/activities"
KNOWN: JsonObject = {"tenantId": FakeTeams.tenant, "bot": {"id": f"28:{FakeTeams.app_id}"}, "isGroup": True}


@pytest.mark.parametrize(
    ("method", "path", "body", "answer"),
    [
        ("GET", "/other", b"", (404, "")),
        ("POST", CHANNEL, b"{", (400, "BadSyntax")),
        ("POST", CHANNEL, [], (400, "BadSyntax")),
        ("PUT", CHANNEL, HELLO, (404, "NotFound")),
        ("POST", f"{CONVERSATIONS}/a:nobody/activities", HELLO, (404, "ConversationNotFound")),
        ("POST", CHANNEL, HELLO | {"foo": 1}, (400, "BadSyntax")),
        ("POST", CHANNEL, {"type": "typing"}, (400, "BadSyntax")),
        ("POST", CHANNEL, {"type": "message"}, (400, "BadSyntax")),
        ("POST", CHANNEL, {"type": "message", "attachments": [{"content": {}}]}, (400, "BadSyntax")),
        ("POST", CHANNEL, HELLO | {"text": "x" * 30_000}, (413, "MessageSizeTooBig")),
        ("POST", CONVERSATIONS, KNOWN | {"foo": 1}, (400, "BadSyntax")),
        ("POST", CONVERSATIONS, KNOWN | {"tenantId": "other"}, (400, "BadArgument")),
        ("POST", CONVERSATIONS, KNOWN, (403, "BotNotInConversationRoster")),
        ("POST", CONVERSATIONS, KNOWN | {"isGroup": False}, (403, "ForbiddenOperationException")),
    ],
)
def test_a_call_with_a_fault_is_refused(
    teams: FakeTeams, method: str, path: str, body: object, answer: tuple[int, str]
) -> None:
    assert call(teams, method, path, body) == answer


def test_an_update_bears_its_id(teams: FakeTeams) -> None:
    assert call(teams, "POST", CHANNEL, HELLO)[0] == 201
    number = teams.messages("19:ops0000@thread.tacv2")[0].id
    assert call(teams, "PUT", f"{CHANNEL}/{number}", HELLO) == (400, "BadArgument")
    assert call(teams, "PUT", f"{CHANNEL}/{number}", HELLO | {"id": number, "x": 1}) == (400, "BadSyntax")
    with pytest.raises(AssertionError, match="an update bears the id"):
        teams.assert_clean()


def test_who_writes_too_fast_is_limited(teams: FakeTeams) -> None:
    answers = [call(teams, "POST", CHANNEL, HELLO)[0] for _ in range(9)]
    assert answers[:7] == [201] * 7
    assert 429 in answers
    with pytest.raises(AssertionError, match="more than"):
        teams.assert_clean()


def test_without_a_token_nothing_is_taken_and_where_the_app_was_removed_neither(teams: FakeTeams) -> None:
    assert call(teams, "POST", CHANNEL, HELLO, token="other")[0] == 401
    teams.remove("19:ops0000@thread.tacv2;messageid=1")
    assert call(teams, "POST", CHANNEL, HELLO) == (403, "BotNotInConversationRoster")
