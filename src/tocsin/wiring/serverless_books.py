"""What decisions know beside the state, in a process that is one of many: read again, since others commit too.

The embedded runtime hears of every commit. A function hears of its own only. So what pages depend on is read anew at
the beginning of an invocation, if it is older than SHARP and somebody has changed it: whoever does renews a record, the
pulse, which costs one request to look at. A pulse may be missing, as one may die before it is written; then a minute
does it, after which all of a runtime is made anew. What was a moment old all the same is put right as ever: a silence
that begins looks which incidents it concerns, and an incident that was muted asks its silence.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from tocsin.engine.ports import Commit, Received, Store
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.alerts import Alert, Plan
from tocsin.incidents.history_machine import HistoryMachine
from tocsin.incidents.marks import Marks
from tocsin.incidents.occurrences import Occurrence
from tocsin.incidents.silence_machine import SilenceMachine
from tocsin.incidents.silences import Mute
from tocsin.kernel.json import Json
from tocsin.kernel.later import later
from tocsin.kernel.time import SECOND, Duration, Instant
from tocsin.noise.machine import RemedyMachine
from tocsin.wiring.addressing import history_key
from tocsin.wiring.remedies import RemedyBook
from tocsin.wiring.settings import Settings
from tocsin.wiring.silences import SilenceBook

if TYPE_CHECKING:
    from tocsin.wiring import quiet
else:
    quiet = later("tocsin.wiring.quiet")

PULSE: Final = ("pulse", "mutes")  # The kind of the record, and its name.
SHARP: Final[Duration] = SECOND  # How old what mutes may be when an invocation begins.
EASE: Final = 10  # And so many times as old as it takes to read: in a storm most of the time is for the alerts.

_HISTORIES: Final = HistoryMachine()
_MUTING: Final = frozenset({SilenceMachine.name, RemedyMachine.name})

log = logging.getLogger(__name__)


class Books:
    """Silences, remedies, inhibitions and storms as they are; the history of a key is read when it is needed."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clock: Callable[[], Instant],
        accept: Callable[[Sequence[Received]], object],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """*accept* stores deliveries durably. *monotonic* is in seconds. Raises StoreUnavailableError."""
        self._settings = settings
        self._store = store
        self._clock = clock
        self._accept = accept
        self._monotonic = monotonic
        self._muting = bool(settings.inhibit) or settings.storms is not None
        self._looked_at: Instant = 0
        self._pulse: Json = None
        self._pause: Duration = 0
        self._read(clock(), store.record(*PULSE))

    def freshen(self) -> None:
        """Read what is too old. Raises StoreUnavailableError."""
        now = self._clock()
        if now - self._looked_at < max(SHARP, self._pause):
            return
        pulse = self._store.record(*PULSE)
        if pulse != self._pulse or self._muting:  # Marks and storms change with every incident.
            self._read(now, pulse)
        self._looked_at = now

    def mute(self, alert: Alert, integration: str, team: str = "") -> Mute | None:
        """As of `SilenceBook`."""
        return self.silences.mute(alert, integration, team)

    def quieter(self, plan: Plan, alert: Alert, integration: str) -> Plan:
        """As of `RemedyBook`."""
        return self._remedies.quieter(plan, alert, integration)

    def histories(self, integration: str, dedup_key: str) -> tuple[Occurrence, ...]:
        """As of `HistoryBook`, but read: only alerts whose page may be held ask. Raises StoreUnavailableError."""
        holders = self._store.find([history_key(integration, dedup_key)])
        for found in self._store.load(holders.values()).values():
            if found.machine == _HISTORIES.name:
                return _HISTORIES.decode(found.state).occurrences
        return ()

    def causes(
        self, alert: Alert, plan: Plan, integration: str, keys: Sequence[str], silence: Mute | None
    ) -> tuple[Marks | None, Mute | None]:
        """As of `Quiet`; without rules and storms nothing mutes but a silence."""
        if self.quiet is None:
            return None, silence
        return self.quiet.causes(alert, plan, integration, keys, silence)

    def committed(self, commits: Sequence[Commit]) -> None:
        """This process has changed some aggregates."""
        self.silences.committed(commits)
        self._remedies.committed(commits)
        if self.quiet is not None:
            self.quiet.committed(commits)
        if any(commit.machine in _MUTING for commit in commits):
            self._beat()

    def _beat(self) -> None:
        """Have the others look."""
        pulse = secrets.token_hex(8)
        try:
            self._store.put_record(*PULSE, pulse)
        except StoreUnavailableError as problem:
            log.warning("the others hear of a silence or a remedy later", extra={"problem": problem.message})

    def _read(self, now: Instant, pulse: Json) -> None:
        began = self._monotonic()
        self.silences = SilenceBook(self._store)
        self._remedies = RemedyBook(self._store)
        self.quiet = quiet.Quiet(self._settings, self._store, self._clock, self._accept) if self._muting else None
        self._looked_at, self._pulse = now, pulse
        self._pause = round(EASE * (self._monotonic() - began) * SECOND)
