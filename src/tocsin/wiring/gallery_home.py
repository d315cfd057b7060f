"""Examples of the home tab, its forms and the digests, for the preview and the judges of our payloads."""

from __future__ import annotations

from typing import Any, Final

from tocsin.digests.days import Day, Night
from tocsin.digests.figures import Figures, KeyFigures, Pages, Person, Times
from tocsin.digests.missing import How, Missed, Open
from tocsin.digests.report import Kind, Quiet, Report, Scene
from tocsin.incidents.alerts import Severity
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.time import DAY, HOUR, MINUTE, Instant
from tocsin.saying.document import saying_of
from tocsin.schedules.schedule import Shift, Why
from tocsin.slack.drawing import Block, Message, draw
from tocsin.slack.views import Facts, form_view, home_view
from tocsin.wiring.concierge.home_forms import quiet_form, rules_form
from tocsin.wiring.concierge.home_page import Duty, Mine, OnCall, TeamNow, home_page
from tocsin.wiring.digest_page import digest_page
from tocsin.wiring.personal import Change
from tocsin.wiring.settings import Responder, Settings
from tocsin.wiring.settings_ways import NotifyRule

URL: Final = "https://tocsin.example.com"

_NAMES: Final = {"ada": "Ada", "bo": "Bo", "cy": "Cy"}
_ADA: Final = Responder(
    time_zone="Europe/Berlin",
    phone="+15555550100",
    notify=(NotifyRule(by="slack"), NotifyRule(by="push", after=5 * MINUTE)),
    quiet_hours=("22:00-07:00", "sat,sun"),
)


def home(now: Instant, asked: Incident, working: Incident) -> Block:
    """The home tab of somebody who is on call."""
    first = Shift(start=now, until=now + 2 * DAY, who="ada", why=Why.LAYER)
    second = Shift(start=now + 9 * DAY, until=now + 16 * DAY, who="ada", why=Why.SWAP, instead="bo")
    mine = Mine(
        who="ada",
        now=now,
        known=True,
        names=_NAMES,
        url=URL,
        asked={"inc-1": asked},
        working={"inc-2": working},
        shifts=(Duty(schedule="primary", shift=first), Duty(schedule="primary", shift=second)),
        person=_ADA,
        own=True,
        changed=Change(at=now - DAY, by="ada", what=""),
        warnings=("You are not reached by voice: there is no `twilio` or `connect` section.",),
        teams=(
            TeamNow(name="ops", members=3, on_call=(OnCall(schedule="primary", who="ada", until=now + 2 * DAY),)),
            TeamNow(name="web", members=2),
        ),
    )
    return home_view(home_page(mine))


def stranger(now: Instant) -> Block:
    """The home tab of somebody whom nobody knows."""
    return home_view(home_page(Mine(who="slack:zed", now=now, known=False, url=URL)))


def quiet() -> Block:
    """The form for quiet hours."""
    return _form(quiet_form(_ADA))


def rules() -> Block:
    """The form for notification rules."""
    return _form(rules_form("ada", _ADA, Settings()))


def digest(kind: Kind, until: Instant, files: dict[str, str] | None = None) -> Message:
    """A digest with everything in it; its pictures are *files*."""
    page = digest_page(_report(kind, until), URL)
    saying = saying_of(page.saying)
    assert saying is not None, "we have written it"
    return draw(saying, files=files or {name: f"F0000{name.upper()}" for name in page.charts})


def _form(form: Any) -> Block:  # noqa: ANN401 - a form.
    view = form_view(form, Facts(form=form.name))
    assert view is not None, "it fits"
    return view


def _report(kind: Kind, until: Instant) -> Report:
    since = until - (DAY if kind is Kind.DAILY else 7 * DAY)
    hand_over = kind is Kind.HANDOVER
    scene = Scene(
        kind=kind,
        subject="primary" if hand_over else "ops",
        since=since,
        until=until,
        left="ada" if hand_over else "",
        came="bo" if hand_over else "",
    )
    alerts = ((0, 3, 6), (2, 5, 4), (1, 2, 8), (0, 4, 2), (1, 1, 3), (0, 0, 1), (0, 0, 0))
    times = (2, 4, 1, 9, 1, None, None)
    days = tuple(
        Day(
            start=since + number * DAY,
            critical=critical,
            high=high,
            warning=warning,
            answered=int(minutes is not None),
            to_acknowledge=None if minutes is None else minutes * MINUTE,
        )
        for number, ((critical, high, warning), minutes) in enumerate(zip(alerts, times, strict=True))
    )
    return Report(
        scene=scene,
        figures=_figures(since, until),
        before=_figures(since, until) if kind is Kind.WEEKLY else None,
        open=(
            _open("inc-1", "CPU of shop-web is above 90 %", Severity.CRITICAL, since, who="ada"),
            _open("inc-2", "Queue orders is long", Severity.WARNING, since + HOUR),
        ),
        open_count=2,
        waiting_count=1,
        own_count=0,
        missed=(
            Missed(
                incident="inc-3",
                title="Disk of db-1 is full",
                team="ops",
                severity=Severity.HIGH,
                opened_at=since,
                at=since + HOUR,
                how=How.LATE,
                answered_by="bo",
            ),
        ),
        silences=(Quiet(by="ada", until=until + DAY, why="the disk is changed"),) if hand_over else (),
        silences_count=int(hand_over),
        names=_NAMES,
        days=() if kind is Kind.DAILY else days,
        nights=(Night("ada", 2),),
    )


def _figures(since: Instant, until: Instant) -> Figures:
    return Figures(
        since=since,
        until=until,
        alerts=43,
        incidents=17,
        notifications=5,
        pages=Pages(14, 6, 7),
        room_pages=1,
        pages_uncounted=0,
        to_acknowledge=Times(12, 4 * MINUTE, 2 * MINUTE),
        to_resolve=Times(11, 70 * MINUTE, 31 * MINUTE),
        closed=11,
        auto_closed=4,
        missed=1,
        people=(
            Person(name="ada", pages=Pages(8, 2, 4), answered=Times(8, MINUTE, MINUTE), closed=5),
            Person(name="bo", pages=Pages(6, 4, 3), answered=Times(4, MINUTE, MINUTE), closed=2),
        ),
        keys=(
            KeyFigures(
                key="default/queue",
                title="Queue orders is long",
                team="ops",
                incidents=9,
                alerts=21,
                pages=Pages(9, 3, 2),
                closed=6,
                auto_closed=4,
                missed=0,
            ),
        ),
    )


def _open(incident: str, title: str, severity: Severity, at: Instant, who: str = "") -> Open:
    return Open(
        incident=incident,
        title=title,
        team="ops",
        severity=severity,
        status=Status.ACKNOWLEDGED if who else Status.TRIGGERED,
        opened_at=at,
        who=who,
    )
