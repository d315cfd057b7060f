"""JSON as values: read from bytes that may be hostile, written in one canonical way."""

from __future__ import annotations

import json
import re
from typing import Any, Final, TypeAlias

import msgspec

Json: TypeAlias = Any  # None, bool, int, float, str, list of Json, dict of str to Json.

DEPTH_MAX: Final = 100  # Deeper than any sender's body, shallow enough for every recursion here.

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class JsonError(ValueError):
    """The bytes are not JSON that can be read; the text says why and where."""


def decode(raw: bytes | str) -> Json:
    """The value of a JSON text (RFC 8259), at most DEPTH_MAX levels deep.

    Lone surrogates become U+FFFD and NUL bytes stay as they are, since a title with a broken character is still an alert.
    Of equal names in one object the last wins; `decode_unambiguous` refuses them. Raises JsonError.
    """
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
        value = _decode_leniently(raw, problem)
    if _depth_exceeds(value, DEPTH_MAX):
        message = f"nested deeper than {DEPTH_MAX} levels"
        raise JsonError(message)
    return value


def decode_unambiguous(raw: bytes | str) -> Json:
    """As `decode`, but an object with two equal names is refused: a signed text must have one meaning. Raises JsonError."""
    value = decode(raw)
    json.loads(raw, object_pairs_hook=_unique, strict=False)
    return value


def encode(value: object) -> bytes:
    """The compact UTF-8 text of *value*; structs become objects, keys keep their order."""
    return msgspec.json.encode(value)


def _decode_leniently(raw: bytes | str, problem: Exception) -> Json:
    """Read what a strict reader refuses for its characters only; the first problem is told when that fails too."""
    if isinstance(problem, RecursionError):
        message = f"nested deeper than {DEPTH_MAX} levels"
        raise JsonError(message) from None
    try:
        text = raw if isinstance(raw, str) else raw.decode("utf-8-sig", "replace")
        value = json.loads(text, strict=False, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise JsonError(str(problem)) from None
    if _depth_exceeds(value, DEPTH_MAX):
        message = f"nested deeper than {DEPTH_MAX} levels"
        raise JsonError(message)
    return _scrub(value)


def _refuse_constant(name: str) -> Json:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        message = f"the name {twice!r} stands twice in one object"
        raise JsonError(message)
    return found


def _scrub(value: Json) -> Json:
    """*value* with U+FFFD for every lone surrogate, in names too."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_scrub(item) for item in value]
    if isinstance(value, dict):
        return {_scrub(name): _scrub(item) for name, item in value.items()}
    return value


def _depth_exceeds(value: Json, limit: int) -> bool:
    """Whether *value* nests deeper than *limit*; level by level, so that no depth exhausts the stack."""
    level = [value]
    for _ in range(limit + 1):
        level = [
            child
            for item in level
            if isinstance(item, list | dict)
            for child in (item if isinstance(item, list) else item.values())
        ]
        if not level:
            return False
    return True
