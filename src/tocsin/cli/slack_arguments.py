"""What `tocsin slack` takes."""

from __future__ import annotations

import argparse
from collections.abc import Callable


def add_slack(begin: Callable[[str], None], add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command; *begin* and *add* are those of `tocsin.cli.main`."""
    begin("chat")
    slack = add(
        "slack",
        "slack_check.run",
        "look after the Slack app: what it may do, what is missing",
        example="check --json",
        config=True,
        db=True,
    )
    slack.add_argument("action", choices=("check",), help="ask Slack about tokens, scopes, channels and people")
    slack.add_argument("--json", action="store_true", help="print a list for scripts")
