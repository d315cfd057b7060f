"""What concerns rules, read by an interpreter; a light module: what rules do is loaded when the first one does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from tocsin.engine.ports import Delivery
from tocsin.engine.worker import Interpretation
from tocsin.kernel import json
from tocsin.kernel.later import function
from tocsin.sources import Reading
from tocsin.tasks.channel import CHANNEL as ANSWERS
from tocsin.wiring import channel_names, messages
from tocsin.wiring.interpretation import Channel, Interpreter

if TYPE_CHECKING:
    from tocsin.wiring.rules import RuleDesk

CHANNEL: Final = channel_names.RULE
_TOLD: Final = "rule-"  # So begins what a rule tells.


def join(desk: Callable[[], RuleDesk], interpreter: Interpreter, *, attends: bool = True) -> None:
    """Have *interpreter* read what concerns the rules of *desk*, which is asked for when it is needed.

    *attends*: there are rules that what senders say may fire.
    """
    addressing = interpreter.addressing
    others = messages.Messages(addressing).interpret

    def message(delivery: Delivery) -> Interpretation:
        told: dict[str, Any] = json.decode(delivery.body)
        return desk().told(delivery, told, addressing) if str(told["what"]).startswith(_TOLD) else others(delivery)

    def attend(delivery: Delivery, found: Reading, meaning: Interpretation) -> Interpretation:
        return desk().attend(delivery, found, meaning)

    channels: dict[str, Channel] = {
        CHANNEL: lambda delivery: desk().ordered(delivery),
        messages.CHANNEL: message,
        ANSWERS: function("tocsin.wiring.rules.read_answer"),
    }
    interpreter.learn(channels)
    if attends:
        interpreter.attend(attend)
