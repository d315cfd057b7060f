"""Looking after a database: is it healthy, copies of it, and a way in for people."""

from __future__ import annotations

import argparse
import os
import secrets
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from tocsin.cli import moving
from tocsin.cli.access import open_store, unknown
from tocsin.cli.claim import is_claimed
from tocsin.cli.deployed import reached
from tocsin.cli.printing import fields, plain, say, say_json
from tocsin.engine import dump
from tocsin.engine.ports import Health
from tocsin.errors import StoreUnavailableError, TocsinError
from tocsin.incidents.machine import IncidentMachine
from tocsin.kernel.time import DAY, Duration, Instant, format_duration, format_instant
from tocsin.web.console.sessions import signin_link
from tocsin.web.ports import WrongKey
from tocsin.wiring.chat_care import known
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.keys import TOKEN_BYTES
from tocsin.wiring.watch import trouble
from tocsin.wiring.wrong_keys import stored

BROKEN_SHOWN: Final = 5
WRONG_KEYS_SHOWN_FOR: Final[Duration] = 7 * DAY

_TABLES: Final = ("deliveries", "aggregates", "outbox", "records")  # Whatever has these is ours.


def doctor(given: argparse.Namespace) -> int:
    """`tocsin doctor`: exit code 1 when the file is damaged or an incident owes a next action and has none."""
    now = SystemClock()()
    try:
        with open_store(given.db) as store:
            health, integrity = store.health(now), store.check()
            wrong = [entry for entry in stored(store) if entry.last_at > now - WRONG_KEYS_SHOWN_FOR]
            chats = known(store)
    except StoreUnavailableError as problem:
        health, integrity, wrong, chats = None, problem.message, [], {}
    ok = integrity == "ok" and health is not None and not health.broken
    warning = trouble(health, now) if health else ""
    if given.json:
        figures = _figures(health, now) | {"wrong_keys": sum(entry.count for entry in wrong)}
        figures |= {"chat_troubles": [{"subject": told.subject, "why": told.code} for told in chats.values()]}
        say_json({"ok": ok, "integrity": integrity} | figures | {"warning": warning})
    else:
        say(f"{given.db} is {'well' if ok else 'NOT well'}\n\n")
        say(fields([("integrity", integrity), *(_readable(health, now) if health else ())]))
        if warning:
            say(f"\n{warning[0].upper()}{warning[1:]}.\n")
        if warning and not is_claimed(given.db):
            say("No server runs on this database: `tocsin serve` starts one.\n")
        for told in chats.values():
            what = plain(told.subject or "the workspace")
            say(f"\nSlack, {what}, since {format_instant(told.since)}: {plain(told.said)}.\n")
        if wrong:
            say(f"\n{_told(wrong)}; `tocsin keys` lists them.\n")
    return 0 if ok else 1


def backup(given: argparse.Namespace) -> int:
    """`tocsin backup FILE`."""
    if given.dump or getattr(given, "from") == moving.AWS:
        return moving.backup(given)
    with open_store(given.db) as store:
        if given.file.exists():
            raise TocsinError("file-exists", f"{given.file} exists already; a backup never overwrites a file")
        if not given.file.parent.is_dir():
            raise _no_folder(given.file)
        store.backup(given.file)
    say(f"{given.file} holds {given.db} as it is now: {given.file.stat().st_size:,} bytes\n")
    return 0


def restore(given: argparse.Namespace) -> int:
    """`tocsin restore FILE`: never under a running server."""
    if not given.file.exists():
        raise TocsinError("file-missing", f"there is no file {given.file}")
    is_dump = dump.is_dump(given.file)
    if not is_dump:
        _check_backup(given.file)
    if is_dump or given.to == moving.AWS:
        return moving.restore(given)
    if not given.db.parent.is_dir():
        raise _no_folder(given.db)
    if is_claimed(given.db):
        raise TocsinError("database-in-use", f"`tocsin serve` runs on {given.db}; stop it first")
    if given.db.exists():
        if given.db.samefile(given.file):
            raise TocsinError("file-same", f"{given.file} is the database itself; name a backup of it")
        if not given.force:
            raise TocsinError("file-exists", f"{given.db} exists already; --force replaces it")
    partial = given.db.with_name(given.db.name + ".part")
    _copy(given.file, partial)
    # The log of the old file must not meet the new one. Whoever dies here has the old file up to its last checkpoint.
    for suffix in ("-wal", "-shm"):
        given.db.with_name(given.db.name + suffix).unlink(missing_ok=True)
    partial.replace(given.db)
    with open_store(given.db) as store:
        health = store.health(SystemClock()())
    say(f"{given.db} is as {given.file} was: {_count(health.live.get(IncidentMachine.name, 0), 'open incident')}\n")
    return 0


