"""A store's whole content as lines of JSON: the neutral form in which it moves between stores, whatever their kind.

The first line is the `Head`, the last the `Tail`: a file without one is not whole. Between them stands all in one order
that no store decides: deliveries by number, aggregates by id, effects by age, records by kind and name. So
two stores hold the same exactly if their lines are equal.

Every line can be written twice without harm, and so a restore that was cut off goes on where it was.
"""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final, Protocol, TypeAlias, TypeVar

import msgspec

from tocsin.engine.ports import Handled, Outgoing
from tocsin.errors import TocsinError
from tocsin.kernel.json import Json
from tocsin.kernel.machine import Past
from tocsin.kernel.time import Instant

T = TypeVar("T")

VERSION: Final = 1
BATCH: Final = 500  # Lines that are written at once; what was written is noted after each batch.
LINE_BYTES_MAX: Final = 64 << 20  # A delivery has a few megabytes at most; more is no line of ours.
LEVEL: Final = 6


class Head(msgspec.Struct, frozen=True, kw_only=True, tag="tocsin-dump"):
    """Which form it is, when it was read, and out of what (`sqlite`, `dynamodb`).

    *last*: no delivery that comes later may have a number up to this one, though none of that number may be left.
    """

    version: int
    at: Instant
    source: str
    last: int


class StoredDelivery(msgspec.Struct, frozen=True, kw_only=True, tag="delivery"):
    """One delivery; *waits*: nobody has settled it. *outcome* is empty also for what is usual."""

    id: int
    received_at: Instant
    channel: str
    key: str
    head: bytes
    body: bytes
    outcome: str
    waits: bool


class Receipt(msgspec.Struct, frozen=True):
    """Where a message of an aggregate stands."""

    receiver: str
    transport: str
    receipt: dict[str, Json]


class StoredAggregate(msgspec.Struct, frozen=True, kw_only=True, tag="aggregate"):
    """One aggregate as its last commit has left it, with all that is its own.

    *keys*: what it answers to, sorted. *handled*: its inputs in their order. *receipts*: by receiver and transport.
    """

    id: str
    machine: str
    version: int
    state: bytes
    wake_at: Instant | None
    live: bool
    owes: bool
    rank: Instant
    keys: tuple[str, ...]
    handled: tuple[Handled, ...]
    history: tuple[Past, ...]
    receipts: tuple[Receipt, ...]


class StoredEffect(msgspec.Struct, frozen=True, kw_only=True, tag="effect"):
    """One effect that has not left."""

    outgoing: Outgoing


class StoredRecord(msgspec.Struct, frozen=True, kw_only=True, tag="record"):
    """One small document."""

    kind: str
    name: str
    document: Json


