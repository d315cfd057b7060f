"""Opsgenie's API over HTTP: whose key it is, the shapes of errors, what clients retry, and numbers of requests."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import pytest
from starlette.applications import Starlette

from tocsin.engine.ports import Handled, Received
from tocsin.engine.runner import Addressed, Runner
from tocsin.errors import StoreUnavailableError
from tocsin.heartbeats.inputs import Pinged
from tocsin.heartbeats.ping import Ping
from tocsin.incidents.alerts import Alert, AlertStatus, Plan
from tocsin.incidents.inputs import Acknowledged, AlertReceived, Invited, Noted
from tocsin.incidents.policy import Policy
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.testing.memory import MemoryStore
from tocsin.web import gate as gates
from tocsin.web.envelopes import Verdict
from tocsin.web.gate import Gate
from tocsin.web.senders import opsgenie
from tocsin.web.senders.opsgenie import opsgenie_routes
from tocsin.web.senders.request_numbers import RequestNumbers
from tocsin.wiring.addressing import heartbeat_key, incident_key
from tocsin.wiring.machines import machines

NOW = 1_795_000_000_000
URL = "https://bell.example"
KEY = {"authorization": "GenieKey test-key"}


class Intake:
    """`tocsin.web.ports.Intake` on a memory store, with trouble on demand."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.trouble = ""

    async def accept(self, received: Received) -> str:
        if self.trouble:
            raise StoreUnavailableError(self.trouble)
        return self.store.accept([received])[0]

    async def outcome(self, delivery_id: str, timeout: float) -> Sequence[Handled]:  # noqa: ASYNC109 - the port's.
        del delivery_id, timeout
        return ()


class Away:
    """A store that cannot be read."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever is asked of it.
        raise StoreUnavailableError("the disk is away")


class Api:
    """The routes, and a way to ask them."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.intake = Intake(self.store)
        self.refused: list[str] = []
        self.reads: Any = self.store

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] = KEY
    ) -> tuple[int, dict[str, Json], dict[str, str]]:
        """Status, document and headers of the answer."""
        known = {"test-key": "prod", "other-key": "other"}
        gate = Gate(self.intake, lambda: NOW, known.get, self.refused.append, check_sns=lambda *_: Verdict(200))
        routes = opsgenie_routes(
            gate, self.reads, secret=b"s", incident_key=incident_key, heartbeat_key=heartbeat_key, public_url=URL
        )
        return asyncio.run(asked(Starlette(routes=routes), method, path, body, headers))

    def begin(self, alias: str, integration: str = "prod", name: str = "5-a") -> None:
        """An incident."""
        alert = Alert(status=AlertStatus.FIRING, title=alias, dedup_key=alias, source="opsgenie")
        given = AlertReceived(alert, Plan(team="ops", policy=Policy(name="p", steps=(), everyone=())), integration)
        self.handle(given, "incident", incident_key(integration, alias), name)

    def handle(self, given: object, machine: str, key: str, name: str) -> None:
        item = Addressed(input_id=f"{name}/0", machine=machine, given=given, keys=(key,), fresh=name)
        Runner(self.store, machines()).handle([item], NOW)


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setattr(opsgenie, "WAITS_MAX", 2)
    return Api()


async def asked(
    app: Starlette, method: str, path: str, body: bytes, headers: Mapping[str, str]
) -> tuple[int, dict[str, Json], dict[str, str]]:
    quoted, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": quoted.replace("%2F", "/"),
        "raw_path": quoted.encode(),
        "query_string": query.encode("latin-1"),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "server": ("x", 80),
        "scheme": "http",
    }
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    told = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], json.decode(told), {name.decode(): value.decode() for name, value in sent[0]["headers"]}


CREATE = b'{"message": "m"}'


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "GenieKey guessed"}, {"authorization": "Basic test-key"}, {"authorization": "GenieKey "}],
)
def test_an_unknown_key_is_refused_and_counted(api: Api, headers: dict[str, str]) -> None:
    status, document, _ = api.ask("POST", "/v2/alerts", CREATE, headers)
    assert (status, document["message"]) == (401, "Could not authenticate")
    assert api.refused == ["key"]
    assert api.store.backlog(1) == []


