"""A storm on a real server with a real store: one page for each person, nothing lost, and all asks when it is over."""

from __future__ import annotations

import http.client
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from tests.ntfy.push_server import PushServer, push_server
from tests.wiring.serving import serving, until
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident, Status
from tocsin.kernel import json
from tocsin.kernel.time import MINUTE, Instant
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.outside import Outside

BEGUN: Instant = 1_767_571_200_000
ALERTS = 500

CONFIG = """
responders: {{ada: {{ntfy: "{url}/ada"}}, bo: {{ntfy: "{url}/bo"}}}}
teams: {{ops: {{members: [ada, bo]}}}}
policies: {{default: {{steps: [{{ask: [ada, bo], wait: 2h}}]}}}}
storms: {{more_than: 1}}
"""


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = BEGUN

    def __call__(self) -> Instant:
        return self.now


def incidents(runtime: Embedded) -> list[Incident]:
    machine = IncidentMachine()
    rows = runtime.store.listing(machine.name, live_only=False, limit=1000)
    return [machine.decode(row.state) for row in rows]


@contextmanager
def poster(url: str) -> Iterator[http.client.HTTPConnection]:
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    try:
        yield connection
    finally:
        connection.close()


def send(connection: http.client.HTTPConnection, url: str, number: int, **more: object) -> None:
    body = {"title": f"disk {number} full", "dedup_key": str(number), "resource": "db-1", **more}
    connection.request("POST", urlsplit(url).path, json.encode(body), {"content-type": "application/json"})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 202


def titles(push: PushServer, who: str) -> list[str]:
    return [request.body["title"] for request in push.requests if request.body["topic"] == who]


def test_a_storm_pages_each_person_once_and_nothing_is_lost(tmp_path: Path) -> None:
    clock = Clock()
    with (
        push_server() as push,
        serving(tmp_path / "t.db", CONFIG.format(url=push.url), Outside(clock=clock)) as (runtime, ready),
        poster(ready.ingest_url) as connection,
    ):
        for number in range(ALERTS):
            clock.now = BEGUN + number * MINUTE // ALERTS
            send(connection, ready.ingest_url, number)
            if number == 0:
                until(lambda: paged(push, 1))
        until(lambda: not runtime.store.backlog(1) and paged(push, 2))
        assert len(incidents(runtime)) == ALERTS + 1
        send(connection, ready.ingest_url, ALERTS, title="fire", severity="critical")
        until(lambda: paged(push, 3))
        for who in ("ada", "bo"):
            assert titles(push, who) == [  # Of the first nobody can know that more will come.
                "[high] disk 0 full — asks you",
                "[high] Storm in team ops: 2 new incidents at once — asks you",
                "[critical] fire — asks you",
            ]
        assert Counter(state.status for state in incidents(runtime)) == {"snoozed": ALERTS - 1, "triggered": 3}
        assert runtime.trouble() == ""

        clock.now += MINUTE
        runtime.quiet.look()
        until(
            lambda: (
                storm(runtime).face.title
                == f"Storm in team ops: {ALERTS - 1} alerts in {ALERTS - 1} incidents held so far"
            )
        )
        assert f"resource db-1 ({ALERTS - 1})" in storm(runtime).face.description

        for number in range(1, 21):
            send(connection, ready.ingest_url, number, status="resolved")
        until(lambda: not runtime.store.backlog(1))
        clock.now += 6 * MINUTE
        runtime.quiet.look()
        until(lambda: rests(runtime, clock.now))
        assert storm(runtime).status is Status.RESOLVED
        assert storm(runtime).face.title.startswith(
            f"Storm over: {ALERTS - 1} alerts in {ALERTS - 1} incidents, most of"
        )
        told = [f"disk {number} full" for number in range(21, ALERTS)]
        asked = {state.face.title for state in incidents(runtime) if state.status is Status.TRIGGERED}
        assert asked == {"fire", "disk 0 full", *told}, "what still fires is asked about, and nothing else"
        assert runtime.trouble() == ""
    assert 3 < len(titles(push, "ada")) < 3 + 20, "some 480 questions come in a few messages"


def paged(push: PushServer, times: int) -> bool:
    return len(titles(push, "ada")) == len(titles(push, "bo")) == times


def rests(runtime: Embedded, now: Instant) -> bool:
    """Nothing waits; what was handled a moment ago may have led to a message, so that it is looked at twice."""
    store = runtime.store
    return not any(store.backlog(1) or store.pending(now, per_receiver=1) or store.due(now, 1) for _ in range(2))


def storm(runtime: Embedded) -> Incident:
    [found] = [state for state in incidents(runtime) if state.face.source == "storm"]
    return found
