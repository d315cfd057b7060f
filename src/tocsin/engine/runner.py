"""The runner: load, decide, commit.

It folds all inputs for one aggregate into one commit, and many commits into one batch.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from tocsin.engine.ports import STORY_MAX, Aggregates, Commit, CommitResult, Departure, Handled, Outgoing
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.machine import Decision, Effect, Machine, Past, Tick
from tocsin.kernel.time import Instant

ATTEMPTS_MAX: Final = 8  # Eight lost races on one aggregate mean a hot key, not bad luck.

log = logging.getLogger(__name__)


class Addressed(msgspec.Struct, frozen=True, kw_only=True):
    """An input on its way: to one *aggregate*, or to whichever answers to one of *keys*, or to a new one, *fresh*.

    *done*: the effect that it answers, which is confirmed by the commit that handles it; empty: none.
    """

    input_id: str
    machine: str
    given: Any  # An input of that machine.
    aggregate: str = ""
    keys: tuple[str, ...] = ()
    fresh: str = ""
    done: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """What became of an input: the aggregate that took it (empty: none), and why."""

    aggregate: str
    reason: str


class ContentionError(Exception):
    """Inputs lost every race; they are not handled and must be tried again later."""


class _Work:
    """One aggregate while a batch is decided: its newest state, and all that one commit will carry."""

    def __init__(self, name: str, machine: Machine[Any, Any], expected: int, state: object) -> None:
        self.name = name
        self.machine = machine
        self.expected = expected
        self.state = state
        self.inputs: list[Addressed] = []
        self.handled: list[Handled] = []
        self.outbox: list[Outgoing] = []
        self.history: list[Past] = []
        self.done: list[str] = []
        self.claims: dict[str, str | None] = {}


class Runner:
    """Handles inputs for any machine. One thread at a time."""

    def __init__(
        self,
        store: Aggregates,
        machines: Iterable[Machine[Any, Any]],
        *,
        on_commit: Callable[[Sequence[Commit]], None] = lambda _: None,
        renew: Callable[[], Iterable[Machine[Any, Any]]] | None = None,
        spread: Callable[[Effect, Any, Instant], Sequence[Departure]] = lambda effect, *_: (Departure(effect),),
    ) -> None:
        """*on_commit* hears of every commit after it is durable: a hint, never the truth.

        *renew* gives the machines anew for every batch: what they know beside their states is as it is then (law 9).
        *spread* makes of one effect, with the state after it, the ones that leave: several ways to one person.
        """
        self._store = store
        self._machines = {machine.name: machine for machine in machines}
        self._on_commit = on_commit
        self._renew = renew
        self._spread = spread

    def handle(self, inputs: Sequence[Addressed], now: Instant) -> Mapping[str, Outcome]:
        """Decide and commit *inputs* in order; what became of each, by input id.

        Inputs that were handled before are not decided again; of several with one id the first counts. Raises
        StoreUnavailableError (nothing of what is missing in the store has happened), ContentionError.
        """
        outcomes: dict[str, Outcome] = {}
        waiting = _once_each(inputs)
        suspicious = False
        for _ in range(ATTEMPTS_MAX):
            if suspicious:
                waiting = self._drop_seen(waiting, outcomes)
            if self._renew is not None:
                self._machines = {machine.name: machine for machine in self._renew()}
            work, ignored = self._decide(waiting, now)
            outcomes.update(ignored)
            waiting = self._commit(work, outcomes)
            if not waiting:
                return outcomes
            suspicious = True
        message = f"{len(waiting)} inputs lost {ATTEMPTS_MAX} races, first {waiting[0].input_id}"
        raise ContentionError(message)

    def tick(self, aggregates: Sequence[str], now: Instant) -> Sequence[str]:
        """Send Tick to what is due; one that is not due any more ignores it.

        Those that it breaks are logged and given back; they stay due, and cost nobody else the wake. Raises
        StoreUnavailableError.
        """
        try:
            self._tick(aggregates, now)
        except StoreUnavailableError:
            raise
        except Exception:
            log.exception("a batch of ticks failed; they are sent one by one")
        else:
            return ()
        broken = []
        for name in aggregates:
            try:
                self._tick([name], now)
            except StoreUnavailableError:
                raise
            except Exception:
                log.exception("an aggregate cannot be woken", extra={"aggregate": name})
                broken.append(name)
        return broken

    def _tick(self, aggregates: Sequence[str], now: Instant) -> None:
        stored = self._store.load(aggregates)
        ticks = [
            Addressed(input_id=f"tick/{name}/{found.version}", machine=found.machine, given=Tick(), aggregate=name)
            for name, found in stored.items()
        ]
        self.handle(ticks, now)

    def _drop_seen(self, waiting: list[Addressed], outcomes: dict[str, Outcome]) -> list[Addressed]:
        seen = self._store.seen([item.input_id for item in waiting])
        outcomes.update({name: Outcome(owner, "handled before") for name, owner in seen.items()})
        return [item for item in waiting if item.input_id not in seen]

    def _decide(self, inputs: Sequence[Addressed], now: Instant) -> tuple[list[_Work], dict[str, Outcome]]:
        # Dictionaries instead of sets: the same inputs are worked off in the same order, in a simulation too.
        holders: dict[str, str | None] = dict(
            self._store.find(dict.fromkeys(key for item in inputs for key in item.keys))
        )
        names = dict.fromkeys(name for name in (*(item.aggregate for item in inputs), *holders.values()) if name)
        known = {name: self._work(name, stored) for name, stored in self._store.load(names).items()}
        used: list[_Work] = []
        ignored: dict[str, Outcome] = {}
        for item in inputs:
            work = self._find_work(item, known, holders, now)
            decision = work.machine.decide(work.state, item.given, now)
            if decision.state is None:
                ignored[item.input_id] = Outcome("", decision.reason)
                continue
            _check_tick(work, item, decision, now)
            if not work.inputs:
                used.append(work)
            self._record(work, item, decision, now)
            known[work.name] = work
            for key in item.keys:
                holder = holders.get(key)
                if holder != work.name:
                    work.claims.setdefault(key, holder)
                    holders[key] = work.name
        return used, ignored

    def _record(self, work: _Work, item: Addressed, decision: Decision[Any], now: Instant) -> None:
        work.state = decision.state
        work.inputs.append(item)
        work.handled.append(Handled(item.input_id, now, decision.reason, decision.story[:STORY_MAX]))
        work.history += decision.history
        work.done += [item.done] if item.done else []
        for number, effect in enumerate(decision.effects):
            name = f"{item.input_id}/{number}"
            for turn, departure in enumerate(self._spread(effect, work.state, now)):
                work.outbox.append(_outgoing(work, departure, f"{name}.{turn}" if turn else name, now))

    def _find_work(
        self, item: Addressed, known: Mapping[str, _Work], holders: Mapping[str, str | None], now: Instant
    ) -> _Work:
        if item.aggregate in known and known[item.aggregate].machine.name == item.machine:
            return known[item.aggregate]
        for key in item.keys:
            work = known.get(holders.get(key) or "")
            if work is not None and work.machine.answers(work.state, item.given, now):
                return work
        return _Work(item.fresh or item.aggregate, self._machines[item.machine], 0, None)

    def _work(self, name: str, stored: Any) -> _Work:  # noqa: ANN401 - Stored; its state is of the machine's own type.
        machine = self._machines[stored.machine]
        return _Work(name, machine, stored.version, machine.decode(stored.state))

    def _commit(self, work: Sequence[_Work], outcomes: dict[str, Outcome]) -> list[Addressed]:
        """Commit; the inputs that must be decided again."""
        if not work:
            return []
        commits = [_to_commit(item) for item in work]
        results = self._store.commit(commits)
        again: list[Addressed] = []
        for item, result in zip(work, results, strict=True):
            if result is CommitResult.COMMITTED:
                outcomes.update({handled.input_id: Outcome(item.name, handled.reason) for handled in item.handled})
            else:
                log.info("commit refused", extra={"aggregate": item.name, "result": result.value})
                again.extend(item.inputs)
        done = [commit for commit, result in zip(commits, results, strict=True) if result is CommitResult.COMMITTED]
        if done:
            self._on_commit(done)
        return again


def _once_each(inputs: Iterable[Addressed]) -> list[Addressed]:
    """Senders repeat themselves: the second of two with one id would be decided, and counted, like the first."""
    first: dict[str, Addressed] = {}
    for item in inputs:
        first.setdefault(item.input_id, item)
    return list(first.values())


def _outgoing(work: _Work, departure: Departure, name: str, now: Instant) -> Outgoing:
    effect, leaves_at = departure.effect, now + departure.after
    return Outgoing(
        id=name,
        aggregate=work.name,
        machine=work.machine.name,
        receiver=effect.receiver,
        kind=effect.kind,
        facts=effect.facts,
        coalesce=f"{work.name}/{effect.receiver}/{effect.kind}" if effect.coalesce else "",
        urgent=effect.urgent,
        behind=effect.behind,
        created_at=leaves_at,
        not_before=leaves_at,
    )


def _to_commit(work: _Work) -> Commit:
    standing = work.machine.standing(work.state)
    return Commit(
        aggregate=work.name,
        machine=work.machine.name,
        expected=work.expected,
        state=work.machine.encode(work.state),
        wake_at=standing.wake_at,
        live=standing.live,
        owes=standing.owes,
        rank=standing.rank,
        claims=tuple(work.claims.items()),
        handled=tuple(work.handled),
        outbox=tuple(_newest(work.outbox)),
        history=tuple(work.history),
        done=tuple(work.done),
    )


def _newest(outbox: Sequence[Outgoing]) -> Iterable[Outgoing]:
    """Of effects that coalesce only the last: the others would be replaced at once."""
    last = {item.coalesce: item.id for item in outbox if item.coalesce}
    return (item for item in outbox if not item.coalesce or last[item.coalesce] == item.id)


def _check_tick(work: _Work, item: Addressed, decision: Decision[Any], now: Instant) -> None:
    """Law 7: after a Tick, wake_at > now; otherwise the sweeper would never rest."""
    if isinstance(item.given, Tick):
        wake_at = work.machine.standing(decision.state).wake_at
        assert wake_at is None or wake_at > now, (work.name, decision.reason)
