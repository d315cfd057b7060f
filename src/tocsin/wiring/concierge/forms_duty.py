"""The forms about who is on call, override and swap; and the buttons by which a swap is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

from msgspec.structs import replace

from tocsin.conversing import forms_duty as forms
from tocsin.conversing.forms import WHY_MAX
from tocsin.conversing.forms_duty import Turn, read_turn
from tocsin.conversing.replies import Answer, Ask, Corrections, Reply
from tocsin.conversing.wishes import Filled, Place, Pressed
from tocsin.errors import StoreUnavailableError, TocsinError
from tocsin.kernel.time import DAY, HOUR, MINUTE, Duration, Instant
from tocsin.saying.message import Actions, Button, Paragraph, Part, Saying
from tocsin.saying.text import bold, code, moment
from tocsin.schedules.schedule import Override, Schedule, Swap
from tocsin.schedules.timeline import current, shifts
from tocsin.wiring.concierge.concierge import plain_answer
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.filling import (
    OLD,
    carried,
    elsewhere,
    instant,
    new_once,
    persons,
    swap_about,
    telling,
    text,
    too_long,
    word,
    zone_of,
)
from tocsin.wiring.concierge.words_room import says, tell
from tocsin.wiring.digests import asked_schedules
from tocsin.wiring.news import ACCEPT, DECLINE
from tocsin.wiring.schedules import OVERRIDE, agreed

AHEAD: Final[Duration] = 60 * DAY  # How far ahead shifts can be swapped in the form.
JUST_NOW: Final[Duration] = HOUR  # A beginning that is no longer ago than this means now; an earlier one is a slip.
OVERRIDE_FOR: Final[Duration] = 8 * HOUR  # Where a shift ends later, an override is offered for so long.

STRANGER: Final = "Only responders of the configuration can change who is on call; you are not among them yet."

_FIELDS: Final[Mapping[str, str]] = {"schedule-unknown": "schedule", "time-invalid": "until"}
_SWAP_FIELDS: Final[Mapping[str, str]] = {
    "schedule-unknown": "shift",
    "swap-empty": "shift",
    "time-invalid": "shift",
    "responder-unknown": "to",
}


def pressed(desk: Desk) -> Mapping[str, Callable[[Pressed], Reply]]:
    """`form:override` and `form:swap` may carry `schedule`; the answers carry `s`, the swap."""
    return {
        "form:override": partial(_open_override, desk),
        "form:swap": partial(_open_swap, desk),
        ACCEPT: partial(_accept, desk),
        DECLINE: partial(_decline, desk),
    }


def filled(desk: Desk) -> Mapping[str, Callable[[Filled], Reply]]:
    """By the form's name."""
    return {forms.OVERRIDE: partial(_override, desk), forms.SWAP: partial(_swap, desk)}


# ── Override ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _open_override(desk: Desk, wish: Pressed) -> Reply:
    if not desk.is_configured(wish.by.responder):
        return plain_answer(STRANGER)
    known = desk.oncall.schedules()
    found = persons(desk)
    if not known or not found:
        return plain_answer("There is no schedule here that anybody is on call in.")
    wanted = word(wish.value, "schedule")
    schedule = wanted if wanted in known else next(iter(known))
    start = wish.at - wish.at % MINUTE
    until = min(current(known[schedule], start).until, start + OVERRIDE_FOR)
    return Ask(
        forms.override_form(
            new_once(), schedules=tuple(known), schedule=schedule, found=found, start=start, until=until
        )
    )


def _override(desk: Desk, wish: Filled) -> Reply:
    facts = carried(wish)
    if facts is None:
        return plain_answer(OLD)
    if not desk.is_configured(wish.by.responder):
        return plain_answer(STRANGER)
    if (there := _made(desk, facts.once)) is not None:  # The same form again.
        return _overridden(desk, wish.place, there)
    schedule, who = text(wish, "schedule"), text(wish, "who")
    start, until = instant(wish, "from"), instant(wish, "until")
    errors: dict[str, str] = {}
    if start is None:
        errors["from"] = "Choose from when."
    elif start < wish.at - JUST_NOW and start < facts.at:
        errors["from"] = "That has passed; choose now, or later."
    if until is None:
        errors["until"] = "Choose until when."
    if who not in desk.settings().responders:
        errors["who"] = "Choose somebody; whom you have chosen is not there any more." if who else "Choose somebody."
    if errors or start is None or until is None:
        return Corrections(errors)
    try:
        made, _ = desk.oncall.override(
            schedule=schedule,
            who=who,
            start=max(start, wish.at - wish.at % MINUTE),
            until=until,
            by=wish.by.responder,
            name=facts.once,
        )
    except TocsinError as problem:
        there = _made(desk, facts.once)  # The same form, at the same moment.
        return _overridden(desk, wish.place, there) if there is not None else _corrected(problem, _FIELDS)
    return _overridden(desk, wish.place, made)


