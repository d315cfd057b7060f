"""The noise report from what the store remembers, and the remedies in force."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from tocsin.choosing.hours import HourClass
from tocsin.digests.hours import hours_of
from tocsin.engine.ports import Aggregates
from tocsin.incidents.ladder import responder
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident
from tocsin.kernel.time import Duration, Instant
from tocsin.noise.machine import RemedyMachine, Treatment, aggregate
from tocsin.noise.occurrences import Occurrence, may_be_noted, occurrence
from tocsin.noise.report import Report, rows
from tocsin.wiring.living import Derived
from tocsin.wiring.reckoning import lives
from tocsin.wiring.remedies import LIVE_MAX
from tocsin.wiring.settings import Settings

INCIDENTS_MAX: Final = 10_000  # The newest; reading them takes about a second.
NOTES_MAX: Final = 500  # Timelines that are looked into, of the newest that a person had and nobody solved.
TIMELINE_MAX: Final = 100
PAGE: Final = 500

_INCIDENTS: Final = IncidentMachine()
_REMEDIES: Final = RemedyMachine()


class StoreNoiseDesk:
    """Computes the report when it is asked for. Blocks on the store; raises StoreUnavailableError."""

    def __init__(self, settings: Settings, store: Aggregates, clock: Callable[[], Instant]) -> None:
        """*settings* tell whose hours are known."""
        self._store = store
        self._clock = clock
        self._lived = Derived(settings, lambda now: hours_of(lives(now)))
        self._known = Derived(settings, _with_zone)

    def report(self, length: Duration, team: str = "") -> Report:
        """The last *length* ms, of one *team* or of all."""
        since = self._clock() - length
        found: list[Occurrence] = []
        notes = read = 0
        for name, state in self._incidents(since):
            read += 1
            if team not in {"", state.team}:
                continue
            asks = may_be_noted(state) and notes < NOTES_MAX
            notes += asks
            found.append(occurrence(name, state, self._hour, noted=asks and self._noted(name)))
        return Report(rows=rows(found), since=since, incidents=len(found), whole=read < INCIDENTS_MAX)

    def treatments(self) -> Sequence[Treatment]:
        """All keys with a remedy in force, the one that was set last first."""
        found = self._store.listing(_REMEDIES.name, live_only=True, limit=LIVE_MAX)
        states = [_REMEDIES.decode(row.state) for row in found]
        return sorted(states, key=lambda state: state.stack[-1].at, reverse=True)

    def treatment(self, key_id: str) -> Treatment | None:
        """What was done about the key with this id."""
        name = aggregate(key_id)
        stored = self._store.load([name]).get(name)
        return _REMEDIES.decode(stored.state) if stored is not None and stored.machine == _REMEDIES.name else None

    def _incidents(self, since: Instant) -> Iterator[tuple[str, Incident]]:
        before: tuple[Instant, str] | None = None
        for _ in range(INCIDENTS_MAX // PAGE):
            page = self._store.listing(_INCIDENTS.name, live_only=False, limit=PAGE, before=before)
            for row in page:
                state = _INCIDENTS.decode(row.state)
                if state.opened_at < since:
                    return
                before = (state.opened_at, row.id)
                yield row.id, state
            if len(page) < PAGE:
                return

    def _noted(self, name: str) -> bool:
        return any(line.reason == Reason.NOTED for line in self._store.timeline(name, TIMELINE_MAX))

    def _hour(self, receiver: str, instant: Instant) -> HourClass | None:
        name = self._known().get(receiver)
        return None if name is None else self._lived()(name, instant)


def _with_zone(settings: Settings) -> dict[str, str]:
    """By receiver, the responders of whom it is known where they live."""
    return {responder(name): name for name, person in settings.responders.items() if person.time_zone}
