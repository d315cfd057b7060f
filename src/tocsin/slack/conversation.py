"""Everything that people do in Slack but pressing an incident's verbs: heard, acknowledged, answered.

**What is durable before the acknowledgement.** A verb of an incident is stored raw, as ever. A form is acknowledged
with its outcome: the concierge has stored what it changes by then. If that takes longer than Slack waits, the modal
says that it is still at work (an acknowledgement that promises nothing), and shows the outcome when it is there; the
raw form is not stored beside it, as it would then be done twice. If the store cannot take it, the modal stays open
with all that was typed. What just happened (somebody joined) is acknowledged after it was handed over, since Slack
tells it again otherwise. Words and other buttons are acknowledged at once: what they change is stored before their
answer is seen, and who sees no answer knows that nothing was done.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any, Final

import msgspec

from tocsin.conversing.noticed import Noticed
from tocsin.conversing.replies import Answer, Ask, Corrections, Home, Nothing, Reply
from tocsin.conversing.wishes import Filled, Opened, Place, Pressed, Said, Speaker, Wish
from tocsin.engine.ports import Delivery
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.telling import one_line
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Duration, Instant
from tocsin.saying.message import Paragraph, Saying
from tocsin.slack import payloads, views
from tocsin.slack.answers import Failure
from tocsin.slack.drawing import draw
from tocsin.slack.interactions import NoCommand, commands
from tocsin.slack.loop import LoopClosedError, LoopThread
from tocsin.slack.mrkdwn import bare
from tocsin.slack.once import Once
from tocsin.slack.payloads import Asked, Filling, Look, Press, Verbs, Words, heard
from tocsin.slack.people import People, Standing
from tocsin.slack.showing import TRIGGER_GONE, Screen, Showing

ANSWER_MAX: Final[Duration] = 2 * SECOND  # Of the three seconds that Slack waits; the way there and back takes some.
GLANCE: Final[Duration] = 60  # A form that is there by then needs no loading view.
SETTLE: Final[Duration] = 400  # Until Slack has shown what an acknowledgement says; a newer view must come after it.
TALKING_AT_ONCE_MAX: Final = 6
UNDER_WAY_MAX: Final = 300  # Answers; more is no conversation.
WORDS_AT_ONCE_MAX: Final = 10  # Of one person: whoever says more at once is heard again when those are answered.
ERROR_CHARS_MAX: Final = 300
STOP_MAX: Final[Duration] = 3 * SECOND

_LOGGER: Final = logging.getLogger(__name__)

_TOO_LATE: Final = "That took too long for Slack to open a form. Please press it again."
_NO_STORE: Final = "The database cannot work just now. Nothing was changed; please try again in a moment."
_NOT_OURS: Final = (
    "I answer the members of this workspace. If you should be answered too, ask them to add you to the responders of "
    "Tocsin's configuration."
)
_INTERNAL: Final = "Something failed in Tocsin itself; its log says what."
_NOT_SHOWN: Final = "Slack does not show that form. The console has it."
_TOO_LARGE: Final = "That form is too large for Slack. The console has it."


class House(msgspec.Struct, frozen=True, kw_only=True):
    """What the conversation needs of the rest. All may block; they are called on threads.

    *shown*: the incident whose message stands in a channel at a ts, or empty. *late*: what to tell somebody whose press
    of an incident's verb has changed nothing, by the reasons; None: it has. *noticed*: what just happened; the reply,
    if there is one, is for the channel where it did.
    """

    answer: Callable[[Wish], Reply]
    shown: Callable[[str, str], str]
    late: Callable[[str, Sequence[str]], Saying | None]
    noticed: Callable[[Noticed], Reply]


class Conversation:
    """Hears on any event loop, answers on its own threads and the loop that it was given."""

    def __init__(
        self, loop: LoopThread, house: House, people: People, showing: Showing, *, now: Callable[[], Instant]
    ) -> None:
        """Nobody speaks yet."""
        self._loop = loop
        self._house = house
        self._people = people
        self._showing = showing
        self._now = now
        self._once = Once()
        self._pool = ThreadPoolExecutor(TALKING_AT_ONCE_MAX, thread_name_prefix="slack-talk")
        self._under_way: set[Future[Any]] = set()
        self._speaking: Counter[str] = Counter()  # How much of a person's words is being answered; on our loop only.

    def busy(self) -> bool:
        """Whether somebody waits for an answer that could be given now."""
        return len(self._under_way) > self._showing.pausing()

    def publish(self, by: Speaker, saying: Saying) -> None:
        """Show somebody their home tab as it is now. Blocks; not from the loop. Raises LoopClosedError."""
        self._loop.run(self._showing.publish(by.user, views.home_view(saying)))

    def close(self) -> None:
        """Give the answers that are being made, for a moment; then no more."""
        _, late = wait(tuple(self._under_way), timeout=STOP_MAX / SECOND)
        if late:
            _LOGGER.info("%s answers were not given before the end", len(late))
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._loop.run(self._showing.close())

    # ── Hearing ──────────────────────────────────────────────────────────────────────────────────────────────────────
    async def take(self, body: bytes, at: Instant, store: Callable[[], Awaitable[object]]) -> Json:
        """What the acknowledgement of *body* carries (None: nothing). On any event loop; *store* keeps the raw body.

        Raises StoreUnavailableError: it must not be acknowledged.
        """
        found = heard(body, at)
        match found:
            case payloads.Told(response):
                return response
            case payloads.Nothing(why):
                _LOGGER.debug("from Slack, and for nobody: %s", why)
                return None
            case Verbs(by=by, once=once):
                if await self._ours(by):
                    return await self._once_for(once, store)
                return None
            case Noticed(once=once):
                return await self._once_for(once, lambda: self._begun(self._notice(found)))
            case Asked():
                if not self._once.first(found.once, self._now()):
                    return None
                if isinstance(found.what, Filling):
                    return await self._begun(self._filled(found, found.what, at))
                if len(self._under_way) < UNDER_WAY_MAX:
                    self._begin(self._heard_out(found, at))
                else:
                    _LOGGER.warning("too much is asked in Slack at once; some of it is not answered")
                return None

    async def take_late(self, body: bytes, at: Instant, store: Callable[[], Awaitable[object]]) -> None:
        """As `take`, of what somebody else has acknowledged: a form that stays open shows what came of it."""
        found = heard(body, at)
        if not isinstance(found, Asked) or not isinstance(found.what, Filling):
            await self.take(body, at, store)
        elif self._once.first(found.once, self._now()):
            self._begin(self._filled_late(found, self._reply(found, at), at))

    def settled(self, delivery: Delivery, reasons: Sequence[str]) -> None:
        """The engine has done with a stored press: who has changed nothing is told so. Any thread, does not block."""
        found = heard(delivery.body, delivery.received_at)
        if isinstance(found, Verbs):
            with suppress(StoreUnavailableError):  # We are stopping; nobody is told any more.
                self._begin(self._say_if_late(delivery, found.by, reasons))

    async def _once_for(self, once: str, do: Callable[[], Awaitable[object]]) -> None:
        """Do it, unless it was done. What fails was not."""
        if self._once.first(once, self._now()):
            try:
                await do()
            except BaseException:
                self._once.forget(once)
                raise

    def _begin(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        """On our loop. Raises StoreUnavailableError when that has ended."""
        try:
            begun = self._loop.begin(work)
        except LoopClosedError:
            raise StoreUnavailableError("stopping") from None
        self._under_way.add(begun)
        begun.add_done_callback(self._under_way.discard)
        return begun

    async def _begun(self, work: Coroutine[Any, Any, Any]) -> Json:
        return await asyncio.wrap_future(self._begin(work))

    async def _ours(self, by: Asked) -> bool:
        """Whether who presses an incident's verb may; who may not is told so, once for each press."""
        if self._people.knows(by.user):
            return True
        standing = await asyncio.wrap_future(self._begin(self._people.standing(by.user)))
        refused = _refused(standing, by)
        if isinstance(refused, Answer) and self._once.first(by.once, self._now()):
            self._begin(self._showing.privately(_screen(by), draw(refused.saying)))
        return refused is None

    # ── Answering ────────────────────────────────────────────────────────────────────────────────────────────────────
    async def _heard_out(self, asked: Asked, at: Instant) -> None:
        """Answer, unless it is words of somebody who does not stop."""
        if not isinstance(asked.what, Words):
            return await self._asked(asked, at)
        if self._speaking[asked.user] >= WORDS_AT_ONCE_MAX:
            return None
        self._speaking[asked.user] += 1
        try:
            return await self._asked(asked, at)
        finally:
            self._speaking[asked.user] -= 1
            self._speaking += Counter()  # Without those who say nothing now.

    async def _asked(self, asked: Asked, at: Instant) -> None:
        """Answer words, a press or a look."""
        work = asyncio.create_task(self._reply(asked, at))
        view = asked.view  # What was pressed in a modal is answered in it.
        if isinstance(asked.what, Press) and asked.what.opens and not view:
            await asyncio.wait([work], timeout=GLANCE / SECOND)
            if not work.done():
                view = _opened(await self._showing.open(asked.trigger, views.loading_view()))
        await self._show(asked, await self._safely(work), view)
        if asked.home and not isinstance(asked.what, Look):
            await self._look_again(asked, at)

    async def _filled(self, asked: Asked, filling: Filling, at: Instant) -> Json:
        """What the acknowledgement of a submitted form says. Raises StoreUnavailableError."""
        work = asyncio.create_task(self._reply(asked, at))
        await asyncio.wait([work], timeout=ANSWER_MAX / SECOND)
        if not work.done():
            self._begin(self._filled_late(asked, work, at))
            return _update(views.working_view())
        if isinstance(work.exception(), StoreUnavailableError):
            self._once.forget(asked.once)
            return _errors(filling, {"": _NO_STORE}) or _update(views.saying_view(_plain(_NO_STORE)))
        reply = await self._safely(work)
        if asked.home:
            self._begin(self._look_again(asked, at))
        match reply:
            case Corrections(errors):
                told = "; ".join(errors.values())
                return _errors(filling, errors) or _update(views.saying_view(_plain(told)))
            case Ask(form):
                view = views.form_view(form, filling.facts)
                return _update(view or views.saying_view(_plain(_TOO_LARGE)))
            case Answer(saying=saying) if not asked.channel:
                return _update(views.saying_view(saying))
            case _:
                self._begin(self._show(asked, reply, ""))
                return None

    async def _filled_late(self, asked: Asked, work: Awaitable[Reply], at: Instant) -> None:
        reply = await self._safely(work)
        await asyncio.sleep(SETTLE / SECOND)
        await self._show(asked, reply, asked.view)
        if asked.home:
            await self._look_again(asked, at)

    async def _show(self, asked: Asked, reply: Reply, view: str) -> None:
        """*view*: the modal that is open for it, or empty."""
        match reply:
            case Ask(form):
                drawn = views.form_view(form, _facts(asked)) or views.saying_view(_plain(_TOO_LARGE))
                await self._show_view(asked, drawn, view)
            case Corrections(errors):
                await self._show_answer(asked, Answer(saying=_plain("\n".join(errors.values()))), view)
            case Answer():
                await self._show_answer(asked, reply, view)
            case Home(saying):
                await self._showing.publish(asked.user, views.home_view(saying))
            case Nothing():
                if view:
                    await self._showing.change(view, views.saying_view(_plain("Done. You can close this.")))

    async def _show_view(self, asked: Asked, drawn: views.View, view: str) -> None:
        if view:
            if not await self._showing.change(view, drawn):
                await self._showing.change(view, views.saying_view(_plain(_NOT_SHOWN)))
            return
        opened = await self._showing.open(asked.trigger, drawn)
        if isinstance(opened, Failure):
            told = _TOO_LATE if opened.code in TRIGGER_GONE else _NOT_SHOWN
            await self._showing.privately(_screen(asked), draw(_plain(told)))

    async def _show_answer(self, asked: Asked, answer: Answer, view: str) -> None:
        if not answer.private and asked.channel:
            await self._showing.publicly(_screen(asked), draw(answer.saying), replaces=answer.replaces)
            if view:
                await self._showing.change(view, views.saying_view(_plain("Done. Everybody in the channel sees it.")))
            return
        drawn = views.saying_view(answer.saying)
        # Without a room there is nothing to say it in but a modal.
        shown = await self._showing.change(view, drawn) if view else False
        if not shown and not asked.channel:
            shown = bool(_opened(await self._showing.open(asked.trigger, drawn)))
        if not shown:
            await self._showing.privately(_screen(asked), draw(answer.saying), replaces=answer.replaces)

    async def _look_again(self, asked: Asked, at: Instant) -> None:
        """The home tab after something was done in it."""
        look = Asked(what=Look(), user=asked.user, username=asked.username)
        await self._show(look, await self._safely(asyncio.create_task(self._reply(look, at))), "")

    async def _notice(self, event: Noticed) -> None:
        """Raises StoreUnavailableError."""
        reply = await asyncio.get_running_loop().run_in_executor(self._pool, self._house.noticed, event)
        if isinstance(reply, Answer):
            asked = Asked(what=Look(), user=event.by or event.user, channel=event.channel)
            self._begin(self._show_answer(asked, reply, ""))

    async def _say_if_late(self, delivery: Delivery, by: Asked, reasons: Sequence[str]) -> None:
        found = commands(delivery.body, received_at=delivery.received_at, responders={})
        if isinstance(found, NoCommand):
            return
        tell = asyncio.get_running_loop().run_in_executor(self._pool, self._house.late, found[0].incident, reasons)
        try:
            saying = await tell
        except StoreUnavailableError:
            return
        if saying is not None:
            await self._showing.privately(_screen(by), draw(saying))

    # ── Wishes ───────────────────────────────────────────────────────────────────────────────────────────────────────
    async def _reply(self, asked: Asked, at: Instant) -> Reply:
        """Raises StoreUnavailableError."""
        refused = _refused(await self._people.standing(asked.user), asked)
        if refused is not None:
            return refused
        speaker = await self._people.speaker(asked.user, asked.username)
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._answer, asked, speaker, at)

    def _answer(self, asked: Asked, speaker: Speaker, at: Instant) -> Reply:
        return self._house.answer(self._wish(asked, speaker, at))

    def _wish(self, asked: Asked, by: Speaker, at: Instant) -> Wish:
        match asked.what:
            case Words(text):
                return Said(by=by, place=self._place(asked), text=text, at=at, opens=bool(asked.trigger))
            case Press(verb=verb, value=value):
                named = str(value.get("i") or value.get("incident") or "")
                return Pressed(by=by, place=self._place(asked, named), verb=verb, value=value, at=at)
            case Filling(facts=facts, values=values):
                place = self._place(asked, facts.incident)
                return Filled(by=by, place=place, form=facts.form, values=values, facts=facts.facts, at=at)
            case Look():
                return Opened(by=by, at=at)

    def _place(self, asked: Asked, incident: str = "") -> Place:
        """With the incident that the press names, or whose message stands there. Raises StoreUnavailableError."""
        for ts in filter(None, (asked.message, asked.thread)):
            incident = incident or self._house.shown(asked.channel, ts)
        return Place(
            channel=asked.channel, thread=asked.thread, direct=_screen(asked).direct or asked.home, incident=incident
        )

    async def _safely(self, work: Awaitable[Reply]) -> Reply:
        """The reply, or what is said instead of it."""
        try:
            return await work
        except StoreUnavailableError:
            return Answer(saying=_plain(_NO_STORE))
        except Exception:
            _LOGGER.exception("something that was asked in Slack could not be answered")
            return Answer(saying=_plain(_INTERNAL))


