"""What a function reads when it starts, what it forgets, what it logs."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.lambdas.world import QUEUE, URL, Aws, Life, World
from tocsin.errors import TocsinError
from tocsin.lambdas import logs, metrics, processes
from tocsin.lambdas.processes import handling
from tocsin.wiring import serverless_reach, serverless_talk
from tocsin.wiring.serverless import LIFE
from tocsin.wiring.serverless_process import Process, started
from tocsin.wiring.serverless_secrets import secrets
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_problems import SettingsError

ENVIRON = {"TOCSIN_TABLE": "tocsin", "TOCSIN_INBOX_URL": QUEUE, "TOCSIN_PUBLIC_URL": URL + "/"}


@pytest.fixture(autouse=True)
def _region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")


@pytest.fixture
def quiet_root() -> Iterator[None]:
    """The root logger is as it was, whatever a test sets up."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_all_parameters_are_read_page_by_page() -> None:
    aws = Aws(Life())
    aws.parameters = {f"/tocsin/prod/NAME_{number:02d}": f"value {number}" for number in range(25)}
    found = secrets(aws, "/tocsin/prod/")
    assert found == {f"NAME_{number:02d}": f"value {number}" for number in range(25)}
    assert aws.counts["GetParametersByPath"] == 3


def test_what_cannot_be_read_says_where_and_nothing_else() -> None:
    aws = Aws(Life())
    aws.trouble["GetParametersByPath"] = "AccessDeniedException"
    with pytest.raises(TocsinError, match="the parameters below /tocsin/prod cannot be read: AccessDeniedException"):
        secrets(aws, "tocsin/prod")


def test_a_start_reads_the_configuration_and_its_secrets(tmp_path: Path) -> None:
    file = tmp_path / "tocsin.yaml"
    file.write_text('integrations: {web: {key: "${WEB_KEY}"}}\n', encoding="utf-8")
    aws = Aws(Life())
    aws.parameters = {"/t/WEB_KEY": "an-integration-key-for-tests"}
    running = started({**ENVIRON, "TOCSIN_CONFIG": str(file), "TOCSIN_SECRETS": "/t/"}, aws)
    key = running.settings.integrations["web"].key
    assert key is not None
    assert key.reveal() == "an-integration-key-for-tests"
    assert "an-integration-key" not in repr(running.settings)
    assert running.url == URL
    running.store.close()


