"""A chat that cannot be written to: another way is taken, those whom it concerns are told once, and it heals by itself.

What is wrong is known to the chat's adapter, in memory. Here it becomes durable: a record for each trouble that was
told, a notice for each change, and when it is over an input for each incident whose messages are behind.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from tocsin.engine.dispatcher import Failure
from tocsin.engine.ports import Delivery, Outgoing, Received, Store, Way
from tocsin.engine.runner import Addressed
from tocsin.engine.worker import Interpretation
from tocsin.errors import StoreUnavailableError
from tocsin.incidents.alerts import Severity
from tocsin.incidents.inputs import Restored
from tocsin.incidents.ladder import PAGE, responder
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.state import Incident
from tocsin.kernel import json
from tocsin.kernel.time import MINUTE, SECOND, Duration, Instant
from tocsin.notices.machine import Healed, Noticed, NoticeMachine
from tocsin.routing.plans import CROWD_MIN
from tocsin.slack.health import SlackHealth, Trouble
from tocsin.wiring import channel_names
from tocsin.wiring.chat_words import healed_told, teams_of, trouble_told
from tocsin.wiring.chat_zones import keep
from tocsin.wiring.interpretation import failure_report
from tocsin.wiring.room_records import read_rooms, with_left
from tocsin.wiring.rounds import Rounds
from tocsin.wiring.settings import Settings

if TYPE_CHECKING:  # What talks to the chat is heavy, and `tocsin doctor` only reads records.
    from tocsin.wiring.transports import Chat

CHANNEL: Final = channel_names.NOTICE
CHAT: Final = "slack"
RECORD: Final = "chat-trouble"
EVERY: Final[Duration] = 2 * SECOND  # How soon a trouble that was met is told.
LOOK_EVERY: Final[Duration] = 5 * MINUTE  # How often the chat is asked, while all is well ...
LOOK_AGAIN: Final[Duration] = 30 * SECOND  # ... and while it is not.
BEFORE: Final[Duration] = MINUTE  # What was given up before the trouble was known is behind too.
BEHIND_MAX: Final = 2000  # Incidents that are shown again; older ones wait for their next change.
PAGE_OF: Final = 200
ORDERS_MAX: Final = 65_536
# A critical page waits for a chat that says nothing no longer than this: a cough is over by then. The engine's
# back-off asks three times more within 3.5 to 7 seconds, so that its third try takes another way.
PATIENCE: Final[Duration] = 3 * SECOND + SECOND // 2
SILENT_CALLS: Final = 2  # What has failed for others so often is not tried for a critical page first.
STOP_SECONDS: Final = 1.0
TRANSPORTS: Final = frozenset({"slack", "mention"})

log = logging.getLogger(__name__)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A record: what was told of a subject, and when that began."""

    subject: str
    code: str
    said: str
    since: Instant
    told_at: Instant


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery: what a notice hears, or which incidents are to be shown again."""

    subject: str = ""
    noticed: Noticed | None = None
    healed: Healed | None = None
    restored: tuple[str, ...] = ()


_MESSAGE: Final = msgspec.json.Decoder(Message)


class ChatCare:
    """Cares for one chat. `go_round` is for one thread, the rest for any."""

    def __init__(
        self,
        settings: Callable[[], Settings],
        store: Store,
        clock: Callable[[], Instant],
        accept: Callable[[Sequence[Received]], object],
        health: SlackHealth,
        *,
        look: Callable[[], None],
        zones: Callable[[], Mapping[str, str]] = dict,
        on_zones: Callable[[], None] = lambda: None,
        url: str = "",
    ) -> None:
        """*accept* stores deliveries durably. *look* asks the chat how things are; what it raises is logged.

        *zones*: the time zones of people, as it has found them; *on_zones* hears that there are others.
        """
        self._settings = settings
        self._store = store
        self._clock = clock
        self._accept = accept
        self._health = health
        self._look = look
        self._zones = zones
        self._on_zones = on_zones
        self._url = url
        self._looked_at: Instant | None = None
        self._orders: OrderedDict[str, tuple[tuple[int, int], Sequence[Way], bool]] = OrderedDict()
        self._lock = threading.Lock()
        self._rounds = Rounds("chat-care", self.go_round, EVERY / SECOND, at_once=True, patience=STOP_SECONDS)

    def start(self) -> None:
        """Begin."""
        self._rounds.start()

    def stop(self) -> None:
        """End; a look under way is left alone."""
        self._rounds.stop()

    def go_round(self) -> None:
        """Ask the chat if it is time, and tell what has changed."""
        now = self._clock()
        pause = LOOK_AGAIN if self._health.troubles() else LOOK_EVERY
        if self._looked_at is None or now - self._looked_at >= pause:
            self._looked_at = now
            self._look()
        try:
            self.tell()
            if keep(self._store, self._zones()):
                self._on_zones()
        except StoreUnavailableError as problem:
            log.warning("the trouble of a chat cannot be told", extra={"problem": problem.message})

    def tell(self) -> None:
        """Tell what has begun and what is over. Raises StoreUnavailableError."""
        now, settings = self._clock(), self._concerned()
        told = known(self._store)
        found = {each.subject: each for each in self._health.troubles()}
        for subject, trouble in found.items():
            before = told.get(subject)
            if (before is None or before.code != trouble.code) and teams_of(settings, subject):
                self._begun(settings, trouble, before, now)
        for subject, before in told.items():
            if subject not in found and self._health.is_well(subject, before.told_at):
                self._over(settings, before, now)

    def preferred(self, outgoing: Outgoing, ways: Sequence[Way]) -> Sequence[Way]:
        """*ways*, those by a chat that is known not to work last.

        An effect whose ways were put into another order keeps it: its count of the ways it has tried means that one.
        """
        if len(ways) < 2:  # noqa: PLR2004 - one way has one order only.
            return ways
        at = (outgoing.attempts, outgoing.method)
        with self._lock:
            kept = self._orders.get(outgoing.id)
            if kept is not None and (kept[2] or kept[0] == at):
                return kept[1] if set(kept[1]) == set(ways) else ways
            order = tuple(self._best_first(outgoing, ways) if outgoing.method == 0 else ways)
            self._orders[outgoing.id] = at, order, order != tuple(ways)
            while len(self._orders) > ORDERS_MAX:
                self._orders.popitem(last=False)
        return order

    def _best_first(self, outgoing: Outgoing, ways: Sequence[Way]) -> Sequence[Way]:
        calls, silent = self._health.silence()
        tried = outgoing.attempts > 0 or calls >= SILENT_CALLS
        if outgoing.kind == PAGE and tried and silent >= PATIENCE and self._is_critical(outgoing.aggregate):
            return sorted(ways, key=lambda way: way.transport in TRANSPORTS)
        return sorted(ways, key=self._fails)

    def _is_critical(self, name: str) -> bool:
        found = self._store.load([name]).get(name)
        machine = IncidentMachine()
        if found is None or found.machine != machine.name:
            return False
        return machine.decode(found.state).severity is Severity.CRITICAL

    def explains(self, failure: Failure) -> bool:
        """Whether *failure* needs no alert of its own: what is wrong is told to those whom it concerns."""
        return failure.transport in TRANSPORTS and self._health.trouble(_subject(failure.address)) is not None

    def report(self, failure: Failure, now: Instant) -> Received | None:
        """What we tell ourselves of *failure*; None: nothing that we do not know."""
        quiet = self.explains(failure)
        return None if quiet and failure.outgoing.kind != PAGE else failure_report(failure, now, quiet=quiet)

    def sentences(self) -> Sequence[str]:
        """What is wrong now, for those who ask the process how it is."""
        return sentences(self._concerned(), self._health.troubles())

    def hints(self) -> Sequence[str]:
        """The same without names, for anybody who asks: how many, and Slack's words for why."""
        found = sorted(self.figures().items())
        return tuple(f"{chat}: {code} ({number}); the console says where" for (chat, code), number in found)

    def figures(self) -> Mapping[tuple[str, str], int]:
        """How many things of which chat are in what trouble."""
        return Counter((CHAT, trouble.code) for trouble in self._health.troubles())

    def _fails(self, way: Way) -> bool:
        return way.transport in TRANSPORTS and self._health.trouble(_subject(way.address)) is not None

    def _concerned(self) -> Settings:
        """The settings, by which whoever was in a room is concerned by it. Raises StoreUnavailableError."""
        return with_left(self._settings(), read_rooms(self._store))

    def _begun(self, settings: Settings, trouble: Trouble, before: Told | None, now: Instant) -> None:
        since = min(trouble.since, before.since) if before is not None else trouble.since
        given = Noticed(
            condition=trouble.code,
            told=trouble_told(settings, trouble, self._url),
            receivers=_members(settings, trouble.subject),
        )
        self._accept([as_delivery(Message(subject=trouble.subject, noticed=given), now)])
        record = Told(subject=trouble.subject, code=trouble.code, said=trouble.said, since=since, told_at=now)
        self._store.put_record(RECORD, _name(trouble.subject), json.decode(json.encode(record)))

    def _over(self, settings: Settings, before: Told, now: Instant) -> None:
        subject = self._health.subject(before.subject)  # What was told of a name is over for its channel.
        healed = Healed(told=healed_told(settings, subject))
        behind = list(self._behind(teams_of(settings, subject), before.since - BEFORE))
        messages = [Message(subject=before.subject, healed=healed)]
        messages += [
            Message(restored=tuple(behind[start : start + PAGE_OF])) for start in range(0, len(behind), PAGE_OF)
        ]
        self._accept([as_delivery(message, now) for message in messages])
        self._store.take_record(RECORD, _name(before.subject))

    def _behind(self, teams: Sequence[str], since: Instant) -> Iterator[str]:
        """The incidents of *teams* that have changed after *since*; the oldest first, as they came."""
        machine = IncidentMachine()
        found: dict[str, Instant] = {}
        for live in (True, False):  # What is open may be old; what is over began lately, or is seen there no more.
            for row in self._store.listing(machine.name, live_only=live, limit=BEHIND_MAX):
                state: Incident = machine.decode(row.state)
                if state.team in teams and max(state.changed_at, state.last_alert_at) >= since:
                    found[row.id] = state.opened_at
        yield from sorted(found, key=lambda name: found[name])


