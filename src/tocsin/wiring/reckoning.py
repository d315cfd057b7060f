"""Figures from the store: reads what happened, page by page, and has it counted. Never on the engine's thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.digests.episode import Episode, episode
from tocsin.digests.figures import Figures, figures
from tocsin.digests.hours import Life, hours_of
from tocsin.digests.machine import scene_of
from tocsin.digests.missing import Missed, missed
from tocsin.digests.report import Kind, Quiet, Report, Scene, report
from tocsin.digests.words import RECKONED
from tocsin.engine.ports import Aggregates, Job
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.silence_machine import SilenceMachine
from tocsin.incidents.silences import Phase
from tocsin.kernel.json import Json
from tocsin.kernel.time import DAY, Duration, Instant
from tocsin.wiring.digest_page import digest_page
from tocsin.wiring.living import Derived
from tocsin.wiring.schedules import windows
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_schedules import LOCAL

PAGE: Final = 500  # Incidents read at a time.
REACH: Final[Duration] = 7 * DAY  # What was opened longer before a span and is over counts in it no more.
EPISODES_MAX: Final = 200_000  # The newest: more is a flood, whose figures need not be exact.
SILENCES_MAX: Final = 10_000

_SILENCES: Final = SilenceMachine()


class Reckoner:
    """What happened, counted. Every call reads the store; raises StoreUnavailableError."""

    def __init__(self, settings: Settings, store: Aggregates, url: str = "") -> None:
        """*settings* know when people work and sleep. *url*: of the console, for links in digests; or empty."""
        self._url = url
        self._store = store
        self._settings = settings
        self._lived = Derived(settings, lambda now: hours_of(lives(now)))

    def figures(self, since: Instant, until: Instant, team: str = "") -> Figures:
        """What happened from *since* to *until* (excluded), to *team* or to all."""
        return figures(self._episodes(since, (team,) if team else ()), since, until, self._lived())

    def missed(self, since: Instant, until: Instant, team: str = "") -> Sequence[Missed]:
        """What was missed from *since* to *until* (excluded), the newest first."""
        return missed(self._episodes(since, (team,) if team else ()), since, until)

    def report(self, scene: Scene, teams: Sequence[str], now: Instant) -> Report:
        """What a digest of *scene* tells of *teams*, as things are at *now*."""
        begin = 2 * scene.since - scene.until if scene.kind is Kind.WEEKLY else scene.since
        found = report(scene, list(self._episodes(begin, teams)), self._silences(teams, now), self._lived())
        known = self._settings.responders
        return replace(found, names={who: known[who].name for who in found.people if who in known and known[who].name})

    def answer(self, job: Job, now: Instant) -> dict[str, Json]:
        """The message with the figures that the digest of *job* has asked for."""
        scene, teams = scene_of(job.outgoing.facts)
        found = self.report(scene, teams, now)
        told = {"what": RECKONED, "digest": job.outgoing.aggregate, "report": msgspec.to_builtins(found)}
        return told | digest_page(found, self._url).facts()

    def _episodes(self, since: Instant, teams: Sequence[str]) -> Iterator[Episode]:
        """What is not over, and what was opened since REACH before *since*, of *teams* or of all."""
        wanted = frozenset(teams)
        seen: set[str] = set()
        for live_only in (False, True):
            for found in self._pages(since - REACH, live_only=live_only):
                if found.id not in seen and (not wanted or found.team in wanted):
                    yield found
                if not live_only and found.live:
                    seen.add(found.id)  # Those alone are read twice.

    def _pages(self, begin: Instant, *, live_only: bool) -> Iterator[Episode]:
        before: tuple[Instant, str] | None = None
        for _ in range(EPISODES_MAX // PAGE):
            rows = self._store.listing(IncidentMachine.name, live_only=live_only, limit=PAGE, before=before)
            for row in rows:
                found = episode(row.id, row.state)
                if not live_only and found.opened_at < begin:
                    return
                before = (found.opened_at, row.id)
                yield found
            if len(rows) < PAGE:
                return

    def _silences(self, teams: Sequence[str], now: Instant) -> list[Quiet]:
        """Those that mute now, of the integrations of *teams* and of all."""
        rows = self._store.listing(_SILENCES.name, live_only=True, limit=SILENCES_MAX)
        found = (_SILENCES.decode(row.state).silence for row in rows)
        owners = {name: integration.team for name, integration in self._settings.integrations.items()}
        return [
            Quiet(by=each.created_by, until=each.ends_at, why=each.comment)
            for each in found
            if each.phase(now) is Phase.ACTIVE and (not each.integration or owners.get(each.integration) in teams)
        ]


def lives(settings: Settings) -> dict[str, Life]:
    """Where each responder lives, when they work, and when they sleep."""
    return {
        name: Life(person.time_zone or LOCAL, windows(person.working_hours), windows(person.sleep_hours))
        for name, person in settings.responders.items()
    }
