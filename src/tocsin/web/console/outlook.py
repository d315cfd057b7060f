"""An incident in the words of people: who has it, what happens next and when; the machine itself tells the future."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, assert_never

import msgspec
from msgspec.structs import replace

from tocsin.incidents import flapping, holding, ladder, several, steps
from tocsin.incidents.alerts import Kind
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.silences import MuteKind
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import Instant, format_duration

NAMES_MAX: Final = 4  # More names are not read, only counted.
LOOKS_MAX: Final = 30  # Ticks that are played to see the future; few ladders are longer.

_STAYS_SILENT: Final = "stays silent: another silence covers it"
_RESPONDER: Final = ladder.responder("")
_TEAM: Final = ladder.room("")


class Coming(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happens at *at* unless somebody acts before.

    *asked*: who is asked then, and *position*: that on the ladder of their step; None when nobody is.
    """

    at: Instant
    what: str
    asked: tuple[str, ...] = ()
    position: int | None = None


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """*who* has it now, *then* what happens at *at* unless somebody acts; *then* is empty when nothing will."""

    who: str
    then: str = ""
    at: Instant | None = None


def outlook(machine: IncidentMachine, state: Incident, names: Mapping[str, str]) -> Outlook:
    """How *state* stands and goes on."""
    found = flapping.worst(state)
    who = _who(state, names) + (f"; {flapping.sentence(found)}" if found and state.live else "")
    if state.wake_at is None:
        return Outlook(who=who)
    at = state.wake_at if state.firing or state.calm_at is None else min(state.wake_at, state.calm_at)
    after = machine.decide(state, Tick(), at).state
    assert after is not None
    return Outlook(who=who, then=_then(state, after, names), at=at)


def coming(machine: IncidentMachine, state: Incident, names: Mapping[str, str]) -> tuple[Coming, ...]:
    """What happens to *state* while nobody acts and nothing comes in, as far as LOOKS_MAX ticks tell.

    It ends where the last resort begins to repeat itself. A step tells whom it would ask, as schedules stand today for
    the moment at which it is asked.
    """
    found: list[Coming] = []
    for _ in range(LOOKS_MAX):
        at = state.next_at
        if at is None:
            break
        after = machine.decide(state, Tick(), at).state
        assert after is not None
        if (after.status, after.rung, after.snoozed_until) != (state.status, state.rung, state.snoozed_until):
            each = Coming(at=at, what=_then(state, after, names))
            if after.status is Status.TRIGGERED:
                each = replace(each, asked=after.asked, position=after.rung - after.base)
            if _is_last(after, each) and any(_is_last(after, other) and each.what == other.what for other in found):
                every = format_duration(after.plan.policy.everyone_delay)
                return (*found[:-1], replace(found[-1], what=f"{found[-1].what}, and so on every {every}"))
            found.append(each)
        state = after
    return tuple(found)


def asks(state: Incident, responder: str, teams: Sequence[str]) -> bool:
    """Whether *responder*, a member of *teams*, is one of those who are asked now and have not passed."""
    if state.status is not Status.TRIGGERED or not responder:
        return False
    receivers = {ladder.responder(responder), *(ladder.room(team) for team in teams)}
    return bool(receivers & ladder.awaited(state, unreached=True))


def person(name: str, names: Mapping[str, str]) -> str:
    """How a responder is called."""
    return names.get(name, name)


def receiver(name: str, names: Mapping[str, str]) -> str:
    """How a receiver is called."""
    if name.startswith(_RESPONDER):
        return person(name.removeprefix(_RESPONDER), names)
    return f"everyone in {name.removeprefix(_TEAM)}" if name.startswith(_TEAM) else ladder.label(name)


def _who(state: Incident, names: Mapping[str, str]) -> str:
    match state.status:
        case Status.RESOLVED:
            return f"resolved by {person(state.resolved_by, names)}" if state.resolved_by else "resolved by itself"
        case Status.ACKNOWLEDGED:
            together = state.answered or (state.assignee or state.acknowledged_by,)
            return f"acknowledged by {', '.join(person(name, names) for name in together)}"
        case Status.SNOOZED if state.silenced and state.mute:
            by = state.mute.by or "somebody"
            return f"{ladder.muted_by(state.mute.kind)} {by}" + (f": {state.mute.why}" if state.mute.why else "")
        case Status.SNOOZED if state.held and state.hold:
            return f"held: {holding.because(state.hold)}"
        case Status.SNOOZED:
            return f"snoozed by {person(state.assignee, names)}"
        case Status.TRIGGERED if state.kind is Kind.NOTIFICATION:
            return "only announced, nobody is asked"
        case Status.TRIGGERED:
            have = _list(list(map(ladder.responder, state.answered)), names)
            more = f"; {have} acknowledged, {several.missing(state)} more must" if state.answered else ""
            lost = f"; {_list(state.unreached, names)} could not be reached" if state.unreached else ""
            return f"asking {_waited(state, names)}{more}{lost}"
    assert_never(state.status)


def _waited(state: Incident, names: Mapping[str, str]) -> str:
    """Those of whom an answer is awaited."""
    awaited = ladder.awaited(state, unreached=True)
    return _list([name for name in state.asked if name in awaited], names)


def _then(state: Incident, after: Incident, names: Mapping[str, str]) -> str:
    if after.status is Status.RESOLVED:
        return "closes by itself"
    if after.status is Status.SNOOZED:
        mute = after.mute
        machine = mute is not None and mute.kind is not MuteKind.SILENCE
        return f"stays silent: {ladder.muted_by(mute.kind)} {mute.by}" if mute and machine else _STAYS_SILENT
    if after.status is Status.TRIGGERED is state.status and after.rung == state.rung:
        # Nobody new is asked: a smart step waits on, or what flaps has just recovered.
        return "asks others when it fires again" if flapping.quiet(after) else f"waits on for {_waited(after, names)}"
    # Whom a choice will be for cannot be said before it is made.
    chosen = steps.chosen(after) if after.status is Status.TRIGGERED else ()
    asked = _list(chosen or after.asked, names)
    match state.status:
        case Status.ACKNOWLEDGED:
            return f"asks {asked}, if it is still open"
        case Status.SNOOZED if state.assignee:
            return f"asks {asked} again"
        case _:
            return f"asks {asked} again" if state.asked == after.asked and not chosen else f"asks {asked}"


def _is_last(state: Incident, found: Coming) -> bool:
    return found.position is not None and state.plan.policy.is_last(found.position)


def _list(receivers: Sequence[str], names: Mapping[str, str]) -> str:
    if not receivers:
        return "nobody"
    called = [receiver(name, names) for name in receivers[:NAMES_MAX]]
    more = len(receivers) - len(called)
    return ", ".join(called) + (f" and {more} more" if more else "")
