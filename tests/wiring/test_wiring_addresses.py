"""Where a server is found on its own machine."""

from __future__ import annotations

import pytest

from tocsin.wiring.addresses import local_url


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),  # noqa: S104 - nobody listens.
        ("::", "http://[::1]:80"),
        ("::1", "http://[::1]:80"),
        ("bell.example", "http://bell.example:80"),
    ],
)
def test_this_machine_reaches_what_listens(host: str, url: str) -> None:
    assert local_url(host, 80) == url
