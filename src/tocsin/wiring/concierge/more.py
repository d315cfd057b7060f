"""The choice of forms in a message: what is chosen there opens the form that it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from msgspec.structs import replace

from tocsin.conversing.replies import Reply
from tocsin.conversing.wishes import Pressed
from tocsin.saying.buttons import MORE
from tocsin.wiring.concierge.concierge import plain_answer

_FORMS: Final = "form:"


def pressed(forms: Mapping[str, Callable[[Pressed], Reply]]) -> Mapping[str, Callable[[Pressed], Reply]]:
    """The handler of the choice; *forms* are the handlers that open forms, by verb."""

    def choose(wish: Pressed) -> Reply:
        verb = wish.value.get("form")
        form = forms.get(verb) if isinstance(verb, str) and verb.startswith(_FORMS) and verb != MORE else None
        if form is None:
            return plain_answer("That choice is from an older version; take one from a newer message.")
        return form(replace(wish, verb=str(verb)))

    return {MORE: choose}
