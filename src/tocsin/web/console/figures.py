"""What incidents have cost, in figures, and what was missed.

The pages stay as they were counted until they are loaded again: the script asks whenever anything changes, and counting
a month is not for that. It hears how many incidents wait, as on every page.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.responses import Response

from tocsin.digests.figures import KeyFigures, Person, Times
from tocsin.incidents.naming import called
from tocsin.kernel.time import DAY, format_duration
from tocsin.web.console.visits import FRAGMENT, Visit, respond
from tocsin.web.ports import FigureDesk

SPANS: Final = {"1": "the last day", "7": "the last 7 days", "30": "the last 30 days", "90": "the last 90 days"}
ROWS_MAX: Final = 200

_USUAL: Final = "7"


class Query(msgspec.Struct, frozen=True):
    """What the reader asks for; whatever makes no sense is the usual."""

    days: str = _USUAL
    team: str = ""


def read_query(parameters: Mapping[str, str], teams: Mapping[str, object]) -> Query:
    """The query of an address; everything is legal."""
    days, team = parameters.get("days", ""), parameters.get("team", "")
    return Query(days if days in SPANS else _USUAL, team if team in teams else "")


def show_stats(visit: Visit) -> Response:
    """GET /stats. Blocks on the store."""
    if FRAGMENT in visit.request.headers:
        return respond(visit, "still.html")
    desk, query, teams = _asked(visit)
    found = desk.figures(visit.now - int(query.days) * DAY, visit.now, query.team)
    share = found.auto_closed_share
    return respond(
        visit,
        "stats.html",
        query=query,
        spans=SPANS,
        teams=teams,
        found=found,
        share="" if share is None else f"{share:.0%}",
        acknowledge=_times(found.to_acknowledge),
        resolve=_times(found.to_resolve),
        people=[_person(visit, each) for each in found.people],
        keys=[_key(each) for each in found.keys[:ROWS_MAX]],
        hidden=max(0, len(found.keys) - ROWS_MAX),
    )


def show_missed(visit: Visit) -> Response:
    """GET /missed. Blocks on the store."""
    if FRAGMENT in visit.request.headers:
        return respond(visit, "still.html")
    desk, query, teams = _asked(visit)
    found = desk.missed(visit.now - int(query.days) * DAY, visit.now, query.team)
    return respond(
        visit,
        "missed.html",
        query=query,
        spans=SPANS,
        teams=teams,
        rows=[(each, called(each.answered_by, visit.names)) for each in found[:ROWS_MAX]],
        hidden=max(0, len(found) - ROWS_MAX),
    )


def _asked(visit: Visit) -> tuple[FigureDesk, Query, list[str]]:
    desk, teams = visit.console.figures, visit.console.roster.teams()
    assert desk is not None, "without one there are no such pages"
    return desk, read_query(visit.request.query_params, teams), list(teams)


def _person(visit: Visit, found: Person) -> tuple[str, Person, str]:
    name = called(found.name, visit.names)
    return name, found, "-" if found.answered.mean is None else format_duration(found.answered.mean)


def _key(found: KeyFigures) -> tuple[KeyFigures, str]:
    return found, f"{found.auto_closed / found.closed:.0%}" if found.closed else "-"


def _times(found: Times) -> str:
    if found.mean is None or found.median is None:
        return "-"
    return f"{format_duration(found.mean)} on average, median {format_duration(found.median)}"
