"""Events of Amazon EventBridge: those of AWS by the table of `aws`, and every other event legibly.

What the table does not know is judged by its words: what is bad news becomes an alert, everything else a notification;
such an event resolves only when its outcome says that the matter is over (`OK`, `CLOSED`, `COMPLIANT`), not when a
later run succeeds: whether that mends the former one, nobody here knows. Its dedup key is made of the source, the
type, the account, the region and what the event is about, never of the outcome. For the types of the table each row
says which outcome mends what. Source: "Events and event patterns in Amazon EventBridge" in the Amazon EventBridge User
Guide.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from tocsin.incidents.alerts import DESCRIPTION_MAX, Alert, AlertStatus, Kind, Severity
from tocsin.kernel.json import Json
from tocsin.sources import arns, bounds, cloudwatch, words
from tocsin.sources import eventbridge_types as types
from tocsin.sources.aws import places, table, telling
from tocsin.sources.bounds import said
from tocsin.sources.eventbridge_types import Verdict
from tocsin.sources.reading import Hints, Reading

SOURCE: Final = "eventbridge"

_OWN_LABELS: Final = frozenset({"source", "detail-type", "outcome"})
_SEVERITIES: Final = {Verdict.BAD: Severity.HIGH, Verdict.DOUBTFUL: Severity.WARNING}


def read(event: dict[str, Json], hints: Hints) -> Reading | None:
    """One alert or notification; None when *event* only looks like an event."""
    source, detail_type, detail = event.get("source"), event.get("detail-type"), event.get("detail")
    if not isinstance(source, str) or not isinstance(detail_type, str) or not detail_type.strip():
        return None
    if detail_type == cloudwatch.DETAIL_TYPE:
        reading = cloudwatch.read_event(event)
        if reading is not None:
            return reading
    row = table.find(source, detail_type)
    if row is not None and isinstance(detail, dict):
        return telling.read(row, event, hints, SOURCE)
    detail = detail if isinstance(detail, dict) else {"detail": detail}
    return Reading(source=SOURCE, alerts=(_alert(event, source, detail_type, detail, hints),), event=event)


def _alert(event: dict[str, Json], source: str, detail_type: str, detail: dict[str, Json], hints: Hints) -> Alert:
    resources = telling.resources(event)
    names = list(_texts(detail, types.NAMES))
    outcome, verdict = _outcome(detail_type, detail)
    severity, kind = _weigh(verdict, detail)
    headline = next(_texts(detail, types.HEADLINES), "")
    # An unknown sender's event may be about nothing in particular: then its headline must do.
    about = sorted(resources) or names[:1] or [headline]
    name = places.short(names[0] if names else resources[0] if resources else "")
    region, account = said(event.get("region")), said(event.get("account"))
    return Alert(
        status=AlertStatus.RESOLVED if verdict is Verdict.OVER else AlertStatus.FIRING,
        kind=kind,
        title=bounds.title(_title(detail_type, headline, name, outcome)),
        description=bounds.paragraphs(*[text for text in _texts(detail, types.TEXTS) if text != headline]),
        dedup_key=bounds.key(hints.key) if hints.key else _key(event, about),
        source=SOURCE,
        severity=severity,
        account=bounds.line(account, bounds.NAME_MAX),
        region=arns.region(region),
        resource=bounds.line(", ".join(resources) or name, bounds.LABEL_MAX),
        labels=bounds.labels(_label_pairs(source, detail_type, outcome, detail)),
        links=bounds.links(_links(source, region, resources, name)),
        occurred_at=bounds.instant(event.get("time")),
    )


def _outcome(detail_type: str, detail: dict[str, Json]) -> tuple[str, Verdict]:
    """The outcome that tells most, and its meaning; the type itself may be bad news too ("... Unsuccessful")."""
    found = [(text, types.verdict(text)) for text in _texts(detail, types.OUTCOMES)]
    for wanted in (Verdict.BAD, Verdict.DOUBTFUL, Verdict.OVER):
        for text, verdict in found:
            if verdict is wanted:
                return text, verdict
    verdict = types.verdict(detail_type)
    return (found[0][0] if found else ""), verdict if verdict in {Verdict.BAD, Verdict.DOUBTFUL} else Verdict.NEUTRAL


def _weigh(verdict: Verdict, detail: dict[str, Json]) -> tuple[Severity, Kind]:
    """The severity that the event gives, else that of its verdict; what is only information needs nobody."""
    graded = next((detail[name] for name in types.SEVERITIES if detail.get(name) is not None), None)
    if isinstance(graded, int | float):
        severity = types.graded(graded)
    elif isinstance(graded, str):
        severity = words.severity(graded)
    else:
        severity = _SEVERITIES.get(verdict, Severity.INFO)
    idle = severity is Severity.INFO and verdict is not Verdict.OVER
    return severity, Kind.NOTIFICATION if idle else Kind.ALERT


def _title(detail_type: str, headline: str, name: str, outcome: str) -> str:
    if headline:
        return f"{detail_type}: {headline}"
    words_ = [word for word in (name, outcome) if word and word.lower() not in detail_type.lower()]
    return f"{detail_type}: {' '.join(dict.fromkeys(words_))}" if words_ else detail_type


def _key(event: dict[str, Json], about: list[str]) -> str:
    """The same for every event of one type about one thing."""
    origin = [said(event.get(name)) for name in ("source", "detail-type", "account", "region")]
    return bounds.key("|".join(["eventbridge", *origin, *about]))


def _texts(detail: dict[str, Json], names: Iterable[str]) -> Iterator[str]:
    """What the scalars of these names say, each text once."""
    told: set[str] = set()
    for name in names:
        value = detail.get(name)
        if type(value) in bounds.WRITTEN:
            text = said(value)[:DESCRIPTION_MAX]
            if text not in told and text and not text.isspace():
                told.add(text)
                yield text


def _label_pairs(source: str, detail_type: str, outcome: str, detail: dict[str, Json]) -> Iterator[tuple[str, Json]]:
    yield "source", source
    yield "detail-type", detail_type
    yield "outcome", outcome
    for name, value in detail.items():
        if isinstance(value, bounds.WRITTEN) and name not in _OWN_LABELS:
            yield name, value


def _links(source: str, region: str, resources: list[str], name: str) -> Iterator[tuple[str, str]]:
    for text in resources:
        arn = arns.parse(text)
        if arn:
            yield f"{name or arn.name} in the console", arns.resource_page(arn)
            break
    yield "Service in the console", arns.service_page(source, region)