class Tail(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    """How many lines stand before, and their digest (SHA-256 of the lines with their ends, the head not among them)."""

    lines: int
    digest: str


Entry: TypeAlias = StoredDelivery | StoredAggregate | StoredEffect | StoredRecord
_DECODER: Final = msgspec.json.Decoder(Head | Entry | Tail)


class Movable(Protocol):
    """A store that can be read whole, and filled."""

    kind: str

    def last(self) -> int:
        """The highest number that a delivery may have had."""
        ...

    def entries(self) -> Iterator[Entry]:
        """Everything, in the order of a dump."""
        ...

    def begin(self, last: int) -> None:
        """Give no delivery a number up to *last* from now on."""
        ...

    def is_empty(self) -> bool:
        """Whether it holds nothing."""
        ...

    def fill(self, entries: Iterable[Entry]) -> None:
        """Write *entries*, which follow those that were written before; again does no harm."""
        ...

    def mark(self, digest: str) -> int:
        """How many lines of the dump *digest* were written before the restore was cut off; -1: none was begun."""
        ...

    def put_mark(self, digest: str, lines: int) -> None:
        """Note that; *lines* -1: it is done, and nothing is left of the note."""
        ...


def write(file: Path, store: Movable, now: Instant) -> Tail:
    """Write the whole *store* to *file*, which is there only once it is whole. Raises OSError, TocsinError."""
    partial = file.with_name(f"{file.name}.partial")
    digest, count = hashlib.sha256(), 0
    try:
        with open(partial, "wb", opener=_private) as raw, gzip.GzipFile("", "wb", LEVEL, raw, mtime=0) as out:
            out.write(msgspec.json.encode(Head(version=VERSION, at=now, source=store.kind, last=store.last())) + b"\n")
            for count, entry in enumerate(store.entries(), 1):  # noqa: B007 - how many there were.
                line = msgspec.json.encode(entry) + b"\n"
                out.write(line)
                digest.update(line)
            tail = Tail(lines=count, digest=digest.hexdigest())
            out.write(msgspec.json.encode(tail) + b"\n")
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    return tail


def check(file: Path) -> tuple[Head, Tail]:
    """Read *file* through: it is whole and sound. Raises TocsinError."""
    with _lines(file) as lines:
        head = _head(file, lines)
        digest = hashlib.sha256()
        for count, line in enumerate(lines):
            found = _decoded(file, line)
            if isinstance(found, Tail):
                if (found.lines, found.digest) != (count, digest.hexdigest()):
                    break
                return head, found
            digest.update(line)
        else:
            raise TocsinError("dump-damaged", f"{file} is not whole: its last line is missing")
    raise TocsinError("dump-damaged", f"{file} is damaged: its lines are not those that were written")


def restore(file: Path, store: Movable, tail: Tail, *, force: bool = False) -> int:
    """Fill *store* from *file*, which `check` has read; how many lines were left to write. Raises TocsinError.

    It must be empty, or hold what a restore of the same dump has written before it was cut off; with *force* what is
    there and not in the dump stays.
    """
    done = store.mark(tail.digest)
    if done < 0:
        if not force and not store.is_empty():
            raise TocsinError(
                "store-full",
                "there is something in it already. A restore needs an empty store (a new stack of `tocsin deploy "
                "--no-test`), or --force: then what is there and not in the backup stays",
            )
        done = 0
        store.put_mark(tail.digest, done)
    left = tail.lines - done
    with _lines(file) as lines:
        store.begin(_head(file, lines).last)
        entries = islice((_decoded(file, line) for line in lines), done, tail.lines)
        for batch in _batches(entries):
            store.fill(entry for entry in batch if not isinstance(entry, Head | Tail))
            done += len(batch)
            store.put_mark(tail.digest, done)
    store.put_mark(tail.digest, -1)
    return left


def oldest_first(effects: Iterable[Outgoing]) -> list[Outgoing]:
    """Effects in the order of a dump: by age, those of one input in their order."""

    def place(item: Outgoing) -> tuple[Instant, str, int, str]:
        begin, _, number = item.id.rpartition("/")
        return item.created_at, begin, int(number) if number.isascii() and number.isdecimal() else -1, item.id

    return sorted(effects, key=place)


def is_dump(file: Path) -> bool:
    """Whether *file* begins as a dump does: packed by gzip."""
    with file.open("rb") as raw:
        return raw.read(2) == b"\x1f\x8b"


@contextmanager
def _lines(file: Path) -> Iterator[Iterator[bytes]]:
    """The lines of *file*. Raises TocsinError where it breaks off, or is no gzip."""
    try:
        with gzip.open(file, "rb") as packed:
            yield iter(lambda: packed.readline(LINE_BYTES_MAX), b"")
    except FileNotFoundError:
        raise TocsinError("file-missing", f"there is no file {file}") from None
    except (EOFError, gzip.BadGzipFile, OSError) as problem:
        raise TocsinError("dump-damaged", f"{file} cannot be read: {problem}") from None


def _head(file: Path, lines: Iterator[bytes]) -> Head:
    found = _decoded(file, next(lines, b""))
    if not isinstance(found, Head):
        raise TocsinError("dump-foreign", f"{file} is no dump of Tocsin's")
    if found.version > VERSION:
        raise TocsinError(
            "dump-newer", f"{file} was written by a newer Tocsin (form {found.version}, and this one knows {VERSION})"
        )
    return found


def _decoded(file: Path, line: bytes) -> Head | Entry | Tail:
    try:
        found: Head | Entry | Tail = _DECODER.decode(line)
    except msgspec.MsgspecError as problem:
        raise TocsinError("dump-damaged", f"{file} has a line that is none of a dump: {problem}") from None
    return found


def _batches(items: Iterator[T]) -> Iterator[list[T]]:
    while batch := list(islice(items, BATCH)):
        yield batch


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
