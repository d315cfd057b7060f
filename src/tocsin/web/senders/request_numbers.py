"""Numbers of requests: a UUID that names a delivery to the integration that sent it, and tells nobody else anything."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from typing import Final

_DELIVERY_BITS: Final = 60  # More deliveries than any disk holds.
_MAC_BITS: Final = 62


class RequestNumbers:
    """Makes the numbers, and reads them.

    A UUID has 122 bits of its own: 62 are a keyed digest of the delivery and the integration, and 60 the delivery's
    number, hidden under another digest. Who was not given a number cannot make one that is read, and an integration
    cannot read another's.
    """

    def __init__(self, secret: bytes) -> None:
        """*secret* is the server's."""
        self._secret = secret

    def number(self, integration: str, delivery_id: str) -> str:
        """The number under which *integration* asks for a delivery."""
        mac = self._digest(f"opsgenie-request/{delivery_id}/{integration}", _MAC_BITS)
        hidden = int(delivery_id) ^ self._pad(mac)
        value = hidden >> 12 << 80 | 0x4 << 76 | (hidden & 0xFFF) << 64 | 0b10 << _MAC_BITS | mac
        return str(uuid.UUID(int=value))

    def delivery(self, integration: str, number: str) -> str | None:
        """The delivery of a number that *integration* was given; None for any other text."""
        try:
            told = uuid.UUID(number)
        except ValueError:
            return None
        hidden = told.int >> 80 << 12 | told.int >> 64 & 0xFFF
        delivery_id = str(hidden ^ self._pad(told.int & (1 << _MAC_BITS) - 1))
        right = uuid.UUID(self.number(integration, delivery_id))
        return delivery_id if hmac.compare_digest(right.bytes, told.bytes) else None

    def _pad(self, mac: int) -> int:
        return self._digest(f"opsgenie-request-pad/{mac}", _DELIVERY_BITS)

    def _digest(self, text: str, bits: int) -> int:
        digest = hmac.digest(self._secret, text.encode(), hashlib.sha256)
        return int.from_bytes(digest[:8], "big") >> 64 - bits
