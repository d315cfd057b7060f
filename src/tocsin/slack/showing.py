"""Shows what the bot answers: for one person's eyes, in the room, in a modal, on the home tab.

Sources: https://docs.slack.dev/interactivity/handling-user-interaction for response URLs (five uses within half an
hour), https://docs.slack.dev/reference/methods/chat.postEphemeral. What Slack does not take in one way is shown in
another; an answer to somebody who waits is tried for a moment only, and then it is in the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from tocsin.engine.ports import Delivered, DeliveryResult, Postponed
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Duration, Instant
from tocsin.slack.answers import LAYOUT_REFUSED, Failure, judged
from tocsin.slack.api import Api
from tocsin.slack.drawing import Message
from tocsin.slack.places import Place, place

TRIES_MAX: Final = 5
WAIT_MAX: Final[Duration] = 30 * SECOND  # Who has waited longer has asked again.
LOOK_S: Final = 0.02
QUESTIONS_MAX: Final = 200  # Of rooms, that wait for an answer; older ones keep their buttons, which do no harm.
TRIGGER_GONE: Final = frozenset({"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"})
HOOKS: Final = "https://hooks.slack.com/"  # Where response URLs are; nothing is posted to any other address.

_LOGGER: Final = logging.getLogger(__name__)

Post = Callable[[str, Message, str], Awaitable[DeliveryResult]]


class Screen:
    """Where one question was asked: what is needed to answer there."""

    __slots__ = ("channel", "response_url", "thread", "user")

    def __init__(self, *, user: str, channel: str, thread: str, response_url: str) -> None:
        """What is not known is empty."""
        self.user = user
        self.channel = channel
        self.thread = thread
        self.response_url = response_url

    @property
    def direct(self) -> bool:
        """Whether it is the direct message with us, where there is nobody else."""
        return self.channel.startswith("D")


class Showing:
    """On the event loop. Raises nothing: what cannot be shown is logged."""

    def __init__(self, api: Api, post: Post, *, base_url: str, now: Callable[[], Instant]) -> None:
        """*post* posts at the room's pace; *now* says when it may."""
        self._api = api
        self._post = post
        parts = urlsplit(base_url)
        self._hooks = (HOOKS, f"{parts.scheme}://{parts.netloc}/response/")
        self._now = now
        self._session: aiohttp.ClientSession | None = None
        self._pauses: list[Instant] = []
        self._questions: OrderedDict[str, Place] = OrderedDict()  # Where it was asked, by what it is about.

    def pausing(self) -> int:
        """How many answers wait for their turn."""
        now = self._now()
        return sum(until > now for until in self._pauses)

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()

    # ── Messages ─────────────────────────────────────────────────────────────────────────────────────────────────────
    async def privately(self, screen: Screen, message: Message, *, replaces: bool = False) -> None:
        """For the eyes of who asked; where that cannot be, by direct message. *replaces*: as in `Answer`."""
        shown = await self._respond(screen, message, "ephemeral", replaces=replaces)
        if not shown and screen.channel and not screen.direct:
            arguments = _content(message) | {"channel": screen.channel, "user": screen.user}
            shown = await self._call("chat.postEphemeral", arguments | _threaded(screen)) is not None
        if not shown:
            await self._directly(screen, message)

    async def publicly(self, screen: Screen, message: Message, *, replaces: bool = False, about: str = "") -> None:
        """In the room, in the thread where it was asked. *replaces* and *about*: as in `Answer`."""
        # What is to be changed later is posted: a response URL does not tell where its message stands.
        shown = bool(about and screen.channel) and await self._posted(screen.channel, message, screen.thread, about)
        shown = shown or await self._respond(screen, message, "in_channel", replaces=replaces)
        if not shown and screen.channel:
            shown = await self._posted(screen.channel, message, screen.thread)
        if not shown:
            await self._directly(screen, message)

    async def settle(self, about: str, message: Message) -> None:
        """What was asked *about* it in a room says how it was answered; a courtesy, since late buttons do no harm."""
        asked = self._questions.pop(about, None)
        if asked is not None:
            await self._call("chat.update", _content(message, unfurls=False) | {"channel": asked[0], "ts": asked[1]})

    async def _directly(self, screen: Screen, message: Message) -> None:
        channel, thread = screen.channel, screen.thread
        if not screen.direct:
            opened = await self._call("conversations.open", {"users": screen.user})
            if opened is None:
                return
            channel, thread = opened["channel"]["id"], ""
        if not await self._posted(channel, message, thread):
            _LOGGER.warning("an answer could not be shown in Slack")

    async def _posted(self, channel: str, message: Message, thread: str, about: str = "") -> bool:
        for _ in range(TRIES_MAX):
            result = await self._post(channel, message, thread)
            if not isinstance(result, Postponed):
                self._keep(about, result)
                return isinstance(result, Delivered)
            if not await self._pause(result.after or SECOND):
                return False
        return False

    def _keep(self, about: str, result: DeliveryResult) -> None:
        if about and isinstance(result, Delivered) and result.receipt:
            self._questions[about] = place(result.receipt)
            while len(self._questions) > QUESTIONS_MAX:
                self._questions.popitem(last=False)

    async def _respond(self, screen: Screen, message: Message, kind: str, *, replaces: bool) -> bool:
        """By the response URL; whether Slack has taken it."""
        if not screen.response_url.startswith(self._hooks):
            return False
        body = _content(message) | {"response_type": kind, "replace_original": replaces} | _threaded(screen)
        failure = await self._hand_over(screen.response_url, body)
        if failure and failure.code in LAYOUT_REFUSED:
            body.pop("blocks", None)
            failure = await self._hand_over(screen.response_url, body)
        return failure is None

    async def _hand_over(self, url: str, body: dict[str, Json]) -> Failure | None:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))
        try:
            async with self._session.post(url, json=body, allow_redirects=False) as answer:
                told = (await answer.text())[:200]
                if answer.status == HTTPStatus.OK and '"ok":false' not in told.replace(" ", ""):
                    return None
        except (TimeoutError, aiohttp.ClientError, OSError):
            return judged(0, "", "")
        code = next((code for code in LAYOUT_REFUSED if code in told), "")
        return judged(answer.status, code, answer.headers.get("Retry-After", ""))

    # ── Views ────────────────────────────────────────────────────────────────────────────────────────────────────────
    async def open(self, trigger: str, view: dict[str, Any]) -> str | Failure:
        """Open a modal; its id, or why Slack did not (TRIGGER_GONE: it is too late)."""
        answer = await self._api.call("views.open", trigger_id=trigger, view=view)
        if isinstance(answer, Failure):
            _LOGGER.warning("no modal: %s", answer.result.error)
            return answer
        return str(answer["view"]["id"])

    async def change(self, view_id: str, view: dict[str, Any]) -> bool:
        """Replace what a modal shows; whether it is still there."""
        return await self._call("views.update", {"view_id": view_id, "view": view}) is not None

    async def publish(self, user: str, view: dict[str, Any]) -> None:
        """Replace what somebody's home tab shows."""
        await self._call("views.publish", {"user_id": user, "view": view})

    # ── Patience ─────────────────────────────────────────────────────────────────────────────────────────────────────
    async def _call(self, method: str, arguments: dict[str, Json]) -> dict[str, Json] | None:
        """The answer, asked for again as long as Slack only asks to wait; without the layout if that is refused."""
        for _ in range(TRIES_MAX):
            answer = await self._api.call(method, **arguments)
            if not isinstance(answer, Failure):
                return answer
            if answer.code in LAYOUT_REFUSED and "blocks" in arguments:
                arguments = {name: value for name, value in arguments.items() if name != "blocks"}
                continue
            if not (isinstance(answer.result, Postponed) and answer.result.after):
                _LOGGER.warning("%s: %s", method, answer.result.error)
                return None
            if not await self._pause(answer.result.after):
                return None
        return None

    async def _pause(self, wait: Duration) -> bool:
        """Wait by the clock; False if that is too long for somebody who waits for an answer."""
        if wait > WAIT_MAX:
            return False
        until = self._now() + wait
        self._pauses.append(until)
        try:
            while self._now() < until:  # noqa: ASYNC110 - the clock has no event; in tests it stands still.
                await asyncio.sleep(LOOK_S)
        finally:
            self._pauses.remove(until)
        return True


def _content(message: Message, *, unfurls: bool = True) -> dict[str, Json]:
    """*unfurls*: the method knows of previews of links, and makes none."""
    blocks: dict[str, Json] = {"blocks": list(message.blocks)} if message.blocks else {}
    more: dict[str, Json] = {"unfurl_links": False, "unfurl_media": False} if unfurls else {}
    return {"text": message.text, "parse": "none"} | more | blocks


def _threaded(screen: Screen) -> dict[str, Json]:
    return {"thread_ts": screen.thread} if screen.thread else {}
