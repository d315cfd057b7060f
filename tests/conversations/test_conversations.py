"""Whole conversations hold: who said what, and what everybody sees; UPDATE=1 rewrites them, read the difference."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conversations.player import play

FILES = sorted(Path(__file__).parent.glob("*.conversation"))
UPDATE = os.environ.get("UPDATE") == "1"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_conversation_holds(path: Path, tmp_path: Path) -> None:
    told = path.read_text(encoding="utf-8")
    played = play(told, tmp_path)
    if UPDATE:
        path.write_text(played, encoding="utf-8")
        told = played
    assert played.splitlines() == told.splitlines(), "UPDATE=1 rewrites the file; read the difference"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_conversation_begins_with_its_sentence(path: Path) -> None:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    assert first.startswith("# ")
    assert first.endswith(".")
