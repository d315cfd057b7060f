"""`make bench`: measures, prints the tables, and keeps them in docs/benchmarks.md."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench import (
    code,
    cold,
    conversation,
    document,
    figures,
    history,
    intake,
    languages,
    machine,
    oncall,
    pages,
    parsing,
    readiness,
    scale,
    slack_storm,
    storm,
    whom,
    workflows,
)
from bench.figures import Result

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "benchmarks.md"
SCRATCH: Final = ROOT / "build" / "bench"  # On the disk; what is kept there is made again when it is missing.

Subject = Callable[[Path, bool], Result]

SUBJECTS: Final[dict[str, Subject]] = {
    "parsing": parsing.measure,
    "intake": intake.measure,
    "pages": pages.measure,
    "storm": storm.measure,
    "slack-storm": slack_storm.measure,
    "readiness": readiness.measure,
    "history": history.measure,
    "oncall": oncall.measure,
    "whom": whom.measure,
    "languages": languages.measure,
    "conversation": conversation.measure,
    "workflows": workflows.measure,
    "scale": scale.measure,
    "cold": cold.measure,
    "code": code.measure,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code: 1 when something is missing. A missed target is told, and is no failure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--only", choices=SUBJECTS, action="append", help="measure this subject; may be repeated")
    parser.add_argument("--quick", action="store_true", help="few and short rounds; docs/benchmarks.md stays as it is")
    given = parser.parse_args(arguments)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    lacking = machine.missing(SCRATCH)
    if lacking:
        sys.stderr.write(f"{lacking}\n")
        return 1
    here = machine.description(SCRATCH)
    print(here)
    for name in given.only or SUBJECTS:
        result, seconds, others = _measured(name, quick=given.quick)
        when = f"{datetime.now(UTC):%Y-%m-%d}; other programs used {others:.0%} of the processors"
        notes = [*result.notes, f"{when}{machine.priority()}. {here}."]
        print(f"\n{name} ({seconds:.0f} s)\n{figures.text(result)}")
        print("\n".join(notes), flush=True)
        if not given.quick:
            content = "\n".join((figures.markdown(result), "", *(f"- {note}" for note in notes)))
            PAGE.write_text(document.rewritten(PAGE.read_text(), name, content))
    return 0


def _measured(name: str, *, quick: bool) -> tuple[Result, float, float]:
    usage, began = machine.Usage(), time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=SCRATCH))
    try:
        result = SUBJECTS[name](folder, quick)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return result, time.monotonic() - began, usage.others()


if __name__ == "__main__":
    sys.exit(main())
