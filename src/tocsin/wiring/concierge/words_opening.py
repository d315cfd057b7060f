"""Forms that words open: how a handler of presses is asked for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from tocsin.conversing.replies import Reply
from tocsin.conversing.wishes import Pressed, Said
from tocsin.kernel.json import Json
from tocsin.saying.message import Button
from tocsin.wiring.concierge.words_room import tell

Opens: TypeAlias = Mapping[str, Callable[[Said], Reply]]
"""By the verb of the button that opens a form: what opens it for words."""


def opens(pressed: Mapping[str, Callable[[Pressed], Reply]]) -> Opens:
    """What words open with the handlers of presses, as if the button had been pressed where they were said."""
    return {verb: _opening(verb, handler) for verb, handler in pressed.items()}


def _opening(verb: str, handler: Callable[[Pressed], Reply]) -> Callable[[Said], Reply]:
    def open_(wish: Said) -> Reply:
        value: dict[str, Json] = {"i": wish.place.incident} if wish.place.incident else {}
        if not wish.opens:
            button = Button(verb=verb, label="Open the form", value=value, opens=True, style="primary")
            return tell("There is a form for that.", actions=[button])
        return handler(Pressed(by=wish.by, place=wish.place, verb=verb, value=value, at=wish.at))

    return open_
