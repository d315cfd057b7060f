"""`tocsin slack preview`: what Tocsin says in Slack, drawn to a page, without Slack."""

from __future__ import annotations

import argparse
from pathlib import Path

from tocsin.cli.printing import say
from tocsin.slack.preview import page
from tocsin.wiring.gallery import PAYLOADS


def run(given: argparse.Namespace) -> int:
    """Write the page; the exit code. Raises OSError."""
    folder = Path(given.out)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "index.html"
    file.write_text(page([(each.name, each.title, each.draw()) for each in PAYLOADS]), encoding="utf-8")
    say(f"{len(PAYLOADS)} examples of what Tocsin says in Slack: {file}\n")
    return 0
