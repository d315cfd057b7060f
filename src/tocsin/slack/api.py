"""Calls of Slack's Web API on a connection that is kept open; every way to fail becomes a value."""

from __future__ import annotations

import logging
from typing import Any, Final

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from tocsin.engine.ports import Postponed
from tocsin.kernel.json import Json
from tocsin.kernel.time import SECOND, Duration
from tocsin.slack.addresses import takes_files
from tocsin.slack.answers import Failure, judged

CONNECTIONS_MAX: Final = 32  # Pages to several people leave side by side; more at once only meets the rate limit.
KEEP_ALIVE_S: Final = (
    30.0  # Shorter than a load balancer's minute, so that no call meets a connection that is being closed.
)

_OK: Final = 200
_LOGGER: Final = logging.getLogger(__name__)


def sdk_logger() -> logging.Logger:
    """The logger for slack_sdk. It has a level of its own: without one the SDK writes every body at debug level."""
    logger = logging.getLogger("tocsin.slack.sdk")
    logger.setLevel(logging.WARNING)
    return logger


class Api:
    """The Web API with one token. Made and used on the event loop."""

    def __init__(self, token: str, *, base_url: str, timeout: Duration) -> None:
        """Open nothing yet; *timeout* is for a whole call, in ms."""
        self._timeout = timeout
        self._base_url = base_url
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX, keepalive_timeout=KEEP_ALIVE_S),
            timeout=aiohttp.ClientTimeout(total=timeout / SECOND),
        )
        # The engine tries again, with a memory that survives a crash; the SDK must not.
        self.client = AsyncWebClient(
            token, base_url=base_url, session=self._session, logger=sdk_logger(), retry_handlers=[]
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def call(self, method: str, **arguments: Json) -> dict[str, Json] | Failure:
        """The body of an answer that is ok, or what failed. Raises nothing but cancellation."""
        return await self._call(method, json=arguments)

    async def read(self, method: str, **arguments: str) -> dict[str, Json] | Failure:
        """As `call`, for methods that only read: Slack does not take JSON for them."""
        return await self._call(method, http_verb="GET", params=arguments)

    async def scopes(self) -> tuple[str, ...] | None:
        """What the token may do, as Slack tells it beside its answers; None where it does not."""
        try:
            response = await self.client.api_call("auth.test")
        except (SlackApiError, TimeoutError, aiohttp.ClientError, OSError):
            return None
        told = {name.lower(): value for name, value in response.headers.items()}.get("x-oauth-scopes")
        return None if told is None else tuple(filter(None, (scope.strip() for scope in str(told).split(","))))

    async def upload(self, address: str, content: bytes) -> bool:
        """Post *content* to where Slack has asked for it, without our token; whether Slack has it.

        Nothing is sent to a machine that is not Slack's.
        """
        if not takes_files(address, self._base_url):
            _LOGGER.warning("a file was to be uploaded to a place that is not Slack's")
            return False
        try:
            async with self._session.post(address, data=content, allow_redirects=False) as response:
                return response.status == _OK
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError):
            return False

    async def _call(self, method: str, **how: Any) -> dict[str, Json] | Failure:  # noqa: ANN401 - as the SDK takes it.
        try:
            response = await self.client.api_call(method, **how)
        except SlackApiError as problem:
            return _judged(method, problem.response)
        except TimeoutError:
            return _unreached(f"no answer within {self._timeout} ms")
        except (aiohttp.ClientError, OSError) as problem:
            return _unreached(type(problem).__name__)
        except Exception as problem:  # noqa: BLE001 - an answer in a form that the SDK does not expect.
            return _unreached(f"unreadable answer ({type(problem).__name__})")
        data = response.data
        return data if isinstance(data, dict) else _unreached("unreadable answer")


def _unreached(what: str) -> Failure:
    return Failure("", Postponed(f"Slack could not be reached: {what}"))


def _judged(method: str, response: AsyncSlackResponse | aiohttp.ClientResponse | Any) -> Failure:  # noqa: ANN401 - the SDK does not say which.
    if isinstance(response, AsyncSlackResponse):
        data = response.data if isinstance(response.data, dict) else {}
        if detail := data.get("errors"):
            _LOGGER.warning("Slack refused %s: %s", method, detail)
        return judged(response.status_code, str(data.get("error", "")), response.headers.get("Retry-After", ""))
    return judged(response.status, "", response.headers.get("Retry-After", ""))
