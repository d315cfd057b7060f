"""A report in words: one title, and lines that stand below it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from tocsin.digests.figures import Figures, Person, Times
from tocsin.digests.missing import How, Missed, Open
from tocsin.digests.report import Kind, Report
from tocsin.incidents.naming import called
from tocsin.kernel.announcement import Announcement
from tocsin.kernel.time import Instant, format_duration
from tocsin.schedules.clock import moment_of, wall_clock
from tocsin.schedules.windows import DAYS

TITLE_MAX: Final = 120  # Characters of an alert's title: a line is read at a glance.
THANKED_MAX: Final = 3


def told(report: Report) -> Announcement:
    """What people are told."""
    words = _Words(report.names, report.scene.zone)
    lines = tuple(words.lines(report))
    return Announcement(words.title(report), (*lines, *words.zone()))


class _Words:
    """Sentences with the names of people, and the times of one zone, in them."""

    def __init__(self, names: Mapping[str, str], zone: str) -> None:
        self._names = names
        self._zone = zone
        self._timed = False

    def title(self, report: Report) -> str:
        """What it is about."""
        scene = report.scene
        match scene.kind:
            case Kind.DAILY:
                return f"{scene.subject}: the last day"
            case Kind.WEEKLY:
                return f"{scene.subject}: a quiet week" if report.quiet else f"{scene.subject}: the last week"
            case Kind.HANDOVER:
                left, came = self._name(scene.left) or "nobody", self._name(scene.came) or "nobody"
                return f"{scene.subject}: {left} hands over to {came}"
        assert_never(scene.kind)

    def lines(self, report: Report) -> Iterator[str]:
        """What there is to say."""
        match report.scene.kind:
            case Kind.DAILY:
                return self._daily(report)
            case Kind.WEEKLY:
                return self._weekly(report)
            case Kind.HANDOVER:
                return self._handover(report)
        assert_never(report.scene.kind)

    def zone(self) -> Iterator[str]:
        """By whose clocks the times are, if there were any."""
        if self._timed:
            yield f"Times are those of {self._zone}."

    def _daily(self, report: Report) -> Iterator[str]:
        yield _happened(report.figures)
        yield from self._missed(report)
        yield from self._open(report)

    def _weekly(self, report: Report) -> Iterator[str]:
        now, before = report.figures, report.before
        if report.quiet:
            yield "Nobody was asked, and nothing is open."
            return
        yield _happened(now)
        if before is not None:
            yield f"The week before: {_counts(before)}."
        yield from _times(now, before)
        if now.auto_closed_share is not None:
            yield f"{now.auto_closed} of {now.closed} that ended did so by themselves ({now.auto_closed_share:.0%})."
        yield from (self._borne(each) for each in now.people if each.pages.total)
        for key in now.keys:
            if key.pages.total or key.incidents:
                counted = f"{_many(key.incidents, 'incident')}, {_many(key.pages.total, 'page')}"
                yield f"Noisy: {_short(key.title)} ({counted}, {key.auto_closed} of {key.closed} ended by themselves)"
        yield from self._missed(report)
        yield from self._open(report)
        if now.thanks:
            closed = ", ".join(f"{self._name(each.name)} ({each.closed})" for each in now.thanks[:THANKED_MAX])
            yield f"Thanks for closing most: {closed}."

    def _handover(self, report: Report) -> Iterator[str]:
        scene = report.scene
        yield f"Since {self._when(scene.since)}: {_counts(report.figures)}."
        yield from self._missed(report)
        yield from self._open(report)
        for silence in report.silences:
            why = f": {_short(silence.why)}" if silence.why else ""
            yield f"Silenced by {_short(silence.by) or 'somebody'} until {self._when(silence.until)}{why}"
        yield from _more(report.silences_count - len(report.silences), "silence")
        if scene.came:
            waiting = _many(report.waiting_count, "open incident")
            plate = f"{waiting} that nobody has, {report.own_count} that they have already"
            yield f"On the plate of {self._name(scene.came)}: {plate}."

    def _missed(self, report: Report) -> Iterator[str]:
        yield from (f"Missed: {_short(each.title)} ({self._how(each)})" for each in report.missed)
        yield from _more(report.figures.missed - len(report.missed), "missed alert")

    def _open(self, report: Report) -> Iterator[str]:
        yield from (f"Open: {_short(each.title)} ({self._standing(each)})" for each in report.open)
        yield from _more(report.open_count - len(report.open), "open incident")

    def _how(self, found: Missed) -> str:
        by = f", by {self._name(found.answered_by)}" if found.how is How.LATE and found.answered_by else ""
        return f"{found.how.value}{by}"

    def _standing(self, found: Open) -> str:
        who, until = self._name(found.who), self._when(found.until) if found.until is not None else ""
        if until:
            how = f"snoozed by {who} until {until}" if who else f"asks nobody until {until}"
        else:
            how = f"{who} is on it" if who else found.status.value
        return f"{found.severity.value}, since {self._when(found.opened_at)}, {how}"

    def _borne(self, found: Person) -> str:
        pages = found.pages
        counted = f"{_many(pages.total, 'page')} ({pages.working} at work, {pages.off} off, {pages.sleep} asleep)"
        first = f", answered {found.answered.count}" if found.answered.count else ""
        return f"{self._name(found.name)}: {counted}{first}"

    def _when(self, instant: Instant) -> str:
        self._timed = True
        moment = moment_of(wall_clock(self._zone, instant, instant).shown(instant))
        return f"{DAYS[moment.weekday()].capitalize()} {moment.isoformat(' ', 'minutes')}"

    def _name(self, who: str) -> str:
        return called(who, self._names)


def _happened(found: Figures) -> str:
    return f"{_counts(found)}; {found.missed or 'none'} missed."


def _counts(found: Figures) -> str:
    asleep = f", {found.pages.sleep} of them in somebody's sleep" if found.pages.sleep else ""
    rooms = f", {_many(found.room_pages, 'call')} to a whole room" if found.room_pages else ""
    incidents = f"{_many(found.alerts, 'alert')} in {_many(found.incidents, 'incident')}"
    return f"{incidents}, {_many(found.pages.total, 'page')}{asleep}{rooms}"


def _times(now: Figures, before: Figures | None) -> Iterator[str]:
    for what, found, former in (
        ("To acknowledge", now.to_acknowledge, before and before.to_acknowledge),
        ("To resolve", now.to_resolve, before and before.to_resolve),
    ):
        if found.count:
            earlier = f"; the week before {_long(former)}" if former and former.count else ""
            yield f"{what}: {_long(found)}{earlier}."


def _long(found: Times) -> str:
    assert found.mean is not None and found.median is not None, "there is at least one"  # noqa: PT018 - one fact.
    return f"{format_duration(found.mean)} on average, median {format_duration(found.median)}"


def _more(hidden: int, what: str) -> Iterator[str]:
    if hidden > 0:
        yield f"And {_many(hidden, f'more {what}')}."


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_MAX else line[: TITLE_MAX - 1] + "…"
