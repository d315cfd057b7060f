"""The digest machine: when a summary is due, and what becomes of it.

    planned ──its time, or another one on call──► asks for the figures ──they come──► told, or nothing to tell
       ▲                                                                                        │
       └────────────────────────────────────────────────────────────────────────────────────────┘

There is one for each team and rhythm, and one for each schedule. *Its time* is one field, so that after an outage there
is one digest and not all that were missed: a day's tells of all that happened since the last one (MEMORY at most), a
week's of the last whole week. Counting takes longer than a decision may: who counts is asked through the outbox, and
what was counted comes back as an input (laws 3 and 9). Who is on call at a moment is a value, too: it is looked at when
the shift should end, and every LOOK, since people override and swap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias, assert_never

import msgspec
from msgspec.structs import replace

from tocsin.digests import telling
from tocsin.digests.reasons import DigestReason
from tocsin.digests.report import Kind, Report, Scene
from tocsin.digests.times import Rhythm, following, latest
from tocsin.digests.words import RECKON
from tocsin.incidents.ladder import responder
from tocsin.kernel import json
from tocsin.kernel.announcement import ANNOUNCE
from tocsin.kernel.machine import TELL, Decision, Effect, Standing, Tick, teller
from tocsin.kernel.page import Page
from tocsin.kernel.time import DAY, MINUTE, Duration, Instant

LOOK: Final[Duration] = 30 * MINUTE  # An override that begins at once is seen within this time.
MEMORY: Final[Duration] = 7 * DAY  # What is older is no news for a day's digest.
SHIFT_MAX: Final[Duration] = 35 * DAY  # Of a longer shift the end is told.


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted: *subject* is a team, told of at *rhythm*, or a schedule, told of when it changes (no rhythm).

    *teams*: whose incidents it tells of. *receivers*: who is told, beside the two of a hand-over. *zone*: by whose
    clocks.
    """

    kind: Kind
    subject: str
    zone: str
    rhythm: Rhythm | None = None
    teams: tuple[str, ...] = ()
    receivers: tuple[str, ...] = ()


class Planned(msgspec.Struct, frozen=True):
    """The configuration wants it so."""

    plan: Plan


class Retired(msgspec.Struct, frozen=True):
    """The configuration does not want it any more."""


class Looked(msgspec.Struct, frozen=True):
    """Somebody has changed the schedule: another one may be on call."""


class Reckoned(msgspec.Struct, frozen=True):
    """What was counted, and the page that was made of it, for who can draw it."""

    report: Report
    page: Page = Page()


class Turn(msgspec.Struct, frozen=True):
    """Who is on call (empty: nobody), and until when that is so as far as anybody knows."""

    who: str
    until: Instant


DigestInput: TypeAlias = Planned | Retired | Looked | Reckoned | Tick
TurnOf: TypeAlias = Callable[[str, Instant], Turn]
"""Whose turn it is in a schedule at an instant."""


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """The state. *since*: until when the last one told. *who*: on call, in a hand-over.

    *asked_at*: the end of the span whose figures were asked for, and have not come. *told*: how many were sent.
    """

    plan: Plan
    made_at: Instant
    since: Instant
    wake_at: Instant | None
    who: str = ""
    asked_at: Instant | None = None
    told: int = 0


_Decision = Decision[Digest]
_DECODER: Final = msgspec.json.Decoder(Digest)


def nobody(schedule: str, now: Instant) -> Turn:  # noqa: ARG001 - the type's.
    """For those who have no schedules."""
    return Turn("", now + DAY)


