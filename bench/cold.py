"""What a cold start of each function costs, against the SDK of AWS alone, in processes that take turns.

Two rows for each. The import of its handler: what Lambda does before the first request, with more of a processor. And
the time until the first usual request has been answered: a real one, in a process that talks to a table, a queue and a
Slack on this machine (`bench.cold_world`), so that whatever it still loads then is in it. Both are read within the
process, from its first statement on; all modules have bytecode, as in the zip.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.cold_world import FUNCTIONS, World, world
from bench.figures import Figure, Result, number, paired_ratio, spread

ROUNDS: Final = 11
SLACK_MAX: Final = 0.6
OTHERS_MAX: Final = 1.3

_SDK: Final = """\
import time
began = time.perf_counter()
import boto3
print(time.perf_counter() - began)
"""
# The event stands in the program, so that reading it loads nothing.
_FUNCTION: Final = """\
import sys, time
before = set(sys.modules)
began = time.perf_counter()
import importlib
handler = importlib.import_module("tocsin.lambdas.{function}").handler
imported = time.perf_counter()
first = [name for name in sys.modules if name not in before]
asked = time.perf_counter()
answer = handler({event!r}, None)
answered = time.perf_counter()
import json, os
print(json.dumps({{
    "imported": imported - began, "answered": imported - began + answered - asked, "answer": answer,
    "first": first, "modules": [name for name in sys.modules if name not in before],
}}), flush=True)
os._exit(0)
"""


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """A cold start, in seconds; what its import loaded, what was loaded in all, and the first request's answer."""

    imported: float
    answered: float
    answer: Any
    first: tuple[str, ...]
    modules: tuple[str, ...]


def start(function: str, around: World, bytecode: Path) -> Start:
    """One cold start of *function*. *bytecode*: the folder where Python keeps what it has compiled."""
    program = _FUNCTION.format(function=function, event=around.event(function))
    said = _run(program, environ(bytecode) | around.environ)
    return msgspec.json.decode(said.splitlines()[-1], type=Start)


def measure(folder: Path, quick: bool) -> Result:  # noqa: FBT001 - as all subjects are called.
    """The figures."""
    rounds = 3 if quick else ROUNDS
    bytecode = folder / "bytecode"
    sdk: list[float] = []
    starts: dict[str, list[Start]] = {name: [] for name in FUNCTIONS}
    with world(folder) as around:
        for turn in range(rounds + 1):
            seconds = float(_run(_SDK, environ(bytecode)))
            found = {name: start(name, around, bytecode) for name in FUNCTIONS}
            if turn:  # The first one has written the bytecode.
                sdk.append(seconds)
                for name, each in found.items():
                    starts[name].append(each)
    return Result(
        name="cold",
        peer="`import boto3`",
        figures=(
            *(_import(name, found, sdk) for name, found in starts.items()),
            *(_first(name, found, sdk) for name, found in starts.items()),
        ),
        notes=(f"Medians of {rounds} processes each, which take turns.",),
    )


def environ(bytecode: Path) -> dict[str, str]:
    """The environment of a process that reads and writes its bytecode there."""
    found = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return found | {"PYTHONPYCACHEPREFIX": str(bytecode)}


def _run(program: str, environment: Mapping[str, str]) -> str:
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"a cold start failed:\n{done.stderr}")
    return done.stdout


def _import(name: str, found: list[Start], sdk: list[float]) -> Figure:
    most = SLACK_MAX if name == "slack" else OTHERS_MAX
    seconds = [each.imported for each in found]
    ratio = paired_ratio(seconds, sdk)
    return Figure(
        name=f"{name}: import of its handler, {len(found[0].first)} modules, s",
        tocsin=spread(seconds, 3),
        other=spread(sdk, 3),
        ratio=number(ratio, 2),
        target=f"at most {most}",
        met=ratio <= most,
    )


def _first(name: str, found: list[Start], sdk: list[float]) -> Figure:
    seconds = [each.answered for each in found]
    return Figure(
        name=f"{name}: until its first usual request was answered, {len(found[0].modules)} modules, s",
        tocsin=spread(seconds, 3),
        other=spread(sdk, 3),
        ratio=number(paired_ratio(seconds, sdk), 2),
    )


if __name__ == "__main__":  # What a start loads, for those who look for what is too much: `python -m bench.cold inbox`.
    import tempfile

    with tempfile.TemporaryDirectory() as name, world(Path(name)) as surroundings:
        *_, shown = (
            start(each, surroundings, Path(name) / "bytecode") for each in FUNCTIONS[: FUNCTIONS.index(sys.argv[1]) + 1]
        )
        print(json.dumps([name for name in shown.modules if name not in shown.first], indent=1))
        print(shown.answer, len(shown.first), len(shown.modules), round(shown.imported, 3), round(shown.answered, 3))