def caring(
    chats: Sequence[Chat],
    settings: Callable[[], Settings],
    store: Store,
    clock: Callable[[], Instant],
    *,
    accept: Callable[[Sequence[Received]], object],
    url: str,
    on_zones: Callable[[], None] = lambda: None,
) -> ChatCare:
    """The care for the one of *chats* that tells how it is; without one there is nothing to do."""
    make = partial(ChatCare, settings, store, clock, accept, on_zones=on_zones, url=url)
    found = next((chat for chat in chats if chat.health is not None), None)
    if found is None or found.health is None:
        return make(SlackHealth(clock), look=lambda: None)
    return make(found.health, look=found.look, zones=found.zones)


def interpret(delivery: Delivery) -> Interpretation:
    """The inputs of what was told here."""
    try:
        told = _MESSAGE.decode(delivery.body)
    except msgspec.MsgspecError as problem:
        return Interpretation((), f"no notice: {problem}")
    given = told.noticed or told.healed
    inputs = [
        Addressed(input_id=f"{delivery.id}/{number}", machine=IncidentMachine.name, given=Restored(), aggregate=name)
        for number, name in enumerate(told.restored)
    ]
    if given is not None:
        inputs.append(
            Addressed(
                input_id=f"{delivery.id}/n",
                machine=NoticeMachine.name,
                given=given,
                keys=(f"notice/{CHAT}/{told.subject}",),
                fresh=f"{delivery.id}-n",
            )
        )
    return Interpretation(tuple(inputs))


