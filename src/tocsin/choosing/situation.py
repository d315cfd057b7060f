"""What is known at the moment of asking: the candidates, the incident, the plain ladder, the costs."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from tocsin.choosing.hours import HourClass
from tocsin.kernel.time import MINUTE, Duration, Instant

SEVERITY_DEFAULT: Final = "high"


class Presence(StrEnum):
    """What the chat shows of somebody: a hint, whose worth is learned."""

    ACTIVE = "active"
    AWAY = "away"
    DO_NOT_DISTURB = "do not disturb"
    UNKNOWN = "unknown"


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may be asked now.

    *busy*: at work on another incident. *again*: asked for this one before. *recent*: interruptions in the last 24
    hours. *solved*: how often they resolved this key before.
    """

    name: str
    hours: HourClass
    presence: Presence = Presence.UNKNOWN
    on_call: bool = False
    busy: bool = False
    again: bool = False
    recent: int = 0
    solved: int = 0


class Asked(msgspec.Struct, frozen=True):
    """Who was asked for this incident, and when; *passed*: they declined, and their answer is not awaited."""

    name: str
    at: Instant
    passed: bool = False


class Rung(msgspec.Struct, frozen=True):
    """A step of the plain ladder: whom it asks, and for how long it waits, in ms."""

    ask: tuple[str, ...]
    wait: Duration


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What things cost, in interruptions at working time.

    *working*, *off*, *sleep*: an interruption in such an hour. *minute*: a minute without an answer, by severity (of a
    severity that is not named, that of `high`). *late*: how many times more it costs once everyone was asked. *urgent*:
    the severities for which more interruptions may be made than the plain ladder would. *fatigue*: by what share an
    interruption costs more for each one that the person had in the last 24 hours. *familiar*: what share of its cost an
    interruption has for somebody who resolved this key before, since the rest will go faster.
    """

    working: float = 1.0
    off: float = 3.0
    sleep: float = 10.0
    minute: tuple[tuple[str, float], ...] = (("critical", 2.0), ("high", 0.6), ("warning", 0.3), ("info", 0.15))
    late: float = 1.5
    urgent: tuple[str, ...] = ("critical",)
    fatigue: float = 0.05
    familiar: float = 0.9

    def hour(self, hours: HourClass) -> float:
        """Of an interruption."""
        return self.working if hours is HourClass.WORKING else self.off if hours is HourClass.OFF else self.sleep

    def delay(self, severity: str, *, late: bool) -> float:
        """Of a minute."""
        known = dict(self.minute)
        usual = known.get(severity, known.get(SEVERITY_DEFAULT, 0.6))
        return usual * self.late if late else usual

    def person(self, candidate: Candidate) -> float:
        """Of asking *candidate*."""
        tired = self.hour(candidate.hours) * (1 + self.fatigue * candidate.recent)
        return tired * self.familiar if candidate.solved else tired


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """One incident that nobody has acknowledged, at *now*.

    *candidates*: who may be asked, in the order of the team. *asked*: who was, oldest first; *moves*: how many choices
    were made for it before this one. *ladder*: what the policy would do without us; *deadline*: when it would ask the
    whole team (again, if it was), and the latest that we may; *again*: how long it waits between one such and the next,
    in ms. *seed*: breaks ties, so that equals take turns.
    """

    now: Instant
    severity: str
    candidates: tuple[Candidate, ...]
    deadline: Instant
    ladder: tuple[Rung, ...] = ()
    asked: tuple[Asked, ...] = ()
    moves: int = 0
    again: Duration = 15 * MINUTE
    seed: int = 0
