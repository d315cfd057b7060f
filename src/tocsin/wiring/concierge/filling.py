"""What all forms share: the values that come back, who speaks, the incident, and what is said of what was done."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from tocsin.conversing.forms import Person
from tocsin.conversing.replies import Reply
from tocsin.conversing.wall import known_zone
from tocsin.conversing.wishes import Filled, Place, Pressed, Speaker
from tocsin.engine.ports import ONCE, Received
from tocsin.incidents.commands import Command
from tocsin.incidents.ladder import room
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident
from tocsin.incidents.telling import Telling, one_line, standing, utc_time
from tocsin.kernel import json
from tocsin.kernel.announcement import Announcement
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.saying.text import Moment, bold, link, moment, pieces
from tocsin.schedules.timeline import on_call
from tocsin.wiring.concierge.concierge import plain_answer
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.news import RoomNews, room_news
from tocsin.wiring.settings import Settings

CHANNEL: Final = "console"  # Commands of people, by whatever chat they come, are read as the console's.
TITLE_MAX: Final = 150

OLD: Final = "That form is from an older version; open it again."
LATER: Final = "It is stored, and will be done in a moment."

_ONCE_BYTES: Final = 8
_ONCE: Final = re.compile(r"[A-Za-z0-9-]{8,40}")
_MACHINE: Final = IncidentMachine()

# What is said of an input of ours; the sentence behind it tells how the incident stands.
_SAID: Final[Mapping[str, str]] = {
    Reason.NOTED: "Noted.",
    Reason.NOTE_EMPTY: "An empty note says nothing; write a word or two.",
    Reason.PASSED: "Passed on.",
    Reason.PASSED_OTHERS_ASKED: "Passed on.",
    Reason.PASSED_BY_EVERYONE: "Passed on.",
    Reason.STILL_ASKED: "Passed on.",
    Reason.NOT_ASKED: "You are not asked, so there is nothing to pass on.",
    Reason.STALE_RUNG: "It has moved on meanwhile.",
    Reason.REASSIGNED: "Done.",
    Reason.SNOOZED: "Snoozed.",
    Reason.SNOOZE_IN_PAST: "That time has passed; choose a later one.",
    Reason.RESOLVED: "Resolved. Thank you!",
    Reason.ALREADY_RESOLVED: "It is over already.",
    Reason.UNKNOWN_INCIDENT: "There is no such incident any more.",
    "handled before": "That was done already.",
}


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """The facts that a form brings back. *once* is never empty, *i* is the incident, *r* its rung.

    *at*: when the form was made, *link* and *team* as the form that raises has them.
    """

    once: str
    i: str = ""
    r: int | None = None
    at: Instant = 0
    link: str = ""
    team: str = ""


def new_once() -> str:
    """A word that no other form has."""
    return secrets.token_hex(_ONCE_BYTES)


def carried(wish: Filled) -> Carried | None:
    """The facts of a form of ours; None for anything else."""
    try:
        found = msgspec.convert(dict(wish.facts), Carried)
    except msgspec.ValidationError:
        return None
    return found if _ONCE.fullmatch(found.once) else None


# ── Values of a form ─────────────────────────────────────────────────────────────────────────────────────────────────
def text(wish: Filled, name: str) -> str:
    """What was written into a field, or chosen; empty if nothing was."""
    value = wish.values.get(name)
    return value.replace("\r\n", "\n").strip() if isinstance(value, str) else ""


def instant(wish: Filled, name: str) -> Instant | None:
    """The moment in a field."""
    value = wish.values.get(name)
    return value if isinstance(value, int) else None


def ticked(wish: Filled, name: str) -> tuple[str, ...]:
    """What was ticked."""
    value = wish.values.get(name)
    return () if value is None or isinstance(value, str | int) else tuple(map(str, value))


def too_long(errors: dict[str, str], wish: Filled, **most: int) -> None:
    """Say in *errors* which texts are longer than *most* characters."""
    for name, limit in most.items():
        if (length := len(text(wish, name))) > limit:
            errors.setdefault(name, f"These are {length} characters; {limit} are possible.")


def word(value: Mapping[str, Json], name: str) -> str:
    """A text that a button carries."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


# ── Who and where ────────────────────────────────────────────────────────────────────────────────────────────────────
def telling(desk: Desk) -> Telling:
    """Sentences in neutral text."""
    return Telling(desk.names(), moment, one_line)


