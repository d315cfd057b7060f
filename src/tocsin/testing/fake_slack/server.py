"""The HTTP and WebSocket server: a thread of its own, with an event loop of its own, on 127.0.0.1."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from tocsin.testing.fake_slack.api import RESPONSE_URL, Answer, Api
from tocsin.testing.fake_slack.delivery import Delivery
from tocsin.testing.fake_slack.records import JsonObject
from tocsin.testing.fake_slack.sockets import Hub
from tocsin.testing.fake_slack.trouble import Trouble
from tocsin.testing.fake_slack.world import RefusedError, World, refuse

T = TypeVar("T")

HOST: Final = "127.0.0.1"
FORM: Final = "application/x-www-form-urlencoded"
TURNS_TO_ACCEPT: Final = 5  # Of the event loop, from accepting a connection until its protocol knows it: three.


class Server:
    """Listens between ``start`` and ``stop``; keeps its port through an outage."""

    def __init__(self, world: World, trouble: Trouble, api: Api, hub: Hub, delivery: Delivery) -> None:
        """Not started yet."""
        self._world = world
        self._trouble = trouble
        self._api = api
        self._hub = hub
        self._delivery = delivery
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake-slack", daemon=True)
        self._protocols: web.Server | None = None
        self._listener: asyncio.Server | None = None
        self.port = 0

    def start(self) -> None:
        """Listen on a free port."""
        self._thread.start()
        self.run(self.listen())

    def stop(self) -> None:
        """Close every connection, and end the thread."""
        self.run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do some work on the server's loop, and wait for its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def listen(self) -> None:
        """Accept connections: on a free port for the first time, then on the same again."""
        self._protocols = web.Server(self._handle, access_log=None)
        self._listener = await asyncio.get_running_loop().create_server(self._protocols, HOST, self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def refuse_connections(self) -> None:
        """Stop listening, and cut all connections as a dying machine would."""
        if self._listener is None or self._protocols is None:
            return
        self._listener.close()
        for connection in self._protocols.connections:
            _abort(connection.transport)
        await self._protocols.shutdown(0)
        self._listener = None

    async def _close(self) -> None:
        await self._hub.close()
        await self._delivery.close()
        if self._listener is not None and self._protocols is not None:
            self._listener.close()
            await _settle()  # What was just accepted becomes a connection that can be closed.
            transports = [connection.transport for connection in self._protocols.connections]
            await self._protocols.shutdown(1)
            for transport in transports:
                _abort(transport)
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if self._trouble.outage is not None:
            return web.Response(status=503, text="upstream connect error")
        _, area, name = (request.path + "//").split("/", 2)
        name = name.rstrip("/")
        if area == "link":
            return await self._hub.serve(request)
        if area == "api":
            answer = await self._call(request, name)
        elif area == "response":
            answer = await self._respond(request, name)
        else:
            return web.Response(status=404)
        if self._trouble.delay_seconds:
            await asyncio.sleep(self._trouble.delay_seconds)
        if answer.lost:
            _abort(request.transport)
        return _response(answer)

    async def _call(self, request: web.BaseRequest, method: str) -> Answer:
        try:
            payload = dict(request.query) | _payload(request.content_type, await request.read())
        except RefusedError as refused:
            with self._world.changed:
                return self._api.reject(method, refused.error)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ") or str(payload.get("token") or "")
        with self._world.changed:
            return self._api.call(method, token, payload)

    async def _respond(self, request: web.BaseRequest, key: str) -> Answer:
        try:
            payload = _payload("application/json", await request.read())
        except RefusedError as refused:
            with self._world.changed:
                return self._api.reject(RESPONSE_URL, refused.error)
        with self._world.changed:
            return self._api.respond(key, payload)


def _payload(content_type: str, body: bytes) -> JsonObject:
    if not body:
        return {}
    if content_type == FORM:
        return dict(parse_qsl(body.decode(errors="replace"), keep_blank_values=True))
    if content_type != "application/json":
        refuse("invalid_post_type")
    try:
        payload: JsonObject = msgspec.json.decode(body)
    except msgspec.DecodeError:
        refuse("invalid_json")
    if not isinstance(payload, dict):
        refuse("json_not_object")
    return payload


def _response(answer: Answer) -> web.Response:
    headers = {} if answer.retry_after_seconds is None else {"Retry-After": str(answer.retry_after_seconds)}
    if answer.scopes is not None:
        headers["X-OAuth-Scopes"] = answer.scopes
    return web.Response(
        status=answer.status,
        body=msgspec.json.encode(answer.body),
        content_type="application/json",
        charset="utf-8",
        headers=headers,
    )


async def _settle() -> None:
    for _ in range(TURNS_TO_ACCEPT):
        await asyncio.sleep(0)


def _abort(transport: asyncio.BaseTransport | None) -> None:
    if isinstance(transport, asyncio.Transport):
        transport.abort()
