"""What the HTTP side needs from the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import msgspec

from tocsin.engine.ports import Handled, Received
from tocsin.kernel.time import Duration, Instant

if TYPE_CHECKING:
    from tocsin.digests.figures import Figures
    from tocsin.digests.missing import Missed
    from tocsin.noise.machine import Treatment
    from tocsin.noise.report import Report


class Intake(Protocol):
    """Stores deliveries durably without blocking the event loop."""

    async def accept(self, received: Received) -> str:
        """The delivery's id once it is on disk. Raises StoreUnavailableError."""
        ...

    async def outcome(self, delivery_id: str, timeout: float) -> Sequence[Handled]:  # noqa: ASYNC109 - bounds a courtesy wait.
        """What the engine made of a delivery, waiting at most *timeout* seconds; empty if it is not done by then."""
        ...


class Changes(Protocol):
    """Tells which aggregates were committed."""

    def subscribe(self) -> AsyncIterator[frozenset[str]]:
        """Batches of aggregate ids as they change; ends when the server stops."""
        ...


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A key as people see it. *hint*: its last characters.

    *made_at*: None for a key that stands in the configuration. *used_at* and *ends_at*: None for never.
    """

    hint: str
    made_at: Instant | None
    used_at: Instant | None
    ends_at: Instant | None


class IntegrationView(msgspec.Struct, frozen=True, kw_only=True):
    """An integration with those of its keys that open, or have ended lately."""

    name: str
    team: str
    keys: tuple[KeyView, ...]


class WrongKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that was presented and did not open: perhaps a sender that is being lost.

    *shown*: what may be shown of it. *integration*: whose it was before it ended, or empty. *path*: that of the route.
    """

    shown: str
    integration: str
    path: str
    peer: str
    agent: str
    first_at: Instant
    last_at: Instant
    count: int


class KeyDesk(Protocol):
    """Where keys are made and ended. Blocks on the store; raises StoreUnavailableError."""

    def listing(self) -> Sequence[IntegrationView]:
        """All integrations of the configuration."""
        ...

    def wrong(self) -> Sequence[WrongKey]:
        """The wrong keys of late, the last first."""
        ...

    def rotate(self, integration: str) -> str:
        """Make a key; the address with it, which nobody can tell again. Those before end after a while."""
        ...

    def revoke(self, integration: str, hint: str) -> int:
        """End the keys of an integration with this hint now; how many."""
        ...


class FigureDesk(Protocol):
    """Where what happened is counted. Blocks on the store; raises StoreUnavailableError."""

    def figures(self, since: Instant, until: Instant, team: str = "") -> Figures:
        """What happened from *since* to *until* (excluded), to *team* or to all."""
        ...

    def missed(self, since: Instant, until: Instant, team: str = "") -> Sequence[Missed]:
        """What was missed then, the newest first."""
        ...


class BrowserView(msgspec.Struct, frozen=True, kw_only=True):
    """A browser that rings for somebody: *label* says which, as far as it has told."""

    name: str
    label: str
    since: Instant


class Browsers(Protocol):
    """The browsers that ring for people (web push). Blocks on the store; raises StoreUnavailableError."""

    @property
    def public_key(self) -> str:
        """Our key, which a browser wants to know when it is registered; base64 as URLs take it."""
        ...

    def of(self, responder: str) -> Sequence[BrowserView]:
        """Those of *responder*."""
        ...

    def add(self, responder: str, subscription: str, label: str) -> str:
        """Register one by its *subscription* in JSON; why that cannot be, or empty."""
        ...

    def remove(self, responder: str, name: str) -> bool:
        """Let one ring no more; False if *responder* has none of that name."""
        ...


class PagingView(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody is paged: quiet hours and rules, one a line, and the severities that make a noise in quiet hours.

    *zone*: by whose clocks. *own*: they have said it themselves. *warnings*: what is dangerous in it.
    """

    windows: str
    loud: Sequence[str]
    rules: str
    zone: str
    own: bool
    warnings: Sequence[str] = ()


class PagingDesk(Protocol):
    """How people want to be paged. Blocks on the store; raises StoreUnavailableError."""

    def of(self, responder: str) -> PagingView:
        """As it is now."""
        ...

    def change(self, responder: str, windows: str, loud: Sequence[str], rules: str) -> str:
        """From now on as *responder* says; why that cannot be, or empty."""
        ...

    def reset(self, responder: str) -> None:
        """From now on as the configuration says."""
        ...


class Roster(Protocol):
    """Who and what there is, from the configuration."""

    def responders(self) -> Mapping[str, str]:
        """Display names by responder id."""
        ...

    def teams(self) -> Mapping[str, Sequence[str]]:
        """Members' responder ids by team."""
        ...

    def integrations(self) -> Mapping[str, str]:
        """Teams by integration."""
        ...


class NoiseDesk(Protocol):
    """What is noisy, and what was done about it. Blocks on the store; raises StoreUnavailableError."""

    def report(self, length: Duration, team: str = "") -> Report:
        """The last *length* ms, of one *team* or of all."""
        ...

    def treatments(self) -> Sequence[Treatment]:
        """All keys with a remedy in force, the one that was set last first."""
        ...

    def treatment(self, key_id: str) -> Treatment | None:
        """What was done about the key with this id."""
        ...
