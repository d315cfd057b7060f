"""All forms: which press opens which, and who takes what they are sent with.

Buttons, options and shortcuts that open a form (`opens=True`), or are answered here, and what they carry:

| verb | what follows | carries |
|---|---|---|
| `form:note` | a note | `i`: the incident; `r`: the rung that it was drawn for |
| `form:resolve` | resolve, with cause and remedy | the same |
| `form:snooze` | snooze until a moment | the same |
| `form:reassign` | ask somebody else | the same |
| `form:pass` | pass, with a reason | the same |
| `form:silence` | silence | `i`, or nothing, or `matchers` (one a line) and `for` (`30m`, `2h`, `8h`, `1d`, `7d`) |
| `form:override` | an override | perhaps `schedule` |
| `form:swap` | asks somebody to take a shift | perhaps `schedule` |
| `raise` | raises an incident | nothing; the room's team is chosen first |
| `raise-from`, `on_message` | the same, from a message | `text`; perhaps `link` (https), `author` (a name or an id) |
| `swap:accept`, `swap:decline` | answer a swap | `s`: the swap |
| `silence:end` | ends a silence | `s`: the silence |

Where `i` is missing, the place's incident counts.

What a form is sent with is done once, however often it is sent: its facts carry a word, `once`, after which inputs,
silences, overrides, swaps and alerts are named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tocsin.conversing.replies import Reply
from tocsin.conversing.wishes import Filled, Pressed
from tocsin.wiring.concierge import forms_duty, forms_incident, forms_raise, forms_silence
from tocsin.wiring.concierge.desk import Desk

_PARTS: Final = (forms_incident, forms_silence, forms_duty, forms_raise)


def pressed(desk: Desk) -> Mapping[str, Callable[[Pressed], Reply]]:
    """By verb, as the table says."""
    return {verb: handler for part in _PARTS for verb, handler in part.pressed(desk).items()}


def filled(desk: Desk) -> Mapping[str, Callable[[Filled], Reply]]:
    """By the form's name."""
    return {name: handler for part in _PARTS for name, handler in part.filled(desk).items()}
