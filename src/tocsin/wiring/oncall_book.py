"""The book of what people agree on beside the schedules of the file: overrides and swaps, with their rules.

The terminal, the console and HTTP all write here, so that what one of them refuses the others refuse too, in the same
words. Every refusal is a TocsinError whose code says what kind it is: `*-unknown`, `*-foreign` (it is for somebody else
to do), `*-exists`, `*-accepted`, `*-over`; all other codes say that what was asked for makes no sense as it stands.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from msgspec.structs import replace

from tocsin.engine.ports import Received, Records
from tocsin.errors import TocsinError
from tocsin.kernel.later import function
from tocsin.kernel.time import (
    DAY,
    INSTANT_MAX,
    MINUTE,
    Duration,
    Instant,
    format_duration,
    parse_duration,
    parse_instant,
)
from tocsin.schedules.clock import moment_of, wall_clock
from tocsin.schedules.schedule import Override, Schedule, Swap
from tocsin.schedules.timeline import shifts
from tocsin.wiring.news import ACCEPTED, ASKED, DECLINED, WITHDRAWN, SwapNews, swap_news
from tocsin.wiring.schedules import OVERRIDE, SWAP, Agreed, agreed, document, schedules
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_problems import shown, unknown
from tocsin.wiring.settings_schedules import parse_wall

ID_BYTES: Final = 4
SPAN_MAX: Final[Duration] = 400 * DAY  # Of an override or a swap: longer ones belong into the file.

LIVE_MAX: Final = 500  # Overrides, or swaps, that are not over: a program gone wrong must not slow every decision down.

LAST: Final[Instant] = INSTANT_MAX - 2 * DAY  # Beyond it there are zones whose clocks show no date.

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
changed = function("tocsin.wiring.digests.changed")
_Made = TypeVar("_Made", Override, Swap)


class OnCallBook:
    """Reads and writes the records; any thread. Everything raises StoreUnavailableError, and TocsinError as told."""

    def __init__(
        self,
        settings: Settings,
        records: Records,
        clock: Callable[[], Instant],
        accept: Callable[[Sequence[Received]], object] = lambda _: (),
    ) -> None:
        """*settings* are complete, as `load` gives them. *accept* stores what those hear whose shifts are told."""
        self._settings = settings
        self._records = records
        self._clock = clock
        self._accept = accept

    def schedules(self) -> dict[str, Schedule]:
        """All schedules by name, as they are now."""
        return schedules(self._settings, self._records)

    def schedule(self, name: str) -> Schedule:
        """One of them."""
        if name not in self._settings.schedules:
            raise unknown("schedule", name, self._settings.schedules)
        return self.schedules()[name]

    def override(
        self, *, schedule: str, who: str, start: Instant, until: Instant, by: str, name: str = ""
    ) -> tuple[Override, bool]:
        """*who* is on call in *schedule* for a while; with it, whether it is new.

        *name*: an id that the caller has chosen. Who asks for the same again under it gets what is there.
        """
        found = self.schedule(schedule)
        self._known(who)
        self._reasonable(start, until, found.zone)
        made = Override(id=name or _new_id(), schedule=schedule, who=who, start=start, until=until, by=by)
        before = next((each.override for each in agreed(self._records, OVERRIDE) if _id(each) == made.id), None)
        if name and before is not None:
            _as_before(made, before, "override")
            return before, False
        self._few(OVERRIDE)
        self._records.put_record(OVERRIDE, _checked(made.id), document(Agreed(at=self._clock(), override=made)))
        self._changed()
        return made, True

    def end_override(self, name: str) -> None:
        """Take an override back."""
        if self._records.take_record(OVERRIDE, name) is None:
            raise TocsinError("override-unknown", f"there is no override {name!r}")
        self._changed()

    def swaps(self) -> list[Swap]:
        """All swaps, those that are only asked for too, in the order in which they began to count."""
        return [each.swap for each in agreed(self._records, SWAP) if each.swap]

    def ask(
        self,
        *,
        schedule: str,
        by: str,
        start: Instant,
        until: Instant,
        to: str = "",
        back: tuple[Instant, Instant] | None = None,
        name: str = "",
        comment: str = "",
    ) -> tuple[Swap, bool]:
        """*by* asks that *to* (empty: anybody) take their turns, and offers to take those within *back*; as `override`.

        Nothing counts before it is accepted. Those who are asked hear of it, with the *comment*.
        """
        found = self.schedule(schedule)
        for each in filter(None, (by, to)):
            self._known(each)
        if to == by:
            raise TocsinError("swap-self", f"{by} cannot swap with {by}")
        if back and not to:
            raise TocsinError("swap-incomplete", "turns in return need to be those of somebody: say who is asked")
        self._reasonable(start, until, found.zone)
        made = Swap(id=name or _new_id(), schedule=schedule, by=by, to=to, start=start, until=until)
        if back:
            self._reasonable(*back, found.zone)
            made = replace(made, back_start=back[0], back_until=back[1])
        known = self._asked(made.id) if name else None
        if known is not None and (before := known.swap) is not None:
            asked = replace(before, accepted=False, to=before.to if to else "")
            _as_before(made, asked, "swap")
            if not before.accepted:  # Whoever asks again may not have been heard the first time.
                self._told(SwapNews(what=ASKED, swap=before, at=known.at, by=by, comment=comment))
            return before, False
        _needs_turn(found, by, start, until)
        if back:
            _needs_turn(found, to, *back)
        self._few(SWAP)
        now = self._clock()
        self._records.put_record(SWAP, _checked(made.id), document(Agreed(at=now, swap=made)))
        self._told(SwapNews(what=ASKED, swap=made, at=now, by=by, comment=comment))
        return made, True

    def accept(self, name: str, by: str) -> Swap:
        """*by* takes the turns; who accepts what they have accepted already changes nothing."""
        asked, asked_at = self._swap(name)
        if asked.accepted and asked.to == by:
            return asked
        if asked.accepted:
            raise TocsinError("swap-accepted", f"{asked.to} has accepted swap {name} already")
        self._known(by)
        if by == asked.by or (asked.to and by != asked.to):
            raise TocsinError("swap-foreign", f"swap {name} asks {asked.to or f'anybody but {asked.by}'}, not {by}")
        now = self._clock()
        if asked.until <= now:
            raise TocsinError("swap-over", f"the time of swap {name} has passed")
        # Whoever takes it, has it: of two who accept at the same time one finds nothing.
        if self._records.take_record(SWAP, name) is None:
            raise _no_swap(name)
        taken = replace(asked, to=by, accepted=True)
        self._records.put_record(SWAP, name, document(Agreed(at=now, swap=taken)))
        self._changed()
        self._told(SwapNews(what=ACCEPTED, swap=taken, at=asked_at, by=by))
        return taken

    def decline(self, name: str, by: str) -> Swap:
        """*by*, who was asked, does not want it: it is gone."""
        asked, asked_at = self._swap(name)
        if asked.to != by:
            raise TocsinError("swap-foreign", f"swap {name} asks {asked.to or 'anybody'}, so {by} cannot decline it")
        if asked.accepted:
            raise TocsinError("swap-accepted", f"{by} has accepted swap {name} already; it can be withdrawn")
        return self._taken(SwapNews(what=DECLINED, swap=asked, at=asked_at, by=by))

    def withdraw(self, name: str, by: str) -> Swap:
        """One of the two takes it back, accepted or not."""
        asked, asked_at = self._swap(name)
        if by not in {asked.by, asked.to}:
            raise TocsinError("swap-foreign", f"swap {name} is between {asked.by} and {asked.to or 'anybody'}")
        return self._taken(SwapNews(what=WITHDRAWN, swap=asked, at=asked_at, by=by))

    def _taken(self, over: SwapNews) -> Swap:
        swap = over.swap
        if self._records.take_record(SWAP, swap.id) is None:
            raise _no_swap(swap.id)
        if swap.accepted:
            self._changed()
        self._told(over)
        return swap

    def _told(self, told: SwapNews) -> None:
        """Those whom a swap concerns hear of it."""
        self._accept([swap_news(told, self._clock())])

    def _changed(self) -> None:
        """Another one may be on call: a running server hands over at once, and need not find out."""
        told = changed(self._settings, self._clock())
        if told is not None:
            self._accept([told])

    def _swap(self, name: str) -> tuple[Swap, Instant]:
        """It, and when it was asked for, or accepted."""
        found = self._asked(name)
        if found is None or found.swap is None:
            raise _no_swap(name)
        return found.swap, found.at

    def _asked(self, name: str) -> Agreed | None:
        return next((each for each in agreed(self._records, SWAP) if each.swap and each.swap.id == name), None)

    def _known(self, who: str) -> None:
        if who not in self._settings.responders:
            raise unknown("responder", who, self._settings.responders)

    def _few(self, kind: str) -> None:
        now = self._clock()
        found = (each.override or each.swap for each in agreed(self._records, kind))
        if sum(each is not None and each.until > now for each in found) >= LIVE_MAX:
            raise TocsinError(f"{kind}-many", f"there are {LIVE_MAX} of them already; take some back first")

    def _reasonable(self, start: Instant, until: Instant, zone: str) -> None:
        if start < 0 or max(start, until) > LAST:
            raise TocsinError("time-invalid", "no calendar of ours goes that far")
        if until <= start:
            raise TocsinError("time-invalid", f"{told(until, zone)} is not later than {told(start, zone)}")
        if until <= self._clock():
            raise TocsinError("time-invalid", f"{told(until, zone)} has passed")
        if until - start > SPAN_MAX:
            message = f"from {told(start, zone)} to {told(until, zone)} is longer than {format_duration(SPAN_MAX)}"
            raise TocsinError("time-invalid", f"{message}; change the schedule instead")


def period(begin: str, end: str, zone: str, now: Instant) -> tuple[Instant, Instant]:
    """From when to when, as people write it; the end may be a duration. Raises TocsinError."""
    start = instant(begin, zone, now)
    duration = parse_duration(end)
    return start, instant(end, zone, now) if duration is None else start + duration


def instant(text: str, zone: str, now: Instant) -> Instant:
    """What a time means: `now`, one with a zone, or one by the clocks of *zone*. Raises TocsinError."""
    if text in {"", "now"}:
        return now
    wall = parse_wall(text)
    if wall is not None:
        return wall_clock(zone, wall - DAY, wall + DAY).first(wall)
    found = parse_instant(text)
    if found is None:
        message = f"{text!r} is no time like now, 2026-12-24T09:00 (by the clocks of the schedule) or 2026-12-24T09:00Z"
        raise TocsinError("time-invalid", message)
    return found


def told(at: Instant, zone: str) -> str:
    """A time by the clocks of *zone*, to the minute."""
    shown_at = moment_of(wall_clock(zone, at, at).shown(at - at % MINUTE))
    return f"{shown_at:%a %Y-%m-%d %H:%M}"


def _needs_turn(schedule: Schedule, who: str, start: Instant, until: Instant) -> None:
    if all(shift.who != who for shift in shifts(schedule, start, until)):
        between = f"from {told(start, schedule.zone)} to {told(until, schedule.zone)}"
        raise TocsinError("swap-empty", f"{who} has no turn in {schedule.name} {between}")


def _as_before(made: _Made, before: _Made, what: str) -> None:
    """Whoever asks for the same again gets it; for something else under the same id, they are told."""
    if made != before:
        raise TocsinError(f"{what}-exists", f"there is another {what} {made.id!r} already")


def _no_swap(name: str) -> TocsinError:
    return TocsinError("swap-unknown", f"there is no swap {name!r} (any more)")


def _checked(name: str) -> str:
    if _ID.fullmatch(name) is None:
        message = f"{shown(name)} cannot be an id: up to 64 letters, digits, dots, dashes and underscores can"
        raise TocsinError("id-invalid", message)
    return name


def _id(found: Agreed) -> str:
    return found.override.id if found.override else ""


def _new_id() -> str:
    return secrets.token_hex(ID_BYTES)
