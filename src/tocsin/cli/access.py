"""How commands reach the configuration and the database."""

from __future__ import annotations

import os
from pathlib import Path

from tocsin.errors import TocsinError
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.settings import FILE, Settings
from tocsin.wiring.settings_file import load


def read_settings(config: Path | None) -> Settings:
    """The settings of *config*; without one, of tocsin.yaml if it is here, or the defaults. Raises SettingsError."""
    if config is None and Path(FILE).exists():
        config = Path(FILE)
    return load(config, os.environ)


def open_store(db: Path) -> SqliteStore:
    """The store at *db*, which must exist. Raises TocsinError, StoreUnavailableError."""
    if not db.exists():
        message = f"there is no database at {db}; `tocsin serve` makes one, or name it with --db"
        raise TocsinError("database-missing", message)
    return SqliteStore(db)
