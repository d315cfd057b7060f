"""The silence machine: a silence waits for its beginning, covers alerts, and is over; or comes again.

    pending ──begins──► active ──ends, or is ended──► expired
       │ ▲                 └──ends, and comes again──┐   ▲
       │ └───────────────────────────────────────────┘   │
       └────────────ended before, or for good────────────┘

It changes no incident by itself: that it begins, changes or is ended early is told, and whoever delivers that looks
which incidents are concerned (law 3). The end that everybody knew of needs no message: a muted incident has it as its
own timer. An incident that was muted by what is not true any more asks here, and hears how the silence stands.

Some time before its end it asks how what it mutes stands, and when the answer comes (`Surveyed`) tells people what will
ask again; so it does after a maintenance, whose report that is. A silence remembers the alerts that it has held back:
who has silenced nothing in all its life probably meant something else, and is told so.

A silence that comes again is the same one, with the times of its next turn. When that is, it asks `Turns`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final, TypeAlias, assert_never

import msgspec
from msgspec.structs import replace

from tocsin.incidents import silence_telling as telling
from tocsin.incidents.silences import Phase, Silence
from tocsin.kernel import json
from tocsin.kernel.announcement import ANNOUNCE, Announcement
from tocsin.kernel.json import Json
from tocsin.kernel.machine import TELL, Decision, Effect, Standing, Tick, teller
from tocsin.kernel.time import Instant, format_instant

CHANGED: Final = "silence"  # What a silence tells of itself: look whom it concerns.
SURVEY: Final = "survey"  # What it asks: how what it has held back stands.
HELD_MAX: Final = 100  # Alerts that are remembered of one turn; more are counted only.

Turns: TypeAlias = Callable[[tuple[str, ...], str, Instant], tuple[Instant, Instant] | None]
"""When one of these windows is open next in this zone, after this instant or at it; None: never."""


class SilenceSet(msgspec.Struct, frozen=True):
    """It was made, or changed. *planned*: by the configuration, which is read again and again."""

    silence: Silence
    planned: bool = False


class SilenceEnded(msgspec.Struct, frozen=True):
    """Somebody has ended it before its time; *for_good*: also if it would come again."""

    for_good: bool = False


class Muting(msgspec.Struct, frozen=True, kw_only=True):
    """The alert *dedup_key* of *incident* is muted until *until*, because of this silence."""

    incident: str
    dedup_key: str
    until: Instant


class Surveyed(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to *about*: how that stands which it held back in the turn until *ends_at*.

    *receivers*: who can be told.
    """

    about: telling.About
    ends_at: Instant
    survey: telling.Survey = telling.Survey()
    receivers: tuple[str, ...] = ()


SilenceInput: TypeAlias = SilenceSet | SilenceEnded | Muting | Surveyed | Tick


class SilenceReason(StrEnum):
    """One for each way through the machine."""

    MADE = "silence made"
    CHANGED = "silence changed"
    AS_PLANNED = "silence is as the configuration wants it"
    ENDED = "silence expired by a person"
    BEGUN = "silence has begun"
    NEARS_END = "silence nears its end"
    OVER = "silence has ended"
    AGAIN = "silence has ended, and comes again"
    MUTES = "silence mutes"
    CORRECTED = "silence stands otherwise"  # The incident is told how.
    TOLD = "people are told of the silence"
    NOTHING_TO_TELL = "nothing to tell of the silence"
    ALREADY_OVER = "silence was over"
    NOT_DUE = "not due"
    UNKNOWN = "no such silence"


class Held(msgspec.Struct, frozen=True):
    """An alert that it has held back."""

    incident: str
    dedup_key: str


class Silencing(msgspec.Struct, frozen=True):
    """The state: the silence, and the phase that was acted on last.

    *held*: what it has held back in this turn (the first HELD_MAX); *count*: how many in its whole life. *reminded*:
    the end that is not to be reminded of, any more.
    """

    silence: Silence
    phase: Phase
    held: tuple[Held, ...] = ()
    count: int = 0
    reminded: Instant = 0


_Decision = Decision[Silencing]
_DECODER: Final = msgspec.json.Decoder(Silencing)


def never(every: tuple[str, ...], zone: str, now: Instant) -> None:
    """The turns of nothing: for those who only read states."""


