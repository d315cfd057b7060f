"""Silences as Alertmanager has them: read from what was posted, by its rules, and shown in its shape."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import replace

from tocsin.engine.ports import Aggregates
from tocsin.incidents.matchers import Matcher, MatcherError, check
from tocsin.incidents.silence_machine import SilenceMachine
from tocsin.incidents.silences import BY_MAX, MATCHERS_MAX, REMIND, WHY_MAX, Order, Phase, Silence, covers_all
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Instant, format_instant
from tocsin.sources import bounds

LISTED_MAX: Final = 2000  # Silences of one answer, those that have expired included.

__all__ = ["AskedError", "Order", "Silence", "asked", "find", "listed", "order", "show", "shown"]

_MACHINE: Final = SilenceMachine()
_ORDER: Final = {Phase.ACTIVE: 0, Phase.PENDING: 1, Phase.EXPIRED: 2}


class AskedError(ValueError):
    """What was posted is no silence; the text says why."""


def listed(store: Aggregates, integration: str) -> list[Silence]:
    """The silences that concern *integration*. Blocks on the store; raises StoreUnavailableError."""
    rows = store.listing(_MACHINE.name, live_only=False, limit=LISTED_MAX)
    found = [_MACHINE.decode(row.state).silence for row in rows]
    return [silence for silence in found if silence.integration in {"", integration}]


def find(store: Aggregates, name: str, integration: str) -> Silence | None:
    """The silence *name* of *integration*. Blocks on the store; raises StoreUnavailableError."""
    stored = store.load([name]).get(name)
    if stored is None or stored.machine != _MACHINE.name:
        return None
    silence = _MACHINE.decode(stored.state).silence
    return silence if silence.integration == integration and silence.matchers and not _is_ours(silence) else None


def asked(document: Json, now: Instant) -> Silence:
    """The silence in a posted document; its *id* is the one to change, or empty. Raises AskedError."""
    if not isinstance(document, dict):
        raise AskedError("this is not a silence: an object is needed")
    starts_at = _time(document, "startsAt", now)
    ends_at = _time(document, "endsAt", None)
    if starts_at >= ends_at:
        raise AskedError("Failed to create silence: start time must be before end time")
    if ends_at < now:
        raise AskedError("Failed to create silence: end time can't be in the past")
    return Silence(
        id=_text(document, "id"),
        integration="",
        matchers=_matchers(document.get("matchers")),
        starts_at=starts_at,
        ends_at=ends_at,
        created_by=bounds.line(_text(document, "createdBy"), BY_MAX),
        comment=bounds.line(_text(document, "comment"), WHY_MAX),
        updated_at=now,
        remind=REMIND,
    )


def order(wanted: Silence, before: Silence | None, integration: str, new_id: str, now: Instant) -> Order:
    """What follows from *wanted*: *before* is changed in its place if that is possible; else a new one replaces it."""
    wanted = replace(wanted, integration=integration)
    if before is not None and _can_change(wanted, before, now):
        starts_at = before.starts_at if before.phase(now) is Phase.ACTIVE else wanted.starts_at
        said = {name: getattr(wanted, name) for name in ("ends_at", "created_by", "comment", "updated_at")}
        return Order(make=replace(before, starts_at=starts_at, **said))
    made = replace(wanted, id=new_id, starts_at=max(wanted.starts_at, now))
    replaced = before is not None and before.phase(now) is not Phase.EXPIRED
    return Order(make=made, end=before.id if before is not None and replaced else "")


def shown(found: Sequence[Silence], wanted: Sequence[Matcher], now: Instant) -> list[dict[str, Any]]:
    """Those of *found* that have all matchers of *wanted*: active ones first, then those to come, then the others."""
    told = [silence for silence in found if silence.matchers and not silence.team]
    fitting = [silence for silence in told if set(wanted) <= set(silence.matchers)]
    return [show(silence, now) for silence in sorted(fitting, key=lambda silence: _rank(silence, now))]


def show(silence: Silence, now: Instant) -> dict[str, Any]:
    """`gettableSilence` of Alertmanager's OpenAPI document."""
    return {
        "id": silence.id,
        "status": {"state": silence.phase(now).value},
        "updatedAt": format_instant(silence.updated_at),
        "matchers": [
            {"name": each.name, "value": each.value, "isRegex": each.regex, "isEqual": each.equal}
            for each in silence.matchers
        ],
        "startsAt": format_instant(silence.starts_at),
        "endsAt": format_instant(silence.ends_at),
        "createdBy": silence.created_by,
        "comment": silence.comment,
    }


def _is_ours(silence: Silence) -> bool:
    """Whether it is more than Alertmanager has words for: what is posted would take that from it."""
    return bool(silence.team or silence.every)


def _rank(silence: Silence, now: Instant) -> tuple[int, Instant]:
    match phase := silence.phase(now):
        case Phase.ACTIVE:
            return _ORDER[phase], silence.ends_at
        case Phase.PENDING:
            return _ORDER[phase], silence.starts_at
        case Phase.EXPIRED:
            return _ORDER[phase], -silence.ends_at


def _can_change(wanted: Silence, before: Silence, now: Instant) -> bool:
    """As Alertmanager: other matchers are another silence, and the past cannot be changed."""
    if wanted.matchers != before.matchers:
        return False
    match before.phase(now):
        case Phase.ACTIVE:
            return wanted.starts_at // SECOND == before.starts_at // SECOND
        case Phase.PENDING:
            return wanted.starts_at >= now
        case Phase.EXPIRED:
            return False


def _time(document: dict[str, Json], name: str, otherwise: Instant | None) -> Instant:
    told = document.get(name)
    if told is None and otherwise is not None:
        return otherwise
    found = bounds.instant(told) if isinstance(told, str) else None
    if found is None:
        raise AskedError(f"{name} is {bounds.quoted(told)}, and no time like 2026-01-05T10:00:00Z")
    return found


def _text(document: dict[str, Json], name: str) -> str:
    told = document.get(name)
    if told is None:
        return ""
    if not isinstance(told, str):
        raise AskedError(f"{name} is {bounds.quoted(told)}, and no text")
    return told


def _matchers(told: Json) -> tuple[Matcher, ...]:
    if not isinstance(told, list) or not told:
        raise AskedError("invalid silence: at least one matcher required")
    if len(told) > MATCHERS_MAX:
        raise AskedError(f"{len(told)} matchers are too many; {MATCHERS_MAX} are possible")
    try:
        found = tuple(check(_matcher(each)) for each in told)
    except MatcherError as problem:
        raise AskedError(f"invalid silence: {problem}") from None
    if covers_all(found):
        raise AskedError("invalid silence: at least one matcher must not match the empty string")
    return found


def _matcher(told: Json) -> Matcher:
    if not isinstance(told, dict):
        raise AskedError(f"{bounds.quoted(told)} is no matcher")
    flags = {name: told.get(name, default) for name, default in (("isRegex", False), ("isEqual", True))}
    for name, value in flags.items():
        if value is not None and not isinstance(value, bool):
            raise AskedError(f"{name} is {bounds.quoted(value)}, and must be true or false")
    equal = flags["isEqual"] is not False
    return Matcher(name=_text(told, "name"), value=_text(told, "value"), regex=bool(flags["isRegex"]), equal=equal)
