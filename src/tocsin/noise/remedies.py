"""Remedies: what a person does about a noisy key. They make plans quieter; what is critical they leave alone."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from tocsin.incidents.alerts import Alert, Gate, Kind, Plan, Remedied, Severity
from tocsin.incidents.gating import FIRED_MAX
from tocsin.incidents.matchers import Matcher, MatcherError, check
from tocsin.incidents.silences import WHY_MAX, Silence
from tocsin.kernel.time import DAY, MINUTE, Duration, Instant, format_duration, format_instant
from tocsin.noise.keys import By, Key, expression

HOLD_MIN: Final[Duration] = MINUTE
HOLD_MAX: Final[Duration] = 10 * MINUTE  # Who is asked ten minutes late may be asked too late.
COUNT_MIN: Final = 2
WITHIN_MAX: Final[Duration] = DAY
SILENCE_MAX: Final[Duration] = 30 * DAY  # Longer is forgetting.
LENGTH_MAX: Final[Duration] = 366 * DAY
VALUE_MAX: Final = 512  # Characters of a dedup key, or of a title's pattern.
BY_MAX: Final = 100
NAME_MAX: Final = 200  # Characters of an integration's name.


class Measure(StrEnum):
    """The kinds of remedies."""

    HOLD = "hold"  # The first page waits; perhaps it recovers by itself.
    NOTIFICATION = "notification"  # It is shown, and asks nobody.
    THRESHOLD = "threshold"  # It asks only when it fires often.
    SILENCE = "silence"  # It asks nobody for a while.


class Remedy(msgspec.Struct, frozen=True, kw_only=True):
    """What *by* does, and *why*, since *at* until *until* (None: until it is taken back).

    *hold* (ms) belongs to HOLD, *count* and *within* (ms) to THRESHOLD. *silence*: the id of the one that was made.
    """

    measure: Measure
    by: str
    at: Instant
    why: str = ""
    until: Instant | None = None
    hold: Duration = 0
    count: int = 0
    within: Duration = 0
    silence: str = ""

    def lasts(self, now: Instant) -> bool:
        """Whether its end has not come."""
        return self.until is None or self.until > now


def problem(key: Key, remedy: Remedy) -> str:
    """What is wrong with *remedy* for *key*, in words; empty if nothing is."""
    if not key.value.strip() or len(key.value) > VALUE_MAX:
        return f"the key is empty, or longer than {VALUE_MAX} characters"
    if len(key.integration) > NAME_MAX:
        return f"the integration's name is longer than {NAME_MAX} characters"
    if not remedy.by or len(remedy.by) > BY_MAX:
        return "it does not say who wants it"
    if len(remedy.why) > WHY_MAX:
        return f"the reason has more than {WHY_MAX} characters"
    longest = SILENCE_MAX if remedy.measure is Measure.SILENCE else LENGTH_MAX
    if remedy.until is not None and not remedy.at < remedy.until <= remedy.at + longest:
        return f"its end is in the past, or later than in {format_duration(longest)}"
    match remedy.measure:
        case Measure.HOLD if not HOLD_MIN <= remedy.hold <= HOLD_MAX:
            return f"a page is held from {format_duration(HOLD_MIN)} to {format_duration(HOLD_MAX)}"
        case Measure.THRESHOLD if key.by is By.TITLE:
            return "a threshold counts the alerts of one dedup key; these have many"
        case Measure.THRESHOLD if not COUNT_MIN <= remedy.count <= FIRED_MAX:
            return f"a threshold is from {COUNT_MIN} to {FIRED_MAX} times"
        case Measure.THRESHOLD if not MINUTE <= remedy.within <= WITHIN_MAX:
            return f"a threshold counts within {format_duration(MINUTE)} to {format_duration(WITHIN_MAX)}"
        case Measure.SILENCE if remedy.until is None:
            return "a silence has an end"
        case Measure.SILENCE if not _is_bearable(_matcher(key)):
            return "these titles have too many numbers for one expression; silence their incidents instead"
        case _:
            return ""


def words(remedy: Remedy) -> str:
    """What it does, in the imperative: `hold 3m`."""
    match remedy.measure:
        case Measure.HOLD:
            done = f"hold {_short(remedy.hold)}"
        case Measure.NOTIFICATION:
            done = "make it a notification"
        case Measure.THRESHOLD:
            done = f"ask from {remedy.count} times in {_short(remedy.within)}"
        case Measure.SILENCE:
            done = "silence"
        case _:
            assert_never(remedy.measure)
    return done if remedy.until is None else f"{done} until {format_instant(remedy.until)[:16]}Z"


def applied(plan: Plan, alert: Alert, key: Key, remedy: Remedy) -> Plan:
    """*plan*, made for *alert*, as *remedy* changes it; a silence is a silence, and changes no plan."""
    if (plan.severity or alert.severity) is Severity.CRITICAL:
        return plan
    match remedy.measure:
        case Measure.HOLD:
            told = Remedied(key.id, f"held {_short(remedy.hold)} by a remedy of {remedy.by}")
            return replace(plan, hold=max(plan.hold, remedy.hold), remedy=told)
        case Measure.NOTIFICATION:
            told = Remedied(key.id, f"made a notification by a remedy of {remedy.by}")
            return replace(plan, kind=Kind.NOTIFICATION, remedy=told)
        case Measure.THRESHOLD:
            often = f"{remedy.count} times in {_short(remedy.within)}"
            told = Remedied(key.id, f"asks from {often} by a remedy of {remedy.by}")
            return replace(plan, gate=Gate(remedy.count, remedy.within), remedy=told)
        case Measure.SILENCE:
            return plan
    assert_never(remedy.measure)


def silence(key: Key, remedy: Remedy) -> Silence:
    """The silence that *remedy*, one with an end, stands for."""
    assert remedy.until is not None
    return Silence(
        id=remedy.silence,
        integration=key.integration,
        matchers=(_matcher(key),),
        starts_at=remedy.at,
        ends_at=remedy.until,
        created_by=remedy.by,
        comment=remedy.why or "a remedy of the noise report",
        updated_at=remedy.at,
        spares_critical=True,
    )


def _matcher(key: Key) -> Matcher:
    if key.by is By.KEY:
        return Matcher(name="dedup_key", value=key.value)
    return Matcher(name="title", value=expression(key.value), regex=True)


def _is_bearable(matcher: Matcher) -> bool:
    """Whether alerts can be compared with *matcher*: what a sender writes into titles makes it long."""
    try:
        check(matcher)
    except MatcherError:
        return False
    return True


def _short(duration: Duration) -> str:
    return format_duration(duration).replace(" ", "")
