"""What the embedded runtime does in threads of its own, done by the sweep: each when its minute has come.

Which minute that is follows from the time alone, so that nothing has to be remembered. What stumbles is logged, and is
done again at its next minute.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from tocsin.kernel.later import later
from tocsin.kernel.time import MINUTE, Instant
from tocsin.wiring.calendars import Calendars
from tocsin.wiring.doorkeeper import Doorkeeper
from tocsin.wiring.heartbeats import configuration
from tocsin.wiring.maintenance import planned
from tocsin.wiring.serverless_process import Process
from tocsin.wiring.transports import uses_smart

if TYPE_CHECKING:
    from tocsin.wiring import digests, gap_watch, keeper, leftovers, news, on_call_handles, rules, watch
else:
    leftovers = later("tocsin.wiring.leftovers")
    gap_watch = later("tocsin.wiring.gap_watch")
    on_call_handles = later("tocsin.wiring.on_call_handles")
    keeper = later("tocsin.wiring.keeper")
    rules = later("tocsin.wiring.rules")
    digests = later("tocsin.wiring.digests")
    watch = later("tocsin.wiring.watch")
    news = later("tocsin.wiring.news")

CHAT_MINUTES: Final = 5
FLOW_MINUTES: Final = 5  # An end that EventBridge has not told of is heard no later.
CALENDAR_MINUTES: Final = 15
KEEPER_MINUTES: Final = 10
HOURLY: Final = 60

log = logging.getLogger(__name__)


class Rounds:
    """As long as a runtime lives."""

    def __init__(self, running: Process) -> None:
        """Asks nobody yet."""
        self._running = running
        self._begun = False

    def begin(self) -> None:
        """What a start of the embedded runtime does: the configuration becomes machines' inputs. Once.

        Raises StoreUnavailableError.
        """
        running = self._running
        if running.configured:
            return
        thinking, now = running.thinking(), running.clock()
        settings, store = thinking.settings, thinking.store
        orders = (
            configuration(settings, now),
            digests.configuration(settings, store, now),
            rules.configuration(thinking.ruled, store, now),
        )
        received = [each for each in orders if each is not None]
        received += [*planned(settings, store, now), *news.unanswered(store, now)]
        if received:
            thinking.accept(received)
        thinking.drain()
        running.configured = True

    def go(self, now: Instant, until: Instant, wrong: str) -> None:
        """All whose minute has come, until it is too late to begin one. *wrong*: with the invariant, or empty."""
        minute = now // MINUTE
        for name, every, do in self._rounds(wrong):
            if minute % every == 0 and self._running.clock() < until:
                try:
                    do()
                    self._running.thinking().drain()
                except Exception:
                    log.exception("a round stumbled; it is done again", extra={"round": name})

    def _rounds(self, wrong: str) -> Sequence[tuple[str, int, Callable[[], object]]]:
        running = self._running
        thinking, reach, talk = running.thinking(), running.reach(), running.talk()
        settings, store, clock = thinking.settings, thinking.store, thinking.clock
        found: list[tuple[str, int, Callable[[], object]]] = [
            ("heartbeat", 1, lambda: self._beat(wrong)),
            ("keys", 1, Doorkeeper(talk.ring, talk.wrong_keys, clock, thinking.accept).go_round),
            ("keeper", KEEPER_MINUTES, keeper.Keeper(store, settings.retention, clock).clean),
            ("questions", FLOW_MINUTES, lambda: running.asking().look()),
            ("leftovers", KEEPER_MINUTES, lambda: leftovers.forget(store, set(thinking.kept.values()))),
        ]
        if thinking.books.quiet is not None:
            found += [("storms", 1, thinking.books.quiet.look), ("marks", CHAT_MINUTES, thinking.books.quiet.free)]
        if thinking.flows is not None:
            found.append(("flows", FLOW_MINUTES, self._ends))
        if uses_smart(settings):
            found.append(("knowledge", 1, thinking.knowledge.save))
        if settings.schedules:
            gaps = gap_watch.GapWatch(settings, store, clock, lambda received: thinking.accept([received]))
            found.append(("gaps", HOURLY, gaps.look))
        calendars = Calendars(settings, store, clock)
        if calendars.used:
            found.append(("calendars", CALENDAR_MINUTES, calendars.refresh))
        if reach.chats:
            found += [("chat", CHAT_MINUTES, reach.care.go_round), ("rooms", HOURLY, talk.follow)]
            handles = on_call_handles.keepers(reach.chats, lambda: settings, store, clock, thinking.accept)
            found += [("handles", 1, each.look) for each in handles]
        return found

    def _ends(self) -> None:
        """Whether runs of rules are over that nobody has told of."""
        thinking = self._running.thinking()
        if thinking.flows is not None and (found := list(thinking.flows.ends())):
            thinking.decide(found)

    def _beat(self, wrong: str) -> Any:  # noqa: ANN401 - nobody asks.
        beat = self._running.settings.heartbeat
        if beat:
            watch.Heartbeat(beat.url.reveal(), beat.every, lambda: wrong).beat()
