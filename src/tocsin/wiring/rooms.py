"""Rooms made by inviting the bot: looks which channels it is in, and makes of each a team with a key of its own.

What Slack sends (`noticed`) only says where to look; what is seen there is the truth, so that events may be lost, come
twice or in any order. All channels are looked at when the server starts, and every hour. One thread does it all: a
channel becomes one room however many events tell of it. Everything is stored before the welcome is said, and who dies
in between says it after the next start, with a new key, since nobody has seen the one before.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, Protocol, TypeVar

from msgspec.structs import replace

from tocsin.conversing.noticed import Change, Noticed
from tocsin.conversing.replies import Nothing, Reply
from tocsin.engine.ports import Delivered, DeliveryResult, Postponed, Records, Refused
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import SECOND, Instant
from tocsin.slack.answers import Failure
from tocsin.slack.loop import LoopClosedError
from tocsin.slack.rooms import Channel, Person
from tocsin.wiring.keys import make_key
from tocsin.wiring.room_book import RoomBook
from tocsin.wiring.room_records import Guest, Room

SWEEP_SECONDS: Final = 3600.0  # What no event has told of is found this soon.
RETRY_SECONDS: Final = 10.0  # After a failure, if Slack does not say how long.
STOP_SECONDS: Final = 2.0  # For what is under way when the server ends; it is begun anew at the next start.

log = logging.getLogger(__name__)
T = TypeVar("T")


class Workspace(Protocol):
    """What is asked of Slack: `tocsin.slack.rooms.SlackRooms`."""

    def myself(self) -> str | Failure:
        """See there."""
        ...

    def channels(self) -> Sequence[Channel] | Failure:
        """See there."""
        ...

    def channel(self, channel: str) -> Channel | Failure:
        """See there."""
        ...

    def members(self, channel: str) -> Sequence[str] | Failure:
        """See there."""
        ...

    def people(self, users: Collection[str]) -> Mapping[str, Person] | Failure:
        """See there."""
        ...


class _WaitError(Exception):
    """Slack, or the store, must be asked again later."""

    def __init__(self, why: str, seconds: float) -> None:
        super().__init__(why)
        self.seconds = seconds


class _RefusedError(Exception):
    """Slack says no, and will until somebody changes something."""


class Rooms:
    """Keeps the book of rooms as Slack is. `noticed` and `stop` may be called on any thread."""

    def __init__(
        self,
        book: RoomBook,
        slack: Workspace,
        records: Records,
        *,
        clock: Callable[[], Instant],
        welcome: Callable[[Room, str], DeliveryResult],
        refresh_keys: Callable[[], None] = lambda: None,
        standing: Callable[[Room], None] = lambda _: None,
        followed: Callable[[], None] = lambda: None,
    ) -> None:
        """*welcome* says it in the room, with its key, or without one (empty).

        *refresh_keys*: the door must learn a key that was made. *standing* hears of each room that was looked at;
        *followed* that nothing is left to look at: what follows from the settings as they are now can be done. It may
        raise StoreUnavailableError, and is called again.
        """
        self._book = book
        self._slack = slack
        self._records = records
        self._clock = clock
        self._welcome = welcome
        self._refresh_keys = refresh_keys
        self._standing = standing
        self._followed = followed
        self._fresh_keys: dict[str, str] = {}  # Of rooms that were not welcomed yet: made once, whatever fails then.
        self._looked_for: dict[str, Channel | None] = {}  # By id, in order, with what is known already.
        self._changed_users: dict[str, Channel | None] = {}
        self._all = True
        self._news = threading.Condition()
        self._stopped = False
        self._working = False
        self._thread = threading.Thread(target=self._run, name="rooms", daemon=True)

    def start(self) -> None:
        """Begin, with a look at everything."""
        self._thread.start()

    def stop(self) -> None:
        """End; it need not have begun."""
        with self._news:
            self._stopped = True
            self._news.notify_all()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def noticed(self, event: Noticed) -> Reply:
        """Something has happened to a channel, or to a person. Returns at once; what is seen there counts."""
        with self._news:
            if event.change is Change.PERSON:
                self._changed_users[event.user] = None
            elif event.channel:
                self._looked_for[event.channel] = None
            self._news.notify_all()
        return Nothing()

    @property
    def busy(self) -> bool:
        """Whether something is told that was not looked at yet."""
        with self._news:
            return self._working or self._all or bool(self._looked_for or self._changed_users)

    def go_round(self) -> float:
        """Look where something may have changed; for how many seconds to rest, if nothing new is told."""
        try:
            self._go_round()
        except _WaitError as wait:
            log.info("rooms must wait", extra={"problem": str(wait)})
            return wait.seconds
        except StoreUnavailableError as problem:
            log.warning("rooms must wait", extra={"problem": problem.message})
            return RETRY_SECONDS
        return SWEEP_SECONDS

    def _run(self) -> None:
        rest = 0.0
        while not self._rested(rest):
            rest = self._one_round()
            with self._news:
                self._working = False

    def _rested(self, seconds: float) -> bool:
        """Rest so long; whether that was the end."""
        with self._news:
            if seconds < SWEEP_SECONDS:  # A pause that was asked for lasts, whatever is told meanwhile.
                self._news.wait_for(lambda: self._stopped, seconds)
            elif not self._news.wait_for(self._is_told, seconds):
                self._all = True
            self._working = not self._stopped
            return self._stopped

    def _one_round(self) -> float:
        try:
            return self.go_round()
        except LoopClosedError:
            return RETRY_SECONDS  # The server is ending.
        except Exception:
            log.exception("rooms stumbled; they go on")
            return RETRY_SECONDS

    def _is_told(self) -> bool:
        return self._stopped or self._all or bool(self._looked_for or self._changed_users)

    def _go_round(self) -> None:
        if self._all:
            self._do(self._look_at_all)
            self._all = False
        self._work_off(self._looked_for, self._look)
        self._work_off(self._changed_users, lambda user, _: self._meet({user}))
        self._followed()

    def _work_off(self, what: dict[str, Channel | None], work: Callable[[str, Channel | None], None]) -> None:
        while True:
            with self._news:
                name = None if self._stopped else next(iter(what), None)
                if name is None:
                    return
                seen = what.pop(name)  # Before it is looked at: what is told meanwhile counts.
            try:
                self._do(work, name, seen)
            except Exception:
                with self._news:
                    what.setdefault(name, None)
                raise

    @staticmethod
    def _do(work: Callable[..., None], *what: object) -> None:
        """*work*; a refusal is told in the log and is no reason to do it again: somebody must change something."""
        try:
            work(*what)
        except _RefusedError as refusal:
            log.warning("Slack does not let us see rooms", extra={"problem": str(refusal), "about": what[:1]})

    def _look_at_all(self) -> None:
        there = {channel.id: channel for channel in _got(self._slack.channels())}
        known = {user for room in self._book.rooms.values() if not self._book.is_of_file(room) for user in room.members}
        self._meet(known)
        gone = (name for name, room in self._book.rooms.items() if name not in there and room.left_at is None)
        with self._news:
            self._looked_for |= {**there, **dict.fromkeys(gone)}

    def _look(self, name: str, seen: Channel | None) -> None:
        if name.startswith(("C", "G")):
            self._see(seen or _got(self._slack.channel(name)))

    def _see(self, channel: Channel) -> None:
        """Have the book as *channel* is."""
        room = self._book.rooms.get(channel.id)
        now = self._clock()
        if not channel.there:
            if room is not None and room.left_at is None:
                self._leave(room, now)
            return
        before = room
        room = room or self._book.new_room(channel.id, channel.name, now)
        room = self._book.named(replace(room, name=channel.name or room.name, left_at=None))
        guests: list[Guest] = []
        if not self._book.is_of_file(room):
            members = tuple(_got(self._slack.members(channel.id)))
            guests = self._new_guests([user for user in members if user not in self._book.guests])
            room = replace(room, members=members)
        if room != before or guests:
            self._book.put(*guests, room)
            self._refresh_keys()  # Keys of an integration that was not there before open now.
        self._standing(room)
        if room.welcomed_at is None:
            self._greet(room, shared=channel.shared)

    def _greet(self, room: Room, *, shared: bool) -> None:
        if shared:  # Others than ours read it there: whoever is asked here has a key made for their own eyes.
            self._greeted(room, self._welcome(room, ""))
            return
        key = self._fresh_keys.get(room.channel)
        if key is None:
            key = self._fresh_keys[room.channel] = make_key(self._records, room.integration, self._clock())
            self._refresh_keys()
        self._greeted(room, self._welcome(room, key))

    def _greeted(self, room: Room, said: DeliveryResult) -> None:
        if isinstance(said, Delivered):
            self._book.put(replace(room, welcomed_at=self._clock()))
            self._fresh_keys.pop(room.channel, None)
            log.info("a room was made", extra={"team": room.team, "channel": room.channel})
            return
        if isinstance(said, Postponed):
            raise _WaitError(said.error, (said.after or RETRY_SECONDS * SECOND) / SECOND)
        assert isinstance(said, Refused), "a welcome is posted at once"
        # Whoever lets us post there will cause an event, or the next sweep finds it.
        log.warning("nobody could be welcomed", extra={"channel": room.channel, "problem": said.error})

    def _leave(self, room: Room, now: Instant) -> None:
        room = replace(room, left_at=now)
        self._book.put(room)
        self._standing(room)

    def _new_guests(self, users: Sequence[str]) -> list[Guest]:
        if not users:
            return []
        found: list[Guest] = []
        taken: set[str] = set()
        people = _got(self._slack.people(users))
        for person in (people[user] for user in users if user in people):
            guest = self._book.new_guest(person.id, "" if person.handle in taken else person.handle)
            taken.add(guest.responder)
            found.append(_as_seen(guest, person))
        return found

    def _meet(self, users: Collection[str]) -> None:
        """Learn anew who people are: names, time zones, accounts that have ended."""
        users = self._book.guests.keys() & set(users)
        people = _got(self._slack.people(users)) if users else {}
        seen = {user: _as_seen(self._book.guests[user], person) for user, person in people.items()}
        changed = [guest for user, guest in seen.items() if guest != self._book.guests[user]]
        if changed:
            self._book.put(*changed)


def _got(answer: T | Failure) -> T:
    """What was asked for. Raises _WaitError, _RefusedError."""
    if not isinstance(answer, Failure):
        return answer
    result = answer.result
    if isinstance(result, Postponed):
        raise _WaitError(result.error, (result.after or RETRY_SECONDS * SECOND) / SECOND)
    raise _RefusedError(result.error)


def _as_seen(guest: Guest, person: Person) -> Guest:
    return replace(
        guest,
        name=person.name,
        zone=person.zone,
        email=person.email,
        bot=person.bot,
        deleted=person.deleted,
        outside=person.outside,
    )
