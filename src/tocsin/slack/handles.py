"""User groups and topics of Slack: who is in a group, whom it should have, and what a channel says above.

Sources: https://docs.slack.dev/reference/methods/usergroups.list, usergroups.users.update, usergroups.enable (tier 2;
`permission_denied` where the workspace does not let everybody manage groups) and conversations.setTopic.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

import msgspec

from tocsin.engine.ports import Postponed
from tocsin.kernel.time import SECOND, Duration
from tocsin.slack.addresses import BASE_URL
from tocsin.slack.answers import Failure
from tocsin.slack.api import Api
from tocsin.slack.loop import LoopClosedError, LoopThread

T = TypeVar("T")

TIMEOUT: Final[Duration] = 10 * SECOND
FORBIDDEN: Final = frozenset(
    {"permission_denied", "missing_scope", "no_permission", "plan_upgrade_required", "restricted_action"}
)
"""The workspace does not let us; trying again in a minute cannot help."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A user group."""

    id: str
    users: tuple[str, ...]
    disabled: bool = False


class SlackHandles:
    """Blocks its caller, who is on another thread than the loop; when that has ended, everything fails."""

    def __init__(self, loop: LoopThread, token: str, *, base_url: str = BASE_URL) -> None:
        """Nothing is called yet."""
        self._loop = loop
        self._token = token
        self._base_url = base_url

    def group(self, handle: str) -> Group | Failure | None:
        """The group with this handle (with or without `@`); None: there is none."""
        return self._run(lambda api: _group(api, handle.removeprefix("@")))

    def put(self, group: str, users: Sequence[str], *, enable: bool) -> Failure | None:
        """Replace the list of a group; None: done."""
        return self._run(lambda api: _put(api, group, users, enable=enable))

    def topic(self, channel: str) -> str | Failure:
        """What stands above a channel."""
        return self._run(lambda api: _topic(api, channel))

    def set_topic(self, channel: str, text: str) -> Failure | None:
        """Write it; None: done."""
        return self._run(lambda api: _done(api, "conversations.setTopic", channel=channel, topic=text))

    def _run(self, work: Callable[[Api], Awaitable[T]]) -> T | Failure:
        try:
            return self._loop.run(self._with(work))
        except LoopClosedError:
            return Failure("", Postponed("Tocsin is stopping"))

    async def _with(self, work: Callable[[Api], Awaitable[T]]) -> T:
        api = Api(self._token, base_url=self._base_url, timeout=TIMEOUT)
        try:
            return await work(api)
        finally:
            await api.close()


async def _group(api: Api, handle: str) -> Group | Failure | None:
    answer = await api.read("usergroups.list", include_users="true", include_disabled="true")
    if isinstance(answer, Failure):
        return answer
    for found in answer.get("usergroups") or ():
        if found.get("handle") == handle:
            users = tuple(str(user) for user in found.get("users") or ())
            return Group(id=str(found["id"]), users=users, disabled=bool(found.get("date_delete")))
    return None


async def _put(api: Api, group: str, users: Sequence[str], *, enable: bool) -> Failure | None:
    if enable and (failure := await _done(api, "usergroups.enable", usergroup=group)):
        return failure
    return await _done(api, "usergroups.users.update", usergroup=group, users=",".join(users))


async def _topic(api: Api, channel: str) -> str | Failure:
    answer = await api.read("conversations.info", channel=channel)
    if isinstance(answer, Failure):
        return answer
    return str(((answer.get("channel") or {}).get("topic") or {}).get("value") or "")


async def _done(api: Api, method: str, **arguments: str) -> Failure | None:
    answer = await api.call(method, **arguments)
    return answer if isinstance(answer, Failure) else None