def signin(given: argparse.Namespace) -> int:
    """`tocsin signin`."""
    with reached(given) as place:
        if given.as_ and given.as_ not in place.settings.responders:
            raise unknown("responder", given.as_, place.settings.responders)
        link = signin_link(place.records, secrets.token_urlsafe(TOKEN_BYTES), SystemClock()(), given.as_)
    say(f"{place.url}{link}\n")
    return 0


def _figures(health: Health | None, now: Instant) -> dict[str, Any]:
    """For scripts; all None when the database cannot be read."""

    def age(since: Instant | None) -> int | None:
        return None if since is None else max(0, now - since)

    return {
        "broken": health and health.broken,
        "open_incidents": health and health.live.get(IncidentMachine.name, 0),
        "backlog": health and health.backlog,
        "oldest_backlog_age_ms": health and age(health.oldest_backlog_at),
        "oldest_due_age_ms": health and age(health.oldest_due_at),
        "undelivered": health and health.pending,
        "oldest_undelivered_age_ms": health and age(health.oldest_pending_at),
    }


def _readable(health: Health, now: Instant) -> list[tuple[str, str]]:
    """For people."""

    def waits(count: int, since: Instant | None) -> str:
        return f"{count}" if since is None else f"{count}, the oldest for {format_duration(now - since)}"

    broken = ", ".join(health.broken[:BROKEN_SHOWN]) + (", ..." if len(health.broken) > BROKEN_SHOWN else "")
    overdue = "none" if health.oldest_due_at is None else f"for {format_duration(now - health.oldest_due_at)}"
    return [
        ("open incidents", f"{health.live.get(IncidentMachine.name, 0)}"),
        ("without a next action", broken or "none"),
        ("overdue timers", overdue),
        ("deliveries to handle", waits(health.backlog, health.oldest_backlog_at)),
        ("pages to deliver", waits(health.pending, health.oldest_pending_at)),
    ]


def _told(wrong: Sequence[WrongKey]) -> str:
    """What senders lose by wrong keys."""
    times = sum(entry.count for entry in wrong)
    former = sorted({entry.integration for entry in wrong if entry.integration})
    lost = f", among them old keys of {plain(', '.join(former))}" if former else ""
    return f"{_count(times, 'request')} came with a wrong key, and {'was' if times == 1 else 'were'} refused{lost}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _no_folder(file: Path) -> TocsinError:
    return TocsinError("folder-missing", f"there is no folder {file.parent} for {file.name}")


def _check_backup(file: Path) -> None:
    """Raises TocsinError unless *file* is a sound database of ours."""
    try:
        with closing(_open_read_only(file)) as found:
            sound = found.execute("PRAGMA quick_check(1)").fetchone()[0]
            names = {row[0] for row in found.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    except sqlite3.Error as problem:
        raise TocsinError("backup-damaged", f"{file} is no sound database: {problem}") from problem
    if sound != "ok":
        raise TocsinError("backup-damaged", f"{file} is damaged: {sound}")
    if not names.issuperset(_TABLES):
        raise TocsinError("backup-foreign", f"{file} is a database, and not one of Tocsin's")


def _copy(file: Path, target: Path) -> None:
    """Copy a database, whole and on the disk, for its owner's eyes only."""
    target.unlink(missing_ok=True)
    descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    try:
        with closing(_open_read_only(file)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
        os.fsync(descriptor)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _open_read_only(file: Path) -> sqlite3.Connection:
    """A connection that leaves nothing beside *file*; a log that lies there already belongs to it."""
    alone = not file.with_name(file.name + "-wal").exists()
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro{'&immutable=1' if alone else ''}", uri=True)
