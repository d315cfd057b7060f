"""The way to people by push notification: only pages, and what waits together for one person is one message."""

from __future__ import annotations

import logging
import ssl
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Refused
from tocsin.incidents import ladder
from tocsin.incidents.alerts import Severity
from tocsin.incidents.announcing import announced
from tocsin.incidents.state import Incident
from tocsin.incidents.telling import Page, Telling, Told, tell
from tocsin.kernel import json
from tocsin.kernel.machine import ANNOUNCE
from tocsin.kernel.time import Instant
from tocsin.ntfy.publishing import Limits, Topic, publish, read_topic

# ntfy makes an attachment of a message beyond 4096 bytes, and takes at most 8192 bytes of JSON, where a quotation mark
# counts twice.
MESSAGE_BYTES_MAX: Final = 3000

# 5 rings until somebody looks, 4 rings long, 3 rings. Below that a telephone stays silent, and this is a page.
PRIORITIES: Final = {Severity.CRITICAL: 5, Severity.HIGH: 4, Severity.WARNING: 3, Severity.INFO: 3}
QUIET: Final = 2  # An announcement asks for nothing.
# ntfy shows these names as the colours that the other channels use.
TAGS: Final = {
    Severity.CRITICAL: "red_circle",
    Severity.HIGH: "orange_circle",
    Severity.WARNING: "yellow_circle",
    Severity.INFO: "large_blue_circle",
}

_LIMITS: Final = Limits()

log = logging.getLogger(__name__)


class NtfyTransport:
    """A `Transport`. Addresses are those of topics, `https://ntfy.example.com/topic`, and secrets.

    Only pages and announcements are sent: what has been pushed is read, or it is old. Nothing is tried again here; the
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
        pages = [_page(job, job.state) for job in jobs if isinstance(job.state, Incident) and _asks(job)]
        result: DeliveryResult = Delivered()
        if pages:
            result = self._tried(address, lambda: tell(pages, self._telling, self._url, self._now()))
        facts = [job.outgoing.facts for job in jobs if job.outgoing.kind == ANNOUNCE]
        informed = self._tried(address, lambda: announced(facts, self._url), QUIET) if facts else Delivered()
        return [informed if job.outgoing.kind == ANNOUNCE else _result(job, result) for job in jobs]

    def _tried(self, address: str, make: Callable[[], Told], priority: int | None = None) -> DeliveryResult:
        try:
            return self._send(address, make(), priority)
        except Exception as problem:  # noqa: BLE001 - a mistake of ours must cost an attempt, and not the page.
            # Where it happened, without the problem's own words: they may name the topic.
            place = "".join(traceback.format_tb(problem.__traceback__))
            log.error("a push failed here: %s\n%s", type(problem).__name__, place)  # noqa: TRY400
            return Postponed("internal error, see the log")

    def _send(self, address: str, told: Told, priority: int | None) -> DeliveryResult:
        topic = read_topic(address)
        if topic is None:
            return Refused("the ntfy address names no topic")
        return publish(topic, _body(topic, told, priority), limits=self._limits, context=self._context)


def _body(topic: Topic, told: Told, priority: int | None) -> bytes:
    return json.encode(
        {
            "topic": topic.name,
            "title": told.headline,
            "message": _cut(told.text),
            "priority": PRIORITIES[told.severity] if priority is None else priority,
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
    return Page(incident_id=job.outgoing.aggregate, incident=incident, why=str(job.outgoing.facts.get("why", "")))


def _result(job: Job, result: DeliveryResult) -> DeliveryResult:
    if not isinstance(job.state, Incident):
        return Refused("ntfy can tell of incidents only")
    return result if _asks(job) else Delivered()
