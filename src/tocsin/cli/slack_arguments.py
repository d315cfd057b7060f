"""What `tocsin slack` takes."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

EXTRAS: Final = ("group", "topic", "pictures")


def add_slack(begin: Callable[[str], None], add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command; *begin* and *add* are those of `tocsin.cli.main`."""
    begin("chat")
    slack = add(
        "slack",
        "slack.run",
        "make the Slack app, and find out what it lacks",
        example="manifest > tocsin-slack.yaml",
        config=True,
        db=True,
    )
    slack.add_argument(
        "action",
        choices=("manifest", "check", "preview"),
        help="manifest: print what to paste into Slack to make the app; check: ask Slack about tokens, scopes, "
        "channels and people; preview: draw examples of all messages to a page",
    )
    slack.add_argument("--name", default="Tocsin", help="manifest: what the app is called (default: Tocsin)")
    slack.add_argument(
        "--url", default="", help="manifest: Slack sends to this public https address, instead of Socket Mode"
    )
    slack.add_argument(
        "--without",
        action="append",
        choices=EXTRAS,
        default=[],
        help="manifest: leave out the scopes for the on-call user group, channel topics, or pictures; may be repeated",
    )
    slack.add_argument(
        "--out", default="slack-preview", help="preview: the folder for the page (default: slack-preview)"
    )
    slack.add_argument(
        "--json", action="store_true", help="manifest: as JSON instead of YAML; check: print a list for scripts"
    )
