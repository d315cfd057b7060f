"""The silence machine: a silence waits for its beginning, covers alerts, and is over.

    pending ──begins──► active ──ends, or is ended──► expired
       └──────────────ended before──────────────────────▲

It changes no incident by itself: that it begins, changes or is ended early is told, and whoever delivers that looks
which incidents are concerned (law 3). The end that everybody knew of needs no message: a muted incident has it as its
own timer. An incident that was muted by what is not true any more asks here, and hears how the silence stands.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias, assert_never

import msgspec
from msgspec.structs import replace

from tocsin.incidents.silences import Phase, Silence
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.machine import TELL, Decision, Effect, Standing, Tick, teller
from tocsin.kernel.time import Instant, format_instant

CHANGED: Final = "silence"  # What a silence tells of itself: look whom it concerns.


class SilenceSet(msgspec.Struct, frozen=True):
    """It was made, or changed."""

    silence: Silence


class SilenceEnded(msgspec.Struct, frozen=True):
    """Somebody has ended it before its time."""


class Muting(msgspec.Struct, frozen=True, kw_only=True):
    """The alert *dedup_key* of *incident* is muted until *until*, because of this silence."""

    incident: str
    dedup_key: str
    until: Instant


SilenceInput: TypeAlias = SilenceSet | SilenceEnded | Muting | Tick


class SilenceReason(StrEnum):
    """One for each way through the machine."""

    MADE = "silence made"
    CHANGED = "silence changed"
    ENDED = "silence expired by a person"
    BEGUN = "silence has begun"
    OVER = "silence has ended"
    MUTES = "silence mutes"
    CORRECTED = "silence stands otherwise"  # The incident is told how.
    ALREADY_OVER = "silence was over"
    NOT_DUE = "not due"
    UNKNOWN = "no such silence"


class Silencing(msgspec.Struct, frozen=True):
    """The state: the silence, and the phase that was acted on last."""

    silence: Silence
    phase: Phase


_Decision = Decision[Silencing]
_DECODER: Final = msgspec.json.Decoder(Silencing)


class SilenceMachine:
    """See the module's essay."""

    name = "silence"

    def decide(self, state: Silencing | None, given: SilenceInput, now: Instant) -> _Decision:
        """What follows from *given*; total, pure."""
        if isinstance(given, SilenceSet):
            return _set(state, given.silence, now)
        if state is None:
            return Decision(None, SilenceReason.UNKNOWN)
        match given:
            case SilenceEnded():
                return _ended(state, now)
            case Muting():
                return _muting(state, given, now)
            case Tick():
                return _tick(state, now)
        assert_never(given)

    def answers(self, state: Silencing, given: SilenceInput, now: Instant) -> bool:  # noqa: ARG002 - the protocol's.
        """It takes whatever is meant for it."""
        return True

    def wanted(self, state: Silencing, effect: Effect) -> bool:  # noqa: ARG002 - the protocol's.
        """What others must know stays true."""
        return True

    def standing(self, state: Silencing) -> Standing:
        """It lives until its end, and then at the latest something follows."""
        live = state.phase is not Phase.EXPIRED
        begins = state.phase is Phase.PENDING
        wake_at = (state.silence.starts_at if begins else state.silence.ends_at) if live else None
        return Standing(wake_at=wake_at, live=live, owes=live, rank=state.silence.starts_at)

    def encode(self, state: Silencing) -> bytes:
        """JSON."""
        return json.encode(state)

    def decode(self, raw: bytes) -> Silencing:
        """The inverse of `encode`."""
        return _DECODER.decode(raw)


def _set(state: Silencing | None, silence: Silence, now: Instant) -> _Decision:
    after = Silencing(silence, silence.phase(now))
    told = after.phase is Phase.ACTIVE or (state is not None and state.phase is Phase.ACTIVE)
    reason = SilenceReason.MADE if state is None else SilenceReason.CHANGED
    until = format_instant(silence.ends_at)
    return Decision(after, reason, (_changed(),) if told else (), f"{silence.created_by}: until {until}")


def _ended(state: Silencing, now: Instant) -> _Decision:
    if state.phase is Phase.EXPIRED:
        return Decision(state, SilenceReason.ALREADY_OVER)
    silence = state.silence
    ended = replace(silence, starts_at=min(silence.starts_at, now), ends_at=min(silence.ends_at, now), updated_at=now)
    told = (_changed(),) if state.phase is Phase.ACTIVE else ()
    return Decision(Silencing(ended, Phase.EXPIRED), SilenceReason.ENDED, told, "ended early")


def _muting(state: Silencing, given: Muting, now: Instant) -> _Decision:
    silence, active = state.silence, state.silence.phase(now) is Phase.ACTIVE
    if active and silence.ends_at == given.until:
        return Decision(state, SilenceReason.MUTES)
    facts: dict[str, Json] = {"incident": given.incident, "dedup_key": given.dedup_key}
    if active:
        facts |= {"what": "muted", "mute": msgspec.to_builtins(silence.mute())}
    else:
        facts |= {"what": "unmuted", "silence": silence.id, "instead": None}
    effect = Effect(receiver=teller("incident"), kind=TELL, facts=facts)
    return Decision(state, SilenceReason.CORRECTED, (effect,))


def _tick(state: Silencing, now: Instant) -> _Decision:
    phase = state.silence.phase(now)
    if phase is state.phase:
        return Decision(state, SilenceReason.NOT_DUE)
    after = Silencing(state.silence, phase)
    if phase is Phase.ACTIVE:
        return Decision(after, SilenceReason.BEGUN, (_changed(),), "began")
    return Decision(after, SilenceReason.OVER, (), "ended")


def _changed() -> Effect:
    """Told to nobody in particular: the newest state says all, and so one message stands for several."""
    return Effect(receiver=teller("incident"), kind=TELL, coalesce=True, facts={"what": CHANGED})
