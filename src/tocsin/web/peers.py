"""Who sends: the address at the other end, or what a proxy that we trust says of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

HOPS_MAX: Final = 50  # Of a chain of proxies; the nearest count.

_FORWARDED: Final = b"x-forwarded-for"


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Networks as they are written in the configuration. Raises ValueError."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def sender(peer: str, headers: Iterable[tuple[bytes, bytes]], proxies: Sequence[Network]) -> str:
    """The address that a request comes from; empty if that cannot be told.

    *peer* is the other end of the connection. If it is one of *proxies*, the last hop of `X-Forwarded-For` that is not
    one of them counts: everything before it the sender itself may have written.
    """
    if not proxies or not within(peer, proxies):
        return peer
    told = b",".join(value for name, value in headers if name == _FORWARDED).decode("latin-1")
    hops = [hop for hop in (_bare(text) for text in told.rsplit(",", HOPS_MAX)) if hop]
    return next((hop for hop in reversed(hops) if not within(hop, proxies)), hops[0] if hops else peer)


def within(address: str, allowed: Sequence[Network]) -> bool:
    """Whether *address* lies in one of the networks; what is no address lies in none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return any(found in network for network in allowed)


def _bare(hop: str) -> str:
    """An address without the port that some proxies write: `192.0.2.1:80`, `[2001:db8::1]:80`."""
    hop = hop.strip().strip('"')
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
