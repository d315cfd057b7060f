"""Socket Mode: what Slack sends, over a connection that we open, so that no public address is needed.

Source: https://docs.slack.dev/apis/events-api/using-socket-mode. An envelope is stored before it is acknowledged; what
is not acknowledged Slack shows to its user as failed, so that nobody believes in a click that was lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import aiohttp
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from tocsin.engine.ports import Postponed, Received
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Duration, Instant
from tocsin.slack.addresses import BASE_URL, is_socket
from tocsin.slack.answers import Failure
from tocsin.slack.api import Api, sdk_logger
from tocsin.slack.loop import LoopThread

CHANNEL: Final = "slack"
ENVELOPE_HEADER: Final = "x-slack-envelope"

WATCH_INTERVAL: Final[Duration] = SECOND  # How soon a lost connection is noticed.
PING_INTERVAL: Final[Duration] = 5 * SECOND
CONNECT_MAX: Final[Duration] = 15 * SECOND
FINISH_MAX: Final[Duration] = 5 * SECOND  # For what is being stored when the connection ends.
RETRY_MAX: Final[Duration] = 30 * SECOND  # Between attempts; Slack counts the opening of connections.
STORING_AT_ONCE_MAX: Final = 4  # Clicks are rare, and the store commits in groups.

_KINDS: Final = frozenset({"interactive", "slash_commands", "events_api"})
_STORED_KINDS: Final = frozenset({"interactive"})  # Where nobody answers the others.
_LOGGER: Final = logging.getLogger(__name__)

Take = Callable[[bytes, Instant, Callable[[], Awaitable[object]]], Awaitable[Json]]


class SlackSocket:
    """Keeps one connection open, and hands every interaction to *accept*, which stores it durably or raises.

    `start` returns at once; `close` waits until what is being stored is stored.
    """

    def __init__(
        self,
        loop: LoopThread,
        app_token: str,
        accept: Callable[[Received], object],
        *,
        now: Callable[[], Instant],
        base_url: str = BASE_URL,
        watch_interval: Duration = WATCH_INTERVAL,
        connect_max: Duration = CONNECT_MAX,
        take: Take | None = None,
    ) -> None:
        """*app_token*: the app-level one, with `connections:write`. *accept* may block; it has threads of its own.

        *take* decides what is stored, and what goes with the acknowledgement; without it everything is stored.
        """
        self._loop = loop
        self._token = app_token
        self._accept = accept
        self._take = take or _take_everything
        self._kinds = _KINDS if take else _STORED_KINDS
        self._now = now
        self._base_url = base_url
        self._watch_interval = watch_interval
        self._connect_max = connect_max
        self._storing = ThreadPoolExecutor(STORING_AT_ONCE_MAX, thread_name_prefix="slack-accept")
        self._handling: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._connected = False

    @property
    def connected(self) -> bool:
        """Whether Slack can reach us now."""
        return self._connected

    def start(self) -> None:
        """Connect, and stay connected, in the background."""
        assert self._task is None, "started twice"
        self._task = self._loop.run(self._begun())

    def close(self) -> None:
        """Store and acknowledge what has come in, then disconnect."""
        if self._task is not None:
            self._loop.run(_ended(self._task))
        self._storing.shutdown()

    async def _begun(self) -> asyncio.Task[None]:
        return asyncio.create_task(self._stay_connected())

    async def _stay_connected(self) -> None:
        api = Api(self._token, base_url=self._base_url, timeout=self._connect_max)
        pause = 0
        try:
            while True:
                opened = await api.call("apps.connections.open")
                if isinstance(opened, Failure):
                    pause = self._pause(opened, pause)
                elif not is_socket(str(opened.get("url", "")), self._base_url):
                    _LOGGER.warning("no Socket Mode: the address is not Slack's")
                    pause = RETRY_MAX
                else:
                    pause = 0 if await self._serve(api, opened["url"]) else self._longer(pause)
                await asyncio.sleep(pause / SECOND)
        finally:
            await api.close()

    async def _serve(self, api: Api, url: str) -> bool:
        """Serve one connection until it is lost; False when there never was one."""
        client = SocketModeClient(
            self._token,
            logger=sdk_logger(),
            web_client=api.client,
            # What is lost is replaced here: the SDK would try the same address again, which Slack has forgotten.
            auto_reconnect_enabled=False,
            ping_interval=PING_INTERVAL / SECOND,
        )
        client.wss_uri = url
        client.socket_mode_request_listeners.append(self._handle)
        try:
            async with asyncio.timeout(self._connect_max / SECOND):
                await client.connect()  # type: ignore[no-untyped-call]
            _LOGGER.info("connected to Slack by Socket Mode")
            await self._watch(client)
        except TimeoutError:
            _LOGGER.warning("Slack's Socket Mode did not answer within %s ms", self._connect_max)
            return False
        finally:
            self._connected = False
            if self._handling:
                await asyncio.wait(self._handling, timeout=FINISH_MAX / SECOND)
            await client.close()  # type: ignore[no-untyped-call]
        return True

    async def _watch(self, client: SocketModeClient) -> None:
        """Return when the connection is lost, and not when Slack has it replaced (`disconnect`) and that succeeds."""
        lost: Duration = 0
        while lost < self._connect_max:
            self._connected = await client.is_connected()
            if not self._connected and not client.connect_operation_lock.locked():
                return
            lost = 0 if self._connected else lost + self._watch_interval
            await asyncio.sleep(self._watch_interval / SECOND)

    async def _handle(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        if request.type not in self._kinds:
            return
        task = asyncio.create_task(self._store(client, request))
        self._handling.add(task)
        task.add_done_callback(self._handling.discard)
        await task

    async def _store(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        """Store what must be, then acknowledge; without the first not the second."""
        received = Received(
            received_at=self._now(),
            channel=CHANNEL,
            key="",
            head=f"{ENVELOPE_HEADER}: {request.envelope_id}".encode(),
            body=json.encode(request.payload),
        )

        async def store() -> None:
            await asyncio.get_running_loop().run_in_executor(self._storing, self._accept, received)

        try:
            said = await self._take(received.body, received.received_at, store)
        except Exception:
            _LOGGER.exception("an interaction from Slack could not be stored; it is not acknowledged")
            return
        try:
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, said))
        except (aiohttp.ClientError, OSError):
            _LOGGER.warning(
                "an interaction from Slack was stored, but the connection was lost before its acknowledgement"
            )

    def _pause(self, failure: Failure, pause: Duration) -> Duration:
        """How long to wait after Slack has given no address to connect to; *pause*: how long it was the last time."""
        _LOGGER.warning("no Socket Mode: %s", failure.result.error)
        if isinstance(failure.result, Postponed):
            return failure.result.after or self._longer(pause)
        return RETRY_MAX  # Somebody must change something; until then there is no hurry.

    def _longer(self, pause: Duration) -> Duration:
        return min(RETRY_MAX, max(self._watch_interval, 2 * pause))


async def _take_everything(_: bytes, __: Instant, store: Callable[[], Awaitable[object]]) -> Json:
    await store()
    return None


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
