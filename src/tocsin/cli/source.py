"""What a sender's deliveries are read as: a dry run over those that are stored, or over a file."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tocsin.cli.access import open_store, read_settings, unknown
from tocsin.cli.printing import fields, plain, say, say_json
from tocsin.engine.ports import Delivery, Store
from tocsin.errors import TocsinError
from tocsin.incidents.alerts import Alert
from tocsin.kernel.time import format_instant
from tocsin.routing.rules import Routes
from tocsin.sources import Reading
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.readings import Readings, readings
from tocsin.wiring.settings_routes import routes

PAGE: Final = 500  # Rows of the list of deliveries that are looked through at a time.
LOOKED_MAX: Final = 100_000  # Of all integrations together: a rare sender may stand far behind.
BODY_MAX: Final = 8 * 1024 * 1024
STDIN: Final = Path("-")


def test(given: argparse.Namespace) -> int:
    """`tocsin source test`: exit code 1 when something in a delivery cannot be read."""
    settings = read_settings(given.config, given.db)
    if given.key not in settings.integrations:
        raise unknown("integration", given.key, settings.integrations)
    read, plans = readings(settings), routes(settings)
    if given.body:
        found: Iterator[Delivery] = iter((_from_file(given),))
        rows = [_row(delivery, read, plans) for delivery in found]
    else:
        with open_store(given.db) as store:
            rows = [_row(delivery, read, plans) for delivery in _last(store, given.key, given.replay, read)]
    if not rows:
        raise TocsinError("deliveries-missing", f"{given.key} has no stored delivery; try a file with --body")
    if given.json:
        say_json(rows)
    else:
        for row in rows:
            _show(row)
    return 1 if any(row["problems"] for row in rows) else 0


def _last(store: Store, key: str, count: int, readings: Readings) -> Iterator[Delivery]:
    """The last *count* deliveries of a sender under *key*, oldest first."""
    found: list[Delivery] = []
    looked, before = 0, ""
    while len(found) < count and looked < LOOKED_MAX:
        rows = store.deliveries(PAGE, before)
        for row in rows:
            delivery = store.delivery(row.id) if row.key == key and len(found) < count else None
            if delivery is not None and readings.read(delivery) is not None:
                found.append(delivery)
        if len(rows) < PAGE:
            break
        looked, before = looked + len(rows), rows[-1].id
    yield from reversed(found)


def _from_file(given: argparse.Namespace) -> Delivery:
    """A delivery that never came: the bytes of a file, or of standard input."""
    raw = sys.stdin.buffer.read(BODY_MAX + 1) if given.body == STDIN else given.body.read_bytes()
    if len(raw) > BODY_MAX:
        raise TocsinError("body-too-large", f"{os.fspath(given.body)} has more than {BODY_MAX} bytes")
    lines = [f"{name.strip().lower()}: {value.strip()}" for name, _, value in (h.partition(":") for h in given.header)]
    if given.form:
        lines.append(f"x-tocsin-form: {given.form}")
    return Delivery(
        id="0",
        received_at=SystemClock()(),
        channel="in",
        key=given.key,
        head="\n".join(lines).encode(),
        body=raw,
    )


def _row(delivery: Delivery, readings: Readings, plans: Routes) -> dict[str, Any]:
    found = readings.read(delivery)
    assert found is not None
    return {
        "delivery": delivery.id,
        "received_at": format_instant(delivery.received_at),
        "source": found.source,
        "fact": found.fact,
        "alerts": [_alert(alert, delivery, found, plans) for alert in found.alerts],
        "changes": [change.title for change in found.changes],
        "pings": [f"{ping.name}: {ping.kind.value}" for ping in found.pings],
        "problems": [f"{problem.place}: {problem.message}" for problem in found.problems],
    }


def _alert(alert: Alert, delivery: Delivery, found: Reading, plans: Routes) -> dict[str, Any]:
    plan = plans.route(alert, delivery.key, found.event)
    return {
        "title": alert.title,
        "status": alert.status.value,
        "severity": (plan.severity or alert.severity).value,
        "kind": (plan.kind or alert.kind).value,
        "dedup_key": alert.dedup_key,
        "group_key": alert.group_key,
        "account": alert.account,
        "region": alert.region,
        "resource": alert.resource,
        "labels": alert.labels,
        "tags": alert.tags,
        "links": alert.links,
        "occurred_at": None if alert.occurred_at is None else format_instant(alert.occurred_at),
        "description": alert.description,
        "team": plan.team,
        "policy": plan.policy.name,
    }


def _show(row: dict[str, Any]) -> None:
    fact = f", {plain(row['fact'])}" if row["fact"] else ""
    say(f"delivery {row['delivery']}, {row['received_at']}: {plain(row['source'])}{fact}\n")
    for alert in row["alerts"]:
        say(f"  {alert['kind']} {alert['status']}, {alert['severity']}: {plain(alert['title'])}\n")
        named = [
            ("dedup key", alert["dedup_key"]),
            ("group key", alert["group_key"]),
            ("where", ", ".join(filter(None, (alert["account"], alert["region"], alert["resource"])))),
            ("labels", ", ".join(f"{name}={value}" for name, value in alert["labels"].items())),
            ("tags", ", ".join(alert["tags"])),
            *(("link", f"{link.text}: {link.href}") for link in alert["links"]),
            ("occurred", alert["occurred_at"] or ""),
            ("asks", f"team {alert['team']}, policy {alert['policy']}"),
        ]
        say("".join(f"    {line}\n" for line in fields(named).splitlines()))
        for line in alert["description"].splitlines():
            say(f"    | {plain(line)}\n")
    for what in ("changes", "pings"):
        for text in row[what]:
            say(f"  {what[:-1]}: {plain(text)}\n")
    for problem in row["problems"]:
        say(f"  cannot be read: {plain(problem)}\n")
    if not (row["alerts"] or row["changes"] or row["pings"] or row["problems"]):
        say("  nothing to do\n")
