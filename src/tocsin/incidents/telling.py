"""How an incident stands and what happens next, in sentences; and a whole page in plain text.

Every channel says the same. What differs is how it writes foreign text (Slack escapes it) and instants (Slack shows
each reader's own time): that is a `Telling`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias, assert_never

import msgspec

from tocsin.incidents import flapping, flips, grouping, holding, ladder, several, steps
from tocsin.incidents.alerts import AlertStatus, Kind, Severity
from tocsin.incidents.state import Incident, Status
from tocsin.kernel.time import MINUTE, Instant, format_duration, format_instant

NAMES_MAX: Final = 5  # More names do not help; the console has them all.
NAME_CHARS_MAX: Final = 60
NOTE_CHARS_MAX: Final = 500
FACT_CHARS_MAX: Final = 300
LABEL_CHARS_MAX: Final = 80
LABELS_MAX: Final = 8
TOLD: Final = frozenset({"dedup_key", "status"})  # Labels that say nothing to people, or what the message says itself.
LINKS_MAX: Final = 5
OTHERS_MAX: Final = 5
MINUTES_TOLD_MAX: Final = 90  # What is later is better told by the clock.
LISTED_MAX: Final = 10  # Incidents that one message lists; the rest is a number and a link.

_HEADLINE_CHARS_MAX: Final = 160  # What the preview of a notification shows.
_TITLE_CHARS_MAX: Final = 500
_DESCRIPTION_CHARS_MAX: Final = 700
_WHY_CHARS_MAX: Final = 1000
_HREF_CHARS_MAX: Final = 1000  # A longer address is broken by every mail program.

_CHATS: Final = re.compile(r"\A(slack|teams):")
_LINE_BREAKS: Final = re.compile(r"\r\n?|\u2028|\u2029")
_CONTROLS: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# The first turn the reading direction of what follows, our own words included; the last are marks of neutral text.
_DIRECTIONS: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ue000-\ue00f]")

Writer: TypeAlias = Callable[[str, int], str]  # Foreign text on one line, at most so many characters.


# ── Foreign text ─────────────────────────────────────────────────────────────────────────────────────────────────────
def clean(text: str) -> str:
    """*text* without control characters, lone surrogates, and marks that turn its direction or are ours."""
    return _CONTROLS.sub(" ", _DIRECTIONS.sub("", _LINE_BREAKS.sub("\n", text)))


def one_line(text: str, most: int) -> str:
    """*text* cleaned, on one line, at most *most* characters."""
    return _cut(" ".join(clean(text[: most * 4]).split()), most)


def paragraph(text: str, most: int) -> str:
    """*text* cleaned, its lines kept, at most *most* characters."""
    return _cut(clean(text[: most * 4]).strip(), most)


@lru_cache(1024)
def utc_time(instant: Instant) -> str:
    """*instant* in UTC to the minute, for places that know no reader's time zone."""
    return f"{format_instant(instant)[:16].replace('T', ' ')} UTC"


