"""`tocsin serve`, `init`, `check`, and the command line itself: usage, help, exit codes, pipes and terminals."""

from __future__ import annotations

import json
import logging
import os
import pty
import re
import socket
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.terminal import Terminal
from tests.end_to_end.served import Served, wait_until
from tocsin.cli import claim as claiming
from tocsin.cli import serving
from tocsin.cli.claim import claim, is_claimed
from tocsin.cli.logs import JsonFormatter, TextFormatter
from tocsin.cli.main import parser
from tocsin.wiring.outside import Ready
from tocsin.wiring.settings_file import TEMPLATE

MISTAKES = "server: {prot: 1}\nteams: {ops: {members: [adda]}}\nresponders: {ada: {}}\n"


def test_no_command_shows_all_of_them_and_is_wrong(terminal: Terminal) -> None:
    said = terminal.type()
    assert (said.code, said.err) == (2, "")
    for name in ("demo", "serve", "incidents", "ack", "doctor", "restore"):
        assert re.search(rf"^  {name} +[a-z]", said.out, re.MULTILINE)
    assert terminal.type("--help").out == said.out
    assert terminal.type("--help").code == 0


@pytest.mark.parametrize("width", ["40", "80", "200"])
def test_every_command_has_help_with_an_example(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, width: str
) -> None:
    monkeypatch.setenv("COLUMNS", width)
    for name in re.findall(r"^  ([a-z]+) +[a-z]", terminal.type().out, re.MULTILINE):
        said = terminal.type(name, "--help")
        assert (said.code, said.err) == (0, "")
        assert said.out.startswith("usage: tocsin " + name)
        assert f"example: tocsin {name}" in said.out


def test_the_version_is_told(terminal: Terminal) -> None:
    said = terminal.type("--version")
    assert said.code == 0
    assert re.fullmatch(r"tocsin \d+\.\d+\.\d+\n", said.out)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("ring",), "invalid choice: 'ring'"),
        (("ack",), "the following arguments are required: INCIDENT"),
        (("note", "7"), "the following arguments are required: TEXT"),
        (("snooze", "7"), "the following arguments are required: TIME"),
        (("send", "--severity", "bad", "x"), "invalid choice: 'bad'"),
        (("serve", "--port", "65536"), "'65536' is not a port: a number from 0 to 65535"),
        (("serve", "--port", "-1"), "'-1' is not a port"),
        (("demo", "--port", "http"), "'http' is not a port"),
        (("incidents", "--jso"), "unrecognized arguments: --jso"),
    ],
)
def test_a_wrong_call_is_told_with_the_value(terminal: Terminal, words: tuple[str, ...], why: str) -> None:
    said = terminal.type(*words)
    assert (said.code, said.out) == (2, "")
    assert why in said.err
    assert said.err.startswith("usage: tocsin")


def test_a_port_may_be_zero() -> None:
    assert parser().parse_args(["serve", "--port", "0"]).port == 0


def test_init_then_check_then_what_next(terminal: Terminal) -> None:
    said = terminal.type("init")
    assert said.code == 0
    assert said.out.startswith("tocsin.yaml is written.")
    assert (terminal.folder / "tocsin.yaml").read_bytes() == TEMPLATE.read_bytes()
    assert terminal.type("init").err == "tocsin: tocsin.yaml exists already; --force replaces it\n"
    assert terminal.type("init", "--force").code == 0
    said = terminal.type("check")
    assert said.code == 0
    assert said.out.endswith("tocsin.yaml is valid: 1 team, 0 responders, 0 policies, 0 routes, 1 integration.\n")


def test_check_without_a_file_tells_of_the_defaults(terminal: Terminal) -> None:
    said = terminal.type("check")
    assert said.code == 0
    assert "there is no tocsin.yaml here; the defaults hold: 1 team" in said.out


def test_check_tells_all_mistakes(terminal: Terminal) -> None:
    terminal.configure(MISTAKES)
    said = terminal.type("check")
    assert said.code == 1
    assert said.out.splitlines() == [
        'tocsin.yaml:1:10: server: unknown key "prot"; did you mean "port"?',
        'tocsin.yaml:2:25: teams.ops.members[0]: there is no responder "adda"; did you mean "ada"?',
        "tocsin.yaml is not valid: 2 problems.",
    ]
    found = terminal.type("check", "--json")
    assert found.code == 1
    assert [problem["nearest"] for problem in found.document["problems"]] == ["port", "ada"]
    assert terminal.type("check", "elsewhere.yaml").code == 1


