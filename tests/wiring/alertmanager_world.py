"""The runtime as an Alertmanager, on a clock that the test moves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.wiring.serving import ask, serving, until
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Duration, Instant, format_instant
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.outside import Outside

START: Instant = 1_795_000_000_000
CONFIG = """
responders: {ada: {}, bo: {}}
teams: {ops: {members: [ada, bo]}, shop: {members: [bo]}}
policies: {default: {steps: [{ask: [ada], wait: 5m}, {ask: [bo], wait: 5m}], everyone_every: 6h}}
integrations: {default: {key: test-key-of-default}, web: {team: shop, key: test-key-of-the-web}}
routes: [{when: {labels: {alertname: [Watchdog]}}, kind: notification}]
"""
STEP: Duration = 30 * SECOND


class World:
    """One server, and a Prometheus that posts to it."""

    def __init__(self, runtime: Embedded, clock: list[Instant]) -> None:
        self.runtime = runtime
        self.machine = IncidentMachine()
        self._clock = clock

    @property
    def now(self) -> Instant:
        return self._clock[0]

    def base(self, integration: str = "default") -> str:
        return self.runtime.ingest_url(integration).replace("/v1/in/", "/am/")

    def call(self, path: str, body: Json = None, method: str = "", integration: str = "default") -> tuple[int, Any]:
        """One request; the status and what was read, as JSON if it is some."""
        raw = body if body is None or isinstance(body, bytes) else json.encode(body)
        headers = {"content-type": "application/json"}
        status, answer, heads = ask(f"{self.base(integration)}{path}", raw, headers, method)
        return status, json.decode(answer) if heads.get("content-type", "").endswith("json") else answer.decode()

    def post(self, *names: str, sender: str = "http://prom:9090", ends_in: Duration = 240 * SECOND) -> None:
        """Alerts of these names as Prometheus sends them: they end in four minutes unless they are told again."""
        alerts = [
            {
                "labels": {"alertname": name, "job": "node"},
                "annotations": {"summary": f"{name} is bad"},
                "startsAt": format_instant(START),
                "endsAt": format_instant(self.now + ends_in),
                "generatorURL": f"{sender}/graph?g0.expr=up",
            }
            for name in names
        ]
        assert self.call("/api/v2/alerts", alerts) == (200, "")
        self.rest()

    def silence(self, *matchers: str, minutes: int, starts_in: int = 0, **more: Json) -> str:
        """Make a silence `name=value`; its id."""
        body = {
            "matchers": [
                {"name": name, "value": value, "isRegex": False}
                for name, _, value in (matcher.partition("=") for matcher in matchers)
            ],
            "startsAt": format_instant(self.now + starts_in * 60 * SECOND),
            "endsAt": format_instant(self.now + minutes * 60 * SECOND),
            "createdBy": "cy",
            "comment": "we move it",
            **more,
        }
        status, answer = self.call("/api/v2/silences", body)
        assert status == 200, answer
        self.rest()
        return str(answer["silenceID"])

    def wait(self, duration: Duration, *telling: str) -> None:
        """Let time pass in small steps, with a post of *telling* each minute."""
        for number in range(1, duration // STEP + 1):
            self._clock[0] += STEP
            self.runtime.wake()
            self.rest()
            if telling and number % 2 == 0:
                self.post(*telling)

    def rest(self) -> None:
        store = self.runtime.store

        def waits() -> object:
            return store.pending(self.now, per_receiver=1) or store.due(self.now, 1) or store.backlog(1)

        def idle() -> bool:
            """What was handled a moment ago may have led to a message, and that to a delivery: look twice."""
            before = store.deliveries(1)
            idle = not waits() and not waits() and store.deliveries(1) == before
            if not idle:
                self.runtime.wake()
            return idle

        until(idle)

    def incidents(self) -> dict[str, Incident]:
        """All of them by title."""
        rows = self.runtime.store.listing(self.machine.name, live_only=False, limit=100)
        return {state.face.title: state for state in (self.machine.decode(row.state) for row in rows)}

    def reasons(self, title: str) -> list[str]:
        """What has happened to an incident, repetitions left out."""
        rows = self.runtime.store.listing(self.machine.name, live_only=False, limit=100)
        [name] = [row.id for row in rows if self.machine.decode(row.state).face.title == title]
        lines = self.runtime.store.timeline(name, 500)
        return [line.reason for line in lines if line.reason not in {"repeated", "not repeated in time"}]

    def asked(self, title: str) -> int:
        """How often somebody was asked about an incident."""
        rows = self.runtime.store.listing(self.machine.name, live_only=False, limit=100)
        [name] = [row.id for row in rows if self.machine.decode(row.state).face.title == title]
        return sum("; asked " in line.story for line in self.runtime.store.timeline(name, 500))


@contextmanager
def world(db: Path, config: str = CONFIG) -> Iterator[World]:
    clock = [START]
    with serving(db, config, Outside(clock=lambda: clock[0])) as (runtime, _):
        yield World(runtime, clock)
