"""Everybody who answers, joined; and the door by which chats reach them, which is there before they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tocsin.conversing.noticed import Noticed
from tocsin.conversing.replies import Home, Nothing, Reply
from tocsin.conversing.wishes import Filled, Opened, Pressed, Said, Wish
from tocsin.kernel.time import Instant
from tocsin.saying.message import Heading, Paragraph, Saying
from tocsin.slack.conversation import House
from tocsin.sqlite.store import SqliteStore
from tocsin.wiring.concierge import more, rooms
from tocsin.wiring.concierge.concierge import Handlers, HouseConcierge, plain_answer
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.late import late

NOT_YET = "I do not understand words yet. The buttons of incidents work, and the console has everything else."

Notice = Callable[[Noticed], Reply]


def handlers(desk: Desk) -> Handlers:
    """Who answers what. The parts are joined here."""
    forms: Mapping[str, Callable[[Pressed], Reply]] = {}
    filled: Mapping[str, Callable[[Filled], Reply]] = {}
    return Handlers(
        said=_not_yet,
        pressed={**forms, **more.pressed(forms), **rooms.pressed(desk)},
        filled=filled,
        opened=_plain_home,
    )


class Door:
    """What chats are given when they are made; whoever answers comes later, and before anybody can ask."""

    def __init__(
        self, store: SqliteStore, names: Callable[[], Mapping[str, str]], clock: Callable[[], Instant]
    ) -> None:
        """Nobody answers yet. *names* are display names by responder id, as they are now."""
        self._store = store
        self._late = late(store, names, clock)
        self._concierge: HouseConcierge | None = None
        self._noticed: Sequence[Notice] = ()

    def open(self, desk: Desk, noticed: Sequence[Notice] = ()) -> None:
        """Answer from now on. *noticed*: who hears of what happens in a chat; the first reply of theirs is given."""
        self._concierge = HouseConcierge(handlers(desk))
        self._noticed = noticed

    def slack(self) -> House:
        """As Slack's conversation needs it."""
        return House(answer=self._answer, shown=self._shown, late=self._late, noticed=self._notice)

    def _answer(self, wish: Wish) -> Reply:
        assert self._concierge, "a chat has started before the door was opened"
        return self._concierge.answer(wish)

    def _shown(self, channel: str, ts: str) -> str:
        return self._store.shown("slack", channel, ts)

    def _notice(self, event: Noticed) -> Reply:
        """Everybody hears of it; one of them may answer."""
        replies = [notice(event) for notice in self._noticed]
        return next((reply for reply in replies if not isinstance(reply, Nothing)), Nothing())


def _not_yet(_: Said) -> Reply:
    return plain_answer(NOT_YET)


def _plain_home(_: Opened) -> Reply:
    parts = (Heading("Tocsin"), Paragraph("When something needs you, I tell you in a direct message."))
    return Home(Saying(summary="Tocsin", parts=parts))
