"""A browser for tests: it has a key pair and a secret, and reads what was sealed for it, as RFC 8291 says."""

from __future__ import annotations

import hmac
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tocsin.kernel import json
from tocsin.webpush.encryption import point, read_point, write_base64
from tocsin.webpush.subscriptions import Subscription


class FakeBrowser:
    """Registered at *endpoint*."""

    def __init__(self, endpoint: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._secret = b"sixteen of bytes"
        self.subscription = Subscription(
            endpoint=endpoint, key=write_base64(point(self._key.public_key())), secret=write_base64(self._secret)
        )

    @property
    def written(self) -> str:
        """What `PushSubscription.toJSON` gives."""
        told = self.subscription
        keys = {"p256dh": told.key, "auth": told.secret}
        return json.encode({"endpoint": told.endpoint, "expirationTime": None, "keys": keys}).decode()

    def read(self, body: bytes) -> json.Json:
        """The message in a push."""
        salt, length = body[:16], body[20]
        assert int.from_bytes(body[16:20], "big") >= len(body) - 21 - length, "it is one record"
        sender = read_point(body[21 : 21 + length])
        assert sender
        shared = self._key.exchange(ec.ECDH(), sender)
        info = b"WebPush: info\x00" + point(self._key.public_key()) + point(sender)
        seed = _derived(self._secret, shared, info, 32)
        key = _derived(salt, seed, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = _derived(salt, seed, b"Content-Encoding: nonce\x00", 12)
        padded = AESGCM(key).decrypt(nonce, body[21 + length :], None)
        text, mark, padding = padded.rpartition(b"\x02")
        assert (mark, padding.strip(b"\x00")) == (b"\x02", b"")
        return json.decode(text)


def _derived(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return hmac.digest(hmac.digest(salt, secret, sha256), info + b"\x01", sha256)[:length]
