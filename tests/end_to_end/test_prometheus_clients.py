"""Debian's Prometheus, Alertmanager and amtool, unmodified: only the address is ours."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.clients import found, running
from tests.end_to_end.served import free_port, wait_until
from tests.wiring.serving import ask, serving
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.json import Json
from tocsin.sources.prometheus import fingerprint
from tocsin.wiring.embedded import Embedded

WEBHOOK, PAGER = "webhook-test-key-0", "pager-test-key-000"
CONFIG = "responders: {ada: {}}\nteams: {ops: {members: [ada]}}\n"
SECONDS = 12.0
JSON = {"content-type": "application/json"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Embedded]:
    with serving(tmp_path / "tocsin.db", CONFIG) as (runtime, _):
        yield runtime


def address(runtime: Embedded) -> str:
    return runtime.ingest_url().replace("/v1/in/", "/am/")


def incidents(runtime: Embedded) -> dict[str, Incident]:
    machine = IncidentMachine()
    rows = runtime.store.listing(machine.name, live_only=False, limit=100)
    return {state.face.title: state for state in (machine.decode(row.state) for row in rows)}


def holds(runtime: Embedded, title: str, condition: Callable[[Incident], object]) -> object:
    state = incidents(runtime).get(title)
    return state is not None and condition(state)


def until(runtime: Embedded, title: str, condition: Callable[[Incident], object]) -> Incident:
    wait_until(partial(holds, runtime, title, condition), SECONDS)
    return incidents(runtime)[title]


# Prometheus

PROMETHEUS = """
global: {{evaluation_interval: 1s}}
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - static_configs: [{{targets: ['{host}']}}]
      path_prefix: {path}
      api_version: v2
"""
RULES = """
groups:
  - name: demo
    rules:
      - alert: {name}
        expr: vector(1) {comparison} 0
        labels: {{severity: warning}}
        annotations: {{summary: "{name}: it is wrong"}}
