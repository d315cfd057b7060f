"""One commit as actions of a transaction: what is written, and what must hold for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from tocsin.dynamo import effects, packing
from tocsin.dynamo.names import NEXT, OWNER, TOKEN
from tocsin.dynamo.requests import Item, Key, Requests, Value, changed, gone, new
from tocsin.dynamo.schema import (
    BROKEN,
    PK,
    SK,
    aggregate_key,
    claim_key,
    effect_key,
    history_sort,
    input_key,
    list_kind,
    list_rank,
    log_sort,
    named,
    wake_shard,
)
from tocsin.engine.ports import Commit, Handled, Outgoing
from tocsin.kernel.machine import Past

FORGOTTEN: Final = "forgotten"  # What stands there instead while an aggregate is forgotten.
UNFINISHED: Final = "unfinished"  # Of an aggregate: the token of a staged commit whose rest is not written yet.
PAGE_BYTES: Final = 64 * 1024  # Rows of a history that share an item: reading a few costs no more than that.

_ABSENT: Final = "attribute_not_exists(#pk)"


class Log(msgspec.Struct, frozen=True, array_like=True):
    """What an aggregate's commit leaves behind: what it handled, and which keys it claimed."""

    handled: tuple[Handled, ...]
    keys: tuple[str, ...]


