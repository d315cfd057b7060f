"""The gate: the same rules on every way in, and a refusal that is counted and, for a wrong key, remembered."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request

from tocsin.engine.ports import Handled, Received
from tocsin.errors import StoreUnavailableError
from tocsin.web.envelopes import Verdict
from tocsin.web.gate import Admission, Gate, Knock, Refused, Rules, body_of
from tocsin.web.ingest import BODY_BYTES_MAX
from tocsin.web.peers import networks
from tocsin.web.signatures import Signature

NOW = 1_795_000_000_000
BODY = b'{"title": "x"}'
SIGNED = (b"x-signature", hmac.new(b"test-secret", BODY, hashlib.sha256).hexdigest().encode())
RULES = {
    "near": Rules(allow=networks(["192.0.2.0/24"])),
    "signed": Rules(signature=Signature(kind="sha256", secret=b"test-secret", header="x-signature")),
}


class Yard:
    """A gate, and what became of who came."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.refused: Counter[str] = Counter()
        self.knocks: list[Knock] = []
        self.trouble: StoreUnavailableError | None = None
        self.verdict = Verdict(200, once="m-7")
        self.gate = Gate(
            self,
            lambda: NOW,
            self.integration,
            self.refuse,
            check_sns=lambda *_: self.verdict,
            rules=RULES,
            proxies=networks(["10.0.0.0/8"]),
            on_wrong_key=self.knocks.append,
        )

    def integration(self, presented: str) -> str | None:
        if self.trouble:
            raise self.trouble
        return presented.removeprefix("key-of-") if presented.startswith("key-of-") else None

    def refuse(self, kind: str) -> None:
        self.refused[kind] += 1

    async def accept(self, received: Received) -> str:
        self.received.append(received)
        return str(len(self.received))

    async def outcome(self, delivery_id: str, timeout: float) -> Sequence[Handled]:  # noqa: ASYNC109 - the port's.
        return [Handled(delivery_id, NOW, "opened", "")] if timeout else []


@pytest.fixture
def yard() -> Yard:
    return Yard()


def request(
    path: str = "/v2/alerts", *headers: tuple[bytes, bytes], query: bytes = b"", client: str = "192.0.2.7"
) -> Request:
    scope = {
        "type": "http", "method": "POST", "path": path, "query_string": query, "headers": list(headers),
        "client": (client, 1) if client else None,
    }  # fmt: skip
    return Request(scope)


def test_a_known_key_comes_in(yard: Yard) -> None:
    assert yard.gate.admit("key-of-prod", "192.0.2.7", [], BODY) == Admission("prod")
    assert yard.gate.opens("key-of-prod") == "prod"
    assert yard.gate.integration("key-of-prod") == "prod"
    assert yard.refused == {}


def test_a_wrong_key_is_refused_counted_and_remembered(yard: Yard) -> None:
    found = yard.gate.admit(
        "guess", "10.0.0.1", [(b"x-forwarded-for", b"192.0.2.9"), (b"user-agent", b"a\xff")], b"", "/v1/in"
    )
    assert isinstance(found, Refused)
    assert (found.kind, found.status) == ("key", 403)
    assert "not known here" in found.sentence
    assert yard.knocks == [Knock(presented="guess", path="/v1/in", peer="192.0.2.9", agent="a\ufffd")]
    assert yard.refused == {"key": 1}
    assert yard.gate.opens("guess") is None
    assert yard.refused == {"key": 1}
    assert yard.gate.integration("guess") is None
    assert yard.refused == {"key": 2}
    assert len(yard.knocks) == 2


def test_who_presents_no_key_is_told_where_it_may_stand(yard: Yard) -> None:
    found = yard.gate.admit("", "192.0.2.7", [], b"")
    assert isinstance(found, Refused)
    assert "there is no integration key here" in found.sentence
    assert yard.gate.opens("") is None


def test_an_address_that_may_not_send_is_refused(yard: Yard) -> None:
    assert yard.gate.admit("key-of-near", "192.0.2.7", [], BODY) == Admission("near")
    assert yard.gate.admit("key-of-near", "10.0.0.1", [(b"x-forwarded-for", b"192.0.2.7")], BODY) == Admission("near")
    for peer in ("198.51.100.1", "", "10.0.0.1"):
        found = yard.gate.admit("key-of-near", peer, [], BODY)
        assert found == Refused("address", 403, "this address may not send under this key")
    assert yard.refused == {"address": 3}
    assert yard.gate.opens("key-of-near") is None


def test_a_signature_is_asked_for(yard: Yard) -> None:
    assert yard.gate.admit("key-of-signed", "192.0.2.7", [SIGNED], BODY) == Admission("signed")
    missing = yard.gate.admit("key-of-signed", "192.0.2.7", [], BODY)
    wrong = yard.gate.admit("key-of-signed", "192.0.2.7", [SIGNED], BODY + b" ")
    assert [each.status for each in (missing, wrong) if isinstance(each, Refused)] == [401, 403]
    assert yard.refused == {"signature": 2}


def test_a_store_that_does_not_answer_is_our_own_trouble(yard: Yard) -> None:
    yard.trouble = StoreUnavailableError("disk I/O error")
    assert yard.gate.admit("guess", "", [], b"") == Refused("store", 503, "not stored, send it again: disk I/O error")
    assert yard.gate.opens("guess") is None
    with pytest.raises(HTTPException) as caught:
        yard.gate.integration("guess")
    assert (caught.value.status_code, caught.value.headers) == (503, {"retry-after": "5"})
    assert yard.refused == {"store": 2}
    assert yard.knocks == []


