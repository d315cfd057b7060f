"""Senders that sign, by the ways that the template has: to the queue without headers, or to the web function."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.lambdas.world import World
from tocsin import stack
from tocsin.testing.fake_slack import FakeSlack

SECRET = "a-secret-for-tests"
KEY = "a-key-of-github-for-tests"
RESOURCES: Any = stack.load()["Resources"]
PEER = "203.0.113.9"
BODY = json.dumps(
    {
        "action": "completed",
        "workflow_run": {
            "id": 7,
            "name": "build",
            "head_branch": "main",
            "status": "completed",
            "conclusion": "failure",
            "html_url": "https://github.com/o/r/actions/runs/7",
            "updated_at": "2026-11-27T10:00:00Z",
        },
        "repository": {"full_name": "o/r", "default_branch": "main"},
    }
)


class Front:
    """The HTTP API of the template in front of the functions."""

    def __init__(self, world: World) -> None:
        self._world = world

    def post(self, path: str, body: str, headers: Mapping[str, str]) -> int:
        """The status that the sender hears."""
        integration, found = self._route(f"POST {path}")
        if "IntegrationSubtype" not in integration:
            assert integration["IntegrationUri"] == {"Fn::GetAtt": ["WebFunction", "Arn"]}
            return int(self._world.get(path, "POST", body, headers=dict(headers))["statusCode"])
        known = {"request.body": body, "context.identity.sourceIp": PEER}
        known |= {f"request.path.{name}": value for name, value in found.items()}
        known |= {f"request.header.{name.lower()}": value for name, value in headers.items()}

        def value(text: str) -> str:
            return re.sub(r"\$\{([\w.-]+)\}|^\$([\w.-]+)$", lambda each: known.get(each[1] or each[2], ""), text)

        given = integration["RequestParameters"]
        attributes = json.loads(value(given["MessageAttributes"]))
        assert all(each["StringValue"] for each in attributes.values()), "SQS takes no empty value."
        told = {name: each["StringValue"] for name, each in attributes.items()}
        self._world.aws.send(value(given["MessageBody"]), **told)
        return int(integration["ResponseParameters"]["200"]["ResponseParameters"][0]["Source"])

    def _route(self, request: str) -> tuple[dict[str, Any], dict[str, str]]:
        for name in ("InRoute", "SlackRoute", "WebRoute"):
            route = RESOURCES[name]["Properties"]
            pattern = re.sub(r"\{(\w+)\+\}", r"(?P<\1>.+)", re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route["RouteKey"]))
            found = re.fullmatch(pattern, request)
            if found or route["RouteKey"] == "$default":
                target = re.search(r"\$\{(\w+)\}", route["Target"]["Fn::Sub"])
                assert target is not None
                return RESOURCES[target[1]]["Properties"], found.groupdict() if found else {}
        raise AssertionError(request)


@pytest.fixture
def signed() -> Iterator[World]:
    with FakeSlack() as slack:
        more = f"  github: {{key: {KEY}, signature: {{kind: github, secret: {SECRET}}}}}\n"
        world = World(slack, integrations=more)
        yield world
        world.running.forget()


def headers(body: str = BODY, secret: str = SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    return {
        "content-type": "application/json",
        "x-github-event": "workflow_run",
        "x-hub-signature-256": f"sha256={digest}",
    }


@pytest.mark.parametrize("path", [f"/v1/in/{KEY}/github", "/v1/in"])
def test_what_is_signed_is_taken_and_handled(path: str, signed: World) -> None:
    more = {} if KEY in path else {"x-api-key": KEY}
    assert Front(signed).post(path, BODY, headers() | more) == 202
    signed.run()
    (incident,) = signed.incidents()
    assert "build" in incident.face.title
    assert len(signed.pages(signed.ada)) == 1


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (headers(secret="another-secret-for-tests"), 403),
        (headers(BODY + " "), 403),
        ({"x-github-event": "workflow_run"}, 401),
        ({"x-hub-signature-256": ""}, 403),
    ],
)
def test_what_is_forged_is_refused_and_not_stored(given: dict[str, str], status: int, signed: World) -> None:
    assert Front(signed).post(f"/v1/in/{KEY}/github", BODY, given) == status
    signed.run()
    assert not signed.incidents()
    assert not signed.table.inner.deliveries(9)


def test_past_the_function_nothing_signed_comes_in_and_people_hear_where_it_should_go(signed: World) -> None:
    """The gateway hands no header to the queue, so a signature cannot be seen there, whoever sends it."""
    for given in (headers(), headers(secret="another-secret-for-tests")):
        assert Front(signed).post(f"/v1/in/{KEY}", BODY, given) == 202
    signed.run()
    (incident,) = signed.incidents()
    assert incident.count == 2
    assert "was refused" in incident.face.title
    assert "/v1/in/KEY/FORM" in incident.face.description
    assert not [each for each in signed.incidents() if "build" in each.face.title]


def test_the_queue_hears_who_has_sent_it_and_nothing_that_a_sender_writes_into_headers(signed: World) -> None:
    hostile = {"x-forwarded-for": '198.51.100.1","StringValue":"x', "peer": "198.51.100.1", "channel": "console"}
    Front(signed).post("/v1/in/an-integration-key-for-tests", '{"title": "x"}', hostile)
    (record,) = signed.aws.queue
    told = {name: each["stringValue"] for name, each in record["messageAttributes"].items()}
    assert told == {"key": "an-integration-key-for-tests", "channel": "in", "peer": PEER}
