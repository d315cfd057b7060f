"""Words to requests: a table of sentences, that help tells the truth, and that no text does harm."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.conversing.listening import EARS, IN_THREAD, ZONE, heard
from tocsin.conversing import requests as asked
from tocsin.conversing.ears import Ears
from tocsin.conversing.requests import Unclear
from tocsin.conversing.times import Here, duration
from tocsin.conversing.tokens import TEXT_MAX
from tocsin.conversing.usage import COMMANDS, HEADS, Usage, usage
from tocsin.conversing.words import understand
from tocsin.kernel.time import HOUR, MINUTE

TABLE = Path(__file__).parent / "sentences.table"
ARROW = "  ->  "
LINES = TABLE.read_text().splitlines()
SAID = [line.partition(ARROW)[0].rstrip() for line in LINES if line and not line.startswith("# ")]
FRAGMENTS = sorted(
    {word for line in SAID for word in line.split()}
    | set(HEADS)
    | {"<@U0BO>", "&lt;", "“x”", "\x00", "\ue000", "2h", '"'}
)


def test_the_table_of_sentences_is_understood_as_it_says() -> None:
    wide = max(map(len, SAID))
    now = [
        line if not line or line.startswith("# ") else f"{said:<{wide}}{ARROW}{heard(said)}"
        for line in LINES
        for said in [line.partition(ARROW)[0].rstrip()]
    ]
    if os.environ.get("UPDATE"):
        TABLE.write_text("\n".join(now) + "\n")
    assert now == TABLE.read_text().splitlines()
    assert len(SAID) >= 120


@pytest.mark.parametrize("ears", [EARS, IN_THREAD], ids=["room", "thread"])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_what_help_says_can_be_said(command: Usage, ears: Ears) -> None:
    assert command.heads[0] == command.name or command.name in HEADS.values()
    assert not isinstance(understand(command.usage, ears), Unclear)
    assert usage(command.name) is command
    for line in command.more:
        if line != "not me" or ears.incident:
            assert not isinstance(understand(line, ears), Unclear), line


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_usage_line_begins_with_the_name_of_its_command(command: Usage) -> None:
    assert HEADS[command.usage.split()[0]] == command.name


@given(st.text(max_size=200))
@example("a" * 10_000)
@example('"' * 5_000)
@example("<" * 5_000)
@example("<@" * 3_000)
@example('x"' * 3_000)
@example("silence " + "a=" * 2_000)
@example("9" * 4_000)
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_request_or_unclear(text: str) -> None:
    for ears in (EARS, IN_THREAD):
        assert isinstance(understand(text, ears), asked.Request | Unclear)


@given(
    st.lists(st.sampled_from(FRAGMENTS), max_size=14),
    st.integers(0, 4 * 10**12),
    st.sampled_from([ZONE, "", "Nowhere/X"]),
)
@settings(max_examples=400, deadline=None)
def test_whatever_words_stand_together_are_a_request_or_unclear(words: list[str], now: int, zone: str) -> None:
    ears = Ears(here=Here(now=now, zone=zone), me="ada", people={"bo": "bo"}, teams=("ops",), schedules=("ops",))
    for text in (" ".join(words), "silence " + " ".join(words), "override " + " ".join(words)):
        found = understand(text, ears)
        assert isinstance(found, asked.Request | Unclear)
        until = getattr(found, "until", None)
        assert until is None or isinstance(until, int)


@pytest.mark.parametrize("piece", ["silence x ", "a ", '"', "until ", "1h ", "<a|b>", "last ", "from 9 ", "x=", "ö"])
def test_long_texts_are_read_in_bounded_time(piece: str) -> None:
    begun = time.process_time()
    understand(piece * (2 * TEXT_MAX // len(piece)), EARS)
    assert time.process_time() - begun < 2


def test_a_length_ends_where_another_word_begins() -> None:
    assert duration(["1h", "and"]) == (HOUR, 1)
    assert duration(["1h", "and", "30", "minutes", "more"]) == (90 * MINUTE, 4)
    assert duration(["and"]) is None


def test_a_story_does_nothing() -> None:
    for line in ("the disk is full again", "we should escalate this to the vendor maybe", "open the door for bo"):
        found = understand(line, EARS)
        changing = asked.Acknowledge | asked.Resolve | asked.Silence | asked.Override | asked.Test
        assert not isinstance(found, changing)
