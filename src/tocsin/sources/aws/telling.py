"""Reads an event of AWS by its row: the one place where the table becomes alerts and changes.

An alert's key is made of the source, the matter (the row's thread, or the detail type), the account, the region and
what tells the thing from others; never of how it went. What is only news has that key with `|news` behind it: that a
run has begun is no repetition of the failure before it, and must not make a mended one fire again. A grade is no such
news: a finding that becomes worse is still the same finding.

What is over resolves its matter. If people wait for it (`told`) it is a notification as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from tocsin.changes import change
from tocsin.changes.change import Change
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Link, Severity
from tocsin.kernel.json import Json
from tocsin.sources import arns, bounds, words
from tocsin.sources import eventbridge_types as types
from tocsin.sources.aws import places
from tocsin.sources.aws.places import Scene
from tocsin.sources.aws.row import ALARMING, HIGH, NEWS, OVER, WARNING, Meaning, Row, Sign
from tocsin.sources.bounds import said
from tocsin.sources.eventbridge_types import Verdict
from tocsin.sources.reading import Hints, Reading

RESOURCES_MAX: Final = 50  # EventBridge's own events name fewer.
NEWS_MARK: Final = "|news"

_OWN_LABELS: Final = frozenset({"source", "detail-type", "outcome"})
_TOTALS: Final = frozenset({"ALL", "TOTAL"})  # Beside the counts by severity.
_BY_WORDS: Final = {Verdict.BAD: HIGH, Verdict.DOUBTFUL: WARNING, Verdict.NEUTRAL: NEWS, Verdict.OVER: OVER}
_ORDER: Final = (Meaning.NEWS, Meaning.WARNING, Meaning.HIGH, Meaning.CRITICAL, Meaning.OVER)
_SEVERITIES: Final = {
    Meaning.CRITICAL: Severity.CRITICAL,
    Meaning.HIGH: Severity.HIGH,
    Meaning.WARNING: Severity.WARNING,
    Meaning.NEWS: Severity.INFO,
    Meaning.OVER: Severity.INFO,
}


def read(row: Row, event: dict[str, Json], hints: Hints, source: str) -> Reading:
    """The alerts and changes of *event*, whose detail is an object; *source*: the format that it came in."""
    named = resources(event)
    scene = _scene(event, named, hints)
    counts = _counts(places.value(scene, row.counts)) if row.counts else ""
    outcome, sign, known = _judged(row, scene)
    scene = {**scene, "@word": outcome, "@outcome": sign.said or places.plain(outcome), "@said": sign.said}
    scene["@counts"] = counts
    severity, kind, graded = _weighed(row, scene, sign, known=known)
    over = sign.meaning is Meaning.OVER
    kept = graded or bool(hints.key) or not row.alarms
    key = hints.key or _key(row, sign, scene, named)
    alert = Alert(
        status=AlertStatus.RESOLVED if over else AlertStatus.FIRING,
        kind=kind,
        title=bounds.title(places.title(scene, row.title)),
        description=bounds.paragraphs(*_told(row, scene)),
        dedup_key=bounds.key(key if kind is Kind.ALERT or kept else key + NEWS_MARK),
        group_key=bounds.key(_group(row, scene)) if row.group and kind is Kind.ALERT else "",
        source=source,
        severity=severity,
        account=bounds.line(places.text(scene, "@account"), bounds.NAME_MAX),
        region=arns.region(places.text(scene, "@region")),
        resource=bounds.line(", ".join(named) or _name(row, scene), bounds.LABEL_MAX),
        labels=bounds.labels(_label_pairs(row, event, outcome)),
        links=bounds.links(_links(row, scene, named)),
        occurred_at=bounds.instant(event.get("time")),
    )
    alerts = (alert, _told_too(alert, key)) if over and sign.told else (alert,)
    changes = (_change(row, event, scene, alert),) if _changes(row, scene, sign) else ()
    return Reading(source=source, alerts=alerts, changes=changes, event=event)


def resources(event: dict[str, Json]) -> list[str]:
    """What *event* says that it is about."""
    found = event.get("resources")
    return [item for item in found[:RESOURCES_MAX] if isinstance(item, str) and item] if isinstance(found, list) else []


def _scene(event: dict[str, Json], named: list[str], hints: Hints) -> dict[str, Json]:
    """The detail, and beside it what the envelope says; an account left out is that of a resource or topic."""
    detail = event["detail"]
    found = [arn for arn in (*map(arns.parse, named), arns.parse(hints.topic)) if arn]
    return {
        **detail,
        "@type": said(event.get("detail-type")),
        "@account": said(event.get("account")) or next((arn.account for arn in found if arn.account), ""),
        "@region": said(event.get("region")) or next((arn.region for arn in found if arn.region), ""),
        "@partition": found[0].partition if found else "",
        "@arn": named[0] if named else "",
        "@resource": places.short(named[0]) if named else "",
        "@title": hints.title,
    }


def _judged(row: Row, scene: Scene) -> tuple[str, Sign, bool]:
    """The outcome that decides, its meaning, and whether the row knows it."""
    for place in row.outcome:
        known = [word for word in map(places.word, places.texts(scene, place)) if word in row.signs]
        if known:
            word = max(known, key=lambda word: _ORDER.index(row.signs[word].meaning))
            return word, _corrected(row, scene, row.signs[word]), True
    outcomes = [word for place in row.outcome for word in map(places.word, places.texts(scene, place))]
    judged = [text for place in row.judged for text in places.texts(scene, place)]
    first = outcomes[0] if outcomes else ""
    for phrase, sign in row.phrases.items():
        if any(phrase in text for text in judged):
            return phrase, _corrected(row, scene, sign), True
    if row.otherwise is not None:
        return first, _corrected(row, scene, row.otherwise), False
    verdicts = [types.verdict(word) for word in (*outcomes, *judged)]
    worst = next((wanted for wanted in (Verdict.BAD, Verdict.DOUBTFUL, Verdict.OVER) if wanted in verdicts), None)
    return first, _BY_WORDS[worst or Verdict.NEUTRAL], False


def _corrected(row: Row, scene: Scene, sign: Sign) -> Sign:
    """What was refused has not happened; what is counted as nothing is not bad."""
    if row.failed and places.text(scene, row.failed):
        meaning = Meaning.WARNING if sign.meaning in ALARMING else Meaning.NEWS
        return replace(sign, meaning=meaning, told=False, change=False, said="")
    if sign.zero:
        found = places.numbers(scene, sign.zero)
        if found and not any(found):
            return replace(sign, meaning=sign.else_)
    return sign


def _weighed(row: Row, scene: Scene, sign: Sign, *, known: bool) -> tuple[Severity, Kind, bool]:
    """Severity and kind, and whether the event's own grade gave them."""
    grade = _grade(row, scene)
    if sign.meaning is Meaning.OVER:
        return grade or Severity.INFO, Kind.ALERT, False
    if grade is None or known:
        severity = _SEVERITIES[sign.meaning]
        return severity, Kind.NOTIFICATION if sign.meaning is Meaning.NEWS else Kind.ALERT, False
    return grade, Kind.NOTIFICATION if grade is Severity.INFO else Kind.ALERT, True


