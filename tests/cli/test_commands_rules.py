"""`tocsin workflow rules|dead`: what rules have decided and why, beside a server that may be at work."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from tests.cli.terminal import Terminal
from tocsin.engine.ports import Received
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Worker
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring import rules
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.machines import machines
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import routes

NOW: Instant = 1_795_773_600_000  # 2026-11-27T10:00Z
CONFIG = """
integrations: {aws: {}}
rules:
  failed: {event: {detail: {state: [FAILED]}}, integration: aws, alert: It failed, mode: single}
  nightly: {schedule: "cron(30 2 * * ? *)", time_zone: Europe/Berlin, alert: {title: Night}, dry_run: true}
  hook: {webhook: true, integration: default, alert: Hooked, input: $number(source)}
  word: {command: tidy, alert: Tidy}
"""


@pytest.fixture(autouse=True)
def _files(terminal: Terminal) -> None:
    terminal.configure(CONFIG)
    terminal.make_database()


def serve(terminal: Terminal, *events: tuple[str, Json], channel: str = "in") -> None:
    """What a server does with deliveries of integrations."""
    settings = parse((terminal.folder / "tocsin.yaml").read_bytes(), {}).settings
    with closing(SqliteStore(terminal.db)) as store:
        order = rules.configuration(settings, store, NOW)
        head = b"content-type: application/json"
        sent = [
            Received(received_at=NOW, channel=channel, key=key, head=head, body=json.dumps(body).encode())
            for key, body in events
        ]
        store.accept([*([order] if order else []), *sent])
        desk = rules.RuleDesk(settings, {})
        interpreter = Interpreter(routes(settings), {})
        rules.join(desk, interpreter)
        Worker(store, Runner(store, machines(rules=desk)), interpreter.interpret, interpreter.poisoned).step(NOW)


def test_rules_are_listed_with_their_next_times_and_last_decisions(terminal: Terminal) -> None:
    before = terminal.type("workflow", "rules", "--json").document
    assert [row["next_at"] for row in before] == [None] * 4
    serve(terminal, ("aws", {"detail": {"state": "FAILED"}}))
    listed = terminal.type("workflow", "rules").out
    assert "\x1b" not in listed
    assert "cron(30 2 * * ? *) Europe/Berlin" in listed
    assert "alert raised 2026-11-27T10:00:00.000Z" in listed
    assert "(dry run)" in listed
    document = terminal.type("workflow", "rules", "--json").document
    assert {row["name"]: row["next_at"] for row in document}["nightly"] == "2026-11-28T01:30:00.000Z"


def test_a_rule_tells_why_it_did_not_run(terminal: Terminal) -> None:
    serve(terminal, ("aws", {"detail": {"state": "FAILED"}}), ("aws", {"detail": {"state": "OK"}}))
    serve(terminal, ("default", {"detail": {}}), ("aws", [1]))
    events = terminal.type("workflow", "rules", "failed", "--json").document["events"]
    assert [event["why"] for event in events] == [
        "it is no JSON object",
        "integration: it is of default, not of aws",
        'detail.state: no value that is asked for, but "OK"',
        "",
    ]
    told = terminal.type("workflow", "rules", "failed").out
    assert "What it decided, newest first:" in told
    assert "no value that is asked for" in told
    hook = terminal.type("workflow", "rules", "hook", "--json").document["events"]
    assert [event["fires"] for event in hook] == [False, True, False, False]
    word = terminal.type("workflow", "rules", "word", "--json").document["events"]
    assert {event["why"] for event in word} == {"the rule waits for no event"}


def test_a_webhook_without_an_integration_is_that_of_the_default_one(terminal: Terminal) -> None:
    terminal.configure("rules: {hook: {webhook: true, alert: Hooked}}\nintegrations: {aws: {}}\n")
    serve(terminal, ("aws", {}), ("default", {}))
    hook = terminal.type("workflow", "rules", "hook", "--json").document["events"]
    assert [event["why"] for event in hook] == ["", "webhook: it is of another integration"]


def test_what_could_not_begin_is_among_the_dead(terminal: Terminal) -> None:
    assert terminal.type("workflow", "dead").out == "nothing has failed for good\n"
    serve(terminal, ("default", {"source": "x"}))
    assert "its input cannot be made" in terminal.type("workflow", "dead").out
    (dead,) = terminal.type("workflow", "dead", "hook", "--json").document
    assert (dead["rule"], dead["run"]) == ("hook", "")
    assert terminal.type("workflow", "dead", "word", "--json").document == []


def test_what_is_wrong_is_said(terminal: Terminal) -> None:
    assert "failed" in terminal.type("workflow", "rules", "faild").err
    assert terminal.type("workflow", "rules", "a", "b").code == 1
    terminal.configure("")
    assert terminal.type("workflow", "rules").out.startswith("no rules")
