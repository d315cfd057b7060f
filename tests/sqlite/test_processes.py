"""Several processes on one file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tocsin.sqlite.store import SqliteStore
from tocsin.testing.conformance.subject import NOW

PROCESSES = 3
ROUNDS = 30
PATIENCE_MS = 60_000  # What is shown is that nothing is lost; how long somebody waits on a busy machine is not.

WRITE = """
import sys
from functools import partial
from pathlib import Path
from tocsin.engine.ports import CommitResult
from tocsin.sqlite.connection import Connection
from tocsin.sqlite.store import SqliteStore
from tocsin.testing.conformance.subject import commit, handled, outgoing, received

path, name, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
store = SqliteStore(path, partial(Connection, busy_timeout_ms=int(sys.argv[4])))
print("here", flush=True)
sys.stdin.readline()
ids, lost = [], 0
for number in range(rounds):
    ids += store.accept([received(f"{name} {number}".encode())] * 2)
    result = None
    while result is not CommitResult.COMMITTED:
        found = store.load(["shared"])
        version = found["shared"].version if found else 0
        mine = f"{name}/{number}"
        steps = [
            commit("shared", version, handled=handled(mine), outbox=(outgoing(mine, "shared"),)),
            commit(f"own {mine}", 0, claims=((f"key {mine}", None),)),
        ]
        if result is not None:  # The other one landed at the first try.
            steps.pop()
        result = store.commit(steps)[0]
        lost += result is not CommitResult.COMMITTED
taken = [store.take_record("link", str(number)) for number in range(rounds)]
print(lost, sum(found is not None for found in taken), *ids, flush=True)
store.close()
"""


def test_processes_that_write_at_once_lose_nothing_and_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    store = SqliteStore(path)
    for number in range(ROUNDS):
        store.put_record("link", str(number), {"n": number})
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE, str(path), f"p{number}", str(ROUNDS), str(PATIENCE_MS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    for process in running:
        assert process.stdout
        assert process.stdout.readline() == "here\n"
    for process in running:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate(timeout=120)[0].split() for process in running]
    assert [process.returncode for process in running] == [0] * PROCESSES

    ids = [name for _, _, *names in told for name in names]
    assert len(ids) == len(set(ids)) == PROCESSES * ROUNDS * 2
    assert {found.id for found in store.backlog(10_000)} == set(ids)
    for number, (_, _, *names) in enumerate(told):
        bodies = [found.body.decode() for name in names if (found := store.delivery(name))]
        assert bodies == [f"p{number} {turn}" for turn in range(ROUNDS) for _ in range(2)]
    assert store.load(["shared"])["shared"].version == PROCESSES * ROUNDS
    assert len(store.timeline("shared", 10_000)) == PROCESSES * ROUNDS
    assert len(store.pending(NOW, per_receiver=10_000)) == PROCESSES * ROUNDS
    keys = [f"key p{number}/{turn}" for number in range(PROCESSES) for turn in range(ROUNDS)]
    assert len(store.find(keys)) == len(keys)
    assert sum(int(taken) for _, taken, *_ in told) == ROUNDS
    assert store.check() == "ok"
    store.close()
