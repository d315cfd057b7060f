"""From settings and records to schedules: the layers of the file, and what people have agreed on since."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import msgspec

from tocsin.engine.ports import Records
from tocsin.incidents.duty import OnDuty, nobody
from tocsin.incidents.ladder import responder
from tocsin.incidents.policy import ALL, NEXT, SCHEDULE
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.later import later
from tocsin.kernel.time import Instant
from tocsin.schedules.coverage import Hours
from tocsin.schedules.rotation import Crew, Rotation
from tocsin.schedules.schedule import Absent, Holidays, Layer, Override, Schedule, Swap, everybody
from tocsin.schedules.timeline import next_on_call, on_call
from tocsin.schedules.windows import Span, Window, merged, parse_window
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_schedules import LOCAL, parse_length, parse_wall
from tocsin.wiring.settings_schedules import Layer as LayerSettings
from tocsin.wiring.settings_schedules import Schedule as ScheduleSettings

if TYPE_CHECKING:
    from tocsin.wiring import calendars
else:
    calendars = later("tocsin.wiring.calendars")

OVERRIDE: Final = "override"  # The kinds of records.
SWAP: Final = "swap"

GLANCE_SECONDS: Final = 0.25
ANSWERS_MAX: Final = 4096  # Of one glance, for as many targets and instants.


class Agreed(msgspec.Struct, frozen=True, kw_only=True):
    """A record: an override or a swap, and when it began to count (a swap that is not accepted: when it was asked)."""

    at: Instant
    override: Override | None = None
    swap: Swap | None = None


def schedules(settings: Settings, records: Records | None) -> dict[str, Schedule]:
    """All schedules by name, as they are now; without *records* those of the file."""
    overrides = agreed(records, OVERRIDE) if records and settings.schedules else []
    swaps = agreed(records, SWAP) if records and settings.schedules else []
    return {
        name: Schedule(
            name=name,
            zone=given.time_zone,
            layers=tuple(_layer(number, layer, given) for number, layer in enumerate(given.layers, 1)),
            needed=windows(given.needed),
            overrides=tuple(each.override for each in overrides if each.override and each.override.schedule == name),
            swaps=tuple(each.swap for each in swaps if each.swap and each.swap.schedule == name),
            absences=_absences(settings, given, records),
            holidays=_holidays(given, records),
        )
        for name, given in settings.schedules.items()
    }


def on_call_in(known: Mapping[str, Schedule], name: str, instant: Instant, which: str) -> tuple[str, ...]:
    """The receivers whom the schedule *name* stands for: who is on call, who is next (NEXT), or ALL of them."""
    schedule = known.get(name)
    if schedule is None:
        return ()
    if which == ALL:
        return tuple(responder(who) for who in everybody(schedule))
    shift = next_on_call(schedule, instant) if which == NEXT else on_call(schedule, instant)
    return (responder(shift.who),) if shift and shift.who else ()


def duty(settings: Settings, records: Records) -> OnDuty:
    """Whom schedules stand for, as things are now: loaded when it is first asked, and never again.

    The engine asks for another one before each batch of decisions, and most batches ask no schedule.
    """
    loaded: list[dict[str, Schedule]] = []

    def on_duty(target: str, now: Instant) -> tuple[str, ...]:
        if not loaded:
            loaded.append(schedules(settings, records))
        name = target.removeprefix(SCHEDULE)
        which = next((suffix for suffix in (NEXT, ALL) if name.endswith(suffix)), "")
        return on_call_in(loaded[0], name.removesuffix(which), now, which)

    return on_duty


def duty_now(settings: Settings, records: Records) -> OnDuty:
    """As `duty`, and as things are whenever it is asked: for those who look, and decide nothing."""

    def on_duty(target: str, now: Instant) -> tuple[str, ...]:
        return duty(settings, records)(target, now)

    return on_duty


def duty_lately(settings: Settings, records: Records, monotonic: Callable[[], float] = time.monotonic) -> OnDuty:
    """As `duty_now`, as things were within the last GLANCE_SECONDS: a page asks a hundred times. Any thread."""
    loaded: tuple[float, OnDuty] = (float("-inf"), nobody)

    def on_duty(target: str, now: Instant) -> tuple[str, ...]:
        nonlocal loaded
        if monotonic() - loaded[0] > GLANCE_SECONDS:
            loaded = monotonic(), lru_cache(maxsize=ANSWERS_MAX)(duty(settings, records))
        return loaded[1](target, now)

    return on_duty


def hours(settings: Settings) -> dict[str, Hours]:
    """When each responder works, by their own clocks."""
    return {
        name: Hours(person.time_zone or LOCAL, windows(person.working_hours))
        for name, person in settings.responders.items()
    }


def agreed(records: Records, kind: str) -> list[Agreed]:
    """The records of a kind, in the order in which they began to count."""
    found = [each for document in records.records(kind).values() if (each := _agreed(document)) is not None]
    return sorted(found, key=lambda each: each.at)


def document(found: Agreed) -> Json:
    """A record as it is stored."""
    return json.decode(json.encode(found))


def windows(texts: Sequence[str]) -> tuple[Window, ...]:
    """The windows of texts that have been read."""
    return tuple(window for text in texts for window in parse_window(text) or ())


def _agreed(stored: Json) -> Agreed | None:
    try:
        return msgspec.convert(stored, Agreed)
    except msgspec.ValidationError:  # Of another version than ours.
        return None


def _layer(number: int, given: LayerSettings, schedule: ScheduleSettings) -> Layer:
    length, months = parse_length(given.rotate)
    changes = sorted(
        (Crew(parse_wall(change.since) or 0, change.responders) for change in given.changes),
        key=lambda crew: crew.since,
    )
    return Layer(
        name=given.name or f"{number}",
        zone=given.time_zone or schedule.time_zone,
        rotation=Rotation(
            start=parse_wall(given.start) or 0,
            length=length,
            months=months,
            crews=(Crew(0, given.responders), *changes),
        ),
        only=windows(given.only),
        until=parse_wall(given.until) if given.until else None,
        holidays=Holidays(given.holidays),
        absent=Absent(given.absent),
    )


def _absences(settings: Settings, given: ScheduleSettings, records: Records | None) -> dict[str, tuple[Span, ...]]:
    found = {}
    for name, person in settings.responders.items():
        if person.absences and records:
            zone = person.time_zone or given.time_zone
            found[name] = tuple(calendars.spans(records, person.absences.reveal(), zone))
    return found


def _holidays(given: ScheduleSettings, records: Records | None) -> tuple[Span, ...]:
    if not records:
        return ()
    return tuple(merged(span for url in given.holidays for span in calendars.spans(records, url, given.time_zone)))
