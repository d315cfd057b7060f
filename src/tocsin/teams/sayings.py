"""What a card says of incidents, in neutral words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tocsin.incidents import ladder, telling
from tocsin.incidents.alerts import Kind, Severity
from tocsin.incidents.state import Incident, Status
from tocsin.incidents.telling import LABEL_CHARS_MAX, LINKS_MAX, LISTED_MAX, Telling, one_line, paragraph
from tocsin.kernel.json import Json
from tocsin.kernel.time import HOUR, MINUTE, Duration, Instant
from tocsin.saying.message import (
    Action,
    Actions,
    Aside,
    Button,
    Choice,
    Facts,
    Heading,
    Item,
    Option,
    Paragraph,
    Part,
    Saying,
    Tone,
)
from tocsin.saying.text import link, moment

SNOOZES: Final[tuple[tuple[str, Duration], ...]] = (
    ("30 minutes", 30 * MINUTE),
    ("2 hours", 2 * HOUR),
    ("8 hours", 8 * HOUR),
    ("24 hours", 24 * HOUR),
)

_TITLE_MAX: Final = 500
_SHORT_TITLE_MAX: Final = 160
_DESCRIPTION_MAX: Final = 700
_WHY_MAX: Final = 1000
_TONES: Final = {
    Severity.CRITICAL: Tone.CRITICAL,
    Severity.HIGH: Tone.HIGH,
    Severity.WARNING: Tone.WARNING,
    Severity.INFO: Tone.INFO,
}


@dataclass(frozen=True, slots=True)
class Sayings:
    """What a message needs beside the incident: display names by responder id, addresses of the console or empty."""

    names: Mapping[str, str] = field(default_factory=dict)
    incident_url: Callable[[str], str] = lambda _: ""
    console_url: str = ""

    @property
    def telling(self) -> Telling:
        """Sentences with each reader's own time."""
        return Telling(self.names, moment, one_line)

    def incident(
        self, name: str, incident: Incident, *, now: Instant, viewer: str = "", why: str = "", page: bool = False
    ) -> Saying:
        """One incident, for the room, or for the responder *viewer*, who may also pass."""
        told = self.telling
        why = paragraph(why, _WHY_MAX)
        title = telling.title(incident, told, _TITLE_MAX)
        description = paragraph(incident.face.description, _DESCRIPTION_MAX)
        standing = telling.standing(incident, told, now)
        background = [f"{name}: {value}" for name, value in telling.background(incident, told).items()]
        links = [
            link(one.href, one_line(one.text, LABEL_CHARS_MAX) or "link") for one in incident.face.links[:LINKS_MAX]
        ]
        buttons = _buttons(name, incident, viewer)
        where = self.incident_url(name)
        opening = (Button(verb="open", label="Open", href=where),) if where else ()
        parts: list[Part | None] = [
            Heading(f"{_word(incident)} · {title}"),
            Paragraph(why) if why else None,
            Paragraph(description) if description and description != title else None,
            Facts(tuple(telling.facts(incident, told).items())),
            Paragraph(standing) if standing else None,
            Aside(tuple(links)) if links else None,
            Aside(tuple(background)) if background else None,
            Actions((*buttons, *opening)) if buttons or opening else None,
        ]
        return Saying(
            summary=self._short(incident, now, why),
            parts=tuple(part for part in parts if part is not None),
            tone=_tone(incident),
            rings=page,
        )

    def bundle(
        self, incidents: Mapping[str, Incident], *, total: int, now: Instant, viewer: str = "", page: bool = False
    ) -> Saying:
        """Several incidents in one message: the worst first, at most LISTED_MAX of *total*, each with its button."""
        worst = bundle_lines(incidents)
        whom = "you" if viewer else "for an answer"
        opening = f"{total} incidents ask {whom} at once." if page else f"{total} incidents."
        items = [self._item(name, incidents[name], now) for name in worst]
        hidden = total - len(worst)
        rest = [f"and {hidden} more"] if hidden else []
        everything = [link(self.console_url, "see them all")] if self.console_url else []
        titles = "; ".join(
            f"{_word(incidents[name])}: {telling.title(incidents[name], self.telling, _SHORT_TITLE_MAX)}"
            for name in worst[:3]
        )
        others = f"; and {total - 3} more" if total > len(worst[:3]) else ""
        return Saying(
            summary=f"{opening} {titles}{others}",
            parts=(Heading(opening), *items, *([Aside((*rest, *everything))] if rest or everything else [])),
            rings=page,
        )

    def replaced(self, incident: Incident) -> Saying:
        """What an older message becomes when a newer one asks again: nobody answers an old question."""
        title = telling.title(incident, self.telling, _TITLE_MAX)
        summary = f"{_word(incident)}: {title}. Goes on in a newer message."
        return Saying(
            summary=summary,
            parts=(Heading(f"{_word(incident)} · {title}"), Aside(("Goes on in a newer message below.",))),
            tone=_tone(incident),
        )

    def _short(self, incident: Incident, now: Instant, why: str) -> str:
        told = Telling(self.names, write=one_line)
        title = telling.title(incident, told, _SHORT_TITLE_MAX)
        face = incident.face
        where = " ".join(one_line(part, LABEL_CHARS_MAX) for part in (face.account, face.region) if part)
        what = f"{_word(incident)}: {title} ({where})." if where else f"{_word(incident)}: {title}."
        return " ".join(filter(None, (what, why, telling.standing(incident, told, now))))

    def _item(self, name: str, incident: Incident, now: Instant) -> Item:
        told = self.telling
        title = link(self.incident_url(name), telling.title(incident, told, _SHORT_TITLE_MAX))
        lines = [
            f"{_word(incident)} · {title}",
            " · ".join(telling.place(incident, told)),
            telling.standing(incident, told, now),
        ]
        asks = incident.status in {Status.TRIGGERED, Status.SNOOZED} and incident.kind is Kind.ALERT
        button = Button(verb="acknowledge", label="Acknowledge", value=_value(name, incident), style="primary")
        return Item("\n".join(filter(None, lines)), button if asks else None, _tone(incident))


