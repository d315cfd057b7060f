"""What `tocsin noise` takes."""

from __future__ import annotations

import argparse
from collections.abc import Callable

ACTIONS = ("list", "hold", "notification", "threshold", "silence", "undo")


def add_noise(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command with *add*."""
    noise = add(
        "noise",
        "noise.noise",
        "which alerts disturb without need; make them quieter, and undo that",
        example="hold 1f6c29a0b3 3m --by ada",
        config=True,
        db=True,
    )
    noise.add_argument(
        "action", nargs="?", choices=ACTIONS, default="list", help="the report, a remedy, or its end (default: list)"
    )
    noise.add_argument("key", nargs="?", default="", metavar="KEY", help="which alert: a key of the report")
    noise.add_argument(
        "words", nargs="*", metavar="WORD", help="hold: 3m; threshold: 3 in 10m; silence: 7d, or until when"
    )
    noise.add_argument("--since", default="30d", metavar="TIME", help="how far the report looks back (default: 30d)")
    noise.add_argument("--team", default="", help="only the incidents of this one")
    noise.add_argument(
        "--for", dest="lasts", default="", metavar="TIME", help="how long the remedy lasts (default: until undone)"
    )
    noise.add_argument("--why", default="", metavar="TEXT", help="why, for those who find it later")
    noise.add_argument("--by", default="", metavar="RESPONDER", help="who you are (default: your login name)")
    noise.add_argument("--json", action="store_true", help="print an object for scripts")
