"""What breaks a run is set aside and told, and blocks nobody: answers, orders, definitions that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.asl.asl_examples import machine
from tests.executions.durable_cases import FUNCTIONS
from tests.executions.durable_world import World, outcome
from tocsin.executions.machine import ExecutionMachine
from tocsin.executions.run import Run
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Instant
from tocsin.wiring.workflows import DEFINITION, ORDERS, Order, ordered

DOUBLE = {"Type": "Task", "Resource": "double"}


@pytest.fixture(params=["deliveries", "answers", "direct"])
def world(quick_folder: Path, request: pytest.FixtureRequest) -> Iterator[World]:
    made = World(quick_folder / "tocsin.db", FUNCTIONS)
    made.quick, made.direct = request.param != "deliveries", request.param == "direct"
    yield made
    made.close()


def test_an_answer_that_breaks_its_run_holds_up_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    decide = ExecutionMachine.decide

    def breaks(self: ExecutionMachine, state: Run | None, given: Any, now: Instant) -> Any:  # noqa: ANN401
        if getattr(given, "output", None) == {"n": 14}:
            raise ValueError("a bug of ours")
        return decide(self, state, given, now)

    monkeypatch.setattr(ExecutionMachine, "decide", breaks)
    runs = [world.start(machine(DOUBLE, {"Type": "Wait", "Seconds": 5}), {"n": n}) for n in (1, 7, 2)]
    world.play(until=world.now + 60 * SECOND)
    states = [world.run(run).execution for run in runs]
    assert [state.status for state in states] == ["SUCCEEDED", "RUNNING", "SUCCEEDED"]
    assert [state.output for state in states] == [{"n": 2}, None, {"n": 4}]
    notes = [row.outcome for row in world.store.deliveries(20)]
    assert notes.count("poisoned") == 1
    assert world.store.health(world.now).backlog == 0


@pytest.mark.parametrize("kept", [{"source": {"StartAt": "Nowhere", "States": {}}}, {"other": 1}, {"source": 5}])
def test_a_definition_that_cannot_be_read_any_more_ends_its_run(kept: Json, world: World) -> None:
    wait = {"Type": "Wait", "Seconds": 30}
    lost = world.start(machine(wait, {"Type": "Pass"}))
    fine = world.start(machine(wait))
    world.play(until=world.now)
    world.store.put_record(DEFINITION, world.run(lost).definition, kept)
    world.play()
    assert outcome(world.run(fine))[0] == "SUCCEEDED"
    status, _, error, cause = outcome(world.run(lost))
    assert (status, error) == ("ABORTED", "States.Runtime")
    assert "is not kept any more" in str(cause)


def test_an_order_that_cannot_be_read_is_noted_and_the_next_is_carried_out(world: World) -> None:
    wrong = ordered(Order(stop="run-9"), world.now)
    for body in (b"", b"[", b"5", b'{"start": {}}', b'{"stop": 5}', b"\xff\xfe"):
        world.accept(type(wrong)(received_at=world.now, channel=ORDERS, key="", head=b"", body=body))
    run = world.start(machine(DOUBLE), {"n": 1})
    world.play()
    assert outcome(world.run(run))[:2] == ("SUCCEEDED", {"n": 2})
    assert world.store.health(world.now).backlog == 0
