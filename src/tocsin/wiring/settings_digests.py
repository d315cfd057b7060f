"""The keys of digests, and what their texts mean: a time of the day, and a day of the week before it."""

from __future__ import annotations

import re
from typing import Annotated, Final

import msgspec

from tocsin.kernel.time import HOUR, MINUTE, Duration
from tocsin.schedules.windows import DAYS
from tocsin.wiring.settings_kinds import Flag, Key, Text
from tocsin.wiring.settings_schedules import ZONE

OFF: Final = "off"

_TIME: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_BEAT: Final = re.compile(rf"(?:({'|'.join(DAYS)}) )?([0-9]{{2}}):([0-9]{{2}})")


class Digests(msgspec.Struct, frozen=True, kw_only=True):
    """The quiet summaries of a team."""

    daily: Annotated[
        str,
        Key(
            Text(shape=rf"{OFF}|{_TIME}", what="a time of the day like 09:00, or `off`"),
            "When the last day is summed up, if anything has happened.",
        ),
    ] = "09:00"
    weekly: Annotated[
        str,
        Key(
            Text(shape=rf"{OFF}|(?:{'|'.join(DAYS)}) {_TIME}", what="a day and a time like `mon 09:00`, or `off`"),
            "When the last week is summed up.",
        ),
    ] = "mon 09:00"
    hand_over: Annotated[
        bool, Key(Flag(), "Whether the room and the two people concerned are told how things stand when a shift ends.")
    ] = True
    time_zone: Annotated[str, Key(ZONE, "By whose clocks; without it in UTC.")] = ""


def parse_beat(text: str) -> tuple[int | None, Duration] | None:
    """The weekday (0 is Monday; None: each day) and the time that a text means which has been read; None for OFF."""
    found = _BEAT.fullmatch(text)
    if found is None:
        return None
    return DAYS.index(found[1]) if found[1] else None, int(found[2]) * HOUR + int(found[3]) * MINUTE
