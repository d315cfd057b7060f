"""What can be done about an incident from a message, and what each button carries.

Every button carries the rung that it was drawn for, so that a late press does no harm (law 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from tocsin.incidents import ladder
from tocsin.incidents.alerts import Kind
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.json import Json
from tocsin.kernel.time import HOUR, MINUTE, Duration
from tocsin.saying.message import Action, Actions, Button, Choice, Option

SNOOZES: Final[tuple[tuple[str, Duration], ...]] = (
    ("30 minutes", 30 * MINUTE),
    ("2 hours", 2 * HOUR),
    ("8 hours", 8 * HOUR),
    ("24 hours", 24 * HOUR),
)
MORNING: Final = "morning"  # What a snooze carries instead of a length: until tomorrow at MORNING_HOUR.
MORNING_HOUR: Final = 9
MORE: Final = "form:more"  # The verb of a choice of forms; the option's value says which `form`.
LATE: Final = "Take over"

_REASSIGN: Final = ("form:reassign", "Reassign …")
_NOTE: Final = ("form:note", "Add a note …")
_SILENCE: Final = ("form:silence", "Silence this alert …")
_SNOOZE: Final = ("form:snooze", "Snooze until …")
_PASS: Final = ("form:pass", "Pass, with a reason …")
_RESOLVE: Final = ("form:resolve", "Resolve, with cause and remedy …")


class Drawn(msgspec.Struct, frozen=True):
    """For which incident, and for which rung, a button was drawn."""

    incident: str
    rung: int

    def value(self, **more: Json) -> Mapping[str, Json]:
        """What the button carries."""
        return {"i": self.incident, "r": self.rung} | more


def actions(drawn: Drawn, incident: Incident, viewer: str) -> Actions | None:
    """What can be done now by *viewer*, or by anybody in a room, the likeliest first."""
    if incident.status is Status.RESOLVED:
        return None
    if incident.kind is Kind.NOTIFICATION:
        asking = Button(verb="escalate", label="Ask somebody", value=drawn.value())
        return Actions((asking, _more(drawn, _NOTE, _SILENCE)))
    mine = bool(viewer) and incident.assignee == viewer
    asked = ladder.responder(viewer) in incident.asked and ladder.responder(viewer) not in incident.passed
    may_pass = bool(viewer) and (asked if incident.status is Status.TRIGGERED else mine)
    found: list[Action] = []
    if incident.status is not Status.ACKNOWLEDGED:
        found.append(acknowledge(drawn))
    elif not mine:
        found.append(acknowledge(drawn, LATE))
    if may_pass:
        found.append(Button(verb="pass", label="Pass", value=drawn.value()))
    found += [
        Button(verb="resolve", label="Resolve", value=drawn.value()),
        _snoozing(drawn),
        Button(verb="escalate", label="Escalate", value=drawn.value()),
        _more(drawn, _REASSIGN, _NOTE, _SNOOZE, _SILENCE, *([_PASS] if may_pass else []), _RESOLVE),
    ]
    return Actions(tuple(found))


def acknowledge(drawn: Drawn, label: str = "Acknowledge") -> Button:
    """Taking it on; *label* LATE when somebody else has it."""
    return Button(verb="acknowledge", label=label, value=drawn.value(), style="" if label == LATE else "primary")


def _snoozing(drawn: Drawn) -> Choice:
    lengths = [Option(label=label, value=drawn.value(d=length)) for label, length in SNOOZES]
    morning = Option(label=f"until tomorrow {MORNING_HOUR}:00", value=drawn.value(u=MORNING))
    return Choice(verb="snooze", label="Snooze", options=(*lengths, morning))


def _more(drawn: Drawn, *forms: tuple[str, str]) -> Choice:
    options = tuple(Option(label=label, value=drawn.value(form=form)) for form, label in forms)
    return Choice(verb=MORE, label="More", options=options, opens=True)
