"""The silences: who, why, until when, what each mutes now; and the forms that make, extend and end them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tocsin.engine.ports import Received
from tocsin.incidents import silence_making as making
from tocsin.incidents.ladder import responder, room
from tocsin.incidents.matchers import Matcher
from tocsin.incidents.silence_lists import Muted, listed, muted, phase
from tocsin.incidents.silence_machine import SilenceMachine, Silencing
from tocsin.incidents.silence_making import UnclearError, Wish
from tocsin.incidents.silence_telling import what, when
from tocsin.incidents.silences import SPAN_MAX, Order, Phase
from tocsin.kernel import json
from tocsin.kernel.time import Duration, Instant
from tocsin.schedules.clock import is_zone
from tocsin.schedules.recurring import never_closed
from tocsin.schedules.windows import parse_window
from tocsin.web.console.incident import LENGTHS, find_incident
from tocsin.web.console.pages import segment
from tocsin.web.console.visits import Visit, respond, turn_to

CHANNEL: Final = "silence"
OUTCOME_TIMEOUT_S: Final = 1.0
OVER_MAX: Final = 30  # Silences shown that are over.
MUTED_MAX: Final = 10  # Incidents named under one silence.
ID_CHARACTERS: Final = 12

_MACHINE: Final = SilenceMachine()
_PAGE: Final = "/silences"
_LENGTH_DIGITS_MAX: Final = 12


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One silence as the page shows it."""

    silence: Silencing
    phase: Phase
    what: str
    when: str
    muted: Sequence[Muted]
    hidden: int


def show_silences(visit: Visit) -> Response:
    """GET /silences. Blocks on the store."""
    store = visit.console.store
    under = muted(store)
    rows = [
        _row(state, under.get(state.silence.id, ()), visit.now)
        for state in listed(store, live_only=False, now=visit.now)
    ]
    return respond(
        visit,
        "silences.html",
        live=[row for row in rows if row.phase is not Phase.EXPIRED],
        over=[row for row in rows if row.phase is Phase.EXPIRED][:OVER_MAX],
        lengths=LENGTHS,
        teams=list(visit.console.roster.teams()),
        integrations=list(visit.console.roster.integrations()),
    )


async def change_silences(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /silences: `action` make, extend or end. Raises HTTPException, StoreUnavailableError."""
    acts = {"make": _make, "extend": _extend, "end": _end}
    act = acts.get(form.get("action", ""))
    if act is None:
        raise HTTPException(400, f"There is no action {form.get('action', '')!r}.")
    back = f"/incidents/{segment(form['incident'])}" if form.get("incident") else _PAGE
    try:
        order, said = await run_in_threadpool(act, visit, form)
    except UnclearError as problem:
        return turn_to(visit, back, f"Nothing was done: {problem}.")
    received = Received(received_at=visit.now, channel=CHANNEL, key="", head=b"", body=json.encode(order))
    delivery_id = await visit.console.intake.accept(received)
    await visit.console.intake.outcome(delivery_id, OUTCOME_TIMEOUT_S)
    return turn_to(visit, back, said)


def _make(visit: Visit, form: Mapping[str, str]) -> tuple[Order, str]:
    """The silence that a form describes. Blocks on the store. Raises UnclearError, HTTPException."""
    roster = visit.console.roster
    team, integration = form.get("team", ""), form.get("integration", "")
    if (team and team not in roster.teams()) or (integration and integration not in roster.integrations()):
        raise HTTPException(400, "There is no such team or integration.")
    about, concerned = _about(visit, form.get("incident", ""))
    integration = concerned[0] if about else integration
    every, length = _every(form), _length(form)
    wish = Wish(
        id=f"s{visit.console.token()[-ID_CHARACTERS:]}",
        by=visit.by,
        why=form.get("why", ""),
        starts_at=visit.now,
        ends_at=visit.now + length if length and not every else None,
        matchers=tuple(line.strip() for line in form.get("matchers", "").splitlines() if line.strip()),
        team=team,
        integration=integration,
        every=every,
        zone=form.get("zone", "").strip() or "UTC" if every else "",
        tell=_receivers(visit, team or concerned[1], maintenance="maintenance" in form),
        maintenance="maintenance" in form,
    )
    made = making.silence(wish, visit.now, more=about)
    if every and not is_zone(made.zone):
        raise UnclearError(f"{made.zone!r} is no time zone like Europe/Berlin")
    return Order(make=made), f"Silenced: {what(made)}."


def _extend(visit: Visit, form: Mapping[str, str]) -> tuple[Order, str]:
    silence, length = _found(visit, form).silence, _length(form)
    if not length:
        raise UnclearError("choose how much longer")
    return Order(make=making.extended(silence, silence.ends_at + length, visit.by, visit.now)), "It is longer now."


def _end(visit: Visit, form: Mapping[str, str]) -> tuple[Order, str]:
    silence, for_good = _found(visit, form).silence, "for_good" in form
    if for_good and silence.name:
        raise UnclearError(f"it stands in the configuration as {silence.name}; take it out there")
    said = "It is over. What fires under it is asked about now."
    return Order(end=silence.id, for_good=for_good), said


def _found(visit: Visit, form: Mapping[str, str]) -> Silencing:
    """The silence that a button belongs to. Blocks on the store. Raises HTTPException, UnclearError."""
    name = form.get("silence", "")
    stored = visit.console.store.load([name]).get(name)
    if stored is None or stored.machine != _MACHINE.name:
        raise HTTPException(404)
    state = _MACHINE.decode(stored.state)
    if phase(state, visit.now) is Phase.EXPIRED:
        raise UnclearError("it is over already")
    return state


def _about(visit: Visit, incident: str) -> tuple[tuple[Matcher, ...], tuple[str, str]]:
    """The matcher for the alerts of *incident*, and its integration and team; nothing without one."""
    if not incident:
        return (), ("", "")
    state = find_incident(visit, incident)
    if state is None:
        raise HTTPException(404)
    return (making.of_incident(state),), (state.integration, state.team)


def _receivers(visit: Visit, team: str, *, maintenance: bool) -> tuple[str, ...]:
    """Who hears of it: of a maintenance the rooms of those whom it concerns, of a silence who has made it."""
    rooms = (room(team),) if team else tuple(room(name) for name in visit.console.roster.teams())
    if maintenance:
        return rooms
    return (responder(visit.me),) if visit.me else rooms if team else ()


def _every(form: Mapping[str, str]) -> tuple[str, ...]:
    """The windows of a silence that comes again, one a line. Raises UnclearError."""
    lines = [" ".join(line.lower().split()) for line in form.get("every", "").splitlines()]
    every = tuple(filter(None, lines))
    making.few(every)
    for text in every:
        if parse_window(text) is None:
            raise UnclearError(f"{text[:100]!r} is no window like sun 02:00-04:00")
    if every and never_closed(every):
        raise UnclearError("these windows never close, and nothing is silenced for ever")
    return every


def _length(form: Mapping[str, str]) -> Duration:
    """How long, in ms; 0 when nothing was chosen."""
    text = form.get("for", "")
    digits = text.isascii() and text.isdecimal() and len(text) <= _LENGTH_DIGITS_MAX
    return min(int(text), SPAN_MAX + 1) if digits else 0


def _row(state: Silencing, under: Sequence[Muted], now: Instant) -> Row:
    return Row(
        silence=state,
        phase=phase(state, now),
        what=what(state.silence),
        when=when(state.silence),
        muted=under[:MUTED_MAX],
        hidden=len(under) - MUTED_MAX,
    )
