"""Errors by blame: what a caller must change carries a stable code and a sentence with the value and the place."""

from __future__ import annotations


class TocsinError(Exception):
    """The caller must change something; *message* says what, with the value and the place.

    *code* is stable and short (`config-invalid`), for scripts; *message* is for people.
    """

    def __init__(self, code: str, message: str) -> None:
        """Keep both parts, so that an adapter can choose how to show them."""
        super().__init__(message)
        self.code = code
        self.message = message


class StoreUnavailableError(TocsinError):
    """The store cannot work now (disk full, locked, read-only, corrupt); nothing was written, trying again may help."""

    def __init__(self, message: str) -> None:
        """Say what the store said."""
        super().__init__("store-unavailable", message)
