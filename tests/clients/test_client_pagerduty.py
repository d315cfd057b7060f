"""PagerDuty's own client, as published: only its base URL is another one, behind TLS, since it takes no other."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pagerduty
import pytest

from tests.clients.tls import tls
from tests.clients.world import KEY, Bell, bell
from tests.wiring.serving import until

Connect = Callable[..., pagerduty.EventsApiV2Client]


@pytest.fixture
def rung(tmp_path: Path) -> Iterator[Bell]:
    with bell(tmp_path) as found:
        yield found


@pytest.fixture
def client(rung: Bell, tmp_path: Path) -> Iterator[Connect]:
    with tls(rung.url, tmp_path) as (url, trust):

        def connect(key: str = KEY) -> pagerduty.EventsApiV2Client:
            return pagerduty.EventsApiV2Client(key, base_url=url, trust_env=False, verify=trust)

        yield connect


def test_an_alert_is_triggered_repeated_acknowledged_and_resolved(rung: Bell, client: Connect) -> None:
    with client() as events:
        key = events.trigger(
            "Disk of db-1 is full",
            "db-1.example",
            severity="critical",
            custom_details={"free": "0 GB"},
            images=[{"src": "https://graphs.example/1.png"}],
            links=[{"href": "https://graphs.example", "text": "Graph"}],
        )
        opened = rung.one("triggered")
        assert (opened.face.title, opened.severity, opened.face.dedup_key) == ("Disk of db-1 is full", "critical", key)
        assert [link.text for link in opened.face.links] == ["Graph", "Image"]
        assert events.trigger("Disk of db-1 is full", "db-1.example", dedup_key=key) == key
        until(lambda: rung.incidents()[0].count == 2)
        assert events.acknowledge(key) == key
        assert rung.one("acknowledged").acknowledged_by == "pagerduty"
        assert events.resolve(key) == key
        rung.one("resolved")


def test_resolving_what_is_not_there_is_accepted(rung: Bell, client: Connect) -> None:
    with client() as events:
        assert events.resolve("unknown") == "unknown"
    assert rung.incidents() == []


def test_a_change_is_kept_and_asks_nobody(rung: Bell, client: Connect) -> None:
    with client() as events:
        link = {"href": "https://ci.example/7", "text": "Build"}
        events.submit("shop v7 is deployed", source="shop", links=[link], timestamp="2026-11-27T12:00:00Z")
        events.trigger("The shop is down", "shop")  # On the same connection.
    until(lambda: len(rung.changes()) == 1)
    [entry] = rung.changes()
    assert (entry.change.title, entry.change.what, entry.change.links[0].href) == (
        "shop v7 is deployed",
        "shop",
        "https://ci.example/7",
    )
    assert rung.one("triggered").face.title == "The shop is down"


def test_a_change_whose_time_cannot_be_read_is_kept(rung: Bell, client: Connect) -> None:
    """What the client would make by itself has two zones (and cannot be made: its code stumbles before it sends)."""
    with client() as events:
        events.submit("shop v8 is deployed", source="shop", timestamp="2026-11-27T12:00:00+00:00Z")
    until(rung.changes)
    [entry] = rung.changes()
    assert (entry.change.title, entry.change.changed_at) == ("shop v8 is deployed", None)


def test_a_wrong_key_is_told_to_the_client(client: Connect) -> None:
    with client("another-key-01234567") as events, pytest.raises(pagerduty.HttpError) as told:
        events.trigger("x", "y")
    assert told.value.response is not None
    assert told.value.response.status_code == 400


def test_version_1_is_answered_as_its_clients_expect(rung: Bell) -> None:
    def post(**event: str) -> tuple[int, dict[str, Any]]:
        request = urllib.request.Request(
            f"{rung.url}/generic/2010-04-15/create_event.json", json.dumps(event).encode(), method="POST"
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as problem:
            with problem:
                return problem.code, json.loads(problem.read())

    status, told = post(service_key=KEY, event_type="trigger", description="Ping CRITICAL on db-1")
    key = told["incident_key"]
    assert (status, told) == (200, {"status": "success", "message": "Event processed", "incident_key": key})
    assert rung.one("triggered").face.dedup_key == key
    assert post(service_key=KEY, event_type="resolve", incident_key=key)[0] == 200
    rung.one("resolved")
    assert post(service_key="another-key-01234567", event_type="resolve", incident_key=key) == (
        400,
        {"status": "invalid event", "message": "Event object is invalid", "errors": ["the key is not known here"]},
    )
    assert post(service_key=KEY, event_type="trigger")[0] == 400
