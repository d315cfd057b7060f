"""Workflows in the whole embedded runtime: read from the settings, run, and gone on with by the next process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.asl.asl_examples import machine
from tests.wiring.serving import serving, until
from tocsin.asl.execution import Status
from tocsin.executions.machine import ExecutionMachine
from tocsin.executions.run import Run
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.wiring import workflows
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse

PASS = {"Type": "Pass"}
DOUBLE = {"Type": "Task", "Resource": "double"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    definition = machine(PASS, DOUBLE, {"Type": "Wait", "SecondsPath": "$.n"}, DOUBLE)
    (tmp_path / "chores.asl.json").write_bytes(json.encode(definition))
    config = b"functions: tests.wiring.workflow_functions\nworkflows: {chores: {file: chores.asl.json}}\n"
    return parse(config, {}, str(tmp_path / "tocsin.yaml")).settings


def start(runtime: Embedded, given: Json) -> str:
    kept = workflows.keep_all(runtime.settings, runtime.automation.definitions)
    order = workflows.start("chores", kept["chores"], given)
    (delivery,) = runtime.store.accept([workflows.ordered(order, runtime.clock())])
    runtime.wake()
    return f"run-{delivery}"


def found(runtime: Embedded, run: str) -> Run | None:
    stored = runtime.store.load([run]).get(run)
    return ExecutionMachine().decode(stored.state) if stored else None


def status(runtime: Embedded, run: str) -> Status | None:
    state = found(runtime, run)
    return state.execution.status if state else None


def test_a_run_goes_on_in_the_next_process(settings: Settings, tmp_path: Path) -> None:
    db = tmp_path / "tocsin.db"
    with serving(db, settings) as (runtime, _):
        quick, slow = start(runtime, {"n": 0}), start(runtime, {"n": 500_000})
        until(lambda: status(runtime, quick) is Status.SUCCEEDED)
        until(lambda: status(runtime, slow) is Status.RUNNING and found(runtime, slow).execution.wake_at)  # type: ignore[union-attr]
    with serving(db, settings) as (runtime, _):
        waiting = found(runtime, slow)
        assert waiting
        assert waiting.execution.wake_at
        assert status(runtime, slow) is Status.RUNNING