class Plan:
    """Makes the actions of *commit*. *token* is new for each: by it a commit knows what it has written itself."""

    def __init__(self, requests: Requests, commit: Commit, token: str, place: int) -> None:
        """*place*: of its first effect, by which older and younger are told. Writes what needs parts of its own."""
        self.commit = commit
        self.token = token
        self._table = requests.table
        self.key = aggregate_key(commit.aggregate)
        self.inputs = tuple({each.input_id: each for each in commit.handled}.values())
        self.claims = tuple(dict(commit.claims).items())
        self.log_key = self.key[0], log_sort(commit.expected + 1)
        self.outbox = effects.folded(commit.outbox)
        # Small parts each, so that a commit of many things is one transaction as long as that can be.
        most = packing.INLINE_MAX
        self.state = packing.stow(requests, commit.state, most)
        log = Log(self.inputs, tuple(key for key, _ in self.claims))
        self.log = packing.stow(requests, msgspec.msgpack.encode(log), most)
        self.pages = [(page[-1].place, packing.stow(requests, _rows(page), most)) for page in pages(commit.history)]
        bodies = (packing.stow(requests, effects.encoded(item), most) for item in self.outbox)
        self.effects = list(zip(self.outbox, bodies, range(place, place + len(self.outbox)), strict=True))

    @property
    def sound(self) -> bool:
        """Whether it can be committed at all: it contradicts itself nowhere."""
        places = {past.place for past in self.commit.history}
        return len(places) == len(self.commit.history) and len(set(self.commit.claims)) == len(self.claims)

    def bodies(self) -> Iterator[Mapping[str, Any]]:
        """All that may have parts of its own."""
        yield self.state
        yield self.log
        yield from (body for _, body in self.pages)
        yield from (body for _, body, _ in self.effects)

    def state_action(self, past: int | None, **more: Value) -> Item:
        """The state at its version. *past*: the last place of its history, where that is known to be no hindrance."""
        commit = self.commit
        shard = wake_shard(commit.aggregate) if commit.wake_at is not None else BROKEN if commit.owes else None
        sets: dict[str, Value | None] = {
            "id": commit.aggregate,
            "machine": commit.machine,
            "version": commit.expected + 1,
            "live": commit.live,
            "owes": commit.owes,
            "rank_at": commit.rank,
            "kind": list_kind(commit.aggregate, live=commit.live),
            "rank": list_rank(commit.machine, commit.rank, commit.aggregate),
            "wake_shard": shard,
            "wake_at": commit.wake_at if commit.wake_at is not None or shard is None else 0,
            TOKEN: self.token,
            **packing.unplaced(self.state),
            **more,
        }
        if self.inputs:
            sets["handled_at"] = max(each.at for each in self.inputs)
        values: dict[str, Value] = {}
        condition = _ABSENT
        if commit.expected:
            condition = f"#version = :expected AND attribute_not_exists(#{UNFINISHED})"
            values["expected"] = commit.expected
        if commit.history:
            first, last = min(each.place for each in commit.history), max(each.place for each in commit.history)
            sets["past"] = max(last, past or 0)
            if commit.expected and past is None:
                condition += " AND (attribute_not_exists(#past) OR #past < :first)"
                values["first"] = first
            elif commit.expected:
                condition += " AND #past = :was"
                values["was"] = past or 0
        return changed(self._table, self.key, sets, condition, values)

    def log_action(self) -> Item:
        """What it handled, under its version."""
        return new(self._table, {PK: self.log_key[0], SK: self.log_key[1], TOKEN: self.token, **self.log})

    def name_actions(self) -> list[Item]:
        """Inputs, once each, and keys, from whom they were loaded with."""
        owner = {OWNER: self.commit.aggregate}
        actions = [new(self._table, {**_item(input_key(each.input_id)), **owner}, _ABSENT) for each in self.inputs]
        for key, holder in self.claims:
            item = {**_item(claim_key(key)), **owner}
            if holder is None:
                actions.append(new(self._table, item, _ABSENT))
            else:
                free = f"#{OWNER} = :holder AND attribute_not_exists(#{TOKEN})"
                actions.append(new(self._table, item, free, {"holder": holder}))
        return actions

    def reservations(self) -> list[Item]:
        """The same names, only staged; done again it changes nothing."""
        sets = {NEXT: self.commit.aggregate, TOKEN: self.token}
        again = f"#{TOKEN} = :{TOKEN}"
        actions = [
            changed(self._table, input_key(each.input_id), sets, f"{_ABSENT} OR {again}") for each in self.inputs
        ]
        for key, holder in self.claims:
            if holder is None:
                actions.append(changed(self._table, claim_key(key), sets, f"{_ABSENT} OR {again}"))
            else:
                free = f"#{OWNER} = :holder AND (attribute_not_exists(#{TOKEN}) OR {again})"
                actions.append(changed(self._table, claim_key(key), sets, free, {"holder": holder}))
        return actions

    def name_keys(self) -> list[Key]:
        """Where these names are."""
        return [*(input_key(each.input_id) for each in self.inputs), *(claim_key(key) for key, _ in self.claims)]

    def page_actions(self) -> list[Item]:
        """The rows of its history."""
        return [new(self._table, {PK: self.key[0], SK: history_sort(last), **body}) for last, body in self.pages]

    def effect_actions(self, replaced: Mapping[Key, str]) -> list[Item]:
        """What goes out. *replaced*: of identities, the ids of effects that are done with this commit."""
        return [self._effect(item, body, place, replaced) for item, body, place in self.effects]

    def done_actions(self, done: Mapping[str, Key]) -> list[Item]:
        """What need not leave any more, by id; where a newer one stands there instead, it stays."""
        taken = {effect_key(item.id, item.coalesce) for item in self.outbox}
        actions = []
        for name, key in done.items():
            if key not in taken:
                exact = ("#id = :id", {"id": named(name)}) if key[1] == "C" else ("", {})
                actions.append(gone(self._table, key, *exact))
        return actions

    def _effect(self, item: Outgoing, body: Mapping[str, Value], place: int, replaced: Mapping[Key, str]) -> Item:
        key = effect_key(item.id, item.coalesce)
        sets, first = effects.attributes(item, body, self.commit.expected + 1), effects.lasting(item, place)
        if not item.coalesce:
            return new(self._table, {**_item(key), **first, **{n: v for n, v in sets.items() if v is not None}})
        if key in replaced:  # The older one is done: this one begins anew, in its item.
            return changed(self._table, key, sets | first, "#id = :old", {"old": named(replaced[key])})
        return changed(self._table, key, sets, first=first)


def pages(history: Sequence[Past]) -> list[list[Past]]:
    """Rows that share an item: their places follow each other without a gap, so that pages never overlap."""
    found: list[list[Past]] = []
    size = 0
    for each in sorted(history, key=lambda each: each.place):
        size += len(each.row)
        if not found or found[-1][-1].place + 1 != each.place or size > PAGE_BYTES:
            found.append([])
            size = len(each.row)
        found[-1].append(each)
    return found


def _rows(page: Sequence[Past]) -> bytes:
    return msgspec.msgpack.encode([(each.place, each.row) for each in page])


def _item(key: Key) -> Item:
    return {PK: key[0], SK: key[1]}
