"""One incident: its facts, its alerts, its story, and the buttons that make sense for it now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tocsin.changes.history import before
from tocsin.engine.ports import Handled
from tocsin.incidents import ladder
from tocsin.incidents.alerts import AlertStatus, Link
from tocsin.incidents.grouping import values
from tocsin.incidents.naming import named
from tocsin.incidents.state import AlertLine, Incident, Status
from tocsin.kernel.time import DAY, HOUR, MINUTE, Duration
from tocsin.noise.remedies import Remedy
from tocsin.web.console.ladder_picture import Picture, marks, picture
from tocsin.web.console.outlook import Coming, asks, coming, outlook
from tocsin.web.console.storm import held
from tocsin.web.console.visits import Visit, respond
from tocsin.web.console.ways_ahead import waiting, ways_ahead

ALERTS_MAX: Final = 50  # Shown of the alerts in one incident, firing ones first.
TIMELINE_READ_MAX: Final = 1000  # Most inputs of a storm are repetitions, which have no line.
TIMELINE_MAX: Final = 100  # Lines shown, newest first.
COMING_MAX: Final = 5  # Things to come that are told of: who reads more of the future does not act.
SNOOZES: Final[tuple[tuple[str, Duration], ...]] = (("30 min", 30 * MINUTE), ("2 h", 2 * HOUR))
LENGTHS: Final[tuple[tuple[str, Duration], ...]] = (  # Of silences.
    ("30 min", 30 * MINUTE),
    ("1 h", HOUR),
    ("2 h", 2 * HOUR),
    ("4 h", 4 * HOUR),
    ("8 h", 8 * HOUR),
    ("1 day", DAY),
    ("3 days", 3 * DAY),
    ("7 days", 7 * DAY),
    ("30 days", 30 * DAY),
)


class Buttons(msgspec.Struct, frozen=True, kw_only=True):
    """Which verbs mean something now; all others would be answered with a reason, so they are shown as off.

    *why_no_pass* tells it where it is not plain.
    """

    live: bool
    acknowledge: bool
    take_over: bool
    pass_on: bool
    why_no_pass: str


def show_incident(visit: Visit) -> Response:
    """GET /incidents/{id}. Blocks on the store."""
    name = visit.request.path_params["id"]
    state = find_incident(visit, name)
    if state is None:
        raise HTTPException(404)
    console = visit.console
    lines = sorted(state.alerts.values(), key=_firing_first)
    ahead = coming(console.machine, state, visit.names)
    ways = ways_ahead(console.machine, name, state, waiting(console.store, state), visit.names, visit.now)
    return respond(
        visit,
        "incident.html",
        id=name,
        incident=state,
        outlook=outlook(console.machine, state, visit.names),
        coming=sorted((*ahead, *ways), key=lambda each: each.at)[:COMING_MAX],
        picture=_picture(visit, state, ahead) if state.live else None,
        mine=asks(state, visit.me, _teams(visit)),
        buttons=buttons(state, visit.me),
        remedy=in_force(visit, state.plan.remedy.key) if state.plan.remedy else None,
        group=", ".join(f"{key}={value}" for key, value in values(state.face, state.plan.group_by).items()),
        held=sum(1 for _ in held(console.store, state)) if state.live else 0,
        lines=lines[:ALERTS_MAX],
        hidden=len(lines) - ALERTS_MAX,
        changes=before(console.store, state.opened_at),
        timeline=_timeline(console.store.timeline(name, TIMELINE_READ_MAX), visit.names),
        links=[link for link in state.face.links if _is_web(link)],
        others=[(other, called) for other, called in visit.names.items() if other != visit.me],
        snoozes=SNOOZES,
        silence_lengths=LENGTHS,
    )


def find_incident(visit: Visit, name: str) -> Incident | None:
    """The state of the incident *name*, if there is one. Blocks on the store."""
    stored = visit.console.store.load([name]).get(name)
    if stored is None or stored.machine != visit.console.machine.name:
        return None
    return visit.console.machine.decode(stored.state)


def in_force(visit: Visit, key_id: str) -> Remedy | None:
    """The remedy in force for the key with this id. Blocks on the store."""
    found = visit.console.noise.treatment(key_id)
    return found.current if found else None


def buttons(state: Incident, me: str) -> Buttons:
    """What *me* can do about *state*."""
    mine = bool(me) and state.assignee == me
    acknowledged = state.status is Status.ACKNOWLEDGED
    return Buttons(
        live=state.live,
        acknowledge=state.live and not (acknowledged and mine),
        take_over=acknowledged and bool(state.assignee) and not mine,
        pass_on=_may_pass(state, me),
        why_no_pass=_why_no_pass(state, me),
    )


def _picture(visit: Visit, state: Incident, ahead: Sequence[Coming]) -> Picture:
    marked = marks(state, ahead, visit.names)
    return picture(state.plan.policy, visit.names, visit.console.oncall.duty(), visit.now, marked)


def _may_pass(state: Incident, me: str) -> bool:
    if state.status is Status.TRIGGERED:
        receiver = ladder.responder(me)
        return receiver in state.asked and receiver not in state.passed
    return state.live and bool(me) and state.assignee == me


def _why_no_pass(state: Incident, me: str) -> str:
    if not state.live or _may_pass(state, me):
        return ""
    return "You are not asked, so there is nothing to pass on." if me else "Say who you are, then you can pass on."


def _firing_first(line: AlertLine) -> tuple[bool, int, int]:
    return line.status is AlertStatus.RESOLVED, -line.severity.weight, -line.last_at


def _timeline(handled: Sequence[Handled], names: Mapping[str, str]) -> Sequence[Handled]:
    told = [line for line in reversed(handled) if line.story][:TIMELINE_MAX]
    return [msgspec.structs.replace(line, story=named(line.story, names)) for line in told]


def _teams(visit: Visit) -> Sequence[str]:
    return [team for team, members in visit.console.roster.teams().items() if visit.me in members]


def _is_web(link: Link) -> bool:
    return link.href.startswith(("https://", "http://"))
