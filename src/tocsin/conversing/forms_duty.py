"""The forms about who is on call: an override, and a swap of shifts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from tocsin.conversing.forms import WHY_MAX, Person, choice, left_out, people
from tocsin.conversing.wall import written_span
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.saying.forms import Form, Moments, Pick, Words
from tocsin.saying.message import CHOICES_MAX, Aside, Option

OVERRIDE: Final = "override"  # The names of the forms.
SWAP: Final = "swap"
ANYBODY: Final = "*"  # Whom a swap asks, if nobody in particular.

_DIGITS_MAX: Final = 15


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """A shift to choose. *who*: its name for people, where it is another's."""

    schedule: str
    start: Instant
    until: Instant
    who: str = ""


def turn_id(turn: Turn) -> str:
    """As a form carries it."""
    return f"{turn.start}/{turn.until}/{turn.schedule}"


def read_turn(text: str) -> Turn | None:
    """The inverse of `turn_id`, without who has it; None for anything else."""
    start, _, rest = text.partition("/")
    until, _, schedule = rest.partition("/")
    both = (start, until)
    if not schedule or not all(each.isascii() and each.isdecimal() and len(each) <= _DIGITS_MAX for each in both):
        return None
    return Turn(schedule=schedule, start=int(start), until=int(until))


def override_form(
    once: str,
    *,
    schedules: Sequence[str],
    schedule: str,
    found: Sequence[Person],
    start: Instant,
    until: Instant | None,
) -> Form:
    """Somebody else is on call for a while. *schedules* and *found* have at least one; *schedule* to begin with."""
    offered = schedules[:CHOICES_MAX]
    facts: dict[str, Json] = {"once": once, "at": start}
    return Form(
        name=OVERRIDE,
        title="Override",
        submit="Override",
        fields=(
            Pick(
                name="schedule",
                label="Schedule",
                options=tuple(choice(name, name) for name in offered),
                initial=schedule if schedule in offered else offered[0],
            ),
            Pick(name="who", label="On call", options=people(found)),
            Moments(name="from", label="From", initial=start),
            Moments(name="until", label="Until", initial=until),
        ),
        intro=(
            Aside(("Whoever is on call then is not, and the pages of that time go to whom you choose.",)),
            *left_out(found),
        ),
        facts=facts,
    )


def swap_form(
    once: str, *, mine: Sequence[Turn], others: Sequence[Turn], found: Sequence[Person], zone: str, schedule: str = ""
) -> Form:
    """Asks somebody to take one of *mine* (at least one), perhaps for one of *others*; *schedule*'s to begin with."""
    first = next((turn for turn in mine[:CHOICES_MAX] if turn.schedule == schedule), mine[0])
    back: tuple[Pick, ...] = ()
    if others:
        back = (
            Pick(
                name="back",
                label="In return I take",
                options=_turns(others, zone),
                hint="Only of whom you ask, and of the same schedule.",
                optional=True,
            ),
        )
    return Form(
        name=SWAP,
        title="Swap a shift",
        submit="Ask",
        fields=(
            Pick(name="shift", label="My shift", options=_turns(mine, zone), initial=turn_id(first)),
            Pick(
                name="to",
                label="Ask",
                options=(*people(found, CHOICES_MAX - 1), choice(ANYBODY, "Anybody")),
            ),
            *back,
            Words(
                name="comment", label="Comment", hint="They read it with your question.", most=WHY_MAX, optional=True
            ),
        ),
        intro=(Aside((f"Nothing changes before somebody accepts. Times are those of {zone}.",)),),
        facts={"once": once},
    )


def _turns(found: Sequence[Turn], zone: str) -> tuple[Option, ...]:
    return tuple(choice(turn_id(turn), _told(turn, zone)) for turn in found[:CHOICES_MAX])


def _told(turn: Turn, zone: str) -> str:
    span = written_span(turn.start, turn.until, zone)
    return f"{turn.who}: {span}, {turn.schedule}" if turn.who else f"{span}, {turn.schedule}"
