"""JSON as values: read from bytes that may be hostile, written in one canonical way."""

from __future__ import annotations

import json
import math
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

    Lone surrogates become U+FFFD and NUL bytes stay as they are, since a title with a broken character is still an
    alert. Of equal names in one object the last wins; `decode_unambiguous` refuses them. Raises JsonError, also for a
    number that is too large to be written again.
    """
    try:
        value, clean = msgspec.json.decode(raw), True
    except (msgspec.DecodeError, RecursionError, UnicodeError) as problem:
        value, clean = _decode_leniently(raw, problem), False
    if _depth_exceeds(value, DEPTH_MAX):
        message = f"nested deeper than {DEPTH_MAX} levels"
        raise JsonError(message)
    return value if clean else _scrub(value)


def decode_unambiguous(raw: bytes | str) -> Json:
    """As `decode`, but refuses an object with two equal names: what is signed has one meaning. Raises JsonError."""
    value = decode(raw)
    json.loads(_text(raw), object_pairs_hook=_unique, strict=False)
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
        return json.loads(_text(raw), strict=False, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        raise JsonError(str(problem)) from None


def _text(raw: bytes | str) -> str:
    return raw if isinstance(raw, str) else raw.decode("utf-8-sig", "replace")


def _refuse_constant(name: str) -> Json:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse_constant(digits)


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """The object; names count as equal as they are read, broken characters replaced."""
    found: dict[str, Json] = {}
    for name, value in pairs:
        if (read := _scrub(name)) in found:
            message = f"the name {read!r} stands twice in one object"
            raise JsonError(message)
        found[read] = value
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
    level = [value] if isinstance(value, list | dict) else []
    for _ in range(limit):
        level = [
            child
            for item in level
            for child in (item if isinstance(item, list) else item.values())
            if isinstance(child, list | dict)
        ]
        if not level:
            return False
    return True
