"""What the readers call the formats that they read, found in their code: nobody has to keep a list of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import tocsin.sources

_FOLDER = Path(tocsin.sources.__file__).parent
_IN_PASSING = {"form", "json", "query", "text"}  # Given to readers of no format in particular.


def known_sources() -> set[str]:
    """The word of every format, as it stands in `Reading.source` and `Alert.source`."""
    return _IN_PASSING | {word for path in _FOLDER.rglob("*.py") for word in source_words(path)}


def source_words(path: Path) -> Iterator[str]:
    """What a module calls the format that it reads: `SOURCE = ...`, and `source=...` of what it makes."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id="Alert" | "Reading" | "Shape"), keywords=named):
                yield from (word for item in named if item.arg == "source" for word in texts(item.value))
            case ast.Assign(targets=[ast.Name(id="source" | "SOURCE")], value=value):
                yield from texts(value)
            case ast.AnnAssign(target=ast.Name(id="SOURCE"), value=ast.expr() as value):
                yield from texts(value)
            case ast.Call(func=ast.Name(id="_unreadable"), args=[first, *_]):
                yield from texts(first)


def texts(value: ast.expr) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(word)):
            yield word
        case ast.IfExp(body=body, orelse=other):
            yield from (*texts(body), *texts(other))
