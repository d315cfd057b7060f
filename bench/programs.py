"""The programs that are measured: Tocsin as people start it, and Alertmanager as Debian packs it."""

from __future__ import annotations

import http.client
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import msgspec

KEY: Final = "key-of-the-benchmarks"
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 60.0
GLANCE_SECONDS: Final = 0.002  # Between two looks for the ready file.

# No receiver, and one group: the least that it can be asked to do with an alert.
_ALERTMANAGER: Final = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


class Program:
    """A server that runs within `with`."""

    def __init__(self, command: list[str | Path], folder: Path, environ: Mapping[str, str]) -> None:
        """It is started now; what it says goes to a file in *folder*."""
        self._name = str(command[0])
        self._log = (folder / "output.txt").open("wb")
        self.started_at = time.monotonic()
        self._process = subprocess.Popen(
            command, cwd=folder, env=dict(environ), stdout=self._log, stderr=subprocess.STDOUT
        )

    def __enter__(self) -> Self:
        """It runs already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def stop(self) -> None:
        """Stop it, politely and then not; a second time does nothing."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()

    @property
    def peak_megabytes(self) -> float:
        """The most memory that was resident at any time (VmHWM)."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024 / 1_000_000

    def _check(self) -> None:
        if self._process.poll() is not None:
            self._log.flush()
            said = Path(self._log.name).read_text(errors="replace").strip()[-1000:]
            raise RuntimeError(f"{self._name} has ended by itself: {said}")


class Tocsin(Program):
    """`tocsin serve` on `tocsin.db` in a folder, with its `tocsin.yaml`, or with one that has but a key."""

    def __init__(self, folder: Path, *, environ: Mapping[str, str] | None = None) -> None:
        """Start; see `wait`."""
        self._folder = folder
        self.db = folder / "tocsin.db"
        self._ready = folder / "ready.json"
        self._ready.unlink(missing_ok=True)
        config = folder / "tocsin.yaml"
        if not config.exists():  # A key that the server makes is told at its first start only.
            config.write_text(f"integrations: {{default: {{key: {KEY}}}}}\n")
        command: list[str | Path] = [_tocsin(), "serve", "--port", "0", "--db", self.db, "--ready-file", self._ready]
        super().__init__(command, folder, _environ(environ))

    def wait(self) -> str:
        """Wait until it is ready; the ingest URL. Raises RuntimeError."""
        deadline = self.started_at + START_SECONDS
        while not self._ready.exists():
            self._check()
            if time.monotonic() > deadline:
                raise RuntimeError(f"not ready within {START_SECONDS} s")
            time.sleep(GLANCE_SECONDS)
        return str(msgspec.json.decode(self._ready.read_bytes())["ingest_url"])


class Alertmanager(Program):
    """Alertmanager with its storage in a folder."""

    def __init__(self, folder: Path) -> None:
        """Start; see `wait`."""
        (folder / "alertmanager.yml").write_text(_ALERTMANAGER)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        command: list[str | Path] = [
            "prometheus-alertmanager",
            "--config.file=alertmanager.yml",
            "--storage.path=storage",
            f"--web.listen-address=127.0.0.1:{self._port}",
            "--cluster.listen-address=",
            "--log.level=error",
        ]
        super().__init__(command, folder, os.environ)

    def wait(self) -> str:
        """Wait until it is ready; where alerts are posted. Raises RuntimeError."""
        deadline = self.started_at + START_SECONDS
        while not self._is_ready():
            self._check()
            if time.monotonic() > deadline:
                raise RuntimeError(f"not ready within {START_SECONDS} s")
            time.sleep(0.05)
        return f"http://127.0.0.1:{self._port}/api/v2/alerts"

    def _is_ready(self) -> bool:
        try:
            with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=2)) as connection:
                connection.request("GET", "/-/ready")
                return connection.getresponse().status == 200
        except OSError:
            return False


def tocsin_json(folder: Path, *arguments: str) -> Any:  # noqa: ANN401 - whatever that command prints.
    """What `tocsin COMMAND --json` prints, on the database in *folder*; its exit code does not matter."""
    command: list[str | Path] = [_tocsin(), *arguments, "--json", "--db", folder / "tocsin.db"]
    done = subprocess.run(command, cwd=folder, env=_environ(None), check=False, capture_output=True)
    return msgspec.json.decode(done.stdout)


def counted(db: Path, sql: str) -> int:
    """A number out of a database that is in use: asking the server would take time from it."""
    with closing(sqlite3.connect(f"{db.as_uri()}?mode=ro", uri=True, timeout=10)) as connection:
        found = connection.execute(sql).fetchone()[0]
    return 0 if found is None else int(found)


def post(url: str, body: bytes) -> int:
    """Post once; the status."""
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=10)) as connection:
        connection.request("POST", parts.path, body, {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        return answer.status


def _tocsin() -> Path:
    return Path(sys.executable).with_name("tocsin")


def _environ(more: Mapping[str, str] | None) -> dict[str, str]:
    """Ours, without settings of Tocsin that somebody has made here."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")} | dict(more or {})
