"""The words that senders have for a state and a severity."""

from __future__ import annotations

from typing import Final

from tocsin.incidents.alerts import AlertStatus, Kind, Severity
from tocsin.kernel.json import Json
from tocsin.sources.bounds import said

_WORD_MAX: Final = 40  # Characters; no word below is longer.

_RESOLVED: Final = (
    "resolve resolved ok close closed up recovered recovery normal success successful healthy green good clear cleared"
    " fixed solved operational passing passed succeeded online restored 0"
)
_ACKNOWLEDGED: Final = "ack acked acknowledge acknowledged acknowledgement"
_CRITICAL: Final = "critical crit fatal emergency emerg disaster page blocker highest p0 p1 sev0 sev1 s1"
_HIGH: Final = "high error err major alert urgent severe danger p2 sev2 s2"
_WARNING: Final = "warning warn medium moderate minor average degraded p3 sev3 s3"
_INFO: Final = "info information informational low lowest notice none debug ok trivial p4 p5 sev4 sev5 s4"

_STATUSES: Final[dict[str, AlertStatus]] = {
    **dict.fromkeys(_RESOLVED.split(), AlertStatus.RESOLVED),
    **dict.fromkeys(_ACKNOWLEDGED.split(), AlertStatus.ACKNOWLEDGED),
}
_SEVERITIES: Final[dict[str, Severity]] = {
    **dict.fromkeys(_CRITICAL.split(), Severity.CRITICAL),
    **dict.fromkeys(_HIGH.split(), Severity.HIGH),
    **dict.fromkeys(_WARNING.split(), Severity.WARNING),
    **dict.fromkeys(_INFO.split(), Severity.INFO),
}


def status(value: Json) -> AlertStatus:
    """What *value* says of the alert; every word that does not end it means that it fires."""
    return _STATUSES.get(_word(value), AlertStatus.FIRING)


def severity(value: Json) -> Severity:
    """How bad *value* says that it is; an unknown word or none is HIGH, since a page too many beats one too few."""
    return _SEVERITIES.get(_word(value), Severity.HIGH)


def kind(value: Json) -> Kind:
    """Whether anybody must act on it: only who says "notification", and nothing else, asks nobody."""
    return Kind.NOTIFICATION if _word(value) == Kind.NOTIFICATION else Kind.ALERT


def _word(value: Json) -> str:
    if type(value) is str:
        return value.strip().lower() if len(value) <= _WORD_MAX else ""
    return said(value) if type(value) is int else ""
