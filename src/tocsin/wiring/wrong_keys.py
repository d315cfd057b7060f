"""The register of wrong keys: a sender that is refused is a silent loss, unless somebody is told.

It is bounded, and what it keeps first are senders that we know: those whose key has ended. Of a key that was never ours
only its beginning and its length are kept, since it may be somebody's password.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

import msgspec
from msgspec.structs import replace

from tocsin.engine.ports import Received, Records
from tocsin.errors import StoreUnavailableError
from tocsin.kernel import json
from tocsin.kernel.time import DAY, HOUR, Duration, Instant
from tocsin.web.ports import WrongKey
from tocsin.wiring.addressing import SELF
from tocsin.wiring.keys import hint

if TYPE_CHECKING:
    from tocsin.web.gate import Knock

ENTRIES_MAX: Final = 100
SHOWN_CHARACTERS: Final = 4
SHOWN_LEAST: Final = 12  # Of a shorter key, four characters would be too much of it.
AGENT_MAX: Final = 120
PEER_MAX: Final = 64
KEPT_FOR: Final[Duration] = 30 * DAY
TOLD_EVERY: Final[Duration] = HOUR  # An alert for each integration, so long as its old key is used.

REGISTER: Final = ("wrong-keys", "register")

_Identity: TypeAlias = tuple[str, str, str, str]


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    """The register as stored. *told*: when an alert was last raised for an integration."""

    entries: tuple[WrongKey, ...] = ()
    told: dict[str, Instant] = {}


class WrongKeys:
    """What has been presented and did not open. Any thread; `note` touches no store."""

    def __init__(self, records: Records, clock: Callable[[], Instant], former: Callable[[str], str]) -> None:
        """*former* names the integration whose key a text was before it ended. Raises StoreUnavailableError."""
        self._records = records
        self._clock = clock
        self._former = former
        self._lock = threading.Lock()
        document = _read(records)
        self._entries: dict[_Identity, WrongKey] = {_identity(entry): entry for entry in document.entries}
        self._told = dict(document.told)
        self._lost: dict[str, WrongKey] = {}
        self._changed = False

    def note(self, knock: Knock) -> None:
        """A key did not open, or there was none."""
        now = self._clock()
        integration = self._former(knock.presented)
        entry = WrongKey(
            shown=masked(hint(knock.presented)) if integration else shown(knock.presented),
            integration=integration,
            path=knock.path,
            peer=knock.peer[:PEER_MAX],
            agent=knock.agent[:AGENT_MAX],
            first_at=now,
            last_at=now,
            count=1,
        )
        with self._lock:
            before = self._entries.get(_identity(entry))
            if before is not None:
                entry = replace(entry, first_at=before.first_at, count=before.count + 1)
            elif len(self._entries) >= ENTRIES_MAX:
                del self._entries[min(self._entries, key=lambda name: _worth(self._entries[name]))]
            self._entries[_identity(entry)] = entry
            if integration:
                self._lost[integration] = entry
            self._changed = True

    def lost(self) -> Mapping[str, WrongKey]:
        """Integrations of which an old key was used lately, and nobody has been told in the last hour."""
        now = self._clock()
        with self._lock:
            return {name: entry for name, entry in self._lost.items() if self._told.get(name, 0) + TOLD_EVERY <= now}

    def told(self, integrations: Iterable[str]) -> None:
        """People have been told of these."""
        now = self._clock()
        with self._lock:
            for name in integrations:
                self._told[name] = now
                self._lost.pop(name, None)
                self._changed = True

    def keep(self) -> None:
        """Write the register if it has changed. Raises StoreUnavailableError, and then it is written next time."""
        since = self._clock() - KEPT_FOR
        with self._lock:
            if not self._changed:
                return
            self._changed = False
            self._entries = {name: entry for name, entry in self._entries.items() if entry.last_at > since}
            document = _Document(entries=tuple(self._entries.values()), told=dict(self._told))
        try:
            self._records.put_record(*REGISTER, msgspec.to_builtins(document))
        except StoreUnavailableError:
            self._changed = True
            raise

    def listed(self) -> Sequence[WrongKey]:
        """The wrong keys, the last first."""
        with self._lock:
            return _newest_first(self._entries.values())


def stored(records: Records) -> Sequence[WrongKey]:
    """The wrong keys as they were last written, the last first. Raises StoreUnavailableError."""
    return _newest_first(_read(records).entries)


def lost_alert(entry: WrongKey, now: Instant) -> Received:
    """The alert that tells of a sender which is refused, since its key has ended."""
    body = {
        "title": f'A sender of "{entry.integration}" is refused: it still uses an old key ({entry.shown})',
        "description": (
            "What it sends is lost until it has a new key, which the console's page of keys makes, or "
            f"`tocsin keys rotate {entry.integration}`. It came {_times(entry.count)} to {entry.path or '?'} "
            f"from {entry.peer or 'an unknown address'}, as {entry.agent or 'something without a name'}."
        ),
        "severity": "high",
        "dedup_key": f"tocsin:old-key:{entry.integration}",
    }
    return Received(
        received_at=now, channel="in", key=SELF, head=b"content-type: application/json", body=json.encode(body)
    )


def shown(key: str) -> str:
    """What may be shown of a key that was never ours."""
    if not key:
        return "no key"
    begin = key[:SHOWN_CHARACTERS].encode("utf-8", "replace").decode() if len(key) >= SHOWN_LEAST else ""
    return f"{begin}… ({len(key)} characters)"


def masked(ending: str) -> str:
    """A key of ours, by its last characters."""
    return f"…{ending}"


def _read(records: Records) -> _Document:
    try:
        return msgspec.convert(records.record(*REGISTER), _Document)
    except msgspec.ValidationError:
        return _Document()


def _identity(entry: WrongKey) -> _Identity:
    return entry.shown, entry.integration, entry.path, entry.peer


def _worth(entry: WrongKey) -> tuple[bool, int, Instant]:
    """Which entry goes first when there is no more room: a stranger's, that came seldom, long ago."""
    return bool(entry.integration), entry.count, entry.last_at


def _newest_first(entries: Iterable[WrongKey]) -> list[WrongKey]:
    return sorted(entries, key=lambda entry: entry.last_at, reverse=True)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
