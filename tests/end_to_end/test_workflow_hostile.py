"""Hostile workflows in a real server: refused, or ended, in little time and memory, while others go on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from tests.end_to_end.served import Served, wait_until

MIB_MAX: Final = 700  # Of the whole server at its worst; a bomb would have taken all there is.
START_SECONDS: Final = 30.0

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def jsonata(expression: str) -> dict[str, Any]:
    state = {"Type": "Pass", "Output": f"{{% {expression} %}}", "End": True}
    return {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state}}


def loop(*states: dict[str, Any]) -> dict[str, Any]:
    """Each goes on with the next, and the last with the first; the end, which has to be there, is never reached."""
    named = {f"S{place}": {**state, "Next": f"S{(place + 1) % len(states)}"} for place, state in enumerate(states)}
    ever = {"Type": "Choice", "Choices": [{"Variable": "$.over", "IsPresent": True, "Next": "End"}], "Default": "S0"}
    return {"StartAt": "Ever", "States": {"Ever": ever, **named, "End": {"Type": "Succeed"}}}


GROWS: Final = {"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}}
BROAD: Final = {
    "Type": "Map",
    "ItemsPath": "$.many",
    "ItemProcessor": {
        "StartAt": "In",
        "States": {"In": {"Type": "Pass", "Parameters": {"x.$": "$$.Execution"}, "End": True}},
    },
    "ResultPath": "$.many",
}
HOSTILE: Final[dict[str, dict[str, Any]]] = {
    "endless": loop({"Type": "Pass"}, {"Type": "Pass"}),
    "doubling": loop(GROWS),
    "recursion": jsonata("($f := function($n) { $f($n + 1) + 1 }; $f(0))"),
    "tail": jsonata("($f := function($n) { $f($n + 1) }; $f(0))"),
    "range": jsonata("[1..9999999]"),
    "product": jsonata("$map([1..9999], function($x) { $map([1..9999], function($y) { $x * $y }) })"),
    "backtracking": jsonata("$match($join([1..60].('a')) & '!', /(a+)+$/)"),
    "padding": jsonata("$pad('x', 900000000)"),
    "broad": loop(BROAD),
}
CALM: Final = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 5, "End": True}}}


def peak_mib(server: Served) -> float:
    told = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in told.splitlines() if line.startswith("VmHWM")) / 1024


def test_hostile_runs_end_and_hold_up_nobody(tmp_path: Path) -> None:
    for name, definition in {**HOSTILE, "calm": CALM}.items():
        (tmp_path / f"{name}.asl.json").write_text(json.dumps(definition))
    named = "".join(f"  {name}: {name}.asl.json\n" for name in (*HOSTILE, "calm"))
    server = Served(tmp_path, f"workflows:\n{named}")
    server.start()
    try:
        given = json.dumps({"many": list(range(60))})
        ids = {name: begun(server, name, given) for name in HOSTILE}
        calm = [begun(server, "calm", "{}") for _ in range(3)]
        for each in calm:
            wait_until(lambda run=each: shown(server, run).get("status") == "SUCCEEDED")  # type: ignore[misc]
        found = {}
        for name, run in ids.items():
            wait_until(lambda run=run: shown(server, run).get("status", "PENDING") not in {"PENDING", "RUNNING"})  # type: ignore[misc]
            found[name] = shown(server, run)
        assert {name: each["status"] for name, each in found.items()} == dict.fromkeys(HOSTILE, "FAILED")
        errors = {each["error"] for each in found.values()}
        assert errors <= {"States.Runtime", "States.DataLimitExceeded", "States.QueryEvaluationError"}
        assert peak_mib(server) < MIB_MAX
    finally:
        server.stop()


def begun(server: Served, name: str, given: str) -> str:
    said = server.command("workflow", "start", name, "--input", given, "--json")
    return str(json.loads(said.stdout)["id"])


def shown(server: Served, run: str) -> dict[str, Any]:
    said = server.command("workflow", "show", run, "--json")
    return dict(json.loads(said.stdout)) if said.returncode == 0 else {}


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": ' + '{"a":' * 50_000 + "1" + "}" * 50_000 + "}}}",
        json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}, "Comment": "x" * 3_000_000}),
        json.dumps(jsonata("(" * 20_000 + "1" + ")" * 20_000)),
        json.dumps(loop({"Type": "Pass"})).replace('"Next": "S0"', '"Next": "Nowhere"'),
    ],
    ids=["brackets", "deep", "long", "parentheses", "nowhere"],
)
def test_a_definition_that_cannot_be_is_refused_at_once(text: str, tmp_path: Path) -> None:
    (tmp_path / "bad.asl.json").write_text(text)
    (tmp_path / "tocsin.yaml").write_text("workflows:\n  bad: bad.asl.json\n")
    done = subprocess.run(
        [sys.executable, "-m", "tocsin", "serve", "--port", "0", "--db", str(tmp_path / "tocsin.db")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        timeout=START_SECONDS,
    )
    assert done.returncode != 0
    assert "bad" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr) < 5_000
