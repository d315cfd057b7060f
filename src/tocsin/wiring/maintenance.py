"""Maintenance as the configuration plans it: silences that come again, which are deliveries like everything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tocsin.engine.ports import Aggregates, Received
from tocsin.incidents.ladder import room
from tocsin.incidents.silence_lists import listed
from tocsin.incidents.silences import REMIND, Order, Silence
from tocsin.kernel import json
from tocsin.kernel.time import Instant
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_maintenance import Maintenance, matchers

CHANNEL: Final = "silence"
AUTHOR: Final = "tocsin.yaml"


def planned(settings: Settings, store: Aggregates, now: Instant) -> Sequence[Received]:
    """The deliveries by which the silences are as *settings* want them. Raises StoreUnavailableError."""
    wanted = tuple(_silence(name, given, settings) for name, given in settings.maintenance.items())
    orders = [Order(planned=wanted)] if wanted else []
    names = {silence.id for silence in wanted}
    known = [state.silence for state in listed(store, live_only=True, now=now) if state.silence.name]
    orders += [Order(end=silence.id, for_good=True) for silence in known if silence.id not in names]
    return [Received(received_at=now, channel=CHANNEL, key="", head=b"", body=json.encode(order)) for order in orders]


def _silence(name: str, given: Maintenance, settings: Settings) -> Silence:
    integration = settings.integrations.get(given.integration or "")
    team = given.team or (integration.team if integration else "")
    rooms = (room(team),) if team else tuple(room(each) for each in settings.teams)
    return Silence(
        id=f"maintenance-{name}",
        name=name,
        integration=given.integration or "",
        team=given.team or "",
        matchers=matchers(given),
        starts_at=0,
        ends_at=0,
        created_by=AUTHOR,
        comment=given.why,
        every=given.every,
        zone=given.time_zone,
        remind=REMIND,
        tell=rooms,
        maintenance=given.announce,
    )
