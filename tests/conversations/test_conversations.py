"""Whole conversations hold: who said what, and what everybody sees; UPDATE=1 rewrites them, read the difference.

All that is sent to Slack in them is judged as the examples of the gallery are: by Slack's models, by a table of limits,
by the fake, and by Slack's types. Cards for Microsoft Teams are judged by its fake.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.conversations.payloads import Payload, problems
from tests.conversations.player import play
from tests.slack.judges import typescript

FILES = sorted(Path(__file__).parent.glob("*.conversation"))
SLACK = [path for path in FILES if "\nchat: teams\n" not in path.read_text(encoding="utf-8")]
UPDATE = os.environ.get("UPDATE") == "1"

Played: TypeAlias = Callable[[Path], tuple[str, Mapping[str, Payload]]]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Plays a file, once for all tests."""
    known: dict[Path, tuple[str, Mapping[str, Payload]]] = {}

    def once(path: Path) -> tuple[str, Mapping[str, Payload]]:
        if path not in known:
            known[path] = play(path.read_text(encoding="utf-8"), tmp_path_factory.mktemp(path.stem))
        return known[path]

    return once


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_conversation_holds(path: Path, played: Played) -> None:
    told = path.read_text(encoding="utf-8")
    now, _ = played(path)
    if UPDATE:
        path.write_text(now, encoding="utf-8")
        told = now
    assert now.splitlines() == told.splitlines(), "UPDATE=1 rewrites the file; read the difference"


@pytest.mark.parametrize("path", SLACK, ids=lambda path: path.stem)
def test_slacks_models_and_the_table_of_limits_take_all_of_it(path: Path, played: Played) -> None:
    _, payloads = played(path)
    assert {name: found for name, payload in payloads.items() if (found := problems(payload))} == {}


@pytest.mark.skipif(bool(os.environ.get("TOCSIN_NO_NPM")), reason="TOCSIN_NO_NPM is set")
def test_slacks_types_take_all_of_it(played: Played, tmp_path: Path) -> None:
    payloads = {f"{path.stem}: {name}": payload for path in SLACK for name, payload in played(path)[1].items()}
    assert len(payloads) > 100
    assert typescript.problems(payloads, tmp_path) == ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_conversation_begins_with_its_sentence(path: Path) -> None:
    first = path.read_text(encoding="utf-8").partition("\n")[0]
    assert first.startswith("# ")
    assert first.endswith(".")
