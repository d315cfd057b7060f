"""Who is on call, overrides and swaps in answer to words; the rules are those of the on-call book."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from tocsin.conversing.replies import Answer, Reply
from tocsin.conversing.requests import AnswerSwap, EndOverride, OnCall, Override, Swap
from tocsin.conversing.wishes import Said
from tocsin.errors import TocsinError
from tocsin.incidents.telling import LISTED_MAX
from tocsin.kernel.time import HOUR, Instant, format_instant
from tocsin.saying.message import Button, Item, Paragraph, Saying
from tocsin.saying.text import bold, code, moment
from tocsin.schedules.schedule import Schedule
from tocsin.schedules.telling import reason
from tocsin.schedules.timeline import current, next_on_call, on_call
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.concierge.filling import swap_about
from tocsin.wiring.concierge.words_opening import Opens
from tocsin.wiring.concierge.words_room import NOT_KNOWN, is_known, says, schedules_here, schedules_of, tell
from tocsin.wiring.concierge.words_room import telling as telling_of

OVERRIDE_FORM: Final = "form:override"
SWAP_FORM: Final = "form:swap"


def oncall(desk: Desk, wish: Said, request: OnCall) -> Answer:
    """Who is on call now, or then, and who is next."""
    known = desk.oncall.schedules()
    names = _scope(desk, wish, request)
    if not known:
        return tell("There are no schedules yet: alerts ask the members of a team, one after the other.")
    at = wish.at if request.at is None else request.at
    if request.who:
        return _is_on_call(desk, request.who, [known[name] for name in known if name in names or not names], at)
    shown = [known[name] for name in names if name in known] or list(known.values())
    lines = [_line(desk, schedule, at, now=request.at is None) for schedule in shown[:LISTED_MAX]]
    more = [f"and {len(shown) - LISTED_MAX} more schedules"] if len(shown) > LISTED_MAX else []
    return tell("\n".join((*lines, *more)))


def override(desk: Desk, wish: Said, request: Override, opens: Opens) -> Reply:
    """*who* is on call for a while; the form where nothing was said."""
    if not (request.schedule or request.who or request.until) and (form := opens.get(OVERRIDE_FORM)):
        return form(wish)
    if not (request.who and request.until):
        return _incomplete_override(desk, wish, request)
    if not is_known(desk, wish.by):
        return tell(NOT_KNOWN)
    name = _schedule(desk, wish, request.schedule)
    if isinstance(name, list):
        lines = [(each, _override_line(each, request)) for each in name]
        return tell("In which schedule?", actions=[says(*each) for each in lines])
    told = telling_of(desk)
    start = wish.at if request.start is None else request.start
    before = on_call(desk.oncall.schedule(name), start).who
    made, _ = desk.oncall.override(
        schedule=name, who=request.who, start=start, until=request.until, by=wish.by.responder
    )
    instead = f" instead of {told.person(before)}" if before and before != made.who else ""
    by = f" ({told.person(wish.by.responder)} has arranged it)" if wish.by.responder != made.who else ""
    begin = "from now" if start <= wish.at else f"from {moment(start)}"
    text = (
        f"{told.person(made.who)} is on call in {told.write(name, 60)} {begin} until {moment(made.until)}{instead}{by}."
    )
    undo = says("Take it back", f"override end {made.id}")
    return tell(text, actions=[undo], private=wish.place.direct)


def end_override(desk: Desk, wish: Said, request: EndOverride) -> Answer:
    """It counts no more."""
    if not is_known(desk, wish.by):
        return tell(NOT_KNOWN)
    desk.oncall.end_override(request.name)
    by = telling_of(desk).person(wish.by.responder)
    return tell(f"{by} has taken an override back. The schedule counts again.", private=wish.place.direct)


def swap(desk: Desk, wish: Said, request: Swap, opens: Opens) -> Reply:
    """Others are asked to take the speaker's turns; the form where no time was said."""
    if request.until is None and (form := opens.get(SWAP_FORM)):
        return form(wish)
    if request.until is None:
        return tell(
            f"Say when others shall take your turns, like {code('swap tomorrow')} or {code('swap until 18:00')}."
        )
    if not is_known(desk, wish.by):
        return tell(NOT_KNOWN)
    name = _schedule(desk, wish, request.schedule)
    start = wish.at if request.start is None else request.start
    if isinstance(name, list):
        span = f"{format_instant(start)} - {format_instant(request.until)}"
        to = f"{request.to} " if request.to else ""
        return tell("In which schedule?", actions=[says(each, f"swap schedule:{each} {to}{span}") for each in name])
    made, _ = desk.oncall.ask(schedule=name, by=wish.by.responder, to=request.to, start=start, until=request.until)
    told = telling_of(desk)
    asked = told.person(made.to) if made.to else "somebody"
    text = (
        f"{told.person(made.by)} asks {asked} to take their turns in {told.write(name, 60)} "
        f"from {moment(start)} until {moment(made.until)}. It counts when it is accepted."
    )
    buttons = [says("I take them", f"swap accept {made.id}", style="primary")]
    buttons += [says("No", f"swap decline {made.id}")] if made.to else []
    return replace(tell(text, actions=buttons, private=wish.place.direct), about=swap_about(made.id))


