"""Only Microsoft's own activities are taken, for our bot, from our tenant, once."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

import jwt
import pytest

from tests.teams.teams_world import cloud
from tests.wiring.serving import until
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import DAY, MINUTE, SECOND
from tocsin.teams.cloud import Cloud
from tocsin.teams.keys import FRESH, RENEW_EVERY, WAITING_MAX, SigningKeys
from tocsin.teams.verification import SEEN_MAX, Verification, Verified
from tocsin.testing.fake_teams import FakeTeams, Person
from tocsin.testing.fake_teams.signing import Forge

WHY: dict[Forge, str] = {
    "no token": "the request bears no token",
    "garbage": "the token cannot be read",
    "no algorithm": "the token is not signed by RS256",
    "public key as secret": "the token is not signed by RS256",
    "another key": "the token's signature does not fit",
    "unknown key": "the token's key is not known",
    "another audience": "the token is for another app",
    "another issuer": "the token is from another issuer",
    "another service": "the activity's service is not the one that the token names",
    "expired": "the token has expired",
    "early": "the token is not valid yet",
    "no expiry": "the token is not valid",
    "not endorsed": "the token's key may not sign for Teams",
}


@dataclass
class Gate:
    teams: FakeTeams
    verification: Verification
    keys: SigningKeys
    ada: Person
    now: int

    def check(self, forge: Forge = "", body: bytes | None = None, **parts: Json) -> Verified | str:
        activity = self.teams.activity(self.ada, type="message", text="hello") | parts
        headers = self.teams.signer.header(self.teams.app_id, self.teams.service, self.now / SECOND, forge)
        raw = json.encode(activity) if body is None else body
        return self.verification.check({name.lower(): value for name, value in headers.items()}, raw, self.now)


@pytest.fixture(scope="module")
def teams() -> Iterator[FakeTeams]:
    with FakeTeams() as fake:
        yield fake


@pytest.fixture
def gate(teams: FakeTeams) -> Gate:
    where = cloud(teams)
    found = Gate(teams, None, None, teams.add_person("ada"), int(time.time()) * SECOND)  # type: ignore[arg-type]  # Set below.
    found.keys = SigningKeys(where, now=lambda: found.now)
    found.verification = Verification(where, found.keys, app_id=teams.app_id, tenant=teams.tenant.upper())
    return found


def test_what_is_microsofts_is_taken(gate: Gate) -> None:
    found = gate.check()
    assert isinstance(found, Verified)
    assert (found.activity.words, found.activity.personal) == ("hello", True)


@pytest.mark.parametrize("forge", [name for name in get_args(Forge) if name])
def test_what_only_looks_like_it_is_refused(gate: Gate, forge: Forge) -> None:
    assert gate.check(forge) == WHY[forge]


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"serviceUrl": "https://evil.example/"}, "the activity's service is not the one that the token names"),
        ({"channelId": "webchat"}, "the activity is of another channel than Teams"),
        ({"channelData": {"tenant": {"id": "other"}}}, "the activity is from another tenant"),
        ({"conversation": {"id": "a", "tenantId": "other"}}, "the activity is from another tenant"),
        ({"id": ""}, "an activity without an id, or without a conversation"),
        ({"id": "x" * 501}, "an activity without an id, or without a conversation"),
        ({"conversation": {}}, "an activity without an id, or without a conversation"),
        ({"type": 7}, "not an activity: Expected `str`, got `int` - at `$.type`"),
    ],
)
def test_an_activity_that_does_not_fit_its_token_or_us_is_refused(gate: Gate, parts: dict[str, Any], why: str) -> None:
    assert gate.check(**parts) == why


def test_a_body_that_is_no_json_is_refused(gate: Gate) -> None:
    assert str(gate.check(body=b"{")).startswith("the activity is not JSON")


def test_a_service_that_is_not_microsofts_is_refused_even_when_it_is_signed(gate: Gate) -> None:
    elsewhere = Verification(Cloud(), gate.keys, app_id=gate.teams.app_id, tenant=gate.teams.tenant)
    gate.verification = elsewhere
    assert gate.check() == "the activity's service is not Microsoft's"


def test_an_activity_is_taken_once_and_again_only_if_it_could_not_be_stored(gate: Gate) -> None:
    first, copy = gate.check(id="f:1"), gate.check(id="f:1")
    assert isinstance(first, Verified)
    assert isinstance(copy, Verified)
    assert gate.verification.claim(first)
    assert not gate.verification.claim(copy)
    gate.verification.release(first)
    assert gate.verification.claim(copy)


def test_not_more_activities_are_remembered_than_fit(gate: Gate) -> None:
    found = gate.check()
    assert isinstance(found, Verified)
    for number in range(SEEN_MAX + 1):
        gate.verification.claim(Verified(found.activity, str(number)))
    assert gate.verification.claim(Verified(found.activity, "0"))
    assert not gate.verification.claim(Verified(found.activity, "5"))


def test_a_token_is_good_for_some_minutes_after_its_end_since_clocks_differ(gate: Gate) -> None:
    headers = gate.teams.signer.header(gate.teams.app_id, gate.teams.service, gate.now / SECOND)
    bearer = {"authorization": headers["Authorization"]}
    body = json.encode(gate.teams.activity(gate.ada, type="message", text="hello"))
    gate.now += 64 * MINUTE
    assert isinstance(gate.verification.check(bearer, body, gate.now), Verified)
    gate.now += 2 * MINUTE
    assert gate.verification.check(bearer, body, gate.now) == "the token has expired"


def test_times_that_are_no_numbers_are_refused(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    encode = jwt.encode
    monkeypatch.setattr(jwt, "encode", lambda claims, *more, **named: encode(claims | {"nbf": "soon"}, *more, **named))
    assert gate.check() == "the token's times are not numbers"


def test_a_token_that_is_longer_than_any_is_not_looked_at(gate: Gate) -> None:
    assert gate.verification.check({"authorization": "Bearer " + "x" * 9000}, b"", gate.now) == WHY["no token"]
    assert gate.verification.check({"authorization": "Basic eDp5"}, b"", gate.now) == WHY["no token"]


def test_keys_are_fetched_once_and_an_unknown_one_at_a_bounded_rate(gate: Gate) -> None:
    before = gate.teams.key_fetches
    for _ in range(3):
        assert isinstance(gate.check(), Verified)
    assert gate.teams.key_fetches == before + 1
    for _ in range(5):
        assert gate.check("unknown key") == WHY["unknown key"]
    assert gate.teams.key_fetches == before + 1
    gate.now += RENEW_EVERY
    gate.check("unknown key")
    gate.check("unknown key")
    assert gate.teams.key_fetches == before + 2


def test_a_new_key_of_microsofts_is_found_and_the_old_ones_are_looked_after(gate: Gate) -> None:
    assert isinstance(gate.check(), Verified)
    gate.teams.signer.kid = "key-2"
    gate.now += RENEW_EVERY
    assert isinstance(gate.check(), Verified)
    before = gate.teams.key_fetches
    gate.now += FRESH + DAY
    assert isinstance(gate.check(), Verified)
    assert gate.teams.key_fetches == before + 1


def test_while_keys_cannot_be_had_those_that_are_known_count(gate: Gate) -> None:
    assert isinstance(gate.check(), Verified)
    gate.teams.go_down()
    gate.now += FRESH + DAY
    try:
        assert isinstance(gate.check(), Verified)
    finally:
        gate.teams.come_back()


@pytest.mark.parametrize(
    "metadata", [{"jwks_uri": "https://evil.example/keys"}, {}, {"jwks_uri": "http://[::1"}, {"jwks_uri": 7}]
)
def test_metadata_that_leads_elsewhere_is_not_followed(
    gate: Gate, metadata: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def get(url: str) -> dict[str, Any]:
        asked.append(url)
        return metadata

    monkeypatch.setattr(gate.keys, "_get", get)
    assert gate.check() == WHY["unknown key"]
    assert asked == [gate.teams.metadata]


@pytest.mark.parametrize("key", [7, {"kty": "RSA", "kid": "key-1"}, {"kty": "RSA", "kid": "key-1", "n": "!", "e": "!"}])
def test_a_key_that_is_none_is_left_out(gate: Gate, key: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate.teams.signer, "published", lambda: {"keys": [key]})
    assert gate.check() == WHY["unknown key"]


@pytest.mark.parametrize("document", [[1], {"keys": 5}])
def test_a_document_of_keys_that_is_none_is_none(gate: Gate, document: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate.teams.signer, "published", lambda: document)
    assert gate.check() == WHY["unknown key"]


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://smba.trafficmanager.net/emea/", True),
        ("https://smba.trafficmanager.net:443/emea/", True),
        ("https://europe.botframework.com", True),
        ("https://smba.infra.gcc.teams.microsoft.com/gcc", True),
        ("https://evil.trafficmanager.net/", False),
        ("https://smba.trafficmanager.net.evil.example/", False),
        ("https://evilbotframework.com/", False),
        ("https://smba.trafficmanager.net@evil.example/", False),
        ("https://user:word@smba.trafficmanager.net/", False),
        ("https://smba.trafficmanager.net:8443/", False),
        ("https://smba.trafficmanager.net/?x=1", False),
        ("https://smba.trafficmanager.net/#x", False),
        ("http://smba.trafficmanager.net/", False),
        ("https://smba.trafficmanager.net\\@evil.example/", False),
        ("https://smba.trafficmanager.net:no/", False),
        ("https://127.0.0.1/", False),
        ("https://169.254.169.254/", False),
        ("ftp://europe.botframework.com/", False),
        ("https://" + "a" * 500 + ".botframework.com/", False),
        ("https://bücher.botframework.com/", False),
        ("", False),
    ],
)
def test_only_addresses_of_microsoft_are_written_to(url: str, trusted: bool) -> None:
    assert Cloud().trusts(url) is trusted


def test_who_invents_key_ids_holds_nobody_up_who_has_a_good_one(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(gate.check(), Verified)
    gate.now += RENEW_EVERY
    begun, go = threading.Event(), threading.Event()

    def slow(_: str) -> dict[str, Any]:
        begun.set()
        go.wait(20)
        return {}

    monkeypatch.setattr(gate.keys, "_get", slow)
    found: list[object] = []
    strangers = [threading.Thread(target=lambda: found.append(gate.keys.find("invented"))) for _ in range(WAITING_MAX)]
    for each in strangers:
        each.start()
    assert begun.wait(20)
    try:
        until(lambda: not gate.keys._waiting._value, 20)  # A semaphore tells it nowhere else.
        assert isinstance(gate.check(), Verified)
        assert gate.keys.find("another") is None, "and no more than some wait at the same time"
    finally:
        go.set()
        for each in strangers:
            each.join(20)
    assert found == [None] * WAITING_MAX