def bundle_lines(incidents: Mapping[str, Incident]) -> Sequence[str]:
    """The ids of those that a bundle shows: worst first, then oldest."""
    return telling.worst_first(incidents)[:LISTED_MAX]


def _buttons(name: str, incident: Incident, viewer: str) -> tuple[Action, ...]:
    """What can be done now."""
    value = _value(name, incident)
    if incident.status is Status.RESOLVED:
        return ()
    if incident.kind is Kind.NOTIFICATION:
        return (Button(verb="escalate", label="Ask somebody", value=value),)
    mine = bool(viewer) and incident.assignee == viewer
    asked = ladder.responder(viewer) in incident.asked and ladder.responder(viewer) not in incident.passed
    may_pass = bool(viewer) and (asked if incident.status is Status.TRIGGERED else mine)
    passing = (Button(verb="pass", label="Pass", value=value),) if may_pass else ()
    ending: tuple[Action, ...] = (
        Button(verb="resolve", label="Resolve", value=value),
        Choice(
            verb="snooze",
            label="Snooze",
            options=tuple(Option(label=label, value={**value, "d": length}) for label, length in SNOOZES),
        ),
        Button(verb="escalate", label="Escalate", value=value),
    )
    if incident.status is not Status.ACKNOWLEDGED:
        return (Button(verb="acknowledge", label="Acknowledge", value=value, style="primary"), *passing, *ending)
    return (*passing, *ending) if mine else (Button(verb="acknowledge", label="Take over", value=value), *ending)


def _value(name: str, incident: Incident) -> Mapping[str, Json]:
    return {"i": name, "r": incident.rung}


def _word(incident: Incident) -> str:
    severity = incident.severity.value
    return f"Resolved ({severity})" if incident.status is Status.RESOLVED else severity.capitalize()


def _tone(incident: Incident) -> Tone:
    return Tone.GOOD if incident.status is Status.RESOLVED else _TONES[incident.severity]
