"""Lists of incidents in answer to words: ten of them, worst first, each with its button; of the rest the number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from tocsin.conversing.replies import Answer
from tocsin.conversing.requests import ListAlerts, Missed, Open
from tocsin.conversing.wishes import Said
from tocsin.incidents import ladder, telling
from tocsin.incidents.alerts import Kind, Severity
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident, Status
from tocsin.incidents.telling import LISTED_MAX, one_line
from tocsin.kernel.time import DAY, Instant
from tocsin.saying.message import Aside, Button, Item, Paragraph, Part, Saying, Tone
from tocsin.saying.text import bold, link, moment
from tocsin.schedules.timeline import shifts
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.words_room import incident_link, says, tell
from tocsin.wiring.concierge.words_room import telling as telling_of

WINDOW_MAX: Final = 2000  # Incidents that are looked through, the newest: some ten milliseconds.
PAGE: Final = 500
SHIFTS_MAX: Final = 5
SHIFTS_AHEAD: Final = 30 * DAY

_MACHINE: Final = IncidentMachine()
_TONES: Final = {
    Severity.CRITICAL: Tone.CRITICAL,
    Severity.HIGH: Tone.HIGH,
    Severity.WARNING: Tone.WARNING,
    Severity.INFO: Tone.INFO,
}


class _Plan(msgspec.Struct, frozen=True):
    team: str


class _Face(msgspec.Struct, frozen=True):
    title: str
    resource: str = ""


class Glance(msgspec.Struct, frozen=True, kw_only=True):
    """As much of an incident as sorting and searching need: reading only this is several times quicker."""

    status: Status
    kind: Kind
    severity: Severity
    opened_at: Instant
    count: int
    plan: _Plan
    face: _Face
    assignee: str = ""
    asked: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()

    @property
    def waits(self) -> bool:
        """Somebody is asked."""
        return self.status is Status.TRIGGERED and self.kind is Kind.ALERT

    def has(self, words: str) -> bool:
        """Whether its title and its resource have all of *words*."""
        text = f"{self.face.title} {self.face.resource}".lower()
        return all(word in text for word in words.lower().replace("*", " ").split())


Seen = tuple[str, Glance]
_GLANCES: Final = msgspec.json.Decoder(Glance)


def glances(desk: Desk, *, live_only: bool, since: Instant = 0) -> Iterator[Seen]:
    """Incidents, newest first, opened at *since* or later. Blocks on the store."""
    before: tuple[Instant, str] | None = None
    for _ in range(WINDOW_MAX // PAGE):
        rows = desk.store.listing(_MACHINE.name, live_only=live_only, limit=PAGE, before=before)
        for row in rows:
            found = _GLANCES.decode(row.state)
            if found.opened_at < since:
                return
            before = (found.opened_at, row.id)
            yield row.id, found
        if len(rows) < PAGE:
            return


def more_than(found: Sequence[Seen]) -> str:
    """What stands before the number of *found*, if there may be more."""
    return "more than " if len(found) >= WINDOW_MAX else ""


def incident(desk: Desk, name: str) -> Incident | None:
    """The incident *name*, if there is one. Blocks on the store."""
    stored = desk.store.load([name]).get(name)
    return _MACHINE.decode(stored.state) if stored is not None and stored.machine == _MACHINE.name else None


def opened(desk: Desk, wish: Said, request: Open) -> Answer:
    """What is open."""
    live = list(glances(desk, live_only=True))
    found = [
        seen
        for seen in live
        if request.team in {"", seen[1].plan.team}
        and request.severity in {None, seen[1].severity}
        and seen[1].has(request.words)
        and (seen[1].kind is Kind.ALERT or request.words)
    ]
    scope = _scope(request.team, request.words)
    if not found:
        return tell(f"Nothing{_severe(request.severity)} is open{scope}.", tone=Tone.GOOD)
    waiting = sum(glance.waits for _, glance in found)
    heading = (
        f"{more_than(live)}{_many(len(found), request.severity)} {'is' if len(found) == 1 else 'are'} open{scope}; "
    )
    if len(found) == 1:
        heading += "it waits for an answer." if waiting else "somebody has it, or it is muted."
    else:
        heading += f"{waiting or 'none'} of them wait{'s' * (waiting == 1)} for an answer."
    return listed(desk, wish, found, heading[:1].upper() + heading[1:])


def all_alerts(desk: Desk, wish: Said, request: ListAlerts) -> Answer:
    """All that came, closed or not."""
    since = wish.at - DAY if request.since is None else request.since
    until = request.until or wish.at + 1
    came = list(glances(desk, live_only=False, since=since))
    found = [
        seen
        for seen in came
        if seen[1].opened_at < until
        and request.team in {"", seen[1].plan.team}
        and request.severity in {None, seen[1].severity}
        and seen[1].has(request.words)
    ]
    scope = _scope(request.team, request.words)
    span = f"since {moment(since)}" if request.until is None else f"from {moment(since)} to {moment(until)}"
    if not found:
        return tell(f"Nothing{_severe(request.severity)} came in{scope} {span}.", tone=Tone.GOOD)
    alerts = sum(glance.count for _, glance in found)
    live = sum(glance.status is not Status.RESOLVED for _, glance in found)
    by = ", ".join(
        f"{number} {severity.value}"
        for severity in Severity
        if (number := sum(glance.severity is severity for _, glance in found))
    )
    heading = (
        f"{more_than(came)}{_many(len(found), request.severity)}{scope} {span}, of {alerts} alert{'s'[alerts == 1 :]}: "
        f"{live} open, {len(found) - live} closed ({by})."
    )
    return listed(desk, wish, found, heading[:1].upper() + heading[1:])


def missed(desk: Desk, wish: Said, request: Missed) -> Answer:
    """What nobody answered in time."""
    since = wish.at - 7 * DAY if request.since is None else request.since
    found = desk.figures.missed(since, wish.at + 1, request.team)
    scope = _scope(request.team, "")
    if not found:
        return tell(f"Nothing was missed{scope} since {moment(since)}.", tone=Tone.GOOD)
    heading = f"{_many(len(found))} {'was' if len(found) == 1 else 'were'} missed{scope} since {moment(since)}."
    worst = sorted(found, key=lambda each: (-each.severity.weight, -each.at))
    items = [
        Item(
            f"{bold(each.severity.value)} {incident_link(desk, each.incident, each.title)} · {moment(each.at)}: "
            f"{each.how.value}",
            says("Take it", f"ack {each.incident}") if each.how.name == "OPEN" else None,
            _TONES[each.severity],
        )
        for each in worst[:LISTED_MAX]
    ]
    return _answer(desk, heading, items, len(found), _TONES[worst[0].severity])


def mine(desk: Desk, wish: Said) -> Answer:
    """What the speaker has, and when it is their turn."""
    me = wish.by.responder
    teams = [name for name, team in desk.settings().teams.items() if me in team.members]
    asks = {ladder.responder(me), *map(ladder.room, teams)}
    found = [
        (name, glance)
        for name, glance in glances(desk, live_only=True)
        if glance.kind is Kind.ALERT
        and (glance.assignee == me or (glance.waits and asks & (set(glance.asked) - set(glance.passed))))
    ]
    turns = Paragraph("\n".join(_shifts(desk, me, wish.at)) or "No shift of yours is planned in the next 30 days.")
    if not found:
        return tell("You have nothing open, and nobody asks you.", turns, tone=Tone.GOOD)
    return listed(
        desk,
        wish,
        found,
        f"{_many(len(found))} {'is yours, or asks' if len(found) == 1 else 'are yours, or ask'} you.",
        turns,
    )


def listed(desk: Desk, wish: Said, found: Sequence[Seen], heading: str, *more: Part) -> Answer:
    """The worst of *found*, at least one, with what can be done about each."""
    order = sorted(found, key=lambda seen: (not seen[1].waits, *worse(seen)))
    states = desk.store.load([name for name, _ in order[:LISTED_MAX]])
    items = [
        item(desk, name, _MACHINE.decode(states[name].state), wish.by.responder)
        for name, _ in order[:LISTED_MAX]
        if name in states
    ]
    live = [glance.severity for _, glance in found if glance.status is not Status.RESOLVED]
    tone = _TONES[max(live, key=lambda severity: severity.weight)] if live else Tone.GOOD
    return _answer(desk, heading, items, len(found), tone, *more)


def item(desk: Desk, name: str, state: Incident, me: str, *, action: Button | None = None) -> Item:
    """One incident on a line."""
    told = telling_of(desk)
    where = " · ".join(telling.place(state, told)[-1:])
    text = f"{bold(state.severity.value)} {incident_link(desk, name, state.face.title)}"
    text += f" · {where}" * bool(where) + f" · #{one_line(name, 40)}\n{telling.who(state, told)}"
    return Item(text, action or _action(name, state, me), _TONES[state.severity] if state.live else Tone.GOOD)


def worse(seen: Seen) -> tuple[int, Instant, str]:
    """For sorting: the worst first, then the oldest."""
    return -seen[1].severity.weight, seen[1].opened_at, seen[0]


def _action(name: str, state: Incident, me: str) -> Button | None:
    if not state.live or state.kind is Kind.NOTIFICATION:
        return None
    if state.assignee == me and state.status is Status.ACKNOWLEDGED:
        return says("Resolve", f"resolve {name}", sure="Is it over?")
    if state.status is Status.ACKNOWLEDGED and state.assignee:
        return says("Take over", f"ack {name}")
    return says("Take it", f"ack {name}")


def _answer(desk: Desk, heading: str, items: Sequence[Item], total: int, tone: Tone, *more: Part) -> Answer:
    rest = total - len(items)
    hidden: list[Part] = [Aside((link(desk.url, f"and {rest} more"),))] if rest > 0 else []
    return Answer(saying=Saying(summary=heading, parts=(Paragraph(heading), *items, *hidden, *more), tone=tone))


def _shifts(desk: Desk, me: str, now: Instant) -> Iterator[str]:
    found = [
        (shift, schedule.name)
        for schedule in desk.oncall.schedules().values()
        for shift in shifts(schedule, now, now + SHIFTS_AHEAD)
        if shift.who == me
    ]
    for shift, name in sorted(found, key=lambda each: each[0].start)[:SHIFTS_MAX]:
        called = bold(one_line(name, 60))
        begin = "now" if shift.start <= now else f"from {moment(shift.start)}"
        yield f"On call in {called} {begin} until {moment(shift.until)}."


def _scope(team: str, words: str) -> str:
    parts = [f" for {one_line(team, 60)}"] if team else []
    parts += [f' with "{one_line(words, 60)}"'] if words else []
    return "".join(parts)


def _severe(severity: Severity | None) -> str:
    return f" {severity.value}" if severity else ""


def _many(number: int, severity: Severity | None = None) -> str:
    what = f"{_severe(severity)} incident"
    return f"1{what}" if number == 1 else f"{number}{what}s"