@dataclass(frozen=True, slots=True)
class Telling:
    """How to write: *names* are display names by responder id, *when* writes an instant, *write* foreign text.

    *counts_down*: what comes soon is also told in minutes, for messages that are read when they are written.
    """

    names: Mapping[str, str]
    when: Callable[[Instant], str] = utc_time
    write: Writer = one_line
    counts_down: bool = False

    def ahead(self, at: Instant, now: Instant) -> str:
        """When *at* is, which may be over: `now`, `at 11:11`, `in 4 min, at 11:11`."""
        if at <= now:
            return "now"
        minutes = -(-(at - now) // MINUTE)
        soon = f"in {minutes} min, " if self.counts_down and minutes <= MINUTES_TOLD_MAX else ""
        return f"{soon}at {self.when(at)}"

    def person(self, responder: str) -> str:
        """The display name of a responder; one that only a chat knows goes by its name there."""
        return self.write(self.names.get(responder) or _CHATS.sub("", responder), NAME_CHARS_MAX) or "somebody"

    def receiver(self, receiver: str) -> str:
        """A responder's display name, or `team ops`."""
        name = ladder.label(receiver)
        return self.person(name) if receiver == ladder.responder(name) else self.write(name, NAME_CHARS_MAX)

    def receivers(self, receivers: Sequence[str]) -> str:
        """`ada, bo and 3 others`."""
        if not receivers:
            return "nobody"
        shown = [self.receiver(receiver) for receiver in receivers[:NAMES_MAX]]
        hidden = len(receivers) - len(shown)
        last = f"{hidden} other{'s' if hidden > 1 else ''}" if hidden else shown.pop()
        return f"{', '.join(shown)} and {last}" if shown else last


# ── Sentences ────────────────────────────────────────────────────────────────────────────────────────────────────────
def standing(incident: Incident, telling: Telling, now: Instant) -> str:
    """Who is on it, whether it flaps, and what happens next."""
    return " ".join(
        filter(None, (who(incident, telling), restless(incident, telling), next_step(incident, telling, now)))
    )


def who(incident: Incident, telling: Telling) -> str:
    """Who is on it, or who is asked."""
    match incident.status:
        case Status.TRIGGERED:
            return _asked(incident, telling)
        case Status.ACKNOWLEDGED:
            since = telling.when(incident.acknowledged_at or incident.changed_at)
            if incident.assignee:
                together = [ladder.responder(name) for name in incident.answered] or [
                    ladder.responder(incident.assignee)
                ]
                return f"{telling.receivers(together)} {'are' if len(together) > 1 else 'is'} on it (since {since})."
            return f"Acknowledged in {telling.write(incident.acknowledged_by, NAME_CHARS_MAX)} at {since}."
        case Status.SNOOZED if incident.silenced and (mute := incident.mute):
            why = telling.write(mute.why, NOTE_CHARS_MAX)
            by = telling.write(mute.by, NAME_CHARS_MAX) or "somebody"
            muted = ladder.muted_by(mute.kind).capitalize()
            return f"{muted} {by} until {telling.when(mute.until)}" + (f": {why.rstrip('.')}." if why else ".")
        case Status.SNOOZED if incident.held and (hold := incident.hold):
            return f"Held until {telling.when(hold.until)}: {holding.because(hold)}."
        case Status.SNOOZED:
            until = telling.when(incident.snoozed_until or incident.changed_at)
            return f"{telling.person(incident.assignee)} snoozed it until {until}."
        case Status.RESOLVED:
            return _resolved(incident, telling)
    assert_never(incident.status)


def restless(incident: Incident, telling: Telling) -> str:
    """That it flaps, and when it is over if it stays quiet; empty when it does not flap."""
    found = flapping.worst(incident) if incident.live else None
    calm_at = flips.calm_at(found) if found else None
    if found is None or calm_at is None:
        return ""
    sentence = flapping.sentence(found).capitalize()
    if not incident.plan.auto_resolve:
        return f"{sentence}."
    if incident.firing:
        return f"{sentence}; resolves when it has recovered and been quiet."
    return f"{sentence}; resolves at {telling.when(calm_at)}, when it has been quiet."


def next_step(incident: Incident, telling: Telling, now: Instant) -> str:
    """What happens next and when, if nobody does anything; empty when nothing does."""
    wake_at = incident.wake_at
    if wake_at is None or incident.kind is Kind.NOTIFICATION:
        return ""
    at = telling.ahead(wake_at, now)
    match incident.status:
        case Status.TRIGGERED if flapping.quiet(incident):
            targets = steps.ahead(incident)
            return f"Without an answer, asks {telling.receivers(targets)} when it fires again."
        case Status.TRIGGERED:
            targets = steps.ahead(incident)
            if (team := ladder.smart_alone(targets)) is not None:
                return f"Without an answer, asks somebody else of {telling.write(team, NAME_CHARS_MAX)} {at}."
            again = "again" if set(targets) <= set(incident.asked) else "next"
            return f"Without an answer, asks {telling.receivers(targets)} {again} {at}."
        case Status.ACKNOWLEDGED | Status.SNOOZED if incident.assignee:
            return f"Asks {telling.person(incident.assignee)} again {at}, unless it is resolved."
        case Status.ACKNOWLEDGED | Status.SNOOZED:
            targets = steps.anew(incident)
            return f"Asks {telling.receivers(targets)} {at}, unless it is resolved."
        case Status.RESOLVED:
            return ""
    assert_never(incident.status)


def title(incident: Incident, telling: Telling, most: int) -> str:
    """What has happened, at most *most* characters."""
    return telling.write(incident.face.title, most) or "(no title)"


def place(incident: Incident, telling: Telling) -> list[str]:
    """Where it has happened: account, region and resource, as far as they are known."""
    face = incident.face
    return [telling.write(part, LABEL_CHARS_MAX) for part in (face.account, face.region, face.resource) if part]


def facts(incident: Incident, telling: Telling) -> dict[str, str]:
    """What is known of it, by name, in the order in which it is shown."""
    face = incident.face
    found = {
        "Account": telling.write(face.account, FACT_CHARS_MAX),
        "Region": telling.write(face.region, FACT_CHARS_MAX),
        "Resource": telling.write(face.resource, FACT_CHARS_MAX),
        "Since": telling.when(incident.opened_at),
        "Alerts": _count(incident, telling),
        "Group": _group(incident, telling),
        "Team": telling.write(incident.team, FACT_CHARS_MAX),
    }
    return {name: value for name, value in found.items() if value}


def background(incident: Incident, telling: Telling) -> dict[str, str]:
    """What is of less weight, by name: its other alerts, its labels."""
    face = incident.face
    firing = [line.title for line in incident.alerts.values() if line.status is AlertStatus.FIRING]
    others = [telling.write(other, LABEL_CHARS_MAX) or "(no title)" for other in firing if other != face.title]
    more = [f"and {len(others) - OTHERS_MAX} more"] if len(others) > OTHERS_MAX else []
    labels = [
        f"{telling.write(name, LABEL_CHARS_MAX)}={telling.write(value, LABEL_CHARS_MAX)}"
        for name, value in face.labels.items()
        if name not in TOLD and (name, value) != ("severity", face.severity.value)
    ][:LABELS_MAX]
    found = {"Also firing": "; ".join(others[:OTHERS_MAX] + more), "Labels": ", ".join(labels)}
    return {name: value for name, value in found.items() if value}


def worst_first(incidents: Mapping[str, Incident]) -> list[str]:
    """The ids of *incidents*, worst first, then oldest."""

    def order(name: str) -> tuple[int, Instant, str]:
        incident = incidents[name]
        return -incident.severity.weight, incident.opened_at, name

    return sorted(incidents, key=order)


# ── Pages in plain text ──────────────────────────────────────────────────────────────────────────────────────────────
class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One incident asks one person; *why* is the sentence that says why this one."""

    incident_id: str
    incident: Incident
    why: str


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Pages to one person in plain text.

    *headline* is one line; *text* has lines that end with a newline; *link* leads to where the pages are answered;
    *severity* is the worst.
    """

    headline: str
    text: str
    link: str
    severity: Severity


def tell(pages: Sequence[Page], telling: Telling, url: str, now: Instant) -> Told:
    """What *pages* (at least one, all to one person) say; *url* is the console's, without a slash at its end.

    One incident is told whole; of several each is a few lines, the worst first, at most LISTED_MAX of them.
    """
    newest = {page.incident_id: page for page in pages}
    order = worst_first({name: page.incident for name, page in newest.items()})
    worst = newest[order[0]].incident
    if len(order) == 1:
        asks = f"{title(worst, telling, _HEADLINE_CHARS_MAX)} — asks you"
        text = _whole(newest[order[0]], telling, url, now)
        link = _address(url, order[0])
    else:
        asks = f"{len(order)} incidents ask you at once"
        text = _listed([newest[name] for name in order], telling, url, now)
        link = url
    return Told(headline=f"[{worst.severity.value}] {asks}", text=text, link=link, severity=worst.severity)


def _whole(page: Page, telling: Telling, url: str, now: Instant) -> str:
    incident = page.incident
    what = title(incident, telling, _TITLE_CHARS_MAX)
    description = paragraph(incident.face.description, _DESCRIPTION_CHARS_MAX)
    links = {
        one_line(link.text, LABEL_CHARS_MAX) or "Link": link.href
        for link in incident.face.links[:LINKS_MAX]
        if len(link.href) <= _HREF_CHARS_MAX and one_line(link.href, _HREF_CHARS_MAX) == link.href
    }
    parts = [
        paragraph(page.why, _WHY_CHARS_MAX),
        what if description in {"", what} else f"{what}\n{description}",
        _lines(facts(incident, telling) | background(incident, telling)),
        _lines(links),
        standing(incident, telling, now),
        f"Answer here: {_address(url, page.incident_id)}",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _listed(pages: Sequence[Page], telling: Telling, url: str, now: Instant) -> str:
    hidden = len(pages) - LISTED_MAX
    opening = f"{len(pages)} incidents ask you at once" + (
        f"; these are the worst {LISTED_MAX}." if hidden > 0 else "."
    )
    parts = [opening]
    for number, page in enumerate(pages[:LISTED_MAX], 1):
        incident = page.incident
        lines = [
            f"{number}. [{incident.severity.value}] {title(incident, telling, _HEADLINE_CHARS_MAX)}",
            " · ".join(place(incident, telling)),
            f"{one_line(page.why, _WHY_CHARS_MAX)} {standing(incident, telling, now)}".strip(),
            _address(url, page.incident_id),
        ]
        parts.append("\n   ".join(filter(None, lines)))
    return "\n\n".join([*parts, f"All of them: {url}"]) + "\n"


def _address(url: str, incident_id: str) -> str:
    return f"{url}/incidents/{incident_id}"


def _lines(named: Mapping[str, str]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in named.items())


# ── Parts of sentences ───────────────────────────────────────────────────────────────────────────────────────────────
def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _count(incident: Incident, telling: Telling) -> str:
    times = "once" if incident.count == 1 else f"{incident.count} times, last {telling.when(incident.last_alert_at)}"
    alerts = len(incident.alerts)
    return f"{alerts} alerts, {incident.firing} firing, {times}" if alerts > 1 else times


def _group(incident: Incident, telling: Telling) -> str:
    found = grouping.values(incident.face, incident.plan.group_by)
    return telling.write(", ".join(f"{name}={value}" for name, value in found.items()), FACT_CHARS_MAX)


def _asked(incident: Incident, telling: Telling) -> str:
    if incident.kind is Kind.NOTIFICATION:
        return "For information; nobody is asked."
    awaited = ladder.awaited(incident)
    sentences = [f"Asking {telling.receivers([name for name in incident.asked if name in awaited])}."]
    if incident.answered:
        who_has = telling.receivers([ladder.responder(name) for name in incident.answered])
        sentences.append(f"{who_has} acknowledged; {several.missing(incident)} more must.")
    if incident.passed:
        sentences.append(f"{telling.receivers(incident.passed)} passed.")
    if incident.unreached:
        sentences.append(f"{telling.receivers(incident.unreached)} could not be reached.")
    return " ".join(sentences)


def _resolved(incident: Incident, telling: Telling) -> str:
    at = incident.resolved_at or incident.changed_at
    when = f"at {telling.when(at)}, after {format_duration(at - incident.opened_at)}"
    if not incident.resolved_by:
        return f"Recovered {when}." if incident.kind is Kind.ALERT else f"Over {when}."
    note = telling.write(incident.resolve_note, NOTE_CHARS_MAX)
    return f"{telling.person(incident.resolved_by)} resolved it {when}" + (f": {note}" if note else ".")
