"""A run of a workflow survives the end of its process at any moment, by `kill -9`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.served import Served, wait_until

STEPS = 30
KILLS = 1

# Each call leaves its mark where no crash can touch it, and takes a moment in which the process can die.
FUNCTIONS = """
import os
import time
from pathlib import Path


def step(given):
    time.sleep(0.02)
    with Path(os.environ["MARKS"]).open("a") as file:
        file.write(f"{given['n']}\\n")
    return {"n": given["n"] + 1}
"""
CHAIN: dict[str, Any] = {
    "StartAt": "Step",
    "States": {
        "Step": {"Type": "Task", "Resource": "step", "Next": "More"},
        "More": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericLessThan": STEPS, "Next": "Step"}],
            "Default": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def test_a_run_survives_kill_9(tmp_path: Path) -> None:
    marks = tmp_path / "marks.txt"
    marks.touch()
    (tmp_path / "steps_of_a_chain.py").write_text(FUNCTIONS)
    (tmp_path / "chain.asl.json").write_text(json.dumps(CHAIN))
    config = "functions: steps_of_a_chain\nworkflows: {chain: chain.asl.json}\n"
    path = ":".join([str(tmp_path), *filter(None, sys.path)])
    server = Served(tmp_path, config, {"PYTHONPATH": path, "MARKS": str(marks)})
    server.start()
    try:
        said = server.command("workflow", "start", "chain", "--input", '{"n": 0}', "--json")
        run = json.loads(said.stdout)["id"]
        for kill in range(1, KILLS + 1):
            wait_until(lambda least=kill * STEPS // (KILLS + 2): done(marks) >= least)  # type: ignore[misc]
            server.kill()
            server.start()
        wait_until(lambda: shown(server, run)["status"] == "SUCCEEDED")
        assert shown(server, run)["output"] == {"n": STEPS}
    finally:
        server.stop()
    calls = [int(line) for line in marks.read_text().splitlines()]
    assert sorted(set(calls)) == list(range(STEPS))
    assert len(calls) <= STEPS + KILLS  # At least once, and twice only what was at work when it died.


def done(marks: Path) -> int:
    return marks.read_text().count("\n")


def shown(server: Served, run: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(server.command("workflow", "show", run, "--json").stdout)
    return found
