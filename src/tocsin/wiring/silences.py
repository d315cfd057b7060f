"""The live silences as values: for each alert that comes in, and for whom one concerns that has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from tocsin.engine.ports import Aggregates, Commit, Job
from tocsin.incidents.alerts import Alert, AlertStatus, Severity
from tocsin.incidents.ladder import room
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.silence_machine import SURVEY, Held, SilenceMachine, Silencing, Surveyed
from tocsin.incidents.silence_telling import TITLES_MAX, About, Survey
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

    def mute(self, alert: Alert, integration: str, team: str = "") -> Mute | None:
        """What mutes *alert* for *team*: of the silences that have begun and are not known to be over the longest."""
        begun = [state.silence for state in self._live.values() if state.phase is Phase.ACTIVE]
        found = [silence for silence in begun if silence.matches(alert, integration, team)]
        longest = max(found, key=lambda silence: silence.ends_at, default=None)
        return longest.mute() if longest else None

    def covering(self, alert: Alert, integration: str, now: Instant, team: str = "") -> Mute | None:
        """As `mute`, at *now*."""
        found = silenced_by(alert, integration, [state.silence for state in self._live.values()], now, team)
        return found.mute() if found else None


class Concerned:
    """What follows from what a silence tells. Blocks on the store; never on the engine's thread."""

    def __init__(self, store: Aggregates, book: SilenceBook, reached: Callable[[str], bool] = lambda _: True) -> None:
        """*book* tells which other silence takes over, *reached* whether there is any way to a receiver."""
        self._store = store
        self._book = book
        self._reached = reached

    def __call__(self, job: Job, now: Instant) -> Iterator[dict[str, Json]]:
        """The messages that the effect *job* of a silence becomes. Raises StoreUnavailableError.

        That it has begun, changed or ended is told to each incident that it concerns, and it is told what it mutes.
        That it asks how what it has held back stands is answered.
        """
        assert isinstance(job.state, Silencing)
        if job.outgoing.facts["what"] == SURVEY:
            yield self._surveyed(job)
            return
        for name, incident in self._incidents():
            yield from self._told(job.state.silence, name, incident, now)

    def _told(self, silence: Silence, name: str, incident: Incident, now: Instant) -> Iterator[dict[str, Json]]:
        active, mute = silence.phase(now) is Phase.ACTIVE, silence.mute()
        covered = [key for key in incident.alerts if _matches(silence, incident, key)] if active else []
        for key in covered:
            known = incident.alerts[key].mute
            if known == mute or silence.id in incident.overruled:
                continue
            address: dict[str, Json] = {"incident": name, "dedup_key": key}
            yield {"what": "muted", **address, "mute": msgspec.to_builtins(mute)}
            if known is None or known.silence != silence.id:
                yield {"what": "muting", **address, "from": name, "silence": silence.id, "until": mute.until}
        mutes = {each.silence for line in incident.alerts.values() for each in (line.mute, line.beside) if each}
        if covered or silence.id not in mutes:
            return
        face = incident.face
        instead = self._book.covering(face, incident.integration, now, incident.team)
        address = {"incident": name, "dedup_key": face.dedup_key}
        yield {"what": "unmuted", **address, "silence": silence.id, "instead": msgspec.to_builtins(instead)}
        if instead is not None:
            yield {"what": "muting", **address, "from": name, "silence": instead.silence, "until": instead.until}

    def _surveyed(self, job: Job) -> dict[str, Json]:
        """How the alerts stand that a silence has held back."""
        assert isinstance(job.state, Silencing)
        facts, silence = job.outgoing.facts, job.state.silence
        held = msgspec.convert(facts["held"], tuple[Held, ...])
        stored = self._store.load(dict.fromkeys(each.incident for each in held))
        incidents = {
            name: _INCIDENTS.decode(found.state) for name, found in stored.items() if found.machine == _INCIDENTS.name
        }
        known = [(incidents[each.incident], each.dedup_key) for each in held if each.incident in incidents]
        rooms = tuple(dict.fromkeys(room(incident.team) for incident in incidents.values()))
        told = Surveyed(
            about=About(facts["about"]),
            ends_at=facts["until"],
            survey=_survey(known, silence.id, asks_again=facts["about"] == About.REMINDER),
            receivers=tuple(filter(self._reached, silence.tell)) or rooms,
        )
        return {"what": "surveyed", "surveyed": msgspec.to_builtins(told)}

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


def _matches(silence: Silence, incident: Incident, key: str) -> bool:
    """Whether *silence* is about the alert *key* of *incident*; only of the one that it shows all labels are known."""
    if silence.spares_critical and incident.severity is Severity.CRITICAL:
        return False
    if key == incident.face.dedup_key:
        return silence.matches(incident.face, incident.integration, incident.team)
    return silence.matches_key(key, incident.integration, incident.team)


def _survey(known: Sequence[tuple[Incident, str]], silence: str, *, asks_again: bool) -> Survey:
    """How *known* alerts stand; with *asks_again* only those that ask when *silence* ends.

    Somebody has the others, or another silence covers them longer, or they are asked about already.
    """
    overruled = [incident for incident, _ in known if silence in incident.overruled]
    lines = [
        incident.alerts[key]
        for incident, key in known
        if key in incident.alerts and incident not in overruled and (incident.silenced or not asks_again)
    ]
    if asks_again:
        lines = [line for line in lines if line.mute is not None and line.mute.silence == silence]
    firing = [line.title for line in lines if line.status is not AlertStatus.RESOLVED]
    over = [line.title for line in lines if line.status is AlertStatus.RESOLVED]
    return Survey(
        fires=len(firing),
        recovered=len(over),
        overruled=len(overruled),
        firing=tuple(firing[:TITLES_MAX]),
        over=tuple(over[:TITLES_MAX]),
    )
