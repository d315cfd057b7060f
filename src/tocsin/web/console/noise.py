"""The noise: which alerts disturb without need, one button for each remedy, and what is in force, to be undone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from json import dumps
from typing import Final
from urllib.parse import urlencode

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from tocsin.engine.ports import Received
from tocsin.incidents.alerts import TITLE_MAX, Severity
from tocsin.kernel import json
from tocsin.kernel.time import DAY, format_duration
from tocsin.noise.keys import By, Key
from tocsin.noise.machine import Applied, RemedyReason, Treatment, Undone
from tocsin.noise.remedies import Measure, Remedy, problem, words
from tocsin.noise.report import Row
from tocsin.noise.spoken import read, said
from tocsin.web.console.incident import in_force
from tocsin.web.console.verbs import LATER
from tocsin.web.console.visits import FRAGMENT, Visit, respond, turn_to

CHANNEL: Final = "remedy"
PATH: Final = "/noise"
OUTCOME_TIMEOUT_S: Final = 1.0
SHOWN_MAX: Final = 100  # Keys; the noise is in the first ten.
LENGTHS: Final = (7, 30, 90)  # Days that can be looked back.

_USUAL: Final[Mapping[Measure, str]] = {
    Measure.HOLD: "hold 3m",
    Measure.NOTIFICATION: "notification",
    Measure.THRESHOLD: "threshold 3 in 10m",
    Measure.SILENCE: "silence 7d",
}
_LABELS: Final[Mapping[Measure, str]] = {
    Measure.HOLD: "Hold {}",
    Measure.NOTIFICATION: "Make it a notification",
    Measure.THRESHOLD: "Ask from {}",
    Measure.SILENCE: "Silence {}",
}


class Button(msgspec.Struct, frozen=True, kw_only=True):
    """A remedy that can be had: what the form sends, and what stands on it."""

    do: str
    label: str
    proposed: bool


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A key as the page shows it."""

    row: Row
    named: str
    median: str
    buttons: tuple[Button, ...]
    remedy: Remedy | None
    words: str


def show_noise(visit: Visit) -> Response:
    """GET /noise. Blocks on the store."""
    desk, params = visit.console.noise, visit.request.query_params
    days = next((each for each in LENGTHS if params.get("days") == str(each)), 30)
    team = params.get("team", "")
    if FRAGMENT in visit.request.headers:  # The script looks at the count of incidents only: nothing here is live.
        return respond(visit, "noise.html", report=None, lines=(), treatments=(), days=days, team=team, last=None)
    report = desk.report(days * DAY, team)
    treatments = desk.treatments()
    by_key = {state.key: state for state in treatments}
    return respond(
        visit,
        "noise.html",
        report=report,
        lines=[_line(row, by_key.get(row.key)) for row in report.rows[:SHOWN_MAX]],
        treatments=[(state, state.current, words(state.current)) for state in treatments if state.current],
        days=days,
        team=team,
        lengths=LENGTHS,
        teams=sorted(visit.console.roster.teams()),
        last=next((state for state in treatments if state.key.id == params.get("done")), None),
    )


async def remedy(visit: Visit, form: Mapping[str, str]) -> Response:
    """POST /noise: `do` a remedy for the key of the form, or `undo`. Raises HTTPException, StoreUnavailableError."""
    if form.get("do") == "undo":
        return await _undo(visit, form)
    key = _key(form)
    wanted = read(form.get("do", "").split(), by=visit.by, now=visit.now, why=form.get("why", ""))
    wrong = wanted if isinstance(wanted, str) else problem(key, wanted)
    if isinstance(wanted, str) or wrong:
        raise HTTPException(400, f"That is no remedy: {wrong}.")
    applied = Applied(key=key, remedy=wanted, title=form.get("title", "")[:TITLE_MAX])
    reason = await _order(visit, {"apply": msgspec.to_builtins(applied)})
    done = f"Done: {words(wanted)}. What is critical asks all the same." if reason else LATER
    return turn_to(visit, f"{PATH}?{urlencode({'done': key.id})}", done)


async def _undo(visit: Visit, form: Mapping[str, str]) -> Response:
    name, at = form.get("key", ""), form.get("at", "")
    state = await run_in_threadpool(visit.console.noise.treatment, name)
    if state is None:
        raise HTTPException(404)
    undone = Undone(by=visit.by, at=int(at) if at.isascii() and at.isdecimal() and len(at) < 16 else None)  # noqa: PLR2004 - milliseconds have 13 digits.
    reason = await _order(visit, {"key": name, "undo": msgspec.to_builtins(undone)})
    if reason == RemedyReason.NOTHING:
        return turn_to(visit, PATH, "Nothing to undo: it is not in force any more.")
    if not reason:
        return turn_to(visit, PATH, LATER)
    now = await run_in_threadpool(in_force, visit, name)
    return turn_to(visit, PATH, f"Undone: {f'again {words(now)}' if now else 'it asks as it did before'}.")


async def _order(visit: Visit, order: object) -> str:
    """Hand an order over; what came of it, or nothing if that takes longer."""
    received = Received(received_at=visit.now, channel=CHANNEL, key="", head=b"", body=json.encode(order))
    delivery_id = await visit.console.intake.accept(received)
    handled = await visit.console.intake.outcome(delivery_id, OUTCOME_TIMEOUT_S)
    return handled[0].reason if handled else ""


def _key(form: Mapping[str, str]) -> Key:
    """The key that a form names, as `_named` wrote it. Raises HTTPException."""
    try:
        integration, by, value = msgspec.json.decode(form.get("for", ""), type=tuple[str, By, str])
    except msgspec.DecodeError:
        raise HTTPException(400, "The form names no key.") from None
    return Key(integration=integration, by=by, value=value)


def _named(key: Key) -> str:
    """*key* for a form, in characters that no browser and no page changes: a sender's key may hold any."""
    return dumps([key.integration, key.by, key.value])


def _line(row: Row, found: Treatment | None) -> Line:
    current = found.current if found else None
    return Line(
        row=row,
        named=_named(row.key),
        median="" if row.median is None else format_duration(row.median),
        buttons=tuple(_buttons(row)) if row.pages and row.severity is not Severity.CRITICAL else (),
        remedy=current,
        words=words(current) if current else "",
    )


def _buttons(row: Row) -> Sequence[Button]:
    """One for each remedy; the one that is proposed first, and as it is proposed."""
    proposal = row.proposal
    spoken = {**_USUAL, **({proposal.measure: said(proposal)} if proposal else {})}
    found = [
        Button(do=text, label=_label(measure, text), proposed=proposal is not None and measure is proposal.measure)
        for measure, text in spoken.items()
        if not (measure is Measure.THRESHOLD and row.key.by is By.TITLE)
    ]
    return sorted(found, key=lambda button: not button.proposed)


def _label(measure: Measure, text: str) -> str:
    rest = text.partition(" ")[2]
    return _LABELS[measure].format(f"{rest.replace(' in ', ' times in ')}")
