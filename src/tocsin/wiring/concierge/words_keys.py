"""Where alerts go, and whether the bell rings, in answer to words. A key is shown once, to who has had it made."""

from __future__ import annotations

from typing import Final

from tocsin.conversing.replies import Answer
from tocsin.conversing.requests import KeyAsk, Test
from tocsin.conversing.wishes import Said
from tocsin.errors import TocsinError
from tocsin.incidents.alerts import Severity
from tocsin.incidents.telling import LISTED_MAX, next_step, one_line, who
from tocsin.kernel.time import format_duration
from tocsin.saying.message import Item, Paragraph, Saying
from tocsin.saying.text import bold, code, moment
from tocsin.web.ports import IntegrationView
from tocsin.wiring.addressing import incident_key
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.filling import room_team
from tocsin.wiring.concierge.rights import NOT_YOURS, may_act, may_have_key
from tocsin.wiring.concierge.words_lists import incident
from tocsin.wiring.concierge.words_room import NOT_KNOWN, incident_link, is_known, says, team_here, tell
from tocsin.wiring.concierge.words_room import telling as telling_of
from tocsin.wiring.keys import OVERLAP
from tocsin.wiring.room_orders import Trial, order

_SURE: Final = f"Those that are there work for another {format_duration(OVERLAP)}. Shall I?"


def key(desk: Desk, wish: Said, request: KeyAsk) -> Answer:
    """The addresses of the integrations of the room; a new key for who asks for one. Blocks on the store."""
    if wish.by.responder not in desk.settings().responders:
        return tell(NOT_KNOWN)
    found = _integrations(desk, wish, request.integration)
    first = desk.settings().first_team
    if not all(may_have_key(desk, wish.by, each.team or first) for each in found):
        return tell(NOT_YOURS)
    if not found:
        return tell("This room's team has no integration yet, so nothing can be sent to it.")
    if request.new and len(found) == 1:
        return _made(desk, found[0])
    items = [
        Item(
            _address(desk, each),
            says("Make a new key", f"key integration:{each.name} new", sure=_SURE if each.keys else ""),
        )
        for each in found[:LISTED_MAX]
    ]
    heading = "Alerts are sent here. A key is shown only once, when it is made; of those there are you see the end."
    return Answer(saying=Saying(summary=heading, parts=(Paragraph(heading), *items)))


def ring(desk: Desk, wish: Said, request: Test) -> Answer:
    """A test alert, by the way of all alerts, that asks nobody but who has said it. Blocks on the store."""
    team = team_here(desk, wish.place, wish.by)
    if not may_act(desk, wish.by, wish.place, team):
        return tell(NOT_YOURS)
    by = wish.by.responder
    if by not in desk.settings().responders:
        return tell(NOT_KNOWN)
    found = _integrations(desk, wish, "")
    if not found:
        raise TocsinError("integration-missing", f"No integration sends to the team {team}, so nothing can be tested.")
    told = telling_of(desk)
    room = one_line(team, 60)
    trial = Trial(
        by=by,
        name=one_line(desk.names()[by], 60),
        room=room,
        # A loud test is for who is known: a room's team may hear that, too.
        severity=request.severity if request.severity and is_known(desk, wish.by) else Severity.WARNING,
        once=str(wish.at),
    )
    done = desk.do(order(found[0].name, trial, wish.at))
    address = incident_key(found[0].name, trial.dedup_key)
    name = desk.store.find([address]).get(address, "") if done else ""
    state = incident(desk, name) if name else None
    if state is None:
        return tell("The test alert is stored; you will see it in a moment. It asks you, and nobody else.")
    link = incident_link(desk, name, state.face.title)
    follows = f"{who(state, told)} {next_step(state, told, wish.at)}".strip()
    return tell(
        f"{link} is on its way; it asks you, and nobody else. {follows}",
        actions=[says("Take it", f"ack {name}"), says("End the test", f"resolve {name} it was a test")],
    )


def _made(desk: Desk, found: IntegrationView) -> Answer:
    """The one time that a key is shown."""
    url = desk.keys.rotate(found.name)
    before = f" Those that were there end in {format_duration(OVERLAP)}." if found.keys else ""
    curl = f"""curl {url} -d '{{"title": "Hello from curl"}}'"""
    text = (
        f"This is the new address of {bold(one_line(found.name, 60))}. Keep it safe: nobody can tell it again."
        f"{before}\n{code(url)}\nTry it: {code(curl)}"
    )
    return tell(text)


def _address(desk: Desk, found: IntegrationView) -> str:
    name, base = bold(one_line(found.name, 60)), f"{desk.url}/v1/in/"
    keys = [each for each in found.keys if each.ends_at is None or each.ends_at > desk.clock()]
    if not keys:
        return f"{name}: it has no key yet."
    lines = []
    for each in keys:
        used = f"last used {moment(each.used_at)}" if each.used_at else "never used yet"
        ends = f", ends {moment(each.ends_at)}" if each.ends_at else ""
        lines.append(f"{code(f'{base}…{each.hint}')} {used}{ends}")
    return f"{name}: " + "\n".join(lines)


def _integrations(desk: Desk, wish: Said, named: str) -> list[IntegrationView]:
    """The one that is named, or those of the room's team, or of the team that is meant."""
    listing = list(desk.keys.listing())
    if named:
        return [each for each in listing if each.name == named]
    team = room_team(desk.settings(), wish.place) or team_here(desk, wish.place, wish.by)
    first = desk.settings().first_team
    return [each for each in listing if (each.team or first) == team]