def test_a_route_enters_with_whatever_its_request_presents(yard: Yard) -> None:
    assert yard.gate.enter(request("/x", (b"authorization", b"GenieKey key-of-prod")), BODY) == Admission("prod")
    assert yard.gate.enter(request("/x", query=b"apiKey=key-of-prod"), BODY) == Admission("prod")
    assert yard.gate.enter(request("/am/key-of-prod/api"), BODY, "key-of-prod") == Admission("prod")
    assert isinstance(yard.gate.enter(request("/v2/alerts/guess/close", client=""), BODY), Refused)
    assert isinstance(yard.gate.enter(request("/am/guess"), BODY, "guess", "/am"), Refused)
    assert [(knock.path, knock.peer) for knock in yard.knocks] == [("/v2/alerts", ""), ("/am", "192.0.2.7")]


def test_what_is_accepted_is_stored_without_credentials_and_with_what_we_note(yard: Yard) -> None:
    given = request(
        "/x",
        (b"authorization", b"Bearer x"),
        (b"x-tocsin-form", b"forged"),
        (b"x-gitlab-token", b"x"),
        (b"x-odd", b"1"),
    )

    def accept(**more: Any) -> str:  # noqa: ANN401 - whatever a route gives.
        return asyncio.run(yard.gate.accept(given, channel="in", integration="prod", body=BODY, **more))

    assert accept(noted={"x-tocsin-form": "github\nx-forged: 1"}) == "1"
    assert accept() == "2"
    noted, plain = yard.received
    assert noted.head == b"x-tocsin-form: github x-forged: 1\nx-odd: 1"
    assert (plain.head, plain.body, plain.key, plain.channel, plain.received_at) == (
        b"x-odd: 1",
        BODY,
        "prod",
        "in",
        NOW,
    )


def test_a_route_that_forgets_to_ask_is_stopped_by_the_rules(yard: Yard) -> None:
    for integration, status in (("near", 403), ("signed", 401)):
        with pytest.raises(HTTPException) as caught:
            asyncio.run(
                yard.gate.accept(request(client="198.51.100.1"), channel="in", integration=integration, body=BODY)
            )
        assert caught.value.status_code == status
    assert yard.received == []


def test_a_delivery_without_headers_has_an_empty_head(yard: Yard) -> None:
    asyncio.run(yard.gate.accept(request(), channel="in", integration="prod", body=BODY))
    assert yard.received[0].head == b""


def test_the_outcome_is_whether_it_was_handled(yard: Yard) -> None:
    assert asyncio.run(yard.gate.outcome("1", 1.0))
    assert not asyncio.run(yard.gate.outcome("1", 0.0))


def read(*messages: dict[str, object]) -> bytes:
    """The body that arrives in these messages."""
    waiting = list(messages)

    async def receive() -> Any:  # noqa: ANN401 - as ASGI has it.
        return waiting.pop(0)

    return asyncio.run(body_of(Request({"type": "http", "method": "POST", "headers": []}, receive)))


def test_a_body_is_read_whole() -> None:
    more = {"type": "http.request", "body": b"a", "more_body": True}
    assert read(more, more, {"type": "http.request", "body": b"b"}) == b"aab"


def test_a_body_that_is_too_large_or_breaks_off_is_refused() -> None:
    large: dict[str, object] = {"type": "http.request", "body": b"x" * (BODY_BYTES_MAX + 1)}
    gone: dict[str, object] = {"type": "http.disconnect"}
    for message, status in ((large, 413), (gone, 400)):
        with pytest.raises(HTTPException) as caught:
            read(message)
        assert caught.value.status_code == status


ENVELOPE = (b"x-amz-sns-message-type", b"Notification")


def test_what_sns_has_signed_is_verified_and_counts_once(yard: Yard) -> None:
    asyncio.run(
        yard.gate.deliver(request("/x-ere/key", ENVELOPE), integration="prod", body=BODY, noted={"x-tocsin-form": "f"})
    )
    yard.verdict = Verdict(200)
    asyncio.run(yard.gate.deliver(request("/x-ere/key", ENVELOPE), integration="prod", body=BODY))
    first, second = (received.head.split(b"\n") for received in yard.received)
    assert first[:2] == [b"x-tocsin-once: sns/m-7", b"x-tocsin-form: f"]
    assert not second[0].startswith(b"x-tocsin-once")


@pytest.mark.parametrize(("status", "headers"), [(403, None), (503, {"retry-after": "5"})])
def test_what_sns_has_not_signed_is_refused(yard: Yard, status: int, headers: dict[str, str] | None) -> None:
    yard.verdict = Verdict(status, "forged")
    with pytest.raises(HTTPException) as caught:
        asyncio.run(yard.gate.deliver(request("/x-ere/key", ENVELOPE), integration="prod", body=BODY))
    assert (caught.value.status_code, caught.value.detail, caught.value.headers) == (status, "forged", headers)
    assert (yard.received, yard.refused["signature"]) == ([], 1)


def test_what_claims_no_signature_needs_none(yard: Yard) -> None:
    yard.verdict = Verdict(403, "never asked")
    asyncio.run(yard.gate.deliver(request(), integration="prod", body=BODY))
    assert len(yard.received) == 1
