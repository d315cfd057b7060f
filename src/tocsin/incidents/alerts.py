"""An alert: one notification from a source, normalised, and the plan that routing has made for it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from tocsin.incidents.policy import Policy
from tocsin.kernel.time import DAY, MINUTE, Duration, Instant

TITLE_MAX: Final = 500  # Characters; a title is read in a notification preview.
DESCRIPTION_MAX: Final = 4000  # Characters; the raw body has the rest.
KEY_MAX: Final = 512  # Characters of a dedup key, as Opsgenie's alias; PagerDuty's has 255.
LABELS_MAX: Final = 64  # More do not help anybody at three in the morning.
TAGS_MAX: Final = 20  # As Opsgenie.


class AlertStatus(StrEnum):
    """What the source says of it."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Severity(StrEnum):
    """How bad it is, worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    WARNING = "warning"
    INFO = "info"

    @property
    def weight(self) -> int:
        """Larger is worse."""
        return _WEIGHTS[self]


_WEIGHTS: Final = {Severity.CRITICAL: 3, Severity.HIGH: 2, Severity.WARNING: 1, Severity.INFO: 0}


class Kind(StrEnum):
    """An alert needs a human; a notification is nice to know, and nobody is paged for it."""

    ALERT = "alert"
    NOTIFICATION = "notification"


class Link(msgspec.Struct, frozen=True):
    """Somewhere to look: *href* is http or https."""

    text: str
    href: str


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """A metric that somebody else keeps, and can draw. *dimensions*: which one of that name, name and value.

    *statistic*: `Average`, `p99` ...; *period*: what it is taken over, in seconds. *threshold*: where it is too much.
    """

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()
    statistic: str = ""
    period: int = 0
    threshold: float | None = None


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One notification from a source, normalised.

    *dedup_key*: alerts with equal keys (of one integration) merge; it never contains the state, so that an OK finds its
    ALARM. *group_key*: alerts with equal ones become one incident; empty means the dedup key. *occurred_at*: by the
    sender's clock. *source*: the format it came in (`cloudwatch`, `alertmanager`, `pagerduty`, `eventbridge`, ...).
    *annotations*: what a labelled alert says beside its labels, as it came, and what Opsgenie's clients ask for again;
    empty for all others. *expires_at*: what is not repeated until then does not fire any more, if its *sender* is known
    to be alive. *images*: pictures, and what they show. *began_at*: when the trouble began, by the sender's clock; it
    is only shown.
    *metric*: what it watches, where that can be drawn.
    """

    status: AlertStatus
    title: str
    dedup_key: str
    group_key: str = ""
    source: str
    severity: Severity = Severity.HIGH
    kind: Kind = Kind.ALERT
    description: str = ""
    account: str = ""
    region: str = ""
    resource: str = ""
    labels: dict[str, str] = {}
    tags: tuple[str, ...] = ()
    annotations: dict[str, str] = {}
    links: tuple[Link, ...] = ()
    images: tuple[Link, ...] = ()
    occurred_at: Instant | None = None
    began_at: Instant | None = None
    expires_at: Instant | None = None
    sender: str = ""
    metric: Metric | None = None


class Gate(msgspec.Struct, frozen=True):
    """A threshold: nobody is asked before it has fired *count* times within *within* ms (see `gating`)."""

    count: int
    within: Duration


class Remedied(msgspec.Struct, frozen=True):
    """Somebody has made it quieter: the id of the key that the remedy is for, and what it does, in words."""

    key: str
    words: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What routing decided for an alert; an incident keeps the plan that it was opened with.

    *severity* and *kind* override the alert's. Windows: after *alert_window* (*notification_window*) ms without a
    repetition the next alert with this key begins a new incident; one that comes within *reopen_window* ms of a resolve
    by the source re-opens. *hold*: no page for so many ms, what recovers meanwhile has none; *transient_hold*: the same
    for as long as it nearly always takes, and histories are kept; *flapping*: what flaps is one incident. *gate*: it
    must fire so often. *remedy*: which one of a person has made this plan quieter. *group_by*: see `grouping`.
    """

    team: str
    policy: Policy
    severity: Severity | None = None
    kind: Kind | None = None
    auto_resolve: bool = True
    alert_window: Duration = 7 * DAY
    notification_window: Duration = MINUTE
    reopen_window: Duration = 5 * MINUTE
    hold: Duration = 0
    gate: Gate | None = None
    remedy: Remedied | None = None
    transient_hold: bool = False
    flapping: bool = False
    group_by: tuple[str, ...] = ()
