"""Where a browser is reached: a subscription, as its push service and its owner gave it; nothing in it is believed.

Whoever registers a browser names an address that we post to. It must be https, and lead to a public address: not into
the network that we stand in. That is looked up when it is registered, and again, for the very connection, at each page.
Source of the form: W3C Push API, `PushSubscription.toJSON`.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import msgspec

from tocsin.kernel import json
from tocsin.webpush.encryption import SECRET_BYTES, read_base64, read_point

ENDPOINT_MAX: Final = 2000  # Characters; those of all browsers have some hundred.

Resolve: TypeAlias = Callable[[str, int], str | None]
"""The public IP address of a host at a port; None when there is none, or one that is not public."""

_PRINTABLE: Final = re.compile(r"[!-~]+")
# What is given to hosts on the Internet (IANA, "IPv6 Global Unicast Address Assignments"). Outside of it there are
# ways to write an IPv4 address, which may be a private one, and the networks that sites once gave to themselves.
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
_CARRIER: Final = ipaddress.IPv6Network("2002::/16")  # These too carry an IPv4 address inside.


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A browser: the address of its push service, its public key and its secret, both in base64."""

    endpoint: str
    key: str
    secret: str


class Endpoint(msgspec.Struct, frozen=True):
    """An endpoint in parts; *origin* as RFC 6454 writes it."""

    host: str
    port: int
    path: str
    origin: str


def read_subscription(text: str) -> Subscription | str:
    """The subscription that a browser wrote as JSON, or what is wrong with it."""
    try:
        found: Any = json.decode(text)
        endpoint, key, secret = found["endpoint"], found["keys"]["p256dh"], found["keys"]["auth"]
    except (json.JsonError, KeyError, TypeError):
        return "that is no subscription of a browser"
    if not all(isinstance(each, str) for each in (endpoint, key, secret)):
        return "that is no subscription of a browser"
    if read_endpoint(endpoint) is None:
        return "its address is not one of a push service"
    if read_point(read_base64(key) or b"") is None or len(read_base64(secret) or b"") != SECRET_BYTES:
        return "its keys cannot be read"
    return Subscription(endpoint=endpoint, key=key, secret=secret)


def read_endpoint(endpoint: str) -> Endpoint | None:
    """The parts of *endpoint*; None for what is no https address."""
    if len(endpoint) > ENDPOINT_MAX or not _PRINTABLE.fullmatch(endpoint) or "\\" in endpoint:
        return None
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or parts.fragment:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    origin = f"https://{host}" + (f":{port}" if port else "")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(parts.hostname, port or 443, path, origin)


def public_address(host: str, port: int) -> str | None:
    """The IP address to connect to; None if *host* has none, or any that is not public: see `Resolve`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return None
    addresses = [str(sockaddr[0]) for *_, sockaddr in found]
    return addresses[0] if addresses and all(is_public(each) for each in addresses) else None


def is_public(address: str) -> bool:
    """Whether an IP address is one that everybody on the Internet could name."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:  # With a scope: of this machine's own network.
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            found = found.ipv4_mapped
        elif found not in _UNICAST or found in _CARRIER or found.teredo:
            return False
    return found.is_global and not found.is_multicast
