"""Ringing the bell from a terminal."""

from __future__ import annotations

import argparse
import http.client
import urllib.error
import urllib.request
from contextlib import suppress
from typing import Final

from tocsin.cli.access import open_store, read_settings, server_url, unknown
from tocsin.cli.printing import plain, say
from tocsin.errors import TocsinError
from tocsin.kernel import json
from tocsin.wiring.keys import key_ring

TIMEOUT_SECONDS: Final = 10.0
ANSWER_BYTES_MAX: Final = 64 * 1024
SHOWN_MAX: Final = 300


def send(given: argparse.Namespace) -> int:
    """`tocsin send`."""
    url = given.url or _local_url(given)
    if not url.startswith(("http://", "https://")):
        raise TocsinError("url-invalid", f"{url!r} is not an http or https URL")
    document = {
        "title": " ".join(given.title) or "This is a test alert",
        "severity": given.severity,
        "status": "resolved" if given.resolve else "firing",
        "source": "tocsin send",
    }
    if given.dedup_key:
        document["dedup_key"] = given.dedup_key
    # A proxy in the environment is for the world outside.
    opener = urllib.request.build_opener(_NoRedirect, *([] if given.url else [urllib.request.ProxyHandler({})]))
    where = "there" if given.url else f"at {url.partition('/v1/')[0]}"
    try:
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked above.
            url, data=json.encode(document), headers={"content-type": "application/json"}, method="POST"
        )
        with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            said = answer.read(ANSWER_BYTES_MAX)
    except urllib.error.HTTPError as problem:
        with problem:
            raise TocsinError("send-refused", f"not accepted ({problem.code}): {_sentence(problem)}") from None
    except ValueError as problem:
        raise TocsinError("url-invalid", f"{url!r} is not a URL: {problem}") from None
    except (OSError, http.client.HTTPException) as problem:
        reason = getattr(problem, "reason", problem)
        raise TocsinError("send-failed", f"nobody answers {where} ({reason}); is `tocsin serve` running?") from None
    say(_receipt(said))
    return 0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would arrive as a GET without its body."""

    def redirect_request(self, *_: object) -> None:
        return None


def _local_url(given: argparse.Namespace) -> str:
    settings = read_settings(given.config)
    if given.key not in settings.integrations:
        raise unknown("integration", given.key, settings.integrations)
    with open_store(given.db) as store:
        return f"{server_url(settings, store)}/v1/in/{key_ring(settings, store).key(given.key)}"


def _sentence(problem: urllib.error.HTTPError) -> str:
    """What the other side says is wrong."""
    if to := problem.headers.get("location"):
        return f"it redirects to {plain(to)}; use that address"
    raw = problem.read(ANSWER_BYTES_MAX)
    with suppress(json.JsonError):
        found = json.decode(raw)
        if isinstance(found, dict) and isinstance(found.get("message"), str):
            return plain(found["message"])
    return plain(raw.decode("utf-8", "replace"))[:SHOWN_MAX] or problem.reason


def _receipt(said: bytes) -> str:
    with suppress(json.JsonError):
        found = json.decode(said)
        if isinstance(found, dict) and "id" in found:
            return f"accepted as delivery {plain(str(found['id']))}\n"
    return "accepted, by something that does not answer like Tocsin\n"
