"""The forms about one incident: note, resolve, snooze until, ask somebody else, pass.

Every form carries in its facts `once`, a word that no other form has: sent again and again, it is done once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from tocsin.incidents.resolve_notes import PART_MAX
from tocsin.incidents.telling import one_line
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.saying.forms import Form, Moments, Pick, Words
from tocsin.saying.message import CHOICES_MAX, Aside, Option, Paragraph, Part
from tocsin.saying.mornings import morning
from tocsin.saying.text import bold

NOTE: Final = "note"  # The names of the forms.
RESOLVE: Final = "resolve"
SNOOZE: Final = "snooze"
REASSIGN: Final = "reassign"
PASS: Final = "pass"  # noqa: S105 - the verb.

TITLE_MAX: Final = 150  # Characters of an incident's title above a form.
OPTION_MAX: Final = 75  # Characters of a choice, as Slack has them.
NOTE_MAX: Final = 2000  # As much as an incident keeps.
WHY_MAX: Final = 500


class About(msgspec.Struct, frozen=True, kw_only=True):
    """The incident of a form: its id, title and present rung. *once*: see the module."""

    once: str
    incident: str
    title: str
    rung: int

    def facts(self) -> dict[str, Json]:
        """What comes back with the form."""
        return {"once": self.once, "i": self.incident, "r": self.rung}

    def intro(self, *more: Part) -> tuple[Part, ...]:
        """What stands above the fields."""
        return (Paragraph(bold(one_line(self.title, TITLE_MAX) or "(no title)")), *more)


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody to choose. *why*: what is worth knowing of them now, like `on call in ops`."""

    id: str
    name: str
    why: str = ""


def choice(name: str, label: str) -> Option:
    """One of several that comes back as *name*."""
    return Option(label=one_line(label, OPTION_MAX) or "(no name)", value={"id": name})


def people(found: Sequence[Person], most: int = CHOICES_MAX) -> tuple[Option, ...]:
    """The first of *found*, at most *most*, as choices."""
    return tuple(choice(each.id, f"{each.name} ({each.why})" if each.why else each.name) for each in found[:most])


def left_out(found: Sequence[Person], most: int = CHOICES_MAX) -> tuple[Part, ...]:
    """What is said of those of *found* that are not among the choices."""
    hidden = len(found) - most
    return (Aside((f"{hidden} more people are not listed here; the console has them all.",)),) if hidden > 0 else ()


def note_form(about: About) -> Form:
    """A line for the timeline."""
    words = Words(name="text", label="Note", hint="Everybody sees it in the timeline.", most=NOTE_MAX, lines=True)
    return Form(name=NOTE, title="Note", submit="Add", fields=(words,), intro=about.intro(), facts=about.facts())


def resolve_form(about: About) -> Form:
    """It is over; perhaps with what was the cause, and what helped."""
    cause = Words(name="cause", label="Cause", hint="What was it?", most=PART_MAX, optional=True)
    helped = "What helped? It is shown when this comes again."
    remedy = Words(name="remedy", label="Remedy", hint=helped, most=PART_MAX, lines=True, optional=True)
    return Form(
        name=RESOLVE,
        title="Resolve",
        submit="Resolve",
        fields=(cause, remedy),
        intro=about.intro(),
        facts=about.facts(),
    )


def snooze_form(about: About, now: Instant, zone: str) -> Form:
    """Until a moment of your choice; *zone* is one that is known."""
    until = Moments(
        name="until", label="Until", hint="Then it asks you again. 30 days at most.", initial=morning(now, zone)
    )
    return Form(
        name=SNOOZE, title="Snooze until", submit="Snooze", fields=(until,), intro=about.intro(), facts=about.facts()
    )


def reassign_form(about: About, found: Sequence[Person]) -> Form:
    """Whom to ask instead; *found* (at least one) with the likeliest first."""
    to = Pick(name="to", label="Ask", options=people(found), hint="They get a page now.")
    return Form(
        name=REASSIGN,
        title="Ask somebody else",
        submit="Ask them",
        fields=(to,),
        intro=about.intro(*left_out(found)),
        facts=about.facts(),
    )


def pass_form(about: About) -> Form:
    """It is not for you, perhaps with the reason."""
    why = Words(name="why", label="Why", hint="Whoever is asked next will read it.", most=WHY_MAX, optional=True)
    return Form(name=PASS, title="Pass", submit="Pass", fields=(why,), intro=about.intro(), facts=about.facts())
