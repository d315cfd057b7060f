"""What can be said of calendars to subscribe to, and of tokens for programs."""

from __future__ import annotations

import argparse
from typing import Protocol


class Commands(Protocol):
    """The commands as they are added."""

    def add(
        self, name: str, run: str, text: str, *, example: str, config: bool = False, db: bool = False
    ) -> argparse.ArgumentParser:
        """One more."""
        ...


def add_feeds(commands: Commands) -> None:
    """`tocsin feed`, `tocsin token`."""
    feed = commands.add(
        "feed",
        "feeds.feed",
        "calendars to subscribe to: make an address, list them, revoke one",
        example="make --responder ada",
        config=True,
        db=True,
    )
    _add_words(feed)
    feed.add_argument("--schedule", default="", help="the calendar of a schedule")
    feed.add_argument("--responder", default="", help="the calendar of somebody's shifts")
    token = commands.add(
        "token",
        "feeds.token",
        "tokens for programs that act for a responder over HTTP: make one, list them, revoke one",
        example="make --responder ada",
        config=True,
        db=True,
    )
    _add_words(token)
    token.add_argument("--responder", default="", help="for whom it acts")


def _add_words(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "action", nargs="?", default="list", choices=("make", "list", "revoke"), help="what to do (default: list)"
    )
    command.add_argument("--hint", default="", metavar="ENDING", help="with revoke: the last characters of which one")
    command.add_argument("--json", action="store_true", help="print it for scripts")
