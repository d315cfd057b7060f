"""Our OpenAPI document against the running server: nothing is answered that it does not tell, and never 5xx."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.wiring.serving import serving
from tocsin.web.openapi.opsgenie import PREFIXES
from tocsin.web.openapi.surfaces import SURFACES, openapi
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.tokens import API, FEED, make_token

KEY = "test-key-0123456789"
CONFIG = f"""
slack: {{bot_token: test-token, signing_secret: test-secret}}
integrations: {{default: {{key: {KEY}}}}}
responders: {{ada: , bo: }}
schedules: {{ops: {{layers: [{{responders: [ada, bo], start: 2026-01-05, rotate: daily}}]}}}}
"""
HELD: Any = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ALSO = PREFIXES[1:]  # The same handler at other places; a test below sees that they answer.
ENDLESS = "/events"  # A stream has no end to wait for; it has tests of its own.

Case: TypeAlias = "schemathesis.Case[Any]"

schema = schemathesis.openapi.from_dict(openapi("http://127.0.0.1"))


class Client:
    """A browser that is signed in, and knows the key."""

    def __init__(self, runtime: Embedded) -> None:
        self.url = runtime.url
        self.session = requests.Session()
        self.session.trust_env = False
        link = urlsplit(runtime.signin_url())
        self.session.post(f"{self.url}{link.path}", data={}, headers={"origin": self.url}, timeout=30)
        page = self.session.get(f"{self.url}/keys", timeout=30).text
        self.token = make_token(runtime.store, API, "responder:ada", 0, "ada")
        self.secret = make_token(runtime.store, FEED, "schedule:ops", 0, "ada")
        [self.csrf] = set(re.findall(r'name="csrf" value="([^"]+)"', page))


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with ExitStack() as stack:
        db: Path = tmp_path_factory.mktemp("openapi") / "tocsin.db"
        runtime, _ = stack.enter_context(serving(db, CONFIG))
        yield Client(runtime)


def test_the_document_is_served(client: Client) -> None:
    told: Any = requests.get(f"{client.url}/openapi.json", timeout=30).json()
    assert told == openapi(client.url)
    assert len(told["paths"]) >= 20


def test_no_operation_is_told_twice() -> None:
    told = [(each.method, each.path) for surface in SURFACES for each in surface.operations]
    assert len(told) == len(set(told))


@pytest.mark.parametrize("known", [True, False], ids=["with-the-key", "with-any-key"])
@schema.parametrize()
@settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_nothing_undocumented_is_answered(case: Case, known: bool, client: Client) -> None:
    if case.path == ENDLESS or case.path.startswith(ALSO):
        return
    if known:
        _make_right(case, client)
    response = case.call(base_url=client.url, session=client.session, allow_redirects=False, timeout=30)
    case.validate_response(response, checks=HELD)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_opsgenies_api_answers_wherever_its_clients_look(client: Client, prefix: str) -> None:
    headers = {"authorization": f"GenieKey {KEY}"}
    assert requests.get(f"{client.url}{prefix}/v2/alerts/count", headers=headers, timeout=30).status_code == 200


def _make_right(case: Case, client: Client) -> None:
    """With the right key and token, so that requests get further than the door."""
    if "key" in (case.path_parameters or {}):
        case.path_parameters["key"] = KEY
    if "GenieKey" in str(case.operation.definition.raw):
        case.headers["authorization"] = f"GenieKey {KEY}"
    if case.path.startswith("/api/v1/"):
        case.headers["authorization"] = f"Bearer {client.token}"
    if case.path.endswith("/next"):
        case.query = {"wait": 0}  # It would wait as long as that.
    if "secret" in (case.path_parameters or {}):
        case.path_parameters["secret"] = client.secret
    if isinstance(case.body, dict):
        for name in {"routing_key", "service_key"} & case.body.keys():
            case.body[name] = KEY
        if case.media_type == "application/x-www-form-urlencoded":
            case.body["csrf"] = client.csrf
            case.headers["origin"] = client.url
