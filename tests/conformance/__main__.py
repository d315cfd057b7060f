"""`make conformance`: runs the cases recorded from AWS, and prints a table by area. They lie beside the repository."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator

import msgspec

from tests.conformance import alone, recorded
from tests.conformance.recorded import Verdict

# Scores of the best peers on all recorded executions, measured elsewhere: per cent of results, of histories.
PEERS = {"moto with a JSONata library": (98.6, 95.9), "LocalStack": (98.7, 96.5), "ministack": (86.4, 55.0)}


class Score(msgspec.Struct):
    """How many of so many."""

    right: int = 0
    of: int = 0

    def add(self, *, right: bool) -> None:
        """One more."""
        self.right += right
        self.of += 1

    def __str__(self) -> str:
        return f"{self.right} of {self.of} ({100 * self.right / self.of:.1f} %)" if self.of else "-"


def say(line: str) -> None:
    """One line of the report."""
    sys.stdout.write(f"{line}\n")


def main() -> int:
    """1 when a target is missed or the cases are not there."""
    if not recorded.WORKFLOWS.exists():
        sys.stderr.write("The recorded cases are not here: they lie beside the repository, or nowhere.\n")
        return 1
    verdicts = [recorded.judged(case) for case in recorded.cases("execution", "execution_status")]
    for line in _areas(verdicts):
        say(line)
    met = True
    say("\nresult                        | score                  | target")
    for name, score, target in _totals(verdicts):
        reached = score.right >= target / 100 * score.of
        met &= reached
        say(f"{name:<29} | {score!s:<22} | {target} %{'' if reached else ': missed'}")
    for name, (results, histories) in PEERS.items():
        say(f"{name:<29} | {results} % of results, {histories} % of histories")
    for verdict in verdicts:
        if not verdict.cause or verdict.events is False:
            say(f"different: {verdict.id}: {verdict.note[:300]}")
    return 0 if met else 1


def _areas(verdicts: list[Verdict]) -> Iterator[str]:
    found: dict[str, tuple[Score, Score, Score]] = defaultdict(lambda: (Score(), Score(), Score()))
    for verdict in verdicts:
        results, causes, events = found[verdict.area]
        results.add(right=verdict.result)
        causes.add(right=verdict.cause)
        if verdict.events is not None:
            events.add(right=verdict.events)
    yield f"{'area':<42} | {'status, output, error':<22} | {'and cause':<22} | events in order"
    for area, (results, causes, events) in sorted(found.items()):
        yield f"{area:<42} | {results!s:<22} | {causes!s:<22} | {events}"


def _totals(verdicts: list[Verdict]) -> Iterator[tuple[str, Score, float]]:
    patterns, timetables, refusals = Score(), Score(), Score()
    for right in recorded.patterns():
        patterns.add(right=right)
    for right in recorded.timetables():
        timetables.add(right=right)
    for right in recorded.refusals():
        refusals.add(right=right)
    states, references, inputs, logs = Score(), Score(), Score(), Score()
    for score, judge in (
        (states, alone.states),
        (references, alone.references),
        (inputs, alone.inputs),
        (logs, alone.logs),
    ):
        for name, right in judge():
            score.add(right=right)
            if not right:
                say(f"different: {name}")
    results, causes, events = Score(), Score(), Score()
    for verdict in verdicts:
        results.add(right=verdict.result)
        causes.add(right=verdict.cause)
        if verdict.events is not None:
            events.add(right=verdict.events)
    yield "event patterns", patterns, 100
    yield "timetables", timetables, 100
    yield "status, output, error", results, 99.5
    yield "and cause", causes, 98
    yield "types of events in order", events, 98
    yield "refused exactly where AWS is", refusals, 97
    yield "states alone, as TestState", states, 95
    yield "references to variables", references, 95
    yield "inputs refused", inputs, 95
    yield "events logged", logs, 95


if __name__ == "__main__":
    sys.exit(main())
