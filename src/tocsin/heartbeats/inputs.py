"""What can happen to a heartbeat, in the past tense."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from tocsin.heartbeats.ping import Ping
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import Duration, Instant


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a heartbeat promises, and what its alert says. None leaves a term as it is.

    *every*: how often it comes, in ms; *grace*: how much later it may come. *message*: the title of its alert.
    *severity*: the word for how bad a missed one is.
    """

    every: Duration | None = None
    grace: Duration | None = None
    description: str | None = None
    message: str | None = None
    severity: str | None = None
    tags: tuple[str, ...] | None = None
    owner: str | None = None


class Pinged(msgspec.Struct, frozen=True, kw_only=True):
    """A sign of life came under *integration*. *watched*: it promises nothing, but must not fall silent.

    *at*: when it came, if that was long before it is handled: nobody lives because our own backlog was long.
    """

    integration: str
    ping: Ping
    watched: bool = False
    at: Instant | None = None


class Configured(msgspec.Struct, frozen=True, kw_only=True):
    """Its terms were set; *enabled* None leaves that as it is. Creates the heartbeat."""

    integration: str
    name: str
    terms: Terms
    enabled: bool | None = None


class Switched(msgspec.Struct, frozen=True):
    """It was enabled or disabled."""

    enabled: bool


class Deleted(msgspec.Struct, frozen=True):
    """It is not wanted any more."""


class Expired(msgspec.Struct, frozen=True, kw_only=True):
    """The alert *dedup_key* of *incident* was not repeated until *expires_at*: does its sender live?

    *integration* and *name* are those of the sender's heartbeat, which is made anew if somebody has deleted it: who
    does not exist cannot answer, and the alert would never end.
    """

    incident: str
    dedup_key: str
    expires_at: Instant
    integration: str = ""
    name: str = ""


Input: TypeAlias = Pinged | Configured | Switched | Deleted | Expired | Tick
