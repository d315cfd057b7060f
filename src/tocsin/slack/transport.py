"""The way to people through Slack: messages that stay true, and pages as direct messages.

One message stands for one incident in a room, and for one page to a person; it is updated in place. What waits
together for one channel leaves as one message, a *bundle*, since Slack takes one a second and channel: nothing is
dropped, and nobody is rung a hundred times.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Final, TypeAlias

import msgspec

from tocsin.engine.ports import Delivered, DeliveryResult, Job, Postponed, Refused
from tocsin.incidents import ladder
from tocsin.incidents.alerts import Severity
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.announcement import ANNOUNCE, KEPT, REPLACES, SILENTLY, Announcement, announcement
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Duration, Instant
from tocsin.posting.batches import Batch, is_bundle, sort
from tocsin.saying.incident import Setting, bundle_lines
from tocsin.slack import places
from tocsin.slack.addresses import BASE_URL
from tocsin.slack.announcements import announcement_message
from tocsin.slack.answers import GONE, LAYOUT_REFUSED, Failure, judged
from tocsin.slack.api import Api
from tocsin.slack.blocks import bundle_message, incident_message, replaced_message
from tocsin.slack.budget import Allowance, Gathering, Pacing, Rank
from tocsin.slack.drawing import Block, Message, unpictured
from tocsin.slack.gallery import Gallery, Pictures
from tocsin.slack.health import OF_PEOPLE, WORKSPACE, SlackHealth
from tocsin.slack.loop import LoopClosedError, LoopThread
from tocsin.slack.pages import page_message
from tocsin.slack.places import Place
from tocsin.slack.shown import Shown
from tocsin.slack.thread_posts import CALLS_MAX, Read, ThreadPosts, is_thread
from tocsin.slack.threads import TURN, ThreadBook, carried

POST_INTERVAL: Final[Duration] = SECOND  # Slack: one message a second and channel.
TIMEOUT: Final[Duration] = 10 * SECOND
BUNDLES_MAX: Final = 64  # Bundles whose lines are kept true; an older one stays as it was.
BUNDLE_FULL: Final = 80  # So many incidents at once need no more company.
AT_ONCE_MAX: Final = 4  # Updates in flight for one channel.

_PERSON: Final = re.compile(r"[UW][A-Z0-9]{5,}")
_LOGGER: Final = logging.getLogger(__name__)

_OPEN: Final = "conversations.open"
_POST: Final = "chat.postMessage"
_UPDATE: Final = "chat.update"
_NO_INCIDENT: Final = "Slack can show incidents only"
_BELOW: Final = "It is asked again in a newer message below."

_Results: TypeAlias = dict[str, DeliveryResult]  # By effect id.


class _Bundle(msgspec.Struct, kw_only=True):
    """What a message that stands for several incidents shows."""

    lines: dict[str, Incident]
    total: int
    page: bool
    viewer: str


class SlackTransport:
    """A `Transport` on an event loop that it does not own. Addresses: `C…` or `#name` for rooms, `U…` for people."""

    name = "slack"

    def __init__(
        self,
        loop: LoopThread,
        token: str,
        *,
        now: Callable[[], Instant],
        setting: Setting,
        base_url: str = BASE_URL,
        timeout: Duration = TIMEOUT,
        threads: ThreadBook | None = None,
        pictures: Pictures | None = None,
        allowance: Allowance | None = None,
        health: SlackHealth | None = None,
    ) -> None:
        """*token* is the bot's; *now* also paces the posts. *threads* is what threads tell, *pictures* who makes those.

        *health* hears all answers. Nothing is called yet.
        """
        self._loop = loop
        self._now = now
        self._setting = setting
        self._api = loop.run(_made(token, base_url, timeout))
        self._gallery = Gallery(self._api, pictures or Pictures(), now)
        self._channels: dict[str, str] = {}  # Channel ids by address.
        self._free_at: dict[str, Instant] = {}  # By channel or method: not before.
        self._health = health or SlackHealth(now)
        self._pacing = Pacing(allowance or Allowance())
        self._gathering = Gathering()
        self._shown = Shown()
        self._threads = ThreadPosts(
            threads, self._api, now=now, say=self._say, change=self._changed, wait=self._wait, turn=self._rest
        )
        self._bundles: OrderedDict[Place, _Bundle] = OrderedDict()

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        """Hand *jobs* over; see the port."""
        try:
            # On this thread: the loop does not wait for the store.
            read = self._threads.read(jobs, person=_PERSON.fullmatch(address) is not None)
            return self._loop.run(self._deliver(address, jobs, read))
        except LoopClosedError:
            return [Postponed("Tocsin is stopping")] * len(jobs)
        except Exception:
            _LOGGER.exception("a delivery to Slack failed here")
            return [Postponed("internal error, see the log")] * len(jobs)

    def say(self, room: str, text: str, blocks: tuple[Block, ...] = ()) -> DeliveryResult:
        """Post *text*, in mark-up, into a room, or *blocks* that say it too. Raises LoopClosedError."""
        return self._loop.run(self._said(room, Message(text, blocks)))

    @property
    def api(self) -> Api:
        """The Web API on the loop, with the bot's token."""
        return self._api

    async def reply(self, channel: str, message: Message, thread: str = "") -> DeliveryResult:
        """Post *message* at the channel's pace, in the thread of the message at *thread* if given. On the loop."""
        if wait := self._turn(channel, Rank.PAGE, pressing=True):
            return _paced(wait)
        place = await self._say(channel, message, thread=thread)
        return place.result if isinstance(place, Failure) else Delivered(places.receipt_of(*place))

    def check(self) -> str | None:
        """Why Slack does not accept us, or None; it also opens the connection, so that the first page finds it open."""
        answer = self._loop.run(self._api.call("auth.test"))
        self._health.heard(WORKSPACE, answer)
        return answer.result.error if isinstance(answer, Failure) else None

    def busy(self) -> bool:
        """Whether pictures of messages are under way. Any thread, does not block."""
        return self._gallery.busy()

    def close(self) -> None:
        """Close the connections; the transport is not used afterwards."""
        self._loop.run(self._api.close())

    async def _deliver(self, address: str, jobs: Sequence[Job], read: Read) -> list[DeliveryResult]:
        person = _PERSON.fullmatch(address) is not None
        self._threads.note(read)
        known = [
            job
            for job in jobs
            if isinstance(job.state, Incident)
            and job.outgoing.kind != ANNOUNCE
            and self._threads.shows(job, person=person)
        ]
        links = [job for job in known if is_thread(job)]  # Of pages. They wait behind what rings or has been pressed.
        later = {job.outgoing.id for job in (links if len(links) < len(known) else links[CALLS_MAX:])}
        known = [job for job in known if job.outgoing.id not in later]
        batch = sort(known, lambda receipt: places.place(receipt) in self._bundles, person=person)
        posted, updated = await asyncio.gather(self._post(address, batch.posts), self._update(batch))
        results = {job.outgoing.id: Delivered() for job in batch.nothing} | posted | updated
        results |= dict.fromkeys(later, _paced(TURN))
        results |= await self._announce(address, [job for job in jobs if job.outgoing.kind == ANNOUNCE])
        gone: dict[str, list[Job]] = {}
        for job in batch.updates:
            if job.outgoing.id not in results:
                gone.setdefault(job.outgoing.aggregate, []).append(job)
        if not person:
            results |= await self._post(address, gone)
            results |= await self._threads.tell(jobs, read, results)
        # A person's page that is gone needs no other; what is no incident has no words here.
        return [
            results.get(job.outgoing.id, Delivered())
            if isinstance(job.state, Incident) or job.outgoing.kind == ANNOUNCE
            else Refused(_NO_INCIDENT)
            for job in jobs
        ]

    # ── New messages ─────────────────────────────────────────────────────────────────────────────────────────────────
    async def _post(self, address: str, posts: Mapping[str, Sequence[Job]]) -> _Results:
        """One new message for all of *posts* (jobs by incident)."""
        jobs = [job for several in posts.values() for job in several]
        if not jobs:
            return {}
        channel = await self._channel(address)
        if isinstance(channel, Failure):
            return {job.outgoing.id: channel.result for job in jobs}
        page = any(job.outgoing.kind == ladder.PAGE for job in jobs)
        critical = page and any(_incident(job).severity is Severity.CRITICAL for job in jobs)
        pressing = critical or len(posts) >= BUNDLE_FULL
        wait = self._turn(channel, Rank.PAGE if page else Rank.NEW, pressing=pressing)
        if wait:
            return {job.outgoing.id: _paced(wait) for job in jobs}
        return await (self._post_one(channel, jobs) if len(posts) == 1 else self._post_bundle(channel, jobs))

    async def _post_one(self, channel: str, jobs: Sequence[Job]) -> _Results:
        job = next((job for job in jobs if job.outgoing.kind == ladder.PAGE), jobs[0])
        why = str(job.outgoing.facts.get("why", ""))
        place = await self._say(channel, self._message(job, why, page=job.outgoing.kind == ladder.PAGE))
        if isinstance(place, Failure):
            return {each.outgoing.id: place.result for each in jobs}
        self._gathering.posted(place[0], self._now(), several=False)
        self._illustrate(place, job, why)
        if job.receipt is not None and not is_bundle(job.receipt):
            await self._replace(job.receipt, job)
        link = "" if _viewer(job) else self._threads.address(place)
        receipt = places.receipt_of(*place, why=why, link=link) | carried(job.receipt)
        return {each.outgoing.id: Delivered(receipt) for each in jobs}

    async def _announce(self, address: str, jobs: Sequence[Job]) -> _Results:
        """A message of its own for each, at the channel's pace, behind all that is about incidents."""
        results: _Results = {}
        for job in jobs:
            channel = await self._channel(address)
            if isinstance(channel, Failure):
                results[job.outgoing.id] = channel.result
            else:
                results[job.outgoing.id] = await self._announced(channel, job)
        return results

    async def _announced(self, channel: str, job: Job) -> DeliveryResult:
        """A new message, or the one that it replaces is changed; one that is kept leaves the older one no buttons."""
        facts = job.outgoing.facts
        replaces = facts.get(REPLACES)
        if job.receipt and (replaces or facts.get(KEPT)):
            said = announcement(facts)
            stands = said if replaces else Announcement(said.title, (_BELOW,))
            changed = await self._changed(places.place(job.receipt), announcement_message(stands))
            if isinstance(changed, Postponed) or (replaces == SILENTLY and isinstance(changed, Delivered)):
                return changed
        if wait := self._turn(channel, Rank.REST):
            return _paced(wait)
        place = await self._tell(channel, facts)
        if isinstance(place, Failure):
            return place.result
        return Delivered(places.receipt_of(*place) if facts.get(KEPT) else None)

    async def _tell(self, channel: str, facts: Mapping[str, Json]) -> Place | Failure:
        """An announcement: as the page that it carries, with its pictures a moment later; or as its lines."""
        page = page_message(facts)
        if page is None:
            return await self._say(channel, announcement_message(announcement(facts)))
        place = await self._say(channel, page.message())
        if not isinstance(place, Failure):
            self._gallery.show_page(place, page)
        return place

    async def _post_bundle(self, channel: str, jobs: Sequence[Job]) -> _Results:
        incidents = {job.outgoing.aggregate: _incident(job) for job in jobs}
        bundle = _Bundle(
            lines={name: incidents[name] for name in bundle_lines(incidents)},
            total=len(incidents),
            page=any(job.outgoing.kind == ladder.PAGE for job in jobs),
            viewer=_viewer(jobs[0]),
        )
        place = await self._say(channel, self._bundle_message(bundle))
        if isinstance(place, Failure):
            return {job.outgoing.id: place.result for job in jobs}
        self._bundles[place] = bundle
        self._gathering.posted(place[0], self._now(), several=True)
        while len(self._bundles) > BUNDLES_MAX:
            self._bundles.popitem(last=False)
        shared = places.receipt_of(*place, bundle=True)
        # An incident that has a message of its own keeps it; the bundle has only rung the bell.
        return {
            job.outgoing.id: Delivered(None if job.receipt and not is_bundle(job.receipt) else shared) for job in jobs
        }

    async def _said(self, room: str, message: Message) -> DeliveryResult:
        if wait := self._turn(room, Rank.PAGE, pressing=True):
            return _paced(wait)
        place = await self._say(self._channels.get(room, room), message)
        return place.result if isinstance(place, Failure) else Delivered()

    async def _say(self, channel: str, message: Message, thread: str = "") -> Place | Failure:
        """Post; where the message stands. Without its pictures, or its layout, when Slack does not take that."""
        below = {"thread_ts": thread} if thread else {}
        fixed: dict[str, Json] = below | {
            "channel": channel,
            "text": message.text,
            "parse": "none",
            "unfurl_links": False,
            "unfurl_media": False,
        }
        asked_at = self._now()
        answer = await self._api.call(_POST, blocks=message.blocks, **fixed)
        for simpler in (unpictured(message.blocks), ()):
            if not isinstance(answer, Failure) or answer.code not in LAYOUT_REFUSED:
                break
            if simpler != message.blocks:
                message = Message(message.text, simpler)
                answer = await self._api.call(_POST, **({"blocks": simpler} if simpler else {}), **fixed)
        self._health.heard(channel, answer, asked_at)
        if isinstance(answer, Failure):
            if self._mind(channel, answer):
                self._pacing.too_many_posts(channel, self._now())
            return answer
        self._channels[channel] = answer["channel"]
        if channel != answer["channel"]:
            self._health.alias(answer["channel"], channel)
        self._free_at[answer["channel"]] = self._now() + POST_INTERVAL
        self._shown.put((answer["channel"], answer["ts"]), message)
        return answer["channel"], answer["ts"]

    async def _channel(self, address: str) -> str | Failure:
        """The channel to post to: for a person the direct message, opened once; for a name its id once it is known."""
        trouble = self._health.trouble(address)
        if trouble is not None and trouble.code in OF_PEOPLE:
            return judged(HTTPStatus.OK, trouble.code, "")
        known = self._channels.get(address)
        if known is not None or _PERSON.fullmatch(address) is None:
            return known or address
        if self._wait(_OPEN):
            return address  # Slack opens it by itself when something is posted to a person, and a page must not wait.
        answer = await self._api.call(_OPEN, users=address)
        self._health.heard(address, answer)
        if isinstance(answer, Failure):
            return address if self._mind(_OPEN, answer) else answer
        self._channels[address] = answer["channel"]["id"]
        self._health.alias(self._channels[address], address)
        return self._channels[address]

    # ── Changes in place ─────────────────────────────────────────────────────────────────────────────────────────────
    async def _update(self, batch: Batch) -> _Results:
        """Change what is there. Of those whose own message is gone there is no result."""
        gate = asyncio.Semaphore(AT_ONCE_MAX)
        touched = self._touched(batch.changes)
        own, shared = await asyncio.gather(
            asyncio.gather(*(self._update_one(job, gate) for job in batch.updates)),
            asyncio.gather(*(self._update_bundle(place, bundle, gate) for place, bundle in touched.items())),
        )
        by_place = dict(zip(touched, shared, strict=True))
        results = {
            job.outgoing.id: result for job, result in zip(batch.updates, own, strict=True) if result is not None
        }
        # Whose line the bundle does not show needs nothing.
        return results | {
            job.outgoing.id: by_place.get(places.place(job.receipt or {}), Delivered()) for job in batch.bundled
        }

    async def _update_one(self, job: Job, gate: asyncio.Semaphore) -> DeliveryResult | None:
        """None: there is no such message any more."""
        assert job.receipt is not None
        why = str(job.receipt.get("why", "")) if _asks(job) else ""
        message = self._message(job, why, page=False)
        self._illustrate(places.place(job.receipt), job, why)
        # Whoever was asked, and perhaps has just pressed a button, sees what it did before the room does.
        rank = Rank.REST if is_thread(job) else Rank.NEW if _viewer(job) else Rank.UPDATE
        result = await self._change(places.place(job.receipt), message, gate, rank)
        return None if isinstance(result, Failure) else result

    async def _update_bundle(self, place: Place, bundle: _Bundle, gate: asyncio.Semaphore) -> DeliveryResult:
        rank = Rank.NEW if bundle.viewer else Rank.UPDATE
        result = await self._change(place, self._bundle_message(bundle), gate, rank)
        if isinstance(result, Failure):
            self._bundles.pop(place, None)
            return Delivered()
        return result

    async def _change(
        self, place: Place, message: Message, gate: asyncio.Semaphore, rank: Rank | None
    ) -> DeliveryResult | Failure:
        """Replace what a message says, when it is the turn of *rank* (None: it is). A Failure only when it is gone."""
        channel, ts = place
        if self._shown.has(place, message):
            return Delivered()
        async with gate:
            wait = self._wait(_UPDATE)
            if not wait and rank is not None:
                wait = self._pacing.change(f"{channel}/{ts}", rank, self._now())
            if wait:
                return _paced(wait)
            fixed = {"channel": channel, "ts": ts, "text": message.text, "parse": "none"}
            answer = await self._api.call(_UPDATE, blocks=message.blocks, **fixed)
            for simpler in (unpictured(message.blocks), ()):
                if not isinstance(answer, Failure) or answer.code not in LAYOUT_REFUSED:
                    break
                if simpler != message.blocks:
                    message = Message(message.text, simpler)
                    answer = await self._api.call(_UPDATE, blocks=simpler, **fixed)
        self._health.heard(channel, answer)
        if not isinstance(answer, Failure):
            self._shown.put(place, message)
            return Delivered()
        self._shown.forget(place)
        if self._mind(_UPDATE, answer):
            self._pacing.too_many_changes(self._now())
        return answer if answer.code in GONE else answer.result

    async def _changed(self, place: Place, message: Message) -> DeliveryResult | Failure:
        return await self._change(place, message, asyncio.Semaphore(), Rank.REST)

    async def _replace(self, former: dict[str, Json], job: Job) -> None:
        """Take the buttons from a message that a newer one replaces. A courtesy: an old button does no harm (law 6)."""
        if not self._pacing.spare_change(self._now()):
            return
        message = replaced_message(job.outgoing.aggregate, _incident(job), setting=self._setting)
        await self._change(places.place(former), message, asyncio.Semaphore(), None)

    def _touched(self, jobs: Sequence[Job]) -> dict[Place, _Bundle]:
        """The bundles with a line that changes, after the change."""
        states: dict[str, dict[str, Incident]] = {}
        for job in jobs:
            states.setdefault((job.receipt or {})["channel"], {})[job.outgoing.aggregate] = _incident(job)
        touched: dict[Place, _Bundle] = {}
        for place, bundle in self._bundles.items():
            there = states.get(place[0])
            news = {name: there[name] for name in bundle.lines if name in there} if there else {}
            bundle.lines.update(news)
            if news:
                touched[place] = bundle
        return touched

    # ── Parts ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _message(self, job: Job, why: str, *, page: bool) -> Message:
        message = incident_message(
            job.outgoing.aggregate,
            _incident(job),
            now=self._now(),
            setting=self._setting,
            viewer=_viewer(job),
            why=why,
            page=page,
            thread=self._threads.link(job.outgoing.aggregate) if _viewer(job) else "",
        )
        return self._gallery.with_graph(job.outgoing.aggregate, _incident(job), message)

    def _illustrate(self, place: Place, job: Job, why: str) -> None:
        """Have the graph of the incident added to its message, which is drawn of *job* now."""
        drawn = partial(self._message, job, why, page=False)
        self._gallery.show_graph(place, job.outgoing.aggregate, _incident(job), drawn)

    def _bundle_message(self, bundle: _Bundle) -> Message:
        return bundle_message(
            bundle.lines,
            total=bundle.total,
            now=self._now(),
            setting=self._setting,
            viewer=bundle.viewer,
            page=bundle.page,
        )

    def _turn(self, channel: str, rank: Rank, *, pressing: bool = False) -> Duration:
        """Milliseconds until *channel* may post something of *rank*; 0 takes the turn."""
        now = self._now()
        gathers = self._gathering.wait(channel, rank, now, pressing=pressing)
        return self._wait(channel) or gathers or self._pacing.post(channel, rank, now)

    def _rest(self, channel: str) -> Duration:
        """As `_turn`, for what waits behind everything else."""
        return self._turn(channel, Rank.REST)

    def _wait(self, name: str) -> Duration:
        """Milliseconds until the channel or method *name* is free."""
        return max(0, self._free_at.get(name, 0) - self._now())

    def _mind(self, name: str, failure: Failure) -> bool:
        """Do not ask again before the time that Slack has named; whether it has named one."""
        if isinstance(failure.result, Postponed) and failure.result.after:
            self._free_at[name] = self._now() + failure.result.after
            return True
        return False


async def _made(token: str, base_url: str, timeout: Duration) -> Api:  # noqa: ASYNC109 - a setting.
    return Api(token, base_url=base_url, timeout=timeout)


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
