"""Heartbeats in a terminal."""

from __future__ import annotations

import argparse
from typing import Any, Final

from tocsin.cli.access import open_store
from tocsin.cli.printing import plain, say, say_json, table
from tocsin.heartbeats.machine import Heartbeat, HeartbeatMachine
from tocsin.kernel.time import Instant, format_duration, format_instant
from tocsin.wiring.clock import SystemClock

SHOWN_MAX: Final = 10_000

_HEAD: Final = ("STATUS", "SEEN", "EVERY", "GRACE", "INTEGRATION", "NAME")


def listing(given: argparse.Namespace) -> int:
    """`tocsin heartbeats`."""
    machine = HeartbeatMachine()
    with open_store(given.db) as store:
        found = [machine.decode(row.state) for row in store.listing(machine.name, live_only=True, limit=SHOWN_MAX)]
    found.sort(key=lambda beat: (beat.integration, beat.name))
    if given.json:
        say_json([_row(beat) for beat in found])
        return 0
    if not found:
        say("no heartbeats\n")
        return 0
    now = SystemClock()()
    for line in table(_HEAD, (_cells(beat, now) for beat in found)):
        say(line)
    return 0


def _row(beat: Heartbeat) -> dict[str, Any]:
    def at(instant: Instant | None) -> str | None:
        return None if instant is None else format_instant(instant)

    return {
        "name": beat.name,
        "integration": beat.integration,
        "status": beat.status.value,
        "every_ms": None if beat.watched else beat.every,
        "grace_ms": None if beat.watched else beat.grace,
        "last_ping_at": at(beat.last_ping_at),
        "wake_at": at(beat.wake_at),
        "text": beat.text,
    }


def _cells(beat: Heartbeat, now: Instant) -> tuple[str, ...]:
    seen = "never" if beat.last_ping_at is None else f"{format_duration(now - beat.last_ping_at)} ago"
    promised = ("-", "-") if beat.watched else (format_duration(beat.every), format_duration(beat.grace))
    return (beat.status.value, seen, *promised, plain(beat.integration), plain(beat.name))
