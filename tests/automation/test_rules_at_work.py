"""Rules in the whole embedded runtime: events, words and times that start workflows, once, whatever befalls."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.asl.asl_examples import machine
from tests.wiring.serving import ask, serving, until
from tocsin.automation.book import Book
from tocsin.engine.ports import ONCE, Received
from tocsin.executions.run import Run
from tocsin.incidents.machine import IncidentMachine
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.wiring import rules, runs
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse

APPROVAL = {
    "version": "0",
    "id": "e-1",
    "source": "aws.codepipeline",
    "detail-type": "CodePipeline Action Execution State Change",
    "detail": {"state": "STARTED", "type": {"category": "Approval"}},
}
RULES = """
workflows: {chores: chores.asl.json}
rules:
  approval:
    event: {source: [aws.codepipeline], detail: {state: [STARTED]}}
    workflow: chores
    input: '{"event": $, "to": "ops"}'
    consume: true
  hook: {webhook: true, alert: A hook was called, input: '{"description": $string(note)}'}
  word: {command: tidy, workflow: [chores], input: '{"by": by}'}
  poison: {event: {source: [poison]}, workflow: chores, input: $number(detail)}
  dry: {event: {source: [dry]}, workflow: chores, dry_run: true}
  old: {schedule: at(2020-01-01T00:00:00), workflow: chores}
  night: {schedule: "cron(30 2 * * ? *)", time_zone: Europe/Berlin, workflow: chores}
integrations: {aws: {}}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path, RULES)


def settings_of(folder: Path, config: str) -> Settings:
    (folder / "chores.asl.json").write_bytes(json.encode(machine({"Type": "Pass"})))
    return parse(config.encode(), {}, str(folder / "tocsin.yaml")).settings


def send(runtime: Embedded, body: Json, integration: str = "aws") -> None:
    received = Received(
        received_at=runtime.clock(),
        channel="in",
        key=integration,
        head=b"content-type: application/json",
        body=json.encode(body),
    )
    runtime.store.accept([received])
    runtime.wake()


def book(runtime: Embedded, rule: str) -> Book:
    until(lambda: rules.book_of(runtime.store, rule) is not None)
    found = rules.book_of(runtime.store, rule)
    assert found is not None
    return found


def ended(runtime: Embedded, count: int) -> Sequence[Run]:
    until(lambda: len([run for run in runs.listed(runtime.store) if run.execution.ended_at]) >= count)
    return list(runs.listed(runtime.store))


def titles(runtime: Embedded) -> list[str]:
    rows = runtime.store.listing("incident", live_only=True, limit=10)
    return [IncidentMachine().decode(row.state).face.title for row in rows]


def test_an_event_starts_the_workflow_of_its_rule_and_asks_nobody(settings: Settings, tmp_path: Path) -> None:
    with serving(tmp_path / "tocsin.db", settings) as (runtime, _):
        send(runtime, APPROVAL)
        (run,) = ended(runtime, 1)
        assert run.execution.output == {"event": APPROVAL, "to": "ops"}
        until(lambda: not book(runtime, "approval").live)
        (note,) = book(runtime, "approval").notes
        assert (note.decided, note.runs) == ("started", (run.id,))
        assert titles(runtime) == []


def test_a_repeated_delivery_starts_nothing_twice(settings: Settings, tmp_path: Path) -> None:
    with serving(tmp_path / "tocsin.db", settings) as (runtime, _):
        head = f"{ONCE}: e-1".encode()
        copies = [
            Received(received_at=runtime.clock(), channel="sqs", key="aws", head=head, body=json.encode(APPROVAL))
        ] * 2
        runtime.store.accept(copies)
        runtime.wake()
        until(lambda: all(row.outcome for row in runtime.store.deliveries(20)))
        ended(runtime, 1)
        until(lambda: not book(runtime, "approval").live)
        assert [note.decided for note in book(runtime, "approval").notes] == ["started"]
        assert len(list(runs.listed(runtime.store))) == 1


def test_a_webhook_raises_the_alert_of_its_rule(settings: Settings, tmp_path: Path) -> None:
    with serving(tmp_path / "tocsin.db", settings) as (runtime, ready):
        assert ask(ready.ingest_url, b'{"note": 5}', {"content-type": "application/json"})[0] == 202
        until(lambda: "A hook was called" in titles(runtime))
        assert [note.decided for note in book(runtime, "hook").notes] == ["alert raised"]


def test_a_poison_event_is_told_and_blocks_nobody(settings: Settings, tmp_path: Path) -> None:
    with serving(tmp_path / "tocsin.db", settings) as (runtime, _):
        send(runtime, {"source": "poison", "detail": "x"})
        send(runtime, APPROVAL)
        ended(runtime, 1)
        until(lambda: "The rule poison could not do its work" in titles(runtime))
        (note,), (dead,) = book(runtime, "poison").notes, book(runtime, "poison").dead
        assert note.decided == "no input"
        assert dead.of == note.of
        assert "its input cannot be made" in dead.error


def test_a_dry_run_does_nothing_and_keeps_the_alert(settings: Settings, tmp_path: Path) -> None:
    with serving(tmp_path / "tocsin.db", settings) as (runtime, _):
        send(runtime, {"source": "dry", "title": "Still an alert"})
        until(lambda: "Still an alert" in titles(runtime))
        (note,) = book(runtime, "dry").notes
        assert (note.decided, note.runs) == ("dry run", ())
        assert note.text == '{"source":"dry","title":"Still an alert"}'
        assert list(runs.listed(runtime.store)) == []


def test_a_rule_that_left_the_file_ends_and_may_come_back(settings: Settings, tmp_path: Path) -> None:
    db = tmp_path / "tocsin.db"
    with serving(db, settings) as (runtime, _):
        until(lambda: book(runtime, "night").due)
        assert book(runtime, "old").due is None
    with serving(db, replace(settings, rules={})) as (runtime, _):
        until(lambda: not book(runtime, "night").listed)
        send(runtime, APPROVAL)
        until(lambda: titles(runtime))
        assert list(runs.listed(runtime.store)) == []
    with serving(db, settings) as (runtime, _):
        until(lambda: book(runtime, "night").due)
