"""The way to people by e-mail: only pages, and what waits together for one person is one mail."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Refused
from tocsin.incidents import ladder
from tocsin.incidents.announcing import announced
from tocsin.incidents.state import Incident
from tocsin.incidents.telling import Page, Telling, Told, tell
from tocsin.kernel.machine import ANNOUNCE
from tocsin.kernel.time import Instant
from tocsin.mail.conversation import Limits, Server, hand_over
from tocsin.mail.letter import SENDER_NAME, letter, mailbox

_LIMITS: Final = Limits()

log = logging.getLogger(__name__)


class MailTransport:
    """A `Transport`. Addresses are mail addresses.

    A mail cannot be changed later, so that only pages and announcements are sent: who wants to see how an incident goes
    on follows the link. Nothing is tried again here; the dispatcher does that.
    """

    name = "mail"

    def __init__(
        self,
        server: Server,
        sender: str,
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
        self._server = server
        self._sender = sender
        self._now = now
        self._telling = Telling(names)
        self._url = url
        self._limits = limits
        self._context = context or ssl.create_default_context()

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """Hand *jobs* over; see the port."""
        asking = [job for job in jobs if isinstance(job.state, Incident) and job.outgoing.kind == ladder.PAGE]
        result = self._tried(address, asking) if asking else Delivered()
        informing = [job for job in jobs if job.outgoing.kind == ANNOUNCE]
        informed = self._tried(address, informing) if informing else Delivered()
        return [informed if job.outgoing.kind == ANNOUNCE else _result(job, result) for job in jobs]

    def _tried(self, address: str, jobs: Sequence[Job]) -> DeliveryResult:
        try:
            return self._send(address, jobs)
        except Exception:
            # A mistake of ours must cost an attempt, so that the next way is tried in the end.
            log.exception("a mail failed here")
            return Postponed("internal error, see the log")

    def _send(self, address: str, jobs: Sequence[Job]) -> DeliveryResult:
        sender, recipient = mailbox(self._sender, SENDER_NAME), mailbox(address)
        if sender is None or recipient is None:
            return Refused(f"the {'sender' if sender is None else 'receiver'}'s mail address is none")
        now = self._now()
        pages = [_page(job) for job in jobs if job.outgoing.kind == ladder.PAGE]
        incidents = {page.incident_id: page.incident for page in pages}
        message = letter(
            self._told(pages, jobs, now),
            sender=sender,
            recipient=recipient,
            # Ids are numbers of one database: the instants tell it from an older one of the same name.
            effects=[f"{self._url} {job.outgoing.id} {job.outgoing.created_at}" for job in jobs],
            thread=_thread(self._url, *next(iter(incidents.items()))) if len(incidents) == 1 else "",
            now=now,
        )
        return hand_over(self._server, message, limits=self._limits, context=self._context)

    def _told(self, pages: Sequence[Page], jobs: Sequence[Job], now: Instant) -> Told:
        if pages:
            return tell(pages, self._telling, self._url, now)
        return announced([job.outgoing.facts for job in jobs], self._url)


def _result(job: Job, result: DeliveryResult) -> DeliveryResult:
    if not isinstance(job.state, Incident):
        return Refused("mail can tell of incidents only")
    return result if job.outgoing.kind == ladder.PAGE else Delivered()


def _page(job: Job) -> Page:
    assert isinstance(job.state, Incident)
    return Page(incident_id=job.outgoing.aggregate, incident=job.state, why=str(job.outgoing.facts.get("why", "")))


def _thread(url: str, incident_id: str, incident: Incident) -> str:
    return f"{url} {incident_id} {incident.opened_at}"
