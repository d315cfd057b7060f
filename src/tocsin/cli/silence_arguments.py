"""The commands of silences, and what each of them takes."""

from __future__ import annotations

import argparse
from typing import Protocol


class Commands(Protocol):
    """Where commands are added, in groups."""

    def begin(self, group: str) -> None:
        """What is added from now on belongs to *group*."""
        ...

    def add(
        self, name: str, run: str, text: str, *, example: str, config: bool = False, db: bool = False
    ) -> argparse.ArgumentParser:
        """A command that the function *run* answers."""
        ...


def add_silences(commands: Commands) -> None:
    """`tocsin silence`, `silences` and `maintenance`."""
    commands.begin("silences")
    silence = commands.add(
        "silence",
        "silences.silence",
        "silence alerts with certain labels for a while; show, extend or expire a silence",
        example="--for '2 h' --why 'disk swap' service=db severity=warning",
        config=True,
        db=True,
    )
    silence.add_argument(
        "words",
        nargs="*",
        metavar="MATCHER",
        help="name=value, name!=value, name=~expression or name!~expression; all must fit. "
        "Or: show ID, extend ID, expire ID",
    )
    silence.add_argument("--incident", default="", metavar="ID", help="the alerts of this incident, and no others")
    silence.add_argument(
        "--every",
        action="append",
        default=[],
        metavar="WINDOW",
        help="again and again in this window of the week: 'sun 02:00-04:00'; may be repeated",
    )
    silence.add_argument("--for-good", action="store_true", help="expire: also if it would come again")
    _add_terms(silence)
    maintenance = commands.add(
        "maintenance",
        "silences.maintenance",
        "silence a team or an integration for a while, and tell its room at begin and end",
        example="--team ops --for '1 h' --why 'new database'",
        config=True,
        db=True,
    )
    maintenance.add_argument("words", nargs="*", metavar="MATCHER", help="only alerts with these labels")
    maintenance.add_argument(
        "--every", action="append", default=[], metavar="WINDOW", help="again and again in this window of the week"
    )
    maintenance.set_defaults(incident="", for_good=False)
    _add_terms(maintenance)
    silences = commands.add(
        "silences", "silences.listing", "list the silences: who, why, until when", example="--all", db=True
    )
    silences.add_argument("--all", action="store_true", help="those that are over too")
    silences.add_argument("--json", action="store_true", help="print a list for scripts")


def _add_terms(command: argparse.ArgumentParser) -> None:
    """Where, when, who and why."""
    command.add_argument("--team", default="", help="only what concerns this team")
    command.add_argument("--integration", default="", help="only what comes from this integration")
    end = command.add_mutually_exclusive_group()
    end.add_argument("--for", dest="for_", default="", metavar="TIME", help="how long (2h), or how much longer")
    end.add_argument("--until", default="", metavar="TIME", help="its end; without a zone by the clocks of --zone")
    command.add_argument("--starts", default="", metavar="TIME", help="when it begins (default: now)")
    command.add_argument(
        "--zone", default="", metavar="ZONE", help="by whose clocks, like Europe/Berlin (default: your own, or UTC)"
    )
    command.add_argument("--why", default="", metavar="TEXT", help="why, for all who see it")
    command.add_argument(
        "--remind", default="", metavar="TIME", help="so long before the end it is told what will ask (default: 15m)"
    )
    command.add_argument("--by", default="", metavar="RESPONDER", help="who you are (default: your login name)")
    command.add_argument("--json", action="store_true", help="print an object for scripts")