def _made(desk: Desk, once: str) -> Override | None:
    """What the form has made, if it was sent before."""
    found = (each.override for each in agreed(desk.store, OVERRIDE))
    return next((each for each in found if each is not None and each.id == once), None)


def _overridden(desk: Desk, place: Place, made: Override) -> Reply:
    names = telling(desk)
    by, who = names.person(made.by), names.person(made.who)
    when = f"from {moment(made.start)} until {moment(made.until)}"
    told = f"{bold(who)} is on call in {code(made.schedule)} {when}"
    sentence = f"{told}." if made.by == made.who else f"{told}: an override by {by}."
    title = f"Override in {made.schedule}"
    elsewhere(desk, place, _asking(desk, made.schedule), once=f"override-{made.id}", title=title, sentence=sentence)
    return tell(sentence, actions=[says("Take it back", f"override end {made.id}")], private=False)


def _asking(desk: Desk, schedule: str) -> list[str]:
    """The teams that ask whoever is on call in *schedule*."""
    settings = desk.settings()
    return [team for team in settings.teams if schedule in asked_schedules(settings, team)]


# ── Swap ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _open_swap(desk: Desk, wish: Pressed) -> Reply:
    me, known = wish.by.responder, desk.oncall.schedules()
    mine = [turn for schedule in known.values() for turn in _turns(schedule, wish.at, (me,))]
    if not mine:
        days = AHEAD // DAY
        return plain_answer(f"You have no shift in the next {days} days, so there is nothing to swap.")
    found = persons(desk, but=me)
    if not found:
        return plain_answer("There is nobody else who could take it.")
    names = desk.names()
    others = [
        Turn(schedule=turn.schedule, start=turn.start, until=turn.until, who=names.get(turn.who, turn.who))
        for name in dict.fromkeys(turn.schedule for turn in mine)
        for turn in _turns(known[name], wish.at, [each.id for each in found])
    ]
    order = sorted((replace(turn, who="") for turn in mine), key=lambda turn: turn.start)
    return Ask(
        forms.swap_form(
            new_once(),
            mine=order,
            others=sorted(others, key=lambda turn: turn.start),
            found=found,
            zone=zone_of(desk, wish.by),
            schedule=word(wish.value, "schedule"),
        )
    )


def _turns(schedule: Schedule, now: Instant, people: Sequence[str]) -> list[Turn]:
    """The shifts of *people* in *schedule* that are not over, the present one too."""
    return [
        Turn(schedule=schedule.name, start=shift.start, until=shift.until, who=shift.who)
        for shift in shifts(schedule, now - now % MINUTE, now + AHEAD)
        if shift.who in people
    ]


def _swap(desk: Desk, wish: Filled) -> Reply:
    facts = carried(wish)
    if facts is None:
        return plain_answer(OLD)
    if not desk.is_configured(wish.by.responder):
        return plain_answer(STRANGER)
    there = next((swap for swap in desk.oncall.swaps() if swap.id == facts.once), None)
    if there is not None and there.accepted:  # The same form again, and somebody was quick.
        return _asked(desk, wish.place, there)
    shift, to = read_turn(text(wish, "shift")), text(wish, "to")
    errors: dict[str, str] = {}
    if shift is None:
        errors["shift"] = "Choose one of your shifts."
    if not to:
        errors["to"] = "Choose whom to ask."
    elif to != forms.ANYBODY and to not in desk.settings().responders:
        errors["to"] = "Choose somebody else; whom you have chosen is not there any more."
    elif to == wish.by.responder:
        errors["to"] = "Choose somebody else than yourself."
    too_long(errors, wish, comment=WHY_MAX)
    back, wrong = _back(desk, wish, shift, to)
    errors |= wrong
    if errors or shift is None:
        return Corrections(errors)
    try:
        made, _ = desk.oncall.ask(
            schedule=shift.schedule,
            by=wish.by.responder,
            start=shift.start,
            until=shift.until,
            to="" if to == forms.ANYBODY else to,
            back=(back.start, back.until) if back else None,
            name=facts.once,
            comment=text(wish, "comment"),
        )
    except TocsinError as problem:
        return _corrected(problem, _SWAP_FIELDS)
    return _asked(desk, wish.place, made)


