"""What the commands about promises take: `missed`, `stats`, `digest`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Protocol

from tocsin.kernel.time import DAY, Duration


class Commands(Protocol):
    """Where commands are added."""

    def begin(self, group: str) -> None:
        """What is added from now on belongs to *group*."""
        ...

    def add(
        self, name: str, run: str, text: str, *, example: str, config: bool = False, db: bool = False
    ) -> argparse.ArgumentParser:
        """A command that *run* answers."""
        ...


def add(commands: Commands, duration: Callable[[str], Duration]) -> None:
    """Add them; *duration* reads one, or raises ArgumentTypeError."""
    commands.begin("promises")
    missed = commands.add(
        "missed",
        "digests.show_missed",
        "list the alerts that nobody answered",
        example="--since 7d",
        config=True,
        db=True,
    )
    stats = commands.add(
        "stats",
        "digests.stats",
        "figures: alerts, pages, sleep, times to acknowledge and resolve",
        example="--since 30d --by key",
        config=True,
        db=True,
    )
    for command, since in ((missed, DAY), (stats, 7 * DAY)):
        command.add_argument(
            "--since",
            type=duration,
            default=since,
            metavar="TIME",
            help=f"how far back (default: {since // DAY}d)",
        )
        command.add_argument("--team", default="", help="only this team's (default: all)")
        command.add_argument("--json", action="store_true", help="print an object for scripts")
    stats.add_argument("--by", choices=("person", "key"), default="", help="a line for each of them")
    digest = commands.add(
        "digest",
        "digests.digest",
        "print what a digest would tell now, and send nothing",
        example="--team ops --kind weekly",
        config=True,
        db=True,
    )
    digest.add_argument("--team", default="", help="whose (default: the first team)")
    digest.add_argument(
        "--kind", choices=("daily", "weekly", "handover"), default="daily", help="which (default: daily)"
    )
    digest.add_argument("--schedule", default="", help="of which schedule, with --kind handover (default: the team's)")
    digest.add_argument("--json", action="store_true", help="print an object for scripts")
