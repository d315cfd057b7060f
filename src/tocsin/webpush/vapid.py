"""Who we are to a push service: a key pair of our own, and a token signed with it.

Source: RFC 8292 (Voluntary Application Server Identification), RFC 7515 and RFC 7518 (JWS with ES256).
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from tocsin.kernel import json
from tocsin.kernel.time import HOUR, SECOND, Duration, Instant
from tocsin.webpush.encryption import point, write_base64

LIFETIME: Final[Duration] = 12 * HOUR  # Services take at most a day; clocks differ.

_CURVE: Final = ec.SECP256R1()
_NUMBER_BYTES: Final = 32
_HEADER: Final = write_base64(b'{"typ":"JWT","alg":"ES256"}')


def make_secret() -> str:
    """A new key pair, as the text that `Vapid` takes."""
    number = ec.generate_private_key(_CURVE).private_numbers().private_value
    return write_base64(number.to_bytes(_NUMBER_BYTES, "big"))


class Vapid:
    """Signs for one key pair."""

    def __init__(self, secret: bytes, subject: str) -> None:
        """*secret*: the private number. *subject*: where operators of push services find us, `https:` or `mailto:`."""
        self._key = ec.derive_private_key(int.from_bytes(secret, "big"), _CURVE)
        self._subject = subject
        self.public = write_base64(point(self._key.public_key()))

    def authorization(self, origin: str, now: Instant) -> str:
        """The value of the header Authorization for a push service with this *origin*."""
        claims = {"aud": origin, "exp": (now + LIFETIME) // SECOND, "sub": self._subject}
        signed = f"{_HEADER}.{write_base64(json.encode(claims))}"
        r, s = decode_dss_signature(self._key.sign(signed.encode(), ec.ECDSA(SHA256())))
        signature = r.to_bytes(_NUMBER_BYTES, "big") + s.to_bytes(_NUMBER_BYTES, "big")
        return f"vapid t={signed}.{write_base64(signature)}, k={self.public}"
