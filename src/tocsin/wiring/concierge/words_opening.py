"""Forms that words open: how a handler of presses is asked for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

from tocsin.conversing.forms_raise import TITLE_MAX
from tocsin.conversing.replies import Reply
from tocsin.conversing.requests import Raise
from tocsin.conversing.wishes import Pressed, Said
from tocsin.incidents.telling import one_line
from tocsin.kernel.json import Json
from tocsin.saying.message import Button
from tocsin.wiring.concierge.words_room import tell


class Opening(Protocol):
    """Opens a form for words."""

    def __call__(self, wish: Said, **known: Json) -> Reply:
        """*known*: what its button would carry."""
        ...


Opens: TypeAlias = Mapping[str, Opening]
"""By the verb of the button that opens a form: what opens it for words."""


def opens(pressed: Mapping[str, Callable[[Pressed], Reply]]) -> Opens:
    """What words open with the handlers of presses, as if the button had been pressed where they were said."""
    return {verb: _opening(verb, handler) for verb, handler in pressed.items()}


def _opening(verb: str, handler: Callable[[Pressed], Reply]) -> Opening:
    def open_(wish: Said, **known: Json) -> Reply:
        value: dict[str, Json] = known | ({"i": wish.place.incident} if wish.place.incident else {})
        if not wish.opens:
            button = Button(verb=verb, label="Open the form", value=value, opens=True, style="primary")
            return tell("There is a form for that.", actions=[button])
        return handler(Pressed(by=wish.by, place=wish.place, verb=verb, value=value, at=wish.at))

    return open_


def incident(wish: Said, request: Raise, opens: Opens) -> Reply:
    """The form that raises an incident, with the title that was said."""
    form = opens.get("raise-from" if request.title else "raise")
    if form is None:
        return tell("There is no form for that here.")
    return form(wish, text=one_line(request.title, TITLE_MAX)) if request.title else form(wish)
