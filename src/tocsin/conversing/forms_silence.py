"""The form that silences: what, how long or until when, why, and who is reminded of its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tocsin.conversing.forms import NOTE_MAX, TITLE_MAX, WHY_MAX, choice
from tocsin.incidents.telling import one_line
from tocsin.kernel.json import Json
from tocsin.saying.forms import Field, Form, Moments, Pick, Ticks, Words
from tocsin.saying.message import CHOICES_MAX, Aside, Paragraph, Part
from tocsin.saying.text import bold

SILENCE: Final = "silence"  # The name of the form.

ALERT: Final = "alert"  # What is silenced: this alert and no other,
TITLE: Final = "title"  # all that is called so,
RESOURCE: Final = "resource"  # all of this resource,
MATCHERS: Final = "matchers"  # or what the matchers say.

ALL: Final = "*"  # The choice of all teams.

ME: Final = "me"  # Who is reminded.
ROOM: Final = "room"

LENGTHS: Final[Mapping[str, str]] = {
    "30m": "30 minutes",
    "2h": "2 hours",
    "8h": "8 hours",
    "1d": "a day",
    "7d": "a week",
}
LENGTH: Final = "2h"  # The one that is chosen first.


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What might be silenced: of an *incident* its alerts, with their *title* and *resource*; *matchers* to begin with.

    Without an incident only matchers count.
    """

    incident: str = ""
    title: str = ""
    resource: str = ""
    matchers: str = ""


def silence_form(
    once: str,
    subject: Subject,
    *,
    teams: Sequence[str] = (),
    team: str = "",
    remind: Mapping[str, str],
    length: str = LENGTH,
) -> Form:
    """*teams*: those that can be chosen (none: it is clear, or all), *team* to begin with.

    *remind*: who can be reminded, ME or ROOM, with its label; the first is to begin with. *length*: one of LENGTHS.
    """
    facts: dict[str, Json] = {"once": once, "i": subject.incident}
    tell: list[Field] = []
    if remind:
        options = tuple(choice(name, label) for name, label in remind.items())
        tell = [Ticks(name="tell", label="Remind before it ends", options=options, initial=(next(iter(remind)),))]
    return Form(
        name=SILENCE,
        title="Silence",
        submit="Silence",
        fields=(
            *_what(subject),
            *_team(teams, team),
            Pick(
                name="for",
                label="For",
                options=tuple(choice(name, label) for name, label in LENGTHS.items()),
                initial=length if length in LENGTHS else LENGTH,
            ),
            Moments(name="until", label="Or until", hint="If you say it, it counts. 30 days at most.", optional=True),
            Words(name="why", label="Why", hint="Others read it, so that they know.", most=WHY_MAX),
            *tell,
        ),
        intro=_intro(subject),
        facts=facts,
    )


def _intro(subject: Subject) -> tuple[Part, ...]:
    tale = Aside(("What is silenced asks nobody. It is still shown, and asks when the silence ends while it fires.",))
    title = one_line(subject.title, TITLE_MAX)
    return (Paragraph(bold(title)), tale) if title else (tale,)


def _what(subject: Subject) -> list[Field]:
    matchers = Words(
        name="matchers",
        label="Matchers",
        hint="One a line, like service=db or resource=~db-.*",
        initial=subject.matchers,
        most=NOTE_MAX,
        lines=True,
        optional=bool(subject.incident),
    )
    if not subject.incident:
        return [matchers]
    options = [choice(ALERT, "This alert, and no other")]
    if subject.title:
        options.append(choice(TITLE, "Everything with this title"))
    if subject.resource:
        options.append(choice(RESOURCE, f"Everything of {subject.resource}"))
    options.append(choice(MATCHERS, "What the matchers below say"))
    return [Pick(name="what", label="What", options=tuple(options), initial=ALERT), matchers]


def _team(teams: Sequence[str], team: str) -> list[Field]:
    if not teams:
        return []
    options = (choice(ALL, "All teams"), *(choice(name, name) for name in teams[: CHOICES_MAX - 1]))
    initial = team if team in teams[: CHOICES_MAX - 1] else ALL
    return [Pick(name="team", label="Alerts of", options=options, initial=initial)]
