"""What came of a verb, in a sentence for the person who used it; every place where verbs are used says the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.incidents.reasons import Reason

# {who} stands for how it stands ("asking Ada"), {before} for who had it, {back} for when it comes back.
_SAID: Final[Mapping[str, str]] = {
    Reason.ACKNOWLEDGED: "Acknowledged: it is yours now.",
    Reason.ALREADY_ACKNOWLEDGED: "Nothing to do: it was already {who}.",
    Reason.TAKEN_OVER: "You took it over from {before}.",
    Reason.PASSED: "Passed on: now {who}.",
    Reason.PASSED_OTHERS_ASKED: "Passed on: still {who}.",
    Reason.ESCALATED: "Escalated: now {who}.",
    Reason.REASSIGNED: "Reassigned: now {who}.",
    Reason.SNOOZED: "Snoozed: it comes back {back}.",
    Reason.SNOOZE_IN_PAST: "That time has passed already; choose a later one.",
    Reason.RESOLVED: "Resolved. Thank you!",
    Reason.ALREADY_RESOLVED: "Nothing to do: it was already {who}.",
    Reason.NOTED: "Noted.",
    Reason.NOTE_EMPTY: "An empty note says nothing; write a word or two.",
    Reason.STALE_RUNG: "Too late for that button, as it had moved on: {who}.",
    Reason.NOT_ASKED: "You were not asked, so there was nothing to pass on: {who}.",
    Reason.UNKNOWN_INCIDENT: "There is no such incident.",
}


def outcome(reason: str, *, who: str = "", before: str = "", back: str = "") -> str:
    """The sentence for *reason*; a reason that has none speaks for itself."""
    said = _SAID.get(reason)
    return reason if said is None else said.format(who=who, before=before, back=back)
