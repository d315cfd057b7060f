"""The conversation in Slack, put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tocsin.kernel.time import Instant
from tocsin.slack.conversation import Conversation, House
from tocsin.slack.loop import LoopThread
from tocsin.slack.people import People
from tocsin.slack.showing import Showing
from tocsin.slack.transport import SlackTransport
from tocsin.wiring.settings import Settings


def conversation(
    loop: LoopThread,
    transport: SlackTransport,
    *,
    settings: Settings,
    house: House,
    clock: Callable[[], Instant],
    base_url: str,
) -> Conversation:
    """It answers through *transport*, so that what it says in a room keeps the room's pace."""

    def responders() -> Mapping[str, str]:
        return {person.slack: name for name, person in settings.responders.items() if person.slack}

    people = People(transport.api, responders, clock)
    showing = Showing(transport.api, transport.reply, base_url=base_url, now=clock)
    return Conversation(loop, house, people, showing, now=clock)
