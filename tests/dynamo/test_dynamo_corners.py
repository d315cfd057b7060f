"""What happens seldom: parts that are replaced while they are read, promises that are broken, indexes that lag."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.dynamo.moments import Moments, fake, opened, with_other
from tests.dynamo.test_dynamo_simulation import small
from tocsin.dynamo import effects, reading
from tocsin.dynamo.requests import Requests
from tocsin.dynamo.store import DynamoStore
from tocsin.engine.ports import CommitResult
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.machine import Past
from tocsin.testing.conformance.subject import NOW, commit, confirmation, handled, outgoing, received

LARGE = bytes(range(256)) * 4
TEXT = LARGE.hex()


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is in parts."""
    small(monkeypatch)


def full(store: DynamoStore) -> None:
    step = commit("a", state=LARGE, live=False, handled=handled("i", story=TEXT), history=(Past(1, LARGE),))
    store.commit([step])
    store.commit([commit("b", outbox=(outgoing("e", "b", facts={"t": TEXT}, coalesce="one"),))])
    store.confirm([confirmation("x", receipt={"t": TEXT})])
    store.put_record("kind", "x", TEXT)
    store.accept([received(LARGE)])


def replaced(store: DynamoStore) -> None:
    """All of it is written anew, or forgotten."""
    store.commit([commit("a", 1, state=LARGE[::-1], live=False, handled=handled("j"))])
    store.put_record("kind", "x", TEXT[::-1])
    store.settle({found.id: "" for found in store.backlog(9)})
    store.prune(deliveries_before=NOW + 1, aggregates_before=NOW + 1, limit=9)


def read(store: DynamoStore) -> list[Any]:
    return [
        {name: found.state for name, found in store.load(["a", "b"]).items()},
        [row.state for row in store.listing("incident", live_only=False, limit=9)],
        store.timeline("a", 9),
        store.history("a", 9),
        store.receipts("a"),
        store.record("kind", "x"),
        store.records("kind"),
        store.deliveries(9),
        store.pending(NOW, per_receiver=9),
    ]


def test_what_is_replaced_while_it_is_read_is_read_again() -> None:
    counted = Moments(fake())
    read(opened(counted))
    for moment in range(1, counted.count + 40):
        _, answers, _ = with_other(read, replaced, full, moment)
        states, rows, _, history, receipts, document, documents, _, pending = answers
        assert states.get("a", LARGE) in {LARGE, LARGE[::-1]}, moment
        assert set(rows) <= {LARGE, LARGE[::-1], b"{}"}, moment
        assert history in ([], [Past(1, LARGE)]), moment
        assert receipts in ({}, {("responder:ada", "slack"): {"t": TEXT}}), moment
        assert document in {TEXT, TEXT[::-1]}, moment
        assert documents in ({"x": TEXT}, {"x": TEXT[::-1]}), moment
        assert [item.id for item in pending] == ["e"], moment


def test_a_state_that_is_never_whole_is_told() -> None:
    client = fake()
    store = opened(client)
    full(store)
    for key in [key for key in client._items if key[0].startswith("P")]:
        client._write(key, None)
    with pytest.raises(StoreUnavailableError, match="written anew"):
        store.load(["a"])
    assert list(store.history("a", 9)) == []
    assert list(store.timeline("a", 9)) == []
    assert store.receipts("a") == {}
    assert store.record("kind", "x") is None


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effects, "REMEMBERED_MAX", 3)
    places = effects.Places(Requests(fake(), "t", threads=0))
    places.note(outgoing(str(number)) for number in range(9))
    for number in range(9):
        places.note_version(str(number), 1)
    assert [name for name in map(str, range(9)) if places.known(name)] == ["6", "7", "8"]
    assert [name for name in map(str, range(9)) if places.version(name)] == ["6", "7", "8"]


def test_what_can_never_be_committed_is_refused() -> None:
    store = opened(fake())
    twice = commit("a", claims=(("k", None), ("k", "b")))
    assert store.commit([twice])[0] is CommitResult.CONFLICT
    assert store.load(["a"]) == {}


def test_asking_for_nothing_gives_nothing() -> None:
    store = opened(fake())
    store.commit([commit("a", wake_at=NOW, outbox=(outgoing("e"),))])
    asked: list[Callable[[], Any]] = [
        lambda: store.due(NOW, 0),
        lambda: store.pending(NOW, per_receiver=0),
        lambda: store.timeline("a", 0),
        lambda: store.history("a", 0),
        lambda: store.deliveries(0),
        lambda: store.listing("incident", live_only=True, limit=0),
    ]
    assert [list(each()) for each in asked] == [[]] * len(asked)


def test_many_of_everything_come_in_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAGE", 3)
    store = opened(fake())
    names = [f"a{number:02}" for number in range(20)]
    store.commit([commit(name, wake_at=NOW + number) for number, name in enumerate(names)])
    assert list(store.due(NOW + 99, 99)) == names
    assert list(store.due(NOW + 99, 4)) == names[:4]
    assert [row.id for row in store.listing("incident", live_only=True, limit=7)] == names[::-1][:7]
