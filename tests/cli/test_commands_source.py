"""`tocsin source test`: what deliveries would become, without doing anything."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tocsin.cli.source import PAGE
from tocsin.engine.ports import Received
from tocsin.sqlite.store import SqliteStore


@pytest.fixture(autouse=True)
def _configured(terminal: Terminal) -> None:
    terminal.configure()


def test_the_last_deliveries_are_read_again_oldest_first(terminal: Terminal) -> None:
    for title in ("one", "two", "three"):
        terminal.ring(title, severity="critical", labels={"env": "prod"}, url="https://graphs.example/1")
    found = terminal.type("source", "test", "prod", "--replay", "2", "--json").document
    assert [row["alerts"][0]["title"] for row in found] == ["two", "three"]
    alert = found[0]["alerts"][0]
    assert (alert["severity"], alert["kind"], alert["status"], alert["labels"]) == (
        "critical",
        "alert",
        "firing",
        {"severity": "critical", "dedup_key": "two", "env": "prod", "url": "https://graphs.example/1"},
    )
    assert len(terminal.type("incidents", "--json").document) == 3


def test_people_read_it_too(terminal: Terminal) -> None:
    terminal.ring("Disk \x1b[31mfull", severity="critical", url="https://graphs.example/1", description="97 %")
    said = terminal.type("source", "test", "prod").out
    assert "alert firing, critical: Disk" in said
    assert "\x1b" not in said
    assert "| 97 %" in said
    assert "dedup key" in said
    assert "team" in said


def test_a_file_is_read_as_if_it_had_come(terminal: Terminal, tmp_path: Path) -> None:
    body = tmp_path / "push.json"
    body.write_text(
        '{"ref": "refs/heads/main", "repository": {"full_name": "shop/till", "default_branch": "main"},'
        ' "sender": {"login": "ada"}, "after": "abc", "commits": []}'
    )
    found = terminal.type(
        "source", "test", "prod", "--body", str(body), "--header", "X-GitHub-Event: push", "--json"
    ).document
    assert found[0]["source"] == "github"
    assert len(found[0]["changes"]) == 1
    said = terminal.type("source", "test", "prod", "--body", str(body), "--form", "slack").out
    assert "alert firing, high: " in said


def test_what_cannot_be_read_ends_with_1(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = tmp_path / "broken.json"
    body.write_text('{"title": ')
    done = terminal.type("source", "test", "prod", "--body", str(body))
    assert done.code == 1
    assert "cannot be read: body: this is not JSON" in done.out
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"[]")))
    assert "an empty list" in terminal.type("source", "test", "prod", "--body", "-").out


def test_what_is_not_there_is_told(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "there is no integration" in terminal.type("source", "test", "pro").err
    terminal.ring("one")
    assert terminal.type("source", "test", "prod", "--replay", "0").code == 2
    big = tmp_path / "big"
    big.write_bytes(b"x" * 20)
    monkeypatch.setattr("tocsin.cli.source.BODY_MAX", 10)
    assert "has more than 10 bytes" in terminal.type("source", "test", "prod", "--body", str(big)).err


def test_changes_are_read_to_people_as_well(terminal: Terminal, tmp_path: Path) -> None:
    body = tmp_path / "change.json"
    body.write_text(
        '{"routing_key": "test", "payload": {"summary": "Build 7 is live", "source": "ci",'
        ' "timestamp": "2026-11-27T09:00:00Z"}}'
    )
    said = terminal.type("source", "test", "prod", "--body", str(body), "--form", "pagerduty_changes")
    assert said.code == 0
    assert "  change: Build 7 is live\n" in said.out


def test_the_last_delivery_of_a_quiet_sender_is_found_behind_those_of_others(terminal: Terminal) -> None:
    terminal.ring("the quiet one")
    body = b'{"title": "noise"}'
    noise = [Received(received_at=2, channel="in", key="other", head=b"", body=body) for _ in range(PAGE + 1)]
    with closing(SqliteStore(terminal.db)) as store:
        store.accept(noise)
    [row] = terminal.type("source", "test", "prod", "--json").document
    assert row["alerts"][0]["title"] == "the quiet one"
