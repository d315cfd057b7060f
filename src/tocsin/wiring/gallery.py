"""Examples of all that is drawn for Slack, for the preview, the documentation, and the judges of our payloads.

What is new is added to PAYLOADS by one line: a name, what it shows, and a function that draws it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeAlias

import msgspec
from msgspec.structs import replace

from tocsin.changes.change import Change
from tocsin.changes.change import Link as ChangeLink
from tocsin.changes.machine import Entry
from tocsin.digests.report import Kind as DigestKind
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Link, Plan, Severity
from tocsin.incidents.inputs import Acknowledged, AlertReceived, Input, Passed, Resolved, Snoozed
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.occurrences import Hold, Usual
from tocsin.incidents.policy import Policy, Step
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.announcement import Announcement
from tocsin.kernel.machine import Tick
from tocsin.kernel.time import HOUR, MINUTE, Instant
from tocsin.saying.forms import Form, Moments, Pick, Ticks, Words
from tocsin.saying.incident import Setting
from tocsin.saying.message import (
    Actions,
    Aside,
    Button,
    Choice,
    Divider,
    Facts,
    Heading,
    Item,
    Option,
    Paragraph,
    Picture,
    Saying,
    Tone,
)
from tocsin.saying.text import bold, code, link, moment
from tocsin.saying.thread import Line, thread_saying
from tocsin.slack.announcements import announcement_message
from tocsin.slack.blocks import bundle_message, incident_message, replaced_message
from tocsin.slack.drawing import Block, Message, draw
from tocsin.slack.views import Facts as ViewFacts
from tocsin.slack.views import form_view, loading_view, working_view
from tocsin.wiring import gallery_home
from tocsin.wiring.concierge.rooms import welcome
from tocsin.wiring.room_records import Room
from tocsin.wiring.settings import Settings, Team

NOW: Final[Instant] = 1_795_000_000_000  # 2026-11-18 11:06:40 UTC

View: TypeAlias = Block
"""A modal or a home tab, as Slack is given it: with `type`, and perhaps `title`, `submit` and so on."""


class Example(msgspec.Struct, frozen=True):
    """Something that Slack shows. *draw* gives a message, or a view."""

    name: str
    title: str
    draw: Callable[[], Message | View]


SETTING: Final = Setting(
    names={"ada": "Ada", "bo": "Bo", "cy": "Cy"},
    incident_url=lambda name: f"https://tocsin.example.com/incidents/{name}",
    console_url="https://tocsin.example.com",
    accounts={"111122223333": "production"},
)
_WHY: Final = "You are the first to be asked."
_THREAD: Final = "https://workspace.slack.com/archives/C012AB3CD/p1795000000000000"
_PICTURE: Final = "https://graphs.example.com/cpu.png"
_POLICY: Final = Policy(
    name="ops",
    steps=(Step(("responder:ada",)), Step(("responder:bo",), 10 * MINUTE), Step(("responder:cy",))),
    everyone=("team:ops",),
)


# ── Incidents ────────────────────────────────────────────────────────────────────────────────────────────────────────
def _alert(title: str = "CPU of shop-web is above 90 %", **parts: Any) -> Alert:  # noqa: ANN401 - as the struct has them.
    given: dict[str, Any] = {
        "status": AlertStatus.FIRING,
        "dedup_key": title,
        "source": "cloudwatch",
        "severity": Severity.CRITICAL,
        "description": "The average was 96.4 % for 5 minutes; the threshold is 90 %.",
        "account": "111122223333",
        "region": "eu-west-1",
        "resource": "shop-web",
        "labels": {"service": "shop", "stage": "prod"},
        "links": (
            Link("Alarm in CloudWatch", "https://console.example.com/cloudwatch/alarm"),
            Link("Runbook", "https://wiki.example.com/runbooks/cpu"),
        ),
    }
    return Alert(title=title, **(given | parts))


def _incident(*inputs: tuple[Instant, Input], first: Alert | None = None) -> Incident:
    """What the machine makes of *first*, which comes at NOW, and of *inputs*."""
    machine = IncidentMachine()
    opened = AlertReceived(first or _alert(), Plan(team="ops", policy=_POLICY))
    state = machine.decide(None, opened, NOW).state
    for at, given in inputs:
        state = machine.decide(state, given, at).state
    assert state is not None
    return state


def _acknowledged() -> Incident:
    return _incident((NOW + MINUTE, Acknowledged(by="cy")))


def _resolved() -> Incident:
    taken = (NOW + MINUTE, Acknowledged(by="cy"))
    return _incident(taken, (NOW + 34 * MINUTE, Resolved(by="cy", note="rolled shop 1.4.2 back")))


def _passed() -> Incident:
    return _incident((NOW, Passed(by="ada", rung=0)))


def _held() -> Incident:
    hold = Hold(since=NOW, until=NOW + 3 * MINUTE, usual=Usual(3 * MINUTE, 47, 50))
    return replace(
        _incident(), status=Status.SNOOZED, hold=hold, snoozed_until=hold.until, wake_at=hold.until, asked=()
    )


def _snoozed() -> Incident:
    return _incident((NOW + MINUTE, Snoozed(by="ada", until=NOW + 2 * HOUR)))


def _again() -> Incident:
    more = AlertReceived(_alert(), Plan(team="ops", policy=_POLICY))
    return _incident((NOW + MINUTE, more), (NOW + 2 * MINUTE, more), (NOW + 5 * MINUTE, Tick()))


def _room(make: Callable[[], Incident], *, page: bool = False) -> Message:
    state = make()
    return incident_message("48", state, now=state.changed_at, setting=SETTING, page=page, why=_WHY if page else "")


def _page(make: Callable[[], Incident], viewer: str = "ada", why: str = _WHY) -> Message:
    state = make()
    return incident_message(
        "48", state, now=state.changed_at, setting=SETTING, viewer=viewer, why=why, page=True, thread=_THREAD
    )


def _pictured() -> Incident:
    return _incident(first=_alert(images=(Link("CPU of shop-web, the last 3 hours", _PICTURE),)))


def _many() -> dict[str, Incident]:
    titles = ("Disk of db-1 is full", "5xx of shop-api above 2 %", "Queue orders-dlq is not empty", "Backup is late")
    severities = (Severity.CRITICAL, Severity.HIGH, Severity.WARNING, Severity.INFO)
    return {
        str(number): _incident(first=_alert(title, severity=severity, resource=""))
        for number, (title, severity) in enumerate(zip(titles, severities, strict=True), 48)
    }


def _bundle(*, total: int, viewer: str, page: bool) -> Message:
    return bundle_message(_many(), total=total, now=NOW, setting=SETTING, viewer=viewer, page=page)


# ── Threads, announcements, and all parts ────────────────────────────────────────────────────────────────────────────
def _thread(*, opening: bool) -> Message:
    deployed = Change(
        title="shop 1.4.2 deployed",
        source="github",
        what="shop",
        by="bo",
        links=(ChangeLink("run", "https://ci.example.com/runs/7"),),
    )
    stories = ("opened; asked ada", "passed by ada: on a train; asked bo", "acknowledged by cy", "note by cy: looking")
    lines = [Line(NOW + number * MINUTE, story) for number, story in enumerate(stories)]
    changes = [Entry(integration="ci", change=deployed, at=NOW - 4 * MINUTE)]
    return draw(thread_saying(_incident(), lines[: 2 if opening else 4], changes, opening=opening))


def _announcement() -> Message:
    lines = ("2026-11-18 09:00 UTC: Bo takes over from Ada", "2 incidents are open", "<!channel> stays words")
    return announcement_message(Announcement(title="Hand-over of ops", lines=lines))


def _parts() -> Message:
    """Every part of a saying, in the ways in which others use it."""
    swap = Button(verb="form:swap", label="Swap a shift …", opens=True)
    options = tuple(Option(label=label, value={"i": label}) for label in ("Note", "Reassign", "Silence"))
    return draw(
        Saying(
            summary="Ada is on call for ops until tomorrow 9:00.",
            tone=Tone.GOOD,
            parts=(
                Heading("Who is on call"),
                Paragraph(f"{bold('Ada')} is on call for ops until {moment(NOW + 22 * HOUR)}. Then {bold('Bo')}."),
                Facts((("Schedule", "ops"), ("Next change", moment(NOW + 22 * HOUR)), ("Key", code("…a1b2")))),
                Item("Disk of db-1 is full", Choice(verb="form:more", label="More", options=options), Tone.WARNING),
                Item("Backup is late", Button(verb="acknowledge", label="Acknowledge", style="primary")),
                Divider(),
                Picture(alt="Alerts of the week", href="https://graphs.example.com/week.png"),
                Actions(
                    (
                        swap,
                        Button(verb="end", label="End", style="danger", sure="Nobody is on call then. Really?"),
                        Button(verb="see", label="Calendar", href="https://tocsin.example.com/oncall"),
                    )
                ),
                Aside((link("https://tocsin.example.com/oncall", "all shifts"), "times are your own")),
            ),
        )
    )


def _form() -> View:
    """A form with a field of every kind."""
    people = tuple(Option(label=name, value={"id": name.lower()}) for name in ("Ada", "Bo", "Cy"))
    form = Form(
        name="everything",
        title="Every kind of field",
        submit="Save",
        intro=(Paragraph(f"{bold('CPU of shop-web is above 90 %')}: what was it?"),),
        fields=(
            Words(name="cause", label="Cause", hint="What broke", lines=True),
            Words(name="remedy", label="Remedy", initial="rolled shop 1.4.2 back", optional=True),
            Pick(name="to", label="Who is asked", options=people, initial="bo"),
            Moments(name="until", label="Until", initial=NOW),
            Ticks(name="tell", label="Tell them too", options=people, initial=("ada",)),
        ),
        facts={"i": "48", "r": 1},
    )
    view = form_view(form, ViewFacts(form=form.name))
    assert view is not None
    return view


def _welcome() -> Message:
    room = Room(channel="C012AB3CD", name="ops", team="ops", integration="ops", made_at=NOW, members=("U012AB3CD",))
    settings = Settings(teams={"ops": Team(members=("ada", "bo", "cy"))})
    return draw(welcome(room, "https://tocsin.example.com/v1/in/KEY", settings, "https://tocsin.example.com"))


_DIGESTS: Final = {
    DigestKind.DAILY: "The digest of a day",
    DigestKind.WEEKLY: "The digest of a week",
    DigestKind.HANDOVER: "The digest of a hand-over",
}

PAYLOADS: Final[tuple[Example, ...]] = (
    Example("room-triggered", "A new incident in the room", partial(_room, _pictured)),
    Example("room-repeated", "It goes on, and others are asked", partial(_room, _again)),
    Example("room-page", "Everybody in the room is asked", partial(_room, _incident, page=True)),
    Example("room-acknowledged", "Somebody is on it", partial(_room, _acknowledged)),
    Example("room-snoozed", "It is snoozed", partial(_room, _snoozed)),
    Example("room-held", "It usually recovers by itself", partial(_room, _held)),
    Example("room-resolved", "It is over", partial(_room, _resolved)),
    Example(
        "room-notification",
        "A notification",
        partial(
            _room,
            lambda: _incident(first=_alert("shop 1.4.3 deployed", kind=Kind.NOTIFICATION, severity=Severity.INFO)),
        ),
    ),
    Example("page-triggered", "A page", partial(_page, _incident)),
    Example("page-acknowledged", "A page, acknowledged", partial(_page, _acknowledged, "cy", why="")),
    Example("page-elsewhere", "A page that was answered elsewhere", partial(_page, _acknowledged)),
    Example("page-passed", "A page that was passed", partial(_page, _passed, why="")),
    Example("page-over", "A page whose incident is over", partial(_page, _resolved)),
    Example(
        "page-replaced", "A page that is asked again", partial(replaced_message, "48", _incident(), setting=SETTING)
    ),
    Example("bundle-room", "Several incidents at once", partial(_bundle, total=17, viewer="", page=False)),
    Example("bundle-page", "Several pages at once", partial(_bundle, total=4, viewer="ada", page=True)),
    Example("thread-opening", "A thread begins", partial(_thread, opening=True)),
    Example("thread-later", "A thread goes on", partial(_thread, opening=False)),
    Example("announcement", "An announcement", _announcement),
    Example("parts", "Every part of a message", _parts),
    Example("home", "The home tab", lambda: gallery_home.home(NOW, _incident(), _incident((NOW, Acknowledged("ada"))))),
    Example("home-stranger", "The home tab of somebody whom nobody knows", partial(gallery_home.stranger, NOW)),
    Example("home-quiet", "Quiet hours, changed by oneself", gallery_home.quiet),
    Example("home-rules", "How one is paged, changed by oneself", gallery_home.rules),
    *(Example(f"digest-{kind.value}", _DIGESTS[kind], partial(gallery_home.digest, kind, NOW)) for kind in DigestKind),
    Example("welcome", "The bot is invited", _welcome),
    Example("form-loading", "A form is on its way", loading_view),
    Example("form-working", "A form takes longer", working_view),
    Example("form", "A form", _form),
)
