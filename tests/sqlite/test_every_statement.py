"""One scenario, once for every statement that the store executes: whichever fails, nothing is lost.

The statements of opening and migrating count too. After each failure the service goes on as it does in life: a sender that
heard no answer tries again, the engine pauses and steps again, and a process that died is started again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sqlite.connections import Died, Mode, Trouble, UnsyncedConnection
from tests.sqlite.service import Service, World, alert
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Status
from tocsin.kernel import json
from tocsin.kernel.time import MINUTE
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
    ("ada", "net is bad", 0),
}
SHOWN = {"cpu is bad": "resolved", "disk is bad": "resolved", "net is bad": "triggered"}

# What happens. A line that the process did not survive is begun again by the next one: a sender that heard no answer tries
# again, a person clicks again, and time has gone by anyway.
STORY: tuple[Callable[[Service], None], ...] = (
    lambda service: service.receive(alert("cpu"), alert("disk")),
    Service.settle,
    lambda service: service.receive(alert("cpu")),
    lambda service: service.world.pass_time(5 * MINUTE),
    Service.settle,  # Nobody answered: bob is asked, by mail, since chat knows no bob.
    lambda service: service.say("acknowledge", "cpu", "bob"),
    lambda service: service.world.pass_time(6 * MINUTE),
    Service.settle,  # The disk's ladder ends: everyone is asked.
    lambda service: service.say("acknowledge", "disk", "ada"),
    Service.settle,
    lambda service: service.receive(alert("cpu", "resolved"), alert("net")),
    lambda service: service.say("resolve", "disk", "ada"),
    Service.settle,
)


@pytest.mark.parametrize("mode", Mode)
def test_nothing_is_lost_whichever_statement_fails(mode: Mode, tmp_path: Path) -> None:
    number = 1
    while tell(mode, number, tmp_path / "tocsin.db"):
        number += 1
    assert number > STATEMENTS_MIN


@pytest.mark.parametrize("mode", [Mode.BEFORE, Mode.CLOSED])
def test_nothing_is_lost_when_the_trouble_lasts(mode: Mode, tmp_path: Path) -> None:
    number = 1
    while tell(mode, number, tmp_path / "tocsin.db", times=5):
        number += 7
    assert number > STATEMENTS_MIN


def tell(mode: Mode, number: int, path: Path, times: int = 1) -> bool:
    """Tell the story on a new file, with trouble from statement *number* on; False when it ended before that."""
    for old in path.parent.glob(f"{path.name}*"):
        old.unlink()
    trouble, world = Trouble(mode, number, times), World()
    try:
        service = start(path, trouble, world)
        for line in STORY:
            service = survive(service, line, path, trouble)
        service.store.close()
        check(path, world)
    except Exception as problem:
        raise AssertionError(f"statement {number} {mode}: {trouble.struck or 'nothing failed'}") from problem
    return bool(trouble.struck)


def start(path: Path, trouble: Trouble, world: World) -> Service:
    """Start the process; whoever watches over it starts it again when it cannot."""
    for _ in range(STARTS_MAX):
        try:
            return Service(SqliteStore(path, trouble.connection()), world)
        except (StoreUnavailableError, Died):
            continue
    raise AssertionError("it does not start")


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
    assert all(found.wake_at for found in incidents if found.status is Status.TRIGGERED)
    assert world.pages == PAGES
    assert world.shown == SHOWN
