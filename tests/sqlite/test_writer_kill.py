"""A process that is killed in the midst of writing: whatever it has acknowledged is there."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

from tocsin.sqlite.store import SqliteStore

ROUNDS = 10
SEED = 20_261_121

# It acknowledges on its output, as the server does on a socket; the deliveries say which they are.
WRITE = """
import itertools, os, sys
from pathlib import Path
from tocsin.sqlite.store import SqliteStore
from tocsin.sqlite.writer import GroupWriter
from tocsin.testing.conformance.subject import received

def answer(answers):
    try:
        os.write(1, "".join(f"{token} {name}\\n" for token, name in answers).encode())
    except OSError:
        os._exit(1)  # Nobody listens any more.

writer = GroupWriter(SqliteStore(Path(sys.argv[1])), answer=answer)
for number in itertools.count():
    writer.submit(received(f"{sys.argv[2]}-{number}".encode() * 50), f"{sys.argv[2]}-{number}")
    while writer.depth() > 100:
        pass
"""


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "tocsin.db"
    chance = random.Random(SEED)
    acknowledged: dict[str, str] = {}
    for turn in range(ROUNDS):
        acknowledged |= write_until_killed(path, f"turn {turn}", chance.randrange(1, 1500))
        store = SqliteStore(path)
        assert store.check() == "ok"
        for name, token in acknowledged.items():
            found = store.delivery(name)
            assert found, f"seed {SEED}: delivery {name} of {token} is lost"
            assert found.body == token.encode() * 50
        waiting = {found.id for found in store.backlog(1_000_000)}
        assert set(acknowledged) <= waiting
        assert len(waiting) == len(store.deliveries(1_000_000))
        store.close()
    assert len(acknowledged) > 1000


def write_until_killed(path: Path, name: str, count: int) -> dict[str, str]:
    """Kill a writing process after *count* acknowledgements; all that it gave, token by delivery id."""
    command = [sys.executable, "-c", WRITE, str(path), name.replace(" ", "-")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(count)]
        process.kill()
        lines += process.stdout.readlines()
    assert process.returncode == -9
    whole = [line.decode().split() for line in lines if line.endswith(b"\n")]
    return {delivery: token for token, delivery in whole}
