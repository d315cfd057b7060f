"""Who hears of what people agree on: news of a swap, and what concerns a room, become messages to them.

The book of on-call tells of swaps, whichever way they were asked for; what was done elsewhere and concerns a room is
told there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from tocsin.engine.ports import ONCE, Delivery, Received, Records
from tocsin.engine.runner import Addressed
from tocsin.engine.worker import Interpretation
from tocsin.incidents.ladder import responder
from tocsin.incidents.telling import Telling, utc_time
from tocsin.kernel import json
from tocsin.kernel.announcement import Announcement, Offer
from tocsin.kernel.page import Page
from tocsin.kernel.time import Instant
from tocsin.schedules.questions import Answered, Asked, QuestionMachine
from tocsin.schedules.schedule import Swap, everybody
from tocsin.wiring import channel_names
from tocsin.wiring.schedules import SWAP, agreed, schedules
from tocsin.wiring.settings import Settings

CHANNEL: Final = channel_names.SWAP
ROOMS: Final = channel_names.ROOMS  # The channel of what concerns rooms.
ACCEPT: Final = "swap:accept"  # The verbs of the buttons; each carries `s`, the id of the swap.
DECLINE: Final = "swap:decline"

ASKED: Final = "asked"
ACCEPTED: Final = "accepted"
DECLINED: Final = "declined"
WITHDRAWN: Final = "withdrawn"

COMMENT_MAX: Final = 500


class SwapNews(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a swap, which was asked for at *at*: *what* is one of the words above, *by* who did it."""

    what: str
    swap: Swap
    at: Instant
    by: str
    comment: str = ""


class RoomNews(msgspec.Struct, frozen=True, kw_only=True):
    """Something for the *receivers*, rooms; told again under the same word *once* it is told once.

    *page*: how it is drawn where it can be.
    """

    once: str
    receivers: tuple[str, ...]
    what: Announcement
    page: Page = Page()


_DECODER: Final = msgspec.json.Decoder(SwapNews)
_ROOMS_DECODER: Final = msgspec.json.Decoder(RoomNews)


def swap_news(told: SwapNews, now: Instant) -> Received:
    """The delivery that tells of a swap; told twice, it counts once."""
    once = f"swap/{told.swap.id}/{told.at}/{told.what}"
    return Received(received_at=now, channel=CHANNEL, key="", head=f"{ONCE}: {once}".encode(), body=json.encode(told))


def unanswered(records: Records, now: Instant) -> Sequence[Received]:
    """The deliveries that ask for all swaps that wait for an answer; who was asked already is not asked again.

    For a start: what was asked just before the process died may not have been told.
    """
    found = ((each.at, each.swap) for each in agreed(records, SWAP))
    return [
        swap_news(SwapNews(what=ASKED, swap=swap, at=at, by=swap.by), now)
        for at, swap in found
        if swap is not None and not swap.accepted and swap.until > now
    ]


def room_news(told: RoomNews, now: Instant) -> Received:
    """The delivery that tells rooms."""
    head = f"{ONCE}: rooms/{told.once}".encode()
    return Received(received_at=now, channel=ROOMS, key="", head=head, body=json.encode(told))


def channels(settings: Callable[[], Settings], url: str) -> Mapping[str, Callable[[Delivery], Interpretation]]:
    """What reads the channels CHANNEL and ROOMS; *url* is the public one, without a slash at its end."""
    return {CHANNEL: lambda delivery: _interpret(delivery, settings(), url), ROOMS: _interpret_rooms}


def _interpret_rooms(delivery: Delivery) -> Interpretation:
    try:
        told = _ROOMS_DECODER.decode(delivery.body)
    except (msgspec.DecodeError, UnicodeError) as problem:
        return Interpretation((), f"not news for rooms: {problem}")
    name = f"rooms-{told.once}"
    addressed = Addressed(
        input_id=f"{delivery.occurrence}/0",
        machine=QuestionMachine.name,
        given=Answered(receivers=told.receivers, what=told.what, page=told.page),
        aggregate=name,
        fresh=name,
    )
    return Interpretation((addressed,))


def _interpret(delivery: Delivery, settings: Settings, url: str) -> Interpretation:
    try:
        told = _DECODER.decode(delivery.body)
    except (msgspec.DecodeError, UnicodeError) as problem:
        return Interpretation((), f"not news of a swap: {problem}")
    name = f"swap-{told.swap.id}-{told.at}"
    addressed = Addressed(
        input_id=f"{delivery.occurrence}/0",
        machine=QuestionMachine.name,
        given=_given(told, settings, url),
        aggregate=name,
        fresh=name,
    )
    return Interpretation((addressed,))


def _given(told: SwapNews, settings: Settings, url: str) -> Asked | Answered:
    swap, names = told.swap, {name: person.name or name for name, person in settings.responders.items()}
    telling = Telling(names)
    asker, other, by = telling.person(swap.by), telling.person(swap.to), telling.person(told.by)
    shift = f"{swap.schedule}: {utc_time(swap.start)} to {utc_time(swap.until)}"
    comment = telling.write(told.comment, COMMENT_MAX)
    if told.what == ASKED:
        title = f"{asker} asks you to take a shift" if swap.to else f"{asker} asks who can take a shift"
        lines = (
            shift,
            _in_return(swap, asker),
            f"{asker} says: {comment}" if comment else "",
            "Nothing changes before it is accepted.",
            f"You can answer in the console, too: {url}/oncall",
        )
        return Asked(receivers=_asked(swap, settings), what=Announcement(title, _told(lines), _offers(swap)))
    match told.what:
        case "accepted":
            return _answer(swap.by, f"{other} takes your shift", shift, _in_return(swap, "you"))
        case "declined":
            return _answer(swap.by, f"{other} cannot take your shift", shift, "You are on call then, as before.")
        case _ if told.by == swap.by:
            return _answer(swap.to, f"{by} has taken the swap back", shift, "The shifts are as they were before it.")
        case _:
            return _answer(swap.by, f"{by} has taken the swap back", shift, "You are on call then, as before it.")


def _in_return(swap: Swap, who: str) -> str:
    if swap.back_start is None or swap.back_until is None:
        return ""
    takes = "you take" if who == "you" else f"{who} takes"
    return f"In return {takes}: {utc_time(swap.back_start)} to {utc_time(swap.back_until)}"


def _answer(receiver: str, title: str, *lines: str) -> Answered:
    receivers = (responder(receiver),) if receiver else ()
    return Answered(receivers=receivers, what=Announcement(title, _told(lines)))


def _asked(swap: Swap, settings: Settings) -> tuple[str, ...]:
    """Whom it asks; if that is anybody, all others who ever have a turn there."""
    if swap.to:
        return (responder(swap.to),)
    found = schedules(settings, None).get(swap.schedule)
    return tuple(responder(name) for name in (everybody(found) if found else ()) if name != swap.by)


def _offers(swap: Swap) -> tuple[Offer, ...]:
    accept = Offer(verb=ACCEPT, label="Accept", value={"s": swap.id}, style="primary")
    return (accept, Offer(verb=DECLINE, label="Decline", value={"s": swap.id})) if swap.to else (accept,)


def _told(lines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(filter(None, lines))
