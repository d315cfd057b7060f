"""What Slack allows how often, and for how long.

Source: https://docs.slack.dev/apis/web-api/rate-limits and the page of each method.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import msgspec

Clock = Callable[[], float]

TIER_PER_MINUTE: Final = {1: 1, 2: 20, 3: 50, 4: 100}

# Slack forgives bursts; an application may open ten sockets, so the first tier must let ten through.
TIER_BURST_MIN: Final = 10

METHOD_TIER: Final = {
    "apps.connections.open": 1,
    "conversations.list": 2,
    "conversations.setTopic": 2,
    "dnd.teamInfo": 2,
    "users.conversations": 3,
    "users.list": 2,
    "usergroups.disable": 2,
    "usergroups.enable": 2,
    "usergroups.list": 2,
    "usergroups.users.update": 2,
    "chat.delete": 3,
    "chat.update": 3,
    "conversations.info": 3,
    "conversations.open": 3,
    "dnd.info": 3,
    "files.completeUploadExternal": 4,
    "files.getUploadURLExternal": 4,
    "users.getPresence": 3,
    "chat.postEphemeral": 4,
    "conversations.members": 4,
    "users.info": 4,
    "views.open": 4,
    "views.publish": 4,
    "views.update": 4,
}


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits that the fake holds its callers to; the defaults are Slack's own.

    Durations are seconds. ``channel_rate``, ``workspace_rate`` and ``tiers`` switch the three kinds of rate limit;
    the rest cannot be switched off, only set.
    """

    channel_rate: bool = True
    """``chat.postMessage``: one message per channel and ``channel_interval_seconds``."""
    channel_interval_seconds: float = 1.0
    channel_burst: int = 1
    """Slack tolerates unspecified bursts; who lives with 1 lives with any."""
    workspace_rate: bool = True
    """``chat.postMessage``: ``workspace_per_minute`` messages in the whole workspace."""
    workspace_per_minute: int = 300
    """Slack says "several hundred"."""
    tiers: bool = True
    """The other methods: 1, 20, 50 or 100 calls a minute, by ``METHOD_TIER``."""
    trigger_seconds: float = 3.0
    response_url_uses: int = 5
    response_url_seconds: float = 1800.0
    acknowledgement_seconds: float = 3.0
    file_processing_seconds: float = 0.0
    """So long after an upload was finished no block may show the file. Slack takes a moment, and does not say how long.
    """
    sockets: int = 10
    redelivery_seconds: float = 60.0
    """After this time an event without acknowledgement is sent again, three times at most."""

    @classmethod
    def unlimited(cls) -> Limits:
        """No rate limits at all, for benchmarks. Every other rule of Slack still holds."""
        return cls(channel_rate=False, workspace_rate=False, tiers=False)


class RateLimiter:
    """Counts calls in token buckets. Not thread-safe: its owner holds the lock."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        """Start with every bucket full."""
        self._limits = limits
        self._clock = clock
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def admit(self, method: str, channel: str) -> int | None:
        """Count one call. None if it may pass; otherwise nothing is counted, and the Retry-After in whole seconds."""
        now = self._clock()
        buckets = self._buckets_of(method, channel, now)
        wait_seconds = max((bucket.wait_seconds(now) for bucket in buckets), default=0.0)
        if wait_seconds > 0:
            return max(1, math.ceil(wait_seconds))
        for bucket in buckets:
            bucket.take()
        return None

    def _buckets_of(self, method: str, channel: str, now: float) -> list[_Bucket]:
        limits = self._limits
        buckets: list[_Bucket] = []
        if method == "chat.postMessage":
            if limits.channel_rate:
                rate = 1 / limits.channel_interval_seconds
                buckets.append(self._bucket(("channel", channel), rate, limits.channel_burst, now))
            if limits.workspace_rate:
                per_minute = limits.workspace_per_minute
                buckets.append(self._bucket(("workspace", ""), per_minute / 60, per_minute, now))
        elif limits.tiers and method in METHOD_TIER:
            per_minute = TIER_PER_MINUTE[METHOD_TIER[method]]
            buckets.append(self._bucket(("method", method), per_minute / 60, max(TIER_BURST_MIN, per_minute), now))
        return buckets

    def _bucket(self, key: tuple[str, str], per_second: float, capacity: int, now: float) -> _Bucket:
        found = self._buckets.get(key)
        if found is None:
            found = self._buckets[key] = _Bucket(per_second, capacity, now)
        return found


class _Bucket:
    __slots__ = ("_at", "_capacity", "_per_second", "_tokens")

    def __init__(self, per_second: float, capacity: int, now: float) -> None:
        self._per_second = per_second
        self._capacity = capacity
        self._tokens = float(capacity)
        self._at = now

    def wait_seconds(self, now: float) -> float:
        self._tokens = min(self._capacity, self._tokens + (now - self._at) * self._per_second)
        self._at = now
        # A caller that waits exactly as long as it was told must not fail for a rounding error.
        missing = 1 - self._tokens
        return 0.0 if missing < 1e-9 else missing / self._per_second  # noqa: PLR2004 the tolerance explained above

    def take(self) -> None:
        self._tokens -= 1
