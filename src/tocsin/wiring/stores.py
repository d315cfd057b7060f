"""The store as the wiring needs it: the engine's port, and one question of chats beside it."""

from __future__ import annotations

from typing import Protocol

from tocsin.engine.ports import Store


class ShowingStore(Store, Protocol):
    """A store that also knows which aggregate a message shows."""

    def shown(self, transport: str, channel: str, ts: str) -> str:
        """The aggregate that a transport's message is about, by where it stands; empty: none, or several."""
        ...
