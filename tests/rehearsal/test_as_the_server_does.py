"""The rehearsal's `smart` is the server's: one stream of incidents, the same people asked in the same milliseconds."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from tocsin.engine.ports import Commit
from tocsin.engine.runner import Addressed, Runner
from tocsin.incidents.alerts import Alert, AlertStatus, Severity
from tocsin.incidents.inputs import Acknowledged, AlertReceived, Input, Resolved
from tocsin.incidents.ladder import label
from tocsin.incidents.machine import IncidentMachine
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import MINUTE, Instant
from tocsin.rehearsal.people import People
from tocsin.rehearsal.rehearse import rehearse
from tocsin.rehearsal.seeing import Move, Seen
from tocsin.rehearsal.smart import Smart
from tocsin.rehearsal.stream import Alarm, stream
from tocsin.rehearsal.team_file import parse
from tocsin.routing.plans import Windows, plan
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.knowing import KnowledgeBook
from tocsin.wiring.machines import machines
from tocsin.wiring.schedules import duty
from tocsin.wiring.settings_file import parse as settings_of
from tocsin.wiring.settings_routes import parties

DAYS = 20

# The same team twice: how it really is, and how it is configured. Nobody answers well, so that everyone is often asked.
MODEL = parse(b"""
responders:
  ada: &one {zone: Europe/Berlin, off: {page: {share: 40}}, sleep: {page: {share: 20, median: 20m, p90: 60m}}}
  bo: {zone: America/New_York, works: 08:00-16:00, working: {page: {share: 50, median: 5m, p90: 20m}}}
  cy: {zone: Asia/Tokyo, works: 20:00-04:00, sleeps: 06:00-13:00, works_on: [sun, mon, wed]}
  dee: *one
on_call: {every: 1d}
alerts: {per_week: 40, keys: 9, transient: {keys: 30}, storms: {every: 10d, alerts: 6}}
""")
CONFIGURED = settings_of(
    b"""
responders:
  ada: {time_zone: Europe/Berlin, working_hours: "mon-fri 09:00-17:00"}
  bo: {time_zone: America/New_York, working_hours: "mon-fri 08:00-16:00"}
  cy: {time_zone: Asia/Tokyo, working_hours: "sun,mon,wed 20:00-04:00", sleep_hours: "06:00-13:00"}
  dee: {time_zone: Europe/Berlin, working_hours: "mon-fri 09:00-17:00"}
teams: {ops: {members: [ada, bo, cy, dee], policy: smart}}
schedules:
  rota: {time_zone: UTC, layers: [{responders: [ada, bo, cy, dee], rotate: daily, start: 2026-01-05}]}
""",
    {},
).settings


class Told(msgspec.Struct, frozen=True, order=True):
    """What a page was: of which incident, when, to whom."""

    number: int
    at: Instant
    name: str


class Rehearsed(Smart):
    """Writes down whom it asks, and what it hears."""

    def __init__(self) -> None:
        super().__init__(MODEL.ladder)
        self.pages: list[Told] = []
        self.heard: list[tuple[Instant, int, str]] = []

    def move(self, seen: Seen) -> Move:
        if seen.moves == 0:
            self.heard.append((seen.now, seen.number, "opens"))
        found = super().move(seen)
        self.pages += [Told(seen.number, seen.now, name) for name in found.names]
        return found

    def answered(self, number: int, name: str, now: Instant) -> None:
        self.heard.append((now, number, name))
        super().answered(number, name, now)

    def ended(self, number: int, now: Instant) -> None:
        self.heard.append((now, number, ""))
        super().ended(number, now)


class Server:
    """The engine, with the book of what is known, and routes as the configuration has them."""

    def __init__(self, people: People) -> None:
        self.store = MemoryStore()
        self.pages: set[Told] = set()
        self.book = KnowledgeBook(CONFIGURED, self.store, people.shown)
        calendar = duty(CONFIGURED, self.store)
        self.runner = Runner(
            self.store,
            machines(),
            on_commit=self.committed,
            renew=lambda: machines(calendar, whom=self.book.whom(calendar)),
        )
        self.plan = plan(parties(CONFIGURED)[0]["ops"], None, 0, Windows())
        self.holders: dict[int, str] = {}

    def committed(self, commits: Sequence[Commit]) -> None:
        self.book.committed(commits)
        for commit in commits:
            for page in IncidentMachine().decode(commit.state).pages:
                self.pages.add(Told(int(commit.aggregate), page.at, label(page.receiver)))

    def hears(self, now: Instant, number: int, alarm: Alarm, what: str) -> None:
        """As the sender, or a person, would tell it."""
        self.until(now)
        if what == "opens":
            self._given(now, number, self._alert(alarm, AlertStatus.FIRING))
        elif what:
            self.holders[number] = what
            self._given(now, number, Acknowledged(by=what))
        elif number in self.holders:
            self._given(now, number, Resolved(by=self.holders[number]))
        else:
            self._given(now, number, self._alert(alarm, AlertStatus.RESOLVED))

    def until(self, now: Instant) -> None:
        """All that is due before *now*; reminders of those who have acknowledged are none."""
        while (due := self.store.next_wake()) is not None and due < now:
            for name in self.store.due(due, 1):
                self._given(due, int(name), Tick())

    def _alert(self, alarm: Alarm, status: AlertStatus) -> AlertReceived:
        key = f"{alarm.key}"
        alert = Alert(status=status, title=key, dedup_key=key, source="json", severity=Severity(alarm.severity))
        return AlertReceived(alert, self.plan)

    def _given(self, now: Instant, number: int, given: Input) -> None:
        fresh = f"{number}" if isinstance(given, AlertReceived) else ""
        addressed = Addressed(
            input_id=f"{number}/{now}/{type(given).__name__}",
            machine="incident",
            given=given,
            aggregate=f"{number}",
            fresh=fresh,
        )
        self.runner.handle([addressed], now)


def test_whom_the_rehearsal_asks_the_server_asks_at_the_same_moment() -> None:
    people, alarms, rehearsed = People(MODEL, 1), stream(MODEL.alerts, DAYS, 1), Rehearsed()
    rehearse(people, alarms, rehearsed)
    server = Server(people)
    for now, number, what in rehearsed.heard:
        server.hears(now, number, alarms[number], what)
    assert sorted(server.pages) == sorted(rehearsed.pages)
    assert len(rehearsed.pages) > 2 * len(alarms), "others than the first were asked too"
    late = _moves([page for page in rehearsed.pages if page.at - alarms[page.number].at >= 10 * MINUTE])
    assert sum(names == set(people.names) for names in late) > 10, "everyone was asked"
    assert sum(names < set(people.names) for names in late) > 5, "and some of them in between"


def _moves(pages: list[Told]) -> list[set[str]]:
    """Who was asked at once."""
    found: dict[tuple[int, Instant], set[str]] = {}
    for page in pages:
        found.setdefault((page.number, page.at), set()).add(page.name)
    return list(found.values())
