"""How much we may say in Slack, and who comes first: pages, new incidents, updates, then all else.

Slack takes one message a second and channel, several hundred a minute and workspace, and of each other method so many
calls a minute as its tier allows (chat.update: 50): https://docs.slack.dev/apis/web-api/rate-limits. Who asks for more
is told 429, and loses more time than by waiting. So we count ourselves, as Slack does: in a bucket of calls that fills
evenly. Who is of a lower rank leaves some of it for those above. A page never waits for this count, since our number is
only a careful guess; it is counted all the same, so that the others make room.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import msgspec

from tocsin.kernel.time import MINUTE, SECOND, Duration, Instant
from tocsin.slack.turns import Turns

MESSAGES_PER_MINUTE: Final = 240  # "Several hundred": https://docs.slack.dev/apis/web-api/rate-limits.
CHANGES_PER_MINUTE: Final = 48  # Tier 3 is 50; the clocks of two machines are not the same.
KEPT: Final[Duration] = 5 * SECOND  # A turn that nobody has come for is given away.
OTHER: Final[Duration] = 10 * SECOND  # Two channels that are refused this soon after each other: it is the workspace.


GATHERED: Final[Duration] = 5 * SECOND  # What a room's new incidents wait for company, after a message for several.
GATHERED_PAGES: Final[Duration] = 2 * SECOND  # The same for pages.
GATHERED_MAX: Final[Duration] = 20 * SECOND


class Rank(IntEnum):
    """Who comes first."""

    PAGE = 0
    NEW = 1
    UPDATE = 2
    REST = 3


class Allowance(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages and changes a minute; for workspaces to which Slack grants more."""

    messages: int = MESSAGES_PER_MINUTE
    changes: int = CHANGES_PER_MINUTE


_LEFT: Final = {Rank.PAGE: 0.0, Rank.NEW: 0.0, Rank.UPDATE: 0.2, Rank.REST: 0.5}
"""The share of a full bucket that a rank leaves for those above it."""


class Budget:
    """A bucket that fills evenly, with turns by key: who waits keeps the turn that was given."""

    def __init__(self, per_minute: int, burst: int) -> None:
        """So many a minute, and at most *burst* at once. It is full."""
        self._rate = per_minute / MINUTE
        self._burst = max(1, burst)
        self._full: float = self._burst
        self._at: Instant = 0
        self._turns: dict[str, tuple[Instant, Rank]] = {}

    def spend(self, now: Instant) -> None:
        """One is said, whatever the count says."""
        self._fill(now)
        self._full = max(self._full - 1, -float(self._burst))

    def wait(self, key: str, rank: Rank, now: Instant) -> Duration:
        """Milliseconds until *key* may; 0 takes one. A turn that a lower rank was given holds up no higher one."""
        self._fill(now)
        turn = self._turns.get(key)
        if turn is not None and rank < turn[1]:
            turn = None
        if turn is not None and now < turn[0]:
            return turn[0] - now
        ahead = sum(1 for name, (_, other) in self._turns.items() if name != key and other <= rank) if not turn else 0
        lacking = 1 + ahead + _LEFT[rank] * self._burst - self._full
        if lacking > 0 if turn is None else self._full < 1:
            missing = lacking if turn is None else 1 - self._full
            until = now + max(1, round(missing / self._rate))
            self._turns[key] = until, rank
            return until - now
        self._turns.pop(key, None)
        self._full -= 1
        return 0

    def spare(self, rank: Rank, now: Instant) -> bool:
        """Whether one of *rank* may go at once; then it has. Nobody waits for it."""
        self._fill(now)
        if self._full < 1 + len(self._turns) + _LEFT[rank] * self._burst:
            return False
        self._full -= 1
        return True

    def exhausted(self, now: Instant) -> None:
        """Slack counts more than we do: nothing is left."""
        self._fill(now)
        self._full = min(self._full, 0.0)

    @property
    def fullness(self) -> float:
        """From 0 to 1, as it was when it was last looked at."""
        return max(0.0, self._full / self._burst)

    def _fill(self, now: Instant) -> None:
        self._full = min(self._burst, self._full + max(0, now - self._at) * self._rate)
        self._at = max(self._at, now)
        for key in [key for key, (at, _) in self._turns.items() if at + KEPT < now]:
            del self._turns[key]


