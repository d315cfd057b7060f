"""Digests as the configuration wants them: which there are, when they come into being, and whose turn it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from tocsin.digests.machine import DigestMachine, Looked, Plan, Planned, Retired, Turn, TurnOf
from tocsin.digests.report import Kind
from tocsin.digests.times import Rhythm
from tocsin.engine.ports import Aggregates, Delivery, Received, Records
from tocsin.engine.runner import Addressed
from tocsin.engine.worker import Interpretation
from tocsin.incidents.ladder import responder, room
from tocsin.kernel import json
from tocsin.kernel.time import DAY, Instant
from tocsin.schedules.schedule import Schedule
from tocsin.schedules.timeline import current
from tocsin.wiring import channel_names
from tocsin.wiring.schedules import schedules
from tocsin.wiring.settings import DEFAULT, Settings, Team
from tocsin.wiring.settings_digests import Digests, parse_beat
from tocsin.wiring.settings_reader import NEXT_SUFFIX, SCHEDULE_PREFIX
from tocsin.wiring.settings_schedules import LOCAL

CHANNEL: Final = channel_names.DIGEST
LIVE_MAX: Final = 10_000  # As many teams and schedules no file has.

_MACHINE: Final = DigestMachine()


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is wanted of digests: that these be there, and those (by id) not any more.

    *looked*: the schedules that somebody may have changed.
    """

    planned: tuple[Plan, ...] = ()
    retired: tuple[str, ...] = ()
    looked: tuple[str, ...] = ()


def plans(settings: Settings) -> tuple[Plan, ...]:
    """All digests that *settings* ask for."""
    return (*_of_teams(settings), *_of_schedules(settings))


def configuration(settings: Settings, store: Aggregates, now: Instant) -> Received | None:
    """The delivery by which the digests of *settings* come into being, and others end; None when there is neither.

    Raises StoreUnavailableError.
    """
    wanted = plans(settings)
    names = {(plan.kind, plan.subject) for plan in wanted}
    rows = store.listing(_MACHINE.name, live_only=True, limit=LIVE_MAX)
    known = ((row.id, _MACHINE.decode(row.state).plan) for row in rows)
    over = tuple(name for name, plan in known if (plan.kind, plan.subject) not in names)
    if not wanted and not over:
        return None
    order = Order(planned=wanted, retired=over)
    return Received(received_at=now, channel=CHANNEL, key="", head=b"", body=json.encode(order))


def changed(settings: Settings, now: Instant) -> Received | None:
    """The delivery that follows an override or a swap: a shift may have ended. None when nobody is told of shifts."""
    looked = tuple(plan.subject for plan in _of_schedules(settings))
    if not looked:
        return None
    return Received(received_at=now, channel=CHANNEL, key="", head=b"", body=json.encode(Order(looked=looked)))


def interpret(delivery: Delivery) -> Interpretation:
    """The inputs of an order."""
    try:
        order = msgspec.convert(json.decode(delivery.body), Order)
    except (msgspec.ValidationError, json.JsonError) as problem:
        return Interpretation((), f"not an order: {problem}")
    planned = [
        Addressed(
            input_id=f"{delivery.id}/{number}",
            machine=_MACHINE.name,
            given=Planned(plan),
            keys=(digest_key(plan.kind, plan.subject),),
            fresh=f"{delivery.id}-digest{number}",
        )
        for number, plan in enumerate(order.planned)
    ]
    retired = [
        Addressed(input_id=f"{delivery.id}/retired/{number}", machine=_MACHINE.name, given=Retired(), aggregate=name)
        for number, name in enumerate(order.retired)
    ]
    looked = [
        Addressed(
            input_id=f"{delivery.id}/looked/{number}",
            machine=_MACHINE.name,
            given=Looked(),
            keys=(digest_key(Kind.HANDOVER, name),),
            fresh=f"{delivery.id}-look{number}",
        )
        for number, name in enumerate(order.looked)
    ]
    return Interpretation((*planned, *retired, *looked))


def digest_key(kind: Kind, subject: str) -> str:
    """The correlation key of a digest; no integration has an empty name, so that it is nobody else's."""
    return f"/digest/{kind.value}/{subject}"


def turns(settings: Settings, records: Records) -> TurnOf:
    """Whose turn it is in each schedule, as things are now: loaded when it is first asked, as `duty`."""
    loaded: list[Mapping[str, Schedule]] = []

    def turn_of(name: str, now: Instant) -> Turn:
        if not loaded:
            loaded.append(schedules(settings, records))
        schedule = loaded[0].get(name)
        if schedule is None:
            return Turn("", now + DAY)
        shift = current(schedule, now)
        return Turn(shift.who, shift.until)

    return turn_of


def of_team(settings: Settings, name: str) -> Digests | None:
    """What a team wants: its own section, or that of the file."""
    return settings.teams[name].digests or settings.digests


def rhythm_of(kind: Kind, wanted: Digests) -> Rhythm | None:
    """When a daily or weekly digest is due; None when it is off."""
    beat = parse_beat(wanted.weekly if kind is Kind.WEEKLY else wanted.daily)
    return None if beat is None else Rhythm(zone=wanted.time_zone or LOCAL, weekday=beat[0], time=beat[1])


def _of_teams(settings: Settings) -> Iterator[Plan]:
    for name, team in settings.teams.items():
        wanted, receivers = of_team(settings, name), _receivers(settings, name, team)
        if wanted is None or not receivers:
            continue
        for kind in (Kind.DAILY, Kind.WEEKLY):
            rhythm = rhythm_of(kind, wanted)
            if rhythm is not None:
                yield Plan(
                    kind=kind,
                    subject=name,
                    zone=rhythm.zone,
                    rhythm=rhythm,
                    teams=(name,),
                    receivers=receivers,
                )


def _of_schedules(settings: Settings) -> Iterator[Plan]:
    for name, schedule in settings.schedules.items():
        asking = [team for team in settings.teams if name in asked_schedules(settings, team)]
        asking = [team for team in asking if (wanted := of_team(settings, team)) and wanted.hand_over]
        if asking:
            yield Plan(
                kind=Kind.HANDOVER,
                subject=name,
                zone=schedule.time_zone,
                teams=tuple(asking),
                receivers=tuple(room(team) for team in asking if _has_room(settings, settings.teams[team])),
            )


def asked_schedules(settings: Settings, team: str) -> set[str]:
    """The schedules that the policy of *team* asks."""
    policy = settings.policies.get(settings.teams[team].policy or DEFAULT)
    targets = [target for step in policy.steps for target in step.ask] if policy else []
    found = (target.removeprefix(SCHEDULE_PREFIX) for target in targets if target.startswith(SCHEDULE_PREFIX))
    return {name.removesuffix(NEXT_SUFFIX) for name in found}


def _receivers(settings: Settings, name: str, team: Team) -> tuple[str, ...]:
    """Its room; without one its members, as far as they can be told."""
    if _has_room(settings, team):
        return (room(name),)
    people = ((who, settings.responders[who]) for who in team.members)
    return tuple(
        responder(who)
        for who, person in people
        if (settings.slack and person.slack) or (settings.mail and person.email) or person.ntfy
    )


def _has_room(settings: Settings, team: Team) -> bool:
    return bool(settings.slack and team.slack)
