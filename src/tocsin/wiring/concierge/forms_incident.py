"""The forms about one incident: what opens them, and what is done when they are sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from tocsin.conversing import forms
from tocsin.conversing.forms import About
from tocsin.conversing.replies import Ask, Corrections, Reply
from tocsin.conversing.wishes import Filled, Pressed
from tocsin.incidents.commands import Command
from tocsin.incidents.ladder import responder
from tocsin.incidents.machine import SNOOZE_MAX
from tocsin.incidents.resolve_notes import PART_MAX, Lesson, written
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.time import format_duration
from tocsin.saying.forms import Form
from tocsin.wiring.concierge.concierge import plain_answer
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.filling import (
    OLD,
    Carried,
    carried,
    done,
    incident_of,
    instant,
    new_once,
    persons,
    pressed_incident,
    standing_of,
    text,
    too_long,
    zone_of,
)
from tocsin.wiring.concierge.rights import NOT_YOURS, may_act

GONE: Final = "There is no such incident any more."


def pressed(desk: Desk) -> Mapping[str, Callable[[Pressed], Reply]]:
    """By verb: each carries `i`, the incident, and `r`, the rung that it was drawn for (without one: the present)."""
    return {
        "form:note": partial(_opened, desk, _note),
        "form:resolve": partial(_opened, desk, _resolve),
        "form:snooze": partial(_opened, desk, _snooze),
        "form:reassign": partial(_opened, desk, _reassign),
        "form:pass": partial(_opened, desk, _pass),
    }


def filled(desk: Desk) -> Mapping[str, Callable[[Filled], Reply]]:
    """By the form's name."""
    return {
        forms.NOTE: partial(_sent, desk, _noted),
        forms.RESOLVE: partial(_sent, desk, _resolved),
        forms.SNOOZE: partial(_sent, desk, _snoozed),
        forms.REASSIGN: partial(_sent, desk, _reassigned),
        forms.PASS: partial(_sent, desk, _passed),
    }


# ── Opening ──────────────────────────────────────────────────────────────────────────────────────────────────────────
_Open = Callable[[Desk, Pressed, About, Incident], Form | str]


def _opened(desk: Desk, make: _Open, wish: Pressed) -> Reply:
    """The form, or why there is none."""
    name = pressed_incident(wish)
    incident = incident_of(desk, name)
    if incident is None:
        return plain_answer(GONE)
    if not may_act(desk, wish.by, wish.place, incident.team):
        return plain_answer(NOT_YOURS)
    rung = wish.value.get("r")
    about = About(
        once=new_once(),
        incident=name,
        title=incident.face.title,
        rung=rung if isinstance(rung, int) else incident.rung,
    )
    found = make(desk, wish, about, incident)
    return plain_answer(f"{found} {standing_of(desk, name)}".strip()) if isinstance(found, str) else Ask(found)


def _note(_desk: Desk, _wish: Pressed, about: About, _incident: Incident) -> Form | str:
    return forms.note_form(about)


def _resolve(_desk: Desk, _wish: Pressed, about: About, incident: Incident) -> Form | str:
    return _over(incident) or forms.resolve_form(about)


def _snooze(desk: Desk, wish: Pressed, about: About, incident: Incident) -> Form | str:
    return _over(incident) or forms.snooze_form(about, wish.at, zone_of(desk, wish.by))


def _reassign(desk: Desk, _wish: Pressed, about: About, incident: Incident) -> Form | str:
    team = desk.settings().teams.get(incident.team)
    found = persons(desk, team.members if team else (), but=incident.assignee)
    return _over(incident) or (forms.reassign_form(about, found) if found else "There is nobody else to ask.")


def _pass(_desk: Desk, wish: Pressed, about: About, incident: Incident) -> Form | str:
    me = responder(wish.by.responder)
    if over := _over(incident):
        return over
    if incident.status is Status.TRIGGERED:
        if about.rung != incident.rung:
            return "It has moved on meanwhile."
        asked = me in incident.asked and me not in incident.passed
    else:
        asked = incident.assignee == wish.by.responder
    return forms.pass_form(about) if asked else "You are not asked, so there is nothing to pass on."


def _over(incident: Incident) -> str:
    return "" if incident.live else "It is over already."


# ── Sending ──────────────────────────────────────────────────────────────────────────────────────────────────────────
_Read = Callable[[Desk, Filled, Carried], Command | Mapping[str, str]]


def _sent(desk: Desk, read: _Read, wish: Filled) -> Reply:
    """What came of the command that a form is, or what is wrong in it."""
    facts = carried(wish)
    if facts is None or not facts.i:
        return plain_answer(OLD)
    incident = incident_of(desk, facts.i)
    if incident is None:
        return plain_answer(GONE)
    if not may_act(desk, wish.by, wish.place, incident.team):
        return plain_answer(NOT_YOURS)
    found = read(desk, wish, facts)
    return done(desk, wish, facts.once, found) if isinstance(found, Command) else Corrections(found)


def _noted(_desk: Desk, wish: Filled, facts: Carried) -> Command | Mapping[str, str]:
    errors: dict[str, str] = {}
    if not text(wish, "text"):
        errors["text"] = "An empty note says nothing; write a word or two."
    too_long(errors, wish, text=forms.NOTE_MAX)
    return errors or Command(verb="note", incident=facts.i, by=wish.by.responder, text=text(wish, "text"))


def _resolved(_desk: Desk, wish: Filled, facts: Carried) -> Command | Mapping[str, str]:
    errors: dict[str, str] = {}
    too_long(errors, wish, cause=PART_MAX, remedy=PART_MAX)
    note = written(Lesson(cause=text(wish, "cause"), remedy=text(wish, "remedy")))
    return errors or Command(verb="resolve", incident=facts.i, by=wish.by.responder, text=note)


def _snoozed(_desk: Desk, wish: Filled, facts: Carried) -> Command | Mapping[str, str]:
    until = instant(wish, "until")
    if until is None:
        return {"until": "Choose until when."}
    if until <= wish.at:
        return {"until": "That time has passed; choose a later one."}
    if until - wish.at > SNOOZE_MAX:
        return {"until": f"Choose an earlier time; {format_duration(SNOOZE_MAX)} is the longest."}
    return Command(verb="snooze", incident=facts.i, by=wish.by.responder, until=until)


def _reassigned(desk: Desk, wish: Filled, facts: Carried) -> Command | Mapping[str, str]:
    to = text(wish, "to")
    if to not in desk.settings().responders:
        return {"to": "Choose somebody; whom you have chosen is not there any more." if to else "Choose somebody."}
    return Command(verb="reassign", incident=facts.i, by=wish.by.responder, to=to)


def _passed(_desk: Desk, wish: Filled, facts: Carried) -> Command | Mapping[str, str]:
    errors: dict[str, str] = {}
    too_long(errors, wish, why=forms.WHY_MAX)
    command = Command(verb="pass", incident=facts.i, by=wish.by.responder, rung=facts.r, text=text(wish, "why"))
    return errors or command
