"""What people are told of a silence: that it ends soon and what will ask again, and what it was good for."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, assert_never

import msgspec

from tocsin.incidents.silences import Silence
from tocsin.incidents.telling import utc_time
from tocsin.kernel.announcement import Announcement
from tocsin.kernel.time import Instant, format_duration

TITLES_MAX: Final = 5  # Alerts that are named; of the others there is the number.
_GHOST: Final = (
    "If something else was meant, look at its matchers. What another silence covers longer is counted there."
)


class About(StrEnum):
    """What a silence asks about what it has held back."""

    REMINDER = "reminder"  # Its end is near: what will ask again?
    END = "end"  # It is over: was it overruled?
    REPORT = "report"  # A maintenance is over: what has fired, and what still does?


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the alerts that were held back *fire* under it, have *recovered*, or were *overruled* by a person.

    *firing*, *over*: the titles of some.
    """

    fires: int = 0
    recovered: int = 0
    overruled: int = 0
    firing: tuple[str, ...] = ()
    over: tuple[str, ...] = ()


def announcement(about: About, silence: Silence, found: Survey, ends_at: Instant, now: Instant) -> Announcement | None:
    """What people are told of *found*; None when it would tell them nothing."""
    match about:
        case About.REMINDER:
            return _reminder(silence, found, now) if found.fires else None
        case About.END:
            return _overruled(silence, found, ends_at) if found.overruled else None
        case About.REPORT:
            return _report(silence, found, min(ends_at, now))
    assert_never(about)


def begun(silence: Silence) -> Announcement:
    """A maintenance has begun."""
    return Announcement(
        f"Maintenance has begun: {what(silence)}",
        (
            f"By {_by(silence)}, until {utc_time(silence.ends_at)}",
            "What fires is kept, and asks nobody before the end.",
            *_why(silence),
            _extend(silence),
        ),
    )


def ghost(silence: Silence) -> Announcement:
    """It has ended and has never held anything back."""
    return Announcement(
        "A silence is over that has silenced nothing in all its life",
        (f"{what(silence)}, by {_by(silence)}", *_why(silence), _GHOST),
    )


def what(silence: Silence) -> str:
    """What a silence is about, as people write it."""
    named = " ".join(_plainly(each.name, str(each)) for each in silence.matchers)
    places = [f"team {silence.team}"] if silence.team else []
    places += [f"integration {silence.integration}"] if silence.integration else []
    scope = " and ".join(places)
    if not named:
        return f"everything of {scope}" if scope else "everything"
    return f"{named} in {scope}" if scope else named


def when(silence: Silence) -> str:
    """The windows in which it covers, for one that comes again; otherwise nothing."""
    return f"every {', '.join(silence.every)} ({silence.zone})" if silence.every else ""


def _reminder(silence: Silence, found: Survey, now: Instant) -> Announcement:
    word = "Maintenance" if silence.maintenance else "A silence"
    verb = "fires" if found.fires == 1 else "fire"
    left, until = format_duration(silence.ends_at - now), utc_time(silence.ends_at)
    return Announcement(
        f"{word} ends in {left}: {_alerts(found.fires)} under it still {verb}",
        (
            f"{what(silence)}, by {_by(silence)}, until {until}",
            *_named("Will ask again", found.firing, found.fires),
            *_why(silence),
            _extend(silence),
        ),
    )


def _overruled(silence: Silence, found: Survey, ends_at: Instant) -> Announcement:
    return Announcement(
        "A silence is over that was overruled",
        (
            f"{what(silence)}, by {_by(silence)}, until {utc_time(ends_at)}",
            f"For {_alerts(found.overruled)} people had somebody asked all the same.",
            *_why(silence),
        ),
    )


def _report(silence: Silence, found: Survey, ends_at: Instant) -> Announcement:
    nothing = not (found.fires or found.recovered or found.overruled)
    return Announcement(
        f"Maintenance is over: {what(silence)}",
        (
            f"By {_by(silence)}, ended at {utc_time(ends_at)}",
            *(("Nothing has fired meanwhile.",) if nothing else ()),
            *_named("Fired and still fires", found.firing, found.fires),
            *_named("Fired and is over", found.over, found.recovered),
            *((f"Overruled by people: {_alerts(found.overruled)}.",) if found.overruled else ()),
        ),
    )


def _named(heading: str, titles: Iterable[str], number: int) -> tuple[str, ...]:
    if not number:
        return ()
    shown = tuple(titles)[:TITLES_MAX]
    more = f" and {number - len(shown)} more" if number > len(shown) else ""
    return (f"{heading}: {'; '.join(shown)}{more}.",)


def _alerts(number: int) -> str:
    return "1 alert" if number == 1 else f"{number} alerts"


def _by(silence: Silence) -> str:
    return silence.created_by or "somebody"


def _why(silence: Silence) -> tuple[str, ...]:
    return (f"Why: {silence.comment}",) if silence.comment else ()


def _extend(silence: Silence) -> str:
    return f"More time: `tocsin silence extend {silence.id} --for '1 h'`, or the console's page of silences."


def _plainly(name: str, written: str) -> str:
    """A matcher without quotes where it needs none."""
    operator, _, value = written.removeprefix(name).partition('"')
    bare = value.removesuffix('"')
    return f"{name}{operator}{bare}" if bare and not set(bare) & set(' "\\,{}') else written
