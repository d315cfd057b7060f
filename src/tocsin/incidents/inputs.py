"""What can happen to an incident, in the past tense."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from tocsin.incidents.alerts import Alert, Plan, Severity
from tocsin.incidents.marks import Marks
from tocsin.incidents.occurrences import Occurrence
from tocsin.incidents.silences import Mute
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import Instant


class AlertReceived(msgspec.Struct, frozen=True):
    """A source said something under *integration*; *plan* counts if it opens an incident; *mute*: it is silenced.

    *history*: how the last occurrences of its key were closed, oldest first. *marks*: what it has to do with the muting
    of others.
    """

    alert: Alert
    plan: Plan
    integration: str = ""
    mute: Mute | None = None
    history: tuple[Occurrence, ...] = ()
    marks: Marks | None = None


class Acknowledged(msgspec.Struct, frozen=True):
    """*by* takes care of it."""

    by: str


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """*by* cannot take it; *rung* is the one that the button was drawn for (None: the present one)."""

    by: str
    rung: int | None = None
    why: str = ""


class Escalated(msgspec.Struct, frozen=True, kw_only=True):
    """*by* wants more people asked at once; *rung* as in Passed."""

    by: str
    rung: int | None = None


class Reassigned(msgspec.Struct, frozen=True, kw_only=True):
    """*by* asks the responder *to* instead."""

    by: str
    to: str


class Snoozed(msgspec.Struct, frozen=True, kw_only=True):
    """*by* wants to hear of it again at *until*."""

    by: str
    until: Instant


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """*by* says that it is over; *note* is what helped."""

    by: str
    note: str = ""


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """*by* adds a line to the timeline."""

    by: str
    text: str


class Unacknowledged(msgspec.Struct, frozen=True):
    """*by* says that nobody takes care of it after all."""

    by: str


class Amended(msgspec.Struct, frozen=True, kw_only=True):
    """*by* changes what is known of it; None and empty change nothing. *annotations* are set beside those there are."""

    by: str
    title: str | None = None
    description: str | None = None
    severity: Severity | None = None
    add_tags: tuple[str, ...] = ()
    remove_tags: tuple[str, ...] = ()
    set_labels: dict[str, str] = {}
    remove_labels: tuple[str, ...] = ()
    annotations: dict[str, str] = {}


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """*by* wants *receivers* asked too, beside those who are."""

    by: str
    receivers: tuple[str, ...]
    why: str = ""


class Redirected(msgspec.Struct, frozen=True, kw_only=True):
    """*by* gives it another ladder: that of *plan*, whose team it then belongs to (empty: it keeps its own)."""

    by: str
    plan: Plan


class Withdrawn(msgspec.Struct, frozen=True):
    """*by* wants it gone, as if it had never been."""

    by: str


class PageFailed(msgspec.Struct, frozen=True, kw_only=True):
    """The page to *receiver* for *rung* could not be delivered; *final*: by no way at all."""

    receiver: str
    rung: int
    error: str
    final: bool


class Restored(msgspec.Struct, frozen=True):
    """A way to people works again: what they see is made true, and who could not be reached is asked."""


class Muted(msgspec.Struct, frozen=True, kw_only=True):
    """A silence covers the alert *dedup_key*, from now on or with another end than before."""

    dedup_key: str
    mute: Mute


class Unmuted(msgspec.Struct, frozen=True, kw_only=True):
    """The silence *silence* covers nothing any more; *instead* is another one that covers the alert *dedup_key*.

    *others*: the same for more alerts, by dedup key.
    """

    silence: str
    dedup_key: str = ""
    instead: Mute | None = None
    others: dict[str, Mute] = {}


class Lapsed(msgspec.Struct, frozen=True, kw_only=True):
    """The sender of the alert *dedup_key* lives, and has not repeated what was to expire at *expires_at*."""

    dedup_key: str
    expires_at: Instant


Input: TypeAlias = (
    AlertReceived
    | Acknowledged
    | Passed
    | Escalated
    | Reassigned
    | Snoozed
    | Resolved
    | Noted
    | Unacknowledged
    | Amended
    | Invited
    | Redirected
    | Withdrawn
    | PageFailed
    | Restored
    | Muted
    | Unmuted
    | Lapsed
    | Tick
)
