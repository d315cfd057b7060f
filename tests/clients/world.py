"""A running Tocsin as the clients of other systems meet it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.wiring.serving import serving, until
from tocsin.changes.machine import ChangeMachine, Entry
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.outside import Outside

KEY = "test-key-0123456789"
CONFIG = f"""
responders: {{ada: {{email: ada@example.com}}, bo: {{}}}}
teams: {{ops: {{members: [ada, bo]}}, shop: {{members: [bo]}}}}
integrations: {{default: {{key: {KEY}, team: ops}}}}
"""


class Bell:
    """What rang, read from the store."""

    def __init__(self, runtime: Embedded) -> None:
        self.runtime = runtime
        self.url = runtime.url

    def incidents(self) -> list[Incident]:
        """All, newest first."""
        machine = IncidentMachine()
        rows = self.runtime.store.listing(machine.name, live_only=False, limit=1000)
        return [machine.decode(row.state) for row in rows]

    def changes(self) -> list[Entry]:
        """All, newest first."""
        machine = ChangeMachine()
        return [machine.decode(row.state) for row in self.runtime.store.listing("change", live_only=False, limit=1000)]

    def one(self, status: str) -> Incident:
        """The only incident, once it has this status."""
        until(lambda: [each.status for each in self.incidents()] == [status])
        return self.incidents()[0]


@contextmanager
def bell(folder: Path, config: str = CONFIG, outside: Outside | None = None) -> Iterator[Bell]:
    """A server while the context lasts."""
    with serving(folder / "tocsin.db", config, outside) as (runtime, _):
        yield Bell(runtime)
