"""Occurrences for tests: as many as one likes, each like the last but for what is said."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from tocsin.incidents.alerts import Kind, Severity
from tocsin.kernel.time import HOUR, MINUTE, Instant
from tocsin.noise.keys import By, Key
from tocsin.noise.occurrences import Closed, Occurrence

BEGUN: Instant = 1_795_000_000_000
CPU = Key(integration="prod", by=By.KEY, value="cpu")
TITLE = Key(integration="prod", by=By.TITLE, value="CPU is high")
ONE = Occurrence(
    incident="1",
    key=CPU,
    title_key=TITLE,
    title="CPU is high",
    team="ops",
    severity=Severity.HIGH,
    kind=Kind.ALERT,
    opened_at=BEGUN,
    closed=Closed.SOURCE,
    lasted=2 * MINUTE,
    acknowledged=False,
    noted=False,
    note="",
    solved_by="",
    fired=1,
    pages=1,
    sleep_pages=None,
    weight=1.0,
    alarm="",
)


def some(count: int, like: Occurrence = ONE, **facts: Any) -> list[Occurrence]:  # noqa: ANN401 - any field.
    """*count* of them, an hour apart."""
    return [replace(like, incident=f"{number}", opened_at=BEGUN + number * HOUR, **facts) for number in range(count)]


def solved(count: int, **facts: Any) -> list[Occurrence]:  # noqa: ANN401 - any field.
    """*count* that a person closed with a note."""
    return some(count, closed=Closed.PERSON, note="Restarted it.", solved_by="bo", **facts)
