"""Posts in threads: one at a time for each room, behind all that the room itself is to read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed
from tocsin.incidents import ladder
from tocsin.incidents.state import Incident
from tocsin.kernel.json import Json
from tocsin.kernel.time import Duration, Instant
from tocsin.posting.batches import is_bundle
from tocsin.slack import places
from tocsin.slack.answers import GONE, Failure
from tocsin.slack.api import Api
from tocsin.slack.drawing import Message, draw
from tocsin.slack.places import Place
from tocsin.slack.threads import TURN, UNPOSTED_MAX, WAITING_MAX, News, ThreadBook, told

LINKS_MAX: Final = 1000
CALLS_MAX: Final = 4  # In one delivery: what the room is to read next must not wait until all threads are told.

_PERMALINK: Final = "chat.getPermalink"


class Say(Protocol):
    """Posts a message; where it stands."""

    def __call__(self, channel: str, message: Message, *, thread: str = "") -> Awaitable[Place | Failure]:
        """Post below the message *thread*."""
        ...


class Read(msgspec.Struct, frozen=True):
    """What the store says about some jobs: news by effect id, and addresses of threads by incident."""

    news: Mapping[str, News]
    links: Mapping[str, str]


class ThreadPosts:
    """Tells threads. `read` may block; the rest runs on the event loop."""

    def __init__(
        self,
        book: ThreadBook | None,
        api: Api,
        *,
        now: Callable[[], Instant],
        say: Say,
        change: Callable[[Place, Message], Awaitable[DeliveryResult | Failure]],
        wait: Callable[[str], Duration],
        turn: Callable[[str], Duration],
    ) -> None:
        """*say*, *change*, *wait* and *turn* are the transport's: they keep to the pace of a channel and the workspace.

        *wait*: how long a channel is not free; *turn*: how long a thread there has to wait, 0 takes the turn.
        """
        self._book = book
        self._api = api
        self._now = now
        self._say = say
        self._change = change
        self._wait = wait
        self._turn = turn
        self._links: OrderedDict[str, str] = OrderedDict()

    def read(self, jobs: Sequence[Job], *, person: bool) -> Read:
        """What these jobs need of the store."""
        if self._book is None:
            return Read({}, {})
        incidents = dict.fromkeys(job.outgoing.aggregate for job in jobs if isinstance(job.state, Incident))
        links = {name: self._book.link(name) for name in incidents} if person else {}
        news = {
            job.outgoing.id: found
            for job in jobs
            if not person and is_thread(job) and _own(job) and (found := self._book.news(job, self._now()))
        }
        return Read(news, links)

    def note(self, read: Read) -> None:
        """Keep the addresses that were read."""
        for name, href in read.links.items():
            self._links[name] = href
            self._links.move_to_end(name)
        while len(self._links) > LINKS_MAX:
            self._links.popitem(last=False)

    def link(self, incident: str) -> str:
        """The address of the thread of *incident*, as far as it was read."""
        return self._links.get(incident, "")

    def shows(self, job: Job, *, person: bool) -> bool:
        """Whether *job* changes a message itself: all but what is for a thread, and pages that now have a link."""
        return not is_thread(job) or (person and _own(job) and bool(self.link(job.outgoing.aggregate)))

    async def tell(
        self, jobs: Sequence[Job], read: Read, others: Mapping[str, DeliveryResult]
    ) -> dict[str, DeliveryResult]:
        """Tell the threads of a room; *others* is what became of what the room itself was to read."""
        waiting = [job for job in jobs if is_thread(job)]
        moved = {job.outgoing.aggregate for job in jobs if _is_new(others.get(job.outgoing.id))}
        results: dict[str, DeliveryResult] = {}
        place = calls = 0
        for job in waiting:
            news = read.news.get(job.outgoing.id)
            if job.outgoing.aggregate in moved or job.receipt is None:
                results[job.outgoing.id] = self._later(job)
            elif not _own(job) or (news is None and "link" in job.receipt):
                results[job.outgoing.id] = Delivered()
            elif calls >= CALLS_MAX and (news is None or news.ts):
                results[job.outgoing.id] = Postponed("paced", after=TURN, counts=False)
            elif news is None:
                linked = await self._linked(job.receipt)
                results[job.outgoing.id] = Delivered(None if linked == job.receipt else linked)
                calls += 1
            else:
                results[job.outgoing.id] = await self._tell(job, news, place)
                place += 1
                calls += 1
        return results

    async def _tell(self, job: Job, news: News, place: int) -> DeliveryResult:
        """Tell one thread, which is *place* in the row."""
        assert job.receipt is not None
        channel, ts = places.place(job.receipt)
        if not news.ts:
            assert isinstance(job.state, Incident)
            if place >= WAITING_MAX and job.state.live:
                return Delivered()  # What is not told is told with its next change, and there will be one.
            if place:
                return Postponed("paced", after=self._wait(channel) + place * TURN, counts=False)
            if wait := self._turn(channel):
                return Postponed("paced", after=wait, counts=False)
        message = draw(news.saying)
        if news.ts:
            changed = await self._change((channel, news.ts), message)
            if not isinstance(changed, Failure):
                return Delivered(await self._receipt(job, news, news.ts)) if isinstance(changed, Delivered) else changed
            # Somebody has deleted it; what it said need not be said again.
            return Delivered(job.receipt | {"told": news.told | {"at": 0}})
        posted = await self._say(channel, message, thread=ts)
        if isinstance(posted, Failure):
            # Without the message there is no thread.
            return Delivered() if posted.code in GONE | {"thread_not_found"} else posted.result
        return Delivered(await self._receipt(job, news, posted[1]))

    def _later(self, job: Job) -> DeliveryResult:
        """The message that the thread hangs on is only being posted."""
        if self._now() - job.outgoing.created_at > UNPOSTED_MAX:
            return Delivered()
        return Postponed("paced", after=2 * TURN, counts=False)

    async def _receipt(self, job: Job, news: News, ts: str) -> dict[str, Json]:
        """The receipt with the mark, and the address of the thread."""
        assert job.receipt is not None
        return await self._linked(job.receipt | {"told": told(news.told, ts)})

    async def _linked(self, receipt: dict[str, Json]) -> dict[str, Json]:
        """*receipt* with the address of the message, below which the thread is."""
        if "link" in receipt:
            return receipt
        channel, message_ts = places.place(receipt)
        answer = await self._api.read(_PERMALINK, channel=channel, message_ts=message_ts)
        # Without it pages have no link yet; the next change asks again.
        return receipt if isinstance(answer, Failure) else receipt | {"link": str(answer.get("permalink", ""))}


def is_thread(job: Job) -> bool:
    """Whether *job* is for a thread, or for a page's link to it."""
    return job.outgoing.kind == ladder.THREAD and isinstance(job.state, Incident)


def _own(job: Job) -> bool:
    return job.receipt is not None and not is_bundle(job.receipt)


def _is_new(result: DeliveryResult | None) -> bool:
    return isinstance(result, Delivered) and result.receipt is not None
