"""When threads are told: some seconds after each change, so that what happens at once is told at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tocsin.changes.history import before
from tocsin.engine.ports import Departure, Way
from tocsin.incidents.ladder import PAGE, SHOW, THREAD, is_responder
from tocsin.incidents.ways import BY, SLACK, TEAMS
from tocsin.kernel.later import later
from tocsin.kernel.machine import Effect, is_teller
from tocsin.kernel.time import SECOND, Duration, Instant
from tocsin.wiring.stores import ShowingStore

if TYPE_CHECKING:
    from tocsin.slack import threads as slack_threads
else:
    slack_threads = later("tocsin.slack.threads")

TOLD_AFTER: Final[Duration] = 5 * SECOND  # The message comes first, and what follows at once goes with it.
LINKED_AFTER: Final[Duration] = 8 * SECOND  # A page shows the thread when there is one.

_CHATS: Final = frozenset({SLACK, TEAMS})

Spread = Callable[[Effect, object, Instant], Sequence[Departure]]


def with_threads(spread: Spread, ways: Callable[[str], Sequence[Way]]) -> Spread:
    """*spread*, and for what goes to a chat also what makes its thread true, and links pages to it.

    These are effects of their own in the outbox: durable, and the newest replaces those that wait.
    """

    def spread_with_threads(effect: Effect, state: object, now: Instant) -> Sequence[Departure]:
        departures = spread(effect, state, now)
        if effect.kind not in {PAGE, SHOW} or is_teller(effect.receiver):
            return departures
        person = is_responder(effect.receiver)
        chat = next((way.transport for way in ways(effect.receiver) if way.transport in _CHATS), "")
        # A page in Teams has its link without being asked for it.
        if not chat or (person and (effect.kind == SHOW or chat == TEAMS)):
            return departures
        told = Effect(receiver=effect.receiver, kind=THREAD, coalesce=True, behind=True, facts={BY: [chat]})
        return (*departures, Departure(told, LINKED_AFTER if person else TOLD_AFTER))

    return spread_with_threads


def thread_book(store: ShowingStore, names: Callable[[], Mapping[str, str]] = dict) -> slack_threads.ThreadBook:
    """The book of *store*; *names* are display names by responder id, as they are now."""
    return slack_threads.ThreadBook(store.timeline, lambda at: before(store, at), store.receipts, names)
