"""Whether a team is in a storm: how many incidents begin, as far as memory goes, counted alert by alert.

What is committed is counted for certain. Alerts are read many at a time, before the first of them is committed; what
would be new is therefore counted at once, and what the store knows already is taken out before a storm begins by it.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from tocsin.engine.ports import Aggregates, Received
from tocsin.errors import StoreUnavailableError
from tocsin.incidents import storms
from tocsin.incidents.alerts import Alert, Kind, Plan, Severity
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.marks import storm_of
from tocsin.incidents.silences import Mute, MuteKind
from tocsin.incidents.storms import Limits, Summary
from tocsin.kernel.time import DAY, MINUTE, SECOND, Duration, Instant
from tocsin.wiring.addressing import SELF
from tocsin.wiring.glimpses import Glimpse, Sight, glimpse
from tocsin.wiring.storm_messages import BEGUN, OVER, RENEWED, report

SHORTEST: Final[Duration] = MINUTE  # A storm that is over at once was worth no page.
RENEWED_EVERY: Final[Duration] = 30 * SECOND  # Each renewal is a line in the timeline, and a change of each message.
FEATURES_MAX: Final = 5000  # Different names that the incidents of a storm are counted by; later ones are not.

log = logging.getLogger(__name__)

_MACHINE: Final = IncidentMachine()


@dataclass(slots=True)
class _Storm:
    """A storm that lasts: *held*: the alerts received by each incident that began in it."""

    team: str
    began_at: Instant
    mute: Mute
    sudden: int = 0
    held: dict[str, int] = field(default_factory=dict)
    features: Counter[str] = field(default_factory=Counter)
    change: str = ""
    told: Summary | None = None
    told_at: Instant = 0

    @property
    def summary(self) -> Summary:
        return Summary(
            team=self.team,
            began_at=self.began_at,
            until=self.mute.until,
            sudden=self.sudden,
            held=len(self.held),
            alerts=sum(self.held.values()),
            top=storms.top(self.features),
            change=self.change,
        )


class _Team:
    """How much begins in one team."""

    def __init__(self, limits: Limits, name: str) -> None:
        self.name = name
        self.storm: _Storm | None = None
        self.over: list[_Storm] = []  # What is over, and has not been told yet.
        self.candidates: dict[str, Sequence[str]] = {}  # Not committed: keys by the last of them.
        self._limits = limits
        self._recent: deque[Instant] = deque()
        windows = max(1, DAY // limits.window)
        # Of what nobody remembers nothing is known to have begun; a storm of half an hour makes none of them usual.
        self._past: deque[int] = deque([0] * windows, maxlen=windows)
        self._window = 0
        self._count = 0
        self._threshold = storms.threshold(limits, self._past)

    def began(self, at: Instant) -> None:
        """An incident began."""
        self._pass_time(at)
        self._recent.append(at)
        self._count += 1

    def recent(self, now: Instant) -> int:
        """How many began within the window."""
        while self._recent and self._recent[0] <= now - self._limits.window:
            self._recent.popleft()
        return len(self._recent)

    def threshold(self, now: Instant) -> int:
        """How many that may be."""
        self._pass_time(now)
        return self._threshold

    def stormy(self, now: Instant) -> bool:
        """Whether it is more, with what is not committed."""
        return self.recent(now) + len(self.candidates) > self.threshold(now)

    def calm(self, storm: _Storm, now: Instant) -> bool:
        """Whether *storm* may end: less than half of what began it began within the window."""
        return now >= storm.began_at + SHORTEST and self.recent(now) * 2 <= storm.sudden

    def end(self, *, told: bool) -> None:
        """The storm is over, and is counted anew: what began in it begins no other. *told*: somebody knows already."""
        if self.storm is not None and not told:
            self.over.append(self.storm)
        self.storm = None
        self._recent.clear()

    def _pass_time(self, now: Instant) -> None:
        window = now // self._limits.window
        if window <= self._window:
            return
        passed = window - self._window if self._window else 1
        self._past.extend([self._count, *([0] * min(passed - 1, self._past.maxlen or 0))])
        self._window, self._count = window, 0
        self._threshold = storms.threshold(self._limits, self._past)


class StormBook:
    """All teams. Alerts are judged and commits are seen by the engine's thread; any thread looks."""

    def __init__(
        self,
        limits: Limits,
        store: Aggregates,
        clock: Callable[[], Instant],
        accept: Callable[[Sequence[Received]], object],
    ) -> None:
        """*accept* stores deliveries durably. Raises StoreUnavailableError."""
        self._limits = limits
        self._store = store
        self._clock = clock
        self._accept = accept
        self._lock = threading.RLock()
        self._teams: dict[str, _Team] = {}
        self._familiar: set[str] = set()  # Keys of this batch that live incidents answer to.

    def mute(self, alert: Alert, plan: Plan, integration: str, keys: Sequence[str]) -> Mute | None:
        """The storm that holds *alert*, which fires and nobody has silenced; it may be the one that begins it."""
        if integration == SELF or (plan.kind or alert.kind) is Kind.NOTIFICATION:
            return None
        now = self._clock()
        with self._lock:
            team = self._team(plan.team)
            if team.storm is not None and now >= team.storm.mute.until:
                team.end(told=False)
            storm = team.storm or self._counted(team, keys, now)
        passes = (plan.severity or alert.severity) is Severity.CRITICAL
        return None if storm is None or passes else storm.mute

    def seen(self, sights: Iterable[Sight]) -> None:
        """These incidents are so now; what was counted beforehand is among them."""
        with self._lock:
            for team in self._teams.values():
                team.candidates.clear()
            self._familiar.clear()
            for sight in sights:
                self._seen(sight)

    def remember(self, sights: Iterable[Sight]) -> None:
        """After a restart: what began in the time before, newest first."""
        with self._lock:
            for sight in reversed(list(sights)):
                if _counts(sight.incident):
                    self._team(sight.incident.plan.team).began(sight.incident.opened_at)

    def adopt(self, sights: Sequence[Sight]) -> None:
        """After a restart: the storms that lasted, and what they hold, among all live incidents."""
        with self._lock:
            for sight in sights:
                for team, began_at in _stands_for(sight.incident):
                    mute, sudden = storms.mute(team, began_at, self._limits), self._team(team).threshold(began_at)
                    self._team(team).storm = _Storm(team, began_at, mute, sudden)
            for sight in sights:
                self._joins(sight)

    def look(self, change: Callable[[Instant], str]) -> None:
        """End what is over, and renew what is told of the rest. *change* names what was changed shortly before.

        Raises StoreUnavailableError.
        """
        now = self._clock()
        with self._lock:
            teams = list(self._teams.values())
        for team in teams:
            self._renew(team, change, now)
        for team in teams:
            self._report(team, now)

    def _report(self, team: _Team, now: Instant) -> None:
        """Tell of each storm of *team* that is over; once, though another thread may look too."""
        while True:
            with self._lock:
                if not team.over:
                    return
                storm = team.over.pop()
                summary = storm.summary
            try:
                self._accept([report(OVER, summary, now)])
            except StoreUnavailableError:
                with self._lock:
                    team.over.append(storm)
                raise

    def _renew(self, team: _Team, change: Callable[[Instant], str], now: Instant) -> None:
        """Tell how the storm of *team* stands, if there is one and it has grown; or let it end."""
        storm = team.storm
        if storm is None:
            return
        named = storm.change or change(storm.began_at)
        with self._lock:
            storm.change = named
            if now >= storm.mute.until or team.calm(storm, now):
                if team.storm is storm:
                    team.end(told=False)  # Now: what comes from now on is not held by a storm that is over.
                return
            summary = storm.summary
        if summary != storm.told and now >= storm.told_at + RENEWED_EVERY:
            self._accept([report(RENEWED, summary, now)])
            storm.told, storm.told_at = summary, now

    def _team(self, name: str) -> _Team:
        return self._teams.setdefault(name, _Team(self._limits, name))

    def _counted(self, team: _Team, keys: Sequence[str], now: Instant) -> _Storm | None:
        if not self._familiar.isdisjoint(keys):
            return None
        team.candidates[keys[-1]] = keys
        if not team.stormy(now):
            return None
        try:
            self._sort_out(team)
            return self._begin(team, now) if team.stormy(now) else None
        except StoreUnavailableError as problem:  # The alert itself will meet the same trouble.
            log.warning("a storm cannot be told", extra={"problem": problem.message})
            return None

    def _sort_out(self, team: _Team) -> None:
        """Take out of the candidates what is no new incident."""
        holders = self._store.find([key for keys in team.candidates.values() for key in keys])
        found = self._store.load(set(holders.values()))
        live = {name for name, stored in found.items() if glimpse(stored.state).live}
        self._familiar |= {key for key, holder in holders.items() if holder in live}
        team.candidates = {name: keys for name, keys in team.candidates.items() if self._familiar.isdisjoint(keys)}

    def _begin(self, team: _Team, now: Instant) -> _Storm:
        sudden = team.recent(now) + len(team.candidates)
        storm = _Storm(team.name, now, storms.mute(team.name, now, self._limits), sudden)
        self._accept([report(BEGUN, storm.summary, now)])
        team.storm = storm
        team.candidates.clear()
        return storm

    def _seen(self, sight: Sight) -> None:
        if sight.new and _counts(sight.incident):
            self._team(sight.incident.plan.team).began(sight.incident.opened_at)
        for name, began_at in _stands_for(sight.incident) if not sight.incident.live else ():
            team = self._team(name)
            if team.storm is not None and team.storm.began_at == began_at:
                team.end(told=True)  # A person says so.
        self._joins(sight)

    def _joins(self, sight: Sight) -> None:
        storm = self._team(sight.incident.plan.team).storm
        if storm is None:
            return
        if sight.name not in storm.held:
            mutes = [line.mute for line in sight.incident.alerts.values() if line.mute is not None]
            if all(mute.silence != storm.mute.silence for mute in mutes):
                return
            features = storms.features(_MACHINE.decode(sight.state).face)
            storm.features.update(
                name for name in features if name in storm.features or len(storm.features) < FEATURES_MAX
            )
        storm.held[sight.name] = sight.incident.count


def _stands_for(incident: Glimpse) -> list[tuple[str, Instant]]:
    """The storms that *incident* stands for (one at most): the team, and when it began."""
    marks = [mark for line in incident.alerts.values() if line.marks for mark in line.marks.mutes]
    return [found for mark in marks if (found := storm_of(mark))]


def _counts(incident: Glimpse) -> bool:
    """Whether its beginning asks somebody, or would without a storm."""
    if incident.integration == SELF or incident.kind is Kind.NOTIFICATION:
        return False
    return all(line.mute is None or line.mute.kind is MuteKind.STORM for line in incident.alerts.values())
