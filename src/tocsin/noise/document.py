"""The noise report as a document for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from tocsin.kernel.time import format_instant
from tocsin.noise.keys import Key
from tocsin.noise.machine import Treatment
from tocsin.noise.remedies import Remedy, words
from tocsin.noise.report import Report, Row
from tocsin.noise.spoken import said


def document(report: Report, treatments: Iterable[Treatment]) -> dict[str, Any]:
    """The keys of *report*, and the remedies in force; times in ms, instants as text."""
    return {
        "since": format_instant(report.since),
        "incidents": report.incidents,
        "whole": report.whole,
        "keys": [_row(row) for row in report.rows],
        "remedies": [
            {"key": state.key.id, **_what(state.key), "title": state.title, "in_force": _remedy(remedy)}
            for state in treatments
            for remedy in state.stack[-1:]
        ],
    }


def _row(row: Row) -> dict[str, Any]:
    solved, proposal = row.solved, row.proposal
    return {
        "key": row.key.id,
        **_what(row.key),
        "title": row.title,
        "team": row.team,
        "severity": row.severity.value,
        "fired": row.fired,
        "incidents": row.incidents,
        "pages": row.pages,
        "sleep_pages": row.sleep_pages,
        "closed": row.closed,
        "closed_by_itself": row.by_itself,
        "median_ms": row.median,
        "acknowledged_without_action": row.unattended,
        "last_solved": solved and {"at": format_instant(solved.at), "by": solved.by, "note": solved.note},
        "cost": row.cost,
        "alarm": row.alarm or None,
        "proposal": proposal and {"remedy": said(proposal), "why": proposal.why},
    }


def _what(key: Key) -> dict[str, str]:
    return {"integration": key.integration, "by": key.by.value, "value": key.value}


def _remedy(remedy: Remedy) -> dict[str, Any]:
    times = {"at": format_instant(remedy.at), "until": None if remedy.until is None else format_instant(remedy.until)}
    return {**msgspec.to_builtins(remedy), **times, "words": words(remedy)}
