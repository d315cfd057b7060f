"""Commits too large for one transaction: staged, decided by a small one, and then finished by whoever comes by.

1. An item says what the commit will write (`X` and a token, with all of it as actions).
2. Its names (inputs, keys) are reserved in transactions of a hundred: they say `next` and the token.
3. One transaction decides: the state at its version, what was handled, and `decided` in the item. From here on the
   names count, since who reads one looks whether its token is decided.
4. The rest is written step by step; each step is a transaction that also counts itself, so that none is done twice.
5. The names are made plain, and the item goes.

Who dies before 3 has changed nothing: whoever meets a reserved name takes the item away (it cannot be decided then) and
then the reservation. Who dies after 3 leaves the rest to the next commit of the aggregate, or to the sweep, which finds
the item in the index `out`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

import msgspec

from tocsin.dynamo import packing
from tocsin.dynamo.names import DECIDED, NEXT, OWNER, TOKEN, staged_key
from tocsin.dynamo.plan import UNFINISHED, Plan
from tocsin.dynamo.requests import ACTIONS_MAX, REQUEST_MAX, Cancelled, Item, Key, Refused, Requests, changed, gone
from tocsin.dynamo.schema import OUT, PK, SK, STAGED, named
from tocsin.kernel.time import MINUTE, Duration, Instant

WAITS_MAX: Final = 6  # For one that is not decided yet: about a second.
ABANDONED_AFTER: Final[Duration] = 20 * MINUTE  # A function lives 15 minutes at most.

_STEP: Final = "step"


class Rest(msgspec.Struct, frozen=True):
    """What is written after the decision: deletions that may be done again, then steps that may not; and the names."""

    done: list[Any]
    steps: list[list[Any]]
    names: list[Key]


class Staging:
    """Stages, decides and finishes them."""

    def __init__(self, requests: Requests) -> None:
        """Of one table."""
        self._requests = requests

    def write(self, plan: Plan, past: int | None, done: Mapping[str, Key], now: Instant) -> None:
        """Commit *plan*. Raises Cancelled with what is in its way; then nothing of it is left."""
        table = self._requests.table
        key = plan.key[0], "X" + plan.token
        kept = plan.effect_actions({})
        steps = chunks([*plan.page_actions(), *kept], ACTIONS_MAX - 1)
        rest = Rest(_deletions(plan, done, table), steps, plan.name_keys())
        body = packing.stow(self._requests, msgspec.msgpack.encode(rest))
        place = {PK: key[0], SK: key[1], "out_shard": STAGED, "not_before": now}
        staged = {**place, DECIDED: False, _STEP: 0, NEXT: plan.commit.aggregate, TOKEN: plan.token, **body}
        self._requests.put([staged])
        try:
            for part in chunks(plan.reservations(), ACTIONS_MAX):
                self._requests.transact(part, uuid4().hex)
            decide = [
                plan.state_action(past, **{UNFINISHED: plan.token}),
                plan.log_action(),
                changed(table, key, {DECIDED: True}, f"#{DECIDED} = :undecided", {"undecided": False}),
            ]
            self._requests.transact(decide, uuid4().hex)
        except Cancelled:
            found = self._requests.one(key)
            if found is None or not found[DECIDED]:  # Otherwise the answer was lost, and not the race.
                self.give_up(key, rest.names, plan.token)
                packing.discard(self._requests, staged)
                raise
        self.finish(key)

    def finish(self, key: Key) -> None:
        """Write what is left of a decided commit."""
        item = self._requests.one(key)
        while item is not None and item[DECIDED]:
            try:
                rest = msgspec.msgpack.decode(packing.fetch(self._requests, item), type=Rest)
            except packing.TornError:
                return  # Somebody else has finished it.
            if not self._write_rest(key, rest, item):
                item = self._requests.one(key)
                continue
            self._make_plain(rest.names, item[TOKEN])
            table = self._requests.table
            self._try(changed(table, (key[0], "A"), {UNFINISHED: None}, f"#{UNFINISHED} = :t", {"t": item[TOKEN]}))
            self._requests.delete([key])
            packing.discard(self._requests, item)
            return

    def resolve(self, item: Item) -> None:
        """See to it that a name, or an aggregate, does not wait for a staged commit any more."""
        if UNFINISHED in item:
            self.finish((item[PK], "X" + item[UNFINISHED]))
            return
        key = staged_key(item)
        for attempts in range(1, WAITS_MAX):  # Who has reserved it is most likely about to decide.
            found = self._requests.one(key)
            if found is None or found[DECIDED]:
                break
            self._requests.pause(attempts)
        if not self._undecided(key):
            self.finish(key)
            if (found := self._requests.one((item[PK], item[SK]))) is None or found.get(TOKEN) != item[TOKEN]:
                return
        self._release([(item[PK], item[SK])], item[TOKEN])

    def sweep(self, now: Instant) -> None:
        """Finish what was decided and left; give up what was never decided and is old."""
        where = "#out_shard = :shard AND #not_before <= :now"
        for hit in list(self._requests.query(where, {"shard": STAGED, "now": now}, index=OUT)):
            key = hit[PK], hit[SK]
            item = self._requests.one(key)
            if item is None:
                continue
            if item[DECIDED]:
                self.finish(key)
            elif hit["not_before"] <= now - ABANDONED_AFTER:
                try:
                    names = msgspec.msgpack.decode(packing.fetch(self._requests, item), type=Rest).names
                except packing.TornError:
                    continue
                self.give_up(key, names, item[TOKEN])
                packing.discard(self._requests, item)

    def give_up(self, key: Key, names: Sequence[Key], token: str) -> None:
        """Take away what was staged, if it is not decided."""
        if self._undecided(key):
            self._release(names, token)

    def _undecided(self, key: Key) -> bool:
        """Whether it can never be decided: it is gone, or goes now."""
        exact = f"attribute_not_exists(#{PK}) OR #{DECIDED} = :undecided"
        return self._try(gone(self._requests.table, key, exact, {"undecided": False}))

    def _release(self, names: Iterable[Key], token: str) -> None:
        """Take reservations with *token* back."""
        table = self._requests.table
        for key in names:
            mine = f"#{TOKEN} = :t"
            if not self._try(gone(table, key, f"{mine} AND attribute_not_exists(#{OWNER})", {"t": token})):
                self._try(changed(table, key, {NEXT: None, TOKEN: None}, mine, {"t": token}))

    def _write_rest(self, key: Key, rest: Rest, item: Item) -> bool:
        """Whether all steps are done; False: somebody else is at it too."""
        if item[_STEP] == 0:
            for action in rest.done:
                self._try(action)
        for number in range(item[_STEP], len(rest.steps)):
            count = changed(self._requests.table, key, {_STEP: number + 1}, f"#{_STEP} = :was", {"was": number})
            try:
                self._requests.transact([count, *rest.steps[number]], uuid4().hex)
            except Cancelled:
                return False
        return True

    def _make_plain(self, names: Sequence[Key], token: str) -> None:
        """The names are owned now; those that are already stay as they are."""
        found = self._requests.get(names)
        table = self._requests.table
        actions = [
            changed(table, key, {OWNER: item[NEXT], NEXT: None, TOKEN: None}, f"#{TOKEN} = :t", {"t": token})
            for key, item in found.items()
            if item.get(TOKEN) == token
        ]
        for part in chunks(actions, ACTIONS_MAX):
            try:
                self._requests.transact(part, uuid4().hex)
            except Cancelled:
                for action in part:
                    self._try(action)

    def _try(self, action: Item) -> bool:
        """Whether its condition held."""
        try:
            self._requests.act(action)
        except Refused:
            return False
        return True


def chunks(actions: Sequence[Item], most: int) -> list[list[Item]]:
    """Parts that one transaction can hold."""
    found: list[list[Item]] = []
    size = 0
    for action in actions:
        own = weight(action)
        if not found or len(found[-1]) >= most or size + own > REQUEST_MAX:
            found.append([])
            size = 0
        found[-1].append(action)
        size += own
    return found


def weight(value: Any) -> int:  # noqa: ANN401 - a request, or a part of one.
    """About how many bytes it has."""
    if isinstance(value, dict):
        return sum(len(name) + weight(each) for name, each in value.items())
    return len(value.encode()) if isinstance(value, str) else len(value) if isinstance(value, bytes) else 1


def _deletions(plan: Plan, done: Mapping[str, Key], table: str) -> list[Item]:
    """Whatever is done, also where this commit puts another in its place: that comes after."""
    fresh = {item.id for item in plan.outbox}
    return [
        gone(table, key, "#id = :id", {"id": named(name)}) if key[1] == "C" else gone(table, key)
        for name, key in done.items()
        if name not in fresh
    ]
