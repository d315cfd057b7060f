"""Less noise before anyone is asked: who mutes whom, and which team is in a storm, put together from the settings."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

from tocsin.changes.history import before
from tocsin.engine.ports import Aggregates, Commit, Job, Received
from tocsin.errors import StoreUnavailableError
from tocsin.incidents import inhibition
from tocsin.incidents.alerts import Alert, Plan
from tocsin.incidents.marks import MARKED, MUTED_BY, Marks
from tocsin.incidents.silences import Mute
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.machine import teller
from tocsin.kernel.time import DAY, Instant
from tocsin.wiring import messages
from tocsin.wiring.addressing import SELF
from tocsin.wiring.glimpses import sights, stored
from tocsin.wiring.marks import MarkBook
from tocsin.wiring.rounds import Rounds
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_muting import inhibitions, limits
from tocsin.wiring.storm_book import StormBook

LOOK_SECONDS: Final = 5.0
STOP_SECONDS: Final = 1.0
REMEMBERED_MAX: Final = 5000  # Incidents of the last day that are read at a start: what is usual need not be exact.

Told = Callable[[Job, Instant], Iterable[dict[str, Json]]]

log = logging.getLogger(__name__)


class Quiet:
    """Both books, fed by commits, and the thread that looks after the storms."""

    def __init__(
        self,
        settings: Settings,
        store: Aggregates,
        clock: Callable[[], Instant],
        accept: Callable[[Sequence[Received]], object],
    ) -> None:
        """Begin with what *store* has; *accept* stores deliveries durably. Both raise StoreUnavailableError."""
        self._store = store
        self._clock = clock
        self._accept = accept
        self._rules = inhibitions(settings.inhibit)
        self._marks = MarkBook(self._rules)
        self._storms: StormBook | None = None
        live = list(stored(store, live_only=True, matters=_matters))
        self._marks.seen(live)
        if settings.storms is not None:
            self._storms = StormBook(limits(settings.storms), store, clock, accept)
            since = clock() - DAY
            newest = islice(stored(store, live_only=False), REMEMBERED_MAX)
            self._storms.remember(sight for sight in newest if sight.incident.opened_at > since)
            self._storms.adopt(live)
        self._rounds = Rounds("storms", self._go_round, LOOK_SECONDS, patience=STOP_SECONDS)

    @property
    def used(self) -> bool:
        """Whether anything can mute here; without settings for it nothing costs anything."""
        return bool(self._rules) or self._storms is not None

    def start(self) -> None:
        """Free what is muted by what is not there any more, and look after the storms. Raises StoreUnavailableError."""
        self.free()
        if self._storms is not None:
            self._rounds.start()

    def free(self) -> None:
        """Free what is muted by what is not there any more. Raises StoreUnavailableError."""
        now = self._clock()
        freed = [_message(facts, now) for facts in self._marks.stale()]
        if freed:
            self._accept(freed)

    def stop(self) -> None:
        """End."""
        self._rounds.stop()

    def causes(
        self, alert: Alert, plan: Plan, integration: str, keys: Sequence[str], silence: Mute | None
    ) -> tuple[Marks | None, Mute | None]:
        """`tocsin.wiring.addressing.Causes`. What Tocsin reports of itself is never muted by a machine."""
        if integration == SELF:
            return None, silence
        marks = inhibition.marks(alert, plan.severity or alert.severity, integration, self._rules)
        inhibited = self._marks.mute(marks.mutable) if marks and marks.mutable else None
        found = [mute for mute in (silence, inhibited) if mute is not None]
        if found:
            return marks, max(found, key=lambda mute: mute.until)
        return marks, self._storms.mute(alert, plan, integration, keys) if self._storms else None

    def committed(self, commits: Sequence[Commit]) -> None:
        """Some aggregates have changed."""
        if self.used:
            seen = sights(commits)
            self._marks.seen(seen)
            if self._storms is not None:
                self._storms.seen(seen)

    def spread(self, others: Told) -> Told:
        """What looks whom a message concerns: a mark here, all else as *others* say."""

        def told(job: Job, now: Instant) -> Iterable[dict[str, Json]]:
            ours = job.outgoing.facts.get("what") in {MARKED, MUTED_BY}
            return self._marks.concerned(job, now) if ours else others(job, now)

        return told

    def look(self) -> None:
        """Look after the storms once. Raises StoreUnavailableError."""
        if self._storms is not None:
            self._storms.look(self._changed)

    def _go_round(self) -> None:
        try:
            self.look()
        except StoreUnavailableError as problem:
            log.warning("the storms cannot be looked after", extra={"problem": problem.message})

    def _changed(self, began_at: Instant) -> str:
        """The newest change before *began_at*, if there is one that may have to do with it."""
        return next((entry.change.title for entry in before(self._store, began_at)), "")


def _matters(state: bytes) -> bool:
    """Whether the incident mutes, waits for a mark, or is muted: few do, and only they are kept in memory."""
    return b'"marks":{' in state or b'"mute":{' in state


def _message(facts: Mapping[str, Json], now: Instant) -> Received:
    body = json.encode({"to": teller("incident"), "from": SELF, **facts})
    return Received(received_at=now, channel=messages.CHANNEL, key=SELF, head=b"", body=body)
