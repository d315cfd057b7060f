"""What a browser's subscription may be, and where it may lead: never into our own network."""

from __future__ import annotations

import socket

import pytest

from tests.webpush.browser import FakeBrowser
from tocsin.webpush.subscriptions import Endpoint, is_public, public_address, read_endpoint, read_subscription

GOOD = FakeBrowser("https://push.example/send/1?a=b")


def test_a_subscription_is_read() -> None:
    assert read_subscription(GOOD.written) == GOOD.subscription


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "that is no subscription of a browser"),
        ("[]", "that is no subscription of a browser"),
        ("{}", "that is no subscription of a browser"),
        (
            '{"endpoint": "https://push.example/", "keys": {"p256dh": 1, "auth": 2}}',
            "that is no subscription of a browser",
        ),
        (FakeBrowser("http://push.example/").written, "its address is not one of a push service"),
        (FakeBrowser("file:///etc/passwd").written, "its address is not one of a push service"),
        ('{"endpoint": "https://a/", "keys": {"p256dh": "AA", "auth": "AA"}}', "its keys cannot be read"),
    ],
)
def test_what_is_none_is_refused(text: str, problem: str) -> None:
    assert read_subscription(text) == problem


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("https://push.example", Endpoint("push.example", 443, "/", "https://push.example")),
        ("https://push.example:8443/a?b", Endpoint("push.example", 8443, "/a?b", "https://push.example:8443")),
        ("https://[2001:db8::1]/a", Endpoint("2001:db8::1", 443, "/a", "https://[2001:db8::1]")),
        ("https://user@push.example/", None),
        ("https://push.example/#a", None),
        ("https://push.example:x/", None),
        ("https://push.example/a b", None),
        ("https://push.example\\@evil/", None),
        ("https:///a", None),
        ("https://push.example/\r\nHost: evil", None),
        ("https://push.example/" + "a" * 2000, None),
    ],
)
def test_an_endpoint_is_https_and_nothing_else(text: str, endpoint: Endpoint | None) -> None:
    assert read_endpoint(text) == endpoint


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - an address that must be refused.
        ("224.0.0.1", False),
        ("::1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::a00:1", False),
        ("::10.0.0.1", False),
        ("::ffff:0:10.0.0.1", False),
        ("fec0::1", False),
        ("2002:a00:1::", False),
        ("2001:0:a00:1::", False),
        ("fd00:ec2::254", False),
        ("fe80::1%eth0", False),
        ("push.example", False),
    ],
)
def test_only_public_addresses_are_connected_to(address: str, public: bool) -> None:
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("addresses", "found"),
    [
        (["93.184.216.34"], "93.184.216.34"),
        (["93.184.216.34", "10.0.0.1"], None),
        (["127.0.0.1"], None),
        ([], None),
    ],
)
def test_a_host_with_any_private_address_is_refused(
    monkeypatch: pytest.MonkeyPatch, addresses: list[str], found: str | None
) -> None:
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, 443)) for each in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    assert public_address("push.example", 443) == found


def test_a_host_that_cannot_be_looked_up_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert public_address("push.example", 443) is None


def test_localhost_is_refused() -> None:
    assert public_address("localhost", 443) is None
