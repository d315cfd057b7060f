"""Whose turn it is to post, while Slack limits the whole workspace: one message after the other, pages more often."""

from __future__ import annotations

from typing import Final

from tocsin.kernel.time import MINUTE, Duration, Instant

TIGHT: Final[Duration] = MINUTE  # Slack counts several hundred messages a minute and workspace, and says no number.
PAGE_INTERVAL: Final[Duration] = 300  # 200 a minute for those who are asked ...
SHOW_INTERVAL: Final[Duration] = 1000  # ... and 60 for those who only read.


class Turns:
    """Turns by channel. Without a limit everybody's turn is now."""

    def __init__(self) -> None:
        """Slack has not complained."""
        self._until: Instant = 0
        self._last: dict[bool, Instant] = {False: 0, True: 0}
        self._turns: dict[tuple[str, bool], Instant] = {}

    def limited(self, now: Instant) -> None:
        """Slack took a message for one too many, though its channel had rested."""
        self._until = now + TIGHT

    def wait(self, channel: str, now: Instant, *, page: bool) -> Duration:
        """Milliseconds until *channel* may post; 0 takes the turn. Who waits keeps the turn that was given."""
        if now >= self._until:
            self._turns.clear()
            return 0
        turn = self._turns.get((channel, page))
        if turn is None:
            turn = max(self._last[page] + (PAGE_INTERVAL if page else SHOW_INTERVAL), now)
            self._last[page] = self._turns[channel, page] = turn
        if turn > now:
            return turn - now
        del self._turns[channel, page]
        return 0
