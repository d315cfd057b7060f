"""Addresses in a configuration: which ones may be fetched, and which ones may not."""

from __future__ import annotations

import pytest

from tests.wiring.test_settings_messages import told
from tocsin.wiring.settings_file import parse


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("ftp://example.com/x", "is not an address that begins with https:// or http://"),
        ("file:///etc/passwd", "is not an address that begins with https:// or http://"),
        ("https:example.com", "is not an address that begins with https:// or http://"),
        ("example.com", "is not an address that begins with https:// or http://"),
        ("https://", "has no host, or one that cannot be"),
        ("https://exa..mple", "has no host, or one that cannot be"),
        ("https://example.com:port/", "is no address: its host or its port cannot be read"),
        ("https://example.com:0/", "is no address: its host or its port cannot be read"),
        ("https://[::1/", "is no address: its host or its port cannot be read"),
        ("https://exam ple.com/", "has a blank or a backslash, which no address has"),
        ("https://example.com\\\\@a/", "has a blank or a backslash, which no address has"),
        ("https://a@example.com/", "carries a user name or a password, which addresses must not"),
        ("https://example.com/#top", "must have no #"),
        ("https://example.com/#", "must have no #"),
        ("http://169.254.169.254/latest", "points at an address that belongs to nobody who could be told"),
        ("http://[fe80::1]/", "points at an address that belongs to nobody who could be told"),
        ("http://[::ffff:169.254.169.254]/", "points at an address that belongs to nobody who could be told"),
        ("http://[fd00:ec2::254]/", "points at an address that belongs to nobody who could be told"),
        ("http://0.0.0.0/", "points at an address that belongs to nobody who could be told"),
        ("http://224.0.0.1/", "points at an address that belongs to nobody who could be told"),
        ("http://metadata.google.internal./", "points at an address that belongs to nobody who could be told"),
        ("http://2852039166/", "has a host that is neither a name nor an IP address"),
        ("http://0xA9FEA9FE/", "has a host that is neither a name nor an IP address"),
        ("http://169.254.43518/", "has a host that is neither a name nor an IP address"),
        ("http://0251.0376.0251.0376/", "has a host that is neither a name nor an IP address"),
    ],
)
def test_an_address_must_be_one_that_may_be_fetched(url: str, complaint: str) -> None:
    assert told(f'heartbeat: {{url: "{url}"}}') == [f"1:18: heartbeat.url: … {complaint}"]


@pytest.mark.parametrize(
    "url",
    [
        "https://hc.example.com/ping/x?a=1",
        "http://localhost:8080",
        "http://127.0.0.1/",
        "http://10.0.0.1/",
        "http://[::1]:80/",
        "https://my_host/",
        "https://bücher.example/",
        "HTTPS://EXAMPLE.COM.",
    ],
)
def test_an_address_may_be_a_private_one(url: str) -> None:
    heartbeat = parse(f'heartbeat: {{url: "{url}"}}'.encode(), {}).settings.heartbeat
    assert heartbeat is not None
    assert heartbeat.url.reveal() == url


@pytest.mark.parametrize("url", ["https://example.com/?a", "https://example.com/?", "https://example.com/#a"])
def test_the_server_s_address_ends_with_its_path(url: str) -> None:
    assert told(f"server: {{url: '{url}'}}") == [f'1:15: server.url: "{url}" must end with its path: no ? and no #']
