"""`tocsin slack`: what concerns the Slack app itself."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Final

from tocsin.cli import slack_check, slack_preview
from tocsin.cli.printing import say, say_json
from tocsin.slack.manifest import in_yaml, manifest


def run(given: argparse.Namespace) -> int:
    """Do what the first word says; the exit code."""
    return _ACTIONS[given.action](given)


def _manifest(given: argparse.Namespace) -> int:
    made = manifest(given.name, socket_mode=not given.url, url=given.url, without=given.without)
    if given.json:
        say_json(made)
    else:
        say(in_yaml(made))
    return 0


_ACTIONS: Final[Mapping[str, Callable[[argparse.Namespace], int]]] = {
    "manifest": _manifest,
    "check": slack_check.run,
    "preview": slack_preview.run,
}
