"""Numbers of requests: a UUID that names a delivery to the integration that sent it, and tells nobody else anything."""

from __future__ import annotations

import hashlib
import hmac
import re
import uuid
from typing import Final

_DELIVERY_BITS: Final = 60  # More deliveries than any disk holds.
_MAC_BITS: Final = 62
_DELIVERY: Final = re.compile(r"[0-9]{1,18}")


class RequestNumbers:
    """Makes the numbers, and reads them.

    A UUID has 122 bits of its own: 60 are the delivery's number, 62 a keyed digest of it and of the integration. Who
    has not been given a number cannot make one that is read, and an integration cannot read another's.
    """

    def __init__(self, secret: bytes) -> None:
        """*secret* is the server's."""
        self._secret = secret

    def number(self, integration: str, delivery_id: str) -> str:
        """The number under which *integration* asks for a delivery."""
        value = int(delivery_id) << _MAC_BITS | self._mac(integration, delivery_id)
        high, middle, low = value >> 74, value >> 62 & 0xFFF, value & (1 << 62) - 1
        return str(uuid.UUID(int=high << 80 | 0x4 << 76 | middle << 64 | 0b10 << 62 | low))

    def delivery(self, integration: str, number: str) -> str | None:
        """The delivery of a number that *integration* was given; None for any other text."""
        try:
            value = uuid.UUID(number).int
        except ValueError:
            return None
        delivery_id = str(value >> 80 << 12 | value >> 64 & 0xFFF)
        if not _DELIVERY.fullmatch(delivery_id) or int(delivery_id) >> _DELIVERY_BITS:
            return None
        right = uuid.UUID(self.number(integration, delivery_id)).bytes
        return delivery_id if hmac.compare_digest(right, uuid.UUID(int=value).bytes) else None

    def _mac(self, integration: str, delivery_id: str) -> int:
        told = f"opsgenie-request/{delivery_id}/{integration}".encode()
        digest = hmac.digest(self._secret, told, hashlib.sha256)
        return int.from_bytes(digest[:8], "big") >> 64 - _MAC_BITS