@pytest.mark.parametrize("prefix", ["", "/opsgenie", "/jsm/ops/integration"])
def test_a_write_is_stored_before_it_is_answered_whatever_its_prefix(api: Api, prefix: str) -> None:
    path = f"{prefix}/v2/alerts/a%2Fb/close?api%4Bey=test-key&identifierType=alias"
    status, document, headers = api.ask("POST", path, b"{}", {"x-tocsin-path": "/forged", "x-custom": "kept"})
    assert (status, document["result"]) == (202, "Request will be processed")
    assert headers["x-request-id"] == document["requestId"]
    assert float(headers["x-response-time"]) == document["took"]
    [stored] = api.store.backlog(10)
    assert (stored.channel, stored.key, stored.body) == ("opsgenie", "prod", b"{}")
    assert stored.head == (
        b"x-tocsin-method: POST\nx-tocsin-path: /alerts/a%2Fb/close?identifierType=alias\nx-custom: kept"
    )


def test_an_own_alert_is_noted_by_its_id_and_no_other(api: Api) -> None:
    api.begin("mine", "prod", "5-a")
    api.begin("theirs", "other", "6-a")
    api.handle(Pinged(integration="prod", ping=Ping(name="b")), "heartbeat", heartbeat_key("prod", "b"), "7-h0")
    for name in ("5-a", "6-a", "7-h0", "8-a"):
        assert api.ask("POST", f"/v2/alerts/{name}/close")[0] == 202
    assert [found.header("x-tocsin-incident") for found in api.store.backlog(9)] == ["5-a", None, None, None]


def test_an_alert_of_another_integration_is_not_seen(api: Api) -> None:
    api.begin("mine", "prod", "5-a")
    api.begin("theirs", "other", "6-a")
    assert api.ask("GET", "/v2/alerts/5-a")[0] == 200
    for path in ("/v2/alerts/6-a", "/v2/alerts/theirs?identifierType=alias", "/v2/alerts/6-a/notes"):
        assert api.ask("GET", path)[0] == 404
    assert [each["id"] for each in api.ask("GET", "/v2/alerts")[1]["data"]] == ["5-a"]
    assert api.ask("GET", "/v2/alerts/count")[1]["data"] == {"count": 1}


# ── What clients retry ───────────────────────────────────────────────────────────────────────────────────────────────
# Opsgenie's clients and Alertmanager come again after 429 and 5xx, and give a request up after any other 4xx.
RETRIED = [
    ("POST", "/v2/alerts", CREATE),
    ("POST", "/opsgenie/v2/alerts", CREATE),
    ("POST", "/jsm/ops/integration/v2/alerts", CREATE),
    ("POST", "/v2/alerts/x/close?identifierType=alias", b"{}"),
    ("PUT", "/v2/alerts/x/message?identifierType=alias", CREATE),
    ("DELETE", "/v2/alerts/x?identifierType=alias", b""),
    ("GET", "/v2/heartbeats/x/ping", b""),
    ("POST", "/v2/heartbeats", b'{"name": "x", "interval": 1, "intervalUnit": "days"}'),
]
READ = [
    ("POST", "/v2/alerts/5-a/close", b"{}"),
    ("GET", "/v2/alerts", b""),
    ("GET", "/v2/alerts/count", b""),
    ("GET", "/v2/alerts/5-a", b""),
    ("GET", "/v2/heartbeats", b""),
    ("DELETE", "/v2/heartbeats/x", b""),
]


@pytest.mark.parametrize(("method", "path", "body"), RETRIED)
def test_own_trouble_is_told_with_a_code_that_is_retried(api: Api, method: str, path: str, body: bytes) -> None:
    api.intake.trouble = "the disk is full"
    status, document, headers = api.ask(method, path, body)
    assert (status, headers["retry-after"]) == (503, "5")
    assert "the disk is full" in document["message"]
    api.intake.trouble = ""
    assert api.ask(method, path, body)[0] in {201, 202}


@pytest.mark.parametrize(("method", "path", "body"), READ)
def test_a_store_that_cannot_be_read_is_told_with_a_code_that_is_retried(
    api: Api, method: str, path: str, body: bytes
) -> None:
    api.reads = Away()
    status, document, headers = api.ask(method, path, body)
    assert (status, headers["retry-after"]) == (503, "5")
    assert "the disk is away" in document["message"]
    assert api.store.backlog(1) == []


