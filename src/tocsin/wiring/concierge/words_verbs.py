"""The verbs of an incident in words: which one is meant, what is done, and what came of it.

Who did it is seen by all in the incident's own message and its thread; the answer here is for who has asked.
"""

from __future__ import annotations

import difflib
from typing import Final, assert_never

from tocsin.conversing.replies import Answer
from tocsin.conversing.requests import Acknowledge, Escalate, Note, Pass, Reassign, Resolve, Snooze, Verb
from tocsin.conversing.wishes import Said
from tocsin.engine.ports import Received
from tocsin.incidents.alerts import Kind
from tocsin.incidents.commands import Command
from tocsin.incidents.ladder import responder
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.outcomes import outcome
from tocsin.incidents.reasons import Reason
from tocsin.incidents.state import Incident
from tocsin.incidents.telling import LISTED_MAX, next_step, one_line
from tocsin.kernel import json
from tocsin.kernel.time import HOUR, MINUTE, format_instant
from tocsin.saying.message import Aside, Paragraph, Part, Saying
from tocsin.saying.text import moment
from tocsin.web.console.outlook import outlook
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.filling import room_team
from tocsin.wiring.concierge.rights import NOT_YOURS, may_act
from tocsin.wiring.concierge.words_lists import Seen, glances, incident, item, worse
from tocsin.wiring.concierge.words_room import incident_link, says, tell
from tocsin.wiring.concierge.words_room import telling as telling_of

CHANNEL: Final = "console"  # Commands of people, by whatever chat they come, are read as the console's.
TEXT_MAX: Final = 2000  # Characters, as the machine keeps of a note.
ALIKE: Final = 0.6
ALIKE_AMONG_MAX: Final = 200  # Titles, the newest, among which is guessed ...
COMPARED_MAX: Final = 80  # ... by so many characters: others write them, and comparing takes their product.

_MACHINE: Final = IncidentMachine()
_LATER: Final = "It is stored, and will be done in a moment."
# What is said after these would be beside the point, or be said twice.
_LAST: Final = frozenset({Reason.NOTED, Reason.NOTE_EMPTY, Reason.SNOOZED, Reason.SNOOZE_IN_PAST})
_SNOOZES: Final = (("30 min", 30 * MINUTE), ("2 h", 2 * HOUR))


def act(desk: Desk, wish: Said, request: Verb) -> Answer:
    """Do it, or ask which one is meant. Blocks on the store."""
    found = _find(desk, wish, request)
    if isinstance(found, Answer):
        return found
    name, before = found
    if not may_act(desk, wish.by, wish.place, before.team):
        return tell(NOT_YOURS)
    if isinstance(request, Snooze) and request.until is None:
        return _until_when(desk, name, before)
    command = _command(request, name, before, wish.by.responder)
    body = json.encode(command)
    handled = desk.do(Received(received_at=wish.at, channel=CHANNEL, key="", head=b"", body=body))
    title = incident_link(desk, name, before.face.title)
    if not handled:
        return tell(f"{title}: {_LATER}")
    after = incident(desk, name) or before
    return tell(f"{title}: {_outcome(desk, wish, handled[0].reason, before, after)}")


def line(request: Verb, name: str) -> str:
    """*request* about the incident *name*, as it could be typed."""
    match request:
        case Acknowledge():
            return f"ack {name}"
        case Resolve():
            return f"resolve {name} {request.text}".strip()
        case Snooze():
            return f"snooze {name}" + (f" until {format_instant(request.until)}" if request.until is not None else "")
        case Escalate():
            return f"escalate {name}"
        case Pass():
            return f"pass {name} {request.text}".strip()
        case Reassign():
            return f"assign {name} to {request.to}"
        case Note():
            return f"note {name} {request.text}"
    assert_never(request)


def _find(desk: Desk, wish: Said, request: Verb) -> tuple[str, Incident] | Answer:
    which = request.which
    if not which and wish.place.incident:
        which = wish.place.incident
    if which and (state := incident(desk, which)) is not None:
        return which, state
    live = list(glances(desk, live_only=True))
    if not which:
        return _only(desk, wish, request, _likely(desk, wish, live), which)
    found = [seen for seen in live if seen[1].has(which)]
    if which[:1].isdigit() and not found:
        # A number is never guessed at: what it begins may be another one than was meant.
        begun = [seen for seen in live if seen[0].startswith(which)]
        return _choose(desk, wish, request, begun, f"No open incident has the number {one_line(which, 60)}.")
    if not found:
        titles = {seen[1].face.title.lower()[:COMPARED_MAX]: seen for seen in live[:ALIKE_AMONG_MAX]}
        meant = which.lower()[:COMPARED_MAX]
        found = [titles[title] for title in difflib.get_close_matches(meant, titles, n=3, cutoff=ALIKE)]
        return _choose(desk, wish, request, found, f'No open incident is called "{one_line(which, 60)}".')
    return _only(desk, wish, request, found, which)


