"""Silences in words: made, listed and ended by the orders that the console and the terminal give, too."""

from __future__ import annotations

import secrets
from typing import Final

from tocsin.conversing.replies import Answer, Reply
from tocsin.conversing.requests import EndSilence, Silence
from tocsin.conversing.wishes import Said
from tocsin.engine.ports import Received
from tocsin.errors import TocsinError
from tocsin.incidents import silence_making as making
from tocsin.incidents.ladder import responder, room
from tocsin.incidents.matchers import Matcher
from tocsin.incidents.silence_lists import listed, muted, phase
from tocsin.incidents.silence_machine import Silencing
from tocsin.incidents.silence_making import UnclearError, Wish
from tocsin.incidents.silence_telling import what
from tocsin.incidents.silences import Order, Phase
from tocsin.incidents.silences import Silence as Made
from tocsin.incidents.telling import LISTED_MAX, one_line
from tocsin.kernel import json
from tocsin.saying.message import Aside, Item, Paragraph, Part, Saying
from tocsin.saying.text import code, moment
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.filling import room_team
from tocsin.wiring.concierge.rights import NOT_YOURS, may_act, own_team, team_of_integration, team_of_silence
from tocsin.wiring.concierge.words_lists import incident
from tocsin.wiring.concierge.words_opening import Opens
from tocsin.wiring.concierge.words_room import NOT_KNOWN, incident_link, is_known, says, tell
from tocsin.wiring.concierge.words_room import telling as telling_of

CHANNEL: Final = "silence"
FORM: Final = "form:silence"
ID_BYTES: Final = 6
NO_REASON: Final = "said in chat, no reason given"
WHAT_MAX: Final = 200

_SPECIAL: Final = frozenset("\\.+?()|[]{}^$")
_LENGTHS: Final = ("30 min", "2 h", "8 h", "1 day")


def silence(desk: Desk, wish: Said, request: Silence, opens: Opens) -> Reply:
    """Make it; the form, or a choice of ends, where no end was said. Blocks on the store."""
    unsaid = request.here and request.until is None and not request.why
    if (request.bare or unsaid) and (form := opens.get(FORM)):
        return form(wish)
    if request.bare:
        return tell(f"Say what, and for how long, like {code('silence disk 2h')} or {code('silence service=db 2h')}.")
    if request.until is None:
        return _until_when(wish, request)
    about, integration, team, title = _about(desk, wish, request)
    if not about and not team and not desk.is_configured(wish.by.responder):
        team = own_team(desk, wish.by, wish.place)  # Only the configuration's people silence everything.
        if not team:
            return tell(NOT_KNOWN)
    concerned = request.team or team_of_integration(desk.settings(), request.integration) or team
    if not may_act(desk, wish.by, wish.place, concerned):
        return tell(NOT_YOURS)
    made = Wish(
        id=f"s{secrets.token_hex(ID_BYTES)}",
        by=wish.by.responder,
        why=request.why or NO_REASON,
        starts_at=wish.at if request.start is None else request.start,
        ends_at=request.until,
        matchers=request.matchers,
        team=request.team or (team if not about else ""),
        integration=integration or request.integration,
        tell=(responder(wish.by.responder),) if is_known(desk, wish.by) else (room(team),) if team else (),
    )
    try:
        found = making.silence(made, desk.clock(), more=(*about, *_matchers(request)))
    except UnclearError as problem:
        raise TocsinError("silence-unclear", f"Nothing was silenced: {problem}.") from None
    done = _order(desk, wish, Order(make=found))
    by = telling_of(desk).person(wish.by.responder)
    begin = f"From {moment(found.starts_at)} until" if found.starts_at > wish.at else "Until"
    text = f"{by} has silenced {title or spoken(found)}. {begin} {moment(found.ends_at)} nobody is asked about it."
    why = f" Why: {one_line(found.comment, WHAT_MAX)}." if request.why else ""
    later = "" if done else " It is stored, and counts in a moment."
    undo = says("Undo", f"unsilence {found.id}")
    return tell(f"{text}{why}{later}", actions=[undo], private=wish.place.direct)


def silences(desk: Desk, wish: Said) -> Answer:
    """Those that are not over, each with a button that ends it. Blocks on the store."""
    live = _live(desk, wish)
    if not live:
        return tell("Nothing is silenced.")
    under = muted(desk.store)
    items = [_item(desk, state, len(under.get(state.silence.id, ()))) for state in live[:LISTED_MAX]]
    rest = len(live) - len(items)
    more: list[Part] = [Aside((f"and {rest} more",))] if rest else []
    heading = f"{len(live)} silence{'s' * (len(live) != 1)}:"
    return Answer(saying=Saying(summary=heading, parts=(Paragraph(heading), *items, *more)))


