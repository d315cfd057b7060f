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
from msgspec.structs import replace

from tocsin.asking.asker import Asker
from tocsin.asking.knowledge import RECENT, SLEEPS, WORKS, Knowledge, Person, ShowsPresence, unseen
from tocsin.asking.remembering import observation
from tocsin.choosing.history import History
from tocsin.choosing.situation import Costs
from tocsin.engine.ports import Aggregates, Commit, Records
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.duty import OnDuty, nobody
from tocsin.incidents.ladder import label
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.pages import Became, Page
from tocsin.incidents.policy import SCHEDULE, Step
from tocsin.incidents.state import Status
from tocsin.incidents.whom import Case, Found
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, Instant
from tocsin.wiring.rounds import Rounds
from tocsin.wiring.schedules import hours, windows
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_routes import parties

RECORD: Final = ("knowledge", "people")  # The kind of the record, and its name.
SAVE_SECONDS: Final = 10.0
LIVE_MAX: Final = 10_000  # Open incidents that are looked at when the server starts.
KEYS_MAX: Final = 1000  # Of which it is known who resolved them; the longest forgotten goes first.
RECENT_MAX: Final = 200  # Pages of one person within a day: more make no difference.

log = logging.getLogger(__name__)


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What outlives a restart; the fields are those of `Knowledge`."""

    history: History = History()
    asked: dict[str, tuple[Instant, ...]] = {}
    solved: dict[str, dict[str, int]] = {}
    turns: dict[str, dict[str, Instant]] = {}


class _Face(msgspec.Struct, frozen=True):
    dedup_key: str


class _Glance(msgspec.Struct, frozen=True, kw_only=True):
    """What of an incident matters here; the rest of its state is not even read."""

    status: Status
    severity: str
    face: _Face
    assignee: str = ""
    resolved_by: str = ""
    answered: tuple[str, ...] = ()
    pages: tuple[Page, ...] = ()


class _Store(Aggregates, Records, Protocol):
    """What of a store is needed."""


_INCIDENT: Final = IncidentMachine.name
_DECODER: Final = msgspec.json.Decoder(_Glance)


class KnowledgeBook:
    """All that is known of people. Commits are told on the engine's thread; anybody may ask."""

    def __init__(self, settings: Settings, store: _Store, presence: ShowsPresence = unseen) -> None:
        """Begin with what *store* remembers. Raises StoreUnavailableError."""
        self._store = store
        self._lock = Lock()  # Between who learns and who writes down.
        self._responders = frozenset(settings.responders)
        memory = _read(store.record(*RECORD))
        self._fixed = _fixed(settings, presence)
        self._history = memory.history
        self._asked = dict(memory.asked)
        self._solved = dict(memory.solved)
        self._turns = dict(memory.turns)
        self._seen: dict[str, dict[tuple[str, Instant], bool]] = {}  # Of live incidents: pages, and which are over.
        self._at_work: dict[str, tuple[str, ...]] = {}
        self._changed = False
        for row in store.listing(_INCIDENT, live_only=True, limit=LIVE_MAX):
            glance = _DECODER.decode(row.state)
            self._seen[row.id] = {(page.receiver, page.at): bool(page.until) for page in glance.pages}
            self._works_at(row.id, glance)
        self._rounds = Rounds("knowledge", self._go_round, SAVE_SECONDS, last=True)

    def start(self) -> None:
        """Begin to write down."""
        self._rounds.start()

    def stop(self) -> None:
        """Write down the last."""
        self._rounds.stop()

    def committed(self, commits: Sequence[Commit]) -> None:
        """Some aggregates have changed."""
        incidents = [commit for commit in commits if commit.machine == _INCIDENT]
        with self._lock:
            for commit in incidents:
                self._note(commit.aggregate, _DECODER.decode(commit.state), live=commit.live)

    def knowledge(self, calendar: OnDuty = nobody) -> Knowledge:
        """What is known now; *calendar* knows the schedules."""
        busy: dict[str, int] = {}
        for names in tuple(self._at_work.values()):
            for name in names:
                busy[name] = busy.get(name, 0) + 1
        return replace(
            self._fixed,
            calendar=calendar,
            busy=busy,
            asked=self._asked,
            solved=self._solved,
            turns=self._turns,
            history=self._history,
        )

    def whom(self, calendar: OnDuty) -> Asker:
        """For the decisions of one batch."""
        return Asker(self.knowledge(calendar))

    def now(self, calendar: OnDuty) -> Now:
        """For those who look, and decide nothing: as things are whenever it is asked."""
        return Now(self, calendar)

    def save(self) -> None:
        """Write down what was learned. Raises StoreUnavailableError."""
        with self._lock:
            if not self._changed:
                return
            memory = Memory(
                history=self._known(), asked=dict(self._asked), solved=dict(self._solved), turns=dict(self._turns)
            )
            self._changed = False
        self._store.put_record(*RECORD, msgspec.to_builtins(memory))

    def _go_round(self) -> None:
        try:
            self.save()
        except StoreUnavailableError as problem:
            self._changed = True
            log.warning("what was learned of people cannot be written down", extra={"problem": problem.message})

    def _known(self) -> History:
        """The history without people who are not there any more."""
        people = {name: habit for name, habit in self._history.people.items() if name in self._responders}
        return self._history if len(people) == len(self._history.people) else replace(self._history, people=people)

    def _note(self, name: str, glance: _Glance, *, live: bool) -> None:
        known = self._seen.pop(name, None)
        seen = known or {}
        for page in glance.pages:
            key = page.receiver, page.at
            if key not in seen:
                self._was_asked(page)
            if page.until and not seen.get(key):
                self._learn(page, glance.severity)
        if live:
            self._seen[name] = {(page.receiver, page.at): bool(page.until) for page in glance.pages}
        elif known is not None:
            self._was_solved(glance)
        self._works_at(name, glance)

    def _works_at(self, name: str, glance: _Glance) -> None:
        self._at_work.pop(name, None)
        if glance.status is Status.ACKNOWLEDGED:
            self._at_work[name] = glance.answered or (glance.assignee,)

    def _was_asked(self, page: Page) -> None:
        """*page* has interrupted somebody, as far as it could be delivered."""
        if page.became is Became.UNREACHED:
            return
        name = label(page.receiver)
        if name in self._responders:
            recent = (at for at in self._asked.get(name, ()) if at > page.at - RECENT)
            self._asked[name] = (*recent, page.at)[-RECENT_MAX:]
            self._changed = True
        if page.turn:
            self._turns[page.turn] = {**self._turns.get(page.turn, {}), name: page.at}
            self._changed = True

    def _learn(self, page: Page, severity: str) -> None:
        seen = observation(page, severity)
        if seen is not None:
            self._history = self._history.learned(seen)
            self._changed = True

    def _was_solved(self, glance: _Glance) -> None:
        """Who resolved it, or had it when it recovered, has solved it."""
        key, name = glance.face.dedup_key, glance.resolved_by or glance.assignee
        if name not in self._responders:
            return
        before = self._solved.pop(key, {})
        self._solved[key] = {**before, name: before.get(name, 0) + 1}
        while len(self._solved) > KEYS_MAX:
            del self._solved[next(iter(self._solved))]
        self._changed = True


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
    return Knowledge(
        people={
            name: Person(
                zone=works[name].zone,
                works=works[name].windows or WORKS,
                sleeps=windows(person.sleep_hours) or SLEEPS,
            )
            for name, person in settings.responders.items()
        },
        teams={name: team.members for name, team in settings.teams.items()},
        on_call={name: _schedules(settings, name) for name in settings.teams},
        presence=presence,
        costs=_costs(settings),
    )


def _schedules(settings: Settings, team: str) -> tuple[str, ...]:
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