def zone_of(desk: Desk, by: Speaker) -> str:
    """By whose clock *by* lives: as the chat says, as the configuration says, or UTC."""
    person = desk.settings().responders.get(by.responder)
    return known_zone(by.zone, person.time_zone if person else "")


def room_team(settings: Settings, place: Place) -> str:
    """The team whose room *place* is, or empty."""
    rooms = ((name, {team.slack, team.teams_channel}) for name, team in settings.teams.items())
    return next((name for name, channels in rooms if place.channel and place.channel in channels), "")


def team_of(settings: Settings, place: Place) -> str:
    """The team whose room *place* is; the first one where it is nobody's."""
    return room_team(settings, place) or settings.first_team


def persons(desk: Desk, first: Sequence[str] = (), *, but: str = "") -> list[Person]:
    """All responders but one, those of *first* first; with whoever is on call said to be."""
    names, duties = desk.names(), on_duty(desk)
    order = dict.fromkeys((*first, *names))
    return [
        Person(id=name, name=names[name], why=f"on call in {', '.join(duties[name])}" if duties.get(name) else "")
        for name in order
        if name in names and name != but
    ]


def on_duty(desk: Desk) -> dict[str, list[str]]:
    """Of which schedules each responder is on call now."""
    now, found = desk.clock(), dict[str, list[str]]()
    for name, schedule in desk.oncall.schedules().items():
        found.setdefault(on_call(schedule, now).who, []).append(name)
    return found


def elsewhere(desk: Desk, place: Place, teams: Iterable[str], *, once: str, title: str, sentence: str) -> None:
    """Tell *sentence* to the rooms of *teams*, if it was not said there: in a direct message, or in another room.

    Once for the word *once*. A room that is known by its name only cannot be told from where we are, unless we are in
    none.
    """
    alone, found = place.direct or not place.channel, desk.settings().teams
    rooms = [
        room(name)
        for name in dict.fromkeys(teams)
        if (known := found[name].slack if name in found else None)
        and (alone or (known != place.channel and not known.startswith("#")))
    ]
    if rooms:
        told = RoomNews(once=once, receivers=tuple(rooms), what=Announcement(title, (plainly(sentence),)))
        desk.do(room_news(told, desk.clock()))


def swap_about(name: str) -> str:
    """What the question is about that asks for the swap *name*; see `Answer`."""
    return f"swap/{name}"


def plainly(sentence: str) -> str:
    """Neutral text in words only; announcements know no marks, and show such times by each reader's clock."""
    return "".join(utc_time(each.at) if isinstance(each, Moment) else each.text for each in pieces(sentence))


# ── The incident ─────────────────────────────────────────────────────────────────────────────────────────────────────
def incident_of(desk: Desk, name: str) -> Incident | None:
    """The incident *name* as it is now."""
    stored = desk.store.load([name]).get(name) if name else None
    return _MACHINE.decode(stored.state) if stored is not None and stored.machine == _MACHINE.name else None


def pressed_incident(wish: Pressed) -> str:
    """The incident that a press is about: the one that the button carries, or whose message it stands in."""
    return word(wish.value, "i") or wish.place.incident


def titled(desk: Desk, name: str, incident: Incident) -> str:
    """An incident's title, as a link to it."""
    title = one_line(incident.face.title, TITLE_MAX) or "(no title)"
    return link(f"{desk.url}/incidents/{name}", title) if desk.url else bold(title)


def standing_of(desk: Desk, name: str) -> str:
    """How the incident *name* stands, in a sentence or two; empty if there is none."""
    incident = incident_of(desk, name)
    return standing(incident, telling(desk), desk.clock()) if incident else ""


def done(desk: Desk, wish: Filled, once: str, command: Command) -> Reply:
    """Store *command* durably, once however often the form is sent; what came of it, in words."""
    handled = desk.do(
        Received(
            received_at=desk.clock(),
            channel=CHANNEL,
            key="",
            head=f"{ONCE}: form/{wish.form}/{once}".encode(),
            body=json.encode(command),
        )
    )
    if not handled:
        return plain_answer(LATER)
    reason = handled[0].reason
    return plain_answer(f"{_SAID.get(reason, reason)} {standing_of(desk, command.incident)}".strip())
