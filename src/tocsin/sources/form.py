"""Forms, of either kind, and query strings: the fields as a flat JSON object."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl

from tocsin.kernel.json import Json

MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
FIELDS_MAX: Final = 1000  # More are no form that a sender fills in.

_BLANK: Final = re.compile(r"\s")
_BOUNDARY: Final = re.compile(r'boundary="?([^";,\s]{1,70})', re.IGNORECASE)  # RFC 2046, 5.1.1.
_NAME: Final = re.compile(r'form-data;[^\r\n]*?\bname="?([^";\r\n]{1,200})', re.IGNORECASE)


def parse(text: str) -> dict[str, Json] | None:
    """The fields of a form, of one that comes twice both values; None when *text* is no form, but text sent as one."""
    if "=" not in text or _BLANK.search(text):
        return None
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=FIELDS_MAX)
    except ValueError:
        return None
    return _joined(pairs)


def parse_multipart(text: str, content_type: str) -> dict[str, Json] | None:
    """The fields of a form in parts (RFC 7578), files left out; None when *text* has no such part."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return None
    pairs = []
    for part in text.split(f"--{boundary[1]}", FIELDS_MAX)[1:]:
        head, _, value = part.replace("\r\n", "\n").partition("\n\n")
        name = _NAME.search(head)
        if name and "filename=" not in head:
            pairs.append((name[1], value.removesuffix("\n")))
    return _joined(pairs) or None


def _joined(pairs: list[tuple[str, str]]) -> dict[str, Json]:
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return {name: ", ".join(values) for name, values in fields.items()}
