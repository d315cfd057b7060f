"""Ringing the bell from a terminal."""

from __future__ import annotations

import argparse
import http.client
import time
import urllib.error
import urllib.request
from contextlib import suppress
from typing import Final

from tocsin.cli.access import open_store, read_settings, server_url, unknown
from tocsin.cli.printing import plain, say
from tocsin.errors import TocsinError
from tocsin.kernel import json
from tocsin.wiring.clock import SystemClock
from tocsin.wiring.key_desk import ingest_url
from tocsin.wiring.key_ring import LOOK_AGAIN_SECONDS
from tocsin.wiring.keys import drop_key, make_key

TIMEOUT_SECONDS: Final = 10.0
ANSWER_BYTES_MAX: Final = 64 * 1024
SHOWN_MAX: Final = 300


class RefusedError(TocsinError):
    """The other side has answered, and does not take it."""


def send(given: argparse.Namespace) -> int:
    """`tocsin send`."""
    document = {
        "title": " ".join(given.title) or "This is a test alert",
        "severity": given.severity,
        "status": "resolved" if given.resolve else "firing",
        "source": "tocsin send",
    }
    if given.dedup_key:
        document["dedup_key"] = given.dedup_key
    body = json.encode(document)
    say(_receipt(_post(given.url, body) if given.url else _send_here(given, body)))
    return 0


def _send_here(given: argparse.Namespace, body: bytes) -> bytes:
    """Send to the server of this database, under a key that is made for this one alert."""
    settings = read_settings(given.config, given.db)
    if given.key not in settings.integrations:
        raise unknown("integration", given.key, settings.integrations)
    with open_store(given.db) as store:
        url = server_url(settings, store)
        key = make_key(store, given.key, SystemClock()(), brief=True)
        try:
            try:
                return _post(ingest_url(url, key), body, here=url)
            except RefusedError:
                # While somebody tries wrong keys, the server looks for new ones once a second only.
                time.sleep(LOOK_AGAIN_SECONDS)
                return _post(ingest_url(url, key), body, here=url)
        finally:
            drop_key(store, key)


def _post(url: str, body: bytes, here: str = "") -> bytes:
    """What the other side answers; *here*: our own server on this machine. Raises TocsinError."""
    if not url.startswith(("http://", "https://")):
        raise TocsinError("url-invalid", f"{url!r} is not an http or https URL")
    # A proxy in the environment is for the world outside.
    opener = urllib.request.build_opener(_NoRedirect, *([urllib.request.ProxyHandler({})] if here else []))
    where = f"at {here}" if here else "there"
    try:
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked above.
            url, data=body, headers={"content-type": "application/json"}, method="POST"
        )
        with opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
            said: bytes = answer.read(ANSWER_BYTES_MAX)
            return said
    except urllib.error.HTTPError as problem:
        with problem:
            raise RefusedError("send-refused", f"not accepted ({problem.code}): {_sentence(problem)}") from None
    except ValueError as problem:
        raise TocsinError("url-invalid", f"{url!r} is not a URL: {problem}") from None
    except (OSError, http.client.HTTPException) as problem:
        reason = getattr(problem, "reason", problem)
        raise TocsinError("send-failed", f"nobody answers {where} ({reason}); is `tocsin serve` running?") from None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would arrive as a GET without its body."""

    def redirect_request(self, *_: object) -> None:
        return None


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
