"""The home tab as a saying: what is on somebody's plate, when they are on call, and how they want to be paged.

Pure: it is made of values, and whoever opens it again sees it as it is then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec

from tocsin.incidents import telling
from tocsin.incidents.alerts import Severity
from tocsin.incidents.naming import called
from tocsin.incidents.state import Incident
from tocsin.incidents.telling import Telling
from tocsin.kernel.time import Instant
from tocsin.saying.buttons import Drawn, actions
from tocsin.saying.message import (
    Actions,
    Aside,
    Button,
    Divider,
    Facts,
    Heading,
    Item,
    Paragraph,
    Part,
    Saying,
    Tone,
)
from tocsin.saying.text import bold, code, link, moment
from tocsin.schedules.schedule import Shift
from tocsin.wiring.personal import Change, rule_words
from tocsin.wiring.settings import Responder
from tocsin.wiring.settings_schedules import LOCAL
from tocsin.wiring.settings_ways import NotifyRule

QUIET: Final = "home-quiet"  # Verbs of its buttons, and names of its forms.
RULES: Final = "home-rules"
RESET: Final = "home-reset"
REFRESH: Final = "home-refresh"

INCIDENTS_MAX: Final = 8  # Of each list: a home tab has 100 blocks, and nobody reads more.
SHIFTS_MAX: Final = 5
TEAMS_MAX: Final = 15

_TITLE_MAX: Final = 160
_NAME_MAX: Final = 60
_TONES: Final = {
    Severity.CRITICAL: Tone.CRITICAL,
    Severity.HIGH: Tone.HIGH,
    Severity.WARNING: Tone.WARNING,
    Severity.INFO: Tone.INFO,
}


class Duty(msgspec.Struct, frozen=True, kw_only=True):
    """A turn of the reader in *schedule*."""

    schedule: str
    shift: Shift


class OnCall(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on call in *schedule* (empty: nobody), until when as far as anybody knows."""

    schedule: str
    who: str
    until: Instant


class TeamNow(msgspec.Struct, frozen=True, kw_only=True):
    """A team of the reader: who is on call for it; without schedules its members are asked."""

    name: str
    members: int
    on_call: tuple[OnCall, ...] = ()


class Mine(msgspec.Struct, frozen=True, kw_only=True):
    """All that the page tells one person, at *now*.

    *person*: how they are paged now; *own*: what they have said of it counts before the file; *changed*: the last time
    that somebody said anything. *known*: they are in the configuration. *warnings*: what is dangerous in it.
    """

    who: str
    now: Instant
    known: bool
    names: Mapping[str, str] = {}
    url: str = ""
    working: Mapping[str, Incident] = {}
    asked: Mapping[str, Incident] = {}
    shifts: tuple[Duty, ...] = ()
    person: Responder = Responder()
    own: bool = False
    changed: Change | None = None
    warnings: tuple[str, ...] = ()
    teams: tuple[TeamNow, ...] = ()


def home_page(mine: Mine) -> Saying:
    """The page of *mine*."""
    told = Telling(mine.names, moment, telling.one_line)
    parts: list[Part] = list(_incidents(mine, told))
    if mine.known:
        parts += [Divider(), *_shifts(mine), Divider(), *_paging(mine, told), Divider(), *_teams(mine, told)]
    else:
        parts += [Divider(), *_stranger(mine)]
    parts += [Divider(), *_links(mine)]
    return Saying(summary=_summary(mine), parts=tuple(parts))


# ── What is on their plate ───────────────────────────────────────────────────────────────────────────────────────────
def _summary(mine: Mine) -> str:
    waiting = f"{len(mine.asked)} {'waits' if len(mine.asked) == 1 else 'wait'} for your answer" if mine.asked else ""
    working = f"you are on {_many(len(mine.working), 'open incident')}" if mine.working else ""
    said = ", ".join(filter(None, (waiting, working)))
    return f"{said[0].upper()}{said[1:]}." if said else "Nothing waits for you."


def _incidents(mine: Mine, told: Telling) -> Iterator[Part]:
    if not mine.asked and not mine.working:
        yield Heading("Nothing waits for you")
        yield Paragraph("You have no open incident, and nobody waits for an answer of yours.")
        return
    if mine.asked:
        yield Heading("Waiting for your answer")
        yield from _listed(mine, mine.asked, told)
    if mine.working:
        yield Heading("You are on it")
        yield from _listed(mine, mine.working, told)


def _listed(mine: Mine, incidents: Mapping[str, Incident], told: Telling) -> Iterator[Part]:
    shown = telling.worst_first(incidents)[:INCIDENTS_MAX]
    for name in shown:
        found = incidents[name]
        where = " · ".join(telling.place(found, told))
        standing = telling.standing(found, told, mine.now)
        title = telling.one_line(found.face.title, _TITLE_MAX) or "(no title)"
        first = link(f"{mine.url}/incidents/{name}", title) if mine.url else bold(title)
        yield Item("\n".join(filter(None, (first, where, standing))), tone=_TONES[found.severity])
        if (done := actions(Drawn(name, found.rung), found, mine.who)) is not None:
            yield done
    if hidden := len(incidents) - len(shown):
        yield Aside((f"and {hidden} more" + (f" · {link(mine.url, 'see them all')}" if mine.url else ""),))


