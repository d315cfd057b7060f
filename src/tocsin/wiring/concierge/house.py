"""Everybody who answers, joined; and the door by which chats reach them, which is there before they are."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from tocsin.conversing.noticed import Noticed
from tocsin.conversing.replies import Home, Nothing, Reply
from tocsin.conversing.wishes import Opened, Wish
from tocsin.kernel.later import later
from tocsin.kernel.time import Instant
from tocsin.saying.message import Heading, Paragraph, Saying
from tocsin.wiring.stores import ShowingStore

if TYPE_CHECKING:
    from tocsin.slack import conversation
    from tocsin.wiring import questions as asked
    from tocsin.wiring.concierge import concierge, forms, late, more, questions, rooms, words
    from tocsin.wiring.concierge.desk import Desk
    from tocsin.wiring.concierge.home import HomeHandlers
else:
    forms = later("tocsin.wiring.concierge.forms")
    more = later("tocsin.wiring.concierge.more")
    questions = later("tocsin.wiring.concierge.questions")
    rooms = later("tocsin.wiring.concierge.rooms")
    words = later("tocsin.wiring.concierge.words")
    late = later("tocsin.wiring.concierge.late")
    conversation = later("tocsin.slack.conversation")
    asked = later("tocsin.wiring.questions")
    concierge = later("tocsin.wiring.concierge.concierge")

Notice = Callable[[Noticed], Reply]


def handlers(desk: Desk, home: HomeHandlers | None = None) -> concierge.Handlers:
    """Who answers what. The parts are joined here. *home*: who answers what of the home tab."""
    found = forms.pressed(desk)
    pressed = {
        **found,
        **more.pressed(found),
        **words.pressed(desk, found),
        **rooms.pressed(desk),
        **questions.pressed(desk),
        **(home.pressed if home else {}),
    }
    return concierge.Handlers(
        said=words.said(desk, found),
        pressed=pressed,
        filled={**forms.filled(desk), **questions.filled(desk), **(home.filled if home else {})},
        opened=home.opened if home else _plain_home,
    )


class Door:
    """What chats are given when they are made; whoever answers comes later, and before anybody can ask."""

    def __init__(
        self, store: ShowingStore, names: Callable[[], Mapping[str, str]], clock: Callable[[], Instant]
    ) -> None:
        """Nobody answers yet. *names* are display names by responder id, as they are now."""
        self.names = names
        self._store = store
        self._clock = clock
        self._opened: tuple[Desk, HomeHandlers | None] | None = None
        self._house: concierge.HouseConcierge | None = None
        self._lock = threading.Lock()
        self._noticed: Sequence[Notice] = ()

    def open(self, desk: Desk, noticed: Sequence[Notice] = (), home: HomeHandlers | None = None) -> None:
        """Answer from now on. *noticed*: who hears of what happens in a chat; the first reply of theirs is given."""
        self._opened, self._house = (desk, home), None
        self._noticed = noticed

    def slack(self) -> conversation.House:
        """As Slack's conversation needs it."""
        return conversation.House(
            answer=self.answer,
            shown=self._shown,
            late=late.late(self._store, self.names, self._clock),
            noticed=self._notice,
        )

    def answer(self, wish: Wish) -> Reply:
        """As a `Concierge`, for chats that are told of it when it is there."""
        assert self._opened, "a chat has started before the door was opened"
        with self._lock:
            if self._house is None:  # Now: it is a lot, and most runtimes that a function has never hear a wish.
                self._house = concierge.HouseConcierge(handlers(*self._opened))
        return self._house.answer(wish)

    def _shown(self, channel: str, ts: str) -> str:
        found = self._store.shown("slack", channel, ts)
        return "" if asked.is_question(found) else found  # No incident, so that words below it are about none.

    def _notice(self, event: Noticed) -> Reply:
        """Everybody hears of it; one of them may answer."""
        replies = [notice(event) for notice in self._noticed]
        return next((reply for reply in replies if not isinstance(reply, Nothing)), Nothing())


def _plain_home(_: Opened) -> Reply:
    parts = (Heading("Tocsin"), Paragraph("When something needs you, I tell you in a direct message."))
    return Home(Saying(summary="Tocsin", parts=parts))
