"""Addresses that Slack gives us to send to: only those that are Slack's are believed."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

BASE_URL: Final = "https://slack.com/api/"
URL_MAX: Final = 4000  # Characters; an address to connect to carries a ticket, one to upload to a signature.

_FILES: Final = "files.slack.com"
_BELOW: Final = ".slack.com"


def takes_files(url: str, base_url: str) -> bool:
    """Whether *url* is where files are uploaded to: Slack's machine for that, or the API's own (*base_url*)."""
    scheme, host, place = _parts(url)
    return (scheme == "https" and host == _FILES and place == _FILES) or (scheme, place) == _parts(base_url)[::2]


def is_socket(url: str, base_url: str) -> bool:
    """Whether *url* is a place for Socket Mode: below slack.com with TLS, or on the API's own machine."""
    scheme, host, _ = _parts(url)
    if scheme == "wss" and host.endswith(_BELOW):
        return True
    return scheme in {"ws", "wss"} and bool(host) and host == _parts(base_url)[1]


def _parts(url: str) -> tuple[str, str, str]:
    """Scheme, host, and host with whatever is around it; what is no address has none."""
    if len(url) > URL_MAX or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return "", "", ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", "", ""
    return parts.scheme, parts.hostname or "", parts.netloc.lower()
