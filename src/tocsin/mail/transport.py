"""The way to people by e-mail: pages and announcements; what asks for an answer at once is one mail."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Refused
from tocsin.incidents import ladder
from tocsin.incidents.alerts import Severity
from tocsin.incidents.state import Incident
from tocsin.incidents.telling import Page, Telling, Told, one_line, tell
from tocsin.kernel.announcement import ANNOUNCE, Announcement, announcement
from tocsin.kernel.time import Instant
from tocsin.mail.conversation import Limits, Server, hand_over
from tocsin.mail.letter import SENDER_NAME, letter, mailbox

_HEADLINE_MAX: Final = 160  # What the list of a mail program shows.
_LINE_MAX: Final = 1000
_LIMITS: Final = Limits()

log = logging.getLogger(__name__)


class MailTransport:
    """A `Transport`. Addresses are mail addresses.

    A mail cannot be changed later, so that of incidents only pages are sent: who wants to see how one goes on follows
    the link. Nothing is tried again here; the dispatcher does that.
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
        told = {
            job.outgoing.id: self._guarded(partial(self._announce, address, job))
            for job in jobs
            if job.outgoing.kind == ANNOUNCE
        }
        asking = [job for job in jobs if isinstance(job.state, Incident) and job.outgoing.kind == ladder.PAGE]
        result = self._guarded(lambda: self._send(address, asking)) if asking else Delivered()
        return [told.get(job.outgoing.id) or _result(job, result) for job in jobs]

    def _guarded(self, send: Callable[[], DeliveryResult]) -> DeliveryResult:
        try:
            return send()
        except Exception:
            # A mistake of ours must cost an attempt, so that the next way is tried in the end.
            log.exception("a mail failed here")
            return Postponed("internal error, see the log")

    def _send(self, address: str, jobs: Sequence[Job]) -> DeliveryResult:
        pages = [_page(job) for job in jobs]
        incidents = {page.incident_id: page.incident for page in pages}
        thread = _thread(self._url, *next(iter(incidents.items()))) if len(incidents) == 1 else ""
        return self._mail(address, tell(pages, self._telling, self._url, self._now()), jobs, thread)

    def _announce(self, address: str, job: Job) -> DeliveryResult:
        told = announcement(job.outgoing.facts)
        headline = one_line(told.title, _HEADLINE_MAX)
        # A line break within a line would make another one, which looks like ours.
        lines = tuple(one_line(line, _LINE_MAX) for line in told.lines)
        text = Announcement(headline, lines).text() + f"\n{self._url}/\n"
        return self._mail(
            address, Told(headline=headline, text=text, link=self._url, severity=Severity.INFO), [job], ""
        )

    def _mail(self, address: str, told: Told, jobs: Sequence[Job], thread: str) -> DeliveryResult:
        sender, recipient = mailbox(self._sender, SENDER_NAME), mailbox(address)
        if sender is None or recipient is None:
            return Refused(f"the {'sender' if sender is None else 'receiver'}'s mail address is none")
        message = letter(
            told,
            sender=sender,
            recipient=recipient,
            # Ids are numbers of one database: the instants tell it from an older one of the same name.
            effects=[f"{self._url} {job.outgoing.id} {job.outgoing.created_at}" for job in jobs],
            thread=thread,
            now=self._now(),
        )
        return hand_over(self._server, message, limits=self._limits, context=self._context)


def _result(job: Job, result: DeliveryResult) -> DeliveryResult:
    if not isinstance(job.state, Incident):
        return Refused("mail can tell of incidents only")
    return result if job.outgoing.kind == ladder.PAGE else Delivered()


def _page(job: Job) -> Page:
    assert isinstance(job.state, Incident)
    return Page(
        incident_id=job.outgoing.aggregate,
        incident=job.state,
        why=str(job.outgoing.facts.get("why", "")),
        reader=job.outgoing.receiver,
    )


def _thread(url: str, incident_id: str, incident: Incident) -> str:
    return f"{url} {incident_id} {incident.opened_at}"
