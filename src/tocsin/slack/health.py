"""What is wrong with Slack, or with a room or a person in it, as its answers to our calls have shown.

Only what one knows is here: a call that Slack took clears what it proves well. Everything may be asked on any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from tocsin.engine.ports import Postponed
from tocsin.kernel.time import MINUTE, SECOND, Duration, Instant
from tocsin.slack.answers import PERMANENT, Failure

WORKSPACE: Final = ""  # The subject that is the workspace, and our place in it.
DOWN: Final = "unreachable"
DOWN_CALLS: Final = 3  # So many calls in a row, ...
DOWN_AFTER: Final[Duration] = 10 * SECOND  # ... over so long a time: before, it may be the network's cough.
SILENCE_GAP: Final[Duration] = MINUTE  # Calls that are further apart than this tell nothing of the time between.

OF_PEOPLE: Final = frozenset(
    {"cannot_dm_bot", "user_disabled", "user_not_found", "user_not_visible", "users_not_found", "user_not_in_workspace"}
)
OF_ROOMS: Final = frozenset(
    {
        "channel_is_limited_access",
        "channel_not_found",
        "is_archived",
        "is_inactive",
        "method_not_supported_for_channel_type",
        "not_in_channel",
        "posting_to_general_channel_denied",
        "restricted_action",
        "restricted_action_read_only_channel",
    }
)
_TOLD_BY_SLACK: Final = frozenset({"channel_not_found", "is_archived", "is_inactive", "not_in_channel", *OF_PEOPLE})
_OF_THE_MESSAGE: Final = frozenset({"invalid_blocks", "msg_too_long"})  # Nothing is wrong but our message.
_OF_THE_APP: Final = frozenset(PERMANENT) - OF_PEOPLE - OF_ROOMS - _OF_THE_MESSAGE


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with *subject*: WORKSPACE, a room as it is addressed, or a member's id.

    *code* is Slack's word, or DOWN; *said* the same in ours.
    """

    subject: str
    code: str
    said: str
    since: Instant


class SlackHealth:
    """Hears every answer, and knows what is wrong."""

    def __init__(self, now: Callable[[], Instant], on_change: Callable[[], None] = lambda: None) -> None:
        """Nothing is known yet. *on_change* is called on the thread that heard, and must not wait."""
        self._now = now
        self._on_change = on_change
        self._lock = threading.Lock()
        self._troubles: dict[str, Trouble] = {}
        self._well: dict[str, Instant] = {}
        self._addresses: dict[str, str] = {}
        self._silent_since: Instant | None = None
        self._silent_at: Instant = 0  # When the last call stayed without an answer.
        self._silent_calls = 0

    def alias(self, channel: str, address: str) -> None:
        """The channel is called so by those who ask: a person's direct message, a room by its name."""
        with self._lock:
            if self._addresses.get(address) != channel:  # Who asks by the name now means the channel.
                self._addresses[channel] = address

    def resolved(self, name: str, channel: str) -> None:
        """A room known by its *name* only is *channel*, and we are there: what was wrong by the name is over."""
        with self._lock:
            self._addresses.pop(channel, None)
            self._addresses[name] = channel
            changed = self._troubles.pop(name, None) is not None
            if channel not in self._troubles:
                self._well[channel] = self._now()
        if changed:
            self._on_change()

    def subject(self, address: str) -> str:
        """By what *address* is known here."""
        with self._lock:
            return self._addresses.get(address, address)

    def heard(self, subject: str, answer: Mapping[str, object] | Failure, asked_at: Instant | None = None) -> None:
        """What Slack said when something was done for *subject* (a channel, an address, or WORKSPACE).

        *asked_at*: when it was asked, if it may have been some time ago.
        """
        with self._lock:
            subject = self._addresses.get(subject, subject)
            before = dict(self._troubles)
            if isinstance(answer, Failure):
                self._failed(subject, answer, self._now() if asked_at is None else asked_at)
            else:
                self._worked(subject)
            changed = before != self._troubles
        if changed:
            self._on_change()

    def member(self, room: str, *, code: str = "") -> None:
        """Slack's own word about a *room*, or a member: all is well, or *code* says what is not.

        Who may post there is not said so: that shows only when we do.
        """
        with self._lock:
            room = self._addresses.get(room, room)
            found = self._troubles.get(room)
            if code:
                changed = self._wrong(room, code, PERMANENT[code])
            else:
                changed = (found is None or found.code in _TOLD_BY_SLACK) and self._right(room)
        if changed:
            self._on_change()

    def troubles(self) -> tuple[Trouble, ...]:
        """All that is wrong, the workspace first."""
        with self._lock:
            return tuple(self._troubles[name] for name in sorted(self._troubles))

    def trouble(self, subject: str) -> Trouble | None:
        """What keeps from *subject* what we say: its own trouble, or the workspace's."""
        with self._lock:
            return self._troubles.get(WORKSPACE) or self._troubles.get(self._addresses.get(subject, subject))

    def silence(self) -> tuple[int, Duration]:
        """How many calls in a row have had no answer lately, and since how long there was none."""
        with self._lock:
            now = self._now()
            if self._silent_since is None or now - self._silent_at > SILENCE_GAP:
                return 0, 0
            return self._silent_calls, now - self._silent_since

    def is_well(self, subject: str, since: Instant) -> bool:
        """Whether something was taken for *subject* at *since* or later, and nothing is wrong with it now."""
        with self._lock:
            subject = self._addresses.get(subject, subject)
            return subject not in self._troubles and self._well.get(subject, -1) >= since

    def _failed(self, subject: str, failure: Failure, asked_at: Instant) -> None:
        code = failure.code
        if code in _OF_THE_APP:
            self._wrong(WORKSPACE, code, PERMANENT[code])
        elif code in OF_ROOMS | OF_PEOPLE and subject != WORKSPACE:
            self._wrong(subject, code, PERMANENT.get(code, code))
        elif isinstance(failure.result, Postponed) and failure.result.counts:
            self._silence(asked_at)
            return
        self._spoke()

    def _silence(self, asked_at: Instant) -> None:
        now = self._now()
        if self._silent_since is None or asked_at - self._silent_at > SILENCE_GAP:
            self._silent_since, self._silent_calls = asked_at, 0
        self._silent_at = now
        self._silent_calls += 1
        if self._silent_calls >= DOWN_CALLS and now - self._silent_since >= DOWN_AFTER:
            self._wrong(WORKSPACE, DOWN, "Slack does not answer", since=self._silent_since)

    def _spoke(self) -> None:
        """Slack has answered, whatever it was."""
        self._silent_since, self._silent_calls = None, 0
        found = self._troubles.get(WORKSPACE)
        if found is not None and found.code == DOWN:
            self._right(WORKSPACE)

    def _worked(self, subject: str) -> None:
        self._spoke()
        self._right(WORKSPACE)
        found = self._troubles.get(subject)
        # Slack takes messages for people who were deactivated, and nobody reads them: only its own word counts there.
        if found is None or found.code not in OF_PEOPLE:
            self._right(subject)

    def _wrong(self, subject: str, code: str, said: str, since: Instant | None = None) -> bool:
        found = self._troubles.get(subject)
        if found is not None and found.code == code:
            return False
        at = self._now() if since is None else since
        self._troubles[subject] = Trouble(subject=subject, code=code, said=said, since=at)
        return True

    def _right(self, subject: str) -> bool:
        self._well[subject] = self._now()
        return self._troubles.pop(subject, None) is not None
