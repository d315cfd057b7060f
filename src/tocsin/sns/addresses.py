"""Which addresses belong to SNS: whatever a message says, nothing else is ever fetched."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, urlsplit

from tocsin.kernel.json import Json

ADDRESS_MAX: Final = 2048  # Characters; a confirmation with its token has about 400.

# The whole address stands in the pattern, so that no userinfo, port, escape or second meaning has room.
_HOST: Final = r"sns\.[a-zA-Z0-9-]{3,}\.amazonaws\.com(?:\.cn)?"
_CERTIFICATE: Final = re.compile(rf"https://{_HOST}/[A-Za-z0-9._-]+\.pem")
_CONFIRMATION: Final = re.compile(rf"https://{_HOST}/\?[A-Za-z0-9._~:%&=+*,/-]+")


def is_certificate(address: str) -> bool:
    """Whether *address* is a signing certificate's: https, a host of SNS, one path segment that ends in `.pem`."""
    return len(address) <= ADDRESS_MAX and _CERTIFICATE.fullmatch(address) is not None


def is_confirmation(address: str) -> bool:
    """Whether *address* confirms a subscription at SNS, and does nothing else there."""
    if len(address) > ADDRESS_MAX or _CONFIRMATION.fullmatch(address) is None:
        return False
    return _query(address).get("Action") == ["ConfirmSubscription"]


def confirms(address: str, message: Mapping[str, Json]) -> bool:
    """Whether *address* confirms the very subscription that *message* asks for."""
    query = _query(address)
    return query.get("TopicArn") == [message.get("TopicArn")] and query.get("Token") == [message.get("Token")]


def _query(address: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(address).query, keep_blank_values=True)