def end_silence(desk: Desk, wish: Said, request: EndSilence) -> Answer:
    """End the one that is meant. Blocks on the store."""
    live = _live(desk, wish)
    wanted = request.name.lower()
    found = [state for state in live if state.silence.id == request.name] or [
        state
        for state in live
        if all(word in f"{what(state.silence)} {state.silence.comment}".lower() for word in wanted.split())
    ]
    if not found:
        return tell(
            f'No silence is called "{one_line(request.name, 60)}"; it may be over already.',
            actions=[says("What is silenced?", "silences")],
        )
    if len(found) > 1:
        heading = f"{len(found)} silences fit. Which one do you mean?"
        items = [_item(desk, state, 0) for state in found[:LISTED_MAX]]
        return Answer(saying=Saying(summary=heading, parts=(Paragraph(heading), *items)))
    ended = found[0].silence
    if not may_act(desk, wish.by, wish.place, team_of_silence(desk.settings(), ended)):
        return tell(NOT_YOURS)
    done = _order(desk, wish, Order(end=ended.id))
    by = telling_of(desk).person(wish.by.responder)
    text = f"{by} has ended the silence of {spoken(ended)}. What fires under it is asked about now."
    return tell(text if done else f"{text} It is stored, and counts in a moment.", private=wish.place.direct)


def spoken(found: Made) -> str:
    """What *found* is about, for people: words of the title as they were said."""
    named = []
    for each in found.matchers:
        if each.name == "title" and each.regex and each.equal and each.value.startswith("(?i)"):
            glob = each.value.removeprefix("(?i)").replace(".*", "*").replace("\\", "")
            named.append(f'"{one_line(glob.strip("*"), WHAT_MAX)}"')
        else:
            named.append(one_line(str(each), WHAT_MAX))
    places = [f"team {found.team}"] if found.team else []
    places += [f"integration {found.integration}"] if found.integration else []
    return " ".join(("alerts with", *named, *((f"in {one_line(' and '.join(places), WHAT_MAX)}",) if places else ())))


def _about(desk: Desk, wish: Said, request: Silence) -> tuple[tuple[Matcher, ...], str, str, str]:
    """The matcher for the alerts of an incident, its integration, the team, and what to call it."""
    team = room_team(desk.settings(), wish.place)
    name = request.which or (wish.place.incident if request.here else "")
    if not name:
        return (), "", team, ""
    state = incident(desk, name)
    if state is None:
        raise TocsinError("incident-unknown", f'There is no incident "{one_line(name, 60)}".')
    title = f"the alerts of {incident_link(desk, name, state.face.title)}"
    try:
        return (making.of_incident(state),), state.integration, state.team, title
    except UnclearError as problem:
        raise TocsinError("silence-unclear", f"Nothing was silenced: {problem}.") from None


def _matchers(request: Silence) -> tuple[Matcher, ...]:
    found = []
    if request.title:
        escaped = "".join(f"\\{char}" if char in _SPECIAL else char for char in request.title)
        found.append(Matcher(name="title", value=f"(?i){escaped.replace('*', '.*')}", regex=True))
    if request.severity:
        found.append(Matcher(name="severity", value=request.severity.value))
    return tuple(found)


def _until_when(wish: Said, request: Silence) -> Answer:
    """An end must be said: nothing is silenced for ever."""
    named = request.which or ""
    parts = [named] if named else []
    parts += [f'title:"{request.title}"'] if request.title else []
    parts += [f"team:{request.team}"] if request.team else []
    parts += [f"integration:{request.integration}"] if request.integration else []
    parts += [request.severity.value] if request.severity else []
    parts += request.matchers
    if not parts and wish.place.incident:
        parts = [wish.place.incident]
    why = f" {request.why}" if request.why else ""
    line = " ".join(("silence", *parts))
    return tell("For how long?", actions=[says(length, f"{line} for {length}{why}") for length in _LENGTHS])


def _live(desk: Desk, wish: Said) -> list[Silencing]:
    found = listed(desk.store, live_only=True, now=wish.at)
    return [state for state in found if phase(state, wish.at) is not Phase.EXPIRED]


def _item(desk: Desk, state: Silencing, under: int) -> Item:
    silence_ = state.silence
    by = telling_of(desk).person(silence_.created_by)
    begin = f"from {moment(silence_.starts_at)} " if state.phase is Phase.PENDING else ""
    holds = f" It holds {under} back." if under else ""
    why = one_line(silence_.comment, WHAT_MAX).rstrip(".")
    text = f"{spoken(silence_)}, {begin}until {moment(silence_.ends_at)}, by {by}: {why}.{holds}"
    return Item(text[:1].upper() + text[1:], says("End it", f"unsilence {silence_.id}"))


def _order(desk: Desk, wish: Said, order: Order) -> bool:
    """Whether it was carried out already."""
    received = Received(received_at=wish.at, channel=CHANNEL, key="", head=b"", body=json.encode(order))
    return bool(desk.do(received))
