"""The on-call desk of the running server: the book, the policies, and the tokens that people make for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Final

from tocsin.engine.ports import Received, Records
from tocsin.incidents.duty import OnDuty
from tocsin.incidents.policy import SCHEDULE
from tocsin.kernel.time import Instant
from tocsin.routing.plans import Windows, plan
from tocsin.schedules.coverage import Hours
from tocsin.web.oncall import RESPONDER, Feed, TeamPolicy, TokenView, subject_name
from tocsin.wiring.living import Derived
from tocsin.wiring.oncall_book import OnCallBook
from tocsin.wiring.schedules import duty, hours
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_routes import parties
from tocsin.wiring.shift_feeds import ShiftFeed, shift_feed
from tocsin.wiring.tokens import API, FEED, make_token, revoke_tokens, subject_of, tokens

WRITTEN_MAX: Final = 32  # Calendars that are kept as written.
FEEDS: Final = "/calendars"  # Where calendars are, below the address of the server.


class SettingsOnCallDesk(OnCallBook):
    """`tocsin.web.oncall.OnCallDesk`."""

    def __init__(
        self,
        settings: Settings,
        records: Records,
        clock: Callable[[], Instant],
        url: str,
        accept: Callable[[Sequence[Received]], object] = lambda _: (),
    ) -> None:
        """*url* is the public one, without a slash at its end; *accept* as in `OnCallBook`."""
        super().__init__(settings, records, clock, accept)
        self._url = url
        self._policies = Derived(settings, lambda now: tuple(_policies(now)))
        self._written: dict[str, bytes] = {}

    def hours(self) -> dict[str, Hours]:
        """See the port."""
        return hours(self._settings)

    def duty(self) -> OnDuty:
        """See the port."""
        return duty(self._settings, self._records)

    def policies(self) -> Sequence[TeamPolicy]:
        """See the port."""
        return self._policies()

    def feed(self, secret: str) -> Feed | None:
        """See the port. What is not in the configuration any more has no calendar."""
        subject = subject_of(self._records, FEED, secret)
        name = subject_name(subject)
        now = self._clock()
        if subject.startswith(SCHEDULE) and name in self._settings.schedules:
            found = shift_feed(self.schedules(), [name], now)
        elif subject.startswith(RESPONDER) and name in self._settings.responders:
            found = shift_feed(self.schedules(), list(self._settings.schedules), now, name)
        else:
            return None
        mark = found.mark()
        return Feed(mark=mark, write=partial(self._written_once, mark, found, now))

    def feeds(self) -> Sequence[TokenView]:
        """See the port."""
        return self._views(FEED)

    def make_feed(self, subject: str, by: str) -> str:
        """See the port. Raises TocsinError."""
        if subject.startswith(SCHEDULE):
            self.schedule(subject_name(subject))
        else:
            self._known(subject_name(subject))
        return feed_url(self._url, make_token(self._records, FEED, subject, self._clock(), by))

    def revoke_feed(self, subject: str, hint: str) -> int:
        """See the port."""
        return revoke_tokens(self._records, FEED, subject, hint)

    def acts_as(self, token: str) -> str:
        """See the port. Who is not in the configuration any more speaks no more."""
        name = subject_name(subject_of(self._records, API, token))
        return name if name in self._settings.responders else ""

    def tokens(self) -> Sequence[TokenView]:
        """See the port."""
        return self._views(API)

    def make_token(self, responder: str) -> str:
        """See the port. Raises TocsinError."""
        self._known(responder)
        return make_token(self._records, API, RESPONDER + responder, self._clock(), responder)

    def revoke_token(self, responder: str, hint: str) -> int:
        """See the port."""
        return revoke_tokens(self._records, API, RESPONDER + responder, hint)

    def _written_once(self, mark: str, found: ShiftFeed, now: Instant) -> bytes:
        """A calendar of thousands of shifts takes seconds to write: many ask for the same one."""
        kept = self._written.get(mark)
        if kept is None:
            if len(self._written) >= WRITTEN_MAX:
                self._written.clear()
            kept = self._written[mark] = found.write(now)
        return kept

    def _views(self, kind: str) -> Sequence[TokenView]:
        return [
            TokenView(subject=each.subject, hint=each.hint, made_at=each.made_at, by=each.by)
            for each in tokens(self._records, kind)
        ]


def feed_url(url: str, secret: str) -> str:
    """Where a calendar is; *url* has no slash at its end."""
    return f"{url}{FEEDS}/{secret}.ics"


def _policies(settings: Settings) -> Iterator[TeamPolicy]:
    """Of each team its own, and then those that only routes name, for the teams of these routes."""
    teams, ladders = parties(settings)
    shown: set[tuple[str, str]] = set()
    for name, team in teams.items():
        made = plan(team, None, 0, Windows()).policy
        shown.add((name, made.name))
        yield TeamPolicy(team=name, policy=made, used="" if team.ladder else "with each member first in turn")
    for route in settings.routes:
        of = route.team or settings.first_team
        if route.policy and (of, route.policy) not in shown:
            shown.add((of, route.policy))
            used = f'for alerts of the route "{route.name}"'
            yield TeamPolicy(team=of, policy=plan(teams[of], ladders[route.policy], 0, Windows()).policy, used=used)
