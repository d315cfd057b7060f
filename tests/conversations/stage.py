"""A workspace with the real server in it, on a clock that stands still while anybody has something to do."""

from __future__ import annotations

import contextlib
import difflib
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from unittest.mock import Mock, patch

from msgspec.structs import replace

from tests.conversations.drawn import message_lines, view_lines
from tests.sqlite.service import Inline
from tests.wiring.serving import serving, until
from tocsin.demo.clock import StoryClock
from tocsin.incidents.ladder import is_responder
from tocsin.kernel.time import MINUTE, SECOND, Instant, parse_instant
from tocsin.slack.api import Api
from tocsin.slack.presence import SlackPresence
from tocsin.testing.fake_slack import Channel, FakeSlack, Message, User, Usergroup, View
from tocsin.wiring.embedded import Embedded
from tocsin.wiring.outside import Outside

BEGIN: Instant = parse_instant("2026-11-18T10:00Z") or 0  # A Wednesday.
PUBLIC = "https://tocsin"
POLL_S = 0.004
PENDING_MAX = 100

_KEY = re.compile(r"\b[a-z2-7]{26}\b|(?<=…)[a-z2-7]{4}\b")

CONFIG = """
responders: PEOPLE
teams: {default: {members: [MEMBERS], slack: ROOM, policy: ladder}}
policies: {ladder: {steps: [{ask: FIRST, wait: 5m}, {ask: team, wait: 5m}]}}
"""