def test_a_secret_that_is_missing_is_told_by_its_name(tmp_path: Path) -> None:
    file = tmp_path / "tocsin.yaml"
    file.write_text('integrations: {web: {key: "${WEB_KEY}"}}\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="WEB_KEY"):
        started({**ENVIRON, "TOCSIN_CONFIG": str(file)}, Aws(Life()))


def test_without_a_file_it_works_too() -> None:
    running = started(ENVIRON, Aws(Life()))
    assert "default" in running.settings.integrations
    running.store.close()


@pytest.mark.parametrize("name", ["TOCSIN_TABLE", "TOCSIN_INBOX_URL", "TOCSIN_PUBLIC_URL"])
def test_what_the_template_must_set_is_named(name: str) -> None:
    with pytest.raises(TocsinError, match=f"{name} is not set"):
        started(ENVIRON | {name: ""}, Aws(Life()))


def test_the_process_is_made_at_the_first_request(monkeypatch: pytest.MonkeyPatch, quiet_root: None) -> None:
    del quiet_root
    made: Any = SimpleNamespace()
    monkeypatch.setattr(processes, "started", lambda *_, **__: made)
    processes.use(None)
    assert [processes.process(), processes.process()] == [made, made]
    processes.use(None)


def test_the_runtime_is_made_anew_when_it_is_old(world: World) -> None:
    first = world.running.thinking()
    assert world.running.thinking() is first
    world.running.reach()
    world.clock.ahead += LIFE
    assert world.running.thinking() is not first


def test_after_a_failure_the_runtime_is_made_anew(world: World, caplog: pytest.LogCaptureFixture) -> None:
    first = world.running.thinking()

    def broken(running: Process, event: object) -> None:
        assert running is world.running
        raise LookupError(event)

    with pytest.raises(LookupError):
        handling(broken)({}, SimpleNamespace(aws_request_id="r-1"))
    assert "an invocation failed" in caplog.text
    assert world.running.thinking() is not first


# ── Logs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_line_is_json_with_the_request(quiet_root: None) -> None:
    del quiet_root
    stream = io.StringIO()
    logs.set_up("DEBUG", stream)

    def work(event: object, context: object) -> object:
        del context
        logging.getLogger("tocsin.x").warning("saw %s", event, extra={"aggregate": "1-p", "odd": {1, 2}})
        return event

    assert logs.told(work)("e", SimpleNamespace(aws_request_id="r-7")) == "e"
    line = json.loads(stream.getvalue())
    assert (line["request"], line["level"], line["logger"], line["message"]) == ("r-7", "WARNING", "tocsin.x", "saw e")
    assert line["aggregate"] == "1-p"
    assert line["at"].endswith("Z")


def test_an_exception_is_told_once_and_raised(quiet_root: None) -> None:
    del quiet_root
    stream = io.StringIO()
    logs.set_up("nonsense", stream)

    def work(event: object, context: object) -> object:
        raise LookupError(event, context)

    with pytest.raises(LookupError):
        logs.told(work)("e", None)
    (line,) = [json.loads(each) for each in stream.getvalue().splitlines()]
    assert "LookupError" in line["problem"]
    assert "request" not in line
    assert logging.getLogger().level == logging.INFO


def test_nothing_to_tell_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    metrics.emit({}, "outbox", metrics.Results(lambda: 0).figures())
    assert not capsys.readouterr().out


def test_figures_have_a_namespace_without_being_told_one() -> None:
    stream = io.StringIO()
    metrics.emit({}, "sweep", {"Backlog": (3, "Count")}, lambda: 7, stream)
    told = json.loads(stream.getvalue())
    assert told["_aws"] == {
        "Timestamp": 7,
        "CloudWatchMetrics": [
            {"Namespace": "Tocsin", "Dimensions": [["Part"]], "Metrics": [{"Name": "Backlog", "Unit": "Count"}]}
        ],
    }
    assert (told["Part"], told["Backlog"]) == ("sweep", 3)


# ── While Lambda starts the process ──────────────────────────────────────────────────────────────────────────────────
def begun(monkeypatch: pytest.MonkeyPatch, started: Any) -> list[object]:  # noqa: ANN401 - what makes the process.
    """What a handler loads when it is made in a process that Lambda starts."""
    loaded: list[object] = []
    monkeypatch.setenv("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
    monkeypatch.setattr(processes, "started", started)
    processes.use(None)
    handling(lambda *_: None, loaded.append)
    return loaded


def test_the_process_is_made_while_lambda_starts_it(monkeypatch: pytest.MonkeyPatch, quiet_root: None) -> None:
    del quiet_root
    made: Any = SimpleNamespace(settings="those")
    assert begun(monkeypatch, lambda *_, **__: made) == ["those"]
    assert processes.process() is made
    processes.use(None)


def test_trouble_at_the_start_is_left_to_the_first_request(monkeypatch: pytest.MonkeyPatch, quiet_root: None) -> None:
    del quiet_root

    def broken(*_: object, **__: object) -> None:
        raise TocsinError("function-environment", "TOCSIN_TABLE is not set")

    assert begun(monkeypatch, broken) == []
    with pytest.raises(TocsinError, match="TOCSIN_TABLE"):
        processes.process()
    processes.use(None)


def test_the_ways_of_the_settings_are_loaded_then(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("importlib.import_module", asked.append)
    serverless_reach.load_ways(world.settings)
    assert asked == ["tocsin.wiring.slack_chat"]
    asked.clear()
    serverless_talk.load_ways(world.settings)
    seldom = ["rooms", "on_call_handles", "concierge.home"]
    assert asked == ["tocsin.wiring.slack_chat", *(f"tocsin.wiring.{name}" for name in seldom)]
    asked.clear()
    serverless_talk.load_ways(parse(b"", {}).settings)
    assert asked == []
