"""The noise report: for each key what it cost to be asked about it, how it ended, and what might be done about it.

An incident counts for the alert that opened it. What comes under another dedup key each time is gathered by its title.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Final

import msgspec

from tocsin.incidents.alerts import Kind, Severity
from tocsin.kernel.time import Duration, Instant
from tocsin.noise.keys import Key
from tocsin.noise.occurrences import Closed, Occurrence
from tocsin.noise.proposals import Proposal, propose

SHOWING: Final = 0.1  # What an incident costs that needed nobody, beside its pages: its message in the room.


class Solved(msgspec.Struct, frozen=True):
    """The last time that a person closed it with a note."""

    at: Instant
    by: str
    note: str
    incident: str


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One key. Counts are of the period; *sleep_pages* None: nobody's hours are known.

    *closed*: incidents that are over, notifications aside; *by_itself* of them recovered without a note of anybody, in
    *median* ms. *unattended*: those of them that a person had acknowledged. *cost*: what the incidents that needed
    nobody cost, in pages at working time.
    """

    key: Key
    title: str
    team: str
    severity: Severity
    fired: int
    incidents: int
    pages: int
    sleep_pages: int | None
    closed: int
    by_itself: int
    median: Duration | None
    unattended: int
    solved: Solved | None
    cost: float
    alarm: str
    last_at: Instant
    proposal: Proposal | None


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """All keys, the costliest noise first; *since* when, and whether that was *whole* (or the newest part only)."""

    rows: tuple[Row, ...]
    since: Instant
    incidents: int
    whole: bool


def rows(occurrences: Iterable[Occurrence]) -> tuple[Row, ...]:
    """A row for each key, the costliest noise first."""
    found = [_row(key, tuple(each)) for key, each in _gathered(occurrences).items()]
    return tuple(sorted(found, key=lambda row: (-row.cost, -row.pages, -row.incidents, row.title, row.key.id)))


def _gathered(occurrences: Iterable[Occurrence]) -> Mapping[Key, Sequence[Occurrence]]:
    """By dedup key; those whose key came once, by title if that came again."""
    by_key: dict[Key, list[Occurrence]] = {}
    for each in occurrences:
        by_key.setdefault(each.key, []).append(each)
    found: dict[Key, list[Occurrence]] = {key: several for key, several in by_key.items() if len(several) > 1}
    by_title: dict[Key, list[Occurrence]] = {}
    for each in chain.from_iterable(one for one in by_key.values() if len(one) == 1):
        by_title.setdefault(each.title_key, []).append(each)
    for title_key, alike in by_title.items():
        found[title_key if len(alike) > 1 else alike[0].key] = alike
    return found


def _row(key: Key, all_: Sequence[Occurrence]) -> Row:
    newest = max(all_, key=lambda each: each.opened_at)
    over = [each for each in all_ if each.kind is Kind.ALERT and each.closed in {Closed.SOURCE, Closed.PERSON}]
    alone = [each for each in over if each.by_itself]
    asleep = [each.sleep_pages for each in all_ if each.sleep_pages is not None]
    return Row(
        key=key,
        title=newest.title,
        team=newest.team,
        severity=max((each.severity for each in all_), key=lambda severity: severity.weight),
        fired=sum(each.fired for each in all_),
        incidents=len(all_),
        pages=sum(each.pages for each in all_),
        sleep_pages=sum(asleep) if asleep else None,
        closed=len(over),
        by_itself=len(alone),
        median=_median([each.lasted for each in alone]),
        unattended=sum(each.acknowledged for each in alone),
        solved=_solved(all_),
        cost=round(sum(each.weight + SHOWING for each in all_ if each.by_itself), 1),
        alarm=newest.alarm,
        last_at=newest.opened_at,
        proposal=propose(key, all_),
    )


def _median(lengths: Sequence[Duration]) -> Duration | None:
    """The middle one; of two, the shorter."""
    return sorted(lengths)[(len(lengths) - 1) // 2] if lengths else None


def _solved(all_: Sequence[Occurrence]) -> Solved | None:
    found = [each for each in all_ if each.solved]
    if not found:
        return None
    last = max(found, key=lambda each: each.opened_at + each.lasted)
    return Solved(last.opened_at + last.lasted, last.solved_by, last.note, last.incident)
