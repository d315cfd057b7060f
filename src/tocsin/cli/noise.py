"""The noise report in a terminal, and its remedies."""

from __future__ import annotations

import argparse
import sys
from typing import Final

from tocsin.cli.access import open_store, read_settings, unknown
from tocsin.cli.claim import is_claimed
from tocsin.cli.incidents import handle, login_name, wait
from tocsin.cli.printing import plain, say, say_json, table
from tocsin.engine.ports import Handled, Received, Store
from tocsin.errors import TocsinError
from tocsin.kernel import json
from tocsin.kernel.time import DAY, Duration, Instant, format_duration, format_instant, parse_duration
from tocsin.noise.document import document
from tocsin.noise.keys import Key
from tocsin.noise.machine import Applied, RemedyReason, Treatment, Undone, aggregate
from tocsin.noise.proposals import Proposal
from tocsin.noise.remedies import LENGTH_MAX, problem, words
from tocsin.noise.report import Row
from tocsin.noise.spoken import read, said
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.noise import StoreNoiseDesk
from tocsin.wiring.remedies import CHANNEL, Order
from tocsin.wiring.settings import Settings

LOOK_BACK: Final[Duration] = 90 * DAY  # Where a KEY is looked for.
TIMELINE_MAX: Final = 100

_HEAD: Final = ("KEY", "INCIDENTS", "PAGES", "ASLEEP", "BY ITSELF", "MEDIAN", "COST", "REMEDY", "TITLE")
_RIGHT: Final = frozenset({1, 2, 3, 4, 5, 6})


def noise(given: argparse.Namespace) -> int:
    """`tocsin noise`."""
    settings = read_settings(given.config, given.db)
    if given.team and given.team not in settings.teams:
        raise unknown("team", given.team, settings.teams)
    clock = SystemClock()
    with open_store(given.db) as store:
        desk = StoreNoiseDesk(settings, store, clock)
        if given.action == "list":
            _list(given, desk)
            return 0
        by = _by(given, settings)
        if not given.key:
            message = f"say which: tocsin noise {given.action} KEY; `tocsin noise` has them"
            raise TocsinError("noise-incomplete", message)
        order, key = _order(given, desk, by, clock())
        served = is_claimed(given.db)
        line = _give(store, order, settings, clock(), served=served)
    if line is None:
        say(f"{key.id}: it is stored, and the running server does it in a moment\n")
        return 0
    nothing = line.reason == RemedyReason.NOTHING
    called = f"{plain(order.apply.title)} ({key.id})" if order.apply and order.apply.title else key.id
    say(f"{called}: {'nothing changed: ' if nothing else ''}{plain(line.story or line.reason)}\n")
    if order.apply and not nothing:
        say(f"To take it back: tocsin noise undo {key.id}\n")
    if not (served or nothing):
        sys.stderr.write("No server runs: it counts for what comes when `tocsin serve` does.\n")
    return 1 if nothing else 0


def _order(given: argparse.Namespace, desk: StoreNoiseDesk, by: str, now: Instant) -> tuple[Order, Key]:
    """What is wanted, and for which key. Raises TocsinError."""
    if given.action == "undo":
        state = _treatment(given.key, desk)
        return Order(key=state.key.id, undo=Undone(by=by)), state.key
    key, title = _key(given.key, desk)
    until = now + _length(given.lasts, LENGTH_MAX) if given.lasts else None
    wanted = read([given.action, *given.words], by=by, now=now, why=given.why, until=until)
    wrong = wanted if isinstance(wanted, str) else problem(key, wanted)
    if isinstance(wanted, str) or wrong:
        raise TocsinError("remedy-invalid", f"{' '.join([given.action, *given.words])!r}: {wrong}")
    return Order(apply=Applied(key=key, remedy=wanted, title=title)), key


