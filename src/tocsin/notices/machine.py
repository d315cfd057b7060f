"""The notice machine: a lasting trouble of a way to people, told once to those whom it concerns.

    well ──something is wrong──► told ──another thing is wrong──► told anew
      ▲                            │
      └───────it works again───────┘

There is one for each thing that can be in trouble: a room, a person's account, a whole workspace. Whoever looks says
what is wrong as often as they like; only a change is told, as announcements, which ask nothing and page nobody. The end
is told to those who were told of the beginning.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec

from tocsin.kernel import json
from tocsin.kernel.announcement import ANNOUNCE, Announcement
from tocsin.kernel.machine import Decision, Effect, Standing, Tick
from tocsin.kernel.time import Instant
from tocsin.notices.reasons import NoticeReason


class Noticed(msgspec.Struct, frozen=True, kw_only=True):
    """Something is wrong: *condition* is a word for it, *told* says it to *receivers*."""

    condition: str
    told: Announcement
    receivers: tuple[str, ...]


class Healed(msgspec.Struct, frozen=True, kw_only=True):
    """It works again; *told* says so."""

    told: Announcement


NoticeInput: TypeAlias = Noticed | Healed | Tick


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """The state. *condition* is empty when all is well."""

    condition: str
    receivers: tuple[str, ...]
    since: Instant


_Decision = Decision[Notice]
_DECODER: Final = msgspec.json.Decoder(Notice)


class NoticeMachine:
    """See the module's essay."""

    name = "notice"

    def decide(self, state: Notice | None, given: NoticeInput, now: Instant) -> _Decision:
        """What follows from *given*; total, pure."""
        match given:
            case Noticed():
                return _noticed(state, given, now)
            case Healed():
                return _healed(state, given, now)
            case _:
                return Decision(state, NoticeReason.NOT_DUE)

    def answers(self, state: Notice, given: NoticeInput, now: Instant) -> bool:  # noqa: ARG002 - the protocol's.
        """It takes whatever is meant for it."""
        return True

    def wanted(self, state: Notice, effect: Effect) -> bool:
        """What is not true any more is not told any more."""
        return bool(effect.facts.get("condition", state.condition) == state.condition)

    def standing(self, state: Notice) -> Standing:
        """It lives as long as the trouble, and never waits for anybody."""
        return Standing(wake_at=None, live=bool(state.condition), owes=False, rank=state.since)

    def encode(self, state: Notice) -> bytes:
        """JSON."""
        return json.encode(state)

    def decode(self, raw: bytes) -> Notice:
        """The inverse of `encode`."""
        return _DECODER.decode(raw)


def _noticed(state: Notice | None, given: Noticed, now: Instant) -> _Decision:
    if state is not None and state.condition == given.condition:
        return Decision(state, NoticeReason.KNOWN)
    reason = NoticeReason.CHANGED if state is not None and state.condition else NoticeReason.TOLD
    after = Notice(condition=given.condition, receivers=given.receivers, since=now)
    return Decision(after, reason, _effects(after, given.told), given.told.title)


def _healed(state: Notice | None, given: Healed, now: Instant) -> _Decision:
    if state is None or not state.condition:
        return Decision(state, NoticeReason.NOTHING)
    after = Notice(condition="", receivers=state.receivers, since=now)
    return Decision(after, NoticeReason.OVER, _effects(after, given.told), given.told.title)


def _effects(state: Notice, told: Announcement) -> tuple[Effect, ...]:
    """For each receiver; if it has not heard of the former state, it only hears of this one."""
    facts = {**told.facts(), "condition": state.condition}
    return tuple(Effect(receiver=name, kind=ANNOUNCE, coalesce=True, facts=facts) for name in state.receivers)
