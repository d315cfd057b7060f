"""The command line: what can be said, and who answers."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

from tocsin import __version__
from tocsin.cli import promises
from tocsin.cli.deploy_arguments import add_deployment, add_moving, add_reach
from tocsin.cli.feed_words import add_feeds
from tocsin.cli.noise_arguments import add_noise
from tocsin.cli.silence_arguments import add_silences
from tocsin.cli.slack_arguments import add_slack
from tocsin.cli.teams import add_teams
from tocsin.cli.workflow_arguments import add_workflows
from tocsin.errors import TocsinError
from tocsin.kernel.time import DAY, Duration, parse_duration
from tocsin.wiring.keys import OVERLAP
from tocsin.wiring.settings import FILE
from tocsin.wiring.settings_problems import SettingsError

DB: Final = "tocsin.db"
DB_VARIABLE: Final = "TOCSIN_DB"  # Names the database where --db does not.
PORT_MAX: Final = 65535
COUNT_MAX: Final = 10_000
OVERLAP_MAX: Final[Duration] = 366 * DAY
SEED_DIGITS_MAX: Final = 18

EXIT_OK: Final = 0
EXIT_WRONG: Final = 1  # What was asked for is not so, or could not be done.
EXIT_USAGE: Final = 2  # The call itself is wrong.

Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. Raises SystemExit for a call that is wrong, and after --help and --version."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # Whatever the locale: no title ends us.
    whole = parser()
    given = whole.parse_args(arguments)
    if given.run is None:
        whole.print_help()
        return EXIT_USAGE
    _refuse_broken_text(whole, given)
    run: Command = given.run
    code = EXIT_OK
    try:
        code = run(given)
        sys.stdout.flush()
    except SettingsError as problem:
        count = len(problem.problems)
        many = "1 problem" if count == 1 else f"{count} problems"
        return _fail(f"{problem.message}\ntocsin: {problem.file} is not valid: {many}")
    except TocsinError as problem:
        return _fail(f"tocsin: {problem.message}")
    except BrokenPipeError:
        # Whoever read our output has had enough; Python would complain when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as problem:
        return _fail(f"tocsin: {': '.join(str(part) for part in (problem.filename, problem.strerror) if part)}")
    except KeyboardInterrupt:
        return EXIT_OK
    return code


def parser() -> argparse.ArgumentParser:
    """All commands with their options."""
    whole = argparse.ArgumentParser(
        prog="tocsin",
        usage="tocsin [--help] [--version] COMMAND ...",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    whole.add_argument("--version", action="version", version=f"tocsin {__version__}")
    whole.set_defaults(run=None)
    commands = _Commands(whole)
    _add_running(commands)
    _add_incidents(commands)
    add_silences(commands)
    _add_senders(commands)
    _add_schedules(commands)
    commands.begin("noise")
    add_noise(commands.add)
    promises.add(commands, _duration)
    commands.begin("workflows")
    add_workflows(commands.add, _count)
    _add_care(commands)
    commands.begin("in your AWS account")
    add_deployment(commands.add)
    add_slack(commands.begin, commands.add)
    add_teams(commands)
    whole.description = (
        "An alarm bell for teams that run software on AWS: it loses no alert and asks one person first.\n"
        f"{commands.overview()}\n\n`tocsin COMMAND --help` tells more; `tocsin demo` shows it all in a minute."
    )
    return whole


class _Commands:
    """The commands as they are added, in groups for the overview."""

    def __init__(self, whole: argparse.ArgumentParser) -> None:
        self._added = whole.add_subparsers(metavar="COMMAND", prog="tocsin", help=argparse.SUPPRESS)
        self._groups: dict[str, list[tuple[str, str]]] = {}
        self._group = ""

    def begin(self, group: str) -> None:
        """What is added from now on belongs to *group*."""
        self._group = group

    def add(
        self, name: str, run: str, text: str, *, example: str, config: bool = False, db: bool = False
    ) -> argparse.ArgumentParser:
        """A command that *run* (`module.function`) answers; *example* is what one might write behind its name."""
        self._groups.setdefault(self._group, []).append((name, text))
        command = self._added.add_parser(
            name,
            description=f"{text[0].upper()}{text[1:]}.",
            epilog=f"example: tocsin {name} {example}".rstrip(),
            allow_abbrev=False,
        )
        command.set_defaults(run=_later(run))
        if config:
            command.add_argument(
                "--config", type=Path, metavar="FILE", help=f"the configuration (default: {FILE}, if it is there)"
            )
        if db:
            default = Path(os.environ.get(DB_VARIABLE, DB))
            command.add_argument(
                "--db",
                type=Path,
                metavar="FILE",
                default=default,
                help=f"the database (default: ${DB_VARIABLE}, or {DB})",
            )
        return command

    def overview(self) -> str:
        """All commands, a line each."""
        return "".join(
            f"\n{group}:\n" + "".join(f"  {name:<12}{text}\n" for name, text in listed)
            for group, listed in self._groups.items()
        ).rstrip()


def _add_running(commands: _Commands) -> None:
    commands.begin("to begin with")
    demo = commands.add("demo", "serving.demo", "see it work, with simulated responders, in a minute", example="--keep")
    demo.add_argument("--keep", action="store_true", help="keep serving after the story")
    demo.add_argument("--port", type=_port, default=0, help="port of the console (default: a free one)")

    init = commands.add("init", "configuration.run_init", "write a commented tocsin.yaml", example="")
    init.add_argument("file", nargs="?", type=Path, default=Path(FILE), help=f"where to (default: {FILE})")
    init.add_argument("--force", action="store_true", help="replace a file that is there")

    check = commands.add(
        "check",
        "configuration.run_check",
        "validate tocsin.yaml: all mistakes at once, with their lines",
        example="--json",
    )
    check.add_argument("file", nargs="?", type=Path, help=f"what to read (default: {FILE}, if it is there)")
    check.add_argument("--json", action="store_true", help="print an object for scripts")
    check.add_argument("--schema", action="store_true", help="print the JSON Schema of the file instead")

    serve = commands.add(
        "serve",
        "serving.serve",
        "run Tocsin: one process, one database file",
        example="--port 8420",
        config=True,
        db=True,
    )
    serve.add_argument("--host", help="address to listen on (default: the file's, or 127.0.0.1)")
    serve.add_argument("--port", type=_port, help="port to listen on, 0 for a free one (default: the file's, or 8420)")
    serve.add_argument(
        "--url", help="the address by which people and senders reach it (default: the file's server.url)"
    )
    serve.add_argument(
        "--ready-file",
        type=Path,
        metavar="FILE",
        help="write url, ingest_url, console_url and pid as JSON once it is ready",
    )
    serve.add_argument(
        "--log-format", choices=("text", "json"), default="text", help="how log lines look (default: text)"
    )

    send = commands.add(
        "send",
        "sending.send",
        "ring the bell: send an alert to a running Tocsin",
        example="--severity critical The shop is down",
        config=True,
        db=True,
    )
    send.add_argument("title", nargs="*", metavar="TITLE", help='what it says (default: "This is a test alert")')
    send.add_argument("--url", help="the ingest URL (default: the one of --key on this machine)")
    send.add_argument(
        "--key", default="default", metavar="INTEGRATION", help="name of the integration (default: default)"
    )
    send.add_argument(
        "--severity",
        choices=("critical", "high", "warning", "info"),
        default="high",
        help="how bad it is (default: high)",
    )
    send.add_argument("--dedup-key", default="", metavar="KEY", help="alerts with the same key are one (default: none)")
    send.add_argument("--resolve", action="store_true", help="say that it is over")


def _add_incidents(commands: _Commands) -> None:
    commands.begin("incidents")
    listing = commands.add("incidents", "incidents.listing", "list the open incidents", example="--all --json", db=True)
    listing.add_argument("--all", action="store_true", help="the resolved ones too")
    listing.add_argument("--json", action="store_true", help="print a list for scripts")
    show = commands.add("show", "incidents.show", "show one incident with its timeline", example="7", db=True)
    _add_incident(show)
    show.add_argument("--json", action="store_true", help="print an object for scripts")
    for verb, text, example in (
        ("ack", "acknowledge: you take care of it", "7"),
        ("pass", "pass it on: you cannot take it", "7 I am on a train"),
        ("escalate", "ask the next step at once", "7"),
        ("reassign", "ask somebody else", "7 ada"),
        ("snooze", "hear of it again later", "7 2h"),
        ("resolve", "say that it is over", "7 made room on the disk"),
        ("note", "add a line to its timeline", "7 it began with the deployment at noon"),
    ):
        command = commands.add(verb, "incidents.act", text, example=example, db=True, config=True)
        command.add_argument("--by", default="", metavar="RESPONDER", help="who you are (default: your login name)")
        _add_incident(command)
        command.set_defaults(verb=verb)
        if verb == "reassign":
            command.add_argument("to", metavar="RESPONDER", help="who is asked instead")
        if verb == "snooze":
            command.add_argument("until", metavar="TIME", help="a duration (30m, 2h) or a time (2026-11-22T09:00Z)")
        if verb in {"ack", "resolve"}:
            command.add_argument("--held", action="store_true", help="all that this storm holds, too")
        if verb in {"pass", "resolve"}:
            command.add_argument("text", nargs="*", metavar="TEXT", help="why, or what helped")
        if verb == "note":
            command.add_argument("text", nargs="+", metavar="TEXT", help="what it says")


def _add_senders(commands: _Commands) -> None:
    commands.begin("senders")
    keys = commands.add(
        "keys", "keys.keys", "list, make and end the keys of integrations", example="rotate prod", config=True, db=True
    )
    keys.add_argument(
        "action", nargs="?", choices=("list", "rotate", "revoke"), default="list", help="what to do (default: list)"
    )
    keys.add_argument("name", nargs="?", metavar="INTEGRATION", help="whose keys (default, for the list: everybody's)")
    keys.add_argument(
        "--overlap",
        type=_duration,
        default=OVERLAP,
        metavar="TIME",
        help="rotate: how long the keys before still open, 0s for no longer (default: 24h)",
    )
    keys.add_argument(
        "--hint", default="", metavar="ENDING", help="revoke: only the key with these last characters (default: all)"
    )
    keys.add_argument("--json", action="store_true", help="print an object for scripts")
    add_reach(keys)
    source = commands.add(
        "source",
        "source.test",
        "what the deliveries of a sender are read as: a dry run",
        example="test default --replay 5",
        config=True,
        db=True,
    )
    source.add_argument("action", choices=("test",), help="read them as they would be read now, and change nothing")
    source.add_argument("key", metavar="INTEGRATION", help="name of the integration")
    source.add_argument(
        "--replay", type=_count, metavar="N", default=1, help="so many of its stored deliveries (default: 1, the last)"
    )
    source.add_argument("--body", type=Path, metavar="FILE", help="a file instead, - for standard input")
    source.add_argument(
        "--header", action="append", default=[], metavar="NAME: VALUE", help="a header of that file; may be repeated"
    )
    source.add_argument("--form", default="", metavar="WORD", help="the format, if the sender's address names it")
    source.add_argument("--json", action="store_true", help="print a list for scripts")
    beats = commands.add(
        "heartbeats",
        "heartbeats.listing",
        "list who has promised to come, and when they came",
        example="--json",
        db=True,
    )
    beats.add_argument("--json", action="store_true", help="print a list for scripts")


def _add_schedules(commands: _Commands) -> None:
    commands.begin("on call")
    oncall = commands.add(
        "oncall",
        "oncall.oncall",
        "who is on call: now, next, and the coverage of the days ahead",
        example="--at 2026-12-24T09:00",
        config=True,
        db=True,
    )
    which = oncall.add_mutually_exclusive_group()
    which.add_argument(
        "--team",
        default="",
        help="only the schedules that its policy asks, else those of its members",
    )
    which.add_argument("--schedule", default="", help="only this one")
    oncall.add_argument("--at", default="now", metavar="TIME", help="another time; without a zone, the schedule's own")
    oncall.add_argument("--days", type=_count, default=14, metavar="N", help="how many days ahead (default: 14)")
    oncall.add_argument("--json", action="store_true", help="print a list for scripts")
    oncall.add_argument("--ical", action="store_true", help="print the shifts as a calendar (iCal)")
    oncall.add_argument("--responder", default="", help="with --ical: only the shifts of this one")
    add_feeds(commands)
    override = commands.add(
        "override",
        "oncall.override",
        "put somebody on call for a while, whatever the schedule says",
        example="ops ada now 4h",
        config=True,
        db=True,
    )
    override.add_argument("schedule", nargs="?", metavar="SCHEDULE", help="its name")
    override.add_argument("responder", nargs="?", metavar="RESPONDER", help="who is on call instead")
    override.add_argument("begin", nargs="?", metavar="FROM", help="now, or a time; without a zone, the schedule's own")
    override.add_argument("until", nargs="?", metavar="UNTIL", help="a time, or a duration (4h)")
    override.add_argument("--remove", default="", metavar="ID", help="take an override back instead")
    override.add_argument("--by", default="", metavar="RESPONDER", help="who you are (default: your login name)")
    swap = commands.add(
        "swap",
        "oncall.swap",
        "ask somebody to take your turn; accept when asked",
        example="ask ops 2026-12-24T09:00 24h --with bo --by ada",
        config=True,
        db=True,
    )
    swap.add_argument(
        "action",
        nargs="?",
        choices=("ask", "accept", "decline", "withdraw", "list"),
        default="list",
        help="ask for one, accept or decline it, take it back, list them (default: list)",
    )
    swap.add_argument("words", nargs="*", metavar="WORD", help="to ask: SCHEDULE FROM UNTIL; otherwise its ID")
    swap.add_argument("--with", dest="to", default="", metavar="RESPONDER", help="who is asked (default: anybody)")
    swap.add_argument("--back", nargs=2, metavar=("FROM", "UNTIL"), help="when you take their turns in return")
    swap.add_argument("--by", default="", metavar="RESPONDER", help="who you are (default: your login name)")
    swap.add_argument("--json", action="store_true", help="with list: print a list for scripts")
    simulate = commands.add(
        "simulate",
        "simulation.run",
        "try escalation policies on a model of the team",
        example="--team team.yaml --policy ladder,smart --days 200",
    )
    simulate.add_argument("--team", type=Path, metavar="FILE", required=True, help="the team model")
    simulate.add_argument(
        "--policy",
        metavar="NAME,NAME",
        default="broadcast,ladder,random-active,round-robin,smart",
        help="which, of broadcast, ladder, random-active, round-robin, smart and files (default: those five)",
    )
    simulate.add_argument("--days", type=_count, metavar="N", default=200, help="how many days (default: 200)")
    simulate.add_argument("--seed", type=_seed, metavar="N", default=1, help="another seed, another fate (default: 1)")
    simulate.add_argument("--picture", type=Path, metavar="FILE.svg", help="draw interruptions against time as SVG")
    simulate.add_argument("--json", action="store_true", help="print a list for scripts")


def _add_care(commands: _Commands) -> None:
    commands.begin("care")
    doctor = commands.add("doctor", "care.doctor", "check the database and the invariant", example="--json", db=True)
    doctor.add_argument("--json", action="store_true", help="print an object for scripts")
    backup = commands.add(
        "backup", "care.backup", "copy the database while it is in use", example="tocsin-monday.db", db=True
    )
    backup.add_argument("file", type=Path, metavar="BACKUP", help="a file that does not exist yet")
    add_moving(backup, "from", "copy")
    restore = commands.add(
        "restore",
        "care.restore",
        "put a backup in the place of the database",
        example="--force tocsin-monday.db",
        db=True,
    )
    restore.add_argument("file", type=Path, metavar="BACKUP", help="what `tocsin backup` wrote")
    add_moving(restore, "to", "put")
    restore.add_argument("--force", action="store_true", help="replace a database that is there")
    signin = commands.add(
        "signin", "care.signin", "print a new sign-in link for the console", example="--as ada", db=True, config=True
    )
    signin.add_argument(
        "--as", dest="as_", default="", metavar="RESPONDER", help="who will use it (default: they say so themselves)"
    )
    add_reach(signin)


def _add_incident(command: argparse.ArgumentParser) -> None:
    command.add_argument("incident", metavar="INCIDENT", help="its id, as `tocsin incidents` shows it")


def _later(name: str) -> Command:
    """The function *name*; its module is imported when it runs, so that short commands are quick."""
    module, _, function = name.partition(".")

    def run(given: argparse.Namespace) -> int:
        command: Command = getattr(import_module(f"tocsin.cli.{module}"), function)
        return command(given)

    return run


def _port(text: str) -> int:
    port = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(PORT_MAX)) else -1
    if not 0 <= port <= PORT_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: a number from 0 to {PORT_MAX}")
    return port


def _count(text: str) -> int:
    count = int(text) if text.isascii() and text.isdecimal() and len(text) <= len(str(COUNT_MAX)) else 0
    if not 1 <= count <= COUNT_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {COUNT_MAX}")
    return count


def _duration(text: str) -> Duration:
    duration = parse_duration(text)
    if duration is None or not 0 <= duration <= OVERLAP_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration like 30m, 24h or 7d, of at most a year")
    return duration


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= SEED_DIGITS_MAX):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at most {SEED_DIGITS_MAX} digits")
    return int(text)


def _refuse_broken_text(whole: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    """Words that are not UTF-8 could not be stored; the names of files may be what they are."""
    for value in vars(given).values():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and not _is_utf8(text):
                whole.error(f"{text.encode('utf-8', 'replace').decode()!r} is not UTF-8")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _fail(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return EXIT_WRONG
