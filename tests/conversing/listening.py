"""A team whose words are read, and what was understood, written so that people can review it."""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.conversing.ears import Ears
from tocsin.conversing.requests import Unclear
from tocsin.conversing.times import Here
from tocsin.conversing.words import Understood, understand
from tocsin.kernel.time import Instant, parse_instant
from tocsin.schedules.clock import moment_of, wall_clock

ZONE: Final = "Europe/Berlin"
NOW: Final[Instant] = parse_instant("2026-11-25T09:30:00Z") or 0  # A Wednesday; in Berlin it is 10:30.
EARS: Final = Ears(
    here=Here(now=NOW, zone=ZONE),
    me="ada",
    people={"ada": "ada", "u0ada": "ada", "bo": "bo", "u0bo": "bo", "cy": "cy"},
    teams=("ops", "web"),
    schedules=("ops", "nights"),
    integrations=("prod", "default"),
)
IN_THREAD: Final = msgspec.structs.replace(EARS, incident=True)
_INSTANTS: Final = frozenset({"at", "since", "start", "until"})


def heard(line: str) -> str:
    """What *line* asks for; `@` before it: it was said in the thread of an incident."""
    return written(understand(line.removeprefix("@"), IN_THREAD if line.startswith("@") else EARS))


def written(found: Understood) -> str:
    """*found* on a line: what was said, and nothing that was not."""
    if isinstance(found, Unclear):
        return " | ".join((f"Unclear: {found.why}", *found.meant))
    empty = msgspec.structs.asdict(msgspec.convert({"name": "", "to": "", "text": "", "action": ""}, type(found)))
    parts = [type(found).__name__]
    for name, value in msgspec.structs.asdict(found).items():
        if value != empty[name] or (name == "action" and value):
            parts.append(f"{name}={_value(name, value)}")
    return " ".join(parts)


def _value(name: str, value: object) -> str:
    if name in _INSTANTS and isinstance(value, int):
        return f"<{moment_of(wall_clock(ZONE, value, value).shown(value)):%a %d %b %H:%M}>"
    return "yes" if value is True else str(list(value)) if isinstance(value, tuple) else f"{value}"
