"""The calendars that the settings name: fetched now and then, kept as records, read from there."""

from __future__ import annotations

import hashlib
import http.client
import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any, Final

from tocsin.engine.ports import Records
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import DAY, MINUTE, SECOND, Duration, Instant
from tocsin.schedules.clock import wall_clock
from tocsin.schedules.windows import Span, merged
from tocsin.wiring.settings import Settings

RECORD: Final = "calendar"
EVERY: Final[Duration] = 15 * MINUTE
BEFORE: Final[Duration] = 31 * DAY  # How much of the past is kept: reports look back.
AFTER: Final[Duration] = 400 * DAY
FETCH_SECONDS: Final = 20.0
STOP_SECONDS: Final = 1.0
BYTES_MAX: Final = 4 << 20

log = logging.getLogger(__name__)


class Calendars:
    """Fetches every calendar every EVERY; one that cannot be read keeps the events that it had."""

    def __init__(
        self,
        settings: Settings,
        records: Records,
        clock: Callable[[], Instant],
        fetch: Callable[[str], bytes] | None = None,
    ) -> None:
        """*fetch* gets an address. Raises OSError, http.client.HTTPException."""
        self._urls = list(dict.fromkeys(urls(settings)))
        self._records = records
        self._clock = clock
        self._fetch = fetch or _fetch
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="calendars", daemon=True)

    def start(self) -> None:
        """Begin, if there are any."""
        if self._urls:
            self._thread.start()

    def stop(self) -> None:
        """End; a fetch under way is left alone."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def refresh(self) -> int:
        """Fetch all of them once; how many could be read."""
        return sum(self._refresh(url) for url in self._urls)

    def _refresh(self, url: str) -> bool:
        from tocsin.ical.reading import CalendarError, events  # noqa: PLC0415 - a fifth of a second, and seldom needed.

        now = self._clock()
        try:
            found = events(self._fetch(url), now - BEFORE, now + AFTER)
        except (OSError, http.client.HTTPException, CalendarError) as problem:
            # The address may be a secret: whose calendar it is must do.
            log.warning("a calendar cannot be read", extra={"calendar": name_of(url), "problem": _kind(problem)})
            return False
        stored = {"at": now, "events": [[each.start, each.until, each.floating] for each in found]}
        try:
            self._records.put_record(RECORD, name_of(url), stored)
        except StoreUnavailableError as problem:
            log.warning("a calendar cannot be stored", extra={"problem": problem.message})
            return False
        return True

    def _run(self) -> None:
        while True:
            try:
                self.refresh()
            except Exception:
                log.exception("reading the calendars failed; it is tried again")
            if self._stop.wait(EVERY / SECOND):
                return


def urls(settings: Settings) -> Iterator[str]:
    """The addresses of all calendars."""
    for person in settings.responders.values():
        if person.absences:
            yield person.absences.reveal()
    for schedule in settings.schedules.values():
        yield from schedule.holidays


def spans(records: Records, url: str, zone: str) -> list[Span]:
    """The events of the calendar at *url*, those without a zone by the clocks of *zone*; in order and merged."""
    stored: Any = records.record(RECORD, name_of(url))
    if not isinstance(stored, dict):
        return []
    found = stored.get("events", [])
    first = min((start for start, _, _ in found), default=0)
    clock = wall_clock(zone, first, max((until for _, until, _ in found), default=0))
    return merged(
        (clock.first(start), clock.first(until)) if floating else (start, until) for start, until, floating in found
    )


def name_of(url: str) -> str:
    """What a calendar is called: its address may be a secret."""
    return hashlib.sha256(url.encode()).hexdigest()[:16]


def _kind(problem: Exception) -> str:
    if isinstance(problem, urllib.error.HTTPError):
        problem.close()
        return f"HTTP {problem.code}"
    if isinstance(problem, ValueError):
        return str(problem)
    return type(getattr(problem, "reason", problem)).__name__


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def _fetch(url: str) -> bytes:
    opener = urllib.request.build_opener(_NoRedirect)
    with opener.open(url, timeout=FETCH_SECONDS) as answer:
        raw: bytes = answer.read(BYTES_MAX + 1)
        return raw
