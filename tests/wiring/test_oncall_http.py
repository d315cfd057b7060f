"""Calendars and the API of the running server, end to end over HTTP."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import icalendar
import pytest

from tests.wiring.serving import ask, serving
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import DAY, HOUR, Instant, format_instant
from tocsin.web import api
from tocsin.wiring import oncall_book
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.outside import Outside
from tocsin.wiring.tokens import API, FEED, make_token, revoke_tokens

NOW: Instant = 1_800_000_000_000  # 2027-01-15T08:00Z, a Friday.
CONFIG = """
responders: {ada: , bo: , cy: }
schedules: {ops: {layers: [{responders: [ada, bo], start: 2027-01-04 08:00, rotate: daily}]}}
teams: {ops: {members: [ada, bo]}}
policies: {default: {steps: [{ask: "schedule:ops"}]}}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    db: Path = tmp_path_factory.mktemp("oncall") / "tocsin.db"
    with serving(db, CONFIG, Outside(clock=lambda: NOW)) as (runtime, _):
        yield runtime


@pytest.fixture
def server(running: Embedded) -> Embedded:
    """The same server, with nothing agreed on."""
    for kind in ("override", "swap", FEED, API):
        for name in list(running.store.records(kind)):
            running.store.take_record(kind, name)
    return running


class Caller:
    """A program of one responder."""

    def __init__(self, server: Embedded, who: str) -> None:
        self.url = f"{server.url}/api/v1"
        self.token = make_token(server.store, API, f"responder:{who}", NOW, who)

    def say(self, method: str, path: str, document: object = None) -> tuple[int, Any]:
        """The status, and the document that is answered."""
        body = None if document is None else json.dumps(document).encode()
        headers = {"authorization": f"Bearer {self.token}"}
        status, answer, _ = ask(self.url + path, body, headers, method)
        return status, json.loads(answer) if answer else None


@pytest.fixture
def ada(server: Embedded) -> Caller:
    return Caller(server, "ada")


@pytest.fixture
def bo(server: Embedded) -> Caller:
    return Caller(server, "bo")


def feed(server: Embedded, subject: str) -> str:
    return f"{server.url}/calendars/{make_token(server.store, FEED, subject, NOW, 'ada')}.ics"


def events(body: bytes) -> list[tuple[str, str, Any]]:
    read: Any = icalendar.Calendar.from_ical(body)
    return [(str(event["uid"]), str(event["summary"]), event["dtstart"].dt) for event in read.walk("VEVENT")]


