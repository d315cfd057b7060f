"""Two stores side by side: whatever is done to both, they answer the same. Needs Hypothesis.

class Comparison(StoreComparison):
    def make(self) -> Store:
        return MyStore(...)

TestComparison = Comparison.TestCase
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from tocsin.engine.ports import Commit, Confirmation, Handled, Outgoing, Received, Store
from tocsin.kernel.machine import Past
from tocsin.testing.conformance.subject import NOW, UNKNOWN_IDS
from tocsin.testing.memory import MemoryStore

T = TypeVar("T")

AGGREGATES: Final = ("a", "b", "c", "ä\x00'")
MACHINES: Final = ("incident", "digest")
KEYS: Final = ("k1", "k2", "k3")
RECEIVERS: Final = ("responder:ada", "team:ops")
KINDS: Final = ("page", "show")
RECORDS: Final = ("x", "y")
ALL: Final = 1000  # A limit beyond everything that one example writes.

_words = st.sampled_from(("", "undecodable", "a\x00b"))
_times = st.integers(NOW - 50, NOW + 50)
_documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2),
    max_leaves=4,
)
_received = st.builds(
    Received,
    received_at=_times,
    channel=st.sampled_from(("in", "self")),
    key=_words,
    head=st.binary(max_size=4),
    body=st.binary(max_size=4),
)


class StoreComparison(RuleBasedStateMachine):
    """Runs random operations on a MemoryStore and on the store of `make`, and compares all answers after each."""

    def make(self) -> Store:
        """The other store: fresh and empty. `teardown` closes it."""
        raise NotImplementedError

    @initialize()
    def begin(self) -> None:
        """Make both."""
        self.model: Store = MemoryStore()
        self.store = self.make()
        self.now = NOW
        self.ids: list[str] = []
        self.inputs: list[str] = []

    @rule(received=st.lists(_received, max_size=4))
    def accept(self, received: list[Received]) -> None:
        """Accept some deliveries."""
        self.ids += self.both(lambda store: list(store.accept(received)))

    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        """Settle some, known and unknown, once and again."""
        names = st.sampled_from([*self.ids, *UNKNOWN_IDS])
        outcomes = data.draw(st.dictionaries(names, _words, max_size=4))
        self.both(lambda store: store.settle(outcomes))

    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        """Replay one that may be there."""
        name = data.draw(st.sampled_from([*self.ids, *UNKNOWN_IDS]))
        if self.both(lambda store: store.replay(name)):
            self.ids.append(self.model.deliveries(1)[0].id)

    @rule(data=st.data(), later=st.integers(0, 3))
    def commit(self, data: st.DataObject, later: int) -> None:
        """Commit a batch: some of it at the right version, some not."""
        self.now += later
        batch = [self.draw_commit(data) for _ in range(data.draw(st.integers(0, 4)))]
        self.both(lambda store: list(store.commit(batch)))

    @rule(data=st.data(), receipt=st.none() | st.dictionaries(st.text(max_size=2), _documents, max_size=2))
    def confirm(self, data: st.DataObject, receipt: dict[str, object] | None) -> None:
        """Confirm an effect that is pending, or was."""
        confirmation = Confirmation(
            id=self.draw_effect(data),
            aggregate=data.draw(st.sampled_from(AGGREGATES)),
            receiver=data.draw(st.sampled_from(RECEIVERS)),
            result="delivered",
            at=self.now,
            transport=data.draw(st.sampled_from(("slack", ""))),
            receipt=receipt,
        )
        self.both(lambda store: store.confirm([confirmation]))

    @rule(data=st.data(), attempts=st.integers(0, 5), method=st.integers(0, 2), later=st.integers(-5, 5))
    def postpone(self, data: st.DataObject, attempts: int, method: int, later: int) -> None:
        """Postpone an effect that is pending, or was."""
        name = self.draw_effect(data)
        known = {item.id: item for item in self.model.pending(NOW + ALL, per_receiver=ALL)}
        item = known.get(name) or _effect(name, "a", RECEIVERS[0], KINDS[0], self.now, coalesce=False, urgent=False)
        item = replace(item, attempts=attempts, method=method, not_before=self.now + later)
        self.both(lambda store: store.postpone([item]))

    @rule(kind=st.sampled_from(RECORDS), name=st.sampled_from(RECORDS), document=_documents)
    def put_record(self, kind: str, name: str, document: object) -> None:
        """Write a document."""
        self.both(lambda store: store.put_record(kind, name, document))

    @rule(kind=st.sampled_from(RECORDS), name=st.sampled_from(RECORDS))
    def take_record(self, kind: str, name: str) -> None:
        """Take a document, if it is there."""
        self.both(lambda store: store.take_record(kind, name))

    @rule(deliveries=_times, aggregates=_times)
    def prune(self, deliveries: int, aggregates: int) -> None:
        """Forget what is old."""
        self.both(lambda store: store.prune(deliveries_before=deliveries, aggregates_before=aggregates, limit=ALL))
        self.inputs = list(self.model.seen(self.inputs))

    @invariant()
    def same(self) -> None:
        """Every question has one answer."""
        now = self.now
        self.both(lambda store: list(store.backlog(ALL)))
        self.both(lambda store: list(store.deliveries(ALL)))
        self.both(lambda store: [store.delivery(name) for name in (*self.ids, *UNKNOWN_IDS)])
        self.both(lambda store: dict(store.find(KEYS)))
        self.both(lambda store: dict(store.load(AGGREGATES)))
        self.both(lambda store: dict(store.seen(self.inputs)))
        self.both(lambda store: sorted(store.due(now, ALL)))  # The order of what is equally overdue is free.
        self.both(lambda store: store.next_wake())
        self.both(lambda store: store.next_attempt(now))
        self.both(lambda store: store.health(now))
        for machine in MACHINES:
            for live_only in (False, True):
                self.both(lambda store, m=machine, o=live_only: _paged(store, m, live_only=o))  # type: ignore[misc]
        for name in AGGREGATES:
            self.both(lambda store, n=name: (list(store.timeline(n, 3)), dict(store.receipts(n))))  # type: ignore[misc]
            self.both(lambda store, n=name: list(store.history(n, 3)))  # type: ignore[misc]
        for limit in (1, 2, ALL):
            self.both(lambda store, m=limit: _lanes(store.pending(now, per_receiver=m)))  # type: ignore[misc]
        for kind in RECORDS:
            self.both(lambda store, k=kind: (dict(store.records(k)), [store.record(k, name) for name in RECORDS]))  # type: ignore[misc]

    def teardown(self) -> None:
        """Close both."""
        for name in ("model", "store"):
            store: Store | None = getattr(self, name, None)
            if store is not None:
                store.close()

    def both(self, ask: Callable[[Store], T]) -> T:
        """What both stores answer."""
        expected, found = ask(self.model), ask(self.store)
        assert found == expected
        return expected

    def draw_effect(self, data: st.DataObject) -> str:
        """The id of an effect that is, was or never will be."""
        return data.draw(st.sampled_from([f"{name}/{number}" for name in self.inputs for number in (0, 1)] or ["none"]))

    def draw_commit(self, data: st.DataObject) -> Commit:
        """A step of an aggregate; mostly what a runner would commit, sometimes one that lost a race."""
        draw = data.draw
        name = draw(st.sampled_from(AGGREGATES))
        stored = self.model.load([name]).get(name)
        version = stored.version if stored else 0
        holders = self.model.find(KEYS)
        claimed = draw(st.lists(st.sampled_from(KEYS), max_size=2, unique=True))
        inputs = self.draw_inputs(data)
        return Commit(
            aggregate=name,
            machine=MACHINES[AGGREGATES.index(name) % len(MACHINES)],  # An aggregate keeps its machine for life.
            expected=draw(st.sampled_from((version, version, version, version + 1, 0))),
            state=draw(st.binary(max_size=2)),
            wake_at=draw(st.none() | _times),
            live=draw(st.booleans()),
            owes=draw(st.booleans()),
            rank=draw(_times),
            claims=tuple(
                (key, draw(st.sampled_from((holders.get(key), holders.get(key), None, "a")))) for key in claimed
            ),
            handled=tuple(Handled(given, self.now, "reason", "") for given in inputs),
            outbox=tuple(self.draw_outgoing(data, name, f"{given}/{n}") for given in inputs for n in range(draw(_few))),
            done=tuple(self.draw_effect(data) for _ in range(draw(_few))),
            history=tuple(Past(place, draw(st.binary(max_size=2))) for place in draw(_places)),
        )

    def draw_inputs(self, data: st.DataObject) -> list[str]:
        """Ids of inputs: new ones, and sometimes one that was handled before."""
        fresh = [f"i{len(self.inputs) + number}-{self.now}" for number in range(data.draw(_few))]
        self.inputs += fresh
        again = data.draw(st.sampled_from([None, None, None, *self.model.seen(self.inputs)]))
        return fresh if again is None else [*fresh, again]

    def draw_outgoing(self, data: st.DataObject, aggregate: str, name: str) -> Outgoing:
        """An effect of an aggregate."""
        receiver, kind = data.draw(st.sampled_from(RECEIVERS)), data.draw(st.sampled_from(KINDS))
        coalesce, urgent = data.draw(st.booleans()), data.draw(st.booleans())
        return _effect(name, aggregate, receiver, kind, self.now, coalesce=coalesce, urgent=urgent)


_few = st.integers(0, 2)
_places = st.lists(st.integers(1, 30), max_size=2)


def _effect(name: str, aggregate: str, receiver: str, kind: str, now: int, *, coalesce: bool, urgent: bool) -> Outgoing:
    return Outgoing(
        id=name,
        aggregate=aggregate,
        machine=MACHINES[0],
        receiver=receiver,
        kind=kind,
        facts={"for": name},
        coalesce=f"{aggregate}/{receiver}/{kind}" if coalesce else "",
        urgent=urgent,
        created_at=now,
        not_before=now,
    )


def _lanes(items: Sequence[Outgoing]) -> dict[str, list[Outgoing]]:
    """The effects of each receiver in order; the order of the receivers is free."""
    return {name: [item for item in items if item.receiver == name] for name in {item.receiver for item in items}}


def _paged(store: Store, machine: str, *, live_only: bool) -> list[object]:
    """A list, and what comes below each place where an aggregate could stand."""
    before = [(rank, name) for rank in (NOW - 50, NOW, NOW + 50) for name in AGGREGATES]
    pages = [store.listing(machine, live_only=live_only, limit=2, before=place) for place in before]
    return [list(store.listing(machine, live_only=live_only, limit=ALL)), *map(list, pages)]
