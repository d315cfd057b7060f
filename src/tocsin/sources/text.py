"""Plain text: the first line is the title, and the same text again is the same alert."""

from __future__ import annotations

from tocsin.incidents.alerts import Alert, AlertStatus
from tocsin.sources import bounds
from tocsin.sources.reading import Hints, Reading


def read(text: str, hints: Hints, source: str = "text") -> Reading:
    """One alert; the subject of the envelope, if there is one, is its title, and all of *text* the description."""
    return Reading(source=source, alerts=(alert(text, hints, source),), event=text)


def alert(text: str, hints: Hints, source: str = "text") -> Alert:
    """The alert of *text*, which is not blank unless the envelope has a subject."""
    text = text.strip()
    first, _, rest = text.partition("\n")
    return Alert(
        status=AlertStatus.FIRING,
        title=bounds.title(hints.title or first),
        description=bounds.prose(text if hints.title else rest),
        dedup_key=bounds.key(hints.key) if hints.key else f"text:{bounds.digest(hints.topic, hints.title, text)}",
        source=source,
    )
