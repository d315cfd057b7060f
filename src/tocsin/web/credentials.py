"""Where a sender's key may stand: in the path, in a header, or in the query. Pure; whatever comes, nothing is raised.

Senders differ in what they can be told to send: Opsgenie's clients write `GenieKey` (Opsgenie's Alert API), API
destinations of EventBridge a header of one's choice or Basic (RFC 7617), CloudEvents webhooks a Bearer token or
`access_token` (RFC 6750, and section 3 of "HTTP 1.1 Web Hooks for Event Delivery"), and many no more than an address.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

FIELDS_MAX: Final = 100  # Of a query: nobody writes so many before the key.

_OWN_HEADERS: Final = (b"x-tocsin-key", b"x-api-key")
_AUTHORIZATION: Final = b"authorization"
_SCHEMES: Final = frozenset({"bearer", "geniekey", "token", "apikey"})
_FIELDS: Final = ("access_token", "apiKey", "key")


def presented(path_key: str, headers: Iterable[tuple[bytes, bytes]], query: str) -> str:
    """The key that a request presents; empty if it has none.

    *path_key* is what its path says, *headers* are pairs with names in lower case, *query* is what follows the `?`. The
    first place where something stands decides: the path, `X-Tocsin-Key`, `X-API-Key`, `Authorization`, the query.
    """
    if path_key:
        return path_key
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _OWN_HEADERS or name == _AUTHORIZATION:
            found.setdefault(name, value)
    for name in _OWN_HEADERS:
        if key := _text(found.get(name, b"")):
            return key
    return _authorized(_text(found.get(_AUTHORIZATION, b""))) or _asked(query)


def without_credentials(query: str, *, also_key: bool = False) -> str:
    """*query* as it may be stored: without the fields that only a credential stands in.

    `key` may be the name of an alert; it is a credential, and *also_key* true, when nothing else has been presented.
    """
    secret = {name.lower() for name in _FIELDS if also_key or name != "key"}
    return "&".join(part for part in query.split("&") if unquote_plus(part.partition("=")[0]).lower() not in secret)


def _authorized(value: str) -> str:
    """What stands in `Authorization`: of Basic the password, or the user if there is none."""
    scheme, _, rest = value.partition(" ")
    rest = rest.strip()
    if scheme.lower() == "basic":
        user, _, password = _decoded(rest).partition(":")
        return password or user
    if scheme.lower() in _SCHEMES:
        return rest
    return "" if rest else scheme


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _asked(query: str) -> str:
    if not query:
        return ""
    try:
        fields = dict(reversed(parse_qsl(query, max_num_fields=FIELDS_MAX)))
    except ValueError:
        return ""
    return next((fields[name] for name in _FIELDS if fields.get(name)), "")


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace").strip()
