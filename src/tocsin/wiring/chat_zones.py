"""The time zones of people as their chat shows them, where the configuration names none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from tocsin.engine.ports import Records
from tocsin.schedules.clock import is_zone
from tocsin.wiring.settings import Settings

RECORD: Final = ("chat-zones", "all")


def keep(records: Records, zones: Mapping[str, str]) -> bool:
    """Remember what was found of *zones*, by responder; whether any was new. Raises StoreUnavailableError."""
    known = _known(records)
    if found := {name: zone for name, zone in zones.items() if is_zone(zone) and known.get(name) != zone}:
        records.put_record(*RECORD, {**known, **found})
    return bool(found)


def with_zones(settings: Settings, records: Records) -> Settings:
    """*settings* with the zones of those who have none. Raises StoreUnavailableError."""
    known = _known(records)
    people = {
        name: replace(person, time_zone=known[name]) if not person.time_zone and name in known else person
        for name, person in settings.responders.items()
    }
    return settings if people == settings.responders else replace(settings, responders=people)


def _known(records: Records) -> dict[str, str]:
    found = records.record(*RECORD)
    return {name: zone for name, zone in found.items() if is_zone(zone)} if isinstance(found, dict) else {}
