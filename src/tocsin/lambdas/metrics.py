"""Figures in CloudWatch's embedded metric format: a line on stdout, and no call that could fail or cost.

Source: "Specification: Embedded metric format" in the Amazon CloudWatch User Guide.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Final, TextIO

from tocsin.engine.ports import Health, Outgoing
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Duration, Instant
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.serverless_process import NAMESPACE

DEFAULT: Final = "Tocsin"

_UNITS: Final = {"Seconds": "Seconds", "Count": "Count"}

Figures = Mapping[str, tuple[float, str]]
"""Values with their units, by name."""


def emit(
    environ: Mapping[str, str],
    part: str,
    figures: Figures,
    now: Callable[[], Instant] | None = None,
    stream: TextIO | None = None,
) -> None:
    """Write *figures* of a *part* of the stack (`sweep`, `outbox`)."""
    if not figures:
        return
    line: dict[str, Json] = {
        "_aws": {
            "Timestamp": (now or SystemClock())(),
            "CloudWatchMetrics": [
                {
                    "Namespace": environ.get(NAMESPACE) or DEFAULT,
                    "Dimensions": [["Part"]],
                    "Metrics": [{"Name": name, "Unit": unit} for name, (_, unit) in figures.items()],
                }
            ],
        },
        "Part": part,
        **{name: value for name, (value, _) in figures.items()},
    }
    print(json.encode(line).decode(), file=stream or sys.stdout, flush=True)


def health(found: Health, now: Instant, late: Duration, wrong: str = "") -> Figures:
    """The figures of law 12, whether something is *wrong* by them, and by how much the sweep itself is *late*."""

    def age(since: Instant | None) -> float:
        return 0.0 if since is None else max(0, now - since) / SECOND

    return {
        "OldestDue": (age(found.oldest_due_at), "Seconds"),
        "OldestPending": (age(found.oldest_pending_at), "Seconds"),
        "OldestBacklog": (age(found.oldest_backlog_at), "Seconds"),
        "Backlog": (found.backlog, "Count"),
        "Pending": (found.pending, "Count"),
        "OpenIncidents": (found.live.get("incident", 0), "Count"),
        "Broken": (len(found.broken), "Count"),
        "Trouble": (float(bool(wrong)), "Count"),
        "SweepLateness": (max(0, late) / SECOND, "Seconds"),
    }


class Results:
    """What became of effects in one invocation."""

    def __init__(self, clock: Callable[[], Instant]) -> None:
        """Nothing yet."""
        self._clock = clock
        self._count: dict[str, int] = {}
        self._slowest: Duration = 0

    def note(self, outgoing: Outgoing, transport: str, result: str) -> None:
        """*result* as in a `Confirmation`, or `postponed`."""
        del transport
        self._count[result] = self._count.get(result, 0) + 1
        if result == "delivered":
            self._slowest = max(self._slowest, self._clock() - outgoing.created_at)

    def figures(self) -> Figures:
        """How many of each result, and how long the slowest took from its decision."""
        found: dict[str, tuple[float, str]] = {
            result.capitalize(): (count, "Count") for result, count in self._count.items()
        }
        return {**found, "SlowestDelivery": (self._slowest / SECOND, "Seconds")} if found else {}
