"""The serverless runtime: the same machines, worker and runner as in the embedded one, for one invocation at a time.

Nothing here waits, and nothing goes on between invocations. What an invocation takes in is stored first (`accept`), and
handled before it ends (`drain`). Whoever dies in between has lost nothing: what is stored and not settled is in the
backlog, which the sweep works off; what is committed and not sent is in the outbox; and what was not stored comes
again, since its message was not deleted.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import asdict

from tocsin.engine.ports import Commit, Delivery, Received
from tocsin.engine.runner import Addressed, ContentionError, Outcome, Runner
from tocsin.engine.worker import Worker
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.commands import Command
from tocsin.incidents.duty import OnDuty
from tocsin.kernel.later import function, later
from tocsin.kernel.machine import Machine
from tocsin.kernel.time import MINUTE, Duration, Instant
from tocsin.wiring import channel_names, rule_joining, workflows
from tocsin.wiring.directory import SettingsDirectory
from tocsin.wiring.interpretation import Commands, late
from tocsin.wiring.knowing import KnowledgeBook
from tocsin.wiring.machines import machines
from tocsin.wiring.notifying import Notifying
from tocsin.wiring.personal import PersonalBook
from tocsin.wiring.room_book import RoomBook
from tocsin.wiring.rules_at_aws import ours
from tocsin.wiring.schedules import duty
from tocsin.wiring.serverless_books import Books
from tocsin.wiring.settings import Settings
from tocsin.wiring.stores import ShowingStore
from tocsin.wiring.threads import with_threads
from tocsin.wiring.understanding import understanding

if TYPE_CHECKING:
    from tocsin.automation.rule import Rule
    from tocsin.digests.machine import Turn, TurnOf
    from tocsin.wiring import digests, rules, serverless_flows
else:
    digests = later("tocsin.wiring.digests")
    rules = later("tocsin.wiring.rules")
    serverless_flows = later("tocsin.wiring.serverless_flows")

LIFE: Final[Duration] = MINUTE  # A runtime is made anew after it: what others have changed is seen no later.
TROUBLES: Final = (StoreUnavailableError, ContentionError)
"""What is over by itself: what was not done is done when it comes again."""
BITE: Final = 80
"""Deliveries handled together: a transaction of DynamoDB has room for a hundred items. Each alert of one incident is an
input in it, and the state, its log, history, keys and effects are a few more. What needs more room, as when each alert
brings a key of its own, is written in several steps that count as one, and takes twice the requests."""

log = logging.getLogger(__name__)

Settled = Callable[[Delivery, str, Sequence[Outcome]], None]


class Thinking:
    """Everything that decides. One thread at a time, but for `accept`."""

    def __init__(
        self,
        settings: Settings,
        store: ShowingStore,
        url: str,
        clock: Callable[[], Instant],
        *,
        rings: Callable[[str], bool] = lambda _: False,
        flows: serverless_flows.Flows | None = None,
    ) -> None:
        """*settings* are those of the file, *url* is the public one. *rings*: whether a responder's browsers do.

        *flows*: what rules start runs at Step Functions; without them it would run here.

        Raises StoreUnavailableError, TocsinError.
        """
        self.store, self.url, self.clock = store, url, clock
        self.room_book = RoomBook(settings, store)
        self.settings = self.room_book.settings
        self.made_at = clock()
        self._lock = threading.Lock()
        self._handling = threading.RLock()
        self._waiting: list[Delivery] = []
        self._settled: list[Settled] = []
        self._commands: dict[str, Commands] = {}
        self._rules: rules.RuleDesk | None = None
        self.books = Books(self.settings, store, clock, self.accept)
        self.definitions = workflows.Definitions(store)
        self.kept = workflows.keep_all(self.settings, self.definitions)
        self.flows = flows
        self.ruled = ours(self.settings)  # Without the rules that AWS carries out: they would be carried out twice.
        self.knowledge = KnowledgeBook(self.settings, store)
        self.personal = PersonalBook(lambda: self.settings, store, clock)
        self.directory = SettingsDirectory(self.settings, rings, self.personal.of)
        interpreter = understanding(
            self.settings,
            url,
            self._chats(),
            {**workflows.channels(), **late((channel_names.QUESTION,), function("tocsin.wiring.questions.channels"))},
            now=lambda: self.settings,
            mute=self.books.mute,
            quieter=self.books.quieter,
            histories=self.books.histories,
            causes=self.books.causes,
        )
        rule_joining.join(self._desk, interpreter, attends=bool(self.ruled.rules))
        if flows is not None and self.ruled.rules:
            interpreter.attend(serverless_flows.attending(flows, self._desk().attend))
        self.machines = machines(definitions=self.definitions, rules=self._rule)
        self.runner = Runner(
            store,
            self.machines,
            on_commit=self._committed,
            renew=self._renewed,
            spread=with_threads(
                Notifying(self.settings, self.directory.ways, self.personal.of).spread, self.directory.ways
            ),
        )
        self._worker = Worker(
            store, self.runner, interpreter.interpret, interpreter.poisoned, on_settled=self._on_settled
        )

    @property
    def is_old(self) -> bool:
        """Whether it should be made anew."""
        return self.clock() - self.made_at >= LIFE

    def on_settled(self, hear: Settled) -> None:
        """*hear* of each delivery that is done."""
        self._settled.append(hear)

    @contextmanager
    def hearing(self, hear: Settled) -> Iterator[None]:
        """As `on_settled`, while the context lasts."""
        self._settled.append(hear)
        try:
            yield
        finally:
            self._settled.remove(hear)

    def learn(self, commands: Mapping[str, Commands]) -> None:
        """What reads the interactions of chats."""
        self._commands.update(commands)

    def accept(self, received: Sequence[Received]) -> Sequence[str]:
        """Store *received* durably, all or none; `drain` handles it. Any thread. Raises StoreUnavailableError."""
        ids = self.store.accept(received)
        found = [Delivery(**asdict(each), id=name) for each, name in zip(received, ids, strict=True)]
        with self._lock:
            self._waiting += found
        return ids

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Have deliveries handled that were stored before; those that are settled already change nothing."""
        with self._lock:
            self._waiting += deliveries

    def drain(self) -> None:
        """Handle all that was accepted here, and what follows from it.

        Raises StoreUnavailableError, ContentionError: what is not settled then is in the backlog.
        """
        with self._handling:
            while batch := self._taken():
                self._worker.handle(batch, self.clock())

    def drain_if_possible(self) -> bool:
        """As `drain`; whether all is handled. What could not be is in the backlog, and the sweep has it."""
        try:
            self.drain()
        except TROUBLES as problem:
            log.warning("deliveries are left to the sweep", extra={"problem": str(problem)})
            return False
        return True

    def tick(self, aggregates: Sequence[str]) -> Sequence[str]:
        """Wake those of *aggregates* that are due, and no others: a timer that was overtaken costs no commit.

        Those that cannot be woken are given back. Raises StoreUnavailableError, ContentionError.
        """
        with self._handling:
            now = self.clock()
            by_name = {machine.name: machine for machine in self.machines}
            due = []
            for name, found in self.store.load(dict.fromkeys(aggregates)).items():
                machine = by_name.get(found.machine)
                wake_at = machine.standing(machine.decode(found.state)).wake_at if machine else None
                if wake_at is not None and wake_at <= now:
                    due.append(name)
            return self.runner.tick(due, now) if due else ()

    def decide(self, inputs: Iterable[Addressed]) -> None:
        """Handle what was found out, and can be found out again. Raises StoreUnavailableError, ContentionError."""
        with self._handling:
            self.runner.handle(tuple(inputs), self.clock())

    def _chats(self) -> Mapping[str, Commands]:
        names = [
            name
            for name, wanted in (("slack", self.settings.slack), ("teams", self.settings.microsoft_teams))
            if wanted
        ]
        return {name: partial(self._read_chat, name) for name in names}

    def _read_chat(self, name: str, body: bytes, at: Instant) -> Sequence[Command] | str:
        """Its reader is learned when the chat is connected, which costs a second."""
        return self._commands[name](body, at)

    def _taken(self) -> Sequence[Delivery]:
        with self._lock:
            taken, self._waiting = self._waiting[:BITE], self._waiting[BITE:]
        return taken

    def _renewed(self) -> Sequence[Machine[Any, Any]]:
        """As in the embedded runtime: for one batch of decisions, as things are now."""
        calendar: OnDuty = duty(self.settings, self.store)
        return machines(calendar, self._turns(), self.knowledge.whom(calendar), self.definitions, self._rule)

    def _turns(self) -> TurnOf:
        """Whose turn it is, as things are when it is first asked; most batches ask for no digest."""
        made: list[TurnOf] = []

        def turn_of(schedule: str, now: Instant) -> Turn:
            if not made:
                made.append(digests.turns(self.settings, self.store))
            return made[0](schedule, now)

        return turn_of

    def _desk(self) -> rules.RuleDesk:
        if self._rules is None:
            self._rules = rules.RuleDesk(self.ruled, self.kept)
        return self._rules

    def _rule(self, name: str) -> Rule | None:
        return self._desk()(name)

    def _committed(self, commits: Sequence[Commit]) -> None:
        self.books.committed(commits)
        self.knowledge.committed(commits)

    def _on_settled(self, delivery: Delivery, note: str, outcomes: Sequence[Outcome]) -> None:
        for hear in self._settled:
            hear(delivery, note, outcomes)
