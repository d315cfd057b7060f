"""`tocsin serve`: the embedded runtime in the foreground."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Final

import uvloop

from tocsin.cli.access import read_settings
from tocsin.cli.logs import set_up_logs
from tocsin.errors import TocsinError
from tocsin.kernel import json
from tocsin.slack.api import BASE_URL
from tocsin.wiring.embedded import Embedded, Outside, Ready, listen
from tocsin.wiring.embedded import serve as run

SLACK_API: Final = "TOCSIN_SLACK_API"  # For tests and benchmarks: the address of another Slack.


def serve(given: argparse.Namespace) -> int:
    """`tocsin serve`."""
    set_up_logs(as_json=given.log_format == "json")
    settings = read_settings(given.config)
    host = given.host or settings.server.host
    port = settings.server.port if given.port is None else given.port
    try:
        bound = listen(host, port)
    except OSError as problem:
        raise TocsinError("address-in-use", f"cannot listen on {host} port {port}: {problem.strerror}") from problem
    first = not given.db.exists()

    def on_ready(_: Embedded, ready: Ready) -> None:
        if given.ready_file:
            _write_whole(given.ready_file, json.encode(ready))
        sys.stdout.write(_greeting(ready) if first else f"Tocsin serves {ready.url}\nConsole: {ready.console_url}\n")
        sys.stdout.flush()

    outside = Outside(slack_api=os.environ.get(SLACK_API, BASE_URL))
    uvloop.run(run(settings, given.db, bound, on_ready=on_ready, outside=outside))
    return 0


def demo(given: argparse.Namespace) -> int:
    """`tocsin demo`."""
    from tocsin.demo.story import tell

    return tell(keep=given.keep, port=given.port)


def _greeting(ready: Ready) -> str:
    return (
        f"Tocsin serves {ready.url}\n"
        "\n"
        "Sign in to the console, once, within a day (`tocsin signin` prints a new link):\n"
        f"  {ready.console_url}\n"
        "\n"
        "Let your senders post here; who knows this address can ring the bell:\n"
        f"  {ready.ingest_url}\n"
        "\n"
        "Ring it:\n"
        f"  curl -d '{{\"title\": \"Is anybody there?\"}}' -H 'content-type: application/json' {ready.ingest_url}\n"
    )


def _write_whole(path: Path, content: bytes) -> None:
    """Whoever waits for the file never reads half of it; it holds secrets, so only its owner reads it at all."""
    partial = path.with_name(path.name + ".part")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
        file.write(content)
    partial.replace(path)
