"""The key ring: which integration a presented key belongs to, at the pace of the front door.

It holds the digests of all keys in memory. What another process changes (`tocsin keys rotate`) is found in two ways: a
key that is not known is looked for in the store again, and the doorkeeper reads the store anew every few seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Final

from tocsin.engine.ports import Records
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import MINUTE, Duration, Instant
from tocsin.wiring.keys import KEY_MAX, USED, Held, digest, held_keys
from tocsin.wiring.settings import Settings

LOOK_AGAIN_SECONDS: Final = 1.0  # Between looks for keys that are not known: a guesser must not keep the store busy.
LOOKS_MAX: Final = 5.0  # Looks that may be made at once, after a time without any.
RECENT_MAX: Final = 1000  # Keys that are known without a digest.
USE_PAUSE: Final[Duration] = MINUTE  # Uses of a key that come this soon after the last one kept are not written.

_NEVER_ENDS: Final[Instant] = 1 << 62


class _Place:
    """A key on the ring. There is one for each, and it changes: what has ended has ended wherever it is remembered."""

    __slots__ = ("brief", "ends_at", "integration", "kept_at", "used_at")

    def __init__(self, integration: str, ends_at: Instant = _NEVER_ENDS, *, brief: bool = False) -> None:
        self.integration = integration
        self.ends_at = ends_at
        self.brief = brief
        self.used_at: Instant = 0
        self.kept_at: Instant = 0


class KeyRing:
    """Keys are looked up by their SHA-256, so that timing tells nothing. Any thread."""

    def __init__(
        self,
        settings: Settings,
        records: Records,
        clock: Callable[[], Instant],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Reads what is stored. *monotonic* is in seconds. Raises StoreUnavailableError."""
        self._settings = settings
        self._records = records
        self._clock = clock
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._fixed = {
            digest(found.key.reveal()): _Place(name) for name, found in settings.integrations.items() if found.key
        }
        self._places: dict[str, _Place] = {}
        self._held: Mapping[str, Held] = {}
        self._recent: dict[str, _Place] = {}
        self._looks = LOOKS_MAX
        self._looked_at = monotonic()
        self._trouble: StoreUnavailableError | None = None
        self.refresh()

    def integration(self, presented: str) -> str | None:
        """The integration's name, or None for a key that does not open.

        Raises StoreUnavailableError when the key is not known, and the store cannot be asked.
        """
        place = self._recent.get(presented)
        now = self._clock()
        if place is None or place.ends_at <= now:
            place = self._find(presented, now)
            if place is None:
                return None
        place.used_at = now
        return place.integration

    def former(self, presented: str) -> str:
        """The integration whose key *presented* was before it ended; empty if it was nobody's."""
        held = self._held.get(digest(presented)) if len(presented) <= KEY_MAX else None
        return held.integration if held is not None and not held.brief else ""

    def last_used(self, name: str) -> Instant:
        """When the key of this name was used in this process; 0 for never. Names are as in `keep_uses`."""
        place = self._places.get(name) or self._fixed_by_name().get(name)
        return place.used_at if place else 0

    def refresh(self) -> None:
        """Read what is stored. Raises StoreUnavailableError, and then what was known stays."""
        with self._lock:
            try:
                held = held_keys(self._records)
            except StoreUnavailableError as problem:
                self._trouble = problem
                raise
            self._trouble = None
            self._take(held)

    def keep_uses(self) -> None:
        """Write when keys were last used: under their digest, or `config/NAME` for one of the configuration.

        Raises StoreUnavailableError, and then what was not written is written next time.
        """
        for name, place in (*self._places.items(), *self._fixed_by_name().items()):
            if place.used_at >= place.kept_at + USE_PAUSE and not place.brief:
                used_at = place.used_at
                self._records.put_record(USED, name, used_at)
                place.kept_at = used_at

    def _fixed_by_name(self) -> dict[str, _Place]:
        return {fixed_name(place.integration): place for place in self._fixed.values()}

    def _find(self, presented: str, now: Instant) -> _Place | None:
        if len(presented) > KEY_MAX:
            return None
        name = digest(presented)
        place = self._live(name, now)
        if place is None and self._may_look():
            self.refresh()
            place = self._live(name, now)
        if place is not None:
            if len(self._recent) >= RECENT_MAX:
                self._recent.clear()
            self._recent[presented] = place
        elif self._trouble is not None:
            raise self._trouble
        return place

    def _may_look(self) -> bool:
        """Whether the store may be asked for a key that is not known."""
        now = self._monotonic()
        self._looks = min(LOOKS_MAX, self._looks + (now - self._looked_at) / LOOK_AGAIN_SECONDS)
        self._looked_at = now
        if self._looks < 1.0:
            return False
        self._looks -= 1.0
        return True

    def _live(self, name: str, now: Instant) -> _Place | None:
        place = self._fixed.get(name) or self._places.get(name)
        return None if place is None or place.ends_at <= now else place

    def _take(self, held: Mapping[str, Held]) -> None:
        places: dict[str, _Place] = {}
        for name, key in held.items():
            if key.integration in self._settings.integrations:
                place = self._places.get(name) or _Place(key.integration, brief=key.brief)
                place.ends_at = _NEVER_ENDS if key.ends_at is None else key.ends_at
                places[name] = place
        for name in self._places.keys() - places.keys():
            self._places[name].ends_at = 0
        self._places, self._held = places, held


def fixed_name(integration: str) -> str:
    """The name of a key that stands in the configuration, whose digest is not stored."""
    return f"config/{integration}"
