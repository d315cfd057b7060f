"""A change: a deployment, a push, a new configuration; it asks nobody, and is the first thing to look at later."""

from __future__ import annotations

import msgspec

from tocsin.kernel.time import Instant


class Link(msgspec.Struct, frozen=True):
    """Somewhere to look: *href* is http or https."""

    text: str
    href: str


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What was changed.

    *title*: one line. *key*: names the change within its integration, so that a copy counts once; empty: the delivery
    does. *what*: the service, repository or host that was changed. *by*: who did it, as the sender calls them.
    *changed_at*: by the sender's clock, None if it does not say. *source*: the format it came in.
    """

    title: str
    source: str
    key: str = ""
    what: str = ""
    by: str = ""
    description: str = ""
    links: tuple[Link, ...] = ()
    changed_at: Instant | None = None
