"""Forms, of either kind, and query strings: the fields as a flat JSON object.

Source of the second kind, which carries files as well: RFC 7578.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from tocsin.kernel.json import Json
from tocsin.kernel.later import later

if TYPE_CHECKING:
    from tocsin.sources import email_message
else:
    email_message = later("tocsin.sources.email_message")

MEDIA_TYPE: Final = "application/x-www-form-urlencoded"
PARTS_MEDIA_TYPE: Final = "multipart/form-data"
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
    return _joined(pairs)


def parse_parts(content_type: str, body: bytes) -> dict[str, Json] | None:
    """The fields of a form in parts, without its files; None when there is none."""
    head = f"Content-Type: {' '.join(content_type.split())}\r\n\r\n".encode("utf-8", "replace")
    fields: dict[str, Json] = {}
    for part in email_message.leaves(email_message.parsed(head + body)):
        name = part.get_param("name", "", "content-disposition")
        if isinstance(name, str) and name and not email_message.file_name(part) and not part.is_multipart():
            fields.setdefault(name, email_message.content(part))
            if len(fields) == FIELDS_MAX:
                break
    return fields or None


def _joined(pairs: list[tuple[str, str]]) -> dict[str, Json]:
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return {name: ", ".join(values) for name, values in fields.items()}
