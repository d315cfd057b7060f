"""A store moves whole: from SQLite to DynamoDB and back, cut off and gone on with, and is the same store afterwards."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.dynamo.tables import Tables
from tocsin.dynamo.moving import DynamoMovable
from tocsin.dynamo.store import DynamoStore
from tocsin.engine import dump
from tocsin.engine.dump import Entry, Movable
from tocsin.engine.ports import Commit, Confirmation, Handled, Outgoing, Received, Store
from tocsin.errors import TocsinError
from tocsin.kernel.machine import Past
from tocsin.sqlite.moving import SqliteMovable
from tocsin.sqlite.store import SqliteStore

NOW = 1_790_000_000_000
LARGE = bytes(range(256)) * 3000  # More than an item of DynamoDB holds.


def effect(name: str, aggregate: str, at: int, *, coalesce: str = "", urgent: bool = False) -> Outgoing:
    return Outgoing(
        id=name,
        aggregate=aggregate,
        machine="incident",
        receiver="ada",
        kind="page",
        facts={"title": "the disk is full ☃", "n": [1, None]},
        coalesce=coalesce,
        urgent=urgent,
        created_at=at,
        not_before=at,
    )


def fill(store: Store) -> None:
    """Something of everything, and of each the awkward kinds."""
    for number in range(5):
        store.accept(
            [
                Received(
                    received_at=NOW + number, channel="in", key="prod", head=b"a: b", body=LARGE if n == 2 else b"{}"
                )
                for n in range(number)
            ]
        )
    store.settle({"1": "", "2": "undecodable", "4": "", "5": ""})
    store.prune(deliveries_before=NOW + 2, aggregates_before=0, limit=1)  # Number 1 is forgotten.
    for number in range(7):
        name = f"incident-{number}"
        store.commit(
            [
                Commit(
                    aggregate=name,
                    machine="incident",
                    expected=0,
                    state=LARGE if number == 3 else b"{}",
                    wake_at=None if number == 5 else NOW + number,
                    live=number != 4,
                    owes=number != 4,
                    rank=NOW - number,
                    claims=((f"key-{number}", None), (f"key-{number}-too", None)),
                    handled=tuple(Handled(f"{number}/{n}", NOW + n, "opened", "a line") for n in range(number)),
                    outbox=(
                        effect(f"{number}/0/0", name, NOW + number),
                        effect(f"{number}/0/1", name, NOW + number, coalesce=f"show-{number}", urgent=True),
                        effect(f"{number}/0/10", name, NOW + number),
                    ),
                    history=tuple(Past(place, LARGE[:40_000]) for place in range(1, number + 1)),
                )
            ]
        )
    again = Commit(
        aggregate="incident-2",
        machine="incident",
        expected=1,
        state=b'{"again": true}',
        wake_at=NOW + 9,
        live=True,
        owes=False,
        rank=NOW,
        claims=(("key-3", "incident-3"), ("new", None)),
        handled=(Handled("later/0", NOW + 50, "acknowledged", ""),),
        outbox=(effect("later/0/0", "incident-2", NOW + 50, coalesce="show-2"),),
        history=(Past(3, b"row"),),
    )
    store.commit([again])
    for channel, bundle in (("C1", False), ("C2", True)):
        receipt = {"channel": channel, "ts": "1.5", "bundle": bundle}
        store.confirm(
            [
                Confirmation(
                    id="1/0/0",
                    aggregate="incident-1",
                    receiver=channel,
                    result="delivered",
                    at=NOW,
                    transport="slack",
                    receipt=receipt,
                )
            ]
        )
    store.postpone([effect("6/0/0", "incident-6", NOW + 6)])
    store.put_record("server", "url", "http://127.0.0.1")
    store.put_record("session", "", {"nested": [1, 2.5, None, "ü"]})


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.db"
    with closing(SqliteStore(path)) as store:
        fill(store)
    return path


@pytest.fixture
def table(tables: Tables) -> str:
    return tables.make()


@pytest.fixture
def target(tables: Tables, table: str) -> Iterator[DynamoMovable]:
    with closing(DynamoMovable(tables.client, table, NOW)) as movable:
        yield movable


def dumped(store: Movable, file: Path) -> list[bytes]:
    """The lines of a store between head and end."""
    dump.write(file, store, NOW)
    return gzip.decompress(file.read_bytes()).splitlines()[1:-1]


def moved(file: Path, store: Movable) -> int:
    return dump.restore(file, store, dump.check(file)[1])


def test_there_and_back_again_nothing_is_other_than_it_was(source: Path, target: DynamoMovable, tmp_path: Path) -> None:
    with closing(SqliteMovable(source)) as first:
        before = dumped(first, tmp_path / "a")
        last = first.last()
    assert moved(tmp_path / "a", target) == len(before) > 30
    there = dumped(target, tmp_path / "b")
    assert there == before
    with closing(SqliteMovable(tmp_path / "back.db")) as back:
        moved(tmp_path / "b", back)
        assert dumped(back, tmp_path / "c") == before
        assert back.last() >= last


def test_the_moved_store_answers_as_the_first_one(
    source: Path, target: DynamoMovable, tables: Tables, table: str, tmp_path: Path
) -> None:
    with closing(SqliteMovable(source)) as first:
        dump.write(tmp_path / "a", first, NOW)
    moved(tmp_path / "a", target)
    with closing(SqliteStore(source)) as old, closing(DynamoStore(tables.client, table)) as new:
        names = [f"incident-{number}" for number in range(7)]

        def answers(store: Store) -> Iterable[object]:
            yield store.load(names)
            yield store.find(["key-1", "key-3", "key-3-too", "new", "nobody"])
            yield store.seen(["6/0", "6/5", "later/0", "never"])
            yield [list(store.timeline(name, 100)) for name in names]
            yield [list(store.history(name, 100)) for name in names]
            yield [store.receipts(name) for name in names]
            yield store.due(NOW + 3, 100)
            yield store.next_wake()
            yield list(store.listing("incident", live_only=False, limit=100))
            yield list(store.listing("incident", live_only=True, limit=100))
            yield list(store.backlog(100))
            yield list(store.deliveries(100))
            yield store.delivery("1")
            yield store.delivery("6")
            yield store.records("server"), store.records("session")
            yield store.health(NOW + 100)
            yield {item.id: item for item in store.pending(NOW + 100, per_receiver=100)}

        for number, (one, two) in enumerate(zip(answers(old), answers(new), strict=True)):
            assert one == two, number
        assert new.shown("slack", "C1", "1.5") == old.shown("slack", "C1", "1.5") == "incident-1"
        assert new.shown("slack", "C2", "1.5") == ""


def test_life_goes_on_in_the_moved_store(
    source: Path, target: DynamoMovable, tables: Tables, table: str, tmp_path: Path
) -> None:
    with closing(SqliteMovable(source)) as first:
        dump.write(tmp_path / "a", first, NOW)
    moved(tmp_path / "a", target)
    with closing(DynamoStore(tables.client, table)) as store:
        [fresh] = store.accept([Received(received_at=NOW, channel="in", key="", head=b"", body=b"")])
        assert store.backlog(100)[-1].id == fresh
        done = store.commit(
            [
                Commit(
                    aggregate="incident-3",
                    machine="incident",
                    expected=1,
                    state=b"{}",
                    wake_at=None,
                    live=False,
                    owes=False,
                    rank=NOW,
                    claims=(("key-3-too", "incident-3"),),
                    handled=(Handled("more/0", NOW, "resolved", ""),),
                    history=(Past(4, b"more"),),
                    done=("3/0/0", "3/0/1"),
                )
            ]
        )
        assert done == ["committed"]
        assert [each.place for each in store.history("incident-3", 9)] == [1, 2, 3, 4]
        assert [each.input_id for each in store.timeline("incident-3", 9)] == ["3/0", "3/1", "3/2", "more/0"]
        assert store.prune(deliveries_before=NOW + 99, aggregates_before=NOW + 99, limit=99) > 0


def test_no_number_is_given_twice_after_the_way_back(target: DynamoMovable, tmp_path: Path) -> None:
    with closing(SqliteStore(tmp_path / "old.db")) as old:
        old.accept([Received(received_at=1, channel="in", key="", head=b"", body=b"")] * 3)
        old.settle({"1": "", "2": "", "3": ""})
        old.prune(deliveries_before=9, aggregates_before=9, limit=9)
        with closing(SqliteMovable(tmp_path / "old.db")) as first:
            assert dumped(first, tmp_path / "a") == []
    moved(tmp_path / "a", target)
    dump.write(tmp_path / "b", target, NOW)
    with closing(SqliteMovable(tmp_path / "new.db")) as back:
        moved(tmp_path / "b", back)
    with closing(SqliteStore(tmp_path / "new.db")) as new:
        [number] = new.accept([Received(received_at=1, channel="in", key="", head=b"", body=b"")])
    assert int(number) > 3


class Cut(Exception):
    """The line was cut."""


@pytest.mark.parametrize("kind", ["sqlite", "dynamodb"])
def test_a_restore_that_was_cut_off_goes_on(
    kind: str, source: Path, target: DynamoMovable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dump, "BATCH", 7)
    with closing(SqliteMovable(source)) as first:
        before = dumped(first, tmp_path / "a")
    tail = dump.check(tmp_path / "a")[1]
    with closing(SqliteMovable(tmp_path / "new.db")) as new:
        store: Movable = target if kind == "dynamodb" else new
        put, calls = store.put_mark, []

        def put_mark(digest: str, lines: int) -> None:
            calls.append(lines)
            if lines == 14:
                raise Cut  # What was written is not noted: it is written once more.
            put(digest, lines)

        with monkeypatch.context() as patch:
            patch.setattr(store, "put_mark", put_mark)
            with pytest.raises(Cut):
                dump.restore(tmp_path / "a", store, tail)
        assert dump.restore(tmp_path / "a", store, tail) == len(before) - 7
        assert dumped(store, tmp_path / "b") == before
        assert store.mark(tail.digest) == -1


@pytest.mark.parametrize("kind", ["sqlite", "dynamodb"])
def test_a_restore_needs_an_empty_store_or_force(
    kind: str, source: Path, target: DynamoMovable, tmp_path: Path
) -> None:
    with closing(SqliteMovable(source)) as first:
        before = dumped(first, tmp_path / "a")
    tail = dump.check(tmp_path / "a")[1]
    with closing(SqliteMovable(tmp_path / "new.db")) as new:
        store: Movable = target if kind == "dynamodb" else new
        moved(tmp_path / "a", store)
        assert not store.is_empty()
        with pytest.raises(TocsinError, match="A restore needs an empty store"):
            dump.restore(tmp_path / "a", store, tail)
        dump.restore(tmp_path / "a", store, tail, force=True)
        assert dumped(store, tmp_path / "b") == before


def damaged(file: Path, change: str) -> None:
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    match change:
        case "a line is missing":
            del lines[3]
        case "the end is missing":
            del lines[-1]
        case "no line of ours":
            lines[2] = b'{"type": "stranger"}\n'
        case "no head":
            del lines[0]
        case "newer":
            lines[0] = lines[0].replace(b'"version":1', b'"version":2')
        case "cut":
            file.write_bytes(file.read_bytes()[:-20])
            return
        case _:
            file.write_bytes(b"SQLite format 3")
            return
    file.write_bytes(gzip.compress(b"".join(lines)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("a line is missing", "is damaged: its lines are not those that were written"),
        ("the end is missing", "is not whole: its last line is missing"),
        ("no line of ours", "has a line that is none of a dump"),
        ("no head", "is no dump of Tocsin's"),
        ("newer", "was written by a newer Tocsin"),
        ("cut", "cannot be read"),
        ("not packed", "cannot be read"),
    ],
)
def test_a_dump_that_is_not_sound_is_refused_whole(change: str, words: str, source: Path, tmp_path: Path) -> None:
    with closing(SqliteMovable(source)) as first:
        dump.write(tmp_path / "a", first, NOW)
    damaged(tmp_path / "a", change)
    with pytest.raises(TocsinError) as caught:
        dump.check(tmp_path / "a")
    assert words in caught.value.message


def test_a_file_that_is_missing_says_so(tmp_path: Path) -> None:
    with pytest.raises(TocsinError, match="there is no file"):
        dump.check(tmp_path / "nothing")


def test_a_dump_that_cannot_be_finished_leaves_no_file(tmp_path: Path, source: Path) -> None:
    class Broken(SqliteMovable):
        def entries(self) -> Iterator[Entry]:
            yield from list(super().entries())[:3]
            raise Cut

    with closing(Broken(source)) as store, pytest.raises(Cut):
        dump.write(tmp_path / "a", store, NOW)
    assert list(tmp_path.glob("a*")) == []


def test_a_dump_is_for_its_owners_eyes_only(source: Path, tmp_path: Path) -> None:
    with closing(SqliteMovable(source)) as first:
        dump.write(tmp_path / "a", first, NOW)
    assert (tmp_path / "a").stat().st_mode & 0o077 == 0
    assert dump.is_dump(tmp_path / "a")
    assert not dump.is_dump(source)
