"""Heartbeats from the address to the incident: pinged over HTTP, missed by time, resolved by the next ping."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.web.console_world import Visitor
from tests.wiring.serving import ask, serving, until
from tocsin.engine.ports import Delivery
from tocsin.heartbeats.machine import Heartbeat, HeartbeatMachine, Status
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.kernel import json
from tocsin.kernel.time import HOUR, MINUTE, Instant
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.heartbeats import interpret
from tocsin.wiring.outside import Outside

NOW: Instant = 1_800_000_000_000
CONFIG = """
integrations:
  default:
    key: test-key-0123456789
    heartbeats: {nightly: {every: 1d, grace: 1h, severity: critical, message: The backup has not run}}
"""


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> Instant:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def beats(runtime: Embedded) -> dict[str, Heartbeat]:
    machine = HeartbeatMachine()
    found = [machine.decode(row.state) for row in runtime.store.listing("heartbeat", live_only=False, limit=100)]
    return {beat.name: beat for beat in found}


def is_now(runtime: Embedded, status: Status) -> bool:
    return beats(runtime)["nightly"].status is status


def incidents(runtime: Embedded) -> list[Incident]:
    machine = IncidentMachine()
    return [machine.decode(row.state) for row in runtime.store.listing("incident", live_only=False, limit=100)]


def test_a_configured_heartbeat_that_never_comes_becomes_an_incident(tmp_path: Path, clock: Clock) -> None:
    with serving(tmp_path / "tocsin.db", CONFIG, Outside(clock=clock)) as (runtime, _):
        until(lambda: "nightly" in beats(runtime))
        clock.now += 24 * HOUR
        runtime.wake()
        until(lambda: [each.kind for each in incidents(runtime)] == ["notification"])
        clock.now += HOUR
        runtime.wake()
        until(lambda: len(incidents(runtime)) == 2)  # What was announced is over after its window.
        incident, announced = incidents(runtime)
        assert (announced.face.title, announced.kind) == ("Heartbeat nightly is late", "notification")
        assert (incident.face.title, incident.severity) == ("The backup has not run", "critical")
        assert "It has never come. It promises to come every 1d, 1h later at most." in incident.face.description
        assert ask(f"{runtime.url}/ping/test-key-0123456789/nightly")[:2] == (200, b"OK")
        until(lambda: incidents(runtime)[0].status == "resolved")
        assert beats(runtime)["nightly"].status is Status.UP


def test_a_second_start_with_the_same_file_changes_nothing(tmp_path: Path, clock: Clock) -> None:
    for _ in range(2):
        with serving(tmp_path / "tocsin.db", CONFIG, Outside(clock=clock)) as (runtime, _):
            until(lambda: "nightly" in beats(runtime))
            until(lambda: runtime.store.health(NOW).backlog == 0)
            assert len(beats(runtime)) == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT"])
def test_every_method_pings(tmp_path: Path, clock: Clock, method: str) -> None:
    with serving(tmp_path / "tocsin.db", CONFIG, Outside(clock=clock)) as (runtime, _):
        url = f"{runtime.url}/ping/test-key-0123456789/job?every=5m&grace=60"
        body = b"copied 7 files" if method in {"POST", "PUT"} else None
        assert ask(url, body, method=method)[0] == 200
        until(lambda: "job" in beats(runtime))
        beat = beats(runtime)["job"]
        assert (beat.every, beat.grace, beat.text) == (5 * MINUTE, MINUTE, "copied 7 files" if body else "")


def test_an_exit_status_and_a_promise_that_cannot_be_read(tmp_path: Path, clock: Clock) -> None:
    with serving(tmp_path / "tocsin.db", CONFIG, Outside(clock=clock)) as (runtime, _):
        assert ask(f"{runtime.url}/ping/test-key-0123456789/job/3?every=often")[0] == 200
        until(lambda: len(incidents(runtime)) == 2)
        titles = {each.face.title for each in incidents(runtime)}
        assert titles == {"Heartbeat job tells of a failure", "Undecodable delivery from default"}
        assert beats(runtime)["job"].status is Status.FAILED


def test_wrong_addresses_are_told(tmp_path: Path) -> None:
    with serving(tmp_path / "tocsin.db", CONFIG) as (runtime, _):
        status, said, _ = ask(f"{runtime.url}/ping/wrong/job")
        assert (status, said[:27]) == (404, b"this integration key is not")
        status, said, _ = ask(f"{runtime.url}/ping/test-key-0123456789/job/stop")
        assert (status, b"'job/stop' is no ping" in said) == (404, True)
        assert b'tocsin_deliveries_refused_total{why="key"}' in runtime.metrics.text()


def test_grafana_oncalls_addresses_ring_and_beat(tmp_path: Path, clock: Clock) -> None:
    with serving(tmp_path / "tocsin.db", CONFIG, Outside(clock=clock)) as (runtime, _):
        base = f"{runtime.url}/integrations/v1/webhook/test-key-0123456789"
        assert ask(f"{base}/", b'{"title": "Disk full"}')[:2] == (200, b"Ok.")
        until(lambda: [each.face.title for each in incidents(runtime)] == ["Disk full"])
        assert ask(f"{base}/heartbeat/")[:2] == (200, b"OK")
        until(lambda: "webhook" in beats(runtime))
        assert ask(f"{runtime.url}/integrations/v1/webhook/wrong/", b"{}")[0] == 403


def test_an_order_that_is_none_is_told() -> None:
    def order(body: bytes) -> str:
        return interpret(Delivery(id="7", received_at=NOW, channel="heartbeat", key="", head=b"", body=body)).outcome

    assert order(b"{").startswith("not an order: ")
    assert order(json.encode({"action": 7})) == "not an order: Expected `str`, got `int` - at `$.action`"
    assert order(json.encode({"action": "burn"})) == "not an order: there is no action 'burn'"
    assert order(json.encode({})) == ""


def test_people_switch_heartbeats_off_and_on_and_forget_them(tmp_path: Path, clock: Clock) -> None:
    with serving(tmp_path / "tocsin.db", CONFIG, Outside(clock=clock)) as (runtime, ready):
        until(lambda: "nightly" in beats(runtime))
        visitor = Visitor(urlsplit(ready.url).port or 0)
        visitor.enter(urlsplit(ready.console_url).path)
        name = runtime.store.listing("heartbeat", live_only=False, limit=1)[0].id
        for action, status, said in (
            ("disable", Status.DISABLED, "It is not watched any more."),
            ("enable", Status.NEW, "It is watched again."),
        ):
            assert visitor.press("/heartbeats", action=action, heartbeat=name).flash == said
            until(partial(is_now, runtime, status))
        assert visitor.press("/heartbeats", action="delete", heartbeat=name).flash == "It is gone."
        until(lambda: not runtime.store.listing("heartbeat", live_only=True, limit=1))
        assert "nightly" not in visitor.get("/heartbeats").text.partition("<section")[2]


def test_switching_what_is_not_there_is_refused(tmp_path: Path, clock: Clock) -> None:
    with serving(tmp_path / "tocsin.db", CONFIG, Outside(clock=clock)) as (_, ready):
        visitor = Visitor(urlsplit(ready.url).port or 0)
        visitor.enter(urlsplit(ready.console_url).path)
        form = {"csrf": visitor.get("/people").csrf, "heartbeat": "none"}
        assert visitor.post("/heartbeats", form | {"action": "delete"}).status == 404
        assert visitor.post("/heartbeats", form | {"action": "burn"}).status == 400
