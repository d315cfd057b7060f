"""The page on words tells of every command, and all that it has people say is understood."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conversing.listening import EARS, IN_THREAD
from tocsin.conversing.requests import Unclear
from tocsin.conversing.usage import COMMANDS
from tocsin.conversing.words import understand

PAGE = Path(__file__).parents[2] / "docs" / "slack-words.md"
ROWS = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]


def test_every_command_stands_on_the_page_as_help_says_it() -> None:
    assert [row.split("`")[1] for row in ROWS] == [command.usage for command in COMMANDS]


def test_what_stands_on_the_page_can_be_said() -> None:
    said = [sentence for row in ROWS for sentence in re.findall(r"`([^`]+)`", row)]
    assert len(said) > 40
    for sentence in said:
        for ears in (EARS, IN_THREAD):
            assert not isinstance(understand(sentence, ears), Unclear), sentence
