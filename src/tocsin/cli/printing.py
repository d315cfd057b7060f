"""What commands print: lines that do to a terminal only what they say, and JSON for scripts."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from tocsin.kernel import json

ROWS_MEASURED: Final = 200  # Of a table: so that a long one begins at once.


def say(text: str) -> None:
    """Print *text* as it is; it ends with its own newline."""
    sys.stdout.write(text)


def say_json(value: object) -> None:
    """Print one JSON document on one line."""
    say(json.encode(value).decode() + "\n")


def plain(text: str) -> str:
    """*text* on one line, without the characters that move a cursor or paint a screen: senders wrote it."""
    return "".join(char if char.isprintable() else " " if char.isspace() else "�" for char in text)


def paragraph(text: str) -> str:
    """*text* in its lines, each of them `plain`."""
    return "".join(f"{plain(line)}\n" for line in text.splitlines())


def fields(rows: Iterable[tuple[str, str]]) -> str:
    """Names and values in two columns, without those that have no value."""
    shown = [(name, value) for name, value in rows if value]
    width = max((len(name) for name, _ in shown), default=0)
    return "".join(f"{name:>{width}}  {plain(value)}\n" for name, value in shown)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: frozenset[int] = frozenset()) -> Iterator[str]:
    """Lines of a table; the last column takes what room a terminal leaves, the columns *right* are flush right.

    The widths are those of the first rows.
    """
    waiting = iter(rows)
    first = list(islice(waiting, ROWS_MEASURED))
    widths = [max(len(row[column]) for row in (head, *first)) for column in range(len(head) - 1)]
    room = shutil.get_terminal_size().columns - sum(widths) - 2 * len(widths) if sys.stdout.isatty() else 0

    def line(row: Sequence[str]) -> str:
        cells = [
            f"{cell:>{width}}" if column in right else f"{cell:<{width}}"
            for column, (cell, width) in enumerate(zip(row, widths, strict=False))
        ]
        last = row[-1]
        if 0 < room < len(last):
            last = last[: room - 1] + "…"
        return "  ".join([*cells, last]).rstrip() + "\n"

    yield line(head)
    for row in first:
        yield line(row)
    for row in waiting:
        yield line(row)
