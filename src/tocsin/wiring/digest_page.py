"""A digest as a page: headings, figures, what was missed and is open with links, charts, and thanks.

Pure: a report becomes a saying and its charts. What people need first stands first; what somebody has borne is told
as a burden, never as a score, and thanks go to those who closed most and to those who answered at night.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, assert_never

from tocsin.charts import chart as charts
from tocsin.charts.chart import Chart, Series
from tocsin.digests.days import Day
from tocsin.digests.figures import Figures, Person, Times
from tocsin.digests.missing import How, Missed, Open
from tocsin.digests.report import Kind, Quiet, Report
from tocsin.digests.telling import THANKED_MAX
from tocsin.incidents import telling
from tocsin.incidents.alerts import Severity
from tocsin.incidents.telling import Telling
from tocsin.kernel.page import Page
from tocsin.kernel.time import format_duration
from tocsin.saying.document import document
from tocsin.saying.message import (
    Action,
    Actions,
    Aside,
    Button,
    Divider,
    Facts,
    Heading,
    Item,
    Paragraph,
    Part,
    Picture,
    Saying,
    Tone,
)
from tocsin.saying.text import bold, link, moment
from tocsin.schedules.clock import moment_of, wall_clock
from tocsin.schedules.windows import DAYS

SLEEPERS_MAX: Final = 8  # Bars of people.
BURDENS_MAX: Final = 10
CHART_DAYS_MIN: Final = 3  # Fewer bars are told quicker in words.

_TITLE_MAX: Final = 120
_WHY_MAX: Final = 200
_NAME_MAX: Final = 60
_TONES: Final = {
    Severity.CRITICAL: Tone.CRITICAL,
    Severity.HIGH: Tone.HIGH,
    Severity.WARNING: Tone.WARNING,
    Severity.INFO: Tone.INFO,
}


def digest_page(report: Report, url: str) -> Page:
    """The page of *report*; *url* is that of the console, or empty."""
    said = _Page(report, url)
    parts = tuple(said.parts())
    saying = Saying(summary=said.summary(), parts=parts)
    return Page(saying=document(saying), charts={name: charts.document(each) for name, each in said.charts.items()})


class _Page:
    """The parts of one page, and the charts of its pictures."""

    def __init__(self, report: Report, url: str) -> None:
        self._report = report
        self._url = url
        self._told = Telling(report.names, moment, telling.one_line)
        self.charts = dict(_charts(report, self._told))

    def title(self) -> str:
        """What it is about."""
        scene = self._report.scene
        subject = telling.one_line(scene.subject, _NAME_MAX)
        match scene.kind:
            case Kind.DAILY:
                return f"{subject}: the last day"
            case Kind.WEEKLY:
                return f"{subject}: a quiet week" if self._report.quiet else f"{subject}: the last week"
            case Kind.HANDOVER:
                return f"{subject}: {self._name(scene.left)} hands over to {self._name(scene.came)}"
        assert_never(scene.kind)

    def summary(self) -> str:
        """For previews: what it is, and the figure that matters."""
        report = self._report
        if report.quiet:
            return f"{self.title()}. Nobody was asked, and nothing is open."
        missed = f"{report.figures.missed or 'none'} missed"
        return f"{self.title()}. {_counts(report.figures)}; {missed}, {report.open_count or 'none'} open."

    def parts(self) -> Iterator[Part]:
        """Top to bottom."""
        report, scene = self._report, self._report.scene
        yield Heading(self.title())
        yield Aside((f"{moment(scene.since)} to {moment(scene.until)}",))
        if report.quiet:
            yield Paragraph("Nobody was asked, and nothing is open. A good time to sleep in.")
        else:
            if scene.kind is Kind.HANDOVER:
                yield from self._plate()
            yield Facts(tuple(_figures(report)))
            yield from self._pictures("alerts", "answers")
            yield from self._missed()
            yield from self._open()
            if scene.kind is Kind.HANDOVER:
                yield from self._silences()
            if scene.kind is Kind.WEEKLY:
                yield from self._noise()
                yield from self._burdens()
        yield from self._thanks()
        yield from self._ways_on()

    def _pictures(self, *names: str) -> Iterator[Part]:
        for name in names:
            if name in self.charts:
                yield Picture(alt=charts.alt(self.charts[name]), name=name)

    # ── Hand-over ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _plate(self) -> Iterator[Part]:
        report = self._report
        if not report.scene.came:
            yield Paragraph("Nobody is on call now.")
            return
        who = bold(self._name(report.scene.came))
        waiting = f"{_many(report.waiting_count, 'open incident')} that nobody has" if report.waiting_count else ""
        own = f"{report.own_count} that you have already" if report.own_count else ""
        plate = " and ".join(filter(None, (waiting, own)))
        yield Paragraph(f"{who}, on your plate: {plate}." if plate else f"{who}, your plate is empty.")

    def _silences(self) -> Iterator[Part]:
        report = self._report
        if report.silences:
            yield Paragraph(bold("Silenced, so you will not hear of it"))
        yield from (Item(self._silence(each)) for each in report.silences)
        yield from _more(report.silences_count - len(report.silences), "silence")

    def _silence(self, found: Quiet) -> str:
        by = telling.one_line(found.by, _NAME_MAX) or "somebody"
        why = telling.one_line(found.why, _WHY_MAX)
        return f"until {moment(found.until)}, by {by}" + (f": {why}" if why else "")

    # ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def _missed(self) -> Iterator[Part]:
        report = self._report
        if report.missed:
            yield Paragraph(bold("Missed"))
        for each in report.missed:
            yield Item(f"{self._title(each)}\n{self._how(each)}", tone=_TONES[each.severity])
        yield from _more(report.figures.missed - len(report.missed), "missed alert")

    def _open(self) -> Iterator[Part]:
        report = self._report
        if report.open:
            yield Paragraph(bold("Open"))
        for each in report.open:
            yield Item(f"{self._title(each)}\n{self._standing(each)}", tone=_TONES[each.severity])
        yield from _more(report.open_count - len(report.open), "open incident")

    def _title(self, found: Missed | Open) -> str:
        title = telling.one_line(found.title, _TITLE_MAX) or "(no title)"
        return link(f"{self._url}/incidents/{found.incident}", title) if self._url else bold(title)

    def _how(self, found: Missed) -> str:
        by = f", by {self._name(found.answered_by)}" if found.how is How.LATE and found.answered_by else ""
        return f"{moment(found.at)}: {found.how.value}{by}"

    def _standing(self, found: Open) -> str:
        who = self._name(found.who) if found.who else ""
        if found.until is not None:
            until = moment(found.until)
            how = f"snoozed by {who} until {until}" if who else f"asks nobody until {until}"
        else:
            how = f"{who} is on it" if who else found.status.value
        return f"since {moment(found.opened_at)}, {how}"

    # ── A week ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def _noise(self) -> Iterator[Part]:
        noisy = [each for each in self._report.figures.keys if each.pages.total or each.incidents]
        if noisy:
            yield Paragraph(bold("What came most often"))
        for each in noisy:
            title = bold(telling.one_line(each.title, _TITLE_MAX) or "(no title)")
            counted = f"{_many(each.incidents, 'incident')}, {_many(each.pages.total, 'page')}"
            ended = f"; {each.auto_closed} of {each.closed} ended by themselves" if each.closed else ""
            yield Item(f"{title}\n{counted}{ended}")

    def _burdens(self) -> Iterator[Part]:
        people = sorted(
            (each for each in self._report.figures.people if each.pages.total),
            key=lambda each: (-each.pages.total, each.name),
        )
        if not people:
            return
        yield Paragraph(bold("Who was asked, and when"))
        yield from self._pictures("sleep")
        yield Facts(tuple((self._name(each.name), _burden(each)) for each in people[:BURDENS_MAX]))
        yield from _more(len(people) - BURDENS_MAX, "person", "people")

    # ── Thanks, and where to go on ───────────────────────────────────────────────────────────────────────────────────
    def _thanks(self) -> Iterator[Part]:
        report = self._report
        said = list(self._deeds()) if report.scene.kind is not Kind.DAILY else []
        if said:
            yield Divider()
            yield Item(f"Thank you, {_list(said)}.", tone=Tone.GOOD)

    def _deeds(self) -> Iterator[str]:
        report = self._report
        if report.scene.kind is Kind.HANDOVER:
            if report.scene.left:
                yield f"{bold(self._name(report.scene.left))}, for your watch"
            return
        for each in report.figures.thanks[:THANKED_MAX]:
            yield f"{bold(self._name(each.name))} for closing {each.closed}"
        for night in report.nights[:THANKED_MAX]:
            yield f"{bold(self._name(night.who))} for answering {_many(night.count, 'time')} in hours meant for sleep"

    def _ways_on(self) -> Iterator[Part]:
        if not self._url:
            return
        found: list[Action] = []
        if self._report.open_count:
            found.append(Button(verb="go-open", label="Open incidents", href=self._url))
        if self._report.scene.kind is Kind.HANDOVER:
            found.append(Button(verb="go-oncall", label="On call", href=f"{self._url}/oncall"))
        else:
            found.append(Button(verb="go-figures", label="All figures", href=f"{self._url}/stats"))
        if self._report.figures.keys and self._report.scene.kind is Kind.WEEKLY:
            found.append(Button(verb="go-noise", label="Make it quieter", href=f"{self._url}/noise"))
        yield Actions(tuple(found))

    def _name(self, who: str) -> str:
        return self._told.person(who) if who else "nobody"


# ── Figures ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _figures(report: Report) -> Iterator[tuple[str, str]]:
    now, before = report.figures, report.before
    alerts, pages, missed = (before.alerts, before.pages.total, before.missed) if before else (None, None, None)
    yield "Alerts", f"{now.alerts} in {_many(now.incidents, 'incident')}" + _then(alerts)
    yield "Pages", f"{now.pages.total}" + _asleep(now) + _then(pages)
    yield "Missed", f"{now.missed or 'none'}" + _then(missed)
    if now.room_pages:
        yield "Calls to a whole room", f"{now.room_pages}"
    for name, found, former in (
        ("To acknowledge", now.to_acknowledge, before and before.to_acknowledge),
        ("To resolve", now.to_resolve, before and before.to_resolve),
    ):
        if found.count and report.scene.kind is Kind.WEEKLY:
            yield name, _long(found) + (f"\nthe week before: {_long(former)}" if former and former.count else "")
    if now.auto_closed_share is not None and report.scene.kind is Kind.WEEKLY:
        yield "Ended by themselves", f"{now.auto_closed} of {now.closed} ({now.auto_closed_share:.0%})"


def _then(before: int | None) -> str:
    return "" if before is None else f"\nthe week before: {before or 'none'}"


def _asleep(found: Figures) -> str:
    return f", {found.pages.sleep} of them in somebody's sleep" if found.pages.sleep else ""


def _counts(found: Figures) -> str:
    asleep = _asleep(found)
    incidents = f"{_many(found.alerts, 'alert')} in {_many(found.incidents, 'incident')}"
    return f"{incidents}, {_many(found.pages.total, 'page')}{asleep}"


def _long(found: Times) -> str:
    assert found.mean is not None, "there is at least one"
    assert found.median is not None, "the same"
    return f"half within {format_duration(found.median)}, on average {format_duration(found.mean)}"


def _burden(found: Person) -> str:
    pages = found.pages
    hours = [(pages.working, "at work"), (pages.off, "off work"), (pages.sleep, "asleep")]
    counted = ", ".join(f"{count} {when}" for count, when in hours if count)
    answered = f"\nanswered {found.answered.count}" if found.answered.count else ""
    return f"{_many(pages.total, 'page')}: {counted}{answered}"


# ── Charts ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def _charts(report: Report, told: Telling) -> Iterator[tuple[str, Chart]]:
    labels = tuple(_labels(report.days, report.scene.zone))
    if len(labels) >= CHART_DAYS_MIN:
        series = [Series(word.value, word.value, _alerts(report.days, word)) for word in Severity]
        happened = tuple(each for each in series if any(each.values))
        if happened:
            yield "alerts", Chart(title="Alerts per day", labels=labels, series=happened)
        times = tuple(day.to_acknowledge or 0 for day in report.days)
        if any(times):
            taken = Series("median", Tone.PLAIN.value, times)
            yield "answers", Chart(title="Time to acknowledge", labels=labels, series=(taken,), unit=charts.TIME)
    asleep = sorted((each for each in report.figures.people if each.pages.sleep), key=lambda each: each.name)
    if asleep and report.scene.kind is Kind.WEEKLY:
        most = sorted(asleep, key=lambda each: -each.pages.sleep)[:SLEEPERS_MAX]
        pages = Series("pages", "night", tuple(each.pages.sleep for each in most))
        names = tuple(told.person(each.name) for each in most)
        yield "sleep", Chart(title="Pages in hours meant for sleep", labels=names, series=(pages,), lying=True)


def _alerts(days: Sequence[Day], severity: Severity) -> tuple[int, ...]:
    counted: Mapping[Severity, tuple[int, ...]] = {
        Severity.CRITICAL: tuple(day.critical for day in days),
        Severity.HIGH: tuple(day.high for day in days),
        Severity.WARNING: tuple(day.warning for day in days),
        Severity.INFO: tuple(day.info for day in days),
    }
    return counted[severity]


def _labels(days: Sequence[Day], zone: str) -> Iterator[str]:
    """`Mon`; beyond a week, where these would come twice, `23` as well."""
    for day in days:
        shown = moment_of(wall_clock(zone, day.start, day.start).shown(day.start))
        name = DAYS[shown.weekday()].capitalize()
        yield name if len(days) <= len(DAYS) else f"{name} {shown.day}"


def _more(hidden: int, one: str, several: str = "") -> Iterator[Part]:
    if hidden > 0:
        yield Aside((f"and {hidden} more {one if hidden == 1 else several or f'{one}s'}",))


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _list(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
