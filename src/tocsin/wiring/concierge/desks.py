"""The desk of the running server, from its parts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from tocsin.engine.ports import Handled, Received
from tocsin.kernel.time import Instant
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.key_desk import SettingsKeyDesk
from tocsin.wiring.key_ring import KeyRing
from tocsin.wiring.noise import StoreNoiseDesk
from tocsin.wiring.oncall_desk import SettingsOnCallDesk
from tocsin.wiring.reckoning import Reckoner
from tocsin.wiring.settings import Settings
from tocsin.wiring.stores import ShowingStore
from tocsin.wiring.wrong_keys import WrongKeys


def desk(
    settings: Settings,
    store: ShowingStore,
    *,
    clock: Callable[[], Instant],
    url: str,
    ring: KeyRing,
    wrong_keys: WrongKeys,
    tell: Callable[[Sequence[Received]], object],
    do: Callable[[Received], Sequence[Handled]],
    configured: Collection[str] | None = None,
) -> Desk:
    """*tell* stores what we tell ourselves; *do* and *configured* as in `Desk`."""
    keys = SettingsKeyDesk(settings=settings, records=store, ring=ring, wrong_keys=wrong_keys, clock=clock, url=url)
    return Desk(
        settings=lambda: settings,
        store=store,
        clock=clock,
        url=url,
        do=do,
        oncall=SettingsOnCallDesk(settings, store, clock, url, tell),
        keys=keys,
        figures=Reckoner(settings, store),
        noise=StoreNoiseDesk(settings, store, clock),
        configured=configured,
    )
