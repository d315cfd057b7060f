"""Reception: a valid key and, where the sender signs, a valid signature; then onto the disk, or 503."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.web import front
from tests.web.front import Front, post, read, wait_until
from tocsin.engine.ports import ONCE, Delivery
from tocsin.errors import StoreUnavailableError
from tocsin.sqlite.store import SqliteStore
from tocsin.sqlite.writer import GroupWriter
from tocsin.web import reception
from tocsin.web.envelopes import Verdict
from tocsin.web.gate import Gate, Knock, Rules
from tocsin.web.peers import networks
from tocsin.web.reception import Reception
from tocsin.web.signatures import Signature
from tocsin.wiring.changes import LoopIntake

NOW = 1_795_000_000_000
SNS = ("x-amz-sns-message-type: Notification",)
EVENT = {
    "routing_key": "good-key",
    "event_action": "trigger",
    "payload": {"summary": "s", "source": "x", "severity": "info"},
}


@dataclass
class Desk:
    """A reception on a real store; the test says what the check of signatures finds."""

    db: Path
    verdict: Verdict | Exception = field(default_factory=lambda: Verdict(200))
    checked: list[tuple[Mapping[str, str], bytes, str]] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    known: dict[str, str] | StoreUnavailableError = field(default_factory=lambda: {"good-key": "prod"})
    rules: dict[str, Rules] = field(default_factory=dict)
    knocks: list[Knock] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.store = SqliteStore(self.db)
        self.pool = ThreadPoolExecutor(1)

    def integration(self, key: str) -> str | None:
        if isinstance(self.known, StoreUnavailableError):
            raise self.known
        return self.known.get(key)

    def check(self, headers: Mapping[str, str], body: bytes, integration: str) -> Verdict:
        self.checked.append((headers, body, integration))
        if isinstance(self.verdict, Exception):
            raise self.verdict
        return self.verdict

    def count(self, accepted: int) -> None:
        self.accepted += accepted

    def refuse(self, why: str) -> None:
        self.refused[why] += 1

    def make(self, loop: Any) -> tuple[Reception, tuple[()]]:  # noqa: ANN401 - the loop.
        made = Reception(
            loop=loop,
            executor=self.pool,
            clock=lambda: NOW,
            gate=Gate(
                LoopIntake(loop, lambda received, answer: made.submit(received, answer)),  # noqa: PLW0108 - later.
                lambda: NOW,
                self.integration,
                self.refuse,
                check_sns=self.check,
                rules=self.rules,
                on_wrong_key=self.knocks.append,
            ),
            check_sns=self.check,
            new_key=lambda: "made-key",
            on_accepted=self.count,
            on_refused=self.refuse,
        )
        self.writer = GroupWriter(self.store, answer=made.answered)
        made.attach(self.writer)
        return made, ()

    def stored(self) -> list[Delivery]:
        return list(self.store.backlog(100))


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "tocsin.db")
    yield made
    made.store.close()


@pytest.fixture
def server(desk: Desk) -> Iterator[Front]:
    with front.front(desk.make) as running:
        yield running
    desk.writer.close()
    desk.pool.shutdown()


def said(whole: bytes) -> tuple[int, dict[str, str], Any]:
    """Status, headers and JSON of one response."""
    head, _, body = whole.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, json.loads(body)


def send(
    server: Front, body: bytes = b'{"title": "x"}', *headers: str, path: str = "/v1/in/good-key"
) -> tuple[int, dict[str, str], Any]:
    return said(server.exchange(post(body, path, "connection: close", *headers)))


def test_a_delivery_is_on_the_disk_under_the_number_that_its_sender_hears(server: Front, desk: Desk) -> None:
    status, headers, body = send(server, b'{"title": "x"}', "x-odd: 1")
    assert (status, headers["content-type"], body) == (202, "application/json", {"status": "accepted", "id": "1"})
    [found] = desk.stored()
    assert (found.id, found.channel, found.key, found.received_at) == ("1", "in", "prod", NOW)
    assert (found.head, found.body) == (b"x-odd: 1", b'{"title": "x"}')
    assert desk.accepted == 1


@pytest.mark.parametrize("path", ["/v1/in/good-key", "/v1/in/good-key/", "/v1/in/good-key?from=here"])
def test_a_key_opens_with_a_slash_or_a_query_behind_it(server: Front, path: str) -> None:
    assert [send(server, path=path)[0] for _ in range(2)] == [202, 202]


@pytest.mark.parametrize(
    "path",
    ["/v1/in/bad-key", "/v1/in/bad-key/github", "/v1/in/good-key/two/more", "/v1/in/good-key/-", "/v1/in/go%6Fd-key"],
)
def test_a_key_that_is_not_known_is_refused(server: Front, desk: Desk, path: str) -> None:
    status, _, body = send(server, path=path)
    assert status == 403
    assert body == {
        "status": "refused",
        "message": "this integration key is not known here; compare it with the console's list",
    }
    assert desk.refused == {"key": 1}
    assert desk.stored() == []


def test_only_so_many_paths_are_remembered(server: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception, "PLACES_MAX", 1)
    for path in ("/v1/in/good-key", "/v1/in/good-key/", "/v1/in/good-key//", "/v1/in/good-key//"):
        assert send(server, path=path)[0] == 202


def test_another_path_behind_the_door_is_not_found(server: Front) -> None:
    status, _, body = send(server, path="/v2/enqueue/more")
    assert (status, body["message"]) == (404, "there is nothing at this path; deliveries go to /v1/in/{key}")


@pytest.mark.parametrize(("name", "value"), [("DEPTH_MAX", 0), ("BYTES_MAX", 5)])
def test_too_much_that_waits_for_the_disk_is_sent_away_to_come_again(
    server: Front, desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str, value: int
) -> None:
    monkeypatch.setattr(reception, name, value)
    status, headers, body = send(server)
    assert (status, headers["retry-after"]) == (503, "5")
    assert body["message"] == "not stored, send it again: too many deliveries wait for the disk"
    assert desk.refused == {"overload": 1}
    assert desk.stored() == []
    monkeypatch.undo()
    assert send(server)[0] == 202


def test_trouble_with_the_store_is_503_for_each_and_over_when_it_is_over(
    server: Front, desk: Desk, tmp_path: Path
) -> None:
    away = desk.db.rename(tmp_path / "away.db")
    for count in (1, 2):
        status, headers, body = send(server)
        assert (status, headers["retry-after"]) == (503, "5")
        assert body["message"].startswith("not stored, send it again: ")
        assert desk.refused == {"store": count}
    with server.connect() as connection:
        connection.sendall(post(path="/v1/in/good-key") * 3)
        wait_until(lambda: desk.refused == {"store": 5})
        assert read(connection, b"}HTTP/1.1 503").startswith(b"HTTP/1.1 503 ")
    away.rename(desk.db)
    assert send(server)[0] == 202
    assert len(desk.stored()) == 1


def test_what_was_sent_by_who_did_not_wait_is_stored(server: Front, desk: Desk) -> None:
    for number in range(5):
        with server.connect() as connection:
            connection.sendall(post(b"%d" % number, "/v1/in/good-key"))
    wait_until(lambda: len(desk.stored()) == 5)
    assert sorted(delivery.body for delivery in desk.stored()) == [b"0", b"1", b"2", b"3", b"4"]


def test_a_signed_message_is_checked_and_answered_as_sns_expects(server: Front, desk: Desk) -> None:
    desk.verdict = Verdict(200, once="m-1")
    status, _, body = send(server, b"{}", *SNS, "x-odd: 1")
    assert (status, body["status"]) == (200, "accepted")
    [(headers, checked, integration)] = desk.checked
    assert (headers["x-amz-sns-message-type"], checked, integration) == ("Notification", b"{}", "prod")
    assert desk.stored()[0].header(ONCE) == "sns/m-1"
    assert desk.stored()[0].header("x-odd") == "1"


def test_a_signed_message_without_a_number_has_no_mark(server: Front, desk: Desk) -> None:
    assert send(server, b'{"SigningCertURL": ""}')[0] == 200
    assert desk.stored()[0].header(ONCE) is None


def test_raw_delivery_has_no_signature_to_check(server: Front, desk: Desk) -> None:
    assert send(server, b"raw", *SNS, "x-amz-sns-rawdelivery: true")[0] == 202
    assert desk.checked == []
    assert send(server, b'{"SigningCertURL": ""}', *SNS, "x-amz-sns-rawdelivery: true")[0] == 200
    assert len(desk.checked) == 1


def test_a_forged_message_is_refused(server: Front, desk: Desk) -> None:
    desk.verdict = Verdict(403, "the signature is wrong")
    status, headers, body = send(server, b"{}", *SNS)
    assert (status, body["message"]) == (403, "the signature is wrong")
    assert "retry-after" not in headers
    assert desk.refused == {"signature": 1}
    assert desk.stored() == []


def test_a_message_that_cannot_be_checked_now_shall_come_again(server: Front, desk: Desk) -> None:
    desk.verdict = Verdict(503, "the certificate could not be fetched")
    status, headers, body = send(server, b"{}", *SNS)
    assert (status, headers["retry-after"]) == (503, "5")
    assert body["message"] == "the certificate could not be fetched"
    assert desk.stored() == []


def test_a_check_that_fails_is_our_fault(server: Front, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.verdict = ZeroDivisionError("our bug")
    status, headers, body = send(server, b"{}", *SNS)
    assert (status, headers["retry-after"]) == (503, "5")
    assert body["message"] == "not stored, send it again: internal error while the signature was checked"
    assert caplog.messages == ["checking a signature failed"]
    assert desk.refused == {"signature": 1}
    assert desk.stored() == []


def test_a_check_that_never_ran_is_our_fault(server: Front, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    goes_on = threading.Event()
    desk.pool.submit(goes_on.wait, 30)
    with server.connect() as connection:
        connection.sendall(post(b"{}", "/v1/in/good-key", *SNS))
        wait_until(lambda: desk.pool._work_queue.qsize() == 1)
        desk.pool.shutdown(wait=False, cancel_futures=True)
        assert read(connection, b"}").startswith(b"HTTP/1.1 503 ")
    goes_on.set()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_pagerdutys_events_are_answered_as_pagerduty_does(server: Front, desk: Desk) -> None:
    status, _, body = send(server, json.dumps(EVENT).encode(), path="/v2/enqueue")
    assert (status, body) == (202, {"status": "success", "message": "Event processed", "dedup_key": "made-key"})
    assert desk.stored()[0].header("x-alert-key") == "made-key"
    status, _, body = send(server, json.dumps(EVENT | {"dedup_key": "theirs"}).encode(), path="/v2/enqueue")
    assert (status, body["dedup_key"]) == (202, "theirs")
    assert desk.stored()[1].header("x-alert-key") is None
    assert desk.accepted == 2


def test_pagerdutys_events_that_can_never_succeed_are_refused(server: Front, desk: Desk) -> None:
    assert send(server, b"[", path="/v2/enqueue")[0] == 400
    status, _, body = send(server, json.dumps(EVENT | {"routing_key": "bad-key"}).encode(), path="/v2/enqueue")
    assert (status, body["errors"]) == (400, ["'routing_key' is not known here"])
    assert desk.refused == {"contract": 1, "key": 1}
    assert desk.stored() == []


def test_pagerdutys_events_hear_of_trouble_with_the_store(server: Front, desk: Desk, tmp_path: Path) -> None:
    desk.db.rename(tmp_path / "away.db")
    status, headers, body = send(server, json.dumps(EVENT).encode(), path="/v2/enqueue")
    assert (status, headers["retry-after"]) == (503, "5")
    assert body["message"].startswith("not stored, send it again: ")


# Where the key stands, and what is asked for beside it


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/v1/in", ["x-tocsin-key: good-key"]),
        ("/v1/in", ["authorization: Bearer good-key"]),
        ("/v1/in/", ["authorization: Basic eDpnb29kLWtleQ=="]),
        ("/v1/in?access_token=good-key", []),
        ("/v1/in?x=1&key=good-key", []),
    ],
)
def test_a_key_may_stand_elsewhere_and_is_not_stored(server: Front, desk: Desk, path: str, headers: list[str]) -> None:
    for method in ("POST", "PUT"):
        whole = server.exchange(post(b"{}", path, "connection: close", "x-odd: 1", *headers, method=method))
        assert said(whole)[0] == 202
    assert [(found.key, found.head) for found in desk.stored()] == [("prod", b"x-odd: 1")] * 2


def test_a_request_without_a_key_is_told_where_it_may_stand(server: Front, desk: Desk) -> None:
    status, _, body = send(server, path="/v1/in")
    assert status == 403
    assert "there is no integration key here" in body["message"]
    assert [(knock.presented, knock.path, knock.peer) for knock in desk.knocks] == [("", "/v1/in", "127.0.0.1")]


def test_the_form_that_an_address_names_is_noted(server: Front, desk: Desk) -> None:
    for _ in range(2):
        assert send(server, b"{}", "x-tocsin-form: forged", "x-odd: 1", path="/v1/in/good-key/github")[0] == 202
    assert [found.head for found in desk.stored()] == [b"x-tocsin-form: github\nx-odd: 1"] * 2


def test_a_key_that_ends_has_ended_on_a_path_that_is_remembered(server: Front, desk: Desk) -> None:
    assert send(server)[0] == 202
    desk.known = {}
    assert send(server)[0] == 403
    assert desk.refused == {"key": 1}


def test_a_store_that_cannot_say_whose_key_it_is_shall_be_asked_again(server: Front, desk: Desk) -> None:
    desk.known = StoreUnavailableError("disk I/O error")
    status, headers, body = send(server)
    assert (status, headers["retry-after"]) == (503, "5")
    assert body["message"] == "not stored, send it again: disk I/O error"
    status, headers, _ = send(server, json.dumps(EVENT).encode(), path="/v2/enqueue")
    assert (status, headers["retry-after"]) == (503, "5")
    assert desk.refused == {"store": 2}


def test_the_rules_of_an_integration_hold_on_every_way_in(server: Front, desk: Desk) -> None:
    body = json.dumps(EVENT).encode()
    signature = hmac.new(b"test-secret", body, hashlib.sha256).hexdigest()
    desk.rules["prod"] = Rules(
        allow=networks(["127.0.0.0/8"]),
        signature=Signature(kind="sha256", secret=b"test-secret", header="x-signature"),
    )
    for path in ("/v1/in/good-key", "/v2/enqueue"):
        assert send(server, body, f"x-signature: {signature}", path=path)[0] == 202
        assert send(server, body, path=path)[0] == 401
        assert send(server, body, f"x-signature: {'0' * 64}", path=path)[0] == 403
    desk.rules["prod"] = Rules(allow=networks(["192.0.2.0/24"]))
    status, _, refused = send(server, body, path="/v1/in/good-key")
    assert (status, refused["message"]) == (403, "this address may not send under this key")
    status, _, refused = send(server, body, path="/v2/enqueue")
    assert (status, refused["errors"]) == (403, ["this address may not send under this key"])
    assert desk.refused == {"signature": 4, "address": 2}
    assert len(desk.stored()) == 2