def _grade(row: Row, scene: Scene) -> Severity | None:
    if row.counts:
        found = _counted(places.value(scene, row.counts))
        return words.severity(found[0][0]) if found else None
    value = places.value(scene, row.severity) if row.severity else None
    if isinstance(value, int | float) and type(value) is not bool:
        return types.graded(value)
    return words.severity(value) if isinstance(value, str) and value else None


def _counted(value: Json) -> list[tuple[str, float]]:
    """The severities that were found at least once, the worst first."""
    pairs = value.items() if isinstance(value, dict) else ()
    found = [(name, n) for name, n in pairs if name not in _TOTALS and type(n) in bounds.NUMBERS and n > 0]
    return sorted(found, key=lambda pair: -words.severity(pair[0]).weight)[: places.WIDTH_MAX]


def _counts(value: Json) -> str:
    return ", ".join(f"{said(number)} {places.plain(name)}" for name, number in _counted(value))


def _key(row: Row, sign: Sign, scene: Scene, named: list[str]) -> str:
    thread = sign.thread or row.thread
    matter = places.title(scene, thread) if thread else places.text(scene, "@type")
    about = [places.identity(scene, place) for place in sign.key or row.key]
    region = "" if row.everywhere else places.text(scene, "@region")
    told = "|".join(about).rstrip("|") or "|".join(sorted(named))
    return "|".join(["aws", row.source, matter, places.text(scene, "@account"), region, told])


