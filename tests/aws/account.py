"""Whoever deploys: a terminal in a folder with a configuration and a small zip, and a stack of their own."""

from __future__ import annotations

from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from tests.cli.terminal import Said, Terminal
from tocsin.aws import bundle
from tocsin.aws.accounts import Cloud
from tocsin.aws.stacks import Stacks
from tocsin.cli import deploy_plan
from tocsin.dynamo.store import DynamoStore
from tocsin.engine.ports import Received

_NUMBERS = count(1)
CONFIG = "responders: {ada: {email: ada@example.com}}\nteams: {ops: {members: [ada]}}\n"
CHANGED = CONFIG + "routes: [{team: ops}]\n"
EMAIL = ("--email", "ops@example.com")


class Account(Terminal):
    """A terminal in a folder with a configuration and a small zip, and a stack of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        super().__init__(folder, capsys)
        self.stack = f"deploy-{next(_NUMBERS)}"
        self.configure(CONFIG)
        (folder / "code.zip").write_bytes(bundle.pack({"tocsin/__init__.py": b""}).data)

    def deploy(self, *words: str) -> Said:
        always = ("deploy", "--stack", self.stack, "--zip", "code.zip", "--yes", "--no-test")
        return self.type(*always, *words)

    def deployed(self, *words: str) -> Said:
        said = self.deploy(*EMAIL, *words)
        assert (said.code, said.err) == (0, "")
        return said

    def destroy(self, *words: str) -> Said:
        return self.type("destroy", "--stack", self.stack, *words)

    @property
    def table(self) -> str:
        return Stacks(Cloud()).resources(self.stack)["Table"]

    def open(self, table: str = "") -> DynamoStore:
        return deploy_plan.open_store(Cloud(), table or self.table)

    def runtime(self) -> dict[str, str]:
        """What the functions are deployed with."""
        found = Stacks(Cloud()).find(self.stack)
        assert found is not None
        return dict(found.parameters)


def accept(store: DynamoStore) -> None:
    with closing(store):
        store.accept([Received(received_at=1, channel="in", key="default", head=b"", body=b"{}")])
