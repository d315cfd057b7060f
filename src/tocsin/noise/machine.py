"""The remedy machine: what is done about one noisy key, by whom and why, and what was done before.

    nothing ──remedied──► in force ──remedied──► another one ──undone, or over──► the one before ──undone──► nothing

Remedies lie on each other; the newest that lasts is in force, and taking it back restores what was before. The same
one again takes the place of the one in force. One that is a silence is told to the silence machine (law 3), when it
comes into force and when it is not any more.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias, assert_never

import msgspec
from msgspec.structs import replace

from tocsin.kernel import json
from tocsin.kernel.machine import TELL, Decision, Effect, Standing, Tick, teller
from tocsin.kernel.time import Instant
from tocsin.noise.keys import Key
from tocsin.noise.remedies import Measure, Remedy, silence, words

STACK_MAX: Final = 10  # Remedies on one another; the oldest is forgotten.
SET: Final = "silence set"  # What a remedy tells the silence machine.
ENDED: Final = "silence ended"

_PREFIX: Final = "remedy-"


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """A person does something about *key*, whose alerts are called *title*."""

    key: Key
    remedy: Remedy
    title: str = ""


class Undone(msgspec.Struct, frozen=True, kw_only=True):
    """*by* takes the remedy in force back; the one that began at *at*, if that is said."""

    by: str
    at: Instant | None = None


RemedyInput: TypeAlias = Applied | Undone | Tick


class RemedyReason(StrEnum):
    """One for each way through the machine."""

    SET = "remedy set"
    REPLACED = "remedy replaced"
    UNDONE = "remedy undone"
    OVER = "remedy over"
    NOTHING = "nothing to undo"
    NOT_DUE = "not due"
    UNKNOWN = "no such remedy"


class Treatment(msgspec.Struct, frozen=True, kw_only=True):
    """The state: the remedies for *key*, the newest last. *made*: how many there ever were. *at*: of the first."""

    key: Key
    title: str
    stack: tuple[Remedy, ...]
    made: int
    at: Instant

    @property
    def current(self) -> Remedy | None:
        """What is in force."""
        return self.stack[-1] if self.stack else None


_Decision = Decision[Treatment]
_DECODER: Final = msgspec.json.Decoder(Treatment)


class RemedyMachine:
    """See the module's essay."""

    name = "remedy"

    def decide(self, state: Treatment | None, given: RemedyInput, now: Instant) -> _Decision:
        """What follows from *given*; total, pure."""
        if isinstance(given, Applied):
            return _applied(state, given, now)
        if state is None:
            return Decision(None, RemedyReason.UNKNOWN)
        match given:
            case Undone():
                return _undone(state, given, now)
            case Tick():
                return _tick(state, now)
        assert_never(given)

    def answers(self, state: Treatment, given: RemedyInput, now: Instant) -> bool:  # noqa: ARG002 - the protocol's.
        """It takes whatever is meant for it."""
        return True

    def wanted(self, state: Treatment, effect: Effect) -> bool:  # noqa: ARG002 - the protocol's.
        """What the silences must know stays true."""
        return True

    def standing(self, state: Treatment) -> Standing:
        """It lives while something is in force, and wakes when that, or what lies below it, ends."""
        ends = [remedy.until for remedy in state.stack if remedy.until is not None]
        return Standing(wake_at=min(ends, default=None), live=bool(state.stack), owes=False, rank=state.at)

    def encode(self, state: Treatment) -> bytes:
        """JSON."""
        return json.encode(state)

    def decode(self, raw: bytes) -> Treatment:
        """The inverse of `encode`."""
        return _DECODER.decode(raw)


def aggregate(key_id: str) -> str:
    """The name of the aggregate of the key with this id."""
    return _PREFIX + key_id


def _applied(state: Treatment | None, given: Applied, now: Instant) -> _Decision:
    known = state or Treatment(key=given.key, title=given.title, stack=(), made=0, at=now)
    number = known.made + 1
    remedy = replace(given.remedy, at=now)
    if remedy.measure is Measure.SILENCE:
        remedy = replace(remedy, silence=f"{aggregate(given.key.id)}-{number}")
    below = known.stack[:-1] if known.current and _same(known.current, remedy) else known.stack
    stack = (*(each for each in below if each.lasts(now)), remedy)[-STACK_MAX:]
    after = replace(known, stack=stack, made=number, title=given.title or known.title)
    reason = RemedyReason.REPLACED if known.current else RemedyReason.SET
    return Decision(after, reason, _effects(known, after), f"{remedy.by}: {words(remedy)}{_why(remedy)}")


def _undone(state: Treatment, given: Undone, now: Instant) -> _Decision:
    current = state.current
    if current is None or (given.at is not None and given.at != current.at):
        return Decision(state, RemedyReason.NOTHING)
    after = replace(state, stack=tuple(each for each in state.stack[:-1] if each.lasts(now)))
    story = f"{given.by} took back: {words(current)}, of {current.by}{_now(after)}"
    return Decision(after, RemedyReason.UNDONE, _effects(state, after), story)


def _tick(state: Treatment, now: Instant) -> _Decision:
    after = replace(state, stack=tuple(each for each in state.stack if each.lasts(now)))
    current = state.current
    if current is None or after == state:
        return Decision(state, RemedyReason.NOT_DUE)
    story = "" if after.current == current else f"over: {words(current)}, of {current.by}{_now(after)}"
    return Decision(after, RemedyReason.OVER, _effects(state, after), story)


def _effects(before: Treatment, after: Treatment) -> tuple[Effect, ...]:
    """What the silence machine must know, if another remedy is in force."""
    was, is_ = before.current, after.current
    if was == is_:
        return ()
    effects = []
    if is_ is not None and is_.silence:
        made = msgspec.to_builtins(silence(after.key, is_))
        effects.append(Effect(receiver=teller("silence"), kind=TELL, facts={"what": SET, "silence": made}))
    if was is not None and was.silence:
        effects.append(Effect(receiver=teller("silence"), kind=TELL, facts={"what": ENDED, "silence": was.silence}))
    return tuple(effects)


def _same(one: Remedy, other: Remedy) -> bool:
    """Whether *other* only says *one* again, perhaps with another end: a double click is undone by one."""
    return (one.measure, one.hold, one.count, one.within) == (other.measure, other.hold, other.count, other.within)


def _why(remedy: Remedy) -> str:
    return f" ({remedy.why})" if remedy.why else ""


def _now(after: Treatment) -> str:
    return f"; again: {words(after.current)}" if after.current else ""
