"""The keys of schedules, and what their texts mean: times by the clock on the wall, windows, lengths, zones."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Final
from zoneinfo import available_timezones

import msgspec

from tocsin.kernel.time import DAY, HOUR, Duration
from tocsin.schedules.clock import Wall, is_zone, wall_of
from tocsin.schedules.schedule import Absent, Holidays
from tocsin.schedules.windows import SHAPE
from tocsin.wiring.settings_kinds import Choice, Key, Many, Ref, Section, Text, Url
from tocsin.wiring.settings_problems import nearest

LOCAL: Final = "UTC"  # The zone of schedules that name none.

_LENGTH: Final = re.compile(r"([1-9][0-9]{0,2}) ?(h|d|w|months?)")
_UNITS: Final = {"h": HOUR, "d": DAY, "w": 7 * DAY}
_NAMED: Final = {"hourly": "1h", "daily": "1d", "weekly": "1w", "monthly": "1 month"}
_MOMENT: Final = r"(?:19[7-9][0-9]|2[0-9]{3})-[0-9]{2}-[0-9]{2}(?:[T ](?:[01][0-9]|2[0-3]):[0-5][0-9])?"


def parse_wall(text: str) -> Wall | None:
    """The time on the wall of `2026-01-05 09:00`, or of the beginning of `2026-01-05`; None for another text."""
    if not re.fullmatch(_MOMENT, text):
        return None
    try:
        return wall_of(datetime.fromisoformat(text))
    except ValueError:
        return None


def parse_length(text: str) -> tuple[Duration, int]:
    """How long turns are, of a text that has been read: in ms, or in months if those are not 0."""
    found = _LENGTH.fullmatch(_NAMED.get(text, text))
    assert found, text
    number, unit = int(found[1]), found[2]
    return (0, number) if unit.startswith("month") else (number * _UNITS[unit], 0)


def _zone(text: str) -> tuple[str, str]:
    if is_zone(text):
        return "", ""
    return "is no time zone of the IANA database, like Europe/Berlin", nearest(text, sorted(available_timezones()))


def _wall(text: str) -> tuple[str, str]:
    return ("" if parse_wall(text) is not None else "is no day of the calendar"), ""


ZONE: Final = Text(most=64, what="a time zone by its IANA name, like Europe/Berlin", check=_zone)
WINDOW: Final = Text(most=100, shape=SHAPE, what="a window like `mon-fri 09:00-17:00`, `22:00-06:00` or `sat,sun`")
MOMENT: Final = Text(shape=_MOMENT, what="a time like 2026-01-05 09:00", check=_wall)


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """From a certain time on other people take part; the turns of those who stay are not moved."""

    since: Annotated[str, Key(MOMENT, "From when on, by the clock on the wall.", called="from")]
    responders: Annotated[
        tuple[str, ...], Key(Many(of=Ref("responder")), "Who takes part then, in the order of their turns.")
    ]


class Layer(msgspec.Struct, frozen=True, kw_only=True):
    """People who take turns."""

    responders: Annotated[
        tuple[str, ...], Key(Many(of=Ref("responder"), least=1), "Who takes part, in the order of their turns.")
    ]
    start: Annotated[
        str, Key(MOMENT, "When the first turn begins; its time, and its day, are those of every hand-over.")
    ]
    rotate: Annotated[
        str,
        Key(
            Text(
                shape=f"hourly|daily|weekly|monthly|{_LENGTH.pattern}",
                what="`hourly`, `daily`, `weekly`, `monthly`, or a length like 12h, 10d, 2w or 3 months",
            ),
            "How long a turn is, by the clock on the wall.",
        ),
    ] = "weekly"
    name: Annotated[str, Key(Text(most=80), "What it is called.")] = ""
    changes: Annotated[
        tuple[Change, ...], Key(Many(of=Section(Change)), "Who comes and goes later; nobody else's turn moves.")
    ] = ()
    only: Annotated[
        tuple[str, ...], Key(Many(of=WINDOW, single=True), "When it counts; at other times the layers before it do.")
    ] = ()
    until: Annotated[str | None, Key(MOMENT, "When it ends.")] = None
    time_zone: Annotated[str, Key(ZONE, "By whose clocks; without it by those of the schedule.")] = ""
    holidays: Annotated[
        str,
        Key(
            Choice(tuple(word.value for word in Holidays)),
            "On the holidays of the schedule: as on other days, not at all, or on them only.",
        ),
    ] = Holidays.AS_USUAL.value
    absent: Annotated[
        str,
        Key(
            Choice(tuple(word.value for word in Absent)),
            "While the one whose turn it is is absent: the next one covers, or the layers before it count.",
        ),
    ] = Absent.NEXT.value


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on call, and when."""

    layers: Annotated[
        tuple[Layer, ...], Key(Many(of=Section(Layer), least=1), "Rotations; a later one counts before the others.")
    ]
    time_zone: Annotated[str, Key(ZONE, "By whose clocks all times are meant.")] = LOCAL
    needed: Annotated[
        tuple[str, ...],
        Key(Many(of=WINDOW, single=True), "When somebody must be on call; without it always. Gaps are told of."),
    ] = ()
    holidays: Annotated[
        tuple[str, ...], Key(Many(of=Url(), single=True), "Calendars (iCal) whose events are its holidays.")
    ] = ()
    handle: Annotated[
        str | None,
        Key(
            Text(
                most=80,
                shape=r"@?[a-z0-9][a-z0-9._-]{0,78}",
                what='the handle of a Slack user group, like "@ops-oncall" (in quotes, since @ cannot begin a value)',
            ),
            "A Slack user group that is kept equal to who is on call.",
        ),
    ] = None
    topic: Annotated[
        str | None,
        Key(
            Text(shape=r"[CG][A-Z0-9]{2,20}", what="the ID of a Slack channel like C012AB3CD"),
            "A Slack channel whose topic says who is on call, where there is no `handle` or the app may not change it.",
        ),
    ] = None
