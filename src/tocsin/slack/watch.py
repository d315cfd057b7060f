"""Trouble is known before the first alert needs the way: Slack is asked now and then, and listened to.

Asked: who we are (`auth.test`) and whether we are in our rooms (`conversations.info`),
and whether people are still there (`users.info`). Told by Slack, as events:
https://docs.slack.dev/reference/events (channel_archive, channel_left, tokens_revoked, user_change, ...).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Final

from tocsin.conversing.noticed import Change, Noticed
from tocsin.kernel.time import SECOND, Duration
from tocsin.slack.addresses import BASE_URL
from tocsin.slack.answers import Failure
from tocsin.slack.api import Api
from tocsin.slack.health import OF_PEOPLE, OF_ROOMS, WORKSPACE, SlackHealth
from tocsin.slack.loop import LoopClosedError, LoopThread

TIMEOUT: Final[Duration] = 10 * SECOND
ROOMS_MAX: Final = 40  # Of one look: conversations.info is of tier 3, fifty a minute. The others are next.

PEOPLE_MAX: Final = 40  # users.info is of tier 4, a hundred a minute.


class SlackWatch:
    """Looks when it is told to. `look` blocks its caller, who is on another thread."""

    def __init__(
        self,
        loop: LoopThread,
        token: str,
        health: SlackHealth,
        rooms: Callable[[], Iterable[str]],
        *,
        people: Callable[[], Iterable[str]] = tuple,
        base_url: str = BASE_URL,
    ) -> None:
        """*rooms*: the channels that matter, as the configuration names them; *people*: the ids of members who do."""
        self._loop = loop
        self._token = token
        self._health = health
        self._rooms = rooms
        self._base_url = base_url
        self._people = people
        self._next = 0
        self._next_person = 0
        self.zones: dict[str, str] = {}  # The time zones of people, by their ids, as Slack shows them.
        self._may_look = True  # Until Slack says that we lack the scope: then we learn it when something is posted.

    def look(self) -> None:
        """Ask once; after the end of the loop nobody is asked."""
        with suppress(LoopClosedError):
            self._loop.run(self._look())

    async def _look(self) -> None:
        api = Api(self._token, base_url=self._base_url, timeout=TIMEOUT)
        try:
            answer = await api.call("auth.test")
            self._health.heard(WORKSPACE, answer)
            if not isinstance(answer, Failure):
                await self._look_at_rooms(api)
                await self._look_at_people(api)
        finally:
            await api.close()

    async def _look_at_rooms(self, api: Api) -> None:
        rooms = [room for room in dict.fromkeys(self._rooms()) if not room.startswith("#")]
        if self._next >= len(rooms):
            self._next = 0
        looked = rooms[self._next : self._next + ROOMS_MAX]
        self._next += ROOMS_MAX
        for room in looked if self._may_look else ():
            answer = await api.read("conversations.info", channel=room)
            if not isinstance(answer, Failure):
                self._health.member(room, code=_standing(answer.get("channel")))
            elif answer.code in OF_ROOMS:
                self._health.member(room, code=answer.code)
            else:
                self._may_look = answer.code not in {"missing_scope", "no_permission"}
                return

    async def _look_at_people(self, api: Api) -> None:
        people = list(dict.fromkeys(self._people()))
        if self._next_person >= len(people):
            self._next_person = 0
        looked = people[self._next_person : self._next_person + PEOPLE_MAX]
        self._next_person += PEOPLE_MAX
        for person in looked:
            answer = await api.read("users.info", user=person)
            if not isinstance(answer, Failure):
                user = answer.get("user") or {}
                self._health.member(person, code="user_disabled" if user.get("deleted") else "")
                if isinstance(zone := user.get("tz"), str) and zone:
                    self.zones[person] = zone
            elif answer.code in OF_PEOPLE:
                self._health.member(person, code=answer.code)
            else:
                return


def noticed(health: SlackHealth, event: Noticed) -> bool:
    """Slack has told of *event*; whether it was one that concerns us here."""
    match event.change:
        case Change.ARCHIVED:
            health.member(event.channel, code="is_archived")
        case Change.LEFT:
            health.member(event.channel, code="not_in_channel")
        case Change.REOPENED:
            health.member(event.channel, code="")
        case Change.JOINED if event.ours:
            health.member(event.channel, code="")
        case Change.REVOKED:
            health.member(WORKSPACE, code="token_revoked")
        case Change.PERSON:
            health.member(event.user, code="user_disabled" if event.gone else "")
        case _:
            return False
    return True


def _standing(channel: Any) -> str:  # noqa: ANN401 - whatever Slack says.
    """What keeps us from posting there, in Slack's word; empty: nothing that is known."""
    if not isinstance(channel, dict):
        return ""
    if channel.get("is_archived"):
        return "is_archived"
    return "not_in_channel" if channel.get("is_member") is False else ""


def _id(value: Any) -> str:  # noqa: ANN401 - whatever Slack says.
    found = value.get("id") if isinstance(value, dict) else value
    return found if isinstance(found, str) else ""