def _group(row: Row, scene: Scene) -> str:
    where = (places.text(scene, "@account"), places.text(scene, "@region"))
    return "|".join(["aws", row.source, *where, places.title(scene, row.group)])


def _name(row: Row, scene: Scene) -> str:
    if row.what:
        return places.title(scene, row.what)
    return places.short(next((told for told in (places.identity(scene, place) for place in row.key) if told), ""))


def _told(row: Row, scene: Scene) -> Iterator[str]:
    told = {places.title(scene, row.title)}
    for place in row.texts:
        for text in places.texts(scene, place):
            if text not in told and any(map(str.isalnum, text)):
                told.add(text)
                yield text


def _label_pairs(row: Row, event: dict[str, Json], outcome: str) -> Iterator[tuple[str, Json]]:
    yield "source", row.source
    yield "detail-type", event.get("detail-type")
    yield "outcome", outcome
    for name, value in event["detail"].items():
        if isinstance(value, bounds.WRITTEN) and name not in _OWN_LABELS and name not in row.quiet:
            yield name, value


def _links(row: Row, scene: Scene, named: list[str]) -> Iterator[tuple[str, Json]]:
    """The page that the row knows, what the event itself points to, and something of the console in any case."""
    region = arns.region(places.text(scene, "@region"))
    partition = places.text(scene, "@partition") or arns.partition_of(region)
    page = places.page(scene, row.page) if row.page else ""
    found = f"https://{arns.console(partition, '' if page[0] == '/' else region)}/{page.lstrip('/')}" if page else ""
    if page:
        yield f"{row.service} in the console", found
    told = [(text, places.text(scene, place)) for text, place in row.links]
    yield from told
    if page or any(address.startswith("http") for _, address in told):
        return
    for arn in map(arns.parse, named):
        if arn:
            yield f"{arn.name} in the console", arns.resource_page(arn)
            return
    yield f"{row.service} in the console", arns.service_page(row.source, region)


def _told_too(alert: Alert, key: str) -> Alert:
    """The good end as a notification of its own."""
    return replace(
        alert,
        status=AlertStatus.FIRING,
        kind=Kind.NOTIFICATION,
        severity=Severity.INFO,
        dedup_key=bounds.key(key + NEWS_MARK),
        group_key="",
    )


def _changes(row: Row, scene: Scene, sign: Sign) -> bool:
    if row.harmless:
        return places.value(scene, row.harmless) is not True and not places.text(scene, row.failed)
    return sign.change


def _change(row: Row, event: dict[str, Json], scene: Scene, alert: Alert) -> Change:
    run = places.text(scene, row.run) if row.run else ""
    return Change(
        title=alert.title,
        source=alert.source,
        key=bounds.key(run or said(event.get("id"))),
        what=bounds.line(_name(row, scene), bounds.LABEL_MAX),
        by=bounds.line(places.short(places.text(scene, row.by)) if row.by else "", bounds.NAME_MAX),
        description=alert.description,
        links=tuple(_link(link) for link in alert.links),
        changed_at=alert.occurred_at,
    )


def _link(link: Link) -> change.Link:
    return change.Link(link.text, link.href)
