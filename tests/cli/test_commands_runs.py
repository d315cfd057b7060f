"""`tocsin workflow start|runs|show|stop|redrive`: runs as the server carries them out."""

from __future__ import annotations

import json
from contextlib import closing

import pytest

from tests.cli.terminal import Terminal
from tocsin.cli import claim, runs
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Interpretation, Worker
from tocsin.executions.machine import ExecutionMachine
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring import workflows
from tocsin.wiring.clock import SystemClock

WAITS = {"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 3600, "End": True}}}
FAILS = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Own\u001b[31m", "Cause": "because"}}}
CONFIG = "workflows:\n  pause: {file: pause.asl.json}\n  fails: fails.asl.json\n"


@pytest.fixture(autouse=True)
def _files(terminal: Terminal) -> None:
    (terminal.folder / "pause.asl.json").write_text(json.dumps(WAITS))
    (terminal.folder / "fails.asl.json").write_text(json.dumps(FAILS))
    terminal.configure(CONFIG)
    terminal.make_database()


def serve(terminal: Terminal) -> None:
    """What a server does with what is stored."""
    with closing(SqliteStore(terminal.db)) as store:
        machine = ExecutionMachine(workflows.Definitions(store))
        read = workflows.channels()
        worker = Worker(
            store,
            Runner(store, [machine]),
            lambda delivery: read[delivery.channel](delivery),
            lambda *_: Interpretation((), "poisoned"),
        )
        worker.step(SystemClock()())


def start(terminal: Terminal, *words: str) -> str:
    said = terminal.type("workflow", "start", *words)
    assert said.code == 0, said.err
    serve(terminal)
    return said.out.split()[0]


def test_without_a_server_a_run_is_stored_and_begins_when_one_runs(terminal: Terminal) -> None:
    said = terminal.type("workflow", "start", "pause", "--input", '{"n": 1}')
    assert (said.code, said.out) == (0, "run-1\n")
    assert "does it when `tocsin serve` runs" in said.err
    assert terminal.type("workflow", "runs").out == "no runs\n"
    serve(terminal)
    shown = terminal.type("workflow", "show", "run-1", "--history")
    lines = shown.out.splitlines()
    assert lines[0].split() == ["run", "run-1"]
    assert "      in  Pause (waits)" in lines
    assert lines[-1].split()[0::2] == ["2", "WaitStateEntered"]


def test_runs_are_listed_by_workflow_and_status(terminal: Terminal) -> None:
    first, second = start(terminal, "pause"), start(terminal, "fails.asl.json", "--name", "monday")
    listed = terminal.type("workflow", "runs").out
    assert [line.split()[:3] for line in listed.splitlines()[1:]] == [
        [second, "fails", "FAILED"],
        [first, "pause", "RUNNING"],
    ]
    assert "\x1b" not in listed
    assert [row["id"] for row in terminal.type("workflow", "runs", "pause", "--json").document] == [first]
    assert [row["id"] for row in terminal.type("workflow", "runs", "--status", "failed", "--json").document] == [second]
    assert len(terminal.type("workflow", "runs", "--limit", "1", "--json").document) == 1
    assert terminal.type("workflow", "runs", "a", "b").code == 1


def test_a_run_is_stopped_and_redriven(terminal: Terminal) -> None:
    name = start(terminal, "pause")
    assert (
        terminal.type("workflow", "redrive", name).err
        == f"tocsin: {name} is still running; only what has failed can be redriven\n"
    )
    assert terminal.type("workflow", "stop", name, "--cause", "enough", "--json").document == {
        "id": name,
        "status": "PENDING",
    }
    serve(terminal)
    shown = terminal.type("workflow", "show", name, "--json", "--history").document
    assert (shown["status"], shown["cause"], shown["history"][-1]["type"]) == ("ABORTED", "enough", "ExecutionAborted")
    assert terminal.type("workflow", "stop", name).err == f"tocsin: {name} is over already: it was stopped\n"
    assert terminal.type("workflow", "redrive", name).code == 0
    serve(terminal)
    document = terminal.type("workflow", "show", name, "--json").document
    assert (document["status"], document["redrives"]) == ("RUNNING", 1)
    assert "redriven  1 times" in terminal.type("workflow", "show", name).out


def test_a_server_carries_an_order_out_while_the_command_waits(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def waits(*_: object) -> bool:
        serve(terminal)
        return True

    monkeypatch.setattr(runs, "wait", waits)
    with claim.claim(terminal.db):
        said = terminal.type("workflow", "start", "fails", "--input", '{"a": 1}')
        lines = [line.split() for line in said.out.splitlines()]
        assert ["status", "FAILED"] in lines
        assert ["cause", "because"] in lines
        assert terminal.type("workflow", "start", "pause", "--json").document["status"] == "RUNNING"
        monkeypatch.setattr(runs, "wait", lambda *_: False)
        assert "in a moment" in terminal.type("workflow", "start", "pause").err


def test_a_name_starts_a_run_once(terminal: Terminal) -> None:
    first = start(terminal, "pause", "--name", "monday")
    start(terminal, "pause", "--name", "monday")
    start(terminal, "fails", "--name", "monday")
    assert [row["id"] for row in terminal.type("workflow", "runs", "pause", "--json").document] == [first]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["start", "pauze"], "there is no workflow"),
        (["start"], "takes a workflow of tocsin.yaml, or a file, and one only"),
        (["start", "pause", "--input", "{"], "the input is not JSON"),
        (["start", "pause", "--name", "a/b"], "cannot be the name of a run"),
        (["start", "pause", "--input", json.dumps("x" * 262_144)], "the input has more than 262144 bytes"),
        (["show", "run-9"], "there is no run 'run-9'"),
        (["validate"], "takes a file at least"),
    ],
)
def test_what_cannot_be_done_is_told(words: list[str], complaint: str, terminal: Terminal) -> None:
    said = terminal.type("workflow", *words)
    assert said.code == 1
    assert complaint in said.err
