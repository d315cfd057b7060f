"""Gaps of schedules, told days ahead: a notification to the teams for each gap that has not been told yet."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final

from tocsin.engine.ports import Received, Records
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.telling import utc_time
from tocsin.kernel import json
from tocsin.kernel.time import DAY, HOUR, SECOND, Duration, Instant
from tocsin.schedules.schedule import Schedule, Shift
from tocsin.schedules.telling import reason
from tocsin.schedules.timeline import gaps
from tocsin.wiring.addressing import SELF
from tocsin.wiring.rounds import Rounds
from tocsin.wiring.schedules import schedules
from tocsin.wiring.settings import Settings

RECORD: Final = "schedule-gaps"  # Of each schedule, when the gaps begin that were told.
EVERY: Final[Duration] = HOUR
AHEAD: Final[Duration] = 7 * DAY
SHOWN_MAX: Final = 5
STOP_SECONDS: Final = 1.0

log = logging.getLogger(__name__)


class GapWatch:
    """Looks every EVERY whether somebody is on call in the days ahead."""

    def __init__(
        self, settings: Settings, records: Records, clock: Callable[[], Instant], accept: Callable[[Received], object]
    ) -> None:
        """*accept* stores a delivery durably. Raises StoreUnavailableError."""
        self._settings = settings
        self._records = records
        self._clock = clock
        self._accept = accept
        self._rounds = Rounds("gap-watch", self._go_round, EVERY / SECOND, at_once=True, patience=STOP_SECONDS)

    def start(self) -> None:
        """Begin, if there are schedules."""
        if self._settings.schedules:
            self._rounds.start()

    def stop(self) -> None:
        """End."""
        self._rounds.stop()

    def look(self) -> None:
        """Tell what has not been told. Raises StoreUnavailableError."""
        now = self._clock()
        for schedule in schedules(self._settings, self._records).values():
            found = gaps(schedule, now, now + AHEAD)
            record = self._records.record(RECORD, schedule.name)
            told: list[Instant] = record if isinstance(record, list) else []
            # Of a gap that has begun we see the rest: it is the one that was told with an earlier beginning.
            begun = next((start for start in told if start <= now), now)
            starts = [begun if gap.start == now else gap.start for gap in found]
            if not set(starts) <= set(told):
                self._accept(gap_report(schedule, found, now))
            if starts != told:
                self._records.put_record(RECORD, schedule.name, starts)

    def _go_round(self) -> None:
        try:
            self.look()
        except StoreUnavailableError as problem:
            log.warning("the gaps of the schedules cannot be told", extra={"problem": problem.message})


def gap_report(schedule: Schedule, found: Sequence[Shift], now: Instant) -> Received:
    """The notification that nobody is on call in the times of *found*."""
    lines = [f"Nobody from {utc_time(gap.start)} to {utc_time(gap.until)}: {reason(gap)}." for gap in found[:SHOWN_MAX]]
    more = f" And {len(found) - SHOWN_MAX} more." if len(found) > SHOWN_MAX else ""
    body: json.Json = {
        "title": f"nobody is on call in {schedule.name} from {utc_time(found[0].start)}",
        "description": f"{' '.join(lines)}{more} `tocsin override` puts somebody there.",
        "status": "firing",
        "severity": "warning",
        "kind": "notification",
        "dedup_key": f"schedule-gap/{schedule.name}",
        "resource": schedule.name,
    }
    return Received(received_at=now, channel="in", key=SELF, head=b"", body=json.encode(body))
