"""What a cold start of each function imports, against the SDK of AWS alone, in processes that take turns.

Counted is everything that the first request of the usual kind needs: the handler, and what it only imports then (the
store, the ways to people). Each is the time of a process, less that of one that imports nothing.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Final

from bench.figures import Figure, Result, number, paired_ratio, spread

ROUNDS: Final = 11
SLACK_MAX: Final = 0.6
OTHERS_MAX: Final = 1.3

SDK: Final = "import boto3"
_STORE: Final = "tocsin.dynamo.store"
_REACH: Final = "tocsin.wiring.serverless_reach"

FUNCTIONS: Final[dict[str, tuple[tuple[str, ...], float]]] = {
    "slack": (("tocsin.lambdas.slack",), SLACK_MAX),
    "inbox": (("tocsin.lambdas.inbox", _STORE), OTHERS_MAX),
    "outbox": (("tocsin.lambdas.outbox", _STORE, _REACH), OTHERS_MAX),
    "sweep": (("tocsin.lambdas.sweep", _STORE, _REACH, "tocsin.wiring.serverless_talk"), OTHERS_MAX),
    "web": (("tocsin.lambdas.web", _STORE, _REACH, "tocsin.wiring.serverless_talk"), OTHERS_MAX),
    "dead": (("tocsin.lambdas.dead", _STORE), OTHERS_MAX),
}
"""What each function imports before it has answered its first request, and how often that may be the SDK's time."""


def measure(folder: Path, quick: bool) -> Result:  # noqa: ARG001, FBT001 - as all subjects are called.
    """The figures."""
    rounds = 3 if quick else ROUNDS
    codes = {"": "pass", "sdk": SDK, **{name: _code(modules) for name, (modules, _) in FUNCTIONS.items()}}
    times: dict[str, list[float]] = {name: [] for name in codes}
    for _ in range(rounds):
        for name, code in codes.items():
            times[name].append(_seconds(code))
    empty = median(times.pop(""))
    own = {name: [max(each - empty, 0.0) for each in found] for name, found in times.items()}
    sdk = own.pop("sdk")
    figures = [_figure(name, own[name], sdk, most) for name, (_, most) in FUNCTIONS.items()]
    return Result(
        name="cold",
        peer="`import boto3`",
        figures=tuple(figures),
        notes=(f"Medians of {rounds} processes each, which take turns; seconds, less those of an empty process.",),
    )


def _code(modules: tuple[str, ...]) -> str:
    return "import " + ", ".join(modules)


def _seconds(code: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


def _figure(name: str, seconds: list[float], sdk: list[float], most: float) -> Figure:
    ratio = paired_ratio(seconds, sdk)
    return Figure(
        name=f"{name}: imports of a cold start, s",
        tocsin=spread(seconds, 2),
        other=spread(sdk, 2),
        ratio=number(ratio, 2),
        target=f"at most {most}",
        met=ratio <= most,
    )
