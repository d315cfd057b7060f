"""What people say and press in a chat, in the serverless runtime: heard after somebody else has acknowledged it."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING

from tocsin.engine.ports import Received
from tocsin.kernel.later import later
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.desks import desk
from tocsin.wiring.key_ring import KeyRing
from tocsin.wiring.room_watch import RoomWatch
from tocsin.wiring.serverless import Thinking
from tocsin.wiring.serverless_intake import Errands
from tocsin.wiring.serverless_reach import Reach
from tocsin.wiring.settings import Settings
from tocsin.wiring.transports import heard, load
from tocsin.wiring.wrong_keys import WrongKeys

if TYPE_CHECKING:
    from tocsin.slack import loop
    from tocsin.wiring.concierge import home
    from tocsin.wiring.concierge.home import HomeHandlers
else:
    loop = later("tocsin.slack.loop")
    home = later("tocsin.wiring.concierge.home")


def load_ways(settings: Settings) -> None:
    """Load what the ways of *settings* need, and what answers the people there."""
    load(settings)
    if settings.slack:
        for name in ("tocsin.wiring.rooms", "tocsin.wiring.on_call_handles", "tocsin.wiring.concierge.home"):
            importlib.import_module(name)


class Talk:
    """Everybody who answers, behind the door of a `Reach`."""

    def __init__(self, thinking: Thinking, reach: Reach) -> None:
        """Opens the door. Raises StoreUnavailableError."""
        self._thinking = thinking
        self._reach = reach
        self.errands = Errands(thinking)
        self.ring = KeyRing(thinking.settings, thinking.store, thinking.clock)
        self.wrong_keys = WrongKeys(thinking.store, thinking.clock, self.ring.former)
        self.rooms = RoomWatch(
            reach.chats,
            thinking.room_book,
            thinking.store,
            self.ring,
            thinking.clock,
            thinking.url,
            thinking.accept,
        )
        self.desk: Desk = desk(
            thinking.settings,
            thinking.store,
            clock=thinking.clock,
            url=thinking.url,
            ring=self.ring,
            wrong_keys=self.wrong_keys,
            tell=thinking.accept,
            do=self.errands.do,
            configured=frozenset(thinking.room_book.file.responders),
        )
        reach.door.open(self.desk, [self.rooms.noticed, *heard(reach.chats)], home=self._home())
        for chat in reach.chats:
            chat.attend(reach.door)

    def _home(self) -> HomeHandlers | None:
        """What answers at the home tab, which only Slack has."""
        if not self._thinking.settings.slack:
            return None
        return home.home_handlers(home.HomeTab(self.desk, self._thinking.personal), lambda _: None)

    def hear(self, received: Received) -> None:
        """Take what came from a chat. What must be durable is stored before this returns.

        Raises StoreUnavailableError.
        """
        chat = next((each for each in self._reach.chats if each.channel == received.channel), None)
        if chat is None or chat.hear is None:
            self._thinking.accept([received])
            return

        async def store() -> None:
            self._thinking.accept([received])

        async def listen() -> None:
            assert chat is not None
            assert chat.hear is not None
            await chat.hear(received.body, received.received_at, store)

        try:
            asyncio.run(listen())
        except loop.LoopClosedError:
            self._thinking.accept([received])

    def follow(self) -> None:
        """Look after what was only noticed: rooms that somebody has invited the bot to."""
        if self.rooms.used:
            self.rooms.go_round()
