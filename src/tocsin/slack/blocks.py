"""Messages in Block Kit: one incident, several incidents at once, and what is left of a message that was replaced.

Source of the limits: https://docs.slack.dev/reference/block-kit. Every text here is far below them, since a message is
read on a telephone at night.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tocsin.incidents import ladder, telling
from tocsin.incidents.alerts import Kind, Severity
from tocsin.incidents.state import Incident, Status
from tocsin.incidents.telling import LABEL_CHARS_MAX, LINKS_MAX, LISTED_MAX, Telling
from tocsin.kernel import json
from tocsin.kernel.time import HOUR, MINUTE, Duration, Instant
from tocsin.slack.drawing import ACTION, Block, Message
from tocsin.slack.mrkdwn import CHANNEL_MENTION, link, local_time, markup, one_line, paragraph, plain

SNOOZES: Final[tuple[tuple[str, Duration], ...]] = (
    ("30 minutes", 30 * MINUTE),
    ("2 hours", 2 * HOUR),
    ("8 hours", 8 * HOUR),
    ("24 hours", 24 * HOUR),
)

_TITLE_MAX: Final = 600  # As sent, entities included: 500 characters of title mostly fit.
_SHORT_TITLE_MAX: Final = 160  # What a notification preview shows.
_DESCRIPTION_MAX: Final = 700
_WHY_MAX: Final = 1000

# Colour and word: the one is seen from afar, the other by everybody.
_MARKS: Final = {
    Severity.CRITICAL: "\N{LARGE RED CIRCLE}",
    Severity.HIGH: "\N{LARGE ORANGE CIRCLE}",
    Severity.WARNING: "\N{LARGE YELLOW CIRCLE}",
    Severity.INFO: "\N{LARGE BLUE CIRCLE}",
}
_RESOLVED_MARK: Final = "\N{WHITE HEAVY CHECK MARK}"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a message needs beside the incident: display names by responder id, addresses of the console or empty."""

    names: Mapping[str, str] = field(default_factory=dict)
    incident_url: Callable[[str], str] = lambda _: ""
    console_url: str = ""

    @property
    def telling(self) -> Telling:
        """Sentences with each reader's own time."""
        return Telling(self.names, local_time, one_line)


def incident_message(
    incident_id: str,
    incident: Incident,
    *,
    now: Instant,
    setting: Setting,
    viewer: str = "",
    why: str = "",
    page: bool = False,
) -> Message:
    """One incident, for the room, or for the responder *viewer*, who may also pass.

    *why*: the sentence of a page that says why this receiver is asked. *page* to a room mentions everybody in it.
    """
    mention = f"{CHANNEL_MENTION} " if page and not viewer else ""
    why = paragraph(why, _WHY_MAX)
    blocks = [
        _section(_head(incident_id, incident, setting, _TITLE_MAX)),
        *([_section(f"{mention}{why}".strip())] if mention or why else []),
        *_description(incident),
        {"type": "section", "fields": [markup(text) for text in _facts(incident, setting)]},
        _section(telling.standing(incident, setting.telling, now)),
        *_extras(incident, setting),
        *_actions(incident_id, incident, viewer),
    ]
    return Message(mention + _short(incident, setting, now, why), tuple(blocks))


def bundle_message(
    incidents: Mapping[str, Incident],
    *,
    total: int,
    now: Instant,
    setting: Setting,
    viewer: str = "",
    page: bool = False,
) -> Message:
    """Several incidents in one message: the worst first, at most LISTED_MAX of *total* lines, each with its button."""
    worst = bundle_lines(incidents)
    mention = f"{CHANNEL_MENTION} " if page and not viewer else ""
    opening = (
        f"{total} incidents ask {'you' if viewer else 'for an answer'} at once." if page else f"{total} incidents."
    )
    hidden = total - len(worst)
    rest = f"and {hidden} more" if hidden else ""
    blocks = [
        _section(f"{mention}*{opening}*"),
        *(_line(number, name, incidents[name], setting, now) for number, name in enumerate(worst)),
    ]
    if rest or setting.console_url:
        all_of_them = link(setting.console_url, "see them all") if setting.console_url else ""
        blocks.append(_context(" · ".join(filter(None, (rest, all_of_them)))))
    titles = "; ".join(f"{_word(incidents[name])}: {_title(incidents[name], _SHORT_TITLE_MAX)}" for name in worst[:3])
    others = f"; and {total - 3} more" if total > len(worst[:3]) else ""
    return Message(f"{mention}{opening} {titles}{others}", tuple(blocks))


def bundle_lines(incidents: Mapping[str, Incident]) -> Sequence[str]:
    """The ids of those that a bundle shows: worst first, then oldest."""
    return telling.worst_first(incidents)[:LISTED_MAX]


def replaced_message(incident_id: str, incident: Incident, *, setting: Setting) -> Message:
    """What an older message becomes when a newer one asks again: no buttons, so that nobody answers an old question."""
    blocks = (
        _section(_head(incident_id, incident, setting, _TITLE_MAX)),
        _context("Goes on in a newer message below."),
    )
    return Message(f"{_word(incident)}: {_title(incident, _SHORT_TITLE_MAX)}. Goes on in a newer message.", blocks)


