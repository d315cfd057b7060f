"""What the HTTP side needs from the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol

import msgspec

from tocsin.engine.ports import Handled, Received


class Intake(Protocol):
    """Stores deliveries durably without blocking the event loop."""

    async def accept(self, received: Received) -> str:
        """The delivery's id once it is on disk. Raises StoreUnavailableError."""
        ...

    async def outcome(self, delivery_id: str, timeout: float) -> Sequence[Handled]:  # noqa: ASYNC109 - bounds a courtesy wait.
        """What the engine made of a delivery, waiting at most *timeout* seconds; empty if it is not done by then."""
        ...


class Changes(Protocol):
    """Tells which aggregates were committed."""

    def subscribe(self) -> AsyncIterator[frozenset[str]]:
        """Batches of aggregate ids as they change; ends when the server stops."""
        ...


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """An integration key as the console shows it: *url* contains the secret."""

    integration: str
    team: str
    url: str


class Roster(Protocol):
    """Who and what there is, from the configuration."""

    def responders(self) -> Mapping[str, str]:
        """Display names by responder id."""
        ...

    def teams(self) -> Mapping[str, Sequence[str]]:
        """Members' responder ids by team."""
        ...

    def keys(self) -> Sequence[KeyView]:
        """The integration keys."""
        ...
