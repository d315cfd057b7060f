"""Who speaks: what Slack tells of a person, remembered for a while."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from tocsin.conversing.wishes import Speaker
from tocsin.kernel.time import HOUR, SECOND, Duration, Instant
from tocsin.slack.answers import Failure
from tocsin.slack.api import Api
from tocsin.slack.payloads import CHAT

REMEMBERED_MAX: Final = 10_000
REMEMBERED_FOR: Final[Duration] = HOUR
PATIENCE: Final[Duration] = SECOND  # Somebody waits for an answer, which is worth more than their time zone.


class _Person(msgspec.Struct, frozen=True):
    name: str
    zone: str
    until: Instant


class People:
    """Asks Slack for a name and a time zone at most once an hour and person. On the event loop."""

    def __init__(self, api: Api, responders: Callable[[], Mapping[str, str]], now: Callable[[], Instant]) -> None:
        """*responders*: responder ids by Slack user id, as they are now."""
        self._api = api
        self._responders = responders
        self._now = now
        self._known: OrderedDict[str, _Person] = OrderedDict()

    async def speaker(self, user: str, username: str = "") -> Speaker:
        """Who *user* is; *username* as the payload has it. Without an answer of Slack's, without a zone."""
        person = self._known.get(user)
        if person is None or person.until <= self._now():
            person = await self._ask(user) or person
        name = person.name if person and person.name else username
        responder = self._responders().get(user) or f"slack:{username or name or user}"
        return Speaker(chat=CHAT, user=user, responder=responder, zone=person.zone if person else "", name=name)

    async def _ask(self, user: str) -> _Person | None:
        try:
            async with asyncio.timeout(PATIENCE / SECOND):
                answer = await self._api.read("users.info", user=user)
        except TimeoutError:
            return None
        found = None if isinstance(answer, Failure) else answer.get("user")
        if not isinstance(found, dict):
            return None
        profile = found.get("profile") or {}
        name = profile.get("display_name") or profile.get("real_name") or found.get("name") or ""
        self._known[user] = _Person(str(name), str(found.get("tz") or ""), self._now() + REMEMBERED_FOR)
        self._known.move_to_end(user)
        while len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return self._known[user]
