"""Figures from the store: reads what happened, page by page, and has it counted. Never on the engine's thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec.structs import replace

from tocsin.digests.words import RECKONED
from tocsin.engine.ports import Aggregates, Job
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.silence_machine import SilenceMachine
from tocsin.incidents.silences import Phase
from tocsin.kernel.json import Json
from tocsin.kernel.later import later
from tocsin.kernel.time import DAY, Duration, Instant
from tocsin.wiring.living import Derived
from tocsin.wiring.schedules import windows
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_schedules import LOCAL

if TYPE_CHECKING:
    from tocsin.digests import episode as episodes
    from tocsin.digests import figures as counting
    from tocsin.digests import hours as lifetimes
    from tocsin.digests import machine as digests
    from tocsin.digests import missing as misses
    from tocsin.digests import report as reports
    from tocsin.wiring import digest_page
else:
    episodes = later("tocsin.digests.episode")
    counting = later("tocsin.digests.figures")
    lifetimes = later("tocsin.digests.hours")
    digests = later("tocsin.digests.machine")
    misses = later("tocsin.digests.missing")
    reports = later("tocsin.digests.report")
    digest_page = later("tocsin.wiring.digest_page")

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
        self._lived = Derived(settings, lambda now: lifetimes.hours_of(lives(now)))

    def figures(self, since: Instant, until: Instant, team: str = "") -> counting.Figures:
        """What happened from *since* to *until* (excluded), to *team* or to all."""
        return counting.figures(self._episodes(since, (team,) if team else ()), since, until, self._lived())

    def missed(self, since: Instant, until: Instant, team: str = "") -> Sequence[misses.Missed]:
        """What was missed from *since* to *until* (excluded), the newest first."""
        return misses.missed(self._episodes(since, (team,) if team else ()), since, until)

    def report(self, scene: reports.Scene, teams: Sequence[str], now: Instant) -> reports.Report:
        """What a digest of *scene* tells of *teams*, as things are at *now*."""
        begin = 2 * scene.since - scene.until if scene.kind is reports.Kind.WEEKLY else scene.since
        found = reports.report(scene, list(self._episodes(begin, teams)), self._silences(teams, now), self._lived())
        known = self._settings.responders
        return replace(found, names={who: known[who].name for who in found.people if who in known and known[who].name})

    def answer(self, job: Job, now: Instant) -> dict[str, Json]:
        """The message with the figures that the digest of *job* has asked for."""
        scene, teams = digests.scene_of(job.outgoing.facts)
        found = self.report(scene, teams, now)
        told = {"what": RECKONED, "digest": job.outgoing.aggregate, "report": msgspec.to_builtins(found)}
        return told | digest_page.digest_page(found, self._url).facts()

    def _episodes(self, since: Instant, teams: Sequence[str]) -> Iterator[episodes.Episode]:
        """What is not over, and what was opened since REACH before *since*, of *teams* or of all."""
        wanted = frozenset(teams)
        seen: set[str] = set()
        for live_only in (False, True):
            for found in self._pages(since - REACH, live_only=live_only):
                if found.id not in seen and (not wanted or found.team in wanted):
                    yield found
                if not live_only and found.live:
                    seen.add(found.id)  # Those alone are read twice.

    def _pages(self, begin: Instant, *, live_only: bool) -> Iterator[episodes.Episode]:
        before: tuple[Instant, str] | None = None
        for _ in range(EPISODES_MAX // PAGE):
            rows = self._store.listing(IncidentMachine.name, live_only=live_only, limit=PAGE, before=before)
            for row in rows:
                found = episodes.episode(row.id, row.state)
                if not live_only and found.opened_at < begin:
                    return
                before = (found.opened_at, row.id)
                yield found
            if len(rows) < PAGE:
                return

    def _silences(self, teams: Sequence[str], now: Instant) -> list[reports.Quiet]:
        """Those that mute now, of the integrations of *teams* and of all."""
        rows = self._store.listing(_SILENCES.name, live_only=True, limit=SILENCES_MAX)
        found = (_SILENCES.decode(row.state).silence for row in rows)
        owners = {name: integration.team for name, integration in self._settings.integrations.items()}
        return [
            reports.Quiet(by=each.created_by, until=each.ends_at, why=each.comment)
            for each in found
            if each.phase(now) is Phase.ACTIVE and (not each.integration or owners.get(each.integration) in teams)
        ]


def lives(settings: Settings) -> dict[str, lifetimes.Life]:
    """Where each responder lives, when they work, and when they sleep."""
    return {
        name: lifetimes.Life(person.time_zone or LOCAL, windows(person.working_hours), windows(person.sleep_hours))
        for name, person in settings.responders.items()
    }
