"""What is seldom needed is not loaded: `tocsin --help` is quick, and a server is soon ready and small."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tocsin.wiring import serving

_LOADED = "import json, sys; import {module}; print(json.dumps(sorted(sys.modules)))"


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("tocsin.cli.main", {"PIL", "aiohttp", "cryptography", "jwt", "slack_sdk", "sqlite3", "starlette", "yaml"}),
        ("tocsin.cli.serving", {"PIL", "jwt", "tocsin.teams.bot", "tocsin.testing"}),
    ],
)
def test_what_is_seldom_needed_is_not_loaded(module: str, heavy: set[str]) -> None:
    command = [sys.executable, "-c", _LOADED.format(module=module)]
    untraced = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    loaded = json.loads(subprocess.run(command, check=True, capture_output=True, env=untraced).stdout)
    assert not heavy & set(loaded)


def test_a_server_loads_at_its_start_what_may_be_needed_later() -> None:
    """No page and no alert waits for a module: what is named for later is there before the first request."""
    program = (
        "import json, sys; import tocsin.cli.serving; from tocsin.kernel.later import load_all; load_all();"
        "before = set(sys.modules); import tocsin.wiring.slack_chat, tocsin.sources.github, tocsin.asl.step;"
        "print(json.dumps(sorted(set(sys.modules) - before | {'PIL', 'jwt'} & before)))"
    )
    assert json.loads(subprocess.run([sys.executable, "-c", program], check=True, capture_output=True).stdout) == []
    text = Path(serving.__file__).read_text(encoding="utf-8")
    assert "    load_all()" in text
    assert "    gc.freeze()" in text, "a collection over all of that takes 40 ms, in which nobody is answered"
