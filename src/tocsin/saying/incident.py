"""What a room and a person read of an incident, and what they can do about it.

One message for the room, one page for each who is asked; both stay true while the incident goes on. A page that was
answered elsewhere says so, and asks nothing any more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from tocsin.incidents import telling
from tocsin.incidents.alerts import Kind, Severity
from tocsin.incidents.ladder import responder
from tocsin.incidents.naming import named
from tocsin.incidents.state import Incident, Status
from tocsin.incidents.telling import FACT_CHARS_MAX, LABEL_CHARS_MAX, LINKS_MAX, LISTED_MAX, Telling
from tocsin.kernel.time import Instant
from tocsin.saying.buttons import LATE, Drawn, acknowledge, actions
from tocsin.saying.message import Actions, Aside, Facts, Heading, Item, Paragraph, Part, Picture, Saying, Tone
from tocsin.saying.pictures import pictures
from tocsin.saying.text import bold, link, moment

TONES: Final = {
    Severity.CRITICAL: Tone.CRITICAL,
    Severity.HIGH: Tone.HIGH,
    Severity.WARNING: Tone.WARNING,
    Severity.INFO: Tone.INFO,
}

_TITLE_MAX: Final = 500
_SHORT_TITLE_MAX: Final = 160  # What a notification preview shows.
_DESCRIPTION_MAX: Final = 700
_WHY_MAX: Final = 1000
_PREVIEWED_MAX: Final = 3  # Incidents of a bundle that its preview names.


@dataclass(frozen=True, slots=True)
class Setting:
    """What a message needs beside the incident: display names by responder id, addresses of the console or empty.

    *accounts*: what people call an account, by its number. *reader*: as in `Telling`.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    incident_url: Callable[[str], str] = lambda _: ""
    console_url: str = ""
    accounts: Mapping[str, str] = field(default_factory=dict)
    reader: str = ""

    @property
    def telling(self) -> Telling:
        """Sentences as neutral text."""
        return Telling(self.names, moment, telling.one_line, counts_down=True, reader=self.reader)

    def to(self, viewer: str) -> Setting:
        """The same for the eyes of the responder *viewer*, or of a room if empty."""
        return replace(self, reader=responder(viewer) if viewer else "")

    def account(self, number: str) -> str:
        """`production (111122223333)`, or the number alone."""
        name = telling.one_line(self.accounts.get(number, ""), LABEL_CHARS_MAX)
        shown = telling.one_line(number, LABEL_CHARS_MAX if name else FACT_CHARS_MAX)
        return f"{name} ({shown})" if name else shown


def incident_saying(
    incident_id: str,
    incident: Incident,
    *,
    now: Instant,
    setting: Setting,
    viewer: str = "",
    why: str = "",
    page: bool = False,
    thread: str = "",
) -> Saying:
    """One incident, for the room, or for the responder *viewer*, who may also pass.

    *why*: the sentence of a page that says why this receiver is asked. *page* to a room rings for everybody in it.
    *thread*: the address of the thread in the room, for a person.
    """
    setting = setting.to(viewer)
    if viewer and _answered_elsewhere(incident, viewer):
        return _elsewhere(incident_id, incident, setting=setting, thread=thread)
    why = telling.paragraph(named(why, setting.names), _WHY_MAX)
    drawn = Drawn(incident_id, incident.rung)
    parts: list[Part | None] = [
        Heading(_head(incident_id, incident, setting, _TITLE_MAX)),
        Paragraph(why) if why else None,
        _description(incident),
        Facts(tuple(_facts(incident, setting).items())),
        Paragraph(telling.standing(incident, setting.telling, now)),
        *(Picture(alt=alt, href=href) for alt, href in pictures(incident.face)),
        *_asides(incident, setting, thread),
        actions(drawn, incident, viewer),
    ]
    return Saying(
        summary=_short(incident, setting, now, why),
        parts=tuple(part for part in parts if part is not None),
        tone=tone(incident),
        rings=page and not viewer,
    )


def bundle_saying(
    incidents: Mapping[str, Incident],
    *,
    total: int,
    now: Instant,
    setting: Setting,
    viewer: str = "",
    page: bool = False,
) -> Saying:
    """Several incidents in one message: the worst first, at most LISTED_MAX of *total* lines, each with its button."""
    worst, setting = bundle_lines(incidents), setting.to(viewer)
    opening = (
        f"{total} incidents ask {'you' if viewer else 'for an answer'} at once." if page else f"{total} incidents."
    )
    hidden = total - len(worst)
    all_of_them = link(setting.console_url, "see them all" if hidden else "See them all") if setting.console_url else ""
    foot = " · ".join(filter(None, (f"and {hidden} more" if hidden else "", all_of_them)))
    titles = "; ".join(
        f"{word(incidents[name])}: {telling.title(incidents[name], setting.telling, _SHORT_TITLE_MAX)}"
        for name in worst[:_PREVIEWED_MAX]
    )
    others = f"; and {total - _PREVIEWED_MAX} more" if total > len(worst[:_PREVIEWED_MAX]) else ""
    return Saying(
        summary=f"{opening} {titles}{others}",
        parts=(
            Paragraph(bold(opening)),
            *(_line(name, incidents[name], setting, now) for name in worst),
            *([Aside((foot,))] if foot else []),
        ),
        rings=page and not viewer,
    )


def bundle_lines(incidents: Mapping[str, Incident]) -> Sequence[str]:
    """The ids of those that a bundle shows: worst first, then oldest."""
    return telling.worst_first(incidents)[:LISTED_MAX]


