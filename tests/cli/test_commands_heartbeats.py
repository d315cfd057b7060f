"""`tocsin heartbeats`: who has promised to come, and when they came."""

from __future__ import annotations

import re
from contextlib import closing

from tests.cli.terminal import Terminal
from tocsin.engine.runner import Addressed, Runner
from tocsin.heartbeats.inputs import Pinged
from tocsin.heartbeats.machine import HeartbeatMachine
from tocsin.heartbeats.ping import Ping
from tocsin.kernel.time import DAY, HOUR, MINUTE
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.clock import SystemClock


def ping(terminal: Terminal, ping: Ping, *, ago: int, watched: bool = False) -> None:
    given = Pinged(integration="prod", ping=ping, watched=watched)
    name = f"test/{ping.name}"
    item = Addressed(input_id=name, machine="heartbeat", given=given, keys=(name,), fresh=name)
    with closing(SqliteStore(terminal.db)) as store:
        Runner(store, [HeartbeatMachine()]).handle([item], SystemClock()() - ago)


def test_nobody_has_promised_anything(terminal: Terminal) -> None:
    terminal.make_database()
    assert terminal.type("heartbeats").out == "no heartbeats\n"
    assert terminal.type("heartbeats", "--json").document == []


def test_they_are_listed_with_what_they_promise(terminal: Terminal) -> None:
    terminal.make_database()
    ping(terminal, Ping(name="nightly\x1b[2J", every=DAY, grace=HOUR, text="42 GB"), ago=2 * MINUTE)
    ping(terminal, Ping(name="alertmanager"), ago=2 * MINUTE, watched=True)
    head, first, second = terminal.type("heartbeats").out.splitlines()
    assert head.split() == ["STATUS", "SEEN", "EVERY", "GRACE", "INTEGRATION", "NAME"]
    assert re.fullmatch(r"up +2m( \d+s)? ago +- +- +prod +alertmanager", first)
    assert re.match(r"up +2m( \d+s)? ago +1d +1h +prod +nightly", second)
    assert "\x1b" not in second
    watched, promised = terminal.type("heartbeats", "--json").document
    assert (watched["every_ms"], watched["grace_ms"], watched["status"]) == (None, None, "up")
    assert (promised["every_ms"], promised["grace_ms"], promised["text"]) == (DAY, HOUR, "42 GB")
    assert promised["last_ping_at"] < promised["wake_at"]