def _likely(desk: Desk, wish: Said, live: list[Seen]) -> list[Seen]:
    """Of those that are open in this room, those that are the speaker's; or that wait for somebody; or all."""
    team, me = room_team(desk.settings(), wish.place), wish.by.responder
    here = [seen for seen in live if team in {"", seen[1].plan.team} and seen[1].kind is Kind.ALERT]
    mine = [seen for seen in here if seen[1].assignee == me or (seen[1].waits and responder(me) in seen[1].asked)]
    return mine or [seen for seen in here if seen[1].waits] or here


def _only(desk: Desk, wish: Said, request: Verb, found: list[Seen], which: str) -> tuple[str, Incident] | Answer:
    """The one that was found, if there is one only."""
    if len(found) == 1 and (state := incident(desk, found[0][0])) is not None:
        return found[0][0], state
    if not found:
        return tell("Nothing is open, so there is nothing to do.")
    called = f' are called "{one_line(which, 60)}"' if which else " are open"
    return _choose(desk, wish, request, found, f"{len(found)} incidents{called}. Which one do you mean?")


def _choose(desk: Desk, wish: Said, request: Verb, found: list[Seen], heading: str) -> Answer:
    order = sorted(found, key=worse)[:LISTED_MAX]
    states = {name: state for name, _ in order if (state := incident(desk, name)) is not None}
    meant = "Did you mean one of these?" if states and not heading.endswith("?") else ""
    items = [
        item(desk, name, state, wish.by.responder, action=says("This one", line(request, name)))
        for name, state in states.items()
    ]
    hidden: list[Part] = [Aside((f"and {len(found) - len(items)} more",))] if len(found) > len(items) else []
    text = f"{heading} {meant}".strip()
    if not items:
        return tell(text, actions=[says("What is open?", "open")])
    return Answer(saying=Saying(summary=text, parts=(Paragraph(text), *items, *hidden)))


def _until_when(desk: Desk, name: str, state: Incident) -> Answer:
    title = incident_link(desk, name, state.face.title)
    choices = [says(label, f"snooze {name} {length // MINUTE} min") for label, length in _SNOOZES]
    choices.append(says("tomorrow 9:00", f"snooze {name} until tomorrow 9:00"))
    return tell(f"{title}: snooze it until when?", actions=choices)


def _command(request: Verb, name: str, state: Incident, by: str) -> Command:
    match request:
        case Acknowledge():
            return Command(verb="acknowledge", incident=name, by=by)
        case Resolve():
            return Command(verb="resolve", incident=name, by=by, text=request.text[:TEXT_MAX])
        case Snooze():
            return Command(verb="snooze", incident=name, by=by, until=request.until)
        case Escalate():
            return Command(verb="escalate", incident=name, by=by, rung=state.rung)
        case Pass():
            return Command(verb="pass", incident=name, by=by, rung=state.rung, text=request.text[:TEXT_MAX])
        case Reassign():
            return Command(verb="reassign", incident=name, by=by, to=request.to)
        case Note():
            return Command(verb="note", incident=name, by=by, text=request.text[:TEXT_MAX])
    assert_never(request)


def _outcome(desk: Desk, wish: Said, reason: str, before: Incident, after: Incident) -> str:
    """What came of it, and what happens next."""
    told = telling_of(desk)
    who = one_line(outlook(_MACHINE, after, desk.names()).who, 300)
    if reason == Reason.ALREADY_ACKNOWLEDGED and after.assignee == wish.by.responder:
        who = f"acknowledged by {told.person(after.assignee)}, which is you"
    back = f"at {moment(after.snoozed_until or wish.at)}"
    had = told.person(before.assignee) if before.assignee else "somebody"
    sentence = outcome(reason, who=who, before=had, back=back)
    sentence = sentence if sentence.endswith((".", "!")) else f"{sentence[:1].upper()}{sentence[1:]}."
    follows = next_step(after, told, wish.at) if reason not in _LAST else ""
    return f"{sentence} {follows}".strip()
