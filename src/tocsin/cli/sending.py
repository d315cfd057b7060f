"""Ringing the bell from a terminal."""

from __future__ import annotations

import argparse
import http.client
import sys
import urllib.error
import urllib.request
from typing import Final

from tocsin.cli.access import open_store, read_settings
from tocsin.errors import TocsinError
from tocsin.kernel import json
from tocsin.wiring.embedded import key_ring

TIMEOUT_SECONDS: Final = 10.0


def send(given: argparse.Namespace) -> int:
    """`tocsin send`."""
    url = given.url or _local_url(given)
    if not url.startswith(("http://", "https://")):
        raise TocsinError("url-invalid", f"{url!r} is not an http or https URL")
    document = {
        "title": given.title,
        "severity": given.severity,
        "status": "resolved" if given.resolve else "firing",
        "source": "tocsin send",
    }
    if given.dedup_key:
        document["dedup_key"] = given.dedup_key
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above.
        url, data=json.encode(document), headers={"content-type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - as above.
            found = json.decode(answer.read())
    except urllib.error.HTTPError as problem:
        said = problem.read(1000).decode("utf-8", "replace")
        raise TocsinError("send-refused", f"{problem.code}: {said}") from None
    except (OSError, http.client.HTTPException) as problem:
        reason = getattr(problem, "reason", problem)
        raise TocsinError("send-failed", f"nobody answers there ({reason}); is `tocsin serve` running?") from None
    sys.stdout.write(f"accepted as delivery {found['id']}\n")
    return 0


def _local_url(given: argparse.Namespace) -> str:
    settings = read_settings(given.config)
    if given.key not in settings.integrations:
        known = ", ".join(settings.integrations)
        raise TocsinError("integration-unknown", f"there is no integration {given.key!r}; known: {known}")
    key = key_ring(settings, open_store(given.db)).key(given.key)
    base = settings.server.url or f"http://{settings.server.host}:{settings.server.port}"
    return f"{base.rstrip('/')}/v1/in/{key}"