class SilenceMachine:
    """See the module's essay."""

    name = "silence"

    def __init__(self, turns: Turns = never) -> None:
        """*turns* knows the clocks of the world."""
        self._turns = turns

    def decide(self, state: Silencing | None, given: SilenceInput, now: Instant) -> _Decision:
        """What follows from *given*; total, pure."""
        if isinstance(given, SilenceSet):
            return self._set(state, given, now)
        if state is None:
            return Decision(None, SilenceReason.UNKNOWN)
        match given:
            case SilenceEnded():
                return self._ended(state, given, now)
            case Muting():
                return _muting(state, given, now)
            case Surveyed():
                return _surveyed(state, given, now)
            case Tick():
                return self._tick(state, now)
        assert_never(given)

    def answers(self, state: Silencing, given: SilenceInput, now: Instant) -> bool:  # noqa: ARG002 - the protocol's.
        """It takes whatever is meant for it."""
        return True

    def wanted(self, state: Silencing, effect: Effect) -> bool:
        """What others must know stays true; a reminder only as long as the end is the same."""
        about, until = effect.facts.get("about"), effect.facts.get("until")
        return about != telling.About.REMINDER or (state.phase is Phase.ACTIVE and state.silence.ends_at == until)

    def standing(self, state: Silencing) -> Standing:
        """It lives until its end, and then at the latest something follows."""
        silence, live = state.silence, state.phase is not Phase.EXPIRED
        ends = silence.ends_at if state.reminded == silence.ends_at else silence.remind_at
        wake_at = silence.starts_at if state.phase is Phase.PENDING else ends
        return Standing(wake_at=wake_at if live else None, live=live, owes=live, rank=silence.starts_at)

    def encode(self, state: Silencing) -> bytes:
        """JSON."""
        return json.encode(state)

    def decode(self, raw: bytes) -> Silencing:
        """The inverse of `encode`."""
        return _DECODER.decode(raw)

    def _set(self, state: Silencing | None, given: SilenceSet, now: Instant) -> _Decision:
        silence, known = given.silence, state is not None and state.phase is not Phase.EXPIRED
        if given.planned and known and state is not None and _same(state.silence, silence):
            return Decision(state, SilenceReason.AS_PLANNED)
        if silence.every and silence.ends_at <= now:
            silence = self._next(silence, now) or replace(silence, starts_at=now, ends_at=now)
        before = Silencing(silence, Phase.PENDING) if state is None else state
        after, effects = _begun(replace(before, silence=silence), now)
        if before.phase is Phase.ACTIVE:
            effects = (_changed(),)
        reason = SilenceReason.MADE if state is None else SilenceReason.CHANGED
        until = format_instant(silence.ends_at)
        return Decision(after, reason, effects, f"{silence.created_by}: until {until}")

    def _ended(self, state: Silencing, given: SilenceEnded, now: Instant) -> _Decision:
        if state.phase is Phase.EXPIRED:
            return Decision(state, SilenceReason.ALREADY_OVER)
        silence, was_active = state.silence, state.phase is Phase.ACTIVE
        report = (_survey(telling.About.REPORT, state),) if was_active and silence.maintenance else ()
        told = (_changed(), *report) if was_active else ()
        following = None if given.for_good else self._next(silence, max(silence.ends_at, now))
        if following is None:
            starts_at, ends_at = min(silence.starts_at, now), min(silence.ends_at, now)
            over = replace(silence, starts_at=starts_at, ends_at=ends_at, updated_at=now)
            return Decision(replace(state, silence=over, phase=Phase.EXPIRED), SilenceReason.ENDED, told, "ended early")
        after, begins = _begun(replace(state, silence=replace(following, updated_at=now), held=()), now)
        story = f"ended early, and begins again at {format_instant(following.starts_at)}"
        return Decision(after, SilenceReason.ENDED, (*told, *begins), story)

    def _tick(self, state: Silencing, now: Instant) -> _Decision:
        silence, phase = state.silence, state.silence.phase(now)
        if phase is state.phase:
            if phase is not Phase.ACTIVE or state.reminded == silence.ends_at or now < silence.remind_at:
                return Decision(state, SilenceReason.NOT_DUE)
            after = replace(state, reminded=silence.ends_at)
            return Decision(after, SilenceReason.NEARS_END, (_survey(telling.About.REMINDER, state),))
        if phase is Phase.ACTIVE:
            after, begins = _begun(state, now)
            return Decision(after, SilenceReason.BEGUN, begins, "began")
        told = _ends(state) if state.phase is Phase.ACTIVE else ()
        following = self._next(silence, now)
        if following is None:
            return Decision(replace(state, phase=phase), SilenceReason.OVER, told, "ended")
        after, begins = _begun(replace(state, silence=following, held=()), now)
        story = f"ended, and begins again at {format_instant(following.starts_at)}"
        return Decision(after, SilenceReason.AGAIN, (*told, *begins), story)

    def _next(self, silence: Silence, now: Instant) -> Silence | None:
        """*silence* with the times of its next turn, if there is one."""
        turn = self._turns(silence.every, silence.zone, now) if silence.every else None
        if turn is None or (silence.last is not None and turn[0] >= silence.last):
            return None
        starts_at, ends_at = turn
        return replace(silence, starts_at=starts_at, ends_at=min(ends_at, silence.last or ends_at))


