"""Integration keys: the same at every start, found by what is presented, and of no use to who reads the store."""

from __future__ import annotations

import base64
import re

from tocsin.testing.memory import MemoryStore
from tocsin.wiring.keys import SECRET_BYTES, KeyRing, derived_key, server_secret

FRESH = bytes(range(SECRET_BYTES))


def test_a_key_opens_its_own_integration_only() -> None:
    ring = KeyRing({"prod": "key-of-production", "lab": "key-of-the-lab-x"})
    assert ring.integration("key-of-production") == "prod"
    assert ring.integration("key-of-the-lab-x") == "lab"
    assert ring.key("lab") == "key-of-the-lab-x"
    for presented in ("", "key-of-productio", "key-of-production ", "KEY-OF-PRODUCTION", "prod", "\ud800"):
        assert ring.integration(presented) is None


def test_a_derived_key_stays_the_same_and_differs_by_integration_and_secret() -> None:
    key = derived_key(FRESH, "prod")
    assert derived_key(FRESH, "prod") == key
    assert re.fullmatch(r"[a-z2-7]{26}", key)
    assert len({key, derived_key(FRESH, "lab"), derived_key(FRESH[::-1], "prod")}) == 3


def test_the_first_secret_is_kept() -> None:
    store = MemoryStore()
    assert server_secret(store, FRESH) == FRESH
    assert server_secret(store, b"another one") == FRESH
    assert store.record("secret", "server") == base64.b64encode(FRESH).decode()
