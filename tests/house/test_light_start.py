"""What is seldom needed is not loaded: `tocsin --help` is quick, and a server is soon ready and small."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

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
    loaded = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    assert not heavy & set(loaded)
