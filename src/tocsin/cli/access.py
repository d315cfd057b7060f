"""How commands reach the configuration, the database and the server that runs on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tocsin.errors import StoreUnavailableError, TocsinError
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.addresses import local_url
from tocsin.wiring.room_records import with_rooms
from tocsin.wiring.settings import FILE, Settings
from tocsin.wiring.settings_file import load
from tocsin.wiring.settings_problems import unknown

__all__ = ["REACHED_AT", "SERVED_AT", "open_store", "public_url", "read_settings", "server_url", "unknown"]

REACHED_AT: Final = ("server", "reached-at")  # What `tocsin serve --url` said; empty: nothing.
SERVED_AT: Final = ("server", "url")  # The record that says where the last server on this machine listened.


def read_settings(config: Path | None, db: Path | None = None) -> Settings:
    """The settings of *config*; without one, of tocsin.yaml if it is here, or the defaults. Raises SettingsError.

    With a *db* that is there, what rooms add to them too. Raises StoreUnavailableError, which names the file.
    """
    if config is None and Path(FILE).exists():
        config = Path(FILE)
    settings = load(config, os.environ)
    if db is None or not db.exists():
        return settings
    with open_store(db) as store:
        return with_rooms(settings, store)


def public_url(settings: Settings, store: SqliteStore) -> str:
    """Where others reach the server: as the file says, as `tocsin serve --url` did, or else on this machine."""
    told = store.record(*REACHED_AT)
    found = settings.server.url or (told if isinstance(told, str) and told else server_url(settings, store))
    return found.rstrip("/")


@contextmanager
def open_store(db: Path) -> Iterator[SqliteStore]:
    """The store at *db*, which must exist. Raises TocsinError, StoreUnavailableError, which name the file."""
    if not db.exists():
        message = f"there is no database at {db}; `tocsin serve` makes one, or name it with --db"
        raise TocsinError("database-missing", message)
    try:
        store = SqliteStore(db)
        try:
            yield store
        finally:
            store.close()
    except StoreUnavailableError as problem:
        raise StoreUnavailableError(f"{db} cannot be used: {problem.message}") from problem


def server_url(settings: Settings, store: SqliteStore) -> str:
    """Where the server of *store* listens, as far as this machine knows; no slash at its end."""
    served = store.record(*SERVED_AT)
    return served if isinstance(served, str) else local_url(settings.server.host, settings.server.port)
