"""Figures, silences and noise for the programs of people, end to end over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.wiring.alertmanager_world import World, world
from tests.wiring.serving import ask
from tocsin.incidents.state import Incident
from tocsin.kernel.time import DAY, HOUR, MINUTE
from tocsin.wiring.tokens import API, make_token


class Program:
    """A program of ada, and the sender of a noisy disk."""

    def __init__(self, served: World) -> None:
        self.served = served
        self.token = make_token(served.runtime.store, API, "responder:ada", served.now, "ada")

    def say(self, method: str, path: str, document: object = None) -> tuple[int, Any]:
        """The status, and what is answered; the engine has nothing to do after it."""
        body = None if document is None else json.dumps(document).encode()
        headers = {"authorization": f"Bearer {self.token}"}
        status, answer, _ = ask(f"{self.served.runtime.url}/api/v1{path}", body, headers, method)
        self.served.rest()
        return status, json.loads(answer) if answer else None

    def fire(self, status: str = "firing") -> None:
        alert = {"title": "Disk is full", "dedup_key": "disk", "status": status, "service": "db"}
        assert ask(self.served.runtime.ingest_url(), json.dumps(alert).encode())[0] == 202
        self.served.rest()

    def newest(self) -> Incident:
        [row] = self.served.runtime.store.listing("incident", live_only=False, limit=1)
        return self.served.machine.decode(row.state)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    db: Path = tmp_path_factory.mktemp("people") / "tocsin.db"
    with world(db) as found:
        yield found


@pytest.fixture
def program(served: World) -> Program:
    return Program(served)


def refused(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["code"]


def test_what_incidents_have_cost_can_be_read(program: Program) -> None:
    program.fire()
    program.fire("resolved")
    program.served._clock[0] += MINUTE
    status, told = program.say("GET", "/stats?since=24h&team=ops")
    assert (status, told["total_incident_count"], told["total_incidents_resolved"]) == (200, 1, 1)
    assert program.say("GET", "/stats?team=shop")[1]["total_incident_count"] == 0


def test_what_was_missed_can_be_read(program: Program) -> None:
    program.fire()
    for _ in range(4):
        program.served._clock[0] += 5 * MINUTE
        program.served.runtime.wake()
        program.served.rest()
    status, told = program.say("GET", "/missed")
    assert status == 200
    assert [each["title"] for each in told["missed"]] == ["Disk is full"]
    program.fire("resolved")


@pytest.mark.parametrize("path", ["/stats", "/missed", "/noise"])
def test_a_time_and_a_team_must_make_sense(program: Program, path: str) -> None:
    assert refused(program.say("GET", f"{path}?since=soon")) == (400, "time-invalid")
    assert refused(program.say("GET", f"{path}?since=500d")) == (400, "time-invalid")
    assert refused(program.say("GET", f"{path}?team=none")) == (404, "team-unknown")


def test_nobody_reads_or_changes_anything_without_a_token(served: World) -> None:
    for method, path in (("GET", "/stats"), ("GET", "/noise"), ("POST", "/silences"), ("DELETE", "/noise/1")):
        assert ask(f"{served.runtime.url}/api/v1{path}", None, None, method)[0] == 401


def test_a_silence_is_made_listed_and_ended(program: Program) -> None:
    asked = {"matchers": ["service=db"], "why": "disk swap", "until": "2h", "team": "ops"}
    status, made = program.say("POST", "/silences", asked)
    assert (status, made["state"], made["by"], made["team"]) == (201, "active", "ada", "ops")
    program.fire()
    assert program.newest().silenced
    [listed] = program.say("GET", "/silences")[1]["silences"]
    assert (listed["id"], [each["title"] for each in listed["mutes"]]) == (made["id"], ["Disk is full"])
    assert program.say("DELETE", f"/silences/{made['id']}") == (204, None)
    assert not program.newest().silenced
    assert program.say("GET", "/silences")[1]["silences"] == []
    assert [each["id"] for each in program.say("GET", "/silences?all=true")[1]["silences"]] == [made["id"]]
    assert refused(program.say("DELETE", f"/silences/{made['id']}")) == (409, "silence-over")
    program.fire("resolved")


def test_a_silence_that_is_asked_for_again_is_the_same(program: Program) -> None:
    asked = {
        "matchers": ["service=web"],
        "why": "new version",
        "start": "2027-01-01T00:00Z",
        "until": "2027-01-01T01:00Z",
        "integration": "default",
        "id": "deploy-7",
    }
    assert program.say("POST", "/silences", asked)[0] == 201
    status, found = program.say("POST", "/silences", asked)
    assert (status, found["id"], found["state"]) == (200, "deploy-7", "pending")
    assert refused(program.say("POST", "/silences", {**asked, "why": "other"})) == (409, "silence-exists")
    assert program.say("DELETE", "/silences/deploy-7?for_good=true")[0] == 204


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"matchers": []}, (400, "silence-unclear")),
        ({"why": ""}, (400, "silence-unclear")),
        ({"until": "soon"}, (400, "time-invalid")),
        ({"id": "a b"}, (400, "id-invalid")),
        ({"id": "a" * 65}, (400, "id-invalid")),
        ({"team": "none"}, (404, "team-unknown")),
        ({"integration": "none"}, (404, "integration-unknown")),
        ({"more": 1}, (400, "body-invalid")),
    ],
)
def test_a_silence_that_makes_no_sense_is_refused(program: Program, change: object, code: tuple[int, str]) -> None:
    asked: dict[str, Any] = {"matchers": ["service=db"], "why": "why", "until": "2h"}
    assert refused(program.say("POST", "/silences", asked | change)) == code  # type: ignore[operator]


def test_what_is_no_silence_is_not_ended(program: Program, served: World) -> None:
    program.fire()
    [row] = served.runtime.store.listing("incident", live_only=False, limit=1)
    assert refused(program.say("DELETE", f"/silences/{row.id}")) == (404, "silence-unknown")
    assert refused(program.say("DELETE", "/silences/none")) == (404, "silence-unknown")
    program.fire("resolved")


def test_a_silence_of_the_configuration_is_not_ended_for_good(tmp_path: Path) -> None:
    config = """
