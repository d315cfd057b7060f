"""The form that raises an incident: what opens it, and what is done when it is sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from tocsin.conversing import forms_raise as forms
from tocsin.conversing.forms_raise import Draft, draft
from tocsin.conversing.replies import Ask, Corrections, Reply
from tocsin.conversing.wishes import Filled, Pressed
from tocsin.incidents.alerts import Severity
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.incidents.telling import one_line
from tocsin.kernel.time import MINUTE, Duration
from tocsin.saying.text import bold, link, moment
from tocsin.sources import bounds
from tocsin.wiring.concierge.concierge import plain_answer
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.filling import (
    OLD,
    carried,
    incident_of,
    new_once,
    persons,
    standing_of,
    team_of,
    telling,
    text,
    titled,
    too_long,
    word,
)
from tocsin.wiring.raising import SOURCE, Raise, key_of, raised

SAME_WITHIN: Final[Duration] = 10 * MINUTE  # What somebody has raised so recently is not raised again.
LOOKED_AT_MAX: Final = 200  # Open incidents among which that is looked for.
TEXT_MAX: Final = 4000  # Characters of a message.
ON_MESSAGE: Final = "on_message"  # What Slack's shortcut of a message is called.

_MACHINE: Final = IncidentMachine()
_MEMBER: Final = re.compile(r"[UW][A-Z0-9]{5,}")  # Slack's ids of people.


def pressed(desk: Desk) -> Mapping[str, Callable[[Pressed], Reply]]:
    """`raise` carries nothing; the others a message: `text`, and if known `link`, its address, and `author`."""
    from_message = partial(_opened_from, desk)
    return {"raise": partial(_opened, desk), "raise-from": from_message, ON_MESSAGE: from_message}


def filled(desk: Desk) -> Mapping[str, Callable[[Filled], Reply]]:
    """By the form's name."""
    return {forms.RAISE: partial(_sent, desk)}


def _opened(desk: Desk, wish: Pressed) -> Reply:
    return _ask(desk, wish, Draft())


def _opened_from(desk: Desk, wish: Pressed) -> Reply:
    value = wish.value
    known = draft(
        word(value, "text")[:TEXT_MAX], link=_address(word(value, "link")), author=_author(desk, word(value, "author"))
    )
    return _ask(desk, wish, known)


def _author(desk: Desk, author: str) -> str:
    """Who has written a message: by name, also if the chat knows an id only; an id that is nobody's says nothing."""
    if _MEMBER.fullmatch(author) is None:
        return author
    people = desk.settings().responders.items()
    return next((person.name or name for name, person in people if person.slack == author), "")


def _ask(desk: Desk, wish: Pressed, known: Draft) -> Reply:
    settings = desk.settings()
    team = team_of(settings, wish.place)
    found = persons(desk, settings.teams[team].members)
    return Ask(forms.raise_form(new_once(), known, teams=tuple(settings.teams), team=team, found=found))


def _sent(desk: Desk, wish: Filled) -> Reply:
    facts = carried(wish)
    if facts is None:
        return plain_answer(OLD)
    settings = desk.settings()
    team = text(wish, "team") or facts.team
    wanted = Raise(
        once=facts.once,
        title=one_line(text(wish, "title"), forms.TITLE_MAX),
        severity=Severity(text(wish, "severity")) if text(wish, "severity") in set(Severity) else Severity.HIGH,
        team=team if team in settings.teams else settings.first_team,
        by=wish.by.responder,
        name=telling(desk).person(wish.by.responder),
        description=text(wish, "description"),
        ask="" if text(wish, "ask") == forms.NOBODY else text(wish, "ask"),
        link=_address(facts.link),
    )
    if (name := _name(desk, wanted)) is not None:  # The same form again.
        return _said(desk, wish, wanted, name)
    errors = _errors(desk, wish)
    if errors:
        return Corrections(errors)
    if (before := _same(desk, wanted)) is not None:
        return _known(desk, *before)
    desk.do(raised(wanted, desk.clock()))
    name = _name(desk, wanted)
    if name is None:
        return plain_answer(f"{bold(wanted.title)} is stored, and somebody will be asked in a moment.")
    return _said(desk, wish, wanted, name)


def _errors(desk: Desk, wish: Filled) -> dict[str, str]:
    settings, errors = desk.settings(), dict[str, str]()
    if not one_line(text(wish, "title"), forms.TITLE_MAX):
        errors["title"] = "Say in a few words what is wrong."
    too_long(errors, wish, title=forms.TITLE_MAX, description=forms.DESCRIPTION_MAX)
    if text(wish, "severity") not in set(Severity):
        errors["severity"] = "Choose how bad it is."
    # A form without the field says whose room it was opened in: if that is gone, the first team takes it.
    if (team := text(wish, "team")) and team not in settings.teams:
        errors["team"] = "That team is not there any more; choose another one."
    asked = text(wish, "ask")
    if asked not in {"", forms.NOBODY} and asked not in settings.responders:
        errors["ask"] = "Choose somebody else; whom you have chosen is not there any more."
    return errors


def _name(desk: Desk, wanted: Raise) -> str | None:
    """The incident that the form has raised."""
    key = key_of(desk.settings(), wanted.team, wanted.once)
    return desk.store.find([key]).get(key)


def _same(desk: Desk, wanted: Raise) -> tuple[str, Incident] | None:
    """What somebody has raised with the same title a moment ago, and is not over."""
    now, title = desk.clock(), _folded(wanted.title)
    for row in desk.store.listing(_MACHINE.name, live_only=True, limit=LOOKED_AT_MAX):
        incident = _MACHINE.decode(row.state)
        if now - incident.opened_at > SAME_WITHIN:
            return None
        if incident.face.source == SOURCE and _folded(incident.face.title) == title and incident.team == wanted.team:
            return row.id, incident
    return None


def _folded(title: str) -> str:
    return " ".join(title.casefold().split())


def _known(desk: Desk, name: str, incident: Incident) -> Reply:
    whole = f"{titled(desk, name, incident)} was raised at {moment(incident.opened_at)} already"
    rest = "Nobody was asked a second time. If yours is something else, give it another title."
    return plain_answer(f"{whole}. {standing_of(desk, name)} {rest}")


def _said(desk: Desk, wish: Filled, wanted: Raise, name: str) -> Reply:
    """What the room reads, unless it is the team's: that has the incident's own message."""
    incident = incident_of(desk, name)
    title = titled(desk, name, incident) if incident else bold(wanted.title)
    source = f" It is about {link(wanted.link, 'this message')}." if wanted.link else ""
    sentence = f"{wanted.name} has raised {title} ({wanted.severity.value}).{source} {standing_of(desk, name)}"
    home = desk.settings().teams[wanted.team].slack == wish.place.channel
    return plain_answer(sentence.strip(), private=home)


def _address(address: str) -> str:
    """*address*, if it is one that people can be sent to."""
    found = bounds.links((("", address),)) if address.startswith("https://") else ()
    return found[0].href if found else ""