def replaced_saying(incident_id: str, incident: Incident, *, setting: Setting) -> Saying:
    """What an older message becomes when a newer one asks again: no buttons, so that nobody answers an old question."""
    title = telling.title(incident, setting.telling, _SHORT_TITLE_MAX)
    return Saying(
        summary=f"{ended(f'{word(incident)}: {title}')} Goes on in a newer message.",
        parts=(
            Heading(_head(incident_id, incident, setting, _TITLE_MAX)),
            Aside(("Goes on in a newer message below.",)),
        ),
        tone=tone(incident),
    )


def tone(incident: Incident) -> Tone:
    """How bad it is, or that it is over."""
    return TONES[incident.severity] if incident.live else Tone.GOOD


def word(incident: Incident) -> str:
    """What the colour says."""
    severity = incident.severity.value
    return severity.capitalize() if incident.live else f"Resolved ({severity})"


def ended(sentence: str) -> str:
    """*sentence* with a full stop, unless what somebody wrote ends it already."""
    return sentence if sentence.endswith((".", "!", "?", "…")) else f"{sentence}."


# ── Answered elsewhere ───────────────────────────────────────────────────────────────────────────────────────────────
def _answered_elsewhere(incident: Incident, viewer: str) -> bool:
    """Whether nobody waits for *viewer* any more, because of what somebody else has said or done."""
    if incident.status is Status.RESOLVED:
        return incident.resolved_by != viewer
    if incident.status is Status.ACKNOWLEDGED:
        return viewer != incident.assignee and viewer not in incident.answered
    return incident.status is Status.SNOOZED and bool(incident.assignee) and incident.assignee != viewer


def _elsewhere(incident_id: str, incident: Incident, *, setting: Setting, thread: str) -> Saying:
    """What a page becomes then: who has it, and the way to take it over."""
    who = _has_it(incident, setting.telling)
    said = f"{ended(who)} There is nothing for you to do."
    title = telling.title(incident, setting.telling, _SHORT_TITLE_MAX)
    taking = Actions((acknowledge(Drawn(incident_id, incident.rung), LATE),)) if incident.live else None
    links = _ways(setting.incident_url(incident_id), thread)
    parts: list[Part | None] = [
        Heading(_head(incident_id, incident, setting, _TITLE_MAX)),
        Paragraph(said),
        Aside(links) if links else None,
        taking,
    ]
    return Saying(
        summary=f"{ended(f'{word(incident)}: {title}')} {said}",
        parts=tuple(part for part in parts if part is not None),
        tone=tone(incident),
    )


def _has_it(incident: Incident, say: Telling) -> str:
    if incident.status is Status.ACKNOWLEDGED and incident.assignee and not incident.answered[1:]:
        since = say.when(incident.acknowledged_at or incident.changed_at)
        return f"{say.person(incident.assignee)} has had it since {since}."
    return telling.who(incident, say)


# ── Parts of a message ───────────────────────────────────────────────────────────────────────────────────────────────
def _head(incident_id: str, incident: Incident, setting: Setting, most: int) -> str:
    title, url = telling.title(incident, setting.telling, most), setting.incident_url(incident_id)
    return f"{bold(word(incident))} · {link(url, title) if url else bold(title)}"


def _description(incident: Incident) -> Paragraph | None:
    text = telling.paragraph(incident.face.description, _DESCRIPTION_MAX)
    return Paragraph(text) if text and text != telling.one_line(incident.face.title, _DESCRIPTION_MAX) else None


def _facts(incident: Incident, setting: Setting) -> Mapping[str, str]:
    found = telling.facts(incident, setting.telling)
    return found | ({"Account": setting.account(incident.face.account)} if "Account" in found else {})


def _asides(incident: Incident, setting: Setting, thread: str) -> list[Aside]:
    links = [
        link(one.href, telling.one_line(one.text, LABEL_CHARS_MAX) or "link") for one in incident.face.links[:LINKS_MAX]
    ]
    texts = [f"{name}: {value}" for name, value in telling.background(incident, setting.telling).items()]
    return [Aside(tuple(found)) for found in ([*_ways("", thread), *links], texts) if found]


def _ways(url: str, thread: str) -> tuple[str, ...]:
    """Where it goes on."""
    ways = ((thread, "Thread in the room"), (url, "In Tocsin"))
    return tuple(link(href, label) for href, label in ways if href)


def _short(incident: Incident, setting: Setting, now: Instant, why: str) -> str:
    face = incident.face
    account = setting.accounts.get(face.account) or face.account
    where = " ".join(filter(None, (telling.one_line(part, LABEL_CHARS_MAX) for part in (account, face.region))))
    title = telling.title(incident, setting.telling, _SHORT_TITLE_MAX)
    what = ended(f"{word(incident)}: {title} ({where})" if where else f"{word(incident)}: {title}")
    return " ".join(filter(None, (what, why, telling.standing(incident, setting.telling, now))))


def _line(incident_id: str, incident: Incident, setting: Setting, now: Instant) -> Item:
    face = incident.face
    place = [setting.account(face.account) if face.account else ""]
    place += [telling.one_line(part, LABEL_CHARS_MAX) for part in (face.region, face.resource)]
    lines = (
        _head(incident_id, incident, setting, _SHORT_TITLE_MAX),
        " · ".join(filter(None, place)),
        telling.standing(incident, setting.telling, now),
    )
    open_to_answer = incident.status in {Status.TRIGGERED, Status.SNOOZED} and incident.kind is Kind.ALERT
    button = acknowledge(Drawn(incident_id, incident.rung)) if open_to_answer else None
    return Item("\n".join(filter(None, lines)), button, tone(incident))
