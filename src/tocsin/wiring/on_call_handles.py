"""The on-call handle: a user group in Slack is who is on call; where that is not allowed, a channel's topic says it.

Who should be in it is looked at twice a minute, as schedules, overrides and swaps stand then; Slack is called when that
has changed, after a restart, and now and then to see whether somebody has changed it by hand.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol
from zoneinfo import ZoneInfo

import msgspec

from tocsin.engine.ports import Postponed, Received, Records
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.ladder import responder
from tocsin.kernel.announcement import Announcement
from tocsin.kernel.time import HOUR, MINUTE, SECOND, Duration, Instant
from tocsin.notices.machine import Healed, Noticed
from tocsin.schedules.handle import OURS, Handle, topic, wanted
from tocsin.schedules.schedule import everybody
from tocsin.schedules.timeline import current
from tocsin.slack.answers import Failure
from tocsin.slack.handles import FORBIDDEN, Group
from tocsin.wiring.chat_care import Message, as_delivery
from tocsin.wiring.rounds import Rounds
from tocsin.wiring.schedules import schedules
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_schedules import Schedule as Wishes
from tocsin.wiring.transports import Chat

EVERY: Final[Duration] = 30 * SECOND
CHECK_EVERY: Final[Duration] = 6 * HOUR  # Somebody may have changed the list by hand.
TROUBLE: Final[Duration] = MINUTE  # After a failure, unless Slack says how long.
REFUSED: Final[Duration] = HOUR  # Who may not today may not in a minute.
STOP_SECONDS: Final = 1.0

_HOW: Final = (
    "To allow it: in Slack's workspace settings let everyone manage user groups (Permissions, User Groups), give the "
    "app the scopes usergroups:read and usergroups:write, and install it again."
)

log = logging.getLogger(__name__)


class Handles(Protocol):
    """`tocsin.slack.handles.SlackHandles`."""

    def group(self, handle: str) -> Group | Failure | None:
        """The group with this handle."""
        ...

    def put(self, group: str, users: Sequence[str], *, enable: bool) -> Failure | None:
        """Replace its list."""
        ...

    def topic(self, channel: str) -> str | Failure:
        """What stands above a channel."""
        ...

    def set_topic(self, channel: str, text: str) -> Failure | None:
        """Write it."""
        ...


class _Done(msgspec.Struct, frozen=True):
    """What was done last: for whom, until when that is good, and what is in the way of it (a word, or empty)."""

    who: str
    until: Instant
    again_at: Instant
    trouble: str


class OnCallHandles:
    """Keeps all handles and topics that the settings name."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        records: Records,
        clock: Callable[[], Instant],
        accept: Callable[[Sequence[Received]], object],
        handles: Handles,
    ) -> None:
        """*accept* stores deliveries durably; it may raise StoreUnavailableError."""
        self._settings = settings
        self._records = records
        self._clock = clock
        self._accept = accept
        self._handles = handles
        self._done: dict[str, _Done] = {}
        self._written: set[str] = set()  # Channels whose topic has a part of ours.
        self._rounds = Rounds("on-call-handles", self.go_round, EVERY / SECOND, at_once=True, patience=STOP_SECONDS)

    def start(self) -> None:
        """Begin."""
        self._rounds.start()

    def stop(self) -> None:
        """End; a call under way is left alone."""
        self._rounds.stop()

    def go_round(self) -> None:
        """Look at all of them once."""
        try:
            self.look()
        except StoreUnavailableError as problem:
            log.warning("the on-call handles cannot be kept", extra={"problem": problem.message})

    def look(self) -> None:
        """Do what has to be done now. Raises StoreUnavailableError."""
        now, settings = self._clock(), self._settings()
        wishes = {name: each for name, each in settings.schedules.items() if each.handle or each.topic}
        if not wishes:
            return
        for name, schedule in schedules(settings, self._records).items():
            if name not in wishes:
                continue
            shift = current(schedule, now)
            done = self._done.get(name)
            if done and (done.who, done.until) == (shift.who, shift.until) and now < done.again_at:
                continue
            until = _told(shift.until, wishes[name].time_zone) if shift.who else ""
            trouble, rest = self._keep(settings, wishes[name], shift.who, until, done.trouble if done else None)
            self._tell(name, wishes[name], trouble, tuple(map(responder, everybody(schedule))), now)
            self._done[name] = _Done(shift.who, shift.until, now + rest, trouble)

    def _keep(self, settings: Settings, wish: Wishes, who: str, until: str, former: str | None) -> tuple[str, Duration]:
        """Make it so; what is in the way, in a word, and when to look again."""
        trouble, rest = self._keep_handle(settings, wish, who, former) if wish.handle else ("", CHECK_EVERY)
        needed = bool(trouble) or not wish.handle
        # What a topic once said of who is on call must not become a lie, whoever else says it now.
        if wish.topic and (needed or former is None or wish.topic in self._written):
            person = settings.responders.get(who)
            failure = self._keep_topic(wish.topic, (person.name or who) if person else who, until, needed=needed)
            if failure is not None:
                return trouble or failure.code or "unreachable", min(rest, _rest(failure))
        return trouble, rest

    def _keep_handle(self, settings: Settings, wish: Wishes, who: str, former: str | None) -> tuple[str, Duration]:
        assert wish.handle is not None
        group = self._handles.group(wish.handle)
        if group is None:
            return "no_such_handle", REFUSED
        if isinstance(group, Failure):
            return _trouble(group), _rest(group)
        accounts = {name: person.slack or "" for name, person in settings.responders.items()}
        step = wanted([who], accounts, group.users, disabled=group.disabled)
        if step.what is Handle.RIGHT and former in FORBIDDEN:  # By luck: what is not allowed shows at the next change.
            return former, REFUSED
        if step.what is not Handle.PUT:
            return "" if step.what is Handle.RIGHT else step.what.value, CHECK_EVERY
        failure = self._handles.put(group.id, step.users, enable=step.enable)
        return ("", CHECK_EVERY) if failure is None else (_trouble(failure), _rest(failure))

    def _keep_topic(self, channel: str, who: str, until: str, *, needed: bool) -> Failure | None:
        former = self._handles.topic(channel)
        if isinstance(former, Failure):
            return former if needed else None
        if not (needed or OURS in former):
            return None
        self._written.add(channel)
        text = topic(former, who, until)
        return None if text is None else self._handles.set_topic(channel, text)

    def _tell(self, name: str, wish: Wishes, trouble: str, receivers: tuple[str, ...], now: Instant) -> None:
        """Tell a trouble that began, or is over; the notice knows which it has told."""
        done = self._done.get(name)
        if trouble in {done.trouble if done else None, _PASSING}:
            return
        shown = wish.handle or wish.topic or ""
        told = Announcement(*_words(name, shown, trouble, topic=bool(wish.topic)))
        if trouble:
            message = Message(
                subject=f"on-call/{name}", noticed=Noticed(condition=trouble, told=told, receivers=receivers)
            )
        else:
            message = Message(subject=f"on-call/{name}", healed=Healed(told=told))
        self._accept([as_delivery(message, now)])


