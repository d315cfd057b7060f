"""The command line: what can be said, and who answers."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tocsin import __version__
from tocsin.cli import care, configuration, incidents, sending, serving
from tocsin.errors import TocsinError
from tocsin.wiring.settings import FILE

DB: Final = "tocsin.db"

EXIT_OK: Final = 0
EXIT_WRONG: Final = 1  # What was asked for is not so, or could not be done.
EXIT_USAGE: Final = 2  # The call itself is wrong.

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.run is None:
        parser.print_help()
        return EXIT_USAGE
    run: Command = given.run
    try:
        return run(given)
    except TocsinError as problem:
        sys.stderr.write(f"tocsin: {problem.message}\n")
        return EXIT_WRONG
    except BrokenPipeError:
        # Whoever read our output has had enough; Python would complain when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except KeyboardInterrupt:
        return EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tocsin",
        description="An alarm bell for teams that run software on AWS: it loses no alert and asks one person first.",
    )
    parser.add_argument("--version", action="version", version=f"tocsin {__version__}")
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_running(commands)
    _add_verbs(commands)
    _add_care(commands)
    return parser


def _add_running(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    serve = _command(commands, "serve", serving.serve, "run Tocsin: one process, one database file", config=True)
    serve.add_argument("--host", help="address to listen on (default: the file's, or 127.0.0.1)")
    serve.add_argument("--port", type=int, help="port to listen on, 0 for a free one (default: the file's, or 8420)")
    serve.add_argument(
        "--ready-file", type=Path, metavar="FILE", help="write url, ingest_url, console_url and pid as JSON"
    )
    serve.add_argument(
        "--log-format", choices=("text", "json"), default="text", help="how log lines look (default: text)"
    )

    demo = _command(commands, "demo", serving.demo, "see it work, with simulated responders, in a minute")
    demo.add_argument("--keep", action="store_true", help="keep serving after the story")
    demo.add_argument("--port", type=int, default=0, help="port of the console (default: a free one)")

    init = _command(commands, "init", _init, "write a commented tocsin.yaml")
    init.add_argument("file", nargs="?", type=Path, default=Path(FILE))
    init.add_argument("--force", action="store_true", help="overwrite it")

    check = _command(commands, "check", _check, "validate tocsin.yaml: all mistakes at once, with their lines")
    check.add_argument("file", nargs="?", type=Path, default=Path(FILE))
    check.add_argument("--json", action="store_true", help="print a list for scripts")
    check.add_argument("--schema", action="store_true", help="print the JSON Schema of the file instead")

    send = _command(commands, "send", sending.send, "ring the bell: send an alert to a running Tocsin", config=True)
    send.add_argument("title", nargs="?", default="This is a test alert", help="what it says")
    send.add_argument("--url", help="the ingest URL (default: of the integration --key on this machine)")
    send.add_argument(
        "--key", default="default", metavar="INTEGRATION", help="name of the integration (default: default)"
    )
    send.add_argument("--severity", choices=("critical", "high", "warning", "info"), default="high")
    send.add_argument("--dedup-key", default="", help="alerts with the same key merge")
    send.add_argument("--resolve", action="store_true", help="say that it is over")


def _add_verbs(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    listing = _command(commands, "incidents", incidents.listing, "list the open incidents", db=True)
    listing.add_argument("--all", action="store_true", help="the resolved ones too")
    listing.add_argument("--json", action="store_true", help="print a list for scripts")
    show = _command(commands, "show", incidents.show, "show one incident with its timeline", db=True)
    show.add_argument("incident")
    show.add_argument("--json", action="store_true", help="print an object for scripts")
    for verb, text in (
        ("ack", "acknowledge: you take care of it"),
        ("pass", "pass it on: you cannot take it"),
        ("escalate", "ask the next step at once"),
        ("reassign", "ask somebody else"),
        ("snooze", "hear of it again later"),
        ("resolve", "say that it is over"),
        ("note", "add a line to its timeline"),
    ):
        command = _command(commands, verb, incidents.act, text, db=True, config=True)
        command.add_argument("incident")
        command.add_argument("--by", default="", metavar="RESPONDER", help="who you are (default: your login name)")
        command.set_defaults(verb=verb)
        if verb == "reassign":
            command.add_argument("to", metavar="RESPONDER")
        if verb == "snooze":
            command.add_argument("until", metavar="TIME", help="a duration (30m, 2h) or a time (2026-11-22T09:00Z)")
        if verb in {"pass", "resolve"}:
            command.add_argument("text", nargs="?", default="", help="why, or what helped")
        if verb == "note":
            command.add_argument("text", help="the line")


def _add_care(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    doctor = _command(commands, "doctor", care.doctor, "check the database and the invariant", db=True)
    doctor.add_argument("--json", action="store_true", help="print an object for scripts")
    backup = _command(commands, "backup", care.backup, "copy the database while it is in use", db=True)
    backup.add_argument("file", type=Path)
    restore = _command(commands, "restore", care.restore, "put a backup in the place of the database", db=True)
    restore.add_argument("file", type=Path)
    restore.add_argument("--force", action="store_true", help="replace a database that exists")
    signin = _command(commands, "signin", care.signin, "print a new sign-in link for the console", db=True, config=True)
    signin.add_argument("--as", dest="as_", default="", metavar="RESPONDER", help="who will use it")


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Command,
    text: str,
    *,
    config: bool = False,
    db: bool = False,
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    command.set_defaults(run=run)
    if config:
        command.add_argument(
            "--config", type=Path, metavar="FILE", help=f"the configuration (default: {FILE}, if it is there)"
        )
    if config or db:
        default = Path(os.environ.get("TOCSIN_DB", DB))
        command.add_argument(
            "--db", type=Path, metavar="FILE", default=default, help=f"the database (default: {default})"
        )
    return command


def _init(given: argparse.Namespace) -> int:
    sys.stdout.write(configuration.init(given.file, force=given.force))
    return EXIT_OK


def _check(given: argparse.Namespace) -> int:
    if given.schema:
        sys.stdout.write(configuration.schema())
        return EXIT_OK
    code, text = configuration.check(given.file, as_json=given.json)
    sys.stdout.write(text)
    return code
