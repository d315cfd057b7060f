"""What is known of people in the running server: from the configuration, from what was committed, from the chat.

The book hears of every commit of an incident, and takes from its log of pages who was asked and what became of it. That
is learned after the decision, outside of it, and each decision gets it as a value (`KnowledgeBook.whom`). What was
learned is written down every few seconds, as one record; who dies in between forgets a few answers, and nothing that
was promised to anybody depends on them. After a restart the pages of open incidents are looked at anew, and those that
were over by then count as learned, so that nothing is learned twice.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from threading import Lock
from typing import Final, Protocol

import msgspec

from tocsin.asking.asker import Asker
from tocsin.asking.knowledge import SLEEPS, WORKS, Knowledge, Person, ShowsPresence, unseen
from tocsin.asking.ledger import Ledger, Memory
from tocsin.choosing.situation import Costs
from tocsin.engine.ports import Aggregates, Commit, Records
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.duty import OnDuty
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.policy import SCHEDULE, Step
from tocsin.incidents.whom import Case, Found
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE
from tocsin.wiring.living import Derived, LiveMapping
from tocsin.wiring.rounds import Rounds
from tocsin.wiring.schedules import hours, windows
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_routes import parties

RECORD: Final = ("knowledge", "people")  # The kind of the record, and its name.
SAVE_SECONDS: Final = 10.0
LIVE_MAX: Final = 10_000  # Open incidents that are looked at when the server starts.

log = logging.getLogger(__name__)


class _Store(Aggregates, Records, Protocol):
    """What of a store is needed."""


_INCIDENT: Final = IncidentMachine.name


class KnowledgeBook:
    """All that is known of people. Commits are told on the engine's thread; anybody may ask."""

    def __init__(self, settings: Settings, store: _Store, presence: ShowsPresence = unseen) -> None:
        """Begin with what *store* remembers. Raises StoreUnavailableError."""
        self._store = store
        self._lock = Lock()  # Between who learns and who writes down.
        self._fixed = Derived(settings, lambda now: _fixed(now, presence))
        # A view, so that who joins while the process runs is remembered too.
        self._ledger = Ledger(LiveMapping(settings, lambda now: now.responders), _read(store.record(*RECORD)))
        for row in store.listing(_INCIDENT, live_only=True, limit=LIVE_MAX):
            self._ledger.adopt(row.id, row.state)
        self._rounds = Rounds("knowledge", self._go_round, SAVE_SECONDS, last=True)

    def start(self) -> None:
        """Begin to write down."""
        self._rounds.start()

    def stop(self) -> None:
        """Write down the last."""
        self._rounds.stop()

    def committed(self, commits: Sequence[Commit]) -> None:
        """Some aggregates have changed."""
        with self._lock:
            for commit in commits:
                if commit.machine == _INCIDENT:
                    self._ledger.committed(commit.aggregate, commit.state, live=commit.live)

    def whom(self, calendar: OnDuty) -> Asker:
        """For the decisions of one batch; *calendar* knows the schedules."""
        return Asker(self._ledger.knowledge(self._fixed(), calendar))

    def now(self, calendar: OnDuty) -> Now:
        """For those who look, and decide nothing: as things are whenever it is asked."""
        return Now(self, calendar)

    def save(self) -> None:
        """Write down what was learned. Raises StoreUnavailableError."""
        with self._lock:
            if not self._ledger.changed:
                return
            memory, self._ledger.changed = self._ledger.memory(), False
        try:
            self._store.put_record(*RECORD, msgspec.to_builtins(memory))
        except StoreUnavailableError:
            self._ledger.changed = True
            raise

    def _go_round(self) -> None:
        try:
            self.save()
        except StoreUnavailableError as problem:
            log.warning("what was learned of people cannot be written down", extra={"problem": problem.message})


class Now:
    """A `Whom` that looks into the book each time."""

    def __init__(self, book: KnowledgeBook, calendar: OnDuty) -> None:
        """*calendar* knows the schedules as they are."""
        self._book = book
        self._calendar = calendar

    def asks(self, step: Step, case: Case) -> Found:
        """See the protocol."""
        return self._book.whom(self._calendar).asks(step, case)

    def known(self, receiver: str, case: Case) -> dict[str, Json]:
        """See the protocol."""
        return self._book.whom(self._calendar).known(receiver, case)


def _fixed(settings: Settings, presence: ShowsPresence) -> Knowledge:
    """What the configuration says."""
    works = hours(settings)
    zones = {
        name: schedule.time_zone
        for schedule in reversed(settings.schedules.values())
        for layer in schedule.layers
        for name in layer.responders
    }
    return Knowledge(
        people={
            name: Person(
                zone=person.time_zone or zones.get(name, works[name].zone),
                works=works[name].windows or WORKS,
                sleeps=windows(person.sleep_hours) or SLEEPS,
            )
            for name, person in settings.responders.items()
        },
        teams={name: team.members for name, team in settings.teams.items()},
        on_call={name: team_schedules(settings, name) for name in settings.teams},
        presence=presence,
        costs=_costs(settings),
    )


def team_schedules(settings: Settings, team: str) -> tuple[str, ...]:
    """The schedules that the policy of *team* asks, and those in which its members take turns if it asks none."""
    ladder = parties(settings)[0][team].ladder
    targets = [target for rung in ladder.rungs for target in rung.ask] if ladder else []
    asked = {target.partition(SCHEDULE)[2].split(":")[0] for target in targets if SCHEDULE in target}
    if not asked:
        members = set(settings.teams[team].members)
        asked = {
            name
            for name, schedule in settings.schedules.items()
            if members.intersection(who for layer in schedule.layers for who in layer.responders)
        }
    return tuple(f"{SCHEDULE}{name}" for name in sorted(asked))


def _costs(settings: Settings) -> Costs:
    given = settings.costs
    patience = msgspec.structs.asdict(given.patience)
    return Costs(
        working=float(given.working),
        off=float(given.off),
        sleep=float(given.sleep),
        minute=tuple((severity, MINUTE / span) for severity, span in patience.items()),
        urgent=given.urgent,
    )


def _read(document: Json) -> Memory:
    try:
        return msgspec.convert(document, Memory) if document is not None else Memory()
    except msgspec.ValidationError:  # Of another version than ours: what is not known will be learned.
        return Memory()
