"""The calendar: who is on call now and next, a month or a week of a schedule, and what people agree on beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tocsin.errors import StoreUnavailableError, TocsinError
from tocsin.incidents.policy import SCHEDULE
from tocsin.kernel.time import DAY, Duration, Instant, format_duration
from tocsin.schedules.clock import wall_clock, wall_of
from tocsin.schedules.coverage import Coverage, coverage
from tocsin.schedules.schedule import Schedule, Shift, Swap
from tocsin.schedules.telling import reason
from tocsin.schedules.timeline import current, gaps, next_on_call
from tocsin.web.console import zones
from tocsin.web.console.month import MONTH, VIEWS, WEEKDAYS, grid, read_date, told
from tocsin.web.console.outlook import person
from tocsin.web.console.visits import Visit, respond, turn_to
from tocsin.web.oncall import RESPONDER

AHEAD: Final[Duration] = 14 * DAY  # How far ahead gaps are told of, beside what the grid shows.
GAPS_MAX: Final = 20

PATH: Final = "/oncall"


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wants to see. *zone* is empty for that of the schedule."""

    schedule: str
    view: str
    at: date
    zone: str

    def link(self, **other: str) -> str:
        """The address of the same calendar, with something else in it."""
        facts = {"schedule": self.schedule, "view": self.view, "at": self.at.isoformat(), "zone": self.zone, **other}
        if facts["view"] == MONTH:
            facts["view"] = ""
        return f"{PATH}?" + urlencode({name: value for name, value in facts.items() if value})


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on call in a schedule, and who is next; times are by the clocks of *zone*. *gap*: somebody is missing."""

    name: str
    zone: str
    who: str
    why: str
    until: Instant
    until_told: str
    gap: bool
    then: str = ""
    then_at: Instant | None = None
    then_told: str = ""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A swap as the page shows it, and which of its buttons make sense for who looks."""

    swap: Swap
    when: str
    back: str
    may_accept: bool
    may_decline: bool
    may_withdraw: bool


def show_oncall(visit: Visit) -> Response:
    """GET /oncall. Blocks on the store."""
    desk = visit.console.oncall
    known = desk.schedules()
    facts: dict[str, Any] = {"query": None, "standings": [], "schedules": list(known), "grid": None}
    if known:
        facts |= _facts(visit, known)
    return respond(visit, "oncall.html", **facts)


def _facts(visit: Visit, known: Mapping[str, Schedule]) -> dict[str, Any]:
    desk, now, names = visit.console.oncall, visit.now, visit.names
    asked = visit.request.query_params
    name = asked.get("schedule", "")
    schedule = known.get(name) or next(iter(known.values()))
    zone = zones.chosen(asked.get("zone", ""), "")
    seen = zone or schedule.zone
    query = Query(
        schedule=schedule.name,
        view=asked.get("view", "") if asked.get("view", "") in VIEWS else MONTH,
        at=read_date(asked.get("at", ""), now, seen),
        zone=zone,
    )
    shown = grid(schedule, seen, query.view, query.at, now, names)
    hours = desk.hours()
    return {
        "query": query,
        "zone": seen,
        "near": zones.near([*(each.zone for each in known.values()), *(each.zone for each in hours.values())]),
        "far": zones.others(),
        "standings": [_standing(each, zone or each.zone, now, names) for each in known.values()],
        "weekdays": WEEKDAYS,
        "grid": shown,
        "shares": _shares(coverage(schedule, shown.start, shown.until, hours), names),
        "gaps": _gaps(schedule, seen, now),
        "overrides": [
            (each.id, names.get(each.who, each.who), told(each.start, seen), told(each.until, seen), each.by)
            for each in schedule.overrides
            if each.until > now
        ],
        "swaps": [_ask(swap, seen, visit.me) for swap in schedule.swaps if swap.until > now],
        "here": query.link(),
        "names": names,
        "feeds": [
            each for each in desk.feeds() if each.subject in {SCHEDULE + schedule.name, RESPONDER + (visit.me or "?")}
        ],
    }


