"""`run WORD` in chat: who may say it, what the rule is told, and what is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.wiring.words_world import CONFIG, World, buttons
from tocsin.conversing.replies import Answer
from tocsin.wiring import rules

RULES = (
    CONFIG
    + """
rules:
  sweep: {command: Tidy, alert: Somebody tidies up, input: '{"description": by & ": " & text}'}
  again: {command: Tidy, alert: Twice, dry_run: true}
  broken: {command: broken, alert: x, input: $number(text)}
"""
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, RULES)


def test_the_rules_of_a_word_are_fired_and_told_who_said_it(world: World) -> None:
    assert world.say("run tidy the old ones").splitlines()[-1] == "Tidy: alert raised, dry run."
    book = rules.book_of(world.store, "sweep")
    assert book is not None
    assert [(note.cause, note.of) for note in book.notes] == [("command", "ada")]
    assert "Somebody tidies up" in world.say("open")


def test_who_is_not_known_fires_nothing(world: World) -> None:
    assert "I do not know yet who you are" in world.say("run tidy", who="slack:U0EVE")
    assert rules.book_of(world.store, "sweep") is None


def test_a_word_that_no_rule_waits_for_gets_the_list(world: World) -> None:
    answer = world.answer("run <!channel>")
    assert "What shall run?" in answer.saying.summary
    assert [button.label for button in buttons(answer.saying)] == ["run Tidy", "run broken"]
    pressed = world.press(answer, "run Tidy")
    assert isinstance(pressed, Answer)
    assert world.say("run").startswith("What shall run?")


def test_without_rules_it_is_said_how_one_is_made(tmp_path: Path) -> None:
    assert "No rule waits for a word yet" in World(tmp_path).say("run tidy")


def test_what_comes_later_is_said_to(world: World) -> None:
    world.late = True
    assert "it is stored" in world.say("run tidy")


def test_an_input_that_fails_is_said(world: World) -> None:
    assert world.say("run broken five").splitlines()[-1] == "broken: no input."
    assert "The rule broken could not do its work" in world.say("open")
