"""Where something stands in a JSON text: the line of each JSON pointer (RFC 6901)."""

from __future__ import annotations

import re
from typing import Final

from tocsin.kernel import json

DEPTH_MAX: Final = json.DEPTH_MAX

_TOKEN: Final = re.compile(r'\s*(?:([{}\[\],:])|("(?:[^"\\]|\\.)*")|([^\s{}\[\],:"]+))', re.DOTALL)


def lines(text: str, twice: list[tuple[str | int, ...]] | None = None) -> dict[tuple[str | int, ...], int]:
    """The lines, from 1, of all values in a valid JSON *text*, by their pointers; of equal names the last.

    Those that stand there again are added to *twice*.
    """
    found: dict[tuple[str | int, ...], int] = {(): 1}
    path: list[str | int] = []
    inside: list[str] = []
    key: str | None = None
    at, line, counted = 0, 1, 0
    expects_key = False
    while token := _TOKEN.match(text, at):
        begin = token.start(token.lastindex or 0)
        line += text.count("\n", counted, begin)
        counted, at = begin, token.end()
        mark, word, _ = token.groups()
        if mark == ":":
            expects_key = False
            continue
        if mark == ",":
            if inside[-1] == "[":
                path[-1] = int(path[-1]) + 1
                found[tuple(path)] = _next_line(text, at, line, counted)
            else:
                path.pop()
                expects_key = True
            continue
        if mark in {"}", "]"}:
            if inside.pop() == "[" or not expects_key:
                path.pop()
            expects_key = False
            continue
        if expects_key and word:
            key = json.decode(word)
            path.append(str(key))
            if twice is not None and tuple(path) in found:
                twice.append(tuple(path))
            found[tuple(path)] = line
            continue
        if mark == "{":
            inside.append("{")
            expects_key = True
        elif mark == "[":
            inside.append("[")
            path.append(0)
            found[tuple(path)] = _next_line(text, at, line, counted)
            expects_key = False
    return found


def _next_line(text: str, at: int, line: int, counted: int) -> int:
    """The line of what stands behind *at*."""
    following = re.compile(r"\s*").match(text, at)
    assert following is not None
    return line + text.count("\n", counted, following.end())


def pointer(path: tuple[str | int, ...]) -> str:
    """As RFC 6901 writes it; `/` for the whole, as Step Functions does."""
    return "/" + "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in path)