async def override(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /oncall/overrides: `who` is on call from `begins` to `ends`, or `end` takes one back."""
    desk = visit.console.oncall
    here = _here(form)
    if form.get("end"):
        return await _tried(visit, here, lambda: desk.end_override(form["end"]), "It is taken back.")

    def make() -> None:
        start, until = _period(visit, form, "begins", "ends")
        desk.override(schedule=form.get("schedule", ""), who=form.get("who", ""), start=start, until=until, by=visit.by)

    who = person(form.get("who", ""), visit.names)
    return await _tried(visit, here, make, f"{who} is on call then, whatever else is planned.")


async def swap(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /oncall/swaps: ask for one, or `answer` (accept, decline, withdraw) the swap `id`."""
    desk, here = visit.console.oncall, _here(form)
    if not visit.me:
        return turn_to(visit, here, "Say who you are first, on the page of people: a swap is between two.")
    answer, name = form.get("answer", ""), form.get("id", "")
    match answer:
        case "accept":
            return await _tried(visit, here, lambda: desk.accept(name, visit.me), "It is yours. Thank you!")
        case "decline":
            return await _tried(visit, here, lambda: desk.decline(name, visit.me), "Declined: it is gone.")
        case "withdraw":
            return await _tried(visit, here, lambda: desk.withdraw(name, visit.me), "It is taken back.")
        case "":
            pass
        case _:
            raise HTTPException(400, f"There is no answer {answer!r}.")

    def make() -> None:
        start, until = _period(visit, form, "begins", "ends")
        back = _period(visit, form, "back_begins", "back_ends") if form.get("back_begins") else None
        desk.ask(
            schedule=form.get("schedule", ""), by=visit.me, to=form.get("to", ""), start=start, until=until, back=back
        )

    asked = person(form.get("to", ""), visit.names) or "Anybody"
    return await _tried(visit, here, make, f"Asked. It counts once it is accepted: {asked} can do that here.")


async def feed(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /oncall/feeds: an address for the calendar of `subject`, shown once; with `revoke`, the end of one."""
    desk, subject, here = visit.console.oncall, form.get("subject", ""), _here(form)
    if subject.startswith(RESPONDER) and subject != RESPONDER + visit.me:
        raise HTTPException(403)
    if form.get("revoke"):
        if not await run_in_threadpool(desk.revoke_feed, subject, form["revoke"]):
            raise HTTPException(404)
        return turn_to(visit, here, f"Revoked: the address …{form['revoke']} shows nothing any more.")
    try:
        url = await run_in_threadpool(desk.make_feed, subject, visit.by)
    except StoreUnavailableError:
        raise
    except TocsinError:
        raise HTTPException(404) from None
    return await run_in_threadpool(respond, visit, "feed.html", url=url, mine=subject.startswith(RESPONDER), here=here)


def _standing(schedule: Schedule, zone: str, now: Instant, names: Mapping[str, str]) -> Standing:
    found, after = current(schedule, now), next_on_call(schedule, now)
    return Standing(
        name=schedule.name,
        zone=zone,
        who=names.get(found.who, found.who),
        why=reason(found),
        until=found.until,
        until_told=told(found.until, zone),
        gap=bool(gaps(schedule, now, now + 1)),
        then=names.get(after.who, after.who) if after else "",
        then_at=after.start if after else None,
        then_told=told(after.start, zone) if after else "",
    )


def _gaps(schedule: Schedule, zone: str, now: Instant) -> Sequence[tuple[Shift, str, str, str]]:
    found = coverage(schedule, now, now + AHEAD, {}).gaps
    return [(gap, told(gap.start, zone), told(gap.until, zone), reason(gap)) for gap in found[:GAPS_MAX]]


def _shares(found: Coverage, names: Mapping[str, str]) -> Sequence[tuple[str, int, str, str]]:
    """Who carries how much of what is shown: name, shifts, time, time outside their working hours."""
    return [
        (
            names.get(each.who, each.who),
            each.shifts,
            format_duration(each.time),
            "" if each.off is None else format_duration(each.off),
        )
        for each in found.shares
    ]


def _ask(found: Swap, zone: str, me: str) -> Ask:
    back = ""
    if found.back_start is not None and found.back_until is not None:
        back = f"{told(found.back_start, zone)} to {told(found.back_until, zone)}"
    return Ask(
        swap=found,
        when=f"{told(found.start, zone)} to {told(found.until, zone)}",
        back=back,
        may_accept=bool(me) and not found.accepted and found.by != me and found.to in {"", me},
        may_decline=bool(me) and not found.accepted and found.to == me,
        may_withdraw=bool(me) and (found.by == me or (found.accepted and found.to == me)),
    )


def _period(visit: Visit, form: Mapping[str, str], begins: str, ends: str) -> tuple[Instant, Instant]:
    """What two fields mean by the clocks of the zone that the page was shown in. Raises TocsinError."""
    zone = zones.chosen(form.get("zone", ""), zones.UTC)
    return _instant(form.get(begins, ""), zone, visit.now), _instant(form.get(ends, ""), zone, visit.now)


def _instant(text: str, zone: str, now: Instant) -> Instant:
    """An empty field is now, as people leave it when it shall begin at once."""
    if not text:
        return now
    try:
        wall = wall_of(datetime.fromisoformat(text).replace(tzinfo=None))
    except ValueError:
        raise TocsinError("time-invalid", f"{text[:40]!r} is no time.") from None
    return wall_clock(zone, wall - DAY, wall + DAY).first(wall)


def _here(form: Mapping[str, str]) -> str:
    """The calendar that the form stood on; never another address."""
    here = form.get("here", "")
    return here if here.startswith(f"{PATH}?") else PATH


async def _tried(visit: Visit, here: str, act: Any, said: str) -> Response:  # noqa: ANN401 - what it returns is not used.
    """Back to the page, with what came of it. Raises StoreUnavailableError."""
    try:
        await run_in_threadpool(act)
    except StoreUnavailableError:
        raise
    except TocsinError as problem:
        return turn_to(visit, here, f"Nothing was done: {problem.message}.")
    return turn_to(visit, here, said)
