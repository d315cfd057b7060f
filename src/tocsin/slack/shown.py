"""What our messages show at this moment, so that nothing is sent that changes nothing."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from tocsin.kernel import json
from tocsin.slack.drawing import Message
from tocsin.slack.places import Place

REMEMBERED_MAX: Final = 4096  # Messages; what an older one shows is not known, and so it is sent.


class Shown:
    """Remembers the last words of each message."""

    def __init__(self) -> None:
        """Nothing is known of what was there before."""
        self._shown: OrderedDict[Place, int] = OrderedDict()

    def has(self, place: Place, message: Message) -> bool:
        """Whether *message* stands there already."""
        return self._shown.get(place) == _fingerprint(message)

    def put(self, place: Place, message: Message) -> None:
        """It does now."""
        self._shown[place] = _fingerprint(message)
        self._shown.move_to_end(place)
        while len(self._shown) > REMEMBERED_MAX:
            self._shown.popitem(last=False)

    def forget(self, place: Place) -> None:
        """Nobody knows what stands there: a call failed, and may have been carried out."""
        self._shown.pop(place, None)


def _fingerprint(message: Message) -> int:
    return hash((message.text, json.encode(message.blocks)))