"""


@contextmanager
def prometheus(runtime: Embedded, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    host, _, path = address(runtime).removeprefix("http://").partition("/")
    (folder / "prometheus.yml").write_text(PROMETHEUS.format(host=host, path=f"/{path}"))
    (folder / "rules.yml").write_text(RULES.format(name="AlwaysWrong", comparison=">"))
    arguments = [
        found("prometheus"),
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=data",
        f"--web.listen-address=127.0.0.1:{free_port()}",
        "--rules.alert.resend-delay=1s",
        "--web.enable-lifecycle",
    ]
    with running(arguments, folder, "prometheus.log") as process:
        yield process


def test_a_prometheus_opens_an_incident_asks_once_and_resolves(server: Embedded, tmp_path: Path) -> None:
    with prometheus(server, tmp_path) as process:
        state = until(server, "AlwaysWrong: it is wrong", lambda state: state.count > 1)
        assert (state.status, state.rung, state.asked) == (Status.TRIGGERED, 0, ("responder:ada",))
        [line] = state.alerts.values()
        assert line.sender.startswith("http://")
        assert line.expires_at
        # The rule is the same, and does not hold any more: Prometheus says so.
        (tmp_path / "rules.yml").write_text(RULES.format(name="AlwaysWrong", comparison="<"))
        process.send_signal(signal.SIGHUP)
        state = until(server, "AlwaysWrong: it is wrong", lambda state: state.status is Status.RESOLVED)
    assert (state.rung, state.resolved_by, len(incidents(server))) == (0, "", 1)


def test_a_silence_made_with_amtool_mutes_what_prometheus_sends(server: Embedded, tmp_path: Path) -> None:
    tool = Amtool(server)
    name = tool("silence", "add", "AlwaysWrong", "--comment=we know", "--author=ada", "--duration=1h").strip()
    with prometheus(server, tmp_path):
        state = until(server, "AlwaysWrong: it is wrong", lambda state: state.count > 1)
        assert (state.silenced, state.paged) == (True, ())
        tool("silence", "expire", name)
        until(server, "AlwaysWrong: it is wrong", lambda state: state.asked == ("responder:ada",))


# amtool


class Amtool:
    """The command, with our address."""

    def __init__(self, runtime: Embedded) -> None:
        self._program = found("amtool")
        self._url = address(runtime)

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(
            [self._program, f"--alertmanager.url={self._url}", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
            env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def read(self, *arguments: str) -> Json:
        return json.loads(self(*arguments, "--output=json"))


def test_amtool_adds_and_finds_alerts(server: Embedded) -> None:
    tool = Amtool(server)
    tool("alert", "add", "alertname=Disk", "instance=db-1", "--annotation=summary=it is full")
    tool(
        "alert",
        "add",
        "alertname=Disk",
        "instance=db-2",
        "--annotation=summary=it is full",
        "--generator-url=http://p/g",
    )
    wait_until(lambda: len(incidents(server)) == 1 and server.store.health(0).live.get("incident") == 2, SECONDS)
    assert {each["labels"]["instance"] for each in tool.read("alert", "query", "Disk")} == {"db-1", "db-2"}
    assert [each["generatorURL"] for each in tool.read("alert", "query", "instance=~.*2")] == ["http://p/g"]
    assert tool.read("alert", "query", "alertname=Other") == []
    assert "it is full" in tool("alert", "query", "--receiver=ops")
    assert "db-1" in tool("--output=extended", "alert", "query")


def test_amtool_makes_changes_and_ends_silences(server: Embedded) -> None:
    tool = Amtool(server)
    name = tool(
        "silence", "add", "Disk", "instance=~db-.*", "--author=cy", "--comment=we move it", "--duration=1h"
    ).strip()
    [made] = tool.read("silence", "query")
    assert (made["id"], made["createdBy"], made["comment"]) == (name, "cy", "we move it")
    assert [(each["name"], each["value"], each["isRegex"]) for each in made["matchers"]] == [
        ("alertname", "Disk", False),
        ("instance", "db-.*", True),
    ]
    tool("alert", "add", "Disk", "instance=db-1")
    wait_until(lambda: tool.read("alert", "query", "--silenced"), SECONDS)
    assert tool.read("alert", "query") == []
    tool("silence", "update", "--duration=3h", "--comment=it takes longer", name)
    [changed] = tool.read("silence", "query", "instance=~db-.*")
    assert (changed["id"], changed["comment"]) == (name, "it takes longer")
    assert changed["endsAt"] > made["endsAt"]
    tool("silence", "expire", name)
    assert tool.read("silence", "query") == []
    assert [each["status"]["state"] for each in tool.read("silence", "query", "--expired")] == ["expired"]
    assert len(tool.read("alert", "query")) == 1


def test_amtool_imports_silences_and_reads_the_configuration(server: Embedded, tmp_path: Path) -> None:
    tool = Amtool(server)
    tool("silence", "add", "Disk", "--author=cy", "--comment=c", "--duration=1h")
    (tmp_path / "silences.json").write_text(json.dumps(tool.read("silence", "query")))
    tool("silence", "import", "--force", str(tmp_path / "silences.json"))
    assert len(tool.read("silence", "query")) == 2
    assert "disabled" in tool("cluster", "show")
    assert 'receiver: "ops"' in tool("config", "show")
    assert "receiver: ops" in tool("config", "routes")
    assert tool("config", "routes", "test", "alertname=Disk").strip() == "ops"


# Alertmanager as a sender, and as the measure

ALERTMANAGER = """
route: {{receiver: both, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: both
    webhook_configs: [{{url: '{webhook}', send_resolved: true}}]
    pagerduty_configs: [{{routing_key: '{key}', url: '{enqueue}', send_resolved: true}}]
"""


@contextmanager
def alertmanager(runtime: Embedded, folder: Path) -> Iterator[str]:
    """A real one that tells us of what it gets; its address."""
    config = ALERTMANAGER.format(
        webhook=f"{runtime.url}/v1/in/{WEBHOOK}",
        key=PAGER,
        enqueue=f"{runtime.url}/v2/enqueue",
    )
    (folder / "alertmanager.yml").write_text(config)
    url = f"127.0.0.1:{free_port()}"
    arguments = [
        found("prometheus-alertmanager"),
        "--config.file=alertmanager.yml",
        "--storage.path=am",
        f"--web.listen-address={url}",
        "--cluster.listen-address=",
    ]
    with running(arguments, folder, "alertmanager.log"):
        wait_until(lambda: is_up(f"http://{url}/-/ready"), SECONDS)
        yield f"http://{url}"


def is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def told_of(runtime: Embedded) -> dict[str, Status]:
    return {state.integration: state.status for state in incidents(runtime).values()}


def test_an_alertmanager_tells_by_webhook_and_by_pagerduty_that_it_fires_and_is_over(tmp_path: Path) -> None:
    config = f"{CONFIG}integrations: {{webhook: {{team: ops, key: {WEBHOOK}}}, pager: {{team: ops, key: {PAGER}}}}}\n"
    alert: dict[str, Any] = {"labels": {"alertname": "Disk", "instance": "db-1"}, "annotations": {"summary": "full"}}
    with serving(tmp_path / "tocsin.db", config) as (runtime, _), alertmanager(runtime, tmp_path) as url:
        assert ask(f"{url}/api/v2/alerts", json.dumps([alert]).encode(), JSON)[0] == 200
        both = {"webhook", "pager"}
        wait_until(lambda: told_of(runtime) == dict.fromkeys(both, Status.TRIGGERED), SECONDS)
        over = {**alert, "startsAt": "2020-01-01T00:00:00Z", "endsAt": "2020-01-01T00:00:01Z"}
        assert ask(f"{url}/api/v2/alerts", json.dumps([over]).encode(), JSON)[0] == 200
        wait_until(lambda: told_of(runtime) == dict.fromkeys(both, Status.RESOLVED), SECONDS)
        assert len(incidents(runtime)) == 2


def test_fingerprints_are_those_of_an_alertmanager(tmp_path: Path) -> None:
    sets: list[dict[str, str]] = [
        {"alertname": "Disk"},
        {"alertname": "Disk", "instance": "db-1:9100", "a": "ä", "Z": "\u20ac", "_x": ","},
        {"b": "1", "a": "12", "c": "x" * 200},
    ]
    config = f"{CONFIG}integrations: {{webhook: {{team: ops, key: {WEBHOOK}}}, pager: {{team: ops, key: {PAGER}}}}}\n"
    with serving(tmp_path / "tocsin.db", config) as (runtime, _), alertmanager(runtime, tmp_path) as url:
        for place in (url, address(runtime)):
            body = json.dumps([{"labels": labels} for labels in sets]).encode()
            assert ask(f"{place}/api/v2/alerts", body, JSON)[0] == 200
            wait_until(partial(lists_all, place, len(sets)), SECONDS)
        theirs, ours = (json.loads(ask(f"{place}/api/v2/alerts")[1]) for place in (url, address(runtime)))
    assert [each["fingerprint"] for each in ours] == [each["fingerprint"] for each in theirs]
    assert [each["labels"] for each in ours] == [each["labels"] for each in theirs]
    assert {fingerprint(labels) for labels in sets} == {each["fingerprint"] for each in theirs}
    assert set(theirs[0]) == set(ours[0])


def lists_all(place: str, count: int) -> bool:
    return sum("job" not in each["labels"] for each in json.loads(ask(f"{place}/api/v2/alerts")[1])) == count
