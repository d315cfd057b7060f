"""Where a server is found on its own machine."""

from __future__ import annotations

from typing import Final

WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - "all addresses", and one that can be opened.


def local_url(host: str, port: int) -> str:
    """How this machine reaches what listens on *host* and *port*; no slash at its end."""
    host = WILDCARDS.get(host, host)
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