def test_a_calendar_can_be_subscribed_to(server: Embedded) -> None:
    status, body, headers = ask(feed(server, "schedule:ops"))
    assert (status, headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    assert headers["cache-control"] == "private, no-cache"
    found = events(body)
    assert {summary for _, summary, _ in found} == {"ada is on call: ops", "bo is on call: ops"}
    assert len({uid for uid, _, _ in found}) == len(found)
    starts = [start.timestamp() * 1000 for _, _, start in found]
    # The schedule begins on the 4th of January; half a year ahead somebody is on call.
    assert max(starts) >= NOW + 182 * DAY
    mine = events(ask(feed(server, "responder:bo"))[1])
    assert {summary for _, summary, _ in mine} == {"bo is on call: ops"}
    assert {uid for uid, _, _ in mine} < {uid for uid, _, _ in found}  # They are the same events.


def test_an_event_stays_the_same_and_a_client_hears_of_what_changes(server: Embedded, ada: Caller) -> None:
    url = feed(server, "schedule:ops")
    _, body, headers = ask(url)
    tag = headers["etag"]
    assert tag.startswith('W/"')
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        status, rest, again = ask(url, headers={"if-none-match": known})
        assert (status, rest, again["etag"]) == (304, b"", tag)
    assert ask(url, headers={"if-none-match": 'W/"other"'})[0] == 200
    assert ask(url, method="HEAD")[0] == 200
    ada.say("POST", "/overrides", {"schedule": "ops", "who": "cy", "until": "2h"})
    status, changed, headers = ask(url, headers={"if-none-match": tag})
    assert status == 200
    assert headers["etag"] != tag
    before, after = {uid for uid, _, _ in events(body)}, {uid for uid, _, _ in events(changed)}
    assert len(before - after) <= 1  # The shift that the override cuts, if it begins later now.
    assert "cy is on call: ops" in {summary for _, summary, _ in events(changed)}


def test_an_unknown_secret_tells_nothing(server: Embedded) -> None:
    url = feed(server, "schedule:ops")
    gone, elsewhere = feed(server, "schedule:ops"), feed(server, "schedule:other")
    revoke_tokens(server.store, FEED, "schedule:ops", gone.removesuffix(".ics")[-4:])
    told = []
    for address in (gone, elsewhere, f"{server.url}/calendars/x.ics", f"{server.url}/calendars/{'x' * 500}.ics"):
        status, body, headers = ask(address)
        headers.pop("date")
        told.append((status, body, headers))
    assert told[0][:2] == (404, b"There is no calendar here.\n")
    assert all(each == told[0] for each in told)
    assert ask(url)[0] == 200


def test_own_trouble_is_503(server: Embedded, ada: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    url = feed(server, "schedule:ops")

    def fail(*_: object) -> object:
        raise StoreUnavailableError("disk I/O error")

    monkeypatch.setattr(server.store, "record", fail)
    status, _, headers = ask(url)
    assert (status, headers["retry-after"]) == (503, "5")
    status, told = ada.say("GET", "/swaps")
    assert (status, told["code"]) == (503, "store-unavailable")


def test_a_program_reads_who_is_on_call(ada: Caller) -> None:
    status, told = ada.say("GET", "/schedules")
    assert status == 200
    [ops] = told["schedules"]
    assert (ops["schedule"], ops["now"]["who"], ops["next"]["who"]) == ("ops", "bo", "ada")
    status, told = ada.say("GET", "/schedules/ops?until=2d")
    assert (status, [shift["who"] for shift in told["shifts"]], told["gaps"]) == (200, ["bo", "ada"], [])
    status, told = ada.say("GET", "/schedules/ops?from=2027-01-01T00:00Z&until=2027-01-05T00:00Z")
    assert [gap["who"] for gap in told["gaps"]] == [None]
    assert ada.say("GET", "/schedules/ops?from=9999-12-30T23:00Z&until=400d")[0] == 200


def test_an_override_is_made_once_and_ended_once(ada: Caller, bo: Caller) -> None:
    wanted = {
        "id": "tonight",
        "schedule": "ops",
        "who": "cy",
        "start": format_instant(NOW),
        "until": "2027-01-15T14:00:00+02:00",
    }
    status, made = ada.say("POST", "/overrides", wanted)
    assert (status, made["by"], made["until"]) == (201, "ada", format_instant(NOW + 4 * HOUR))
    assert ada.say("POST", "/overrides", wanted) == (200, made)
    status, told = ada.say("POST", "/overrides", {**wanted, "who": "bo"})
    assert (status, told["code"]) == (409, "override-exists")
    status, told = bo.say("GET", "/schedules/ops")
    assert (told["shifts"][0]["who"], told["shifts"][0]["why"]) == ("cy", "override")
    assert [each["id"] for each in told["overrides"]] == ["tonight"]
    assert bo.say("DELETE", "/overrides/tonight") == (204, None)
    status, told = bo.say("DELETE", "/overrides/tonight")
    assert (status, told["code"]) == (404, "override-unknown")


def test_a_swap_is_answered_by_the_one_who_was_asked(server: Embedded, ada: Caller, bo: Caller) -> None:
    cy = Caller(server, "cy")
    wanted = {"id": "weekend", "schedule": "ops", "to": "bo", "until": format_instant(NOW + 2 * DAY)}
    wanted["start"] = format_instant(NOW)
    back = {"back_start": format_instant(NOW), "back_until": "2d"}
    status, made = ada.say("POST", "/swaps", wanted | back)
    assert (status, made["accepted"], made["back_until"]) == (201, False, format_instant(NOW + 2 * DAY))
    assert ada.say("POST", "/swaps", wanted | back) == (200, made)
    assert cy.say("POST", "/swaps/weekend/accept", {})[0] == 403
    assert ada.say("POST", "/swaps/weekend/decline", {})[0] == 403
    status, taken = bo.say("POST", "/swaps/weekend/accept", {})
    assert (status, taken["accepted"]) == (200, True)
    assert bo.say("POST", "/swaps/weekend/accept", {}) == (200, taken)
    assert bo.say("POST", "/swaps/weekend/decline", {})[0] == 409
    assert [each["id"] for each in ada.say("GET", "/swaps")[1]["swaps"]] == ["weekend"]
    assert cy.say("DELETE", "/swaps/weekend")[0] == 403
    assert ada.say("DELETE", "/swaps/weekend") == (204, None)
    assert ada.say("POST", "/swaps", wanted)[0] == 201
    assert bo.say("POST", "/swaps/weekend/decline", {}) == (204, None)
    assert bo.say("POST", "/swaps/weekend/decline", {})[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "document", "status", "code"),
    [
        ("GET", "/schedules/op", None, 404, "schedule-unknown"),
        ("GET", "/schedules/ops?from=soon", None, 400, "time-invalid"),
        ("GET", "/schedules/ops?until=500d", None, 400, "time-invalid"),
        ("POST", "/overrides", [], 400, "body-invalid"),
        (
            "POST",
            "/overrides",
            {"schedule": "ops", "who": "cy", "start": "9999-12-31T23:00Z", "until": "4h"},
            400,
            "time-invalid",
        ),
        ("POST", "/overrides", {"schedule": "ops", "who": "cy", "until": "1h", "more": 1}, 400, "body-invalid"),
        ("POST", "/overrides", {"schedule": "op", "who": "cy", "until": "1h"}, 404, "schedule-unknown"),
        ("POST", "/overrides", {"schedule": "ops", "who": "eve", "until": "1h"}, 404, "responder-unknown"),
        ("POST", "/overrides", {"schedule": "ops", "who": "cy", "until": "0s"}, 400, "time-invalid"),
        ("POST", "/overrides", {"schedule": "ops", "who": "cy", "until": "1h", "id": "a b"}, 400, "id-invalid"),
        ("POST", "/overrides", {"schedule": "ops", "who": "x" * 70_000, "until": "1h"}, 413, "body-invalid"),
        ("POST", "/swaps", {"schedule": "ops", "until": "1h"}, 400, "swap-empty"),
        ("POST", "/swaps", {"schedule": "ops", "until": "2d", "to": "ada"}, 400, "swap-self"),
        ("POST", "/swaps", {"schedule": "ops", "until": "2d", "back_start": "now"}, 400, "swap-incomplete"),
        ("POST", "/swaps", {"schedule": "ops", "start": "9999-12-31T23:59Z", "until": "now"}, 400, "time-invalid"),
        ("POST", "/swaps/x/accept", {}, 404, "swap-unknown"),
        ("DELETE", "/swaps/x", None, 404, "swap-unknown"),
    ],
)
def test_what_cannot_be_is_refused(  # noqa: PLR0917 - a row of the table.
    ada: Caller, method: str, path: str, document: object, status: int, code: str
) -> None:
    found, told = ada.say(method, path, document)
    assert (found, told["status"], told["code"]) == (status, "refused", code)


def test_a_body_that_is_too_large_for_the_server_is_refused_in_the_same_way(ada: Caller) -> None:
    status, told = ada.say("POST", "/overrides", {"schedule": "x" * (8 << 20)})
    assert (status, told["code"]) == (413, "body-invalid")


def test_nobody_keeps_an_answer(server: Embedded, ada: Caller) -> None:
    for headers in ({}, {"x-api-key": ada.token}):
        answered = ask(f"{server.url}/api/v1/schedules", headers=headers)[2]
        assert (answered["cache-control"], answered["x-content-type-options"]) == ("no-store", "nosniff")


def test_a_body_that_trickles_in_holds_no_connection(ada: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "READ_TIMEOUT_S", 0.05)
    address = urlsplit(ada.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
        connection.sendall(b"POST /api/v1/swaps HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "asked", ["from=9999-12-31T23:00:00Z", "from=1970-01-01T00:00:00Z&until=9d", "from=0001-01-01"]
)
def test_the_ends_of_all_calendars_are_no_trouble_of_ours(ada: Caller, asked: str) -> None:
    assert ada.say("GET", f"/schedules/ops?{asked}")[0] in {200, 400}


def test_a_program_gone_wrong_is_stopped(server: Embedded, ada: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oncall_book, "LIVE_MAX", 2)
    wanted = {"schedule": "ops", "who": "ada", "until": "4h"}
    assert [ada.say("POST", "/overrides", wanted)[0] for _ in range(2)] == [201, 201]
    status, told = ada.say("POST", "/overrides", wanted)
    assert (status, told["code"], len(server.store.records("override"))) == (400, "override-many", 2)
    assert [ada.say("POST", "/swaps", {"schedule": "ops", "until": "2d"})[0] for _ in range(3)] == [201, 201, 400]


def test_without_a_token_nothing_is_told(server: Embedded, ada: Caller) -> None:
    for headers in ({}, {"authorization": "Bearer test-token"}, {"authorization": "Basic eDp5"}):
        status, _, answered = ask(f"{server.url}/api/v1/schedules", headers=headers)
        assert (status, answered["www-authenticate"]) == (401, "Bearer")
    assert ask(f"{server.url}/api/v1/schedules?key={ada.token}")[0] == 401
    assert ask(f"{server.url}/api/v1/schedules", headers={"x-api-key": ada.token})[0] == 200
    # A browser remembers what it was once asked for, and sends it with the forms of foreign pages too.
    basic = base64.b64encode(f"ada:{ada.token}".encode()).decode()
    assert ask(f"{server.url}/api/v1/schedules", headers={"authorization": f"Basic {basic}"})[0] == 401
    assert ask(f"{server.url}/api/v1/schedules", headers={"authorization": f"bearer {ada.token}"})[0] == 200
    revoke_tokens(server.store, API, "responder:ada", ada.token[-4:])
    assert ada.say("GET", "/schedules")[0] == 401
