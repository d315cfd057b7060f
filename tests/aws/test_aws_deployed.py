"""The whole of it on ministack: our code in its functions, and alerts come out while it is exchanged under them."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped]
import pytest

from tests.aws.cloud import environment, ministack
from tests.cli.terminal import Terminal
from tocsin.aws import bundle
from tocsin.aws.accounts import Cloud
from tocsin.aws.stacks import Stacks
from tocsin.cli import deploy_plan
from tocsin.incidents.machine import IncidentMachine

CONFIG = "responders: {ada: {email: ada@example.com}}\nteams: {ops: {members: [ada]}}\n"
STACK = "whole"
DEADLINE_SECONDS = 400.0  # The emulator starts a process for each function; a busy machine takes its time.
ALERTS = 12  # During each exchange.


@pytest.fixture(scope="module", autouse=True)
def _emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One of its own: functions that run cost the others' time."""
    log = tmp_path_factory.mktemp("deployed") / "ministack.log"
    with ministack(log) as url, pytest.MonkeyPatch.context() as patch:
        for name, value in environment(url).items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our package alone: the emulator runs functions with its own interpreter, which has the packages."""
    folder = tmp_path_factory.mktemp("code")
    file = folder / "code.zip"
    file.write_bytes(bundle.pack(bundle.contents(folder / "none", {})).data)
    return file


@pytest.fixture
def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tocsin.cli.deploy.TEST_SECONDS", DEADLINE_SECONDS)
    made = Terminal(tmp_path, capsys)
    made.configure(CONFIG)
    return made


def deploy(terminal: Terminal, code: Path, *words: str) -> Any:  # noqa: ANN401 - JSON.
    said = terminal.type("deploy", "--stack", STACK, "--zip", str(code), "--yes", "--json", *words)
    assert said.code == 0, said.err
    return said.document


def settle_emulator() -> None:
    """Ministack keeps a parameter of the type Number as text here, and then compares it with a number."""
    functions = boto3.client("lambda")
    for each in functions.list_event_source_mappings()["EventSourceMappings"]:
        if each.get("ScalingConfig"):
            functions.update_event_source_mapping(UUID=each["UUID"], ScalingConfig={"MaximumConcurrency": 2})


class Sender(threading.Thread):
    """Publishes alerts, one after another, while something else happens."""

    def __init__(self, topic: str, word: str) -> None:
        super().__init__(name=f"sender-{word}")
        self.titles = [f"{word} {number}" for number in range(ALERTS)]
        self._topic = topic
        self._sns = boto3.client("sns")

    def run(self) -> None:
        for title in self.titles:
            self._sns.publish(TopicArn=self._topic, Message=json.dumps({"title": title, "dedup_key": title}))


def arrived(table: str, wanted: set[str]) -> set[str]:
    """Wait until each of these titles is an incident; the titles of all incidents."""
    machine = IncidentMachine()
    deadline = time.monotonic() + DEADLINE_SECONDS
    with closing(deploy_plan.open_store(Cloud(), table)) as store:
        while True:
            rows = store.listing("incident", live_only=False, limit=1000)
            titles = {machine.decode(row.state).face.title for row in rows}
            missing = wanted - titles
            if not missing:
                return titles
            assert time.monotonic() < deadline, sorted(missing)
            time.sleep(0.2)


def test_alerts_come_out_before_during_and_after_an_upgrade_and_a_rollback(terminal: Terminal, code: Path) -> None:
    deploy(terminal, code, "--email", "ops@example.com", "--no-test")
    settle_emulator()
    first = deploy(terminal, code)
    assert first["changed"] is False
    assert first["test_alert"]["incident"]
    assert first["test_alert"]["ways"] == []
    sent: set[str] = set()
    terminal.configure(CONFIG + "routes: [{team: ops}]\n")
    for word, words in (("upgrade", ("--zip", str(code))), ("rollback", ("--rollback",))):
        sender = Sender(first["topic"], word)
        sender.start()
        done = terminal.type("deploy", "--stack", STACK, "--yes", "--json", "--no-test", *words)
        sender.join()
        assert done.code == 0, done.err
        assert done.document["changed"] is True
        assert done.document["table"] == first["table"]
        sent |= set(sender.titles)
        titles = arrived(first["table"], sent)
        assert {each for each in titles - sent if "State machine" in each} == set()  # Our own timers are no news.


def test_the_code_that_runs_is_the_code_that_was_deployed(terminal: Terminal, code: Path) -> None:
    deploy(terminal, code, "--email", "ops@example.com", "--no-test")
    found = Stacks(Cloud()).find(STACK)
    assert found is not None
    functions = Stacks(Cloud()).resources(STACK)
    key = found.parameters["CodeKey"]
    assert key.startswith("code/")
    settings = boto3.client("lambda").get_function_configuration(FunctionName=functions["InboxFunction"])
    assert settings["Handler"] == "tocsin.lambdas.inbox.handler"
    assert settings["Runtime"] == f"python{bundle.LAMBDA.python}"
    assert os.environ["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
