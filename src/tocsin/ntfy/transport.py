"""The way to people by push notification: pages, of which what waits together is one message, and announcements."""

from __future__ import annotations

import logging
import ssl
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Refused
from tocsin.incidents import ladder
from tocsin.incidents.alerts import Severity
from tocsin.incidents.state import Incident
from tocsin.incidents.telling import Page, Telling, Told, one_line, tell
from tocsin.incidents.ways import QUIET
from tocsin.kernel import json
from tocsin.kernel.announcement import ANNOUNCE, announcement
from tocsin.kernel.time import Instant
from tocsin.ntfy.publishing import Topic, publish, read_topic
from tocsin.posting.requests import Limits

# ntfy makes an attachment of a message beyond 4096 bytes, and takes at most 8192 bytes of JSON, where a quotation mark
# counts twice.
MESSAGE_BYTES_MAX: Final = 3000

# 5 rings until somebody looks, 4 rings long, 3 rings. Below that a telephone stays silent, and this is a page.
PRIORITIES: Final = {Severity.CRITICAL: 5, Severity.HIGH: 4, Severity.WARNING: 3, Severity.INFO: 3}
LOW: Final = 2  # No sound, no vibration: for quiet hours.
# ntfy shows these names as the colours that the other channels use.
TAGS: Final = {
    Severity.CRITICAL: "red_circle",
    Severity.HIGH: "orange_circle",
    Severity.WARNING: "yellow_circle",
    Severity.INFO: "large_blue_circle",
}

QUIET_PRIORITY: Final = 2  # Of an announcement: no sound.

_TITLE_MAX: Final = 160
_LINE_MAX: Final = 1000
_NO_TOPIC: Final = "the ntfy address names no topic"
_LIMITS: Final = Limits()

log = logging.getLogger(__name__)


class NtfyTransport:
    """A `Transport`. Addresses are those of topics, `https://ntfy.example.com/topic`, and secrets.

    Of incidents only pages are sent: what has been pushed is read, or it is old. Nothing is tried again here; the
    dispatcher does that.
    """

    name = "ntfy"

    def __init__(
        self,
        *,
        now: Callable[[], Instant],
        names: Mapping[str, str],
        url: str,
        limits: Limits = _LIMITS,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """*names* are display names by responder id, *url* is the console's, without a slash at its end.

        *context* None: the certificates that the machine trusts.
        """
        self._now = now
        self._telling = Telling(names)
        self._url = url
        self._limits = limits
        self._context = context or ssl.create_default_context()

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """Hand *jobs* over; see the port."""
        told = {
            job.outgoing.id: self._guarded(partial(self._announce, address, job))
            for job in jobs
            if job.outgoing.kind == ANNOUNCE
        }
        pages = [_page(job, job.state) for job in jobs if isinstance(job.state, Incident) and _asks(job)]
        quiet = all(job.outgoing.facts.get(QUIET) for job in jobs if _asks(job))
        result = self._guarded(lambda: self._send(address, pages, quiet=quiet)) if pages else Delivered()
        return [told.get(job.outgoing.id) or _result(job, result) for job in jobs]

    def _guarded(self, send: Callable[[], DeliveryResult]) -> DeliveryResult:
        try:
            return send()
        except Exception as problem:  # noqa: BLE001 - a mistake of ours must cost an attempt, and not the page.
            # Where it happened, without the problem's own words: they may name the topic.
            place = "".join(traceback.format_tb(problem.__traceback__))
            log.error("a push failed here: %s\n%s", type(problem).__name__, place)  # noqa: TRY400
            return Postponed("internal error, see the log")

    def _announce(self, address: str, job: Job) -> DeliveryResult:
        topic = read_topic(address)
        if topic is None:
            return Refused(_NO_TOPIC)
        told = announcement(job.outgoing.facts)
        body = {
            "topic": topic.name,
            "title": one_line(told.title, _TITLE_MAX),
            "message": _cut("\n".join(one_line(line, _LINE_MAX) for line in told.lines)) or "-",
            "priority": QUIET_PRIORITY,
            "click": self._url,
        }
        return publish(topic, json.encode(body), limits=self._limits, context=self._context)

    def _send(self, address: str, pages: Sequence[Page], *, quiet: bool) -> DeliveryResult:
        topic = read_topic(address)
        if topic is None:
            return Refused(_NO_TOPIC)
        told = tell(pages, self._telling, self._url, self._now())
        return publish(topic, _body(topic, told, quiet=quiet), limits=self._limits, context=self._context)


def _body(topic: Topic, told: Told, *, quiet: bool) -> bytes:
    return json.encode(
        {
            "topic": topic.name,
            "title": told.headline,
            "message": _cut(told.text),
            "priority": LOW if quiet else PRIORITIES[told.severity],
            "tags": [TAGS[told.severity]],
            "click": told.link,
        }
    )


def _cut(text: str) -> str:
    """*text*, at most MESSAGE_BYTES_MAX bytes of it."""
    raw = text.encode()
    return (
        text
        if len(raw) <= MESSAGE_BYTES_MAX
        else raw[: MESSAGE_BYTES_MAX - len("…".encode())].decode("utf-8", "ignore") + "…"
    )


def _asks(job: Job) -> bool:
    return job.outgoing.kind == ladder.PAGE


def _page(job: Job, incident: Incident) -> Page:
    return Page(
        incident_id=job.outgoing.aggregate,
        incident=incident,
        why=str(job.outgoing.facts.get("why", "")),
        reader=job.outgoing.receiver,
    )


def _result(job: Job, result: DeliveryResult) -> DeliveryResult:
    if not isinstance(job.state, Incident):
        return Refused("ntfy can tell of incidents only")
    return result if _asks(job) else Delivered()
