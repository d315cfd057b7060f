"""The live silences as values: for each alert that comes in, and for whom one concerns that has changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from tocsin.engine.ports import Aggregates, Commit, Job
from tocsin.incidents.alerts import Alert, Severity
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.silence_machine import SilenceMachine, Silencing
from tocsin.incidents.silences import Mute, Phase, Silence, silenced_by
from tocsin.incidents.state import Incident
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant

LIVE_MAX: Final = 10_000  # Silences; each alert is compared with all of them.
PAGE: Final = 500  # Incidents read at a time.

_MACHINE: Final = SilenceMachine()
_INCIDENTS: Final = IncidentMachine()


class SilenceBook:
    """All silences that are not over. Written by the engine's thread, read by any."""

    def __init__(self, store: Aggregates) -> None:
        """Begin with what *store* has. Raises StoreUnavailableError."""
        rows = store.listing(_MACHINE.name, live_only=True, limit=LIVE_MAX)
        self._live: Mapping[str, Silencing] = {row.id: _MACHINE.decode(row.state) for row in rows}

    def committed(self, commits: Sequence[Commit]) -> None:
        """Some aggregates have changed; the commits of silences hold all that must be known."""
        changed = {commit.aggregate: commit for commit in commits if commit.machine == _MACHINE.name}
        if changed:
            kept = {name: state for name, state in self._live.items() if name not in changed}
            found = {name: _MACHINE.decode(commit.state) for name, commit in changed.items() if commit.live}
            self._live = {**kept, **found}

    def mute(self, alert: Alert, integration: str) -> Mute | None:
        """What mutes *alert*: of the silences that have begun and are not known to be over the one that ends last."""
        begun = [state.silence for state in self._live.values() if state.phase is Phase.ACTIVE]
        found = [silence for silence in begun if silence.matches(alert, integration)]
        longest = max(found, key=lambda silence: silence.ends_at, default=None)
        return longest.mute() if longest else None

    def covering(self, alert: Alert, integration: str, now: Instant) -> Mute | None:
        """As `mute`, at *now*."""
        found = silenced_by(alert, integration, [state.silence for state in self._live.values()], now)
        return found.mute() if found else None


class Concerned:
    """Whom a silence that has begun, changed or ended concerns. Blocks on the store; never on the engine's thread."""

    def __init__(self, store: Aggregates, book: SilenceBook) -> None:
        """*book* tells which other silence takes over."""
        self._store = store
        self._book = book

    def __call__(self, job: Job, now: Instant) -> Iterator[dict[str, Json]]:
        """The messages about the silence that *job* carries, each to one incident. Raises StoreUnavailableError."""
        assert isinstance(job.state, Silencing)
        for name, incident in self._incidents():
            if told := self._told(job.state.silence, name, incident, now):
                yield told

    def _told(self, silence: Silence, name: str, incident: Incident, now: Instant) -> dict[str, Json]:
        face, integration = incident.face, incident.integration
        line = incident.alerts.get(face.dedup_key)
        address: dict[str, Json] = {"incident": name, "dedup_key": face.dedup_key}
        spared = silence.spares_critical and incident.severity is Severity.CRITICAL
        if silence.phase(now) is Phase.ACTIVE and silence.matches(face, integration) and not spared:
            mute = silence.mute()
            known = line is None or line.mute == mute
            return {} if known else {"what": "muted", **address, "mute": msgspec.to_builtins(mute)}
        if all(each.mute is None or each.mute.silence != silence.id for each in incident.alerts.values()):
            return {}
        instead = self._book.covering(face, integration, now)
        return {"what": "unmuted", **address, "silence": silence.id, "instead": msgspec.to_builtins(instead)}

    def _incidents(self) -> Iterator[tuple[str, Incident]]:
        before: tuple[Instant, str] | None = None
        while True:
            rows = self._store.listing(_INCIDENTS.name, live_only=True, limit=PAGE, before=before)
            for row in rows:
                incident = _INCIDENTS.decode(row.state)
                before = (incident.opened_at, row.id)
                yield row.id, incident
            if len(rows) < PAGE:
                return
