"""Who seems to be there, as Slack shows it: a hint for whoever chooses whom to ask.

Presence is asked for one person at a time (`users.getPresence`, tier 3: 50 a minute), do-not-disturb for fifty at once
(`dnd.teamInfo`, tier 2: 20 a minute): https://docs.slack.dev/reference/methods/users.getPresence,
https://docs.slack.dev/reference/methods/dnd.teamInfo. It is done gently, in the background, far below what is allowed.
Whatever fails is simply not known, and what is old is not known any more; no page ever waits for it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Final

import msgspec

from tocsin.choosing.situation import Presence
from tocsin.engine.ports import Postponed
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, SECOND, Duration, Instant
from tocsin.slack.addresses import BASE_URL
from tocsin.slack.answers import Failure
from tocsin.slack.api import Api
from tocsin.slack.loop import LoopThread

FRESH: Final[Duration] = 10 * MINUTE  # What was seen longer ago says nothing about now.
PAUSE: Final[Duration] = 3 * SECOND  # Between two calls.
ROUND: Final[Duration] = 2 * MINUTE  # From the beginning of a round to that of the next, at least.
TROUBLE: Final[Duration] = MINUTE  # After a failure, if Slack does not say how long.
REFUSED: Final[Duration] = 60 * MINUTE  # A scope that is missing will not be there in a minute.
AT_ONCE_MAX: Final = 50  # Users of one call of `dnd.teamInfo`.
TIMEOUT: Final[Duration] = 10 * SECOND
NO_SUCH_USER: Final = frozenset({"user_not_found", "user_not_visible", "user_disabled"})  # The others may be there.

log = logging.getLogger(__name__)


class Seen(msgspec.Struct, frozen=True):
    """What was shown of somebody, and when."""

    presence: Presence
    at: Instant


class SlackPresence:
    """Looks after *people*. `shown` may be called on any thread."""

    def __init__(
        self,
        loop: LoopThread,
        token: str,
        people: Mapping[str, str],
        *,
        now: Callable[[], Instant],
        base_url: str = BASE_URL,
        pause: Duration = PAUSE,
    ) -> None:
        """*people*: Slack member ids by responder; a mapping that changes is looked into with each round."""
        self._loop = loop
        self._token = token
        self._people = people
        self._now = now
        self._base_url = base_url
        self._pause = pause
        self._seen: dict[str, Seen] = {}
        self._task: Future[None] | None = None

    def start(self, *, waits: bool = False) -> None:
        """Begin, if there is anybody, or if *waits*: somebody may come."""
        if self._people or waits:
            self._task = self._loop.spawn(self._run())

    def close(self) -> None:
        """End; it need not have begun."""
        if self._task is not None:
            self._task.cancel()

    def shown(self, name: str, now: Instant) -> Presence:
        """What Slack shows of the responder *name*, if that was seen lately."""
        seen = self.seen(name)
        return seen.presence if seen is not None and now - seen.at <= FRESH else Presence.UNKNOWN

    def seen(self, name: str) -> Seen | None:
        """The last that was seen of the responder *name*."""
        return self._seen.get(name)

    async def look(self, api: Api) -> Duration:
        """One round; for how many ms to rest after it."""
        people = dict(self._people)
        quiet = await self._quiet(api, list(people.values()))
        if isinstance(quiet, Failure):
            return _rest(quiet)
        for name, user in people.items():
            await asyncio.sleep(self._pause / SECOND)
            answer = await api.read("users.getPresence", user=user)
            if isinstance(answer, Failure):
                self._seen.pop(name, None)
                if answer.code not in NO_SUCH_USER:
                    return _rest(answer)
                continue
            active = Presence.ACTIVE if answer.get("presence") == "active" else Presence.AWAY
            self._seen[name] = Seen(Presence.DO_NOT_DISTURB if user in quiet else active, self._now())
        return max(self._pause, ROUND - len(people) * self._pause)

    async def _run(self) -> None:
        api = Api(self._token, base_url=self._base_url, timeout=TIMEOUT)
        try:
            rest = await self.look(api)
            while rest > 0:  # It always is: the end comes as a cancellation.
                await asyncio.sleep(rest / SECOND)
                rest = await self.look(api)
        finally:
            await api.close()

    async def _quiet(self, api: Api, users: Sequence[str]) -> set[str] | Failure:
        """Those of *users* who do not want to be disturbed now."""
        found = set()
        for start in range(0, len(users), AT_ONCE_MAX):
            answer = await api.read("dnd.teamInfo", users=",".join(users[start : start + AT_ONCE_MAX]))
            if isinstance(answer, Failure):
                return answer
            told = answer.get("users")
            states = told.items() if isinstance(told, dict) else ()
            found |= {user for user, state in states if is_quiet(state, self._now())}
        return found


def is_quiet(state: Json, now: Instant) -> bool:
    """Whether what `dnd.teamInfo` says of somebody means *now*."""
    if not isinstance(state, dict) or not state.get("dnd_enabled"):
        return False
    start, end = state.get("next_dnd_start_ts"), state.get("next_dnd_end_ts")
    return isinstance(start, int) and isinstance(end, int) and start <= now / SECOND < end


def _rest(failure: Failure) -> Duration:
    """How long to leave Slack alone after *failure*."""
    log.info("who is there cannot be seen", extra={"problem": failure.result.error})
    if isinstance(failure.result, Postponed):
        return max(failure.result.after or TROUBLE, TROUBLE)
    return REFUSED
