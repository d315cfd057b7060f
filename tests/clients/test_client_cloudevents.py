"""The CloudEvents project's own SDK: structured, binary, in a batch, and after the handshake of a webhook."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from tests.clients.world import KEY, Bell, bell
from tests.wiring.serving import until

Form = Callable[[CloudEvent], HTTPMessage]


@pytest.fixture
def rung(tmp_path: Path) -> Iterator[Bell]:
    with bell(tmp_path) as found:
        yield found


def event(number: int = 1, **data: str) -> CloudEvent:
    return CloudEvent(
        attributes={
            "id": f"event-{number}",
            "source": "/shop/tills",
            "type": "example.till.jammed",
            "subject": "till 7 - Köln",
            "time": datetime(2026, 11, 27, 12, 0, tzinfo=UTC),
        },
        data=data or {"severity": "critical", "description": "paper jam"},
    )


def post(rung: Bell, message: HTTPMessage) -> requests.Response:
    url = f"{rung.url}/v1/in/{KEY}"
    return requests.post(url, data=message.body, headers=message.headers, timeout=30)


@pytest.mark.parametrize("form", [to_structured_event, to_binary_event])
def test_an_event_rings_and_its_like_is_a_repetition(rung: Bell, form: Form) -> None:
    assert post(rung, form(event())).status_code == 202
    opened = rung.one("triggered")
    assert (opened.face.title, opened.severity) == ("example.till.jammed: till 7 - Köln", "critical")
    assert post(rung, form(event(2))).status_code == 202
    until(lambda: rung.incidents()[0].count == 2)
    assert post(rung, form(event(3, status="resolved"))).status_code == 202
    rung.one("resolved")


def test_both_modes_are_the_same_matter(rung: Bell) -> None:
    assert post(rung, to_structured_event(event())).status_code == 202
    assert post(rung, to_binary_event(event(2))).status_code == 202
    until(lambda: [each.count for each in rung.incidents()] == [2])


def test_a_batch_rings_for_each_of_its_events(rung: Bell) -> None:
    items = [json.loads(to_structured_event(event(n)).body) | {"subject": f"till {n}"} for n in (1, 2, 3)]
    headers = {"content-type": "application/cloudevents-batch+json"}
    answer = requests.post(f"{rung.url}/v1/in/{KEY}", data=json.dumps(items), headers=headers, timeout=30)
    assert answer.status_code == 202
    until(lambda: len(rung.incidents()) == 3)


def test_the_handshake_of_a_webhook(rung: Bell) -> None:
    headers = {"WebHook-Request-Origin": "eventemitter.example.com", "WebHook-Request-Rate": "120"}
    answer = requests.options(f"{rung.url}/v1/in/{KEY}", headers=headers, timeout=30)
    assert answer.status_code == 200
    assert answer.headers["webhook-allowed-origin"] == "eventemitter.example.com"
    assert int(answer.headers["webhook-allowed-rate"]) >= 120
    assert "POST" in answer.headers["allow"]
    assert requests.options(f"{rung.url}/v1/in/wrong", headers=headers, timeout=30).status_code == 403
    assert requests.options(f"{rung.url}/v1/in/wrong", timeout=30).headers.get("webhook-allowed-origin") is None