class DigestMachine:
    """See the module's essay."""

    name = "digest"

    def __init__(self, turn_of: TurnOf = nobody) -> None:
        """*turn_of* knows the schedules."""
        self._turn_of = turn_of

    def decide(self, state: Digest | None, given: DigestInput, now: Instant) -> _Decision:
        """What follows from *given*; total, pure."""
        if isinstance(given, Planned):
            return self._plan(state, given.plan, now)
        if state is None:
            return Decision(None, DigestReason.UNKNOWN)
        match given:
            case Retired():
                return Decision(replace(state, wake_at=None, asked_at=None), DigestReason.RETIRED)
            case Reckoned():
                return _reckoned(state, given)
            case Looked():
                due = state.wake_at is not None and state.plan.rhythm is None
            case Tick():
                due = state.wake_at is not None and state.wake_at <= now
            case _:
                assert_never(given)
        return self._go(state, now) if due else Decision(state, DigestReason.NOT_DUE)

    def answers(self, state: Digest, given: DigestInput, now: Instant) -> bool:  # noqa: ARG002 - the protocol's.
        """It takes whatever is meant for it."""
        return True

    def wanted(self, state: Digest, effect: Effect) -> bool:  # noqa: ARG002 - the protocol's.
        """Not once the configuration has given it up."""
        return state.wake_at is not None

    def standing(self, state: Digest) -> Standing:
        """It lives as long as it is wanted, and always knows when it is due."""
        live = state.wake_at is not None
        return Standing(wake_at=state.wake_at, live=live, owes=live, rank=state.made_at)

    def encode(self, state: Digest) -> bytes:
        """JSON."""
        return json.encode(state)

    def decode(self, raw: bytes) -> Digest:
        """The inverse of `encode`."""
        return _DECODER.decode(raw)

    def _plan(self, state: Digest | None, plan: Plan, now: Instant) -> _Decision:
        if state is not None and state.wake_at is not None and state.plan == plan:
            return Decision(state, DigestReason.KEPT)
        who, wake_at = self._next(plan, now)
        fresh = state is None or state.wake_at is None
        if state is None or fresh:
            began = Digest(plan=plan, made_at=state.made_at if state else now, since=now, wake_at=wake_at, who=who)
            return Decision(began, DigestReason.PLANNED)
        rhythm_stays = state.plan.rhythm is not None and state.plan.rhythm == plan.rhythm
        after = replace(state, plan=plan, wake_at=state.wake_at if rhythm_stays or not plan.rhythm else wake_at)
        return Decision(after, DigestReason.REPLANNED)

    def _go(self, state: Digest, now: Instant) -> _Decision:
        """Ask for the figures; those of a shift only if it has ended."""
        who, wake_at = self._next(state.plan, now)
        rhythm = state.plan.rhythm
        if rhythm is None and who == state.who:
            return Decision(replace(state, wake_at=wake_at), DigestReason.SAME)
        until = latest(rhythm, now) if rhythm else now
        if state.plan.kind is Kind.WEEKLY and rhythm:
            since = latest(rhythm, until - 1)
        else:
            since = max(min(state.since, until), until - (MEMORY if rhythm else SHIFT_MAX))
        scene = Scene(
            kind=state.plan.kind,
            subject=state.plan.subject,
            since=since,
            until=until,
            zone=state.plan.zone,
            left=state.who if rhythm is None else "",
            came=who,
        )
        after = replace(state, since=until, wake_at=wake_at, who=who, asked_at=until)
        facts: dict[str, json.Json] = {
            "what": RECKON,
            "scene": msgspec.to_builtins(scene),
            "teams": list(state.plan.teams),
        }
        effect = Effect(receiver=teller(self.name), kind=TELL, facts=facts)
        return Decision(after, DigestReason.DUE if rhythm else DigestReason.HANDED_OVER, (effect,))

    def _next(self, plan: Plan, now: Instant) -> tuple[str, Instant]:
        """Who is on call, for a hand-over; and when to look again."""
        if plan.rhythm is not None:
            return "", following(plan.rhythm, now)
        turn = self._turn_of(plan.subject, now)
        return turn.who, min(max(turn.until, now + 1), now + LOOK)


def _reckoned(state: Digest, given: Reckoned) -> _Decision:
    """Tell it, if there is anything to tell; a quiet week is told of, so that silence is no riddle."""
    report, scene = given.report, given.report.scene
    if state.asked_at != scene.until:
        return Decision(state, DigestReason.OLD)
    after = replace(state, asked_at=None)
    if report.quiet and scene.kind is not Kind.WEEKLY:
        return Decision(after, DigestReason.QUIET)
    facts = telling.told(report).facts() | given.page.facts()
    persons = tuple(responder(who) for who in (scene.left, scene.came) if who)
    receivers = dict.fromkeys((*state.plan.receivers, *persons))
    effects = tuple(Effect(receiver=name, kind=ANNOUNCE, coalesce=True, facts=facts) for name in receivers)
    return Decision(replace(after, told=state.told + 1), DigestReason.TOLD, effects)


def scene_of(facts: Mapping[str, json.Json]) -> tuple[Scene, tuple[str, ...]]:
    """What the message RECKON is about, and the teams."""
    return msgspec.convert(facts["scene"], Scene), tuple(str(team) for team in facts["teams"])