def _begun(state: Silencing, now: Instant) -> tuple[Silencing, tuple[Effect, ...]]:
    """*state* in the phase that *now* is, and what must follow if it covers something from now on.

    An end that is near already is not reminded of: whoever has set it knows, and a late sweep must find rest.
    """
    silence = state.silence
    reminded = silence.ends_at if silence.remind_at <= now else state.reminded
    after = replace(state, phase=silence.phase(now), reminded=reminded)
    if after.phase is not Phase.ACTIVE:
        return after, ()
    told = _announce(silence.tell, telling.begun(silence)) if silence.maintenance else ()
    return after, (_changed(), *told)


def _muting(state: Silencing, given: Muting, now: Instant) -> _Decision:
    silence, active = state.silence, state.silence.phase(now) is Phase.ACTIVE
    state = _counted(state, Held(given.incident, given.dedup_key)) if active else state
    if active and silence.ends_at == given.until:
        return Decision(state, SilenceReason.MUTES)
    facts: dict[str, Json] = {"incident": given.incident, "dedup_key": given.dedup_key}
    if active:
        facts |= {"what": "muted", "mute": msgspec.to_builtins(silence.mute())}
    else:
        facts |= {"what": "unmuted", "silence": silence.id, "instead": None}
    effect = Effect(receiver=teller("incident"), kind=TELL, facts=facts)
    return Decision(state, SilenceReason.CORRECTED, (effect,))


def _surveyed(state: Silencing, given: Surveyed, now: Instant) -> _Decision:
    """The answer has come: what it means for people, if it still means something."""
    silence, reminder = state.silence, given.about is telling.About.REMINDER
    if reminder and (state.phase is not Phase.ACTIVE or silence.ends_at != given.ends_at):
        return Decision(state, SilenceReason.ALREADY_OVER)
    announcement = telling.announcement(given.about, silence, given.survey, given.ends_at, now)
    if announcement is None or not given.receivers:
        return Decision(state, SilenceReason.NOTHING_TO_TELL)
    effects = _announce(given.receivers, announcement, about=given.about, until=given.ends_at)
    return Decision(state, SilenceReason.TOLD, effects, announcement.title)


def _counted(state: Silencing, held: Held) -> Silencing:
    """*state*, which knows of one more alert that it has held back, unless it knew."""
    if held in state.held:
        return state
    return replace(state, held=(*state.held, held)[:HELD_MAX], count=state.count + 1)


def _same(left: Silence, right: Silence) -> bool:
    """Whether they are the same but for their present turn."""
    return replace(left, starts_at=0, ends_at=0, updated_at=0) == replace(right, starts_at=0, ends_at=0, updated_at=0)


def _ends(state: Silencing) -> tuple[Effect, ...]:
    """What must follow from the end of a turn: a report, or a question."""
    silence = state.silence
    if silence.maintenance:
        return (_survey(telling.About.REPORT, state),)
    if not silence.tell:
        return ()
    if state.count:
        return (_survey(telling.About.END, state),)
    return () if silence.every else _announce(silence.tell, telling.ghost(silence))


def _changed() -> Effect:
    """Told to nobody in particular: the newest state says all, and so one message stands for several."""
    return Effect(receiver=teller("incident"), kind=TELL, coalesce=True, facts={"what": CHANGED})


def _survey(about: telling.About, state: Silencing) -> Effect:
    """The question how what was held back in this turn stands; it goes with it, since the next turn forgets it."""
    facts: dict[str, Json] = {
        "what": SURVEY,
        "about": about,
        "until": state.silence.ends_at,
        "held": [msgspec.to_builtins(each) for each in state.held],
    }
    return Effect(receiver=teller(SilenceMachine.name), kind=TELL, facts=facts)


def _announce(
    receivers: tuple[str, ...], told: Announcement, *, about: str = "", until: Instant = 0
) -> tuple[Effect, ...]:
    facts: dict[str, Json] = {**told.facts(), "about": about, "until": until}
    return tuple(Effect(receiver=receiver, kind=ANNOUNCE, facts=facts) for receiver in receivers)
