"""The key desk: what people see of keys, and how they make and end them, in the console and in the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tocsin.engine.ports import Records
from tocsin.kernel.time import Instant
from tocsin.web.ports import IntegrationView, KeyView, WrongKey
from tocsin.wiring.key_ring import KeyRing, fixed_name
from tocsin.wiring.keys import OVERLAP, USED, held_keys, hint, revoke_keys, rotate_key
from tocsin.wiring.settings import Settings
from tocsin.wiring.wrong_keys import WrongKeys


class SettingsKeyDesk:
    """`tocsin.web.ports.KeyDesk` of the running server."""

    def __init__(
        self,
        *,
        settings: Settings,
        records: Records,
        ring: KeyRing,
        wrong_keys: WrongKeys,
        clock: Callable[[], Instant],
        url: str,
    ) -> None:
        """*url* is the public one, without a slash at its end."""
        self._settings = settings
        self._records = records
        self._ring = ring
        self._wrong_keys = wrong_keys
        self._clock = clock
        self._url = url

    def listing(self) -> Sequence[IntegrationView]:
        """See the port."""
        return integrations(self._settings, self._records, self._clock(), self._ring.last_used)

    def wrong(self) -> Sequence[WrongKey]:
        """See the port."""
        return self._wrong_keys.listed()

    def rotate(self, integration: str) -> str:
        """See the port."""
        key = rotate_key(self._records, integration, self._clock(), OVERLAP)
        self._ring.refresh()
        return ingest_url(self._url, key)

    def revoke(self, integration: str, hint: str) -> int:
        """See the port."""
        ended = revoke_keys(self._records, integration, self._clock(), hint)
        self._ring.refresh()
        return len(ended)


def integrations(
    settings: Settings, records: Records, now: Instant, last_used: Callable[[str], Instant] = lambda _: 0
) -> list[IntegrationView]:
    """All integrations with those of their keys that open. *last_used* tells what has not been written yet."""
    kept = {name: at for name, at in records.records(USED).items() if isinstance(at, int)}

    def used_at(name: str) -> Instant | None:
        return max(kept.get(name, 0), last_used(name)) or None

    found: dict[str, list[KeyView]] = {name: [] for name in settings.integrations}
    for name, integration in settings.integrations.items():
        if integration.key is not None:
            view = KeyView(
                hint=hint(integration.key.reveal()), made_at=None, used_at=used_at(fixed_name(name)), ends_at=None
            )
            found[name].append(view)
    for name, key in held_keys(records).items():
        if key.integration in found and not key.brief and not key.is_over(now):
            view = KeyView(hint=key.hint, made_at=key.made_at, used_at=used_at(name), ends_at=key.ends_at)
            found[key.integration].append(view)
    return [
        IntegrationView(name=name, team=settings.integrations[name].team, keys=tuple(keys))
        for name, keys in found.items()
    ]


def configured_keys(settings: Settings) -> Mapping[str, str]:
    """The keys that stand in the configuration, by integration."""
    return {name: found.key.reveal() for name, found in settings.integrations.items() if found.key is not None}


def ingest_url(url: str, key: str) -> str:
    """Where a sender posts to; *url* has no slash at its end."""
    return f"{url}/v1/in/{key}"