class Stage:
    """One conversation. Made by `stage`."""

    def __init__(self, slack: FakeSlack, clock: StoryClock, previews: bool) -> None:
        self.slack = slack
        self.clock = clock
        self.previews = previews
        self.runtime: Embedded | None = None
        self.step = Mock()  # The engine's.
        self.port = 0
        self.people: dict[str, User] = {}
        self.rooms: dict[str, Channel] = {}
        self.groups: dict[str, Usergroup] = {}
        self.history: list[Message] = []
        self.told: list[str] = []  # What a step has seen itself: the errors that a modal shows.
        self._messages: dict[tuple[str, str], tuple[Message, list[str]]] = {}
        self._shown: dict[str, str] = {}  # What user groups and topics say, each by what it is called.
        self._views: dict[str, tuple[View, list[str]]] = {}

    # ── Names ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def name(self, slack_id: str) -> str:
        """What an id is called."""
        if slack_id == self.slack.bot.id:
            return "tocsin"
        known = {user.id: name for name, user in self.people.items()}
        known |= {room.id: name for name, room in self.rooms.items()}
        return known.get(slack_id, slack_id)

    def channel(self, place: str) -> Channel:
        """`#ops`, or `@ada`: her direct message with the bot."""
        if place.startswith("@"):
            return self.slack.direct_channel(self.people[place[1:]])
        return self.rooms[place[1:]]

    def place(self, channel: str) -> str:
        """The other way round."""
        found = self.slack.channel(channel)
        if found.direct:
            return "@" + next(self.name(member) for member in found.members if member != self.slack.bot.id)
        return "#" + self.name(channel)

    # ── What is new ──────────────────────────────────────────────────────────────────────────────────────────────────
    def news(self) -> list[str]:
        """What has changed on anybody's screen since the last time."""
        told, self.told = self.told, []
        return [*told, *self._new_messages(), *self._new_views(), *self._new_elsewhere()]

    def _new_elsewhere(self) -> Iterator[str]:
        """User groups and topics."""
        shown = {f"topic of #{name}": self.slack.channel(room).topic for name, room in self.rooms.items()}
        for name, group in self.groups.items():
            found = self.slack.usergroup(group)
            members = ", ".join(self.name(user) for user in found.users)
            shown[f"@{name}"] = f"{members} (disabled)" if found.disabled else members
        for name, text in shown.items():
            if text != self._shown.get(name, ""):
                self._shown[name] = text
                yield f"{name}: {text}"

    def _new_messages(self) -> Iterator[str]:
        for message in sorted((*self.slack.messages(deleted=True), *self.slack.ephemerals()), key=self._order):
            key = (message.channel, message.ts)
            known, lines = self._messages.get(key, (None, []))
            if message == known or (message.deleted and known is None):
                continue
            now = [] if message.deleted else self._lines(message)
            self._messages[key] = (message, now)
            self.history.append(message)
            where = self._where(message)
            if message.deleted:
                yield f"{where} deleted: {lines[0] if lines else ''}"
            elif known is None:
                yield from framed(where, now)
            elif now != lines:
                yield from framed(f"{where} changed", ["", *changes(lines, now)])

    def _order(self, message: Message) -> tuple[str, str, float]:
        place = self.place(message.channel)
        return (place, message.ephemeral_to or "", float(message.ts))

    def _where(self, message: Message) -> str:
        who = "" if message.user == self.slack.bot.id else f", {self.name(message.user)} says"
        place = self.place(message.channel) + (", thread" if message.thread_ts else "")
        only = f"only {self.name(message.ephemeral_to)} in " if message.ephemeral_to else ""
        return f"{only}{place}{who}"

    def _lines(self, message: Message) -> list[str]:
        lines = message_lines(message, self.name)
        if self.previews and message.blocks:
            lines = [*message_lines(replace(message, blocks=(), attachments=()), self.name), "....", *lines]
        return self._stable(lines)

    def _new_views(self) -> Iterator[str]:
        shown = {view.id: view for view in self.slack.views()}
        for name in [name for name in self._views if name not in shown]:
            view, _ = self._views.pop(name)
            yield f"{self._whose(view)} closed"
        for name, view in shown.items():
            known, lines = self._views.get(name, (None, []))
            if known == view:
                continue
            now = self._stable(view_lines(view, self.name))
            self._views[name] = (view, now)
            if known is None:
                yield from framed(self._whose(view), now)
            elif lines != now:
                yield from framed(f"{self._whose(view)} changed", ["", *changes(lines, now)])

    def _whose(self, view: View) -> str:
        return f"{'home' if view.type == 'home' else 'modal'} of {self.name(view.user)}"

    def _stable(self, lines: Sequence[str]) -> list[str]:
        """Without what differs from run to run: the address, keys, in which order people cannot be reached."""
        assert self.runtime
        found = [_KEY.sub("KEY", line.replace(self.runtime.url, PUBLIC)) for line in lines]
        runs = groupby(found, lambda line: "could not be reached" in line)
        return [line for unreached, run in runs for line in (sorted(run) if unreached else run)]

    def look_who_is_there(self) -> None:
        """One round of it, without pauses."""
        assert self.runtime
        seer: SlackPresence = getattr(self.runtime._chats[0].presence, "__self__")  # noqa: B009 - a callable to its type.
        seer.close()
        seer._pause = 0

        async def look() -> None:
            api = Api(self.slack.bot_token, base_url=self.slack.base_url, timeout=10 * SECOND)
            try:
                await seer.look(api)
            finally:
                await api.close()

        seer._loop.run(look())

    # ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    def settle(self) -> None:
        """Wait until the server has nothing to do at this instant."""
        self._wait()
        self._go_rounds()
        self._wait()

    def _wait(self) -> None:
        until(lambda: not self._is_busy() and not self._is_busy())

    def take_rounds(self) -> None:
        """Go the rounds that go by themselves every few real seconds when this clock says so; wait without chance.

        Lanes run one after the other, those of rooms first: in life they run side by side, and it is chance whether a
        page already knows what the room is told at the same instant.
        """
        assert self.runtime
        dispatcher = self.runtime._engine._dispatcher
        dispatcher._chance = lambda: 0.5
        dispatcher._executor = Inline()
        step, waiting = dispatcher.step, dispatcher._pending_lanes
        dispatcher._pending_lanes = lambda now: dict.fromkeys(_in_order(waiting(now)))  # type: ignore[method-assign]
        dispatcher.step = lambda now, lanes=None: step(now, None if lanes is None else _in_order(lanes))  # type: ignore[method-assign]
        self.runtime._care.stop()
        for handles in self.runtime._handles:
            handles.stop()

    def _go_rounds(self) -> None:
        assert self.runtime
        self.runtime._care.go_round()
        for handles in self.runtime._handles:
            handles.go_round()

    def pass_until(self, then: Instant) -> Iterator[tuple[Instant, list[str]]]:
        """Let time pass; what is new, and when."""
        assert self.runtime
        while self.clock() < then:
            self.clock.advance(min(self._stride(), then - self.clock()))
            self.runtime.wake()
            self.settle()
            if news := self.news():
                yield self.clock(), news

    def _stride(self) -> int:
        """Up to what is due next: a second, or a minute while nothing is."""
        assert self.runtime
        store, now = self.runtime.store, self.clock()
        rested = self.runtime._engine._dispatcher.next_start()
        found = [at for at in (store.next_wake(), store.next_attempt(now), rested) if at is not None]
        return max(1, min([MINUTE, *(at - now for at in found)]))

    def _is_busy(self) -> bool:
        """In this order: what leaves the one is in the next before."""
        assert self.runtime
        time.sleep(POLL_S)
        store, now = self.runtime.store, self.clock()
        talks = any(chat.busy() for chat in self.runtime._chats) or self.runtime.home_watch.busy()
        return talks or self.runtime.rooms.busy or bool(store.backlog(1) or store.due(now, 1)) or not self._rests(now)

    def _rests(self, now: Instant) -> bool:
        """Whether all that waits to be sent is kept back until a later instant, by its own pace or that of its lane."""
        assert self.runtime
        dispatcher, store = self.runtime._engine._dispatcher, self.runtime.store

        def moving(*, lanes: bool) -> bool:
            return any(
                dispatcher._paced.get(each.receiver, {}).get(each.id, 0) <= now
                and not (lanes and (lane := dispatcher._resting.get(each.receiver)) and lane.swept > now)
                for each in store.pending(now, per_receiver=PENDING_MAX)
            )

        if not moving(lanes=False):
            return True
        if moving(lanes=True):
            return False
        # A lane that rests may just have been told of something: two whole rounds later it has begun.
        rounds = self.step.call_count
        until(lambda: self._wakes() > rounds + 2)
        return not dispatcher.busy() and not moving(lanes=True)

    def _wakes(self) -> int:
        """Let the engine look what there is to do; how often it has begun to."""
        assert self.runtime
        self.runtime.wake()
        time.sleep(POLL_S)
        return self.step.call_count