def answer_swap(desk: Desk, wish: Said, request: AnswerSwap) -> Answer:
    """A swap is accepted, declined, withdrawn; or all are listed."""
    if request.action == "list" or not request.name:
        return _swaps(desk, wish)
    if not is_known(desk, wish.by):
        return tell(NOT_KNOWN)
    told, me = telling_of(desk), wish.by.responder
    match request.action:
        case "accept":
            taken = desk.oncall.accept(request.name, me)
            span = f"from {moment(taken.start)} until {moment(taken.until)}"
            place = told.write(taken.schedule, 60)
            text = f"{told.person(me)} takes the turns of {told.person(taken.by)} in {place} {span}."
        case "decline":
            text = (
                f"{told.person(me)} cannot take the turns of {told.person(desk.oncall.decline(request.name, me).by)}."
            )
        case _:
            desk.oncall.withdraw(request.name, me)
            text = f"{told.person(me)} has taken a swap back."
    return replace(tell(text, private=wish.place.direct), about=swap_about(request.name), settles=True)


def _swaps(desk: Desk, wish: Said) -> Answer:
    told, me = telling_of(desk), wish.by.responder
    live = [each for each in desk.oncall.swaps() if each.until > wish.at]
    if not live:
        return tell("No swap is asked for, and none is agreed on.")
    items = []
    for each in live[:LISTED_MAX]:
        to = told.person(each.to) if each.to else "anybody"
        stands = "is agreed with" if each.accepted else "asks"
        text = (
            f"{bold(told.person(each.by))} {stands} {to}: {told.write(each.schedule, 60)} "
            f"from {moment(each.start)} until {moment(each.until)}"
        )
        action: Button | None = None
        if me in {each.by, each.to} and (each.accepted or me == each.by):
            action = says("Take it back", f"swap withdraw {each.id}")
        elif each.to in {"", me} and not each.accepted:
            action = says("I take them", f"swap accept {each.id}")
        items.append(Item(text, action))
    heading = f"{len(live)} swap{'s' * (len(live) != 1)}:"
    return Answer(saying=Saying(summary=heading, parts=(Paragraph(heading), *items)))


def _line(desk: Desk, schedule: Schedule, at: Instant, *, now: bool) -> str:
    told = telling_of(desk)
    shift, after = current(schedule, at), next_on_call(schedule, at)
    name = bold(told.write(schedule.name, 60))
    who = told.person(shift.who) if shift.who else f"NOBODY is on call ({told.write(reason(shift), 200)})"
    when = "" if now else f" at {moment(at)}"
    begin = f"{name}{when}: {who}, until {moment(shift.until)}."
    return begin + (f" Then {told.person(after.who)}, from {moment(after.start)}." if after else "")


def _is_on_call(desk: Desk, who: str, schedules: Sequence[Schedule], at: Instant) -> Answer:
    told = telling_of(desk)
    for schedule in schedules:
        shift = current(schedule, at)
        if shift.who == who:
            name = told.write(schedule.name, 60)
            return tell(f"Yes: {told.person(who)} is on call in {name} at {moment(at)}, until {moment(shift.until)}.")
    return tell(f"No: {told.person(who)} is not on call at {moment(at)}.", actions=[says("Who is?", "oncall")])


def _scope(desk: Desk, wish: Said, request: OnCall) -> Sequence[str]:
    if request.schedule:
        return [request.schedule]
    if request.team:
        return schedules_of(desk, request.team)
    return [] if request.who else schedules_here(desk, wish.place, wish.by)


def _schedule(desk: Desk, wish: Said, named: str) -> str | list[str]:
    """The schedule that is meant; several where that is not clear. Raises TocsinError."""
    settings = desk.settings()
    if named in settings.schedules:
        return named
    found = list(schedules_of(desk, named) if named in settings.teams else schedules_here(desk, wish.place, wish.by))
    if not found:
        raise TocsinError("schedule-unknown", "There are no schedules yet, so there is nothing to change.")
    return found[0] if len(found) == 1 else found


def _incomplete_override(desk: Desk, wish: Said, request: Override) -> Answer:
    if request.who and is_known(desk, wish.by):
        lengths = [(f"{hours} h", wish.at + hours * HOUR) for hours in (2, 4, 8)]
        buttons = [
            says(label, _override_line(request.schedule, Override(who=request.who, until=until)))
            for label, until in lengths
        ]
        return tell(f"For how long is {telling_of(desk).person(request.who)} on call?", actions=buttons)
    example = code("override me 18:00-22:00")
    return tell(f"Say who is on call, and until when, like {example}.")


def _override_line(schedule: str, request: Override) -> str:
    assert request.until is not None, "it is asked about only when its end is known"
    place = f"schedule:{schedule} " if schedule else ""
    end = format_instant(request.until)
    if request.start is None:
        return f"override {place}{request.who} until {end}"
    return f"override {place}{request.who} {format_instant(request.start)} - {end}"
