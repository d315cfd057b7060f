"""Messages that only one browser can read.

Sources: RFC 8291 (Message Encryption for Web Push), RFC 8188 (the content coding `aes128gcm`), RFC 5869 (HKDF).
"""

from __future__ import annotations

import hmac
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD_BYTES: Final = 4096  # One record, which is all that push services must take (RFC 8030, section 7.2).
PAYLOAD_BYTES_MAX: Final = 3900  # What fits into it with header, padding and tag, and a little less.
SALT_BYTES: Final = 16
SECRET_BYTES: Final = 16  # The authentication secret of a subscription.
POINT_BYTES: Final = 65  # A public key: an uncompressed point on P-256.

_CURVE: Final = ec.SECP256R1()
_LAST: Final = b"\x02"  # The delimiter of the last record.


def encrypt(
    payload: bytes,
    browser: ec.EllipticCurvePublicKey,
    secret: bytes,
    *,
    ours: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """The body of a push message with *payload*, at most PAYLOAD_BYTES_MAX bytes.

    *browser* and *secret* are those of the subscription. *ours* and *salt* are for tests: they are used once only.
    """
    ours = ours or ec.generate_private_key(_CURVE)
    salt = salt or os.urandom(SALT_BYTES)
    public = point(ours.public_key())
    shared = ours.exchange(ec.ECDH(), browser)
    seed = _hkdf(secret, shared, b"WebPush: info\x00" + point(browser) + public, 32)
    key = _hkdf(salt, seed, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _hkdf(salt, seed, b"Content-Encoding: nonce\x00", 12)
    header = salt + RECORD_BYTES.to_bytes(4, "big") + bytes([len(public)]) + public
    return header + AESGCM(key).encrypt(nonce, payload + _LAST, None)


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as POINT_BYTES."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def read_point(raw: bytes) -> ec.EllipticCurvePublicKey | None:
    """The public key of POINT_BYTES; None for what is no point on the curve."""
    if len(raw) != POINT_BYTES:
        return None
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, raw)
    except ValueError:
        return None


def write_base64(raw: bytes) -> str:
    """Base64 as URLs take it, without padding (RFC 7515)."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


def read_base64(text: str) -> bytes | None:
    """The inverse of `write_base64`; None for another text."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return None
    return raw if write_base64(raw) == text.rstrip("=") else None


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    """HKDF with SHA-256 for at most one block."""
    extracted = hmac.digest(salt, secret, sha256)
    return hmac.digest(extracted, info + b"\x01", sha256)[:length]
