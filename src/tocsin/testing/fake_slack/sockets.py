"""Socket Mode: tickets, WebSocket connections, envelopes and their acknowledgements.

Source: https://docs.slack.dev/apis/events-api/using-socket-mode. Everything here runs on the server's event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

import msgspec
from aiohttp import WSMsgType, web

from tocsin.testing.fake_slack.interactions import Outgoing
from tocsin.testing.fake_slack.records import Json, JsonObject
from tocsin.testing.fake_slack.world import RefusedError, World

REDELIVERIES_MAX: Final = 3


class Pending:
    """An envelope that is not acknowledged yet."""

    def __init__(self, envelope: JsonObject, answered: asyncio.Future[Json]) -> None:
        """Not sent yet."""
        self.envelope = envelope
        self.answered = answered
        self.socket: web.WebSocketResponse | None = None


class Hub:
    """All connections of the application, and what is on its way through them."""

    def __init__(self, world: World) -> None:
        """No connections, no tickets."""
        self._world = world
        self._tickets: set[str] = set()
        self._transports: dict[web.WebSocketResponse, asyncio.Transport] = {}
        self._pending: dict[str, Pending] = {}
        self._answered: set[str] = set()
        self._redeliveries: set[asyncio.Task[None]] = set()
        self._turn = 0

    @property
    def connections(self) -> int:
        """How many sockets are connected."""
        return len(self._transports)

    @property
    def _sockets(self) -> list[web.WebSocketResponse]:
        return list(self._transports)

    def issue_ticket(self) -> str:
        """The URL of a socket; good for one connection."""
        ticket = self._world.new_id("t")
        self._tickets.add(ticket)
        host = self._world.base_url.removeprefix("http://").removesuffix("/api/")
        return f"ws://{host}/link/?ticket={ticket}&app_id={self._world.app_id}"

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """One connection, from the handshake to its end."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=401)
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if len(self._sockets) >= self._world.limits.sockets:
            await _say_goodbye(socket, "too_many_websockets")
            return socket
        assert isinstance(request.transport, asyncio.Transport)
        await self._welcome(socket, request.transport)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._receive(message.data)
        finally:
            self._forget(socket)
            await self._send_stranded()
        return socket

    async def send(self, outgoing: Outgoing) -> tuple[Json, bytes]:
        """Send an envelope and wait for its acknowledgement: what it carried, and the envelope as sent.

        Raises ConnectionError when no socket is connected: an event stays pending then and goes out with the next
        connection, a click is lost, as it is with Slack. Raises TimeoutError when the application is too slow: the
        envelope stays pending, and is sent again when its connection ends, an event also after a while.
        """
        pending = self._new_pending(outgoing)
        is_event = outgoing.kind == "events_api"
        if is_event:
            task = asyncio.create_task(self._redeliver(pending))
            self._redeliveries.add(task)
            task.add_done_callback(self._redeliveries.discard)
        elif not self._sockets:
            self._pending.pop(pending.envelope["envelope_id"])
        if not self._sockets:
            raise ConnectionError
        wire = msgspec.json.encode(pending.envelope)
        await self._transmit(pending)
        return await self._wait(pending), wire

    async def replay(self, wire: bytes) -> Json:
        """Send the same envelope once more, acknowledged or not, and wait. Raises as ``send`` does."""
        if not self._sockets:
            raise ConnectionError
        envelope = msgspec.json.decode(wire)
        pending = self._pending[envelope["envelope_id"]] = Pending(envelope, _future())
        await self._transmit(pending)
        return await self._wait(pending)

    async def resend(self) -> int:
        """Send everything that is not acknowledged once more, and return how many envelopes that were."""
        pending = list(self._pending.values())
        for each in pending:
            await self._transmit(each)
        return len(pending)

    async def disconnect(self, reason: str) -> None:
        """Tell every client to reconnect; unless it is but a ``warning``, close the connections too."""
        for socket in self._sockets:
            if reason != "warning":
                self._forget(socket)
            await _say_goodbye(socket, reason, close=reason != "warning")

    async def drop(self) -> None:
        """Cut every connection without a word."""
        for socket, transport in list(self._transports.items()):
            self._forget(socket)
            transport.abort()

    async def close(self) -> None:
        """End all connections and redeliveries."""
        for task in list(self._redeliveries):
            task.cancel()
        for socket in self._sockets:
            await socket.close()

    async def _welcome(self, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        with self._world.changed:
            self._transports[socket] = transport
            self._world.changed.notify_all()
        hello = {
            "type": "hello",
            "num_connections": len(self._sockets),
            "connection_info": {"app_id": self._world.app_id},
            "debug_info": {"host": "fake-applink", "approximate_connection_time": 18060},
        }
        await socket.send_json(hello)
        await self._send_stranded()

    def _forget(self, socket: web.WebSocketResponse) -> None:
        """Send it nothing more; what it did not acknowledge goes out with the next connection."""
        with self._world.changed:
            self._transports.pop(socket, None)
            self._world.changed.notify_all()

    def _new_pending(self, outgoing: Outgoing) -> Pending:
        envelope: JsonObject = {
            "envelope_id": self._world.new_id("env-"),
            "type": outgoing.kind,
            "accepts_response_payload": outgoing.accepts_response,
            "payload": outgoing.payload,
        }
        if outgoing.kind == "events_api":
            envelope |= {"retry_attempt": 0, "retry_reason": ""}
        pending = self._pending[envelope["envelope_id"]] = Pending(envelope, _future())
        return pending

    async def _transmit(self, pending: Pending) -> None:
        if not self._sockets:
            return
        # Slack picks any connection. In turn is any, and the same in every run.
        self._turn += 1
        socket = pending.socket = self._sockets[self._turn % len(self._sockets)]
        with contextlib.suppress(ConnectionError):
            await socket.send_str(msgspec.json.encode(pending.envelope).decode())

    async def _wait(self, pending: Pending) -> Json:
        return await asyncio.wait_for(asyncio.shield(pending.answered), self._world.limits.acknowledgement_seconds)

    async def _send_stranded(self) -> None:
        for pending in list(self._pending.values()):
            if pending.socket not in self._sockets:
                await self._transmit(pending)

    async def _redeliver(self, pending: Pending) -> None:
        for attempt in range(1, REDELIVERIES_MAX + 1):
            await asyncio.wait([pending.answered], timeout=self._world.limits.redelivery_seconds)
            if pending.answered.done():
                return
            pending.envelope |= {"retry_attempt": attempt, "retry_reason": "timeout"}
            await self._transmit(pending)

    def _receive(self, data: str) -> None:
        answer: Json = None
        with contextlib.suppress(msgspec.DecodeError):
            answer = msgspec.json.decode(data)
        envelope_id = answer.get("envelope_id") if isinstance(answer, dict) else None
        pending = self._pending.pop(envelope_id, None) if isinstance(envelope_id, str) else None
        if pending is not None:
            self._answered.add(pending.envelope["envelope_id"])
            if not pending.answered.done():
                pending.answered.set_result(answer.get("payload"))
        elif envelope_id not in self._answered:
            # A second acknowledgement of a redelivered envelope is fine; one of nothing is a bug.
            with self._world.changed:
                self._world.refuse("socket", RefusedError("unknown_envelope"), {"data": data})


async def _say_goodbye(socket: web.WebSocketResponse, reason: str, *, close: bool = True) -> None:
    with contextlib.suppress(ConnectionError):
        await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "fake-applink"}})
        if close:
            await socket.close()


def _future() -> asyncio.Future[Json]:
    return asyncio.get_running_loop().create_future()
