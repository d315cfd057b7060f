"""Forms and query strings: the fields as a flat JSON object, or the JSON that a field `payload` carries."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl

from tocsin.kernel.json import Json

MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
FIELDS_MAX: Final = 1000  # More are no form that a sender fills in.

_BLANK: Final = re.compile(r"\s")


def parse(text: str) -> dict[str, Json] | None:
    """The fields of a form, of one that comes twice both values; None when *text* is no form, but text sent as one."""
    if "=" not in text or _BLANK.search(text):
        return None
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=FIELDS_MAX)
    except ValueError:
        return None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return {name: ", ".join(values) for name, values in fields.items()}