def keepers(
    chats: Sequence[Chat],
    settings: Callable[[], Settings],
    records: Records,
    clock: Callable[[], Instant],
    accept: Callable[[Sequence[Received]], object],
) -> Sequence[OnCallHandles]:
    """One for each of *chats* that has handles."""
    return [OnCallHandles(settings, records, clock, accept, chat.handles) for chat in chats if chat.handles is not None]


_PASSING: Final = "unreachable"  # What passes by itself is told elsewhere, if it lasts.


def _words(name: str, shown: str, trouble: str, *, topic: bool) -> tuple[str, tuple[str, ...]]:
    instead = ("Until then the channel's topic says who is on call.",) if topic else ()
    if not trouble:
        return f"{shown} is kept equal to who is on call in {name} again", ()
    if trouble in FORBIDDEN:
        return f"{shown} cannot be kept: Slack does not let the app change user groups ({trouble})", (_HOW, *instead)
    match trouble:
        case Handle.NOBODY.value:
            return f"Nobody is on call in {name}; {shown} still reaches whoever was last, since it cannot be empty", ()
        case Handle.STRANGER.value:
            title = f"Who is on call in {name} has no Slack account in the configuration; {shown} stays as it was"
            return title, ("`responders.NAME.slack` is the place for it.", *instead)
        case "no_such_handle":
            return f"{shown} cannot be kept: there is no such user group in Slack", ("Make it there once.", *instead)
        case _:
            return f"{shown} cannot be kept: Slack says {trouble}", instead


def _trouble(failure: Failure) -> str:
    return _PASSING if isinstance(failure.result, Postponed) and failure.code not in FORBIDDEN else failure.code


def _rest(failure: Failure) -> Duration:
    if failure.code in FORBIDDEN:
        return REFUSED
    if isinstance(failure.result, Postponed):
        return max(failure.result.after or 0, TROUBLE)
    return REFUSED


def _told(at: Instant, zone: str) -> str:
    """A time by the clocks of *zone*: `Fri 18:00`, and which clocks those are."""
    shown = datetime.fromtimestamp(at / SECOND, UTC).astimezone(ZoneInfo(zone))
    return f"{shown:%a %d %b %H:%M} {zone}"
