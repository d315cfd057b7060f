"""A terminal in a folder of its own: commands of ours are typed, and what they print is read."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tocsin.cli.main import main
from tocsin.engine.ports import Received
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Worker
from tocsin.incidents.machine import IncidentMachine
from tocsin.kernel import json as our_json
from tocsin.kernel.time import Instant
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import routes

CONFIG = """
responders: {ada: {}, bo: {}}
teams: {ops: {members: [ada, bo]}}
policies: {default: {steps: [{ask: ada}, {ask: bo}]}}
integrations: {prod: {team: ops}}
"""


@dataclass
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:  # noqa: ANN401 - whatever stands there.
        return json.loads(self.out)


class Terminal:
    """`type` gives a command; `ring` puts an alert into the database beside it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.db = folder / "tocsin.db"
        self._capsys = capsys

    def type(self, *words: str) -> Said:
        code: object
        try:
            code = main(words)
        except SystemExit as end:
            code = end.code
        said = self._capsys.readouterr()
        assert isinstance(code, int)
        return Said(code, said.out, said.err)

    def configure(self, text: str = CONFIG) -> None:
        (self.folder / "tocsin.yaml").write_text(text, encoding="utf-8")

    def make_database(self) -> None:
        SqliteStore(self.db).close()

    def ring(self, title: str = "CPU is high", *, at: Instant | None = None, **more: object) -> str:
        """The id of the incident that an alert from production opens or joins."""
        now = SystemClock()() if at is None else at
        body = our_json.encode({"title": title, "severity": "critical", "dedup_key": title} | more)
        received = Received(received_at=now, channel="in", key="prod", head=b"", body=body)
        interpreter = Interpreter(routes(parse(CONFIG.encode(), {}).settings), {})
        with closing(SqliteStore(self.db)) as store:
            name = store.accept([received])[0]
            worker = Worker(store, Runner(store, [IncidentMachine()]), interpreter.interpret, interpreter.poisoned)
            worker.step(now)
            return store.seen([f"{name}/0"])[f"{name}/0"]

    def state(self, incident: str) -> Any:  # noqa: ANN401 - Incident.
        with closing(SqliteStore(self.db)) as store:
            return IncidentMachine().decode(store.load([incident])[incident].state)