def _back(desk: Desk, wish: Filled, shift: Turn | None, to: str) -> tuple[Turn | None, dict[str, str]]:
    """What is taken in return, if anything; or what is wrong with it."""
    chosen = text(wish, "back")
    if not chosen:
        return None, {}
    back = read_turn(chosen)
    known = desk.oncall.schedules().get(back.schedule) if back else None
    if back is None or known is None:
        return None, {"back": "Choose another shift; that one is not there any more."}
    if shift is not None and back.schedule != shift.schedule:
        return None, {"back": f"Choose a shift of the same schedule, {shift.schedule}."}
    if all(each.who != to for each in shifts(known, back.start, back.until)):
        return None, {"back": "Choose a shift of whom you ask, or none."}
    return back, {}


def _asked(desk: Desk, place: Place, made: Swap) -> Answer:
    names = telling(desk)
    by, span = names.person(made.by), f"{moment(made.start)} to {moment(made.until)}"
    shift = f"the shift in {code(made.schedule)} from {span}"
    back = ""
    if made.back_start is not None and made.back_until is not None:
        back = f" In return {by} takes {moment(made.back_start)} to {moment(made.back_until)}."
    if made.accepted:
        sentence = f"{bold(names.person(made.to))} takes {shift} instead of {by}.{back}"
        title = f"Swap in {made.schedule}"
        elsewhere(desk, place, _asking(desk, made.schedule), once=f"swap-{made.id}", title=title, sentence=sentence)
        return plain_answer(sentence, private=False)
    if made.to:
        who = names.person(made.to)
        sentence = f"{by} asks {bold(who)} to take {shift}.{back} Nothing changes before {who} accepts."
        return plain_answer(sentence, private=False)
    sentence = f"{by} asks who can take {shift}. Nothing changes before somebody accepts."
    accept = Button(verb=ACCEPT, label="I take it", value={"s": made.id}, style="primary")
    parts: tuple[Part, ...] = (Paragraph(sentence), Actions((accept,)))
    return Answer(saying=Saying(summary=sentence, parts=parts), private=False, about=swap_about(made.id))


def _accept(desk: Desk, wish: Pressed) -> Reply:
    if not _may_answer(desk, wish):
        return plain_answer(STRANGER)
    try:
        taken = desk.oncall.accept(word(wish.value, "s"), wish.by.responder)
    except TocsinError as problem:
        return _refused(problem, desk, wish)
    return replace(_asked(desk, wish.place, taken), replaces=True, about=swap_about(taken.id), settles=True)


def _may_answer(desk: Desk, wish: Pressed) -> bool:
    """Whoever is asked by name may, and whoever the configuration knows; the book has rules of its own."""
    named = word(wish.value, "s")
    asked = next((each.to for each in desk.oncall.swaps() if each.id == named), "")
    return desk.is_configured(wish.by.responder) or asked == wish.by.responder


def _decline(desk: Desk, wish: Pressed) -> Reply:
    try:
        over = desk.oncall.decline(word(wish.value, "s"), wish.by.responder)
    except TocsinError as problem:
        return _refused(problem, desk, wish)
    told = f"You have declined; {telling(desk).person(over.by)} hears of it."
    return replace(plain_answer(told), replaces=True)


def _refused(problem: TocsinError, desk: Desk, wish: Pressed) -> Reply:
    """Why a swap cannot be answered so, in words that know no ids."""
    if isinstance(problem, StoreUnavailableError):
        raise problem
    swap = next((each for each in desk.oncall.swaps() if each.id == word(wish.value, "s")), None)
    match problem.code:
        case "swap-accepted" if swap is not None:
            mine = swap.to == wish.by.responder
            return plain_answer(
                "You have accepted it already; it can be taken back in the console."
                if mine
                else f"{telling(desk).person(swap.to)} has taken it already. Thank you all the same!"
            )
        case "swap-foreign" if swap is not None and swap.by == wish.by.responder:
            return plain_answer("You have asked for it yourself; somebody else must answer.")
        case "swap-foreign" if swap is not None and swap.to:
            return plain_answer(f"It asks {telling(desk).person(swap.to)}, so only they can answer.")
        case "swap-over":
            return plain_answer("The time of that shift has passed.")
        case "responder-unknown":
            return plain_answer(STRANGER)
        case _:
            return plain_answer("That swap is over: it was declined, or taken back.")


def _corrected(problem: TocsinError, fields: Mapping[str, str]) -> Reply:
    """A refusal of the book, at the field that it is about."""
    if isinstance(problem, StoreUnavailableError):
        raise problem
    sentence = f"{problem.message[:1].upper()}{problem.message[1:]}."
    field = fields.get(problem.code)
    return Corrections({field: sentence}) if field else plain_answer(sentence)
