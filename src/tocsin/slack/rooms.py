"""What Slack knows of the channels that the bot is in, and of the people there.

Sources: https://docs.slack.dev/reference/methods/users.conversations, conversations.info, conversations.members,
users.info and users.list (all of them paged; Slack asks for at most 200 items a page). What cannot be had is a
`Failure` that says whether it is worth asking again.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence, Sized
from typing import Any, Final, TypeAlias

import msgspec

from tocsin.engine.ports import Postponed, Refused
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, SECOND, Duration
from tocsin.slack.addresses import BASE_URL
from tocsin.slack.answers import Failure
from tocsin.slack.api import Api
from tocsin.slack.loop import LoopThread

TIMEOUT: Final[Duration] = 10 * SECOND
PAGE: Final = "200"
PAGES_MAX: Final = 100  # 20,000 people or channels; whoever has more is served the first of them.
ONE_BY_ONE_MAX: Final = 50  # People who are asked for one by one in a minute; for more the list takes fewer calls.
MINUTE_S: Final = 60.0
WAIT_MAX: Final[Duration] = (
    2 * MINUTE
)  # What Slack may ask us to wait in the middle of a list, which is not begun anew.


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel, as Slack has it now. *there*: the bot is in it, and it is not archived.

    *shared*: people of other organisations read it, too.
    """

    id: str
    name: str
    there: bool
    shared: bool = False


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in a channel. *deleted*: their account has ended; *outside*: they belong to another organisation."""

    id: str
    handle: str
    name: str
    zone: str
    email: str
    bot: bool
    deleted: bool
    outside: bool = False


_Object: TypeAlias = Mapping[str, Any]  # Of an answer, of whose insides nothing is promised.


class SlackRooms:
    """Asks Slack. Its methods block, and are for threads that may."""

    def __init__(
        self,
        loop: LoopThread,
        token: str,
        *,
        base_url: str = BASE_URL,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """*token* is the bot's. Nothing is asked yet. *sleep* waits for so many seconds; *seconds* counts them."""
        self._loop = loop
        self._sleep = sleep
        self._seconds = seconds
        self._asked: deque[float] = deque()  # When somebody was asked for alone, within the last minute.
        self._listed: Mapping[str, Person] = {}  # As the whole list had them, for a minute: of many rooms at once.
        self._listed_at = -MINUTE_S
        self._api = loop.run(_made(token, base_url))
        self._self = ""
        self._workspace = ""

    def close(self) -> None:
        """Close the connections."""
        self._loop.run(self._api.close())

    def myself(self) -> str | Failure:
        """The bot's own Slack member id."""
        return self._loop.run(self._myself())

    def channels(self) -> Sequence[Channel] | Failure:
        """All channels that the bot is in; without the scope for private ones, the public ones."""
        return self._loop.run(self._channels())

    def channel(self, channel: str) -> Channel | Failure:
        """One channel. That there is none, or none that the bot may see, is a channel where it is not."""
        return self._loop.run(self._channel(channel))

    def members(self, channel: str) -> Sequence[str] | Failure:
        """The Slack member ids of all who are in a channel, without the bot itself."""
        return self._loop.run(self._members(channel))

    def people(self, users: Collection[str]) -> Mapping[str, Person] | Failure:
        """Who these Slack member ids are; those that Slack does not know are left out."""
        return self._loop.run(self._people(users))

    async def _myself(self) -> str | Failure:
        if not self._self:
            answer = await self._api.call("auth.test")
            if isinstance(answer, Failure):
                return answer
            self._self, self._workspace = str(answer.get("user_id", "")), str(answer.get("team_id", ""))
        return self._self

    async def _channels(self) -> Sequence[Channel] | Failure:
        found = await self._pages(
            "users.conversations", "channels", types="public_channel,private_channel", exclude_archived="true"
        )
        if isinstance(found, Failure) and found.code == "missing_scope":
            found = await self._pages(
                "users.conversations", "channels", types="public_channel", exclude_archived="true"
            )
        if isinstance(found, Failure):
            return found
        # Only where the bot is, is listed; that is what the method is for.
        return [_channel(each, there=True) for each in found if isinstance(each, dict)]

    async def _channel(self, channel: str) -> Channel | Failure:
        answer = await self._api.read("conversations.info", channel=channel)
        if isinstance(answer, Failure):
            gone = answer.code in {"channel_not_found", "is_archived"}
            return Channel(id=channel, name="", there=False) if gone else answer
        shown = answer.get("channel")
        return _channel(shown if isinstance(shown, dict) else {}, channel)

    async def _members(self, channel: str) -> Sequence[str] | Failure:
        own = await self._myself()
        if isinstance(own, Failure):
            return own
        found = await self._pages("conversations.members", "members", channel=channel)
        return found if isinstance(found, Failure) else [user for user in map(str, found) if user != own]

    async def _people(self, users: Collection[str]) -> Mapping[str, Person] | Failure:
        own = await self._myself()
        if isinstance(own, Failure):
            return own
        self._forget()
        many = len(users) + len(self._asked) > ONE_BY_ONE_MAX
        if many and not self._listed:
            listed = await self._pages("users.list", "members")
            if isinstance(listed, Failure):
                return listed
            people = (_person(each, self._workspace) for each in listed if isinstance(each, dict))
            self._listed, self._listed_at = {each.id: each for each in people}, self._seconds()
            return {user: self._listed[user] for user in users if user in self._listed}
        found = {user: self._listed[user] for user in users if many and user in self._listed}
        for user in [user for user in users if user not in found]:
            self._asked.append(self._seconds())
            answer = await self._read("users.info", found, user=user)
            if isinstance(answer, Failure):
                if isinstance(answer.result, Refused) and answer.code in {"user_not_found", "user_not_visible"}:
                    continue
                return answer
            shown = answer.get("user")
            if isinstance(shown, dict):
                found[user] = _person(shown, self._workspace, user)
        return found

    def _forget(self) -> None:
        """What is older than a minute."""
        ended = self._seconds() - MINUTE_S
        while self._asked and self._asked[0] <= ended:
            self._asked.popleft()
        if self._listed_at <= ended:
            self._listed = {}

    async def _pages(self, method: str, key: str, **arguments: str) -> list[Json] | Failure:
        found: list[Json] = []
        cursor = ""
        for _ in range(PAGES_MAX):
            more = {"cursor": cursor} if cursor else {}
            answer = await self._read(method, found, limit=PAGE, **arguments, **more)
            if isinstance(answer, Failure):
                return answer
            items = answer.get(key)
            found += items if isinstance(items, list) else []
            told = answer.get("response_metadata")
            cursor = str(told.get("next_cursor") or "") if isinstance(told, dict) else ""
            if not cursor:
                break
        return found

    async def _read(self, method: str, so_far: Sized, **arguments: str) -> dict[str, Json] | Failure:
        """As the API's; in the middle of a list it waits, once, as long as Slack asks."""
        answer = await self._api.read(method, **arguments)
        if not so_far or not isinstance(answer, Failure) or not isinstance(answer.result, Postponed):
            return answer
        wait = answer.result.after or 0
        if not 0 < wait <= WAIT_MAX:
            return answer
        await self._sleep(wait / SECOND)
        return await self._api.read(method, **arguments)


