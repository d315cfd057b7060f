"""What the HTTP side asks of who is on call: the port behind the calendar, the feeds, the policies and the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from tocsin.incidents.duty import OnDuty
from tocsin.incidents.ladder import responder
from tocsin.incidents.policy import SCHEDULE, Policy
from tocsin.kernel.time import Instant
from tocsin.schedules.coverage import Hours
from tocsin.schedules.schedule import Override, Schedule, Swap

RESPONDER: Final = responder("")  # Before the name of a person, as what a token stands for; SCHEDULE before a schedule.


class TokenView(msgspec.Struct, frozen=True, kw_only=True):
    """A token as people see it: what it stands for (`schedule:ops`, `responder:ada`), and its last characters."""

    subject: str
    hint: str
    made_at: Instant
    by: str


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """A calendar to send: *mark* changes when, and only when, its content does. *write* gives its bytes (RFC 5545)."""

    mark: str
    write: Callable[[], bytes]


class TeamPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """An escalation policy as it is for the incidents of *team*; *used*: what else is to be said of its use."""

    team: str
    policy: Policy
    used: str = ""


class OnCallDesk(Protocol):
    """Who is on call, and how people change it. Blocks on the store; raises StoreUnavailableError.

    What cannot be done raises TocsinError with a code: `*-unknown`, `*-foreign`, `*-exists`, `*-accepted`, `*-over`, or
    another one for what makes no sense as it stands.
    """

    def schedules(self) -> Mapping[str, Schedule]:
        """All schedules by name, as they are now."""
        ...

    def hours(self) -> Mapping[str, Hours]:
        """When each responder works, and by whose clocks."""
        ...

    def duty(self) -> OnDuty:
        """Whom the schedules in policies stand for, as things are now."""
        ...

    def policies(self) -> Sequence[TeamPolicy]:
        """All escalation policies of the configuration, each for the teams that use it."""
        ...

    def override(
        self, *, schedule: str, who: str, start: Instant, until: Instant, by: str, name: str = ""
    ) -> tuple[Override, bool]:
        """*who* is on call for a while; with it, whether it is new. *name*: an id that the caller has chosen."""
        ...

    def end_override(self, name: str) -> None:
        """Take an override back."""
        ...

    def swaps(self) -> Sequence[Swap]:
        """All swaps, those that are only asked for too."""
        ...

    def ask(
        self,
        *,
        schedule: str,
        by: str,
        start: Instant,
        until: Instant,
        to: str = "",
        back: tuple[Instant, Instant] | None = None,
        name: str = "",
    ) -> tuple[Swap, bool]:
        """*by* asks *to* (empty: anybody) to take their turns, perhaps for others *back*; as `override`."""
        ...

    def accept(self, name: str, by: str) -> Swap:
        """*by* takes the turns."""
        ...

    def decline(self, name: str, by: str) -> Swap:
        """*by*, who was asked, does not want them."""
        ...

    def withdraw(self, name: str, by: str) -> Swap:
        """One of the two takes it back."""
        ...

    def feed(self, secret: str) -> Feed | None:
        """The calendar whose address has this secret, if there is one."""
        ...

    def feeds(self) -> Sequence[TokenView]:
        """All addresses of calendars."""
        ...

    def make_feed(self, subject: str, by: str) -> str:
        """A new address of the calendar of *subject*, which nobody can tell again."""
        ...

    def revoke_feed(self, subject: str, hint: str) -> int:
        """End the addresses with this hint; how many."""
        ...

    def acts_as(self, token: str) -> str:
        """The responder for whom a token of the API speaks; empty if it is none."""
        ...

    def tokens(self) -> Sequence[TokenView]:
        """All tokens of the API."""
        ...

    def make_token(self, responder: str) -> str:
        """A new token for a responder, which nobody can tell again."""
        ...

    def revoke_token(self, responder: str, hint: str) -> int:
        """End the tokens with this hint; how many."""
        ...


def subject_name(subject: str) -> str:
    """The schedule or the responder of *subject*."""
    return subject.removeprefix(SCHEDULE).removeprefix(RESPONDER)
