"""The way to people through Teams: cards that stay true, and pages as personal chats.

One message stands for one incident in a channel, and for one page to a person; it is updated in place. What waits
together for one address leaves as one message, a *bundle*: nothing is dropped, and nobody is rung a hundred times.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias
from urllib.parse import quote

import msgspec

from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Refused
from tocsin.incidents import ladder
from tocsin.incidents.state import Incident, Status
from tocsin.incidents.telling import one_line
from tocsin.kernel.announcement import ANNOUNCE, announcement
from tocsin.kernel.json import Json
from tocsin.kernel.time import Duration, Instant
from tocsin.posting.batches import Batch, is_bundle, sort
from tocsin.saying.incident import Setting, bundle_lines, bundle_saying, incident_saying, replaced_saying
from tocsin.saying.message import Actions, Button, Heading, Paragraph, Saying
from tocsin.teams.answers import GONE, LAYOUT_REFUSED, Failure
from tocsin.teams.cards import message, plain_message
from tocsin.teams.connector import Connector, Posted, is_guid
from tocsin.teams.pace import Pace
from tocsin.teams.threads import Threads, carried, told

BUNDLES_MAX: Final = 64  # Bundles whose lines are kept true; an older one stays as it was.
CHATS_MAX: Final = 10_000
THREADS_MAX: Final = 10_000  # Of which it is known whose incident's they are.
CHANNELS: Final = ("@thread.tacv2", "@thread.skype")  # How the ids of channels end.

_SHOWN: Final = frozenset({ladder.PAGE, ladder.SHOW})
_NO_INCIDENT: Final = "Teams can show incidents only"
_TITLE_MAX: Final = 150
_LINE_MAX: Final = 400
_LOGGER: Final = logging.getLogger(__name__)

_Results: TypeAlias = dict[str, DeliveryResult]  # By effect id.


class _Bundle(msgspec.Struct, kw_only=True):
    """What a message that stands for several incidents shows."""

    address: str
    lines: dict[str, Incident]
    total: int
    page: bool
    viewer: str


class TeamsTransport:
    """A `Transport`. Addresses: `19:…` for channels, `29:…` or an object id of the directory for people."""

    name = "teams"

    def __init__(
        self,
        connector: Connector,
        *,
        now: Callable[[], Instant],
        setting: Setting,
        tenant: str,
        pace: Pace | None = None,
        threads: Threads | None = None,
    ) -> None:
        """*now* also paces the posts. Nothing is called yet. *pace* is shared with all that writes for the same app."""
        self._connector = connector
        self._now = now
        self._setting = setting
        self._tenant = tenant
        self._pace = pace or Pace()
        self._book = threads
        self._lock = threading.Lock()
        self._chats: dict[str, str] = {}  # Personal chats by person.
        self._bundles: OrderedDict[Posted, _Bundle] = OrderedDict()
        self._threads: OrderedDict[str, str] = OrderedDict()  # Incidents by the thread of their message ...
        self._begun: dict[str, str] = {}  # ... and the other way round.

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """Hand *jobs* over; see the port."""
        try:
            return self._deliver(address, jobs)
        except Exception:
            _LOGGER.exception("a delivery to Teams failed here")
            return [Postponed("internal error, see the log")] * len(jobs)

    def _thread_link(self, incident: str) -> str:
        """The address of the thread in the room, as far as it is known. Source: Teams's deep links to messages."""
        with self._lock:
            channel, _, message_id = self._begun.get(incident, "").partition(";messageid=")
        if not message_id:
            return ""
        return f"https://teams.microsoft.com/l/message/{quote(channel, safe='')}/{message_id}?tenantId={self._tenant}"

    def incident_of(self, conversation: str) -> str:
        """The incident whose message has begun the thread *conversation*; empty if it is not known."""
        with self._lock:
            return self._threads.get(conversation, "")

    def show(self, address: str, activity: dict[str, Json]) -> DeliveryResult:
        """As `say`, for what is drawn already."""
        wait = self._pace.take(_paced_by(address), self._now())
        found = Failure("", _paced(wait)) if wait else self._minded(address, self._send(address, activity))
        return found.result if isinstance(found, Failure) else Delivered()

    def say(self, address: str, saying: Saying) -> DeliveryResult:
        """Write *saying* to a person or into a channel, or into the thread whose id *address* is."""
        found = self._write(address, saying)
        return found.result if isinstance(found, Failure) else Delivered()

    def _deliver(self, address: str, jobs: Sequence[Job]) -> list[DeliveryResult]:
        person = not is_channel(address)
        known = [job for job in jobs if isinstance(job.state, Incident) and job.outgoing.kind in _SHOWN]
        with self._lock:
            bundles = frozenset(self._bundles)
        batch = sort(known, lambda receipt: place_of(receipt) in bundles, person=person)
        results: _Results = {job.outgoing.id: Delivered() for job in batch.nothing}
        results |= self._post(address, batch.posts)
        results |= self._update(address, batch)
        for job in jobs:
            if job.outgoing.kind == ANNOUNCE:
                results[job.outgoing.id] = self.say(address, _announced(job))
        gone: dict[str, list[Job]] = {}
        for job in batch.updates:
            if job.outgoing.id not in results:
                gone.setdefault(job.outgoing.aggregate, []).append(job)
        if not person:
            results |= self._post(address, gone)
        for job in jobs:
            if job.outgoing.kind == ladder.THREAD and isinstance(job.state, Incident) and not person:
                results[job.outgoing.id] = self._tell(address, job)
        # A person's page that is gone needs no other; what is no incident has no words here.
        return [
            results.get(job.outgoing.id, Delivered())
            if isinstance(job.state, Incident) or job.outgoing.kind == ANNOUNCE
            else Refused(_NO_INCIDENT)
            for job in jobs
        ]

    # ── New messages ─────────────────────────────────────────────────────────────────────────────────────────────────
    def _post(self, address: str, posts: Mapping[str, Sequence[Job]]) -> _Results:
        """One new message for all of *posts* (jobs by incident)."""
        jobs = [job for several in posts.values() for job in several]
        if not jobs:
            return {}
        return self._post_one(address, jobs) if len(posts) == 1 else self._post_bundle(address, jobs)

    def _post_one(self, address: str, jobs: Sequence[Job]) -> _Results:
        job = next((job for job in jobs if job.outgoing.kind == ladder.PAGE), jobs[0])
        why = str(job.outgoing.facts.get("why", ""))
        posted = self._write(address, self._saying(job, why, page=job.outgoing.kind == ladder.PAGE))
        if isinstance(posted, Failure):
            return {each.outgoing.id: posted.result for each in jobs}
        self._note(posted.conversation, job.outgoing.aggregate)
        if job.receipt is not None and not is_bundle(job.receipt):
            # A courtesy: an old button does no harm (law 6).
            self._change(address, place_of(job.receipt), self._replaced(job))
        receipt = receipt_of(posted, why=why) | carried(job.receipt)
        return {each.outgoing.id: Delivered(receipt) for each in jobs}

    def _post_bundle(self, address: str, jobs: Sequence[Job]) -> _Results:
        incidents = {job.outgoing.aggregate: _incident(job) for job in jobs}
        bundle = _Bundle(
            address=address,
            lines={name: incidents[name] for name in bundle_lines(incidents)},
            total=len(incidents),
            page=any(job.outgoing.kind == ladder.PAGE for job in jobs),
            viewer=_viewer(jobs[0]),
        )
        posted = self._write(address, self._bundle_saying(bundle))
        if isinstance(posted, Failure):
            return {job.outgoing.id: posted.result for job in jobs}
        with self._lock:
            self._bundles[posted] = bundle
            while len(self._bundles) > BUNDLES_MAX:
                self._bundles.popitem(last=False)
        shared = receipt_of(posted, bundle=True)
        # An incident that has a message of its own keeps it; the bundle has only rung the bell.
        return {
            job.outgoing.id: Delivered(None if job.receipt and not is_bundle(job.receipt) else shared) for job in jobs
        }

    def _write(self, address: str, saying: Saying) -> Posted | Failure:
        """A new message; without its card when Teams does not take that."""
        wait = self._pace.take(_paced_by(address), self._now())
        if wait:
            return Failure("", _paced(wait))
        found = self._send(address, message(saying))
        if isinstance(found, Failure) and found.code in LAYOUT_REFUSED:
            found = self._send(address, plain_message(saying))
        return self._minded(address, found)

    def _send(self, address: str, activity: dict[str, Json]) -> Posted | Failure:
        if is_channel(address) and ";" not in address:
            return self._connector.begin_thread(address, activity)
        chat = self._chat(address)
        return chat if isinstance(chat, Failure) else self._connector.post(chat, activity)

    def _chat(self, person: str) -> str | Failure:
        """The personal chat with *person*, begun once; what is no person is a chat, or a thread, itself."""
        if not is_person(person):
            return person
        with self._lock:
            known = self._chats.get(person)
        if known:
            return known
        found = self._connector.chat_with(person)
        if isinstance(found, str):
            with self._lock:
                if len(self._chats) < CHATS_MAX:
                    self._chats[person] = found
        return found

    # ── Changes in place ─────────────────────────────────────────────────────────────────────────────────────────────
    def _update(self, address: str, batch: Batch) -> _Results:
        """Change what is there. Of those whose own message is gone there is no result."""
        results: _Results = {}
        for job in batch.updates:
            assert job.receipt is not None
            why = str(job.receipt.get("why", "")) if _asks(job) else ""
            self._note(place_of(job.receipt).conversation, job.outgoing.aggregate)
            result = self._change(address, place_of(job.receipt), self._saying(job, why, page=False))
            if result is not None:
                results[job.outgoing.id] = result
        by_place: dict[Posted, DeliveryResult] = {}
        for place, bundle in self._touched(address, batch.changes).items():
            changed = self._change(address, place, self._bundle_saying(bundle))
            if changed is None:
                with self._lock:
                    self._bundles.pop(place, None)
            by_place[place] = changed or Delivered()
        # Whose line the bundle does not show needs nothing.
        return results | {
            job.outgoing.id: by_place.get(place_of(job.receipt or {}), Delivered()) for job in batch.bundled
        }

    def _change(self, address: str, place: Posted, saying: Saying) -> DeliveryResult | None:
        """Replace what a message says. None: it is gone."""
        wait = self._pace.take(_paced_by(address), self._now())
        if wait:
            return _paced(wait)
        failure = self._connector.update(place, message(saying))
        if failure is not None and failure.code in LAYOUT_REFUSED:
            failure = self._connector.update(place, plain_message(saying))
        if failure is None:
            return Delivered()
        self._minded(address, failure)
        return None if failure.code in GONE else failure.result

    def _touched(self, address: str, jobs: Sequence[Job]) -> dict[Posted, _Bundle]:
        """The bundles with a line that changes, after the change."""
        states = {job.outgoing.aggregate: _incident(job) for job in jobs}
        touched: dict[Posted, _Bundle] = {}
        with self._lock:
            for place, bundle in self._bundles.items():
                news = {name: states[name] for name in bundle.lines if name in states}
                if news and bundle.address == address:
                    bundle.lines.update(news)
                    touched[place] = bundle
        return touched

    # ── Threads ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def _tell(self, address: str, job: Job) -> DeliveryResult:
        """Tell the thread below an incident's message what it does not know yet."""
        if self._book is None or job.receipt is None or is_bundle(job.receipt):
            return Delivered()
        news = self._book.news(job, self._now())
        if news is None:
            return Delivered()
        conversation = place_of(job.receipt).conversation
        if news.ts:
            changed = self._change(address, Posted(conversation, news.ts), news.saying)
            if isinstance(changed, Delivered):
                return Delivered(told(job.receipt, news, news.ts))
            # Somebody has deleted it; what it said need not be said again.
            return changed or Delivered(told(job.receipt, news, news.ts, at=0))
        posted = self._write(conversation, news.saying)
        if isinstance(posted, Failure):
            # Without the message there is no thread.
            return Delivered() if posted.code in GONE else posted.result
        return Delivered(told(job.receipt, news, posted.activity))

    # ── Parts ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _saying(self, job: Job, why: str, *, page: bool) -> Saying:
        name, viewer = job.outgoing.aggregate, _viewer(job)
        return incident_saying(
            name,
            _incident(job),
            now=self._now(),
            setting=self._setting,
            viewer=viewer,
            why=why,
            page=page,
            thread=self._thread_link(name) if viewer else "",
        )

    def _replaced(self, job: Job) -> Saying:
        return replaced_saying(job.outgoing.aggregate, _incident(job), setting=self._setting)

    def _bundle_saying(self, bundle: _Bundle) -> Saying:
        return bundle_saying(
            bundle.lines,
            total=bundle.total,
            now=self._now(),
            setting=self._setting,
            viewer=bundle.viewer,
            page=bundle.page,
        )

    def _note(self, conversation: str, incident: str) -> None:
        if is_channel(conversation):
            with self._lock:
                self._threads[conversation] = incident
                self._begun[incident] = conversation
                while len(self._threads) > THREADS_MAX:
                    self._begun.pop(self._threads.popitem(last=False)[1], None)

    def _minded(self, address: str, found: Posted | Failure) -> Posted | Failure:
        """Leave the conversation alone for as long as Teams has asked for."""
        if isinstance(found, Failure) and found.limited and isinstance(found.result, Postponed):
            self._pace.rest(_paced_by(address), self._now() + (found.result.after or 0))
        return found