async def _made(token: str, base_url: str) -> Api:
    return Api(token, base_url=base_url, timeout=TIMEOUT)


def _channel(shown: _Object, channel: str = "", *, there: bool | None = None) -> Channel:
    is_in = bool(shown.get("is_member")) if there is None else there
    return Channel(
        id=str(shown.get("id") or channel),
        name=str(shown.get("name") or ""),
        there=is_in and not shown.get("is_archived") and not shown.get("is_im") and not shown.get("is_mpim"),
        shared=bool(shown.get("is_ext_shared") or shown.get("is_pending_ext_shared")),
    )


def _person(shown: _Object, workspace: str, user: str = "") -> Person:
    profile = shown.get("profile")
    told: _Object = profile if isinstance(profile, dict) else {}
    handle = str(shown.get("name") or "")
    return Person(
        id=str(shown.get("id") or user),
        handle=handle,
        name=str(told.get("display_name") or told.get("real_name") or shown.get("real_name") or handle),
        zone=str(shown.get("tz") or ""),
        email=str(told.get("email") or ""),
        bot=bool(shown.get("is_bot")) or shown.get("id") == "USLACKBOT",
        deleted=bool(shown.get("deleted")),
        outside=is_outside(shown, workspace),
    )


def is_outside(shown: _Object, workspace: str) -> bool:
    """Whether somebody is in a shared channel from another organisation: Tocsin neither asks nor answers these.

    Source: https://docs.slack.dev/reference/objects/user-object (`team_id`; in an enterprise `enterprise_user.teams`).
    """
    enterprise = shown.get("enterprise_user")
    teams = enterprise.get("teams") if isinstance(enterprise, dict) else None
    theirs = shown.get("team_id")
    return bool(workspace and theirs and theirs != workspace) and workspace not in (teams or ())
