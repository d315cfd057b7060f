"""A report: all that one digest tells, as a value, bounded."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.digests.days import Day, Night, days, nights
from tocsin.digests.episode import Episode
from tocsin.digests.figures import Figures, figures
from tocsin.digests.hours import HoursOf
from tocsin.digests.missing import Missed, Open, missed, still_open
from tocsin.incidents.state import Status
from tocsin.kernel.time import Instant

KEYS_MAX: Final = 5  # The noisiest; who wants all of them asks `tocsin stats`.
PEOPLE_MAX: Final = 50
NIGHTS_MAX: Final = 10
LISTED_MAX: Final = 10  # Incidents and silences that are named; the rest is a number.


class Kind(StrEnum):
    """What a digest is for."""

    DAILY = "daily"
    WEEKLY = "weekly"
    HANDOVER = "handover"


class Quiet(msgspec.Struct, frozen=True, kw_only=True):
    """A silence: who, until when, why."""

    by: str
    until: Instant
    why: str = ""


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What a digest is about: *subject* is a team or a schedule; *left* and *came*: who hands over to whom.

    *zone*: by whose clocks it is told.
    """

    kind: Kind
    subject: str
    since: Instant
    until: Instant
    zone: str = "UTC"
    left: str = ""
    came: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """*before*: the figures of the week before. Lists are cut, their counts are not.

    *names*: display names of the responders in it, as far as they have any.
    *days*: the span day by day. *nights*: who has answered in their sleep.
    *waiting_count*: of those that are open, how many nobody has; *own_count*: those that are the new one's already.
    """

    scene: Scene
    figures: Figures
    before: Figures | None = None
    open: tuple[Open, ...] = ()
    open_count: int = 0
    waiting_count: int = 0
    own_count: int = 0
    missed: tuple[Missed, ...] = ()
    silences: tuple[Quiet, ...] = ()
    silences_count: int = 0
    names: dict[str, str] = {}
    days: tuple[Day, ...] = ()
    nights: tuple[Night, ...] = ()

    @property
    def people(self) -> set[str]:
        """The responders who are named in it."""
        named = {self.scene.left, self.scene.came}
        named |= {each.name for each in self.figures.people}
        named |= {each.who for each in self.nights}
        return named | {each.who for each in self.open} | {each.answered_by for each in self.missed}

    @property
    def quiet(self) -> bool:
        """There is nothing to tell."""
        told = self.figures
        happened = told.incidents or told.pages.total or told.room_pages or told.missed or told.closed
        return not (happened or self.open_count or self.silences_count)


def report(scene: Scene, episodes: Sequence[Episode], silences: Sequence[Quiet], hours: HoursOf) -> Report:
    """What *scene* tells of *episodes*, all of them of its teams, and of the *silences* that last."""
    before = None
    if scene.kind is Kind.WEEKLY:
        before = _cut(figures(episodes, 2 * scene.since - scene.until, scene.since, hours))
    waiting = still_open(episodes)
    # Whoever takes over must know what is muted; for a day's or a week's news it is none.
    lasting = sorted(silences, key=lambda each: each.until) if scene.kind is Kind.HANDOVER else []
    span = scene.since, scene.until
    return Report(
        scene=scene,
        figures=_cut(figures(episodes, scene.since, scene.until, hours)),
        before=before,
        open=tuple(waiting[:LISTED_MAX]),
        open_count=len(waiting),
        waiting_count=sum(each.status is Status.TRIGGERED for each in waiting),
        own_count=sum(bool(scene.came) and each.who == scene.came for each in waiting),
        missed=tuple(missed(episodes, scene.since, scene.until)[:LISTED_MAX]),
        silences=tuple(lasting[:LISTED_MAX]),
        silences_count=len(lasting),
        days=() if scene.kind is Kind.DAILY else days(episodes, *span, scene.zone),
        nights=nights(episodes, *span, hours)[:NIGHTS_MAX],
    )


def _cut(whole: Figures) -> Figures:
    """*whole* as far as a message tells it: it travels through the store."""
    people = sorted(whole.people, key=lambda each: (-each.pages.total - each.closed, each.name))[:PEOPLE_MAX]
    return replace(whole, keys=whole.keys[:KEYS_MAX], people=tuple(sorted(people, key=lambda each: each.name)))
