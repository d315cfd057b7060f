"""Who answers which wish: the handlers, and what is said when one of them cannot."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import assert_never

import msgspec

from tocsin.conversing.replies import Answer, Reply
from tocsin.conversing.wishes import Filled, Opened, Pressed, Said, Wish
from tocsin.errors import StoreUnavailableError, TocsinError
from tocsin.saying.message import Paragraph, Saying

_LOGGER = logging.getLogger(__name__)


class Handlers(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers what: words; presses by verb; forms by name; the bot's own page."""

    said: Callable[[Said], Reply]
    pressed: Mapping[str, Callable[[Pressed], Reply]]
    filled: Mapping[str, Callable[[Filled], Reply]]
    opened: Callable[[Opened], Reply]


class HouseConcierge:
    """`tocsin.conversing.replies.Concierge`: a refusal is an answer, and a failure here is told as one."""

    def __init__(self, handlers: Handlers) -> None:
        """With those who answer."""
        self._handlers = handlers

    def answer(self, wish: Wish) -> Reply:
        """See the port."""
        try:
            return self._answer(wish)
        except StoreUnavailableError:
            raise
        except TocsinError as problem:
            return plain_answer(problem.message)
        except Exception:
            _LOGGER.exception("a wish could not be answered")
            return plain_answer("Something failed in Tocsin itself; its log says what.")

    def _answer(self, wish: Wish) -> Reply:
        match wish:
            case Said():
                return self._handlers.said(wish)
            case Pressed():
                pressed = self._handlers.pressed.get(wish.verb)
                return pressed(wish) if pressed else plain_answer("That button is from an older version; ask again.")
            case Filled():
                filled = self._handlers.filled.get(wish.form)
                return filled(wish) if filled else plain_answer("That form is from an older version; open it again.")
            case Opened():
                return self._handlers.opened(wish)
        assert_never(wish)


def plain_answer(text: str, *, private: bool = True) -> Answer:
    """One paragraph of neutral text."""
    return Answer(saying=Saying(summary=text, parts=(Paragraph(text),)), private=private)