def test_check_prints_the_schema(terminal: Terminal) -> None:
    assert "teams" in terminal.type("check", "--schema").document["properties"]


@pytest.mark.parametrize(
    "words", [("serve",), ("ack", "7"), ("send",), ("signin",), ("serve", "--config", "tocsin.yaml")]
)
def test_whoever_needs_the_configuration_tells_all_its_mistakes(terminal: Terminal, words: tuple[str, ...]) -> None:
    terminal.configure(MISTAKES)
    said = terminal.type(*words)
    assert (said.code, said.out) == (1, "")
    assert said.err.splitlines() == [
        'tocsin.yaml:1:10: server: unknown key "prot"; did you mean "port"?',
        'tocsin.yaml:2:25: teams.ops.members[0]: there is no responder "adda"; did you mean "ada"?',
        "tocsin: tocsin.yaml is not valid: 2 problems",
    ]
    assert not terminal.db.exists()


def test_one_mistake_is_one_problem(terminal: Terminal) -> None:
    said = terminal.type("serve", "--config", "none.yaml")
    assert said.err.splitlines()[-1] == "tocsin: none.yaml is not valid: 1 problem"


def test_serve_names_an_address_that_is_taken(terminal: Terminal) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        said = terminal.type("serve", "--port", str(port))
    assert (said.code, said.out) == (1, "")
    assert said.err == f"tocsin: cannot listen on 127.0.0.1 port {port}: Address already in use\n"


def test_serve_names_a_host_that_is_none(terminal: Terminal) -> None:
    said = terminal.type("serve", "--host", "no such host")
    assert said.code == 1
    assert said.err.startswith("tocsin: cannot listen on no such host port 8420: ")


@pytest.mark.parametrize("option", ["--db", "--ready-file"])
def test_serve_names_a_folder_that_is_missing(terminal: Terminal, option: str) -> None:
    said = terminal.type("serve", "--port", "0", option, "none/file")
    assert (said.code, said.err) == (1, "tocsin: there is no folder none for file\n")


def test_serve_names_a_file_that_is_no_database(terminal: Terminal) -> None:
    terminal.db.write_bytes(b"these are my notes " * 100)
    said = terminal.type("serve", "--port", "0")
    assert (said.code, said.out) == (1, "")
    assert said.err == "tocsin: tocsin.db cannot be used: SQLITE_NOTADB: file is not a database\n"


def test_one_database_has_one_server(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claiming, "CLAIM_SECONDS", 0.1)
    with claim(terminal.db):
        assert is_claimed(terminal.db)
        said = terminal.type("serve", "--port", "0")
    assert (said.code, said.out) == (1, "")
    assert said.err == "tocsin: another `tocsin serve` runs on tocsin.db; one database, one server\n"
    assert not is_claimed(terminal.db)


def test_a_file_in_the_way_is_named(terminal: Terminal) -> None:
    (terminal.folder / "tocsin.db-lock").mkdir()
    said = terminal.type("serve", "--port", "0")
    assert (said.code, said.err) == (1, "tocsin: tocsin.db-lock: Is a directory\n")