def known(store: Store) -> dict[str, Told]:
    """What was told and is not over, by subject. Raises StoreUnavailableError."""
    found: dict[str, Told] = {}
    for document in store.records(RECORD).values():
        try:
            told = msgspec.convert(document, Told)
        except msgspec.ValidationError:  # Of another version than ours.
            continue
        found[told.subject] = told
    return found


def sentences(settings: Settings, troubles: Sequence[Trouble]) -> Sequence[str]:
    """Each trouble that concerns somebody, in a line."""
    return tuple(
        trouble_told(settings, trouble, "").title for trouble in troubles if teams_of(settings, trouble.subject)
    )


def _members(settings: Settings, subject: str) -> tuple[str, ...]:
    teams = (settings.teams[team] for team in teams_of(settings, subject))
    names = (member for team in teams for member in team.members[: CROWD_MIN - 1])  # Nobody tells hundreds.
    return tuple(dict.fromkeys(responder(name) for name in names))


def as_delivery(message: Message, now: Instant) -> Received:
    """*message* as it is stored."""
    return Received(received_at=now, channel=CHANNEL, key="", head=b"", body=json.encode(message))


def _name(subject: str) -> str:
    return subject or "workspace"


def _subject(address: str) -> str:
    """What an address is in the chat: of a mention, its room."""
    return address.partition("/")[0]
