"""The choice "More": what is chosen there opens the form that it names."""

from __future__ import annotations

import pytest

from tocsin.conversing.replies import Answer, Nothing, Reply
from tocsin.conversing.wishes import Place, Pressed, Speaker
from tocsin.kernel.json import Json
from tocsin.saying.buttons import MORE
from tocsin.wiring.concierge.more import pressed

SEEN: list[Pressed] = []


def form(wish: Pressed) -> Reply:
    SEEN.append(wish)
    return Nothing()


def choose(value: dict[str, Json]) -> Reply:
    ada = Speaker(chat="slack", user="U012AB3CD", responder="ada")
    handlers = pressed({"form:note": form, "raise": form})
    return handlers[MORE](Pressed(by=ada, place=Place(channel="C1"), verb=MORE, value=value, at=1))


def test_what_is_chosen_is_pressed() -> None:
    SEEN.clear()
    assert choose({"form": "form:note", "i": "7", "r": 2}) == Nothing()
    assert [(wish.verb, wish.value["i"]) for wish in SEEN] == [("form:note", "7")]


@pytest.mark.parametrize("form", [None, 7, "raise", "form:gone", MORE])
def test_what_is_no_form_is_told(form: Json) -> None:
    reply = choose({"form": form})
    assert isinstance(reply, Answer)
    assert reply.saying.summary.startswith("That choice is from an older version")
