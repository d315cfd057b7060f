"""Integration keys: given in the configuration, or derived from the one secret that the store keeps."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Final

from tocsin.engine.ports import Records
from tocsin.wiring.settings import Settings

SECRET_BYTES: Final = 32
TOKEN_BYTES: Final = 24  # Of a sign-in link.
KEY_CHARACTERS: Final = 26  # 130 bits in base 32: not to be guessed, still to be pasted.


class KeyRing:
    """Which integration a presented key belongs to.

    Keys are looked up by their SHA-256, so that timing tells nothing.
    """

    def __init__(self, keys: Mapping[str, str]) -> None:
        """*keys* by integration."""
        self._keys = dict(keys)
        self._integrations = {_digest(key): integration for integration, key in keys.items()}

    def integration(self, presented: str) -> str | None:
        """The integration's name, or None for a key that is not known."""
        return self._integrations.get(_digest(presented))

    def key(self, integration: str) -> str:
        """The key of an integration."""
        return self._keys[integration]


def key_ring(settings: Settings, records: Records) -> KeyRing:
    """The keys of all integrations; the server's secret is made at the first start."""
    secret = server_secret(records, secrets.token_bytes(SECRET_BYTES))
    return KeyRing(
        {
            name: found.key.reveal() if found.key else derived_key(secret, name)
            for name, found in settings.integrations.items()
        }
    )


def server_secret(records: Records, fresh: bytes) -> bytes:
    """The secret that keys are derived from; *fresh* becomes it at the first start."""
    found = records.record("secret", "server")
    if found is None:
        records.put_record("secret", "server", base64.b64encode(fresh).decode())
        return fresh
    return base64.b64decode(found)


def derived_key(secret: bytes, integration: str) -> str:
    """The key of an integration that the configuration gives none: the same at every start."""
    mac = hmac.digest(secret, f"integration-key/{integration}".encode(), hashlib.sha256)
    return base64.b32encode(mac).decode().lower()[:KEY_CHARACTERS]


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "replace")).digest()
