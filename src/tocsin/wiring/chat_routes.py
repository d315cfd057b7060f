"""The addresses to which chats send by HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from starlette.routing import BaseRoute

from tocsin.kernel.time import Instant
from tocsin.web.bots import bot_route
from tocsin.web.chat import chat_route
from tocsin.web.ports import Intake
from tocsin.wiring.transports import Chat

KINDS: Final = ("interactions", "commands", "events")  # What Slack has addresses for; each takes what comes.


def chat_routes(
    chats: Sequence[Chat], intake: Intake, clock: Callable[[], Instant], on_refused: Callable[[str], None]
) -> Iterator[BaseRoute]:
    """Routes of those *chats* whose requests can be verified, or which verify them."""
    for chat in chats:
        if chat.verify is not None:
            for kind in KINDS:
                yield chat_route(
                    f"/{chat.channel}/{kind}",
                    chat.channel,
                    verify=chat.verify,
                    intake=intake,
                    clock=clock,
                    on_refused=on_refused,
                    take=chat.take,
                )
        if chat.receive is not None:
            yield bot_route(f"/{chat.channel}/messages", chat.receive, on_refused)
