"""Peers written in Python, installed into an environment of their own: nothing of theirs is a dependency of ours."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any, Final

PINNED: Final = ("moto[stepfunctions,events]==5.2.5", "dbos==3.4.0")
INSTALLS_WITHIN_S: Final = 300
RUNS_WITHIN_S: Final = 300


def environment(scratch: Path) -> Path:
    """The interpreter with the peers; made once, below *scratch*."""
    folder = scratch / "peers"
    python = folder / "bin" / "python"
    mark = folder / "-".join(each.partition("[")[0].replace("==", "-") for each in PINNED)
    if not mark.exists():
        venv.create(folder, clear=True, with_pip=True)
        install = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", "install", *PINNED]
        subprocess.run(install, check=True, timeout=INSTALLS_WITHIN_S, stdout=sys.stderr)
        mark.touch()
    return python


def run(scratch: Path, script: str, given: object) -> Any:  # noqa: ANN401 - what the script prints as JSON.
    """What *script* prints last, as JSON; it is given *given* as JSON on standard input."""
    done = subprocess.run(
        [str(environment(scratch)), "-c", script],
        check=True,
        timeout=RUNS_WITHIN_S,
        input=json.dumps(given),
        capture_output=True,
        text=True,
        cwd=scratch,
    )
    return json.loads(done.stdout.splitlines()[-1])
