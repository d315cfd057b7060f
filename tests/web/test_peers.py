"""Who sends: the other end of the connection, or what a trusted proxy says of it, and never what a sender says."""

from __future__ import annotations

import pytest

from tocsin.web.peers import networks, sender, within

PROXIES = networks(["10.0.0.0/8", "2001:db8:1::/48"])


def told(*values: str) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"x"), *((b"x-forwarded-for", value.encode()) for value in values)]


@pytest.mark.parametrize(
    ("peer", "values", "found"),
    [
        ("192.0.2.7", [], "192.0.2.7"),
        ("192.0.2.7", ["198.51.100.1"], "192.0.2.7"),  # Not a proxy of ours: what it says counts for nothing.
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["203.0.113.9, 198.51.100.1"], "198.51.100.1"),  # The first is what the sender wrote.
        ("10.0.0.1", ["203.0.113.9", "198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("2001:db8:1::5", ['"[2001:db8:2::7]:443"'], "2001:db8:2::7"),
        ("2001:db8:1::5", ["2001:db8:2::7"], "2001:db8:2::7"),
        ("10.0.0.1", ["10.0.0.9, 10.0.0.8"], "10.0.0.9"),
        ("10.0.0.1", ["198.51.100.1, unknown"], "unknown"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [" , "], "10.0.0.1"),
        (
            "10.0.0.1",
            ["198.51.100.1, " + ", ".join(["10.0.0.2"] * 200)],
            "198.51.100.1, " + ", ".join(["10.0.0.2"] * 150),
        ),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_the_last_hop_that_is_no_proxy_of_ours_counts(peer: str, values: list[str], found: str) -> None:
    assert sender(peer, told(*values), PROXIES) == found
    assert sender(peer, told(*values), ()) == peer


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("10.1.2.3", True),
        ("::ffff:10.1.2.3", True),
        ("2001:db8:1::1", True),
        ("11.0.0.1", False),
        ("2001:db8:2::1", False),
        ("", False),
        ("unknown", False),
    ],
)
def test_an_address_lies_within_a_network_or_does_not(address: str, inside: bool) -> None:
    assert within(address, PROXIES) is inside