def _refused(standing: Standing, asked: Asked) -> Reply | None:
    """What somebody is answered who is not one of ours; None: they are. Bots are not answered: that would not end."""
    if standing is Standing.MEMBER:
        return None
    if standing is Standing.BOT:
        return Nothing()
    saying = _plain(_NOT_OURS)
    return Home(saying) if isinstance(asked.what, Look) else Answer(saying=saying)


def _screen(asked: Asked) -> Screen:
    return Screen(user=asked.user, channel=asked.channel, thread=asked.thread, response_url=asked.response_url)


def _opened(result: str | Failure) -> str:
    """The id of the modal, or empty."""
    return "" if isinstance(result, Failure) else result


def _facts(asked: Asked) -> views.Facts:
    """What a modal that is opened here must know of the place."""
    value = asked.what.value if isinstance(asked.what, Press) else {}
    return views.Facts(
        form="",
        channel=asked.channel,
        thread=asked.thread,
        incident=str(value.get("i") or value.get("incident") or ""),
        response_url=asked.response_url,
        home=asked.home,
    )


def _plain(text: str) -> Saying:
    return Saying(summary=text, parts=(Paragraph(text),))


def _update(view: views.View) -> dict[str, Json]:
    return {"response_action": "update", "view": view}


def _errors(filling: Filling, errors: Mapping[str, str]) -> dict[str, Json] | None:
    """Errors at their fields; what concerns no field stands at the first one. None: there is no field."""
    if not filling.inputs:
        return None
    found: dict[str, str] = {}
    for name, told in errors.items():
        place, text = name if name in filling.inputs else filling.inputs[0], one_line(bare(told), ERROR_CHARS_MAX)
        found[place] = f"{found[place]} {text}" if place in found else text
    return {"response_action": "errors", "errors": found or {filling.inputs[0]: "Please check this."}}
