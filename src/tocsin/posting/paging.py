"""What every way does that can only page: pages that wait together are one message, all else needs none."""

from __future__ import annotations

import hashlib
import logging
import traceback
from collections.abc import Callable, Mapping, Sequence

import msgspec

from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Refused
from tocsin.incidents import ladder
from tocsin.incidents.state import Incident
from tocsin.incidents.telling import Page, Telling, Told, tell
from tocsin.incidents.ways import QUIET
from tocsin.kernel.time import Instant

log = logging.getLogger(__name__)


class Message(msgspec.Struct, frozen=True):
    """All pages that leave together for one person.

    *token* is the same whenever the same pages are sent, and no other: 64 hexadecimal digits. *quiet*: no noise.
    """

    told: Told
    token: str
    quiet: bool


class Paging:
    """Makes messages of jobs."""

    def __init__(self, *, now: Callable[[], Instant], names: Mapping[str, str], url: str) -> None:
        """*names* are display names by responder id, *url* is the console's, without a slash at its end."""
        self._now = now
        self._telling = Telling(names)
        self._url = url

    def deliver(
        self, way: str, jobs: Sequence[Job], send: Callable[[Message], DeliveryResult]
    ) -> Sequence[DeliveryResult]:
        """One result for each of *jobs*, in order; *send* is called once if there is a page among them, or not at all.

        What *send* raises is a mistake of ours: it costs an attempt, and not the page.
        """
        asking = [job for job in jobs if isinstance(job.state, Incident) and job.outgoing.kind == ladder.PAGE]
        result: DeliveryResult = Delivered()
        if asking:
            try:
                result = send(self._message(asking))
            except Exception as problem:  # noqa: BLE001 - see above.
                # Where it happened, without the problem's own words: they may hold a secret.
                place = "".join(traceback.format_tb(problem.__traceback__))
                log.error("%s failed here: %s\n%s", way, type(problem).__name__, place)  # noqa: TRY400
                result = Postponed("internal error, see the log")
        return [_result(way, job, result) for job in jobs]

    def _message(self, jobs: Sequence[Job]) -> Message:
        told = tell([_page(job) for job in jobs], self._telling, self._url, self._now())
        # Ids are numbers of one database: the instants tell it from an older one of the same name.
        effects = sorted(f"{self._url} {job.outgoing.id} {job.outgoing.created_at}" for job in jobs)
        token = hashlib.sha256("\n".join(effects).encode()).hexdigest()
        return Message(told, token, all(job.outgoing.facts.get(QUIET) for job in jobs))


def _page(job: Job) -> Page:
    assert isinstance(job.state, Incident)
    return Page(
        incident_id=job.outgoing.aggregate,
        incident=job.state,
        why=str(job.outgoing.facts.get("why", "")),
        reader=job.outgoing.receiver,
    )


def _result(way: str, job: Job, result: DeliveryResult) -> DeliveryResult:
    if not isinstance(job.state, Incident):
        return Refused(f"{way} can tell of incidents only")
    return result if job.outgoing.kind == ladder.PAGE else Delivered()
