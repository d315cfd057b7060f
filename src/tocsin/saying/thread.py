"""What the thread below a room's message says: what helps, what was changed before, and the story as it goes on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tocsin.changes.machine import Entry
from tocsin.incidents import telling
from tocsin.incidents.naming import named
from tocsin.incidents.state import Incident
from tocsin.kernel.time import Instant, parse_instant
from tocsin.saying.message import Aside, Paragraph, Part, Saying
from tocsin.saying.text import bold, link, moment

LINES_MAX: Final = 30  # Of one post; the console has them all.
CHANGES_MAX: Final = 5

_LINE_MAX: Final = 300
_TITLE_MAX: Final = 160
_NAME_MAX: Final = 60
_RUNBOOK: Final = "runbook"
_INSTANT: Final = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z", re.ASCII)


class Line(msgspec.Struct, frozen=True):
    """One line of an incident's timeline."""

    at: Instant
    story: str


def thread_saying(
    incident: Incident,
    lines: Sequence[Line],
    changes: Sequence[Entry],
    *,
    opening: bool,
    names: Mapping[str, str] | None = None,
) -> Saying:
    """*lines* of the timeline, the oldest first; *opening*: with what helps, and *changes*, the newest first.

    *names*: display names by responder id.
    """
    names = names or {}
    told = [f"{moment(line.at)}: {_story(line, names)}" for line in lines[-LINES_MAX:]]
    hidden = len(lines) - len(told)
    parts: list[Part] = []
    if opening:
        parts += _helping(incident)
        if changes:
            parts.append(Paragraph("\n".join([bold("Changed shortly before"), *map(_change, changes[:CHANGES_MAX])])))
    if told:
        parts.append(Paragraph("\n".join(told)))
    if hidden:
        parts.append(Aside((f"{hidden} earlier lines are in Tocsin.",)))
    newest = _story(lines[-1], names) if lines else "What is known about it."
    return Saying(summary=newest, parts=tuple(parts))


def _story(line: Line, names: Mapping[str, str]) -> str:
    """The line, its instants as each reader's own, its people by their names."""
    return _INSTANT.sub(
        lambda found: found[0] if (at := parse_instant(found[0])) is None else moment(at),
        telling.one_line(named(line.story, names), _LINE_MAX),
    )


def helps(incident: Incident) -> bool:
    """Whether there is something in an alert that is worth an opening by itself."""
    return bool(_helping(incident))


def _helping(incident: Incident) -> list[Part]:
    found = [
        link(one.href, telling.one_line(one.text, _NAME_MAX))
        for one in incident.face.links
        if _RUNBOOK in one.text.lower()
    ]
    return [Paragraph(f"{bold('What to do')} · {' · '.join(found)}")] if found else []


def _change(entry: Entry) -> str:
    change = entry.change
    title = telling.one_line(change.title, _TITLE_MAX) or "(no title)"
    what = link(change.links[0].href, title) if change.links else title
    by, where = telling.one_line(change.by, _NAME_MAX), telling.one_line(change.what, _NAME_MAX)
    return f"{moment(entry.at)}: {what}" + (f" in {where}" if where else "") + (f" by {by}" if by else "")
