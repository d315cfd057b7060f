"""`tocsin workflow questions|answer`: what runs ask of people, in a terminal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.approvals.asking_world import BEGIN, CONFIG, World, asking
from tests.cli.terminal import Terminal
from tocsin.cli import questions as command
from tocsin.kernel.time import MINUTE
from tocsin.wiring import questions, workflows


@pytest.fixture
def world(terminal: Terminal) -> Iterator[World]:
    terminal.configure(CONFIG)
    made = World(Path(terminal.db))
    yield made
    made.store.close()


def asked(world: World, **payload: object) -> str:
    """The id of a question."""
    world.start(asking(**payload), by="cy")
    world.play()
    return world.question().question.id


def answer(terminal: Terminal, *words: str) -> tuple[int, str]:
    said = terminal.type("workflow", "answer", *words)
    return said.code, said.err


def test_open_questions_are_listed_and_shown(terminal: Terminal, world: World) -> None:
    assert terminal.type("workflow", "questions").out == "no open questions\n"
    name = asked(world, text="Tests are green.", needed=2)
    listed = terminal.type("workflow", "questions").out.splitlines()
    assert [listed[1].split()[0], listed[1].split()[-4:]] == [name, ["May", "it", "go", "on?"]]
    assert "0 of 2" in listed[1]
    world.answer("ada", comment="fine")
    world.play()
    shown = terminal.type("workflow", "questions", name).out
    assert " rule  2 of Ada and Bo must say 'Approve'. One 'Reject' decides at once.\n" in shown
    assert "  ada  Approve at 2026-11-27T10:00:00.000Z fine\n" in shown
    assert "It is open until 2026-11-28 10:00 UTC, 1 of 2 have agreed." in shown
    [row] = terminal.type("workflow", "questions", "--json").document
    assert (row["id"], row["open"], row["answers"][0]["by"]) == (name, True, "ada")
    assert terminal.type("workflow", "questions", "question-0").code == 1


def test_an_answer_is_stored_and_counts_when_the_server_runs(terminal: Terminal, world: World) -> None:
    name = asked(world)
    code, said = answer(terminal, name, "approve", "--by", "ada", "--comment", "fine")
    assert (code, said) == (0, "It is stored, and counts when `tocsin serve` runs.\n")
    world.play()
    assert questions.standing(world.question()) == "Ada said 'Approve' at 2026-11-27 10:00 UTC."
    assert terminal.type("workflow", "questions").out == "no open questions\n"
    assert answer(terminal, name, "reject", "--by", "bo") == (
        1,
        f"tocsin: {name} is closed: Ada said 'Approve' at 2026-11-27 10:00 UTC.\n",
    )


def test_with_a_server_at_work_the_outcome_is_told(
    terminal: Terminal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = asked(world, needed=2)
    monkeypatch.setattr(command, "is_claimed", lambda _: True)

    def served(*_: object) -> bool:
        world.play()
        return True

    monkeypatch.setattr(command, "wait", served)
    said = terminal.type("workflow", "answer", name, "approve", "--by", "ada")
    assert said.out == "It is open until 2026-11-28 10:00 UTC, 1 of 2 have agreed.\n"
    assert terminal.type("workflow", "answer", name, "reject", "--by", "bo", "--json").document["choice"] == "reject"
    monkeypatch.setattr(command, "wait", lambda *_: False)
    other = asked(world)
    assert terminal.type("workflow", "answer", other, "reject", "--by", "bo", "--json").document["pending"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("approve", "--by", "cy"), "asks Ada or Bo; say who you are with --by"),
        (("maybe", "--by", "ada"), "has no such answer; there are: approve, reject"),
        (("approve", "--by", "ada"), "This question wants a comment with the answer."),
        (("approve", "--by", "eve"), "eve"),
        (("approve", "extra"), "answer takes a question and a choice"),
    ],
)
def test_what_cannot_count_is_refused(terminal: Terminal, world: World, words: tuple[str, ...], message: str) -> None:
    name = asked(world, comment=True)
    code, said = answer(terminal, name, *words)
    assert code == 1
    assert message in said
    world.play()
    assert world.question().answers == ()


def test_nobody_answers_for_a_run_that_is_over(terminal: Terminal, world: World) -> None:
    name = asked(world)
    world.store.accept([workflows.ordered(workflows.Order(stop=world.question().question.run), world.now)])
    world.play()
    assert terminal.type("workflow", "questions").out == "no open questions\n"
    code, said = answer(terminal, name, "approve", "--by", "ada")
    standing = "It was withdrawn at 2026-11-27 10:00 UTC, for its run was stopped."
    assert (code, said) == (1, f"tocsin: {name} is closed: {standing}\n")
    assert standing in terminal.type("workflow", "questions", name).out
    assert terminal.type("workflow", "questions", "--all").out.splitlines()[1].split()[3] == "withdrawn"
    [told] = json.loads(terminal.type("workflow", "questions", "--all", "--json").out)
    assert (told["open"], told["withdrawn"]) == (False, "its run was stopped")


@pytest.mark.parametrize(
    ("payload", "standing"),
    [
        ({"otherwise": "reject"}, "Nobody has decided by 2026-11-27 10:05 UTC, so it counts as 'Reject'."),
        ({}, "Nobody has decided by 2026-11-27 10:05 UTC."),
    ],
)
def test_how_a_question_stands_after_its_deadline(world: World, payload: dict[str, str], standing: str) -> None:
    asked(world, deadline_seconds=300, **payload)
    world.play(BEGIN + 10 * MINUTE)
    assert questions.standing(world.question()) == standing
