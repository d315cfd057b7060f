"""Commits: one transaction for each aggregate, at its expected version, with every input and key under its condition.

Commits of one call that touch the same things are taken in order; all others at the same time. Whether a refused one
is SEEN or CONFLICT is read from the store, since a transaction need not name all conditions that do not hold. Where an
answer was lost, the log item of the version says whose it is: it carries the token of the commit that wrote it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final
from uuid import uuid4

import msgspec

from tocsin.dynamo import packing
from tocsin.dynamo.effects import Places
from tocsin.dynamo.names import NEXT, TOKEN, Names
from tocsin.dynamo.packing import BLOB, PARTS
from tocsin.dynamo.plan import UNFINISHED, Plan
from tocsin.dynamo.requests import ACTIONS_MAX, REQUEST_MAX, Cancelled, Item, Key, Requests, UnknownResultError
from tocsin.dynamo.schema import effect_key
from tocsin.dynamo.staged import Staging, weight
from tocsin.engine.ports import Commit, CommitResult
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import Instant

RACES_MAX: Final = 8  # With what stands in the way and is cleared; then the caller decides again.
REMEMBERED_MAX: Final = 1000  # Aggregates whose state has parts.

COMMITTED, CONFLICT, SEEN = CommitResult.COMMITTED, CommitResult.CONFLICT, CommitResult.SEEN


class Commits:
    """Implements `tocsin.engine.ports.Aggregates.commit`."""

    def __init__(self, requests: Requests, places: Places, clock: Callable[[], Instant]) -> None:
        """*clock*: of what effects are ordered by, and of when something was staged."""
        self.staging = Staging(requests)
        self._requests = requests
        self._names = Names(requests)
        self._places = places
        self._clock = clock
        self._lock = threading.Lock()
        self._place = 0
        self._large: dict[str, tuple[int, Item]] = {}

    def commit(self, commits: Sequence[Commit]) -> Sequence[CommitResult]:
        """See the port.

        Where the store has become unavailable when some were written, the others are a CONFLICT: they have left no
        trace, and whoever loads again hears of the trouble.
        """
        done = self._places.of(name for commit in commits for name in commit.done)
        places = [self._next_places(len(commit.outbox)) for commit in commits]
        results: list[CommitResult | None] = [None] * len(commits)
        troubles: list[StoreUnavailableError] = []

        def work(group: list[int]) -> None:
            for number in group:
                try:
                    results[number] = self._one(commits[number], done, places[number])
                except StoreUnavailableError as problem:
                    troubles.append(problem)
                    return

        self._requests.each(work, _groups(commits, done))
        unknown = [problem for problem in troubles if isinstance(problem, UnknownResultError)]
        if troubles and (unknown or not any(result is COMMITTED for result in results)):
            raise (unknown or troubles)[0]
        return [result or CONFLICT for result in results]

    def remember(self, aggregate: str, item: Item) -> None:
        """An aggregate was loaded; when its next state is written, the parts of this one can go."""
        if BLOB in item:
            with self._lock:
                self._large[aggregate] = (item["version"], {BLOB: item[BLOB], PARTS: item[PARTS]})
                while len(self._large) > REMEMBERED_MAX:
                    del self._large[next(iter(self._large))]

    def _one(self, commit: Commit, done: Mapping[str, Key], place: int) -> CommitResult:
        plan = Plan(self._requests, commit, uuid4().hex, place)
        # Where nobody knows whether it was written, its parts stay: they would lie there, or be missed.
        result = self._write(plan, {name: self._places.known(name) or done[name] for name in commit.done})
        if result is COMMITTED:
            self._places.note(commit.outbox)
            self._drop_former(commit)
        else:
            self._drop(plan)
        return result

    def _write(self, plan: Plan, done: Mapping[str, Key]) -> CommitResult:
        past: int | None = None
        done = self._still(done)
        if not plan.sound:
            return self._verdict(plan, []) or CONFLICT
        for _ in range(RACES_MAX):
            try:
                self._try(plan, past, done)
            except Cancelled as lost:
                if self._is_mine(plan):
                    return COMMITTED
                found = [item for item in lost.items if item is not None]
                if self._cleared(found):
                    continue
                if (still := self._still(done)) != done:
                    done = still
                    continue
                if (verdict := self._verdict(plan, found)) is not None:
                    return verdict
                past = next(item["past"] for item in found if "past" in item)
            except StoreUnavailableError as problem:
                if self._found_out(plan, problem):
                    return COMMITTED
                raise
            else:
                return COMMITTED
        return CONFLICT

    def _try(self, plan: Plan, past: int | None, done: Mapping[str, Key]) -> None:
        """Raises Cancelled."""
        replaced = {key: name for name, key in done.items() if key[1] == "C"}
        actions = [
            plan.state_action(past),
            plan.log_action(),
            *plan.name_actions(),
            *plan.page_actions(),
            *plan.done_actions(done),
            *plan.effect_actions(replaced),
        ]
        if len(actions) <= ACTIONS_MAX and sum(map(weight, actions)) <= REQUEST_MAX:
            self._requests.transact(actions, uuid4().hex)
        else:
            self.staging.write(plan, past, done, self._clock())

    def _is_mine(self, plan: Plan) -> bool:
        found = self._requests.one(plan.log_key)
        return found is not None and found[TOKEN] == plan.token

    def _found_out(self, plan: Plan, problem: StoreUnavailableError) -> bool:
        """After an answer was lost, or nothing was done: whether it was written. Raises what is still not known."""
        try:
            return self._is_mine(plan)
        except StoreUnavailableError:
            raise problem from None

    def _still(self, done: Mapping[str, Key]) -> Mapping[str, Key]:
        """Without those in whose place a newer one stands by now, or none."""
        return {name: key for name, key in done.items() if key[1] != "C" or self._places.holds(name, key)}

    def _cleared(self, found: Sequence[Item]) -> bool:
        """Whether staged commits stood in the way; they do not any more."""
        waiting = [item for item in found if UNFINISHED in item or NEXT in item]
        for item in waiting:
            self.staging.resolve(item)
        return bool(waiting)

    def _verdict(self, plan: Plan, found: Sequence[Item]) -> CommitResult | None:
        """Why it was refused, with what stands where conditions did not hold; None: it may be tried again."""
        if self._names.seen(each.input_id for each in plan.inputs):
            return SEEN
        state = _at(found, plan.key)
        if state is None or state["version"] != plan.commit.expected or "past" not in state or not plan.commit.history:
            return CONFLICT
        return CONFLICT if self._taken(plan) else None  # Its places do not just go on, and none of them is taken.

    def _taken(self, plan: Plan) -> bool:
        """Whether a place of its history is taken; asked where places do not just go on."""
        places = {past.place for past in plan.commit.history}
        found = self._requests.query("#pk = :pk AND begins_with(#sk, :h)", {"pk": plan.key[0], "h": "H"})
        return any(place in places for item in found for place, _ in history_rows(self._requests, item))

    def _next_places(self, count: int) -> int:
        """The first of so many places: microseconds of the clock, or what follows the last ones."""
        with self._lock:
            first = max(self._clock() * 1000, self._place + 1)
            self._place = first + count
            return first

    def _drop(self, plan: Plan) -> None:
        """Parts of what was not written; if that fails too, they lie there, and nobody reads them."""
        try:
            for body in plan.bodies():
                packing.discard(self._requests, dict(body))
        except StoreUnavailableError:
            return

    def _drop_former(self, commit: Commit) -> None:
        with self._lock:
            version, parts = self._large.pop(commit.aggregate, (0, {}))
        if parts and version == commit.expected:
            try:
                packing.discard(self._requests, parts)
            except StoreUnavailableError:
                return


def _at(found: Sequence[Item], key: Key) -> Item | None:
    return next((item for item in found if (item.get("pk"), item.get("sk")) == key), None)


def history_rows(requests: Requests, item: Item) -> list[tuple[int, bytes]]:
    """The rows of a page of a history."""
    return msgspec.msgpack.decode(packing.fetch(requests, item), type=list[tuple[int, bytes]])


def _groups(commits: Sequence[Commit], done: Mapping[str, Key]) -> list[list[int]]:
    """The numbers of *commits*, those together that touch the same, in their order."""
    leader: dict[object, int] = {}
    parents = list(range(len(commits)))

    def root(number: int) -> int:
        while parents[number] != number:
            number = parents[number]
        return number

    for number, commit in enumerate(commits):
        touched: list[object] = [("A", commit.aggregate)]
        touched += [("K", key) for key, _ in commit.claims]
        touched += [("I", each.input_id) for each in commit.handled]
        touched += [("O", name) for name in commit.done] + [done[name] for name in commit.done]
        touched += [("O", item.id) for item in commit.outbox]
        touched += [effect_key(item.id, item.coalesce) for item in commit.outbox]
        for each in touched:
            first, second = sorted((root(leader.setdefault(each, number)), root(number)))
            parents[second] = first
    groups: dict[int, list[int]] = {}
    for number in range(len(commits)):
        groups.setdefault(root(number), []).append(number)
    return list(groups.values())
