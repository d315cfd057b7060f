"""The table of formats is looked up by index; what is found is what reading the table row by row would find."""

from __future__ import annotations

from itertools import combinations_with_replacement

from tocsin.sources import formats
from tocsin.sources.reading import Hints, Reader

HINTS = Hints(received_at=0)


def row_by_row(names: frozenset[str]) -> list[Reader]:
    return [reader for marks, reader in formats._BY_NAMES if marks <= names]


def test_an_object_finds_its_rows_in_the_order_of_the_table() -> None:
    rows = [marks for marks, _ in formats._BY_NAMES]
    for one, other in combinations_with_replacement(rows, 2):
        names = one | other
        assert list(formats.readers(dict.fromkeys(names), HINTS)) == row_by_row(names), names


def test_an_object_of_no_format_finds_those_only_that_look_for_themselves() -> None:
    assert list(formats.readers({"title": "Disk full", "status": "down"}, HINTS)) == row_by_row(frozenset())


def test_a_large_object_is_looked_at_once() -> None:
    names = [f"name {number}" for number in range(100_000)]
    assert list(formats.readers(dict.fromkeys([*names, "labels"]), HINTS)) == row_by_row(frozenset({"labels"}))
