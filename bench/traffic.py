"""A working day of alerts, made up: mostly repetitions of what is known, some new trouble, as much that ends. Pure."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from bench.organisation import team
from bench.senders import Sending

PER_SECOND: Final = 500
NEW_EVERY: Final = 25  # One alert in so many is of a new incident: twenty a second.
ENDED_EVERY: Final = 50  # One in so many is an all-clear.
LASTS_SECONDS: Final = 5.0  # Trouble of this run lasts so long at least.
KNOWN: Final = 200  # Incidents that are open before the measurement begins, one for each responder.
KNOWN_PER_SECOND: Final = 25

_BEGAN: Final = datetime(2026, 1, 5, 8, tzinfo=UTC)


def warming() -> list[Sending]:
    """What makes the incidents that are open before: each opens one."""
    return [Sending(number / KNOWN_PER_SECOND, webhook(f"known-{number}", number)) for number in range(KNOWN)]


def day(seconds: int, seed: int) -> tuple[list[Sending], dict[int, int]]:
    """The alerts of *seconds*, and by the number of each new incident (`new-NUMBER`) where its first alert stands."""
    chance = random.Random(seed)
    sendings: list[Sending] = []
    firsts: dict[int, int] = {}
    running: list[tuple[float, str, int]] = []
    numbers = _numbers(seed)
    for position in range(seconds * PER_SECOND):
        at = position / PER_SECOND
        if position % NEW_EVERY == 0:
            number = next(numbers)
            firsts[number] = position
            name = f"new-{number}"
            running.append((at, name, number))
            body = webhook(name, number)
        elif position % ENDED_EVERY == 1 and running and running[0][0] + LASTS_SECONDS < at:
            _, name, number = running.pop(0)
            body = webhook(name, number, ended=True)
        else:
            index = chance.randrange(KNOWN + len(running))
            body = (
                webhook(f"known-{index}", index)
                if index < KNOWN
                else webhook(running[index - KNOWN][1], running[index - KNOWN][2])
            )
        sendings.append(Sending(at, body))
    return sendings, firsts


def webhook(name: str, number: int, *, ended: bool = False) -> bytes:
    """As Alertmanager posts it; the teams take turns by *number*."""
    status = "resolved" if ended else "firing"
    labels = {
        "alertname": name,
        "severity": "critical",
        "instance": f"web-{number % 50}:9100",
        "job": "node",
        "team": team(number),
    }
    alert = {
        "status": status,
        "labels": labels,
        "annotations": {"summary": f"CPU is high on web-{number % 50}", "runbook_url": "https://example.com/runbook"},
        "startsAt": _BEGAN.isoformat(),
        "endsAt": (_BEGAN + timedelta(hours=1)).isoformat() if ended else "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example.com/graph",
        "fingerprint": f"{number:016x}",
    }
    return msgspec.json.encode(
        {
            "version": "4",
            "groupKey": f'{{}}:{{alertname="{name}"}}',
            "truncatedAlerts": 0,
            "status": status,
            "receiver": "tocsin",
            "groupLabels": {"alertname": name},
            "commonLabels": labels,
            "commonAnnotations": alert["annotations"],
            "externalURL": "http://alertmanager.example.com",
            "alerts": [alert],
        }
    )


def _numbers(seed: int) -> Iterator[int]:
    """Of new incidents: never the same in two runs."""
    number = seed * 1_000_000
    while True:
        yield number
        number += 1
