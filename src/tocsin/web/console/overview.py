"""The list of incidents: one window of the store's listing, sorted as a person at three in the morning needs it.

The store lists by age. Up to WINDOW_MAX incidents are read, glanced at, sorted (worst first), and one page of them is
shown; what is older is one link away. So a hundred thousand open incidents cost as much as one thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Final
from urllib.parse import urlencode

import msgspec

from tocsin.engine.ports import Aggregates, Summary
from tocsin.incidents.alerts import Kind, Severity
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.time import Instant
from tocsin.web.console.outlook import Outlook, asks, outlook

WINDOW_MAX: Final = 1000  # Read at once: a few milliseconds. No team works on more at a time.
PAGE_MAX: Final = 50  # Rows on one page: a phone scrolls through them.
RESOLVED_MAX: Final = 8  # The last resolved, below the open ones.
RESOLVED_WINDOW_MAX: Final = 200  # Newest incidents among which they are looked for.

OPEN: Final = "open"
ANNOUNCED: Final = "announced"
STATUSES: Final = (OPEN, *Status, ANNOUNCED)

_ORDER: Final = (Status.TRIGGERED, Status.ACKNOWLEDGED, Status.SNOOZED, ANNOUNCED, Status.RESOLVED)


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """What a person wants to see. *page* counts from 1 within the window that ends below *before*."""

    team: str = ""
    status: str = OPEN
    page: int = 1
    before: tuple[Instant, str] | None = None

    def link(self, *, page: int = 1, before: tuple[Instant, str] | None = None) -> str:
        """The address of the same question, elsewhere in the list."""
        mark = f"{before[0]}.{before[1]}" if before else ""
        facts = {
            "team": self.team,
            "status": "" if self.status == OPEN else self.status,
            "before": mark,
            "page": "" if page == 1 else str(page),
        }
        return "/?" + urlencode({name: value for name, value in facts.items() if value})


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """An incident in the list. *mine*: the person who looks is asked."""

    id: str
    state: Incident
    outlook: Outlook
    mine: bool


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the list. *counts* and *teams* are of the whole window; *more*: there are incidents beyond it."""

    groups: Sequence[tuple[str, Sequence[Row]]]
    counts: Mapping[str, int]
    teams: Sequence[str]
    found: int
    first: int
    more: bool
    newer: str
    older: str


class _Plan(msgspec.Struct, frozen=True):
    team: str


class _Glance(msgspec.Struct, frozen=True):
    """As much of an incident's state as sorting needs: reading only this is several times quicker."""

    status: Status
    kind: Kind
    severity: Severity
    opened_at: Instant
    plan: _Plan

    @property
    def group(self) -> str:
        announced = self.kind is Kind.NOTIFICATION and self.status is Status.TRIGGERED
        return ANNOUNCED if announced else self.status


_Pair = tuple[Summary, _Glance]
_GLANCE: Final = msgspec.json.Decoder(_Glance)


def read_query(params: Mapping[str, str]) -> Query:
    """The question in a URL; what makes no sense there asks for nothing in particular."""
    rank, _, name = params.get("before", "").partition(".")
    page = params.get("page", "")
    status = params.get("status", OPEN)
    return Query(
        team=params.get("team", ""),
        status=status if status in STATUSES else OPEN,
        page=max(int(page), 1) if _is_count(page) else 1,
        before=(int(rank), name) if _is_count(rank) and name else None,
    )


def overview(
    store: Aggregates,
    machine: IncidentMachine,
    query: Query,
    *,
    names: Mapping[str, str],
    me: str,
    teams: Mapping[str, Sequence[str]],
) -> Overview:
    """The page of the list that *query* asks for. Blocks on the store."""
    live_only = query.status != Status.RESOLVED
    window = store.listing(machine.name, live_only=live_only, limit=WINDOW_MAX + 1, before=query.before)
    pairs = [(item, _GLANCE.decode(item.state)) for item in window[:WINDOW_MAX]]
    found = sorted((pair for pair in pairs if _fits(pair[1], query)), key=_sorted_by(query))
    first = (query.page - 1) * PAGE_MAX
    page = found[first : first + PAGE_MAX]
    mine = [team for team, members in teams.items() if me in members]

    def row(pair: _Pair) -> Row:
        state = machine.decode(pair[0].state)
        return Row(id=pair[0].id, state=state, outlook=outlook(machine, state, names), mine=asks(state, me, mine))

    more = len(window) > WINDOW_MAX
    return Overview(
        groups=[
            (name, [row(pair) for pair in rows]) for name, rows in groupby(page, key=lambda pair: str(pair[1].group))
        ],
        counts={status: sum(glance.group == status for _, glance in pairs) for status in _ORDER},
        teams=sorted({*teams, *(glance.plan.team for _, glance in pairs), *([query.team] if query.team else [])}),
        found=len(found),
        first=first,
        more=more,
        newer=query.link(page=query.page - 1, before=query.before) if query.page > 1 else "",
        older=_older(query, pairs, left=len(found) - first - PAGE_MAX, more=more),
    )


def sees_newest(query: Query) -> bool:
    """Whether the counts of this query's overview are those of the newest open incidents."""
    return query.before is None and query.status != Status.RESOLVED


def last_resolved(store: Aggregates, machine: IncidentMachine, names: Mapping[str, str]) -> Sequence[Row]:
    """The newest incidents that are over. Blocks on the store."""
    newest = store.listing(machine.name, live_only=False, limit=RESOLVED_WINDOW_MAX)
    over = [(item, machine.decode(item.state)) for item in newest if not item.live][:RESOLVED_MAX]
    return [
        Row(id=item.id, state=state, outlook=outlook(machine, state, names), mine=False)
        for item, state in sorted(over, key=lambda pair: pair[1].resolved_at or 0, reverse=True)
    ]


def triggered(store: Aggregates) -> int:
    """How many of the newest open incidents wait for an answer. Blocks on the store."""
    newest = store.listing(IncidentMachine.name, live_only=True, limit=WINDOW_MAX)
    return sum(_GLANCE.decode(item.state).group == Status.TRIGGERED for item in newest)


def _fits(glance: _Glance, query: Query) -> bool:
    if query.team and glance.plan.team != query.team:
        return False
    return glance.group == query.status if query.status != OPEN else glance.status is not Status.RESOLVED


def _sorted_by(query: Query) -> Callable[[_Pair], tuple[int, int, Instant]]:
    """Who waits for an answer first, then the worst, then the oldest; what is over, newest first."""

    def key(pair: _Pair) -> tuple[int, int, Instant]:
        glance = pair[1]
        if query.status == Status.RESOLVED:
            return 0, 0, -glance.opened_at
        return _ORDER.index(glance.group), -glance.severity.weight, glance.opened_at

    return key


def _older(query: Query, pairs: Sequence[_Pair], *, left: int, more: bool) -> str:
    """The next page: in this window while something is left there, then the next window."""
    if left > 0:
        return query.link(page=query.page + 1, before=query.before)
    if not more:
        return ""
    last, glance = pairs[-1]
    return query.link(before=(glance.opened_at, last.id))


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and 0 < len(text) < 16  # noqa: PLR2004 - milliseconds have 13 digits.
