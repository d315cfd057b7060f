"""Incidents as Alertmanager shows alerts: what fires, with its labels, who is asked, and what silences it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from tocsin.engine.ports import Aggregates
from tocsin.incidents.alerts import AlertStatus
from tocsin.incidents.machine import IncidentMachine
from tocsin.incidents.matchers import Matcher, match_all
from tocsin.incidents.silences import MuteKind, Phase, Silence
from tocsin.incidents.state import AlertLine, Incident
from tocsin.kernel import json
from tocsin.kernel.time import Instant, format_instant
from tocsin.regexes import Regex
from tocsin.sources.prometheus import RESOLVE_TIMEOUT, SOURCE, fingerprint

PAGE: Final = 500  # Incidents read at a time.
SHOWN_MAX: Final = 20_000  # Alerts of one answer.

Shown: TypeAlias = dict[str, Any]  # `gettableAlert` of Alertmanager's OpenAPI document.

_MACHINE: Final = IncidentMachine()


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for: labels as *matchers*, a team that *receiver* matches, *active* ones, *silenced* ones."""

    matchers: tuple[Matcher, ...] = ()
    receiver: Regex | None = None
    active: bool = True
    silenced: bool = True


def listed(
    store: Aggregates, integration: str, wanted: Wanted, silences: Sequence[Silence], now: Instant
) -> list[Shown]:
    """The alerts of *integration* that fire, by fingerprint. Blocks on the store; raises StoreUnavailableError."""
    active = [silence for silence in silences if silence.phase(now) is Phase.ACTIVE]
    found = [
        shown
        for incident in _incidents(store)
        if incident.integration == integration and (wanted.receiver is None or wanted.receiver.matches(incident.team))
        for shown in _alerts(incident, active, now)
        if _fits(shown, wanted)
    ]
    return sorted(found, key=lambda shown: str(shown["fingerprint"]))[:SHOWN_MAX]


def groups(found: Sequence[Shown]) -> list[dict[str, Any]]:
    """*found* in groups of one name and one team."""
    grouped: dict[tuple[str, str], list[Shown]] = {}
    for shown in found:
        name = (shown["receivers"][0]["name"], shown["labels"].get("alertname", ""))
        grouped.setdefault(name, []).append(shown)
    return [
        {"labels": {"alertname": name} if name else {}, "receiver": {"name": team}, "alerts": members}
        for (team, name), members in sorted(grouped.items())
    ]


def configuration(teams: Sequence[str]) -> str:
    """An Alertmanager's configuration that says what is done here, as far as it has words for it."""
    quoted = [json.encode(team).decode() for team in teams]
    receivers = "".join(f"- name: {team}\n" for team in quoted)
    return (
        "# This is Tocsin; who is asked, and when, stands in tocsin.yaml.\n"
        "global:\n  resolve_timeout: 5m\n"
        f"route:\n  receiver: {quoted[0]}\n  group_by: ['alertname']\n"
        f"receivers:\n{receivers}"
    )


def _incidents(store: Aggregates) -> Iterator[Incident]:
    before: tuple[Instant, str] | None = None
    while True:
        rows = store.listing(_MACHINE.name, live_only=True, limit=PAGE, before=before)
        for row in rows:
            incident = _MACHINE.decode(row.state)
            before = (incident.opened_at, row.id)
            yield incident
        if len(rows) < PAGE:
            return


def _alerts(incident: Incident, silences: Sequence[Silence], now: Instant) -> Iterator[Shown]:
    for key, line in incident.alerts.items():
        if line.status is AlertStatus.RESOLVED:
            continue
        if key == incident.face.dedup_key:
            muted = [each.id for each in silences if each.matches(incident.face, incident.integration, incident.team)]
            yield _face(incident, line, muted, now)
        else:
            mute = line.mute if line.mute is not None and line.mute.kind is MuteKind.SILENCE else None
            muted = [mute.silence] if mute is not None and mute.until > now else []
            named = {"alertname": line.title, "severity": line.severity.value, "dedup_key": key}
            yield _shown(incident, line, named, muted, now)


def _face(incident: Incident, line: AlertLine, muted: Sequence[str], now: Instant) -> Shown:
    """The alert that the incident shows, of which all is known."""
    face = incident.face
    labels = face.labels if face.source == SOURCE else {"alertname": face.title, **face.labels}
    annotations = face.annotations or ({"description": face.description} if face.description else {})
    hrefs = [link.href for link in face.links if link.text == "Source"]
    source = {"generatorURL": hrefs[0]} if hrefs else {}
    shown = _shown(incident, line, labels, muted, now)
    began = line.first_at if face.began_at is None else face.began_at
    return {**shown, **source, "annotations": annotations, "startsAt": format_instant(began)}


def _shown(incident: Incident, line: AlertLine, labels: Mapping[str, str], muted: Sequence[str], now: Instant) -> Shown:
    ends_at = now + RESOLVE_TIMEOUT if line.expires_at is None else line.expires_at
    return {
        "labels": labels,
        "annotations": {},
        "startsAt": format_instant(line.first_at),
        "endsAt": format_instant(ends_at),
        "updatedAt": format_instant(line.last_at),
        "fingerprint": fingerprint(labels),
        "receivers": [{"name": incident.team}],
        "status": {"state": "suppressed" if muted else "active", "silencedBy": muted, "inhibitedBy": []},
    }


def _fits(shown: Shown, wanted: Wanted) -> bool:
    muted = bool(shown["status"]["silencedBy"])
    return (wanted.silenced if muted else wanted.active) and match_all(wanted.matchers, shown["labels"])
