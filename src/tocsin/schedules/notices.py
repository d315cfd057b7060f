"""The notice machine: what people are told about an agreement between them, a swap above all.

    asked: those who may answer are told ──answered──► those who wait for the answer are told

A notice is told once. The question that still waits to leave is dropped when there is an answer: nobody is asked what
another one has answered. What it says is a value from outside; the agreement itself is none of its business.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from tocsin.kernel import json
from tocsin.kernel.announcement import ANNOUNCE, Announcement
from tocsin.kernel.machine import Decision, Effect, Standing, Tick
from tocsin.kernel.time import Instant

_QUESTION: Final = "question"


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """*receivers* are asked."""

    receivers: tuple[str, ...]
    what: Announcement


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """There is an answer; *receivers* hear of it."""

    receivers: tuple[str, ...]
    what: Announcement


NoticeInput: TypeAlias = Asked | Answered | Tick


class NoticeReason(StrEnum):
    """One for each way through the machine; `docs/schedules.md` explains them."""

    ASKED = "people are asked"
    ANSWERED = "people hear the answer"
    ALREADY_ASKED = "they were asked"
    NOT_DUE = "not due"
    UNKNOWN = "nobody was asked"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """The state. *answered*: the question is none any more."""

    made_at: Instant
    answered: bool = False


_DECODER: Final = msgspec.json.Decoder(Notice)


class NoticeMachine:
    """See the module's essay."""

    name = "notice"

    def decide(self, state: Notice | None, given: NoticeInput, now: Instant) -> Decision[Notice]:
        """What follows from *given*; total, pure."""
        if isinstance(given, Tick):
            return Decision(state, NoticeReason.NOT_DUE if state else NoticeReason.UNKNOWN)
        if isinstance(given, Asked):
            if state is not None:
                return Decision(state, NoticeReason.ALREADY_ASKED)
            effects = _told(given.receivers, given.what, question=True)
            return Decision(Notice(made_at=now), NoticeReason.ASKED, effects, given.what.title)
        after = Notice(made_at=state.made_at if state else now, answered=True)
        return Decision(after, NoticeReason.ANSWERED, _told(given.receivers, given.what), given.what.title)

    def answers(self, state: Notice, given: NoticeInput, now: Instant) -> bool:  # noqa: ARG002 - the protocol's.
        """It takes whatever is meant for it."""
        return True

    def wanted(self, state: Notice, effect: Effect) -> bool:
        """A question that is answered is not asked any more."""
        return not (state.answered and effect.facts.get(_QUESTION))

    def standing(self, state: Notice) -> Standing:
        """It waits for nothing: what it tells stands in the outbox."""
        return Standing(wake_at=None, live=False, owes=False, rank=state.made_at)

    def encode(self, state: Notice) -> bytes:
        """JSON."""
        return json.encode(state)

    def decode(self, raw: bytes) -> Notice:
        """The inverse of `encode`."""
        return _DECODER.decode(raw)


def _told(receivers: tuple[str, ...], what: Announcement, *, question: bool = False) -> tuple[Effect, ...]:
    facts = what.facts() | ({_QUESTION: True} if question else {})
    return tuple(Effect(receiver=name, kind=ANNOUNCE, facts=facts) for name in dict.fromkeys(receivers))
