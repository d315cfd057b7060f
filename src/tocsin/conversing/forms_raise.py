"""The form that raises an incident, from nothing or from a message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from tocsin.conversing.forms import Person, choice, people
from tocsin.incidents.alerts import Severity
from tocsin.incidents.telling import one_line, paragraph
from tocsin.kernel.json import Json
from tocsin.saying.forms import Field, Form, Pick, Words
from tocsin.saying.message import CHOICES_MAX

RAISE: Final = "raise"  # The name of the form.
NOBODY: Final = "*"  # Who is asked first, if nobody in particular: whom the team's policy asks.

TITLE_MAX: Final = 150
DESCRIPTION_MAX: Final = 3000

_SEVERITIES: Final = {
    Severity.CRITICAL: "Critical: people are affected now",
    Severity.HIGH: "High: somebody must look soon",
    Severity.WARNING: "Warning: worth a look",
    Severity.INFO: "Info: good to know",
}


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What is known already. *link*: the message it is about, an https address, or empty."""

    title: str = ""
    description: str = ""
    link: str = ""


def draft(text: str, *, link: str = "", author: str = "") -> Draft:
    """What a message says: its first line is the title, all of it the description."""
    lines = [line for line in text.splitlines() if line.strip()]
    title = one_line(lines[0], TITLE_MAX) if lines else ""
    told = paragraph(text, DESCRIPTION_MAX - TITLE_MAX)
    who = one_line(author, TITLE_MAX // 2)
    more = "" if told == title else told
    description = "\n\n".join(filter(None, (more, f"From a message of {who}." if who else "")))
    return Draft(title=title, description=description, link=link)


def raise_form(once: str, known: Draft, *, teams: Sequence[str], team: str, found: Sequence[Person] = ()) -> Form:
    """*teams* (at least one): whom it may concern, *team* to begin with; *found*: who may be asked first."""
    facts: dict[str, Json] = {"once": once, "link": known.link, "team": team}
    fields: list[Field] = [
        Words(name="title", label="What is wrong?", initial=known.title, most=TITLE_MAX),
        Pick(
            name="severity",
            label="How bad is it?",
            options=tuple(choice(severity.value, label) for severity, label in _SEVERITIES.items()),
            initial=Severity.HIGH.value,
        ),
    ]
    if len(teams) > 1:
        offered = teams[:CHOICES_MAX]
        options = tuple(choice(name, name) for name in offered)
        fields.append(Pick(name="team", label="Team", options=options, initial=team if team in offered else offered[0]))
    fields.append(
        Words(
            name="description",
            label="What do you know?",
            initial=known.description,
            most=DESCRIPTION_MAX,
            lines=True,
            optional=True,
        )
    )
    if found:
        asked = (choice(NOBODY, "Whoever is first in turn"), *people(found, CHOICES_MAX - 1))
        fields.append(Pick(name="ask", label="Ask first", options=asked, initial=NOBODY))
    return Form(name=RAISE, title="Raise an incident", submit="Raise", fields=tuple(fields), facts=facts)
