"""Addresses of the settings, fetched without telling anybody what they are: they may be secrets."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import Final

FAILURES: Final = (OSError, http.client.HTTPException)  # What a fetch raises; their texts may name the address.


def fetch(url: str, *, seconds: float, most: int) -> bytes:
    """The first *most* bytes of what stands at *url*; redirects are not followed. Raises one of FAILURES."""
    with urllib.request.build_opener(_NoRedirect).open(url, timeout=seconds) as answer:
        found: bytes = answer.read(most)
        return found


def kind(problem: Exception) -> str:
    """What went wrong, without the address."""
    if isinstance(problem, urllib.error.HTTPError):
        problem.close()
        return f"HTTP {problem.code}"
    return type(getattr(problem, "reason", problem)).__name__


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None
