"""Every test of a command gets a terminal in an empty folder."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tocsin.cli.main import DB_VARIABLE


@pytest.fixture
def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(DB_VARIABLE, raising=False)
    monkeypatch.setenv("LOGNAME", "bo")
    logger = logging.getLogger()
    before = logger.level, logger.handlers[:]
    yield Terminal(tmp_path, capsys)
    logger.setLevel(before[0])
    logger.handlers[:] = before[1]
