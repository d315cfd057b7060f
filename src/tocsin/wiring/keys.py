"""The life of integration keys: made, shown once, kept as a digest, rotated with an overlap, revoked.

A key is random and only its SHA-256 is stored: whoever reads the database cannot send with what is there. Keys that
stand in tocsin.yaml are not stored at all. A key that has ended stays on record, so that a sender which still uses it
is recognised: it is being lost.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.engine.ports import Records
from tocsin.kernel.time import DAY, MINUTE, Duration, Instant
from tocsin.wiring.settings import DEFAULT, Settings

TOKEN_BYTES: Final = 24  # Of a sign-in link.
KEY_CHARACTERS: Final = 26  # 130 bits in base 32: not to be guessed, still to be pasted.
KEY_BYTES: Final = 17  # Enough for so many characters.
KEY_MAX: Final = 256  # Characters of what is presented; what is longer is none of ours, and need not be looked at.
HINT_CHARACTERS: Final = 4  # To tell keys apart; the others are still 110 bits.
OVERLAP: Final[Duration] = DAY  # A colleague changes the sender by tomorrow.
BRIEF: Final[Duration] = MINUTE  # The life of a key that is made for one alert.
ENDED_MAX: Final = 20  # Ended keys of one integration that are remembered.

KEY: Final = "key"  # The record of a key, under its digest.
USED: Final = "key-used"  # When it was last used; a record of its own, so that nobody writes over another's change.

REQUEST_SECRET_BYTES: Final = 32

_REQUESTS: Final = ("secret", "requests")  # What numbers of requests are made with; it opens nothing.
_SECRET: Final = ("secret", "server")  # What former versions derived their keys from.


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A key as stored. *hint*: its last characters. *brief*: made for one alert of `tocsin send`, then forgotten."""

    integration: str
    made_at: Instant
    hint: str
    ends_at: Instant | None = None
    brief: bool = False

    def is_over(self, now: Instant) -> bool:
        """Whether it opens nothing any more."""
        return self.ends_at is not None and self.ends_at <= now


def digest(key: str) -> str:
    """The name under which a key's record is kept."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def hint(key: str) -> str:
    """What may be shown of a key."""
    return key[-HINT_CHARACTERS:]


def held_keys(records: Records) -> dict[str, Held]:
    """All keys on record by digest, oldest first; what is no such record is passed over."""
    found: dict[str, Held] = {}
    for name, document in records.records(KEY).items():
        try:
            found[name] = msgspec.convert(document, Held)
        except msgspec.ValidationError:
            continue
    return dict(sorted(found.items(), key=lambda item: (item[1].made_at, item[0])))


def make_key(records: Records, integration: str, now: Instant, *, brief: bool = False) -> str:
    """A new key. It is returned this once; only its digest is kept."""
    _forget(records, now)
    key = base64.b32encode(secrets.token_bytes(KEY_BYTES)).decode().lower()[:KEY_CHARACTERS]
    ends_at = now + BRIEF if brief else None
    _put(records, digest(key), Held(integration=integration, made_at=now, hint=hint(key), ends_at=ends_at, brief=brief))
    return key


def rotate_key(records: Records, integration: str, now: Instant, overlap: Duration) -> str:
    """A new key; those there were end after *overlap*, if not before."""
    before = held_keys(records)
    key = make_key(records, integration, now)
    _end(records, _live(before, integration, now), now + overlap)
    return key


def revoke_keys(records: Records, integration: str, now: Instant, hint_: str = "") -> Sequence[Held]:
    """End the keys of an integration now: all, or those with the last characters *hint_*; which they were."""
    found = [
        (name, key)
        for name, key in _live(held_keys(records), integration, now)
        if not hint_ or key.hint == hint_.removeprefix("…")
    ]
    _end(records, found, now)
    return [key for _, key in found]


def drop_key(records: Records, key: str) -> None:
    """Forget a key that has served."""
    records.take_record(KEY, digest(key))


def first_key(settings: Settings, records: Records, now: Instant) -> str:
    """The key of `default`, made at the first start; empty when it has or had one, here or in the configuration."""
    if settings.integrations[DEFAULT].key is not None:
        return ""
    if any(key.integration == DEFAULT and not key.brief for key in held_keys(records).values()):
        return ""
    return make_key(records, DEFAULT, now)


def enter_derived(settings: Settings, records: Records, now: Instant) -> None:
    """Keys that former versions derived from a stored secret become digests, so that no sender is cut off.

    Then the secret goes, as it betrays them. Whoever dies between begins again at the next start.
    """
    found = records.record(*_SECRET)
    if not isinstance(found, str):
        return
    secret = base64.b64decode(found)
    for name, integration in settings.integrations.items():
        key = derived_key(secret, name)
        if integration.key is None and records.record(KEY, digest(key)) is None:
            _put(records, digest(key), Held(integration=name, made_at=now, hint=hint(key)))
    records.take_record(*_SECRET)


def request_secret(records: Records) -> bytes:
    """The secret that numbers of requests are made with; made at the first start."""
    found = records.record(*_REQUESTS)
    if isinstance(found, str):
        return base64.b64decode(found)
    fresh = secrets.token_bytes(REQUEST_SECRET_BYTES)
    records.put_record(*_REQUESTS, base64.b64encode(fresh).decode())
    return fresh


def derived_key(secret: bytes, integration: str) -> str:
    """The key that former versions gave to an integration."""
    mac = hmac.digest(secret, f"integration-key/{integration}".encode(), hashlib.sha256)
    return base64.b32encode(mac).decode().lower()[:KEY_CHARACTERS]


def _live(held: Mapping[str, Held], integration: str, now: Instant) -> list[tuple[str, Held]]:
    return [
        (name, key)
        for name, key in held.items()
        if key.integration == integration and not key.brief and not key.is_over(now)
    ]


def _end(records: Records, keys: Iterable[tuple[str, Held]], at: Instant) -> None:
    for name, key in keys:
        if key.ends_at is None or key.ends_at > at:
            _put(records, name, replace(key, ends_at=at))


def _put(records: Records, name: str, key: Held) -> None:
    records.put_record(KEY, name, msgspec.to_builtins(key))


def _forget(records: Records, now: Instant) -> None:
    """Brief keys that are over, and the oldest of many ended ones, go when a key is made: only that makes them grow."""
    ended: dict[str, list[str]] = {}
    for name, key in held_keys(records).items():
        if key.is_over(now):
            ended.setdefault("" if key.brief else key.integration, []).append(name)
    for integration, names in ended.items():
        for name in names[: -ENDED_MAX if integration else None]:
            records.take_record(KEY, name)
            records.take_record(USED, name)
