"""`tocsin serve`: the embedded runtime in the foreground."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from contextlib import closing
from pathlib import Path
from typing import Final

import uvloop
from msgspec.structs import replace

from tocsin.cli.access import REACHED_AT, SERVED_AT, read_settings
from tocsin.cli.claim import claim
from tocsin.cli.logs import set_up_logs
from tocsin.cli.printing import say
from tocsin.errors import StoreUnavailableError, TocsinError
from tocsin.kernel import json
from tocsin.slack.addresses import BASE_URL
from tocsin.wiring.addresses import WILDCARDS, local_url
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.outside import Outside, Ready
from tocsin.wiring.serving import listen
from tocsin.wiring.serving import serve as run
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_kinds import Url
from tocsin.wiring.settings_scalars import Wrong, scalar

NO_KEY: Final = (
    "For a sender's address: `tocsin keys rotate default` makes a new key, `tocsin keys` lists those there are.\n"
)
INVITE: Final = "\nInvite the bot to a channel of Slack (/invite and its name): it says there what happens next.\n"
SLACK_API: Final = "TOCSIN_SLACK_API"  # For tests and benchmarks: the address of another Slack.


def serve(given: argparse.Namespace) -> int:
    """`tocsin serve`."""
    settings = _reached_at(read_settings(given.config), given.url)
    for file in filter(None, (given.db, given.ready_file)):
        if not file.parent.is_dir():
            raise TocsinError("folder-missing", f"there is no folder {file.parent} for {file.name}")
    if given.ready_file:
        given.ready_file.unlink(missing_ok=True)  # It would tell of a server that is gone.
    host = given.host or settings.server.host
    port = settings.server.port if given.port is None else given.port
    set_up_logs(as_json=given.log_format == "json")
    with closing(_listen(host, port)) as bound, claim(given.db):
        first = not given.db.exists()
        everywhere = bound.getsockname()[0] in WILDCARDS and settings.server.url is None

        def on_ready(runtime: Embedded, ready: Ready) -> None:
            runtime.store.put_record(*SERVED_AT, local_url(*bound.getsockname()[:2]))
            runtime.store.put_record(*REACHED_AT, given.url or "")
            if given.ready_file:
                _write_whole(given.ready_file, json.encode(ready))
            say(_greeting(ready, first=first or bool(runtime.made_key), everywhere=everywhere))
            say(
                INVITE if runtime.rooms.used and not any(team.slack for team in runtime.settings.teams.values()) else ""
            )
            sys.stdout.flush()

        outside = Outside(slack_api=os.environ.get(SLACK_API, BASE_URL))
        try:
            uvloop.run(run(settings, given.db, bound, on_ready=on_ready, outside=outside))
        except StoreUnavailableError as problem:
            raise StoreUnavailableError(f"{given.db} cannot be used: {problem.message}") from problem
    return 0


def demo(given: argparse.Namespace) -> int:
    """`tocsin demo`."""
    from tocsin.demo.story import tell

    return tell(keep=given.keep, port=given.port)


def _reached_at(settings: Settings, url: str | None) -> Settings:
    """*settings* with *url*, if one is given, as the address by which others reach the server. Raises TocsinError."""
    if url is None:
        return settings
    found = scalar(Url(plain=True), url)
    if isinstance(found, Wrong):
        raise TocsinError("url-invalid", f"--url {url} {found.message}")
    return replace(settings, server=replace(settings.server, url=url))


def _listen(host: str, port: int) -> socket.socket:
    try:
        return listen(host, port)
    except OSError as problem:
        raise TocsinError("address-in-use", f"cannot listen on {host} port {port}: {problem.strerror}") from problem


def _greeting(ready: Ready, *, first: bool, everywhere: bool) -> str:
    """What a start says; the *first* one on a database says all. *everywhere*: it listens on all addresses."""
    hint = "Other machines reach it by this one's name; `server: {url: ...}` makes links that work there.\n"
    if not first:
        return (
            f"Tocsin serves {ready.url}\nConsole: {ready.console_url}\n{hint if everywhere else ''}"
            f"{'' if ready.ingest_url else NO_KEY}"
        )
    return (
        f"Tocsin serves {ready.url}\n"
        f"{hint if everywhere else ''}"
        "\n"
        "Sign in to the console, once, within a day (`tocsin signin` prints a new link):\n"
        f"  {ready.console_url}\n"
        "\n"
        "Let your senders post here; who knows this address can ring the bell, and it is not shown again:\n"
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
