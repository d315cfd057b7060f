"""The state of an incident: everything that the next decision needs, and nothing that people write prose about."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Plan, Severity
from tocsin.incidents.flips import Flips
from tocsin.incidents.marks import Marks
from tocsin.incidents.occurrences import Hold
from tocsin.incidents.pages import Page
from tocsin.incidents.silences import Mute, MuteKind
from tocsin.kernel.time import Instant


class Status(StrEnum):
    """Where an incident stands."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class AlertLine(msgspec.Struct, frozen=True, kw_only=True):
    """One alert of an incident: what its source last said, and how often.

    *expires_at*, *sender*: as in `Alert`; nothing once it has recovered. *mute*: the silence that covers it.
    *flips*: its changes, as far as they count for flapping. *marks*: what it has to do with the muting of others.
    *beside*: a person's silence that covers it as well, while an inhibition or a storm that lasts longer mutes it.
    """

    title: str
    status: AlertStatus
    severity: Severity
    count: int
    first_at: Instant
    last_at: Instant
    occurred_at: Instant | None
    expires_at: Instant | None = None
    sender: str = ""
    mute: Mute | None = None
    flips: Flips | None = None
    marks: Marks | None = None
    beside: Mute | None = None


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """What people work on.

    *face* is the alert that is shown: the first, or a later one that is worse. *alerts* by dedup key. *count*: alerts
    received. *rung*: the step that is being asked; *asked* whom it asked, *passed* who declined it,
    *unreached* whom no page could reach. *paged*: all who were ever asked,
    so that their messages can be kept true. *assignee*: who answers for it; nobody while it is triggered, when
    *acknowledged_by* and *acknowledged_at* are empty too.
    *base* is the rung at which the ladder began, so that rungs never repeat and no old button fits a new step.
    *integration*: under which the alert came that opened it. *withdrawn*: it is over, and its sender wants it gone.
    Two timers: *wake_at* is when the ladder goes on or a promise ends, *look_at* when it is seen whether an alert was
    not repeated in time. *overruled*: the silences that a person has broken by asking somebody. *fired*: when it has
    fired of late, if its plan has a gate. *hold*: why it was held when it was opened; a third timer, *calm_at*, is when
    an alert stops flapping. *answered*: who has acknowledged, where several must. *pages*: what became of the newest
    pages to people. *moves*: choices made in the present step if it is a smart one, which began at *step_at*; 0 in all
    others. *came*: when its newest alerts came, if its policy asks for that. The five from *asked_at* on are for
    figures, and no rule asks for them (module `ledger`).
    """

    plan: Plan
    status: Status
    kind: Kind
    severity: Severity
    face: Alert
    alerts: dict[str, AlertLine]
    count: int
    opened_at: Instant
    changed_at: Instant
    last_alert_at: Instant
    wake_at: Instant | None
    rung: int = 0
    base: int = 0
    asked: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    unreached: tuple[str, ...] = ()
    paged: tuple[str, ...] = ()
    assignee: str = ""
    acknowledged_by: str = ""
    acknowledged_at: Instant | None = None
    resolved_by: str = ""
    resolved_at: Instant | None = None
    resolve_note: str = ""
    snoozed_until: Instant | None = None
    reopened: int = 0
    integration: str = ""
    withdrawn: bool = False
    look_at: Instant | None = None
    overruled: tuple[str, ...] = ()
    fired: tuple[Instant, ...] = ()
    asked_at: tuple[tuple[str, Instant], ...] = ()
    asked_more: int = 0
    answered_by: str = ""
    answered_at: Instant | None = None
    unanswered_at: Instant | None = None
    hold: Hold | None = None
    calm_at: Instant | None = None
    answered: tuple[str, ...] = ()
    pages: tuple[Page, ...] = ()
    moves: int = 0
    step_at: Instant = 0
    came: tuple[Instant, ...] = ()

    @property
    def next_at(self) -> Instant | None:
        """The earliest one of its timers."""
        timers = (self.wake_at, self.look_at, self.calm_at)
        return min((each for each in timers if each is not None), default=None)

    @property
    def mute(self) -> Mute | None:
        """The silence that ends first, if each alert that fires (or, when none does, each that did) has one."""
        firing = [line.mute for line in self.alerts.values() if line.status is not AlertStatus.RESOLVED]
        mutes = firing or [line.mute for line in self.alerts.values()]
        found = [mute for mute in mutes if mute is not None]
        return min(found, key=lambda mute: mute.until) if found and len(found) == len(mutes) else None

    @property
    def silenced(self) -> bool:
        """It asks nobody because of a silence; a snooze has somebody who will be asked again."""
        return self.status is Status.SNOOZED and not self.assignee and self.mute is not None

    @property
    def held(self) -> bool:
        """It asks nobody yet, since it usually recovers by itself; what is silenced as well is only that."""
        snoozed_by_nobody = self.status is Status.SNOOZED and not self.assignee
        return snoozed_by_nobody and self.hold is not None and not self.hold.ended and self.mute is None

    @property
    def called(self) -> str:
        """Its status in one word; what is muted is called by what mutes it."""
        if self.silenced and self.mute is not None:
            return _MUTED[self.mute.kind]
        return "held" if self.held else self.status.value

    @property
    def team(self) -> str:
        """The team that it belongs to."""
        return self.plan.team

    @property
    def live(self) -> bool:
        """It is not over."""
        return self.status is not Status.RESOLVED

    @property
    def firing(self) -> int:
        """How many of its alerts still fire."""
        return sum(line.status is not AlertStatus.RESOLVED for line in self.alerts.values())


_MUTED = {MuteKind.SILENCE: "silenced", MuteKind.INHIBITION: "inhibited", MuteKind.STORM: "held"}
