"""Looking after a database: is it healthy, copies of it, and a way in for people."""

from __future__ import annotations

import argparse
import os
import secrets
import sqlite3
import sys
from pathlib import Path
from typing import Any

from tocsin.cli.access import open_store, read_settings
from tocsin.errors import TocsinError
from tocsin.kernel import json
from tocsin.kernel.time import Instant
from tocsin.web.console.sessions import signin_link
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.embedded import TOKEN_BYTES
from tocsin.wiring.watch import trouble


def doctor(given: argparse.Namespace) -> int:
    """`tocsin doctor`: exit code 1 when the file is damaged or an incident owes a next action and has none."""
    store = open_store(given.db)
    now = SystemClock()()
    health = store.health(now)
    integrity = store.check()

    def age(since: Instant | None) -> int | None:
        return None if since is None else max(0, now - since)

    found: dict[str, Any] = {
        "ok": integrity == "ok" and not health.broken,
        "integrity": integrity,
        "broken": health.broken,
        "open_incidents": health.live,
        "backlog": health.backlog,
        "oldest_backlog_age_ms": age(health.oldest_backlog_at),
        "oldest_due_age_ms": age(health.oldest_due_at),
        "undelivered": health.pending,
        "oldest_undelivered_age_ms": age(health.oldest_pending_at),
        "warning": trouble(health, now),
    }
    if given.json:
        sys.stdout.write(json.encode(found).decode() + "\n")
    else:
        for name, value in found.items():
            sys.stdout.write(f"{name.replace('_', ' '):>26}  {value if value not in (None, '', ()) else '-'}\n")
        if found["warning"] and found["ok"]:
            sys.stdout.write("\nNothing is lost, but something waits too long: is `tocsin serve` running?\n")
    return 0 if found["ok"] else 1


def backup(given: argparse.Namespace) -> int:
    """`tocsin backup FILE`."""
    store = open_store(given.db)
    if given.file.exists():
        raise TocsinError("file-exists", f"{given.file} exists; a backup never overwrites one")
    partial = given.file.with_name(given.file.name + ".part")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_WRONLY, 0o600))
    store.backup(partial)
    partial.rename(given.file)
    sys.stdout.write(f"{given.file}: {given.file.stat().st_size} bytes\n")
    return 0


def restore(given: argparse.Namespace) -> int:
    """`tocsin restore FILE`: the server must not be running."""
    _check_backup(given.file)
    if given.db.exists() and not given.force:
        raise TocsinError("file-exists", f"{given.db} exists; stop the server and use --force to replace it")
    for suffix in ("-wal", "-shm"):
        given.db.with_name(given.db.name + suffix).unlink(missing_ok=True)
    partial = given.db.with_name(given.db.name + ".part")
    partial.unlink(missing_ok=True)
    os.close(os.open(partial, os.O_CREAT | os.O_WRONLY, 0o600))
    partial.write_bytes(given.file.read_bytes())
    partial.replace(given.db)
    health = open_store(given.db).health(SystemClock()())
    sys.stdout.write(f"{given.db}: {health.live} open incidents\n")
    return 0


def signin(given: argparse.Namespace) -> int:
    """`tocsin signin`."""
    settings = read_settings(given.config)
    if given.as_ and given.as_ not in settings.responders:
        known = ", ".join(settings.responders) or "there are none"
        raise TocsinError("responder-unknown", f"there is no responder {given.as_!r}; known: {known}")
    store = open_store(given.db)
    link = signin_link(store, secrets.token_urlsafe(TOKEN_BYTES), SystemClock()(), given.as_)
    base = settings.server.url or f"http://{settings.server.host}:{settings.server.port}"
    sys.stdout.write(f"{base.rstrip('/')}{link}\n")
    return 0


def _check_backup(file: Path) -> None:
    """Raises TocsinError unless *file* is a sound database of ours."""
    if not file.exists():
        raise TocsinError("file-missing", f"there is no file {file}")
    try:
        found = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        try:
            sound = found.execute("PRAGMA quick_check(1)").fetchone()[0]
            ours = found.execute(
                "SELECT COUNT(*) FROM sqlite_schema WHERE name IN ('deliveries', 'aggregates')"
            ).fetchone()
        finally:
            found.close()
    except sqlite3.Error as problem:
        raise TocsinError("backup-damaged", f"{file} is not a database: {problem}") from problem
    if sound != "ok" or ours[0] != 2:  # noqa: PLR2004 - both tables.
        raise TocsinError("backup-damaged", f"{file} is not a sound backup of Tocsin: {sound}")
