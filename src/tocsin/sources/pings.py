"""Pings of heartbeats in the shape of healthchecks.io: the name and what is said of the work stand in the address.

`NAME`, `NAME/start`, `NAME/fail`, `NAME/log` or `NAME/3`, an exit status; `?every=5m&grace=1m` promises how often.
Source: "Pinging API" in the documentation of healthchecks.io.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl

from tocsin.heartbeats.ping import Ping, PingKind
from tocsin.kernel.time import Duration, parse_duration
from tocsin.sources import bounds
from tocsin.sources.reading import Problem, Reading

SOURCE: Final = "ping"
NAME_MAX: Final = 100  # Characters; a name is typed into crontabs.
DEFAULT: Final = "default"  # The heartbeat of an address that names none.
FIELDS_MAX: Final = 20

_KINDS: Final = {"start": PingKind.START, "fail": PingKind.FAIL, "log": PingKind.LOG}
_NAME: Final = re.compile(rf"[^/\s]{{1,{NAME_MAX}}}")
_STATUS: Final = re.compile(r"[0-9]{1,3}")


def names(path: str) -> bool:
    """Whether *path* (`NAME/start`) is one of a ping; other paths are answered with 404."""
    name, _, action = path.partition("/")
    return bool(_NAME.fullmatch(name)) and (not action or action in _KINDS or bool(_STATUS.fullmatch(action)))


def read(path: str, query: str, body: bytes) -> Reading:
    """The ping of *path*, for which `names` holds. A promise that cannot be read is a problem, and the ping counts."""
    name, _, action = path.partition("/")
    failed = bool(_STATUS.fullmatch(action)) and int(action) > 0
    kind = PingKind.FAIL if failed else _KINDS.get(action, PingKind.SUCCESS)
    said = f"exit status {int(action)}" if failed else ""
    text = bounds.paragraphs(said, body.decode("utf-8", "replace"))
    try:
        fields = dict(parse_qsl(query, max_num_fields=FIELDS_MAX))
    except ValueError:
        fields = {}
    problems: list[Problem] = []
    every, grace = (_duration(fields, field, problems) for field in ("every", "grace"))
    ping = Ping(name=name, kind=kind, every=every, grace=grace, text=text)
    return Reading(source=SOURCE, pings=(ping,), problems=tuple(problems))


def _duration(fields: dict[str, str], name: str, problems: list[Problem]) -> Duration | None:
    text = fields.get(name)
    if not text:
        return None
    found = parse_duration(f"{text}s" if text.isdecimal() and text.isascii() else text)
    if found is None:
        problems.append(Problem(name, f"{bounds.quoted(text)} is no duration like 90s, 5m or 1h30m"))
    return found
