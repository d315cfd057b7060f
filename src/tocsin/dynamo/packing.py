"""Bytes of any size in items of at most 400 KB: compressed, and what is still too large in parts of its own.

Parts are written before the item that names them, and are never changed. Who reads an item whose parts have gone
meanwhile reads the item again: it names others by then.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

from tocsin.dynamo.requests import Item, Requests, Value

BODY: Final = "body"
BLOB: Final = "blob"  # The name of what stands in parts.
PARTS: Final = "parts"  # How many there are.

SMALL: Final = 512  # Bytes: what is smaller does not gain by compression.
LEVEL: Final = 3  # Half of the gain of the best at a fifth of its time.
INLINE_MAX: Final = 160 * 1024  # Bytes: an item has 400 KB for all, and texts of strangers stand beside the body.
PART_MAX: Final = 380 * 1024  # Bytes.


class TornError(Exception):
    """Parts are gone: the item that named them was written anew."""


def pack(raw: bytes) -> bytes:
    """Compressed, if that helps."""
    if len(raw) >= SMALL and len(small := zlib.compress(raw, LEVEL)) < len(raw):
        return b"z" + small
    return b"-" + raw


def unpack(packed: bytes) -> bytes:
    """The inverse of `pack`."""
    return zlib.decompress(packed[1:]) if packed[:1] == b"z" else packed[1:]


def stow(requests: Requests, raw: bytes, most: int = INLINE_MAX) -> dict[str, Value]:
    """The attributes by which an item holds *raw*; writes parts where it has more than *most* bytes."""
    packed = pack(raw)
    if len(packed) <= min(most, INLINE_MAX):
        return {BODY: packed}
    token = uuid4().hex
    parts = [packed[start : start + PART_MAX] for start in range(0, len(packed), PART_MAX)]
    for number, part in enumerate(parts):  # One request each: together they may be more than a batch may have.
        requests.put([{"pk": f"P{token}", "sk": f"{number:06d}", BODY: part}])
    return {BLOB: token, PARTS: len(parts)}


def fetch(requests: Requests, item: Mapping[str, Any]) -> bytes:
    """What `stow` was given. Raises TornError."""
    if BLOB not in item:
        return unpack(item[BODY])
    parts = list(requests.query("#pk = :pk", {"pk": f"P{item[BLOB]}"}))
    if len(parts) != item[PARTS]:
        raise TornError
    return unpack(b"".join(part[BODY] for part in parts))


def discard(requests: Requests, item: Mapping[str, Any]) -> None:
    """Forget the parts of an item that is no more, or was never written."""
    if BLOB in item:
        requests.delete((f"P{item[BLOB]}", f"{number:06d}") for number in range(item[PARTS]))


def unplaced(attributes: Mapping[str, Value]) -> dict[str, Value | None]:
    """The same attributes, for an item that may have held its bytes in the other way before."""
    return {BODY: None, BLOB: None, PARTS: None, **attributes}


def size(item: Item) -> int:
    """About how many bytes a request that writes *item* has."""
    return sum(len(name) + (len(value) if isinstance(value, bytes | str) else 21) for name, value in item.items())
