"""The question machine: what people are told about an agreement between them, a swap above all.

    asked: those who may answer are told ──answered──► those who wait for the answer are told

A question is told once. One that still waits to leave is dropped when there is an answer: nobody is asked what
another one has answered. What it says is a value from outside; the agreement itself is none of its business.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from tocsin.kernel import json
from tocsin.kernel.announcement import ANNOUNCE, Announcement
from tocsin.kernel.machine import Decision, Effect, Standing, Tick
from tocsin.kernel.page import Page
from tocsin.kernel.time import Instant

_QUESTION: Final = "question"
_NO_PAGE: Final = Page()


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """*receivers* are asked."""

    receivers: tuple[str, ...]
    what: Announcement


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """There is an answer; *receivers* hear of it. *page*: how it is drawn where it can be."""

    receivers: tuple[str, ...]
    what: Announcement
    page: Page = _NO_PAGE


QuestionInput: TypeAlias = Asked | Answered | Tick


class QuestionReason(StrEnum):
    """One for each way through the machine; `docs/schedules.md` explains them."""

    ASKED = "people are asked"
    ANSWERED = "people hear the answer"
    ALREADY_ASKED = "they were asked"
    NOT_DUE = "not due"
    UNKNOWN = "nobody was asked"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """The state. *answered*: the question is none any more."""

    made_at: Instant
    answered: bool = False


_DECODER: Final = msgspec.json.Decoder(Question)


class QuestionMachine:
    """See the module's essay."""

    name = "question"

    def decide(self, state: Question | None, given: QuestionInput, now: Instant) -> Decision[Question]:
        """What follows from *given*; total, pure."""
        if isinstance(given, Tick):
            return Decision(state, QuestionReason.NOT_DUE if state else QuestionReason.UNKNOWN)
        if isinstance(given, Asked):
            if state is not None:
                return Decision(state, QuestionReason.ALREADY_ASKED)
            effects = _told(given.receivers, given.what, question=True)
            return Decision(Question(made_at=now), QuestionReason.ASKED, effects, given.what.title)
        after = Question(made_at=state.made_at if state else now, answered=True)
        effects = _told(given.receivers, given.what, given.page)
        return Decision(after, QuestionReason.ANSWERED, effects, given.what.title)

    def answers(self, state: Question, given: QuestionInput, now: Instant) -> bool:  # noqa: ARG002 - the protocol's.
        """It takes whatever is meant for it."""
        return True

    def wanted(self, state: Question, effect: Effect) -> bool:
        """A question that is answered is not asked any more."""
        return not (state.answered and effect.facts.get(_QUESTION))

    def standing(self, state: Question) -> Standing:
        """It waits for nothing: what it tells stands in the outbox."""
        return Standing(wake_at=None, live=False, owes=False, rank=state.made_at)

    def encode(self, state: Question) -> bytes:
        """JSON."""
        return json.encode(state)

    def decode(self, raw: bytes) -> Question:
        """The inverse of `encode`."""
        return _DECODER.decode(raw)


def _told(
    receivers: tuple[str, ...], what: Announcement, page: Page = _NO_PAGE, *, question: bool = False
) -> tuple[Effect, ...]:
    facts = what.facts() | page.facts() | ({_QUESTION: True} if question else {})
    return tuple(Effect(receiver=name, kind=ANNOUNCE, facts=facts) for name in dict.fromkeys(receivers))
