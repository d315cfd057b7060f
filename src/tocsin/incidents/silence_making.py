"""What somebody wants silenced, as a silence; whatever cannot be one is told in a sentence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from tocsin.incidents.matchers import Matcher, MatcherError, check, parse
from tocsin.incidents.silences import BY_MAX, MATCHERS_MAX, REMIND, SPAN_MAX, WHY_MAX, Silence, covers_all
from tocsin.incidents.state import Incident
from tocsin.kernel.time import DAY, Duration, Instant, format_duration

EVERY_MAX: Final = 50  # Windows of one silence: all of them are looked at for each of its turns.
EVERY_CHARACTERS_MAX: Final = 100  # Of one window.
STARTS_AHEAD_MAX: Final[Duration] = 366 * DAY  # Later is a slip of the keyboard.
_SPECIAL: Final = frozenset("\\.+*?()|[]{}^$")  # What means something else in an expression.


class UnclearError(ValueError):
    """It cannot be a silence; the text says why."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants: the fields of a `Silence`, with *matchers* as people write them.

    *ends_at* None: nobody has said when. With *every* the times are those of the turns, and *ends_at* is the last end.
    """

    id: str
    by: str
    why: str
    starts_at: Instant
    ends_at: Instant | None
    matchers: tuple[str, ...] = ()
    team: str = ""
    integration: str = ""
    every: tuple[str, ...] = ()
    zone: str = ""
    tell: tuple[str, ...] = ()
    maintenance: bool = False
    remind: Duration = REMIND


def silence(wish: Wish, now: Instant, *, more: Iterable[Matcher] = ()) -> Silence:
    """The silence of *wish*, with *more* matchers that nobody has written. Raises UnclearError."""
    few(wish.every)
    matchers = (*more, *_matchers(wish.matchers))
    if len(matchers) > MATCHERS_MAX:
        raise UnclearError(f"{len(matchers)} matchers are too many; {MATCHERS_MAX} are possible")
    placed = wish.maintenance or wish.every
    if covers_all(matchers) and not (placed and (wish.team or wish.integration)):
        raise UnclearError("say which alerts: at least one matcher, like service=db, must want something")
    why = " ".join(wish.why.split())
    if not why:
        raise UnclearError("say why, so that others know")
    starts_at, ends_at = (0, 0) if wish.every else _times(wish, now)
    return Silence(
        id=wish.id,
        integration=wish.integration,
        team=wish.team,
        matchers=matchers,
        starts_at=starts_at,
        ends_at=ends_at,
        created_by=wish.by[:BY_MAX],
        comment=why[:WHY_MAX],
        updated_at=now,
        every=wish.every,
        zone=wish.zone,
        last=_last(wish, now) if wish.every else None,
        remind=wish.remind,
        tell=wish.tell,
        maintenance=wish.maintenance,
    )


def few(every: tuple[str, ...]) -> None:
    """Let windows pass that can be looked at again and again. Raises UnclearError."""
    if len(every) > EVERY_MAX:
        raise UnclearError(f"{len(every)} windows are too many; {EVERY_MAX} are possible")
    if any(len(text) > EVERY_CHARACTERS_MAX for text in every):
        raise UnclearError(f"a window has at most {EVERY_CHARACTERS_MAX} characters")


def extended(before: Silence, ends_at: Instant, by: str, now: Instant) -> Silence:
    """*before* with another end, as *by* wants it. Raises UnclearError."""
    if now >= before.ends_at:
        raise UnclearError("it is over; make another one")
    if ends_at <= max(now, before.starts_at):
        raise UnclearError("an end must be later than the beginning, and than now; to end it now, expire it")
    if before.every and ends_at < before.ends_at:
        raise UnclearError("a turn of a silence that comes again can only be made longer; to end it now, expire it")
    if ends_at - max(now, before.starts_at) > SPAN_MAX:
        raise UnclearError(_TOO_LONG)
    who = before.created_by or by
    return msgspec.structs.replace(before, ends_at=ends_at, created_by=who, updated_at=now)


def of_incident(incident: Incident) -> Matcher:
    """A matcher for the alerts that *incident* has now, and for no others. Raises UnclearError."""
    keys = list(incident.alerts)
    if len(keys) == 1:
        return Matcher(name="dedup_key", value=keys[0])
    either = "|".join("".join(f"\\{char}" if char in _SPECIAL else char for char in key) for key in keys)
    try:
        return check(Matcher(name="dedup_key", value=either, regex=True))
    except MatcherError:
        raise UnclearError(f"its {len(keys)} alerts are too many to name; say by matchers what they share") from None


def _matchers(texts: Iterable[str]) -> tuple[Matcher, ...]:
    try:
        return tuple(parse(text) for text in texts)
    except MatcherError as problem:
        raise UnclearError(str(problem)) from None


def _times(wish: Wish, now: Instant) -> tuple[Instant, Instant]:
    starts_at = max(wish.starts_at, now)
    if wish.ends_at is None:
        raise UnclearError("say until when: nothing is silenced for ever")
    if wish.ends_at <= starts_at:
        raise UnclearError("its end must be later than its beginning, and than now")
    if wish.ends_at - starts_at > SPAN_MAX:
        raise UnclearError(_TOO_LONG)
    if starts_at - now > STARTS_AHEAD_MAX:
        raise UnclearError(f"it begins in more than {format_duration(STARTS_AHEAD_MAX)}")
    return starts_at, wish.ends_at


def _last(wish: Wish, now: Instant) -> Instant | None:
    if wish.ends_at is not None and wish.ends_at <= now:
        raise UnclearError("its last end has passed")
    return wish.ends_at


_TOO_LONG: Final = f"longer than {format_duration(SPAN_MAX)} is not possible; say it again when that is over"