@contextlib.contextmanager
def stage(folder: Path, header: Mapping[str, str]) -> Iterator[Stage]:
    """A stage as a scenario's *header* wants it (see `player`)."""
    clock = StoryClock(BEGIN)
    with FakeSlack(clock=clock.seconds, wall_clock=clock.seconds) as slack:
        made = Stage(slack, clock, previews="previews" in header)
        for word in (header.get("people") or "ada, bo").split(","):
            name, _, zone = word.strip().partition(" ")
            made.people[name] = slack.add_user(name, tz=zone or "UTC")
        for word in (header.get("rooms") or "ops").split(","):
            name, *members = word.split()
            inside = [made.people[member] for member in members or made.people]
            made.rooms[name] = slack.add_channel(
                name, inside, with_bot="bot" not in header or name not in header["bot"]
            )
        for word in filter(None, (header.get("groups") or "").split(",")):
            name, *members = word.split()
            made.groups[name] = slack.add_usergroup(name, [made.people[member] for member in members])
        http = "http" in header
        outside = Outside(clock=clock, slack_api=slack.base_url)
        with (
            serving(folder / "tocsin.db", _config(made, header, http=http), outside) as (runtime, ready),
            patch.object(runtime._engine, "step", wraps=runtime._engine.step) as made.step,
        ):
            made.runtime = runtime
            if http:
                slack.deliver_to(f"{ready.url}/slack/interactions")
            else:
                slack.wait_for(lambda: slack.sockets, 30)
            made.take_rounds()
            made.settle()
            made.news()
            yield made
        slack.assert_clean(allow=(header.get("allow") or "").split())


def _in_order(lanes: Iterable[str]) -> list[str]:
    return sorted(lanes, key=lambda name: (is_responder(name), name))


def framed(where: str, lines: Sequence[str]) -> Iterator[str]:
    """*lines* behind a bar, the first one after *where*."""
    yield f"{where} | {lines[0]}" if lines and lines[0] else f"{where}:"
    for line in lines[1:]:
        yield f"  | {line}".rstrip()


def changes(before: Sequence[str], now: Sequence[str]) -> list[str]:
    """The lines that went (-) and came (+)."""
    told = difflib.ndiff(list(before), list(now))
    return [line.rstrip() for line in told if line[0] in "-+"]


def _config(made: Stage, header: Mapping[str, str], *, http: bool) -> str:
    text = header.get("config") or CONFIG
    people = ", ".join(f"{name}: {{slack: {user.id}}}" for name, user in made.people.items())
    values = {
        "PEOPLE": f"{{{people}}}",
        "MEMBERS": ", ".join(made.people),
        "FIRST": next(iter(made.people)),
        "ROOM": next(iter(made.rooms.values())).id,
        **{f"#{name}": f'"{room.id}"' for name, room in made.rooms.items()},
        **{f"@{name}": f'"{user.id}"' for name, user in made.people.items()},
    }
    for name, value in values.items():
        text = text.replace(name, value)
    slack = made.slack
    credential = f'signing_secret: "{slack.signing_secret}"' if http else f'app_token: "{slack.app_token}"'
    return f'{text}\nslack: {{bot_token: "{slack.bot_token}", {credential}}}\n'
