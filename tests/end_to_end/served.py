"""A real `tocsin serve` in a process of its own, which can be killed and started again."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tocsin.incidents.machine import IncidentMachine
from tocsin.sqlite.store import SqliteStore

DEADLINE_SECONDS = 30.0


class Served:
    """One server on one database; `start` and `kill` as often as one likes."""

    def __init__(self, folder: Path, config: str | None = "", environ: dict[str, str] | None = None) -> None:
        """With *config* None there is no file at all."""
        self.folder = folder
        self.db = folder / "tocsin.db"
        self.ready: dict[str, Any] = {}
        self.port = free_port()
        self._environ = environ or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._config = folder / "tocsin.yaml"
        self._arguments = ["--config", str(self._config)] if config is not None else []
        if config is not None:
            self._config.write_text(config, encoding="utf-8")
        self.log = folder / "server.log"

    def start(self) -> None:
        file = self.folder / "ready.json"
        file.unlink(missing_ok=True)
        arguments = ("serve", "--port", str(self.port), "--db", str(self.db), *self._arguments)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tocsin", *arguments, "--ready-file", str(file)],
                stdout=log,
                stderr=log,
                env=os.environ | self._environ,
                cwd=self.folder,
            )
        wait_until(lambda: file.exists() or self._process is None or self._process.poll() is not None)
        assert file.exists(), self.log.read_text()
        self.ready = json.loads(file.read_bytes())

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def stop(self) -> int:
        if self._process is None or self._process.poll() is not None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(DEADLINE_SECONDS)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command of ours on this database."""
        return subprocess.run(
            [sys.executable, "-m", "tocsin", *arguments, "--db", str(self.db)],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            timeout=DEADLINE_SECONDS,
        )

    def incidents(self) -> list[dict[str, Any]]:
        """All incidents, read beside the running server."""
        machine, store = IncidentMachine(), SqliteStore(self.db)
        try:
            rows = store.listing(machine.name, live_only=False, limit=100_000)
        finally:
            store.close()
        found = [(row.id, machine.decode(row.state)) for row in rows]
        return [
            {
                "id": name,
                "title": state.face.title,
                "description": state.face.description,
                "status": state.status,
                "severity": state.severity,
                "alerts": state.count,
                "opened_at": state.opened_at,
                "wake_at": state.wake_at,
            }
            for name, state in found
        ]

    def doctor(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.command("doctor", "--json").stdout)
        return found

    def post(
        self, body: bytes, headers: dict[str, str] | None = None, path: str = "", method: str = "POST"
    ) -> tuple[int, bytes, dict[str, str]]:
        """One request to the ingest URL (or *path*), on a connection of its own."""
        address = urlsplit(self.ready["ingest_url"])
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
        try:
            connection.request(method, path or address.path, body, headers or {"content-type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()}
        finally:
            connection.close()

    def rest(self) -> None:
        """Wait until nothing is left to be handled."""
        store = SqliteStore(self.db)
        try:
            wait_until(lambda: not store.backlog(1))
        finally:
            store.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], object], seconds: float = DEADLINE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s for {condition}"
        time.sleep(0.02)
