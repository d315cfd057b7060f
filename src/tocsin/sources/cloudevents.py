"""CloudEvents 1.0 over HTTP, in structured and in binary mode: the data as a JSON object, the attributes beneath it.

A batch is a list of structured ones, each read for itself. An event's source and id together tell a copy of it; they
name the event, not the matter: what merges is the source, the type and the subject, unless the data names a key. So a
copy merges too, as a repetition. Source: CloudEvents 1.0.2, HTTP protocol binding (cloudevents.io).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from msgspec.structs import replace

from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.sources import generic
from tocsin.sources.bounds import digest, plain, said
from tocsin.sources.reading import Hints, Problem, Reading

SOURCE: Final = "cloudevents"

_QUOTED: Final = re.compile(r'"(.*)"', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_REQUIRED: Final = ("id", "source", "type", "specversion")


def is_binary(headers: Mapping[str, str]) -> bool:
    """Whether the attributes are in the headers (names in lower case)."""
    return "ce-type" in headers and "ce-specversion" in headers


def read_binary(headers: Mapping[str, str], body: bytes, hints: Hints) -> Reading:
    """The event whose attributes are headers and whose data is the body."""
    value: dict[str, Json] = {name[3:]: _header(item) for name, item in headers.items() if name.startswith("ce-")}
    value["datacontenttype"] = plain(headers.get("content-type", ""))
    if body.strip():
        value["data"] = _decoded(body)
    return read(value, hints) or Reading(source=SOURCE, problems=(_lack(value),), event=value)


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """The event in structured mode; None when a required attribute is missing."""
    if not all(isinstance(value.get(name), str) and value[name] for name in _REQUIRED):
        return None
    data = value.get("data")
    if data is None and isinstance(value.get("data_base64"), str):
        try:
            data = _decoded(base64.b64decode(value["data_base64"], validate=True))
        except ValueError:
            return Reading(source=SOURCE, problems=(Problem("data_base64", "this is not Base64"),), event=value)
    subject = said(value.get("subject"))
    told = {
        "title": f"{value['type']}: {subject}" if subject else value["type"],
        "time": value.get("time"),
        "source": value["source"],
        "type": value["type"],
        "subject": subject,
    }
    more = data if isinstance(data, dict) else {} if data is None else {"description": said(data)}
    if not hints.key and not generic.named_key(more):
        hints = replace(hints, key=f"cloudevents:{digest(value['source'], value['type'], subject)}")
    found = generic.read({**told, **more}, hints, SOURCE)
    return Reading(source=SOURCE, alerts=found.alerts, event=value)


def _header(told: str) -> str:
    """The value of an attribute: in quotation marks or not, and percent-encoded."""
    quoted = _QUOTED.fullmatch(told.strip())
    return plain(unquote(_ESCAPED.sub(r"\1", quoted[1]) if quoted else told))


def _decoded(raw: bytes) -> Json:
    """The data: JSON if it is, else its text."""
    try:
        return json.decode(raw)
    except json.JsonError:
        return raw.decode("utf-8", "replace")


def _lack(value: dict[str, Json]) -> Problem:
    missing = ", ".join(f"ce-{name}" for name in _REQUIRED if not value.get(name))
    return Problem("headers", f"these attributes of a CloudEvent are missing: {missing}")
