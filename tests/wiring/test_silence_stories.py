"""Stories of silences hold: what is told to whom, and when; UPDATE=1 rewrites them, read the difference."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.wiring.silence_world import Story

FILES = sorted((Path(__file__).parent / "silences").glob("*.story"))
UPDATE = os.environ.get("UPDATE") == "1"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_story_holds(path: Path) -> None:
    told = path.read_text(encoding="utf-8")
    played = Story().play(told)
    if UPDATE:
        path.write_text(played, encoding="utf-8")
        told = played
    assert played.splitlines() == told.splitlines(), "UPDATE=1 rewrites the file; read the difference"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_story_begins_with_its_sentence(path: Path) -> None:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    assert first.startswith("# ")
    assert first.endswith(".")