def test_control_c_ends_a_command_quietly(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    terminal.configure()
    name = terminal.ring()
    monkeypatch.setattr("time.sleep", interrupt)
    with claim(terminal.db):
        said = terminal.type("ack", name)
    assert (said.code, said.out, said.err) == (0, "", "")


def test_a_server_greets_once_and_tells_scripts_where_it_is(tmp_path: Path) -> None:
    served = Served(tmp_path)
    (tmp_path / "ready.json").write_text("stale", encoding="utf-8")
    served.start()
    try:
        said = served.log.read_text(encoding="utf-8")
        for part in ("Tocsin serves http://127.0.0.1:", "/signin/", "curl -d ", served.ready["ingest_url"]):
            assert part in said
        assert set(served.ready) == {"url", "ingest_url", "console_url", "pid"}
        assert served.ready["pid"] == served.pid
        assert stat.S_IMODE((tmp_path / "ready.json").stat().st_mode) == 0o600
        rung = served.command("send", "Is anybody there?")
        assert (rung.returncode, rung.stdout) == (0, "accepted as delivery 1\n")
        wait_until(lambda: json.loads(served.command("incidents", "--json").stdout))
        assert served.command("signin").stdout.startswith(served.ready["url"] + "/signin/")
        refused = served.command("restore", str(served.db), "--force")
        assert refused.stderr == f"tocsin: `tocsin serve` runs on {served.db}; stop it first\n"
    finally:
        assert served.stop() == 0
    served.start()
    assert served.stop() == 0
    said = served.log.read_text(encoding="utf-8")
    assert said.count("curl -d ") == 1
    assert said.count("Console: http://127.0.0.1:") == 1
    assert "Traceback" not in said


def test_a_start_that_has_no_address_to_tell_says_how_to_make_one() -> None:
    ready = Ready(url="http://127.0.0.1:1", ingest_url="", console_url="c", pid=1)
    assert serving.NO_KEY in serving._greeting(ready, first=False, everywhere=False)
    configured = Ready(url="http://127.0.0.1:1", ingest_url="i", console_url="c", pid=1)
    assert serving._greeting(configured, first=False, everywhere=False) == (
        "Tocsin serves http://127.0.0.1:1\nConsole: c\n"
    )


@pytest.mark.parametrize("first", [True, False])
def test_a_server_on_all_addresses_says_how_others_reach_it(first: bool) -> None:
    ready = Ready(url="http://127.0.0.1:1", ingest_url="i", console_url="c", pid=1)
    hint = "Other machines reach it by this one's name; `server: {url: ...}` makes links that work there.\n"
    assert hint in serving._greeting(ready, first=first, everywhere=True)
    assert hint not in serving._greeting(ready, first=first, everywhere=False)


def test_logs_may_be_json(terminal: Terminal) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        words = ("serve", "--port", str(taken.getsockname()[1]), "--log-format")
        for choice, formatter in (("json", JsonFormatter), ("text", TextFormatter)):
            assert terminal.type(*words, choice).code == 1
            assert [type(handler.formatter) for handler in logging.getLogger().handlers] == [formatter]


def run(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """A line for the shell, with `tocsin` as people type it."""
    line = command.replace("tocsin ", f"{sys.executable} -m tocsin ")
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_a_reader_that_has_had_enough_is_no_trouble(terminal: Terminal) -> None:
    for number in range(3):
        terminal.ring(f"number {number} {'x' * 200}")
    done = run(terminal.folder, "tocsin incidents | true; echo ${PIPESTATUS[0]}")
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_any_title_can_be_printed_in_any_locale(terminal: Terminal) -> None:
    terminal.ring("Ærøskøbing 🔔")
    done = run(terminal.folder, "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 PYTHONIOENCODING=ascii tocsin incidents")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Ærøskøbing 🔔" in done.stdout


def test_a_terminal_gets_lines_that_fit(terminal: Terminal) -> None:
    terminal.ring("a very long title " * 20)
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "tocsin", "incidents"],
            stdout=theirs,
            cwd=terminal.folder,
            env=os.environ | {"COLUMNS": "70"},
        ) as process:
            assert process.wait(60) == 0
        lines = os.read(ours, 65536).decode().splitlines()
    finally:
        os.close(ours)
        os.close(theirs)
    assert len(lines) == 2
    assert len(lines[1]) == 70
    assert lines[1].endswith("…")
    assert terminal.type("incidents").out.count("a very long title") == 20


def record(message: str, **more: object) -> logging.LogRecord:
    return logging.makeLogRecord({"name": "tocsin.x", "levelname": "WARNING", "msg": message, "created": 0.5} | more)


def failure() -> tuple[type[BaseException], BaseException, None]:
    problem = ValueError("deep")
    return type(problem), problem, None


def test_log_lines_for_people_hold_what_belongs_to_them() -> None:
    told = TextFormatter().format(record("the store sleeps", problem="a b"))
    assert told == "1970-01-01T00:00:00.500Z WARNING the store sleeps problem='a b'"
    assert TextFormatter().format(record("x", exc_info=failure())).endswith("x\nValueError: deep")


def test_log_lines_for_machines_are_objects() -> None:
    told = json.loads(JsonFormatter().format(record("the store sleeps", problem=7, exc_info=failure())))
    assert told == {
        "at": "1970-01-01T00:00:00.500Z",
        "level": "warning",
        "logger": "tocsin.x",
        "message": "the store sleeps",
        "problem": "7",
        "traceback": "ValueError: deep",
    }
