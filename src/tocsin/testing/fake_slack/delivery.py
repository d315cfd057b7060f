"""Brings payloads to the application, over HTTP with a signature or over a socket, and times its acknowledgement."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final, Literal
from urllib.parse import urlencode

import aiohttp
import msgspec

from tocsin.testing.fake_slack import chat_methods, view_methods
from tocsin.testing.fake_slack.interactions import Outgoing
from tocsin.testing.fake_slack.records import Acknowledgement, Json, JsonObject
from tocsin.testing.fake_slack.sockets import Hub
from tocsin.testing.fake_slack.world import RefusedError, World

Forgery = Literal["signature", "timestamp"]

# An honest receiver allows five minutes of age; this request was signed an hour ago.
STALE_SECONDS: Final = 3600


class Delivery:
    """Sends one payload at a time; any number at once. Runs on the server's event loop."""

    def __init__(self, world: World, hub: Hub, signing_secret: str) -> None:
        """Without request URLs, everything goes over sockets."""
        self.request_urls: dict[str, str] = {}
        self._world = world
        self._hub = hub
        self._secret = signing_secret.encode()
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close the client's connections."""
        if self._session is not None:
            await self._session.close()

    async def send(self, outgoing: Outgoing, forge: Forgery | None = None) -> Acknowledgement:
        """Deliver, wait for the acknowledgement, record it, and do what it says."""
        url = self.request_urls.get(outgoing.kind)
        template = Acknowledgement(
            kind=outgoing.kind,
            payload=outgoing.payload,
            seconds=0.0,
            late=False,
            forged=forge is not None,
            trigger_id=outgoing.trigger_id,
            response_url=outgoing.response_url,
        )
        if url is None:
            if forge is not None:
                message = "only HTTP requests carry a signature to forge"
                raise ValueError(message)
            acknowledgement = await self._over_socket(template, outgoing)
        else:
            body, headers = self._request(outgoing, forge)
            template = msgspec.structs.replace(template, wire=body, headers=headers)
            acknowledgement = await self._over_http(template, url)
        with self._world.changed:
            self._record(acknowledgement)
            if acknowledgement.ok and not acknowledgement.forged:
                self._obey(acknowledgement, outgoing)
        return acknowledgement

    async def replay(self, first: Acknowledgement) -> Acknowledgement:
        """Send once more, byte for byte, what led to *first*. Its answer is recorded, and not obeyed."""
        url = self.request_urls.get(first.kind)
        template = msgspec.structs.replace(first, status=None, response=None, error=None, replayed=True)
        if url is None:
            second = await self._over_socket(template, None)
        else:
            if first.kind == "events_api":
                retry = {"X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout"}
                template = msgspec.structs.replace(template, headers=first.headers | retry)
            second = await self._over_http(template, url)
        with self._world.changed:
            self._record(second)
        return second

    def _request(self, outgoing: Outgoing, forge: Forgery | None) -> tuple[bytes, dict[str, str]]:
        content_type = "application/x-www-form-urlencoded"
        if outgoing.kind == "interactive":
            body = urlencode({"payload": msgspec.json.encode(outgoing.payload).decode()}).encode()
        elif outgoing.kind == "slash_commands":
            body = urlencode(outgoing.payload).encode()
        else:
            body = msgspec.json.encode(outgoing.payload)
            content_type = "application/json"
        timestamp = self._world.wall_seconds() - (STALE_SECONDS if forge == "timestamp" else 0)
        secret = b"not " + self._secret if forge == "signature" else self._secret
        signed = hmac.new(secret, b"v0:%d:%s" % (timestamp, body), hashlib.sha256).hexdigest()
        return body, {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": str(timestamp),
            "X-Slack-Signature": f"v0={signed}",
        }

    async def _over_http(self, template: Acknowledgement, url: str) -> Acknowledgement:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        start, status, response, error = self._world.clock(), None, None, None
        timeout = aiohttp.ClientTimeout(total=self._world.limits.acknowledgement_seconds)
        try:
            async with self._session.post(
                url, data=template.wire, headers=template.headers, timeout=timeout, allow_redirects=False
            ) as answer:
                status = answer.status
                response = _parsed(await answer.read(), answer.content_type)
        except TimeoutError:
            error = "timeout"
        except aiohttp.ClientError:
            error = "connection_failed"
        if status is not None and not 200 <= status < 300:  # noqa: PLR2004 HTTP's own numbers
            error = f"http_{status}"
        return self._timed(template, start, status=status, response=response, error=error)

    async def _over_socket(self, template: Acknowledgement, outgoing: Outgoing | None) -> Acknowledgement:
        start, response, error, wire = self._world.clock(), None, None, template.wire
        try:
            if outgoing is None:
                response = await self._hub.replay(template.wire)
            else:
                response, wire = await self._hub.send(outgoing)
        except ConnectionError:
            error = "not_connected"
        except TimeoutError:
            error = "timeout"
        return self._timed(template, start, response=response, error=error, wire=wire)

    def _timed(self, template: Acknowledgement, start: float, **changes: Json) -> Acknowledgement:
        seconds = self._world.clock() - start
        late = changes["error"] == "timeout" or seconds > self._world.limits.acknowledgement_seconds
        return msgspec.structs.replace(template, seconds=seconds, late=late, **changes)

    def _record(self, acknowledgement: Acknowledgement) -> None:
        self._world.acknowledgements.append(acknowledgement)
        if not acknowledgement.ok and not acknowledgement.forged and not acknowledgement.replayed:
            error = "late_acknowledgement" if acknowledgement.late else "not_acknowledged"
            details = [f"{acknowledgement.error or 'acknowledged'} after {acknowledgement.seconds:.3f} s"]
            self._world.refuse(acknowledgement.kind, RefusedError(error, details), acknowledgement.payload)
        self._world.changed.notify_all()

    def _obey(self, acknowledgement: Acknowledgement, outgoing: Outgoing) -> None:
        response = acknowledgement.response
        try:
            if outgoing.view is not None:
                view_methods.react(self._world, self._world.views[outgoing.view.id], response)
            elif outgoing.kind == "slash_commands" and response:
                key = outgoing.response_url.partition("/response/")[2]
                answer = response if isinstance(response, dict) else {"text": response}
                chat_methods.answer(self._world, self._world.response_urls[key], answer)
        except RefusedError as refused:
            payload: JsonObject = response if isinstance(response, dict) else {"response": response}
            self._world.refuse("acknowledgement", refused, payload)


def _parsed(body: bytes, content_type: str) -> Json:
    if not body:
        return None
    if content_type == "application/json":
        try:
            return msgspec.json.decode(body)
        except msgspec.DecodeError:
            pass
    return body.decode(errors="replace")