# ── When they are on call ────────────────────────────────────────────────────────────────────────────────────────────
def _shifts(mine: Mine) -> Iterator[Part]:
    yield Heading("Your next shifts")
    if not mine.shifts:
        yield Paragraph("You are not on call within the next weeks.")
    for duty in mine.shifts[:SHIFTS_MAX]:
        shift, name = duty.shift, bold(telling.one_line(duty.schedule, _NAME_MAX))
        if shift.start <= mine.now:
            text = f"{name}: you are on call now, until {moment(shift.until)}"
        else:
            text = f"{name}: from {moment(shift.start)} until {moment(shift.until)}"
        instead = mine.names.get(shift.instead, shift.instead)
        text += f", for {telling.one_line(instead, _NAME_MAX)}" if instead else ""
        value = {"schedule": duty.schedule, "start": max(shift.start, mine.now), "until": shift.until}
        yield Item(text, action=Button(verb="form:swap", label="Find somebody to swap", value=value, opens=True))


# ── How they are paged ───────────────────────────────────────────────────────────────────────────────────────────────
def _paging(mine: Mine, told: Telling) -> Iterator[Part]:
    yield Heading("How you are paged")
    yield Facts(
        (
            ("Quiet hours", quiet_words(mine.person)),
            ("Ways", ways_words(mine.person)),
        )
    )
    yield from (Item(telling.one_line(warning, 500), tone=Tone.WARNING) for warning in mine.warnings)
    said = "As the configuration says."
    if mine.own and mine.changed is not None:
        by = "you" if mine.changed.by == mine.who else told.person(mine.changed.by)
        said = f"As {by} said {moment(mine.changed.at)}; it goes before the configuration."
    yield Aside((said,))
    yield Actions(
        (
            Button(verb=QUIET, label="Change quiet hours", opens=True),
            Button(verb=RULES, label="Change how I am paged", opens=True),
            *([_BACK] if mine.own else []),
        )
    )


_BACK: Final = Button(
    verb=RESET,
    label="Back to the configuration",
    sure="Your own quiet hours and rules are forgotten, and those of the configuration count again.",
)


def quiet_words(person: Responder) -> str:
    """When *person* has quiet, and what makes a noise nevertheless."""
    if not person.quiet_hours:
        return "None: every page makes a noise"
    zone = f"\nby the clocks of {telling.one_line(person.time_zone or LOCAL, _NAME_MAX)}"
    loud = _list(person.quiet_except)
    unless = f"\nexcept what is {loud}" if loud else "\nwithout exception"
    return "\n".join(code(window) for window in person.quiet_hours) + zone + unless


def ways_words(person: Responder) -> str:
    """By which ways *person* is paged."""
    if not person.notify:
        return "By the first of your ways that works, at once"
    said = [rule_words(rule) for rule in sorted(person.notify, key=lambda rule: rule.after)]
    left = [word.value for word in Severity if not any(_is_meant(rule, word) for rule in person.notify)]
    return "\n".join((*said, *([f"the first way that works for {_list(left)}"] if left else [])))


def _is_meant(rule: NotifyRule, severity: Severity) -> bool:
    return not rule.severity or severity.value in rule.severity


# ── Their teams, and the rest ────────────────────────────────────────────────────────────────────────────────────────
def _teams(mine: Mine, told: Telling) -> Iterator[Part]:
    yield Heading("Your teams")
    if not mine.teams:
        yield Paragraph("You are in no team.")
    for team in mine.teams[:TEAMS_MAX]:
        yield Item("\n".join((bold(telling.one_line(team.name, _NAME_MAX)), *_on_call(mine, team, told))))
    if (hidden := len(mine.teams) - TEAMS_MAX) > 0:
        yield Aside((f"and {hidden} more",))


def _on_call(mine: Mine, team: TeamNow, told: Telling) -> Iterator[str]:
    for duty in team.on_call:
        who = "you" if duty.who == mine.who else told.person(duty.who)
        name = telling.one_line(duty.schedule, _NAME_MAX)
        if duty.who:
            yield f"{name}: {who} until {moment(duty.until)}"
        else:
            yield f"{name}: nobody is on call until {moment(duty.until)}"
    if not team.on_call:
        yield f"{_many(team.members, 'member')}; one is asked after the other"


def _stranger(mine: Mine) -> Iterator[Part]:
    yield Heading("Tocsin does not know you yet")
    name = code(telling.one_line(called(mine.who, {}), _NAME_MAX))
    yield Paragraph(
        f"You are {name} here, and nobody of that name is in the configuration, so you are never paged. "
        "Whoever keeps it can add you; or invite Tocsin into your team's channel, and you are in a team."
    )


def _links(mine: Mine) -> Iterator[Part]:
    pages = (("Open incidents", ""), ("On call", "/oncall"), ("Figures", "/stats"), ("People", "/people"))
    links = [Button(verb=f"go-{n}", label=label, href=f"{mine.url}{path}") for n, (label, path) in enumerate(pages)]
    raised = Button(verb="raise", label="Raise an incident", opens=True)
    yield Actions((raised, Button(verb=REFRESH, label="Refresh"), *(links if mine.url else [])))
    yield Aside((f"As of {moment(mine.now)}.",))


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _list(words: Sequence[str]) -> str:
    return " or ".join(words)
