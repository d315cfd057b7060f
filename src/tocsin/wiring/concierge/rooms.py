"""What is said in a room that was just made, and what its buttons do: a test alert, a new key."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from tocsin.conversing.replies import Reply
from tocsin.conversing.wishes import Pressed
from tocsin.incidents.telling import one_line
from tocsin.kernel.time import format_duration
from tocsin.routing.plans import CROWD_MIN
from tocsin.saying.message import Actions, Aside, Button, Heading, Paragraph, Saying
from tocsin.saying.text import bold, code
from tocsin.wiring.concierge.concierge import plain_answer
from tocsin.wiring.concierge.desk import Desk
from tocsin.wiring.keys import OVERLAP
from tocsin.wiring.room_orders import Trial, order
from tocsin.wiring.room_records import Room, read_rooms, team_of
from tocsin.wiring.settings import Settings

TEST: Final = "room:test"
KEY: Final = "room:key"

_NAME_MAX: Final = 80
_LOCAL: Final = ("localhost", ".localhost", ".local", ".internal", ".lan", ".home.arpa")


def welcome(room: Room, address: str, settings: Settings, url: str) -> Saying:
    """What everybody in *room* reads first. *address*: where its alerts are sent to, with its key; *url*: ours.

    Without an address, which others would read, it says how to have one.
    """
    test = Button(
        verb=TEST, label="Send a test alert", value={"channel": room.channel}, style="primary", sure=_TEST_QUESTION
    )
    key = Button(verb=KEY, label="New address", value={"channel": room.channel}, sure=_KEY_QUESTION)
    more = () if is_public(url) else (Aside((_NOT_PUBLIC,)),)
    where = (
        (
            Paragraph(f"{bold('Send alerts to')}\n{code(address)}"),
            Paragraph(f"{bold('Try it in a terminal')}\n{code(curl(address))}"),
        )
        if address
        else (Paragraph(_SHARED),)
    )
    has = "has an address for its alerts now" if address else "can have an address for its alerts"
    return Saying(
        summary=f"Tocsin is here. {_shown(room)} {has}, and one person is asked at a time.",
        parts=(
            Heading("Tocsin rings the bell here"),
            Paragraph("\n".join((f"• {_SHOWN}", f"• {_asking(room, settings)}", f"• {_TAKEN}"))),
            *where,
            *more,
            Actions((test, key)),
            Aside(
                (
                    "The test alert asks only you, by direct message.",
                    "The address is this channel's key: whoever knows it can ring here, and can read nothing.",
                )
            ),
        ),
    )


def curl(address: str) -> str:
    """A line for a terminal that sends an alert to *address*."""
    return f"""curl -H 'content-type: application/json' -d '{{"title": "Is anybody there?"}}' {address}"""


def is_public(url: str) -> bool:
    """Whether senders elsewhere can reach *url*, as far as its host tells."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith(_LOCAL)


def pressed(desk: Desk) -> Mapping[str, Callable[[Pressed], Reply]]:
    """Who answers which button."""
    return {TEST: lambda wish: _test(desk, wish), KEY: lambda wish: _new_key(desk, wish)}


def _test(desk: Desk, wish: Pressed) -> Reply:
    found = _room(desk, wish)
    if isinstance(found, str):
        return plain_answer(found)
    who = wish.by.responder
    name = one_line(desk.names().get(who, who), _NAME_MAX)
    desk.do(order(found.integration, Trial(by=who, name=name, room=_shown(found)), desk.clock()))
    return plain_answer(
        "A test alert is on its way. It is shown here in a moment, and asks you, nobody else, by direct message: press "
        "Acknowledge there or here. Resolve ends it."
    )


def _new_key(desk: Desk, wish: Pressed) -> Reply:
    found = _room(desk, wish)
    if isinstance(found, str):
        return plain_answer(found)
    address = desk.keys.rotate(found.integration)
    return plain_answer(
        f"The new address of {_shown(found)}; only you see it here, and it is not shown again:\n{code(address)}\n"
        f"{code(curl(address))}\nThose before end in {format_duration(OVERLAP)}: change your senders until then."
    )


def _room(desk: Desk, wish: Pressed) -> Room | str:
    """The room that *wish* is about, or why it cannot be had by who wishes."""
    channel = wish.value.get("channel")
    room = read_rooms(desk.store).get(channel) if isinstance(channel, str) else None
    if room is None:
        return "Tocsin does not know this channel any more. Invite it again, and it makes a new address."
    settings = desk.settings()
    team = settings.teams.get(team_of(settings, room)) or settings.teams.get(room.team)
    if team is None or wish.by.responder not in team.members:
        return f"Only who is asked in {_shown(room)} can do that. Join the channel, and try again in a minute."
    return room


def _shown(room: Room) -> str:
    return f"#{one_line(room.name, _NAME_MAX)}" if room.name else "this channel"


def _asking(room: Room, settings: Settings) -> str:
    """Who is asked, and what comes then, in one sentence."""
    team = settings.teams.get(room.team)
    members = len(team.members) if team else 0
    if not members:
        return "Nobody is here yet whom it could ask; who joins this channel is asked from then on."
    if members == 1:
        return "One person is here, and is asked by direct message."
    if members >= CROWD_MIN:
        return "One person of this channel is asked by direct message; then another; then this channel is mentioned."
    return (
        "One person of this channel is asked by direct message, whoever it disturbs least; then another; everybody "
        "only if nobody answers."
    )


_SHARED: Final = (
    "Another organisation reads this channel too, so its address is not shown here: press New address, and only you "
    "see it. Members of your own organisation who are here can."
)
_SHOWN: Final = "What is sent to the address below is shown here, each alert as one message that stays true."
_TAKEN: Final = "Whoever takes it presses Acknowledge; everybody here sees who has it, and what happens next."
_TEST_QUESTION: Final = "A test alert will be shown here, and you will be asked by direct message. Nobody else is."
_KEY_QUESTION: Final = (
    f"You get a new address for this channel. Those before still work for {format_duration(OVERLAP)}, then they end."
)
_NOT_PUBLIC: Final = (
    "Senders on other machines cannot reach this address yet: start Tocsin with --url https://... once it is behind a "
    "proxy or a tunnel, and press New address."
)
