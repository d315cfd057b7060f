"""Rules as people look at them: when they are due, what they have decided, and why an event did not fire them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tocsin.automation.book import Book, Dead
from tocsin.engine.ports import Deliveries, Delivery, Store
from tocsin.kernel.json import Json
from tocsin.kernel.time import format_instant
from tocsin.web.workflows import Looked
from tocsin.wiring.readings import Readings, readings
from tocsin.wiring.rules import book_of, books
from tocsin.wiring.settings import DEFAULT, Settings
from tocsin.wiring.settings_rules import RuleSettings

EVENTS_MAX: Final = 20  # The newest deliveries that a rule is explained on.
LOOKED_MAX: Final = 500  # Rows of the list of deliveries in which those of senders are looked for.

_SENDERS: Final = frozenset({"in", "sqs", "mail"})


def document(settings: Settings, store: Store, name: str, *, explained: bool = False) -> dict[str, Json]:
    """The rule *name* for programs; *explained*: with the last events, and why each fired it or not.

    The events are looked at anew, with the rule as the file has it now. Raises StoreUnavailableError.
    """
    rule, book = settings.rules[name], book_of(store, name)
    found: dict[str, Json] = {
        "name": name,
        "fires": fires(rule),
        "does": list(rule.workflow) or f"alert: {rule.alert.title if rule.alert else ''}",
        "mode": rule.mode,
        "dry_run": rule.dry_run,
        "next_at": format_instant(book.due) if book is not None and book.due is not None else None,
        "running": [each.run for each in book.live] if book is not None else [],
        "waiting": len(book.queue) if book is not None else 0,
        "dead": len(book.dead) if book is not None else 0,
        "decisions": _decisions(book),
    }
    return {**found, "events": [_event(each) for each in looked(settings, store, name)]} if explained else found


def fires(rule: RuleSettings) -> list[str]:
    """What it waits for, in words."""
    return [
        *(["event"] if rule.event is not None else []),
        *([f"{rule.schedule} {rule.time_zone}"] if rule.schedule else []),
        *(["webhook"] if rule.webhook else []),
        *([f"run {rule.command}"] if rule.command else []),
    ]


def dead(settings: Settings, store: Store, name: str = "") -> Iterator[tuple[str, Dead]]:
    """What failed for good, by rule; of one rule, if *name* is given. Raises StoreUnavailableError."""
    found = {book.rule: book for book in books(store)}
    for rule in (name,) if name else (*settings.rules, *sorted(found.keys() - settings.rules.keys())):
        yield from ((rule, each) for each in found[rule].dead) if rule in found else ()


def _decisions(book: Book | None) -> list[Json]:
    """The newest first."""
    return [
        {
            "at": format_instant(note.at),
            "cause": note.cause,
            "of": note.of,
            "decided": note.decided,
            "runs": list(note.runs),
            "text": note.text,
        }
        for note in reversed(book.notes if book is not None else ())
    ]


def _event(found: Looked) -> Json:
    return {
        "delivery": found.delivery,
        "at": format_instant(found.at),
        "integration": found.integration,
        "fires": not found.why,
        "why": found.why,
    }


def looked(settings: Settings, store: Store, name: str) -> Iterator[Looked]:
    """The last events of senders, and why each fires the rule *name* or not. Raises StoreUnavailableError."""
    rule, reads = settings.rules[name], readings(settings)
    for delivery in _deliveries(store):
        why = _why(reads, rule, delivery)
        yield Looked(delivery=delivery.id, at=delivery.received_at, integration=delivery.key, why=why)


def _deliveries(store: Deliveries) -> Iterator[Delivery]:
    """The newest that senders have sent."""
    rows = [row for row in store.deliveries(LOOKED_MAX) if row.channel in _SENDERS]
    for row in rows[:EVENTS_MAX]:
        found = store.delivery(row.id)
        if found is not None:
            yield found


def _why(reads: Readings, rule: RuleSettings, delivery: Delivery) -> str:
    """Why a delivery does not fire *rule*; empty if it does."""
    if rule.webhook and (rule.integration or DEFAULT) == delivery.key:
        return ""
    if rule.integration not in {None, delivery.key}:
        return f"integration: it is of {delivery.key}, not of {rule.integration}"
    if rule.event is None:
        return "webhook: it is of another integration" if rule.webhook else "the rule waits for no event"
    found = reads.read(delivery)
    if found is None or not isinstance(found.event, dict):
        return "it is no JSON object"
    mismatch = rule.event.explain(found.event)
    return "" if mismatch is None else str(mismatch)