def is_person(address: str) -> bool:
    """Whether *address* is a person's: an id of Teams or of the directory."""
    return address.startswith("29:") or is_guid(address)


def is_channel(address: str) -> bool:
    """Whether *address* is a team's channel, or a thread in one (`;messageid=...` behind it)."""
    return address.partition(";")[0].endswith(CHANNELS)


def place_of(receipt: Mapping[str, Json]) -> Posted:
    """Where the message of a receipt stands."""
    return Posted(str(receipt.get("conversation", "")), str(receipt.get("activity", "")))


def receipt_of(posted: Posted, *, bundle: bool = False, why: str = "") -> dict[str, Json]:
    """What is needed to change a message later. *why* is the sentence of a page, which only the page knew."""
    found: dict[str, Json] = {"conversation": posted.conversation, "activity": posted.activity}
    return found | ({"bundle": True} if bundle else {}) | ({"why": why} if why else {})


def _paced_by(address: str) -> str:
    """Teams counts a channel's threads together."""
    return address.partition(";")[0]


def _announced(job: Job) -> Saying:
    told = announcement(job.outgoing.facts)
    title = one_line(told.title, _TITLE_MAX) or "Announcement"
    lines = [one_line(line, _LINE_MAX) for line in told.lines]
    shown = "\n".join(f"• {line}" for line in lines if line)
    buttons = tuple(
        Button(verb=each.verb, label=each.label, value=each.value, style=each.style, opens=each.opens)
        for each in told.offers
    )
    return Saying(
        summary=" · ".join((title, *lines[:2])),
        parts=(
            Heading(title),
            *([Paragraph(shown)] if shown else []),
            *([Actions(buttons)] if buttons else []),
        ),
    )


def _incident(job: Job) -> Incident:
    assert isinstance(job.state, Incident)
    return job.state


def _asks(job: Job) -> bool:
    """Whether the receiver is asked at this moment."""
    incident, receiver = _incident(job), job.outgoing.receiver
    return incident.status is Status.TRIGGERED and receiver in incident.asked and receiver not in incident.passed


def _viewer(job: Job) -> str:
    """The responder id of the receiver, or empty for a room."""
    name = ladder.label(job.outgoing.receiver)
    return name if job.outgoing.receiver == ladder.responder(name) else ""


def _paced(wait: Duration) -> Postponed:
    return Postponed("paced", after=wait, counts=False)
