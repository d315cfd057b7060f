"""The addresses to which chats send what people do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from starlette.routing import BaseRoute

from tocsin.kernel.time import Instant
from tocsin.web.bots import bot_route
from tocsin.web.chat import chat_route
from tocsin.web.ports import Intake
from tocsin.wiring.transports import Chat


def chat_routes(
    chats: Sequence[Chat], intake: Intake, clock: Callable[[], Instant], on_refused: Callable[[str], None]
) -> Sequence[BaseRoute]:
    """The routes of all *chats* that send by HTTP; *on_refused* hears why somebody was refused."""
    signed = [
        chat_route(
            f"/{chat.channel}/{what}",
            chat.channel,
            verify=chat.verify,
            intake=intake,
            clock=clock,
            on_refused=on_refused,
            take=chat.take,
        )
        for chat in chats
        for what in ("interactions", "commands", "events")
        if chat.verify is not None
    ]
    bots = [bot_route(f"/{chat.channel}/messages", chat.receive, on_refused) for chat in chats if chat.receive]
    return [*signed, *bots]