responders: {ada: }
teams: {ops: {members: [ada]}}
maintenance: {nights: {match: service=db, every: sun 02:00-04:00, why: nightly}}
"""
    with world(tmp_path / "tocsin.db", config) as served:
        program = Program(served)
        [found] = program.say("GET", "/silences")[1]["silences"]
        assert refused(program.say("DELETE", f"/silences/{found['id']}?for_good=true")) == (400, "silence-configured")


def test_a_remedy_is_set_from_the_report_and_undone(program: Program) -> None:
    program.fire()
    program.fire("resolved")
    status, report = program.say("GET", "/noise?since=7d")
    assert status == 200
    row = next(each for each in report["keys"] if each["title"] == "Disk is full")
    asked = {name: row[name] for name in ("integration", "by", "value", "title")}
    made = program.say("POST", "/noise", {**asked, "remedy": "hold 3m", "why": "it flaps"})
    assert made == (201, {"key": row["key"], "words": "hold 3m"})
    [remedy] = program.say("GET", "/noise")[1]["remedies"]
    assert (remedy["key"], remedy["in_force"]["by"], remedy["title"]) == (row["key"], "ada", "Disk is full")
    program.served._clock[0] += HOUR
    program.fire()
    assert (program.newest().plan.hold, program.newest().paged) == (3 * MINUTE, ())
    program.fire("resolved")
    assert program.say("DELETE", f"/noise/{row['key']}") == (204, None)
    assert refused(program.say("DELETE", f"/noise/{row['key']}")) == (404, "remedy-unknown")
    program.served._clock[0] += DAY
    program.fire()
    assert program.newest().plan.hold == 0
    program.fire("resolved")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"remedy": "sleep"}, (400, "remedy-unclear")),
        ({"remedy": "hold 3d"}, (400, "remedy-unclear")),
        ({"integration": "none"}, (404, "integration-unknown")),
        ({"by": "luck"}, (400, "body-invalid")),
    ],
)
def test_a_remedy_that_makes_no_sense_is_refused(program: Program, change: object, code: tuple[int, str]) -> None:
    asked: dict[str, Any] = {"integration": "default", "by": "key", "value": "disk", "remedy": "hold 3m"}
    assert refused(program.say("POST", "/noise", asked | change)) == code  # type: ignore[operator]
