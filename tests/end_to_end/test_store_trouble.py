"""When the store cannot write, senders hear 503, nothing is claimed that is not there, and it works again by itself."""

from __future__ import annotations

import resource
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.served import Served, wait_until

BODY = b'{"title": "while there was trouble"}'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path)
    served.start()
    yield served
    assert served.stop() == 0


def titles(server: Served) -> list[str]:
    return [row["title"] for row in server.incidents()]


def test_a_locked_database_refuses_and_recovers(server: Served) -> None:
    other = sqlite3.connect(server.db, isolation_level=None)
    try:
        other.execute("BEGIN EXCLUSIVE")
        status, body, headers = server.post(BODY)
        assert (status, headers["retry-after"]) == (503, "5")
        assert b"not stored, send it again" in body
        other.execute("ROLLBACK")
    finally:
        other.close()
    wait_until(lambda: server.post(b'{"title": "after the lock"}')[0] == 202)
    wait_until(lambda: "after the lock" in titles(server))
    assert "while there was trouble" not in titles(server)
    log = server.log.read_text()
    assert log.count("deliveries refused: the store cannot write") == 1
    assert "deliveries are stored again" in log


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit is Linux's")
def test_a_full_disk_refuses_and_recovers(server: Served) -> None:
    assert server.post(b'{"title": "before"}')[0] == 202
    wait_until(lambda: titles(server) == ["before"])
    _, most = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (1, most))
    for _ in range(3):
        status, _, headers = server.post(BODY)
        assert (status, headers["retry-after"]) == (503, "5")
    assert server.post(b"", path="/healthz", method="GET")[0] == 200
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (most, most))
    wait_until(lambda: server.post(b'{"title": "after"}')[0] == 202)
    wait_until(lambda: sorted(titles(server)) == ["after", "before"])
    assert server.doctor()["ok"]


def test_a_damaged_file_is_told_at_the_start(tmp_path: Path) -> None:
    served = Served(tmp_path)
    served.db.write_bytes(b"this is not a database, however long it may be" * 100)
    with pytest.raises(AssertionError, match="not a database"):
        served.start()
    assert "Traceback" not in served.log.read_text()


def test_a_second_server_on_the_port_is_told_so(server: Served) -> None:
    said = server.command("serve", "--port", str(server.port))
    assert said.returncode == 1
    assert "cannot listen on 127.0.0.1" in said.stderr
