"""What a concierge works with: settings, the store, the books, and a way to have things done."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import msgspec

from tocsin.engine.ports import Handled, Received
from tocsin.kernel.time import Instant
from tocsin.wiring.key_desk import SettingsKeyDesk
from tocsin.wiring.noise import StoreNoiseDesk
from tocsin.wiring.oncall_desk import SettingsOnCallDesk
from tocsin.wiring.reckoning import Reckoner
from tocsin.wiring.settings import Settings
from tocsin.wiring.stores import ShowingStore


class Desk(msgspec.Struct, frozen=True, kw_only=True):
    """Values and doors that every handler may need; a handler takes what it needs from here.

    *settings* gives them as they are now. *do* stores a delivery durably and waits a moment for what came of it (empty:
    not yet). *url* is the public one, without a slash at its end. *configured*: the responders of the file, who may
    change anything; None: all are, as there are no rooms.
    """

    settings: Callable[[], Settings]
    store: ShowingStore
    clock: Callable[[], Instant]
    url: str
    do: Callable[[Received], Sequence[Handled]]
    oncall: SettingsOnCallDesk
    keys: SettingsKeyDesk
    figures: Reckoner
    noise: StoreNoiseDesk
    configured: Collection[str] | None = None

    def is_configured(self, name: str) -> bool:
        """Whether *name* is a responder of the file, and not only somebody who has joined a room."""
        return name in self.settings().responders and (self.configured is None or name in self.configured)

    def names(self) -> Mapping[str, str]:
        """Display names by responder id."""
        return {name: person.name or name for name, person in self.settings().responders.items()}