GIVEN_UP = [
    ("POST", "/v2/alerts", b"{", 400),
    ("POST", "/v2/alerts", b"{}", 422),
    ("GET", "/v2/alerts?query=colour:red", b"", 422),
    ("GET", "/v2/alerts/count?query=(", b"", 422),
    ("GET", "/v2/alerts/nothing", b"", 404),
    ("GET", "/v2/alerts/requests/nothing", b"", 404),
    ("GET", f"/v2/alerts/requests/{uuid.UUID(int=1)}", b"", 404),
    ("GET", f"/v2/alerts/requests/{uuid.UUID(int=2**128 - 1)}", b"", 404),
    ("PATCH", "/v2/alerts/x", b"", 405),
    ("GET", "/v2/alerts/x/attachments", b"", 404),
    ("GET", "/opsgenie/v2/teams", b"", 404),
    ("GET", "/opsgenie/v2/alertsx", b"", 404),
    ("GET", "/v2/heartbeats/nothing", b"", 404),
    ("PATCH", "/v2/heartbeats/nothing", b"{}", 404),
    ("POST", "/v2/heartbeats", b"[]", 400),
    ("POST", "/v2/heartbeats/x/shout", b"", 404),
]


@pytest.mark.parametrize(("method", "path", "body", "expected"), GIVEN_UP)
def test_what_can_never_succeed_is_told_in_opsgenies_shape(
    api: Api, method: str, path: str, body: bytes, expected: int
) -> None:
    status, document, headers = api.ask(method, path, body)
    assert status == expected
    assert document["message"]
    assert document["requestId"] == headers["x-request-id"]
    assert ("errors" in document) == (status == 422)
    assert api.store.backlog(1) == []


def test_a_body_that_is_too_large_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "BODY_BYTES_MAX", 10)
    status, document, _ = api.ask("POST", "/v2/alerts", CREATE)
    assert (status, bool(document["message"])) == (413, True)


@pytest.mark.parametrize(
    "path", ["/v2/alerts?query=na\xc3\xafve", "/v2/alerts?query=\xff", "/v2/alerts/%ff%00?\xff=%ff"]
)
def test_bytes_that_are_no_text_do_no_harm(api: Api, path: str) -> None:
    assert api.ask("GET", path)[0] in {200, 404}


# ── Waiting ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_request_that_waits_is_not_found_yet_and_its_number_is_nobody_elses(api: Api) -> None:
    number = api.ask("POST", "/v2/alerts", CREATE)[1]["requestId"]
    status, document, _ = api.ask("GET", f"/v2/alerts/requests/{number}")
    assert (status, document["message"]) == (404, "Request not found. It might not be processed, yet.")
    api.store.settle({"1": "no such incident"})
    status, document, _ = api.ask("GET", f"/v2/alerts/requests/{number}")
    assert (status, document["data"]["isSuccess"], document["data"]["status"]) == (200, False, "Alert does not exist")
    assert api.ask("GET", f"/v2/alerts/requests/{number}", headers={"authorization": "GenieKey other-key"})[0] == 404


def test_a_request_that_was_handled_tells_what_came_of_it(api: Api) -> None:
    number = api.ask("POST", "/v2/alerts/mine/notes?identifierType=alias", b'{"note": "n"}')[1]["requestId"]
    api.begin("mine")
    note = Addressed(
        input_id="1/0", machine="incident", given=Noted(by="ada", text="n"), keys=(incident_key("prod", "mine"),)
    )
    Runner(api.store, machines()).handle([note], NOW + 5)
    api.store.settle({"1": ""})
    status, document, _ = api.ask("GET", f"/v2/alerts/requests/{number}")
    assert (status, document["data"]) == (
        200,
        {
            "success": True,
            "action": "AddNote",
            "processedAt": "2026-11-18T11:06:40.005Z",
            "integrationId": "prod",
            "isSuccess": True,
            "status": "Added note",
            "alertId": "5-a",
            "alias": "mine",
        },
    )


def test_a_ping_has_no_status_of_its_own(api: Api) -> None:
    number = api.ask("GET", "/v2/heartbeats/x/ping")[1]["requestId"]
    api.store.settle({"1": ""})
    assert api.ask("GET", f"/v2/alerts/requests/{number}")[0] == 404