def _key(name: str, desk: StoreNoiseDesk) -> tuple[Key, str]:
    """The key that is called *name* (its id, or its dedup key), with a title. Raises TocsinError."""
    known = [(row.key, row.title) for row in desk.report(LOOK_BACK).rows]
    known += [(state.key, state.title) for state in desk.treatments()]
    found = {key: title for key, title in known if name in {key.id, key.value}}
    if len(found) == 1:
        return next(iter(found.items()))
    if found:
        ids = ", ".join(key.id for key in found)
        raise TocsinError("key-ambiguous", f"several keys are called {name!r}: {ids}")
    raise TocsinError("key-unknown", f"there is no key {name!r}; `tocsin noise` lists them")


def _treatment(name: str, desk: StoreNoiseDesk) -> Treatment:
    """What was done about the key called *name*. Raises TocsinError."""
    found = [state for state in desk.treatments() if name in {state.key.id, state.key.value}]
    state = found[0] if len(found) == 1 else desk.treatment(name)
    if state is None:
        raise TocsinError("remedy-unknown", f"there is no remedy for {name!r}; `tocsin noise` lists them")
    return state


def _give(store: Store, order: Order, settings: Settings, now: Instant, *, served: bool) -> Handled | None:
    """Have *order* done, by the running server or here; its line in the timeline, None when the server is slow.

    A server that runs must do it itself: what it knows of remedies is in its memory.
    """
    received = Received(received_at=now, channel=CHANNEL, key="", head=b"", body=json.encode(order))
    delivery_id = store.accept([received])[0]
    if served and not wait(store, f"{delivery_id}/0"):
        return None
    if not served:
        handle(store, delivery_id, settings, now)
    key_id = order.apply.key.id if order.apply else order.key
    lines = store.timeline(aggregate(key_id), TIMELINE_MAX)
    return next(line for line in lines if line.input_id == f"{delivery_id}/0")


def _list(given: argparse.Namespace, desk: StoreNoiseDesk) -> None:
    report = desk.report(_length(given.since, LENGTH_MAX), given.team)
    treatments = {state.key: state for state in desk.treatments()}
    if given.json:
        say_json(document(report, treatments.values()))
        return
    if not report.rows:
        say("no incidents in this time\n")
    else:
        cells = [_cells(row, treatments.get(row.key)) for row in report.rows]
        for line in table(_HEAD, cells, right=_RIGHT):
            say(line)
    for row in report.rows:
        if row.proposal and row.key not in treatments:
            say(f"\n{plain(row.title)}: {row.proposal.why}\n  tocsin noise {_call(row.key, row.proposal)}\n")
            if row.alarm:
                say(f"  or raise the threshold of the alarm itself: {plain(row.alarm)}\n")
    if treatments:
        say("\nremedies in force:\n")
    for state in treatments.values():
        for remedy in state.stack[-1:]:
            why = f": {remedy.why}" if remedy.why else ""
            since = format_instant(remedy.at)
            say(f"  {state.key.id}  {plain(state.title)}: {words(remedy)}, by {plain(remedy.by)} {since}{plain(why)}\n")


def _cells(row: Row, found: Treatment | None) -> tuple[str, ...]:
    current = found.current if found else None
    return (
        row.key.id,
        f"{row.incidents}",
        f"{row.pages}",
        "" if row.sleep_pages is None else f"{row.sleep_pages}",
        f"{row.by_itself} of {row.closed}",
        "" if row.median is None else format_duration(row.median),
        f"{row.cost:.1f}",
        words(current) if current else "",
        plain(row.title),
    )


def _call(key: Key, proposal: Proposal) -> str:
    measure, _, rest = said(proposal).partition(" ")
    return f"{measure} {key.id} {rest}".rstrip()


def _by(given: argparse.Namespace, settings: Settings) -> str:
    if given.by and settings.responders and given.by not in settings.responders:
        raise unknown("responder", given.by, settings.responders)
    by: str = given.by or login_name()
    return by


def _length(text: str, most: Duration) -> Duration:
    found = parse_duration(text)
    if found is None or not 0 < found <= most:
        raise TocsinError("time-invalid", f"{text!r} is not a duration like 30m, 24h or 7d, of at most a year")
    return found
