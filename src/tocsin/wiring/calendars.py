"""The calendars that the settings name: fetched now and then, kept as records, read from there."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from tocsin.engine.ports import Records
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import DAY, MINUTE, SECOND, Duration, Instant
from tocsin.schedules.clock import wall_clock
from tocsin.schedules.windows import Span, merged
from tocsin.wiring.fetching import FAILURES, fetch, kind
from tocsin.wiring.rounds import Rounds
from tocsin.wiring.settings import Settings

RECORD: Final = "calendar"
EVERY: Final[Duration] = 15 * MINUTE
BEFORE: Final[Duration] = 31 * DAY  # How much of the past is kept: reports look back.
AFTER: Final[Duration] = 400 * DAY
FETCH_SECONDS: Final = 20.0
STOP_SECONDS: Final = 1.0
BYTES_MAX: Final = 4 << 20

log = logging.getLogger(__name__)


class _Kept(msgspec.Struct, frozen=True):
    """A calendar as it is stored: of each event its beginning, its end, and whether it is floating."""

    events: tuple[tuple[int, int, bool], ...]


class Calendars:
    """Fetches every calendar every EVERY; one that cannot be read keeps the events that it had."""

    def __init__(
        self,
        settings: Settings,
        records: Records,
        clock: Callable[[], Instant],
        fetch: Callable[[str], bytes] | None = None,
    ) -> None:
        """*fetch* gets an address. Raises one of FAILURES."""
        self._urls = list(dict.fromkeys(urls(settings)))
        self._records = records
        self._clock = clock
        self._fetch = fetch or _fetch
        self._rounds = Rounds("calendars", self.refresh, EVERY / SECOND, at_once=True, patience=STOP_SECONDS)

    @property
    def used(self) -> bool:
        """Whether there are any."""
        return bool(self._urls)

    def start(self) -> None:
        """Begin, if there are any."""
        if self.used:
            self._rounds.start()

    def stop(self) -> None:
        """End; a fetch under way is left alone."""
        self._rounds.stop()

    def refresh(self) -> int:
        """Fetch all of them once; how many could be read."""
        return sum(self._refresh(url) for url in self._urls)

    def _refresh(self, url: str) -> bool:
        from tocsin.ical.reading import CalendarError, events  # noqa: PLC0415 - a fifth of a second, and seldom needed.

        now = self._clock()
        try:
            found = events(self._fetch(url), now - BEFORE, now + AFTER)
        except (*FAILURES, CalendarError) as problem:
            # The address may be a secret: whose calendar it is must do.
            log.warning("a calendar cannot be read", extra={"calendar": name_of(url), "problem": _told(problem)})
            return False
        stored = {"at": now, "events": [[each.start, each.until, each.floating] for each in found]}
        try:
            self._records.put_record(RECORD, name_of(url), stored)
        except StoreUnavailableError as problem:
            log.warning("a calendar cannot be stored", extra={"problem": problem.message})
            return False
        return True


def urls(settings: Settings) -> Iterator[str]:
    """The addresses of all calendars."""
    for person in settings.responders.values():
        if person.absences:
            yield person.absences.reveal()
    for schedule in settings.schedules.values():
        yield from schedule.holidays


def spans(records: Records, url: str, zone: str) -> list[Span]:
    """The events of the calendar at *url*, those without a zone by the clocks of *zone*; in order and merged."""
    try:
        found = msgspec.convert(records.record(RECORD, name_of(url)), _Kept).events
    except msgspec.ValidationError:  # There is none yet, or it is of another version than ours.
        return []
    first = min((start for start, _, _ in found), default=0)
    clock = wall_clock(zone, first, max((until for _, until, _ in found), default=0))
    return merged(
        (clock.first(start), clock.first(until)) if floating else (start, until) for start, until, floating in found
    )


def name_of(url: str) -> str:
    """What a calendar is called: its address may be a secret."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def _told(problem: Exception) -> str:
    return str(problem) if isinstance(problem, ValueError) else kind(problem)


def _fetch(url: str) -> bytes:
    return fetch(url, seconds=FETCH_SECONDS, most=BYTES_MAX + 1)
