"""Presses and forms about a question, as the concierge answers them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.approvals.asking_world import World, asking
from tocsin.conversing.replies import Answer, Ask, Corrections, Reply
from tocsin.conversing.wishes import Filled, Place, Pressed, Speaker
from tocsin.engine.ports import Handled, Received
from tocsin.wiring.concierge import questions as answering
from tocsin.wiring.concierge.desk import Desk

PLACE = Place(channel="C0OPS")
NONE: Any = None  # What these handlers have no use for.


class Chat:
    """Everybody presses and fills in here."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.late = False
        self.desk = Desk(
            settings=lambda: world.settings,
            store=world.store,
            clock=lambda: world.now,
            url="",
            do=self._do,
            oncall=NONE,
            keys=NONE,
            figures=NONE,
            noise=NONE,
        )

    def _do(self, received: Received) -> Sequence[Handled]:
        [delivery] = self.world.store.accept([received])
        if self.late:
            return ()
        self.world.play()
        line = self.world.store.timeline(self.world.question().question.id, 100)[-1]
        assert delivery
        return [line]

    def press(self, who: str, **value: Any) -> Reply:  # noqa: ANN401 - JSON.
        wish = Pressed(by=_speaker(who), place=PLACE, verb="answer", value=value, at=self.world.now)
        return answering.pressed(self.desk)["answer"](wish)

    def fill(self, who: str, comment: str, facts: dict[str, Any]) -> Reply:
        wish = Filled(
            by=_speaker(who), place=PLACE, form="answer", values={"comment": comment}, facts=facts, at=self.world.now
        )
        return answering.filled(self.desk)["answer"](wish)


def _speaker(who: str) -> Speaker:
    return Speaker(chat="slack", user="U0", responder=who)


def said(reply: Reply) -> str:
    assert isinstance(reply, Answer)
    assert reply.private
    return reply.saying.summary


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    world = World(tmp_path / "tocsin.db")
    yield Chat(world)
    world.store.close()


def asked(chat: Chat, **payload: Any) -> str:  # noqa: ANN401 - JSON.
    chat.world.start(asking(**payload))
    chat.world.play()
    return chat.world.question().question.id


def test_a_button_of_nothing_is_told_so(chat: Chat) -> None:
    assert said(chat.press("ada")) == "There is no such question any more."
    assert said(chat.press("ada", q=5, c="approve")) == "There is no such question any more."
    assert said(chat.fill("ada", "x", {})) == "That form is from an older version; open it again."
    assert said(chat.fill("ada", "x", {"once": "o", "q": "question-0", "c": "approve"})).startswith("There is no such")


def test_a_forged_choice_is_none(chat: Chat) -> None:
    name = asked(chat)
    assert said(chat.press("ada", q=name, c="<!channel>")) == "This question has no such answer."
    assert said(chat.press("slack:eve", q=name, c="approve")).startswith("This question does not ask you")


def test_what_is_stored_and_not_done_yet_is_told_so(chat: Chat) -> None:
    name = asked(chat)
    chat.late = True
    assert said(chat.press("ada", q=name, c="approve")) == "It is stored, and will be done in a moment."


def test_a_press_that_loses_the_race_is_told_who_was_first(chat: Chat) -> None:
    name = asked(chat)
    chat.world.answer("bo", "reject")  # Stored, and not yet done when ada presses.
    assert said(chat.press("ada", q=name, c="approve")).startswith("Nothing has changed. Bo said 'Reject'")


def test_a_form_wants_a_comment_of_some_length(chat: Chat) -> None:
    name = asked(chat, comment=True)
    reply = chat.press("ada", q=name, c="approve")
    assert isinstance(reply, Ask)
    facts = dict(reply.form.facts)
    assert isinstance(chat.fill("ada", "  ", facts), Corrections)
    assert isinstance(chat.fill("ada", "x" * 1001, facts), Corrections)
    assert said(chat.fill("cy", "x", facts)).startswith("This question does not ask you")
    assert said(chat.fill("ada", "fine", facts)) == "Thank you! That is decided, and the run is told."
    assert said(chat.fill("ada", "fine", facts)).startswith("Nothing has changed. Ada said 'Approve'")
    assert chat.world.question().answers[0].comment == "fine"