def test_a_request_whose_delivery_is_none_of_opsgenies_is_not_found(api: Api) -> None:
    api.store.accept([Received(received_at=NOW, channel="in", key="prod", head=b"", body=b"{}")])
    api.store.settle({"1": ""})
    for delivery in ("1", "2"):
        number = RequestNumbers(b"s").number("prod", delivery)
        assert api.ask("GET", f"/v2/alerts/requests/{number}")[0] == 404


def test_who_was_asked_and_what_came_of_it(api: Api) -> None:
    api.begin("mine")
    key = incident_key("prod", "mine")
    invited = Invited(by="probe", receivers=("responder:ada", "responder:bo", "team:ops"))
    for number, given in enumerate((invited, Acknowledged("bo"), Invited(by="bo", receivers=("responder:cy",)))):
        api.handle(given, "incident", key, f"n{number}")
        people = api.ask("GET", "/v2/alerts/5-a/recipients")[1]["data"]
        told = {each["user"]["username"]: each["state"] for each in people}
        assert (
            told
            == [
                {"ada": "active", "bo": "active"},
                {"ada": "active", "bo": "action"},
                {"ada": "notactive", "bo": "notactive", "cy": "active"},
            ][number]
        )


def test_a_heartbeat_that_waits_is_told_as_it_will_be(api: Api) -> None:
    body = b'{"name": "x", "interval": 1, "intervalUnit": "days", "enabled": false}'
    status, document, _ = api.ask("POST", "/v2/heartbeats", body)
    assert (status, document["data"]) == (201, {"name": "x", "enabled": False, "expired": False})
    assert len(api.store.backlog(9)) == 1


def test_pages_have_addresses_without_the_key(api: Api) -> None:
    for number in range(3):
        api.begin(f"alert {number}", name=f"{number}-a")
    _, document, _ = api.ask("GET", "/opsgenie/v2/alerts?limit=2&query=status%3Aopen&apiKey=test-key&order=asc")
    base = f"{URL}/opsgenie/v2/alerts?query=status%3Aopen&offset="
    assert document["paging"] == {
        "first": f"{base}0&limit=2&sort=createdAt&order=asc",
        "next": f"{base}2&limit=2&sort=createdAt&order=asc",
        "last": f"{base}2&limit=2&sort=createdAt&order=asc",
    }
    _, document, _ = api.ask("GET", "/v2/alerts?limit=2&offset=2")
    assert list(document["paging"]) == ["first", "last"]


def test_notes_logs_and_recipients_are_read_from_the_timeline(api: Api) -> None:
    api.begin("mine")
    for number, text in enumerate(("first", "second")):
        api.handle(Noted(by="ada", text=text), "incident", incident_key("prod", "mine"), f"n{number}")
    notes = api.ask("GET", "/v2/alerts/mine/notes?identifierType=alias&limit=1")[1]
    assert [(note["note"], note["owner"]) for note in notes["data"]] == [("second", "ada")]
    logs = api.ask("GET", "/v2/alerts/5-a/logs?order=asc")[1]
    assert [log["log"] for log in logs["data"]] == ["opened; asked nobody", "ada: first", "ada: second"]
    assert api.ask("GET", "/v2/alerts/5-a/recipients")[1]["data"] == []


# ── Numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("delivery", ["1", "4096", "123456789012345678"])
def test_a_number_is_a_uuid_that_tells_its_delivery_to_its_integration(delivery: str) -> None:
    numbers = RequestNumbers(b"test-secret")
    number = numbers.number("prod", delivery)
    assert (uuid.UUID(number).version, uuid.UUID(number).variant) == (4, uuid.RFC_4122)
    assert numbers.delivery("prod", number) == delivery
    assert numbers.delivery("prod", number.upper()) == delivery
    assert numbers.delivery("other", number) is None
    assert RequestNumbers(b"another-secret").delivery("prod", number) is None


def test_no_bit_of_a_number_can_be_changed() -> None:
    numbers = RequestNumbers(b"test-secret")
    value = uuid.UUID(numbers.number("prod", "42")).int
    assert [numbers.delivery("prod", str(uuid.UUID(int=value ^ 1 << bit))) for bit in range(128)] == [None] * 128
    assert numbers.delivery("prod", "no number") is None