# ── Parts of a message ───────────────────────────────────────────────────────────────────────────────────────────────
def _head(incident_id: str, incident: Incident, setting: Setting, most: int) -> str:
    mark = _RESOLVED_MARK if incident.status is Status.RESOLVED else _MARKS[incident.severity]
    title = link(setting.incident_url(incident_id), _title(incident, most))
    return f"{mark} *{_word(incident)}* · *{title}*"


def _word(incident: Incident) -> str:
    severity = incident.severity.value
    return f"Resolved ({severity})" if incident.status is Status.RESOLVED else severity.capitalize()


def _title(incident: Incident, most: int) -> str:
    return one_line(incident.face.title, most) or "(no title)"


def _description(incident: Incident) -> list[Block]:
    text = paragraph(incident.face.description, _DESCRIPTION_MAX)
    return [_section(text)] if text and text != _title(incident, _DESCRIPTION_MAX) else []


def _facts(incident: Incident, setting: Setting) -> list[str]:
    return [f"*{name}*\n{value}" for name, value in telling.facts(incident, setting.telling).items()]


def _extras(incident: Incident, setting: Setting) -> list[Block]:
    links = [link(one.href, one_line(one.text, LABEL_CHARS_MAX) or "link") for one in incident.face.links[:LINKS_MAX]]
    texts = [f"{name}: {value}" for name, value in telling.background(incident, setting.telling).items()]
    return [_context(*elements) for elements in (links, texts) if elements]


def _short(incident: Incident, setting: Setting, now: Instant, why: str) -> str:
    plain_telling = Telling(setting.names, write=one_line)
    where = " ".join(one_line(part, LABEL_CHARS_MAX) for part in (incident.face.account, incident.face.region) if part)
    title = _title(incident, _SHORT_TITLE_MAX)
    what = f"{_word(incident)}: {title} ({where})." if where else f"{_word(incident)}: {title}."
    return " ".join(filter(None, (what, why, telling.standing(incident, plain_telling, now))))


def _line(number: int, incident_id: str, incident: Incident, setting: Setting, now: Instant) -> Block:
    text = [
        _head(incident_id, incident, setting, _SHORT_TITLE_MAX),
        " · ".join(telling.place(incident, setting.telling)),
        telling.standing(incident, setting.telling, now),
    ]
    line = _section("\n".join(filter(None, text)))
    if incident.status in {Status.TRIGGERED, Status.SNOOZED} and incident.kind is Kind.ALERT:
        button = _button("acknowledge", "Acknowledge", incident_id, incident.rung, style="primary")
        line["accessory"] = button | {"action_id": f"{button['action_id']}:{number}"}
    return line


# ── Buttons ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _actions(incident_id: str, incident: Incident, viewer: str) -> list[Block]:
    elements = [
        _snooze(incident_id, incident.rung)
        if verb == "snooze"
        else _button(verb, text, incident_id, incident.rung, style)
        for verb, text, style in _verbs(incident, viewer)
    ]
    return [{"type": "actions", "elements": elements}] if elements else []


def _verbs(incident: Incident, viewer: str) -> list[tuple[str, str, str]]:
    """What can be done now: (verb, text, style)."""
    if incident.status is Status.RESOLVED:
        return []
    if incident.kind is Kind.NOTIFICATION:
        return [("escalate", "Ask somebody", "")]
    mine = bool(viewer) and incident.assignee == viewer
    asked = ladder.responder(viewer) in incident.asked and ladder.responder(viewer) not in incident.passed
    may_pass = bool(viewer) and (asked if incident.status is Status.TRIGGERED else mine)
    passing = [("pass", "Pass", "")] if may_pass else []
    ending = [("resolve", "Resolve", ""), ("snooze", "", ""), ("escalate", "Escalate", "")]
    match incident.status:
        case Status.ACKNOWLEDGED:
            return [*passing, *ending] if mine else [("acknowledge", "Take over", ""), *ending]
        case _:
            return [("acknowledge", "Acknowledge", "primary"), *passing, *ending]


def _button(verb: str, text: str, incident_id: str, rung: int, style: str = "") -> Block:
    button = {
        "type": "button",
        "action_id": ACTION + verb,
        "text": plain(text),
        "value": json.encode({"i": incident_id, "r": rung}).decode(),
    }
    return button | ({"style": style} if style else {})


def _snooze(incident_id: str, rung: int) -> Block:
    return {
        "type": "static_select",
        "action_id": f"{ACTION}snooze",
        "placeholder": plain("Snooze"),
        "options": [
            {"text": plain(text), "value": json.encode({"i": incident_id, "r": rung, "d": duration}).decode()}
            for text, duration in SNOOZES
        ],
    }


def _section(text: str) -> Block:
    return {"type": "section", "text": markup(text)}


def _context(*texts: str) -> Block:
    return {"type": "context", "elements": [markup(text) for text in texts]}
