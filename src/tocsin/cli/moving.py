"""`tocsin backup` and `tocsin restore` beyond a copy of the file: neutral dumps, into AWS and out of it."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from tocsin.cli.claim import is_claimed
from tocsin.cli.printing import say
from tocsin.engine import dump
from tocsin.engine.dump import Movable
from tocsin.errors import TocsinError
from tocsin.kernel.time import format_instant
from tocsin.sqlite.moving import SqliteMovable
from tocsin.wiring.clock import SystemClock

AWS: Final = "aws"
_ORIGINS: Final = {"sqlite": "a database", "dynamodb": "a table at AWS"}


def backup(given: argparse.Namespace) -> int:
    """Write the dump of the database, or of the table of a stack."""
    if given.file.exists():
        raise TocsinError("file-exists", f"{given.file} exists already; a backup never overwrites a file")
    if not given.file.parent.is_dir():
        raise TocsinError("folder-missing", f"there is no folder {given.file.parent} for {given.file.name}")
    with _source(given) as store:
        tail = dump.write(given.file, store, SystemClock()())
    say(f"{given.file} holds {tail.lines:,} lines, {given.file.stat().st_size:,} bytes\n")
    return 0


def restore(given: argparse.Namespace) -> int:
    """Fill a database, or the table of a stack, from a dump; or a table from a copy of a database."""
    with tempfile.TemporaryDirectory() as folder:
        file = given.file
        if not dump.is_dump(file):
            file = Path(folder, "dump")
            with closing(SqliteMovable(given.file)) as source:
                dump.write(file, source, SystemClock()())
        head, tail = dump.check(file)
        with _target(given) as store:
            written = dump.restore(file, store, tail, force=given.force)
    rest = f", the last {written:,} of them now" if written < tail.lines else ""
    origin = _ORIGINS.get(head.source, head.source)
    say(f"{tail.lines:,} lines are restored{rest}: {origin} as it was {format_instant(head.at)}\n")
    return 0


@contextmanager
def _source(given: argparse.Namespace) -> Iterator[Movable]:
    if getattr(given, "from") == AWS:
        with _table(given) as table:
            yield table
        return
    if not given.db.exists():
        raise TocsinError("database-missing", f"there is no database at {given.db}; name it with --db")
    with closing(SqliteMovable(given.db)) as store:
        yield store


@contextmanager
def _target(given: argparse.Namespace) -> Iterator[Movable]:
    if given.to == AWS:
        with _table(given) as table:
            yield table
        return
    if is_claimed(given.db):
        raise TocsinError("database-in-use", f"`tocsin serve` runs on {given.db}; stop it first")
    if not given.db.parent.is_dir():
        raise TocsinError("folder-missing", f"there is no folder {given.db.parent} for {given.db.name}")
    with closing(SqliteMovable(given.db)) as store:
        yield store


@contextmanager
def _table(given: argparse.Namespace) -> Iterator[Movable]:
    """The table of the stack, or the one that is named. Raises TocsinError."""
    from tocsin.aws.accounts import Cloud
    from tocsin.aws.stacks import Stacks
    from tocsin.cli import deploy_plan
    from tocsin.dynamo.moving import DynamoMovable
    from tocsin.dynamo.store import connect

    cloud = Cloud(profile=given.profile, region=given.region)
    cloud.identify(given.account or "")
    table = given.table
    if table:
        deploy_plan.find_table(cloud, table)
    else:
        stack = Stacks(cloud).find(given.stack)
        if stack is None:
            raise TocsinError(
                "stack-missing",
                f"there is no stack {given.stack} in {cloud.region}; `tocsin deploy` makes one, or name a table with "
                "--table",
            )
        table = deploy_plan.outputs(stack).table
    with closing(DynamoMovable(connect(cloud.session, region_name=cloud.region), table, SystemClock()())) as store:
        yield store
