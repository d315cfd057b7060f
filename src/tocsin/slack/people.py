"""Who speaks: what Slack tells of a person, remembered for a while.

Of those whom the configuration does not know only members of the workspace are answered: in a channel that is shared
with another organisation its people can press and mention as ours do, and guests see what they were invited to see.
Source: https://docs.slack.dev/reference/objects/user-object.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final

import msgspec

from tocsin.conversing.wishes import Speaker
from tocsin.kernel.time import HOUR, SECOND, Duration, Instant
from tocsin.slack.answers import Failure
from tocsin.slack.api import Api
from tocsin.slack.payloads import CHAT
from tocsin.slack.rooms import is_outside

REMEMBERED_MAX: Final = 10_000
REMEMBERED_FOR: Final[Duration] = HOUR
PATIENCE: Final[Duration] = SECOND  # Somebody waits for an answer, which is worth more than their time zone.


class Standing(StrEnum):
    """What somebody is in the workspace. A guest's account is limited to some channels."""

    MEMBER = "member"
    GUEST = "guest"
    OUTSIDE = "outside"
    GONE = "gone"
    BOT = "bot"


class _Person(msgspec.Struct, frozen=True):
    name: str
    zone: str
    standing: Standing
    until: Instant


class People:
    """Asks Slack for a name and a time zone at most once an hour and person. On the event loop."""

    def __init__(self, api: Api, responders: Callable[[], Mapping[str, str]], now: Callable[[], Instant]) -> None:
        """*responders*: responder ids by Slack user id, as they are now."""
        self._api = api
        self._responders = responders
        self._now = now
        self._known: OrderedDict[str, _Person] = OrderedDict()
        self._workspace = ""

    async def speaker(self, user: str, username: str = "") -> Speaker:
        """Who *user* is; *username* as the payload has it. Without an answer of Slack's, without a zone."""
        person = await self._person(user)
        name = person.name if person and person.name else username
        responder = self._responders().get(user) or f"slack:{username or name or user}"
        return Speaker(chat=CHAT, user=user, responder=responder, zone=person.zone if person else "", name=name)

    def knows(self, user: str) -> bool:
        """Whether the configuration names *user*."""
        return user in self._responders()

    async def standing(self, user: str) -> Standing:
        """What *user* is; whom the configuration names is a member, and so is, for a while, of whom nothing is told."""
        if self.knows(user):
            return Standing.MEMBER
        person = await self._person(user)
        return person.standing if person else Standing.MEMBER

    async def _person(self, user: str) -> _Person | None:
        person = self._known.get(user)
        if person is None or person.until <= self._now():
            person = await self._ask(user) or person
        return person

    async def _ask(self, user: str) -> _Person | None:
        try:
            async with asyncio.timeout(PATIENCE / SECOND):
                answer = await self._api.read("users.info", user=user)
                if not self._workspace and not self.knows(user):
                    told = await self._api.call("auth.test")
                    self._workspace = "" if isinstance(told, Failure) else str(told.get("team_id") or "")
        except TimeoutError:
            return None
        found = None if isinstance(answer, Failure) else answer.get("user")
        if not isinstance(found, dict):
            return None
        profile = found.get("profile") or {}
        name = profile.get("display_name") or profile.get("real_name") or found.get("name") or ""
        standing = _standing(found, self._workspace)
        self._known[user] = _Person(str(name), str(found.get("tz") or ""), standing, self._now() + REMEMBERED_FOR)
        self._known.move_to_end(user)
        while len(self._known) > REMEMBERED_MAX:
            self._known.popitem(last=False)
        return self._known[user]


def _standing(shown: Mapping[str, Any], workspace: str) -> Standing:
    if shown.get("is_bot") or shown.get("id") == "USLACKBOT":
        return Standing.BOT
    if shown.get("deleted"):
        return Standing.GONE
    if shown.get("is_stranger") or is_outside(shown, workspace):
        return Standing.OUTSIDE
    return Standing.GUEST if shown.get("is_restricted") or shown.get("is_ultra_restricted") else Standing.MEMBER