class Gathering:
    """While much comes at once for one channel, messages become fewer and larger, so that they can be kept true.

    After a message that stood for several, what comes next waits for company: the longer this goes on, the longer.
    """

    def __init__(self) -> None:
        """Nothing comes."""
        self._crowds: dict[str, tuple[int, Instant]] = {}  # How many such messages there were, and the last one.

    def posted(self, channel: str, now: Instant, *, several: bool) -> None:
        """A message was posted, for *several* incidents or for one."""
        count, last = self._crowds.get(channel, (0, 0))
        if now - last > GATHERED_MAX + OTHER:
            count = 0
        if several or count:
            self._crowds[channel] = count + several, now
        else:
            self._crowds.pop(channel, None)

    def wait(self, channel: str, rank: Rank, now: Instant, *, pressing: bool) -> Duration:
        """Milliseconds that something of *rank* waits for company; *pressing*: hardly any."""
        count, last = self._crowds.get(channel, (0, 0))
        if not count:
            return 0
        growing = min(GATHERED_PAGES << min(count - 1, 8), GATHERED_MAX)
        pause = GATHERED_PAGES if pressing else growing if rank is Rank.PAGE else GATHERED
        return max(0, last + pause - now)


class Pacing:
    """Whose turn it is to post or to change something, in one workspace."""

    def __init__(self, allowance: Allowance) -> None:
        """Nothing was said yet."""
        self._messages = Budget(allowance.messages, allowance.messages // 2)
        self._changes = Budget(allowance.changes, allowance.changes * 5 // 6)
        self._turns = Turns()
        self._refused: dict[str, Instant] = {}
        self._changed: dict[str, Instant] = {}

    def post(self, channel: str, rank: Rank, now: Instant) -> Duration:
        """Milliseconds until *channel* may post something of *rank*; 0 takes the turn."""
        wait = self._turns.wait(channel, now, page=rank is Rank.PAGE)
        if wait:
            return wait
        if rank is Rank.PAGE:
            self._messages.spend(now)
            return 0
        return self._messages.wait(channel, rank, now)

    def change(self, key: str, rank: Rank, now: Instant) -> Duration:
        """Milliseconds until the message *key* may be changed; 0 takes the turn.

        When much is changed, none is changed again at once: it gathers what else is new.
        """
        rests = self._changed.get(key, 0) + GATHERED - now
        if rests > 0 and self._changes.fullness < _LEFT[Rank.REST]:
            return rests
        wait = self._changes.wait(key, rank, now)
        if not wait:
            self._changed.pop(key, None)
            self._changed[key] = now  # The newest stands last; the old ones are forgotten from the front.
            while self._changed[oldest := next(iter(self._changed))] + GATHERED <= now:
                del self._changed[oldest]
        return wait

    def spare_change(self, now: Instant) -> bool:
        """Whether there is room for a change that nobody would miss; then it is taken."""
        return self._changes.spare(Rank.REST, now)

    def too_many_posts(self, channel: str, now: Instant) -> None:
        """Slack has taken a post for one too many.

        One channel that is refused concerns nobody else. It is the workspace's limit if another one was refused a
        moment ago, or if by our own count little is left.
        """
        self._refused = {name: at for name, at in self._refused.items() if at + OTHER >= now}
        if self._refused.keys() - {channel} or self._messages.fullness < _LEFT[Rank.REST]:
            self._turns.limited(now)
        self._refused[channel] = now

    def too_many_changes(self, now: Instant) -> None:
        """Slack has taken a change for one too many."""
        self._changes.exhausted(now)
