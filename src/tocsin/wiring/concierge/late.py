"""What is told to somebody whose press has changed nothing: a late button does no harm, and says so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tocsin.engine.ports import Aggregates
from tocsin.incidents import telling
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.reasons import IGNORED, Reason
from tocsin.incidents.state import Incident
from tocsin.incidents.telling import Telling
from tocsin.kernel.time import Instant
from tocsin.saying.message import Paragraph, Saying
from tocsin.saying.text import moment

TITLE_MAX: Final = 120

_SENTENCES: Final[Mapping[str, str]] = {
    Reason.ALREADY_ACKNOWLEDGED: "It is acknowledged already.",
    Reason.ALREADY_RESOLVED: "It is over already.",
    Reason.NOT_ASKED: "You were not asked about it, so there is nothing to pass on.",
    Reason.SNOOZE_IN_PAST: "That time has passed.",
    Reason.STALE_RUNG: "That button was for an earlier step; the newest message has the ones that count.",
    Reason.UNKNOWN_INCIDENT: "There is no such incident any more.",
}
_MACHINE: Final = IncidentMachine()


def late(
    store: Aggregates, names: Callable[[], Mapping[str, str]], clock: Callable[[], Instant]
) -> Callable[[str, Sequence[str]], Saying | None]:
    """What to tell after a press on an incident, by the reasons of what it asked for; None: it has changed something.

    The result raises StoreUnavailableError.
    """

    def tell(incident_id: str, reasons: Sequence[str]) -> Saying | None:
        if not reasons or not IGNORED.issuperset(reasons):
            return None
        why = _SENTENCES.get(reasons[0], f"{reasons[0].capitalize()}.")
        stored = store.load([incident_id]).get(incident_id)
        state = _MACHINE.decode(stored.state) if stored and stored.machine == _MACHINE.name else None
        how = _standing(state, names(), clock()) if state else ""
        text = " ".join(filter(None, (f"Nothing has changed. {why}", how)))
        return Saying(summary=text, parts=(Paragraph(text),))

    return tell


def _standing(incident: Incident, names: Mapping[str, str], now: Instant) -> str:
    known = Telling(names, moment, telling.one_line)
    return f"{telling.title(incident, known, TITLE_MAX)}: {telling.standing(incident, known, now)}"
