"""One scenario, once for every statement that the store executes: whichever fails, nothing is lost.

The statements of opening count too (those of migrating have tests of their own). After each failure the service goes
on as it does in life: a sender that heard no answer tries again, the engine pauses and steps again, and a process that
died is started again.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.sqlite.connections import Died, Mode, Trouble, UnsyncedConnection
from tests.sqlite.service import Service, World, alert
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Status
from tocsin.kernel import json
from tocsin.kernel.time import MINUTE, Instant
from tocsin.sqlite.store import SqliteStore

STARTS_MAX = 20
STATEMENTS_MIN = 150  # The scenario is worth something only if it makes the store work.

# (address, title, rung): whoever must have been asked, whatever failed.
PAGES = {
    ("ada", "cpu is bad", 0),
    ("ada", "disk is bad", 0),
    ("bob", "cpu is bad", 1),
    ("bob", "disk is bad", 1),
    ("ops", "disk is bad", 2),
}
SHOWN = {"cpu is bad": "resolved", "disk is bad": "triggered"}

# What happens. A line that the process did not survive is begun again by the next one: a sender that heard no answer
# tries again, a person clicks again, and time has gone by anyway.
STORY: tuple[Callable[[Service], None], ...] = (
    lambda service: service.receive(alert("cpu"), alert("disk")),
    Service.settle,
    lambda service: service.receive(alert("cpu")),
    lambda service: service.world.pass_time(5 * MINUTE),
    Service.settle,  # Nobody answered: bob is asked, by mail, since chat knows no bob.
    lambda service: service.say("acknowledge", "cpu", "bob"),
    lambda service: service.world.pass_time(6 * MINUTE),
    Service.settle,  # The disk's ladder ends: everyone is asked.
    lambda service: service.receive(alert("cpu", "resolved")),
    Service.settle,  # The disk is still bad: somebody must be asked again, later.
)


@pytest.mark.parametrize("mode", Mode)
def test_nothing_is_lost_whichever_statement_fails(mode: Mode, quick_folder: Path) -> None:
    statements = tell(Trouble(mode, at=0), quick_folder)
    assert len(statements) > STATEMENTS_MIN
    for number, sql in enumerate(statements, start=1):
        # A question that fails when it was answered is one that failed: that is told once only.
        if mode is Mode.BEFORE or not sql.lstrip().startswith("SELECT"):
            trouble = Trouble(mode, number)
            tell(trouble, quick_folder)
            assert trouble.struck == sql


@pytest.mark.parametrize("mode", [Mode.BEFORE, Mode.CLOSED])
def test_nothing_is_lost_when_the_trouble_lasts(mode: Mode, quick_folder: Path) -> None:
    for number in range(1, len(tell(Trouble(mode, at=0), quick_folder)), 9):
        assert tell(Trouble(mode, number, times=6), quick_folder)


def tell(trouble: Trouble, folder: Path) -> Sequence[str]:
    """Tell the story on a fresh file and check what came of it; the statements that it took."""
    template, path, world = folder / "template", folder / "tocsin.db", World()
    if not template.exists():
        SqliteStore(template).close()
    for old in folder.glob("tocsin.db*"):
        old.unlink()
    shutil.copyfile(template, path)
    try:
        service = start(path, trouble, world)
        for line in STORY:
            service = survive(service, line, path, trouble)
        service.store.close()
        check(path, world)
    except Exception as problem:
        raise AssertionError(f"statement {trouble.at} {trouble.mode}: {trouble.struck}") from problem
    return trouble.statements


def start(path: Path, trouble: Trouble, world: World) -> Service:
    """Start the process; whoever watches over it starts it again when it cannot."""
    for _ in range(STARTS_MAX):
        try:
            store = SqliteStore(path, trouble.connection())
        except (StoreUnavailableError, Died):
            continue
        return Service(store, world, lambda now: quiet(path, now))
    raise AssertionError("it does not start")


def quiet(path: Path, now: Instant) -> bool:
    """Whether nothing waits in the file, as somebody sees it who has no trouble."""
    sql = (
        "SELECT NOT EXISTS (SELECT * FROM backlog) AND NOT EXISTS (SELECT * FROM outbox)"
        " AND NOT EXISTS (SELECT * FROM aggregates WHERE wake_at <= ?)"
    )
    with closing(sqlite3.connect(path)) as reader:
        return bool(reader.execute(sql, (now,)).fetchone()[0])


def survive(service: Service, line: Callable[[Service], None], path: Path, trouble: Trouble) -> Service:
    """The service that has brought *line* to its end."""
    try:
        line(service)
    except Died:
        service.store.close()
        service = start(path, trouble, service.world)
        line(service)
    return service


def check(path: Path, world: World) -> None:
    """What must be true whatever failed."""
    store = SqliteStore(path, UnsyncedConnection)
    try:
        assert store.check() == "ok"
        stored = [store.delivery(row.id) for row in store.deliveries(1000)]
        assert set(world.accepted) <= {found.id for found in stored if found}
        health = store.health(world.now)
        assert (health.backlog, health.pending, health.broken, health.oldest_due_at) == (0, 0, (), None)
        assert set(store.seen(f"{found.id}/0" for found in stored if found)) == {
            f"{found.id}/0" for found in stored if found
        }
        documents = [json.decode(found.body) for found in stored if found]
        fired = Counter(
            document["alert"]["dedup_key"]
            for document in documents
            if "alert" in document and document["alert"]["status"] == "firing"
        )
        incidents = [
            IncidentMachine().decode(row.state) for row in store.listing("incident", live_only=False, limit=100)
        ]
        assert Counter({key: line.count for found in incidents for key, line in found.alerts.items()}) == fired
        assert len(incidents) == len(fired)
    finally:
        store.close()
    assert [found.wake_at > world.now for found in incidents if found.wake_at] == [True]
    assert [found.status for found in incidents if found.wake_at] == [Status.TRIGGERED]
    assert world.pages == PAGES
    assert world.shown == SHOWN
