"""Opsgenie's Alert API: the alert that a create tells of, and how priorities and severities belong together.

What is longer than Opsgenie's limits is cut and not refused, and a word that Opsgenie does not know is no reason to
lose an alert. Source: "Alert API" in Opsgenie's documentation (Create Alert: fields and limits).
"""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.incidents.alerts import TAGS_MAX, Alert, AlertStatus, Severity
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.sources import bounds, words
from tocsin.sources.bounds import said

SOURCE: Final = "opsgenie"

MESSAGE_MAX: Final = 130
TAG_MAX: Final = 50
ENTITY_MAX: Final = 512
PERSON_MAX: Final = 100  # Characters of `user` and `source`.
NOTE_MAX: Final = 25_000
RESPONDERS_MAX: Final = 50
ACTIONS_MAX: Final = 10
ACTION_MAX: Final = 50

PRIORITIES: Final = {
    "P1": Severity.CRITICAL,
    "P2": Severity.HIGH,
    "P3": Severity.WARNING,
    "P4": Severity.INFO,
    "P5": Severity.INFO,
}
USUAL: Final = "P3"  # The priority of an alert that names none.

_BY_SEVERITY: Final = {Severity.CRITICAL: "P1", Severity.HIGH: "P2", Severity.WARNING: "P3", Severity.INFO: "P4"}


class Party(msgspec.Struct, frozen=True):
    """Somebody whom a request names: *kind* is `user`, `team`, `escalation`, `schedule` or empty; *names* all it says.

    The names are an id, a name or a user name, and which of them means something is for others to find out.
    """

    kind: str
    names: tuple[str, ...]

    @property
    def label(self) -> str:
        """How the request calls it."""
        return self.names[-1] if self.names else "nobody"


def alert(body: dict[str, Json], alias: str) -> Alert:
    """The alert of a create with a message; *alias* is its own as a key, or the one that was made for it."""
    source = text(body.get("source"), PERSON_MAX)
    details = body.get("details")
    priority = text(body.get("priority"), PERSON_MAX).upper() or USUAL
    facts = {
        "priority": priority if priority in PRIORITIES else "",
        "source": source,
        "user": text(body.get("user"), PERSON_MAX),
        "actions": listed(texts(body.get("actions"), ACTIONS_MAX, ACTION_MAX)),
    }
    return Alert(
        status=AlertStatus.FIRING,
        title=bounds.title(text(body.get("message"), MESSAGE_MAX)),
        description=bounds.prose(said(body.get("description"))),
        dedup_key=alias,
        source=SOURCE,
        severity=PRIORITIES.get(priority) or words.severity(body.get("priority")),
        resource=text(body.get("entity"), ENTITY_MAX),
        labels=bounds.labels(details.items()) if isinstance(details, dict) else {},
        tags=tags(body.get("tags")),
        annotations={name: value for name, value in facts.items() if value},
        links=bounds.links([("Source", source)]),
    )


def priority_of(severity: Severity, told: str) -> str:
    """The priority that a severity is; the one that was *told*, where it means the same."""
    return told if PRIORITIES.get(told) is severity else _BY_SEVERITY[severity]


def responders(body: dict[str, Json]) -> tuple[Party, ...]:
    """Whom a create names; also as `teams`, as the API had it before."""
    found: list[Party] = []
    for field, kind in (("responders", ""), ("teams", "team")):
        members = body.get(field)
        if isinstance(members, list):
            found += [party(member, kind) for member in members[:RESPONDERS_MAX]]
    return tuple(each for each in found if each.names)


def party(value: Json, kind: str = "") -> Party:
    """Somebody, as `{"type": ..., "id" | "name" | "username": ...}` or by a name alone."""
    if not isinstance(value, dict):
        name = text(value, PERSON_MAX)
        return Party(kind, (name,) if name else ())
    names = [text(value.get(field), PERSON_MAX) for field in ("id", "username", "name")]
    return Party(kind or text(value.get("type"), PERSON_MAX).lower(), tuple(name for name in names if name))


def tags(value: Json) -> tuple[str, ...]:
    """At most TAGS_MAX tags."""
    return texts(value, TAGS_MAX, TAG_MAX)


def texts(value: Json, most: int, characters: int) -> tuple[str, ...]:
    """The first *most* different words of a list, or of a text with commas; each at most *characters* long."""
    members = value.split(",", most) if isinstance(value, str) else value
    if not isinstance(members, list):
        return ()
    found = dict.fromkeys(text(member, characters) for member in members[: 2 * most])
    return tuple(each for each in found if each)[:most]


def text(value: Json, characters: int) -> str:
    """*value* on one line of at most *characters*, if a person could have written it."""
    return bounds.line(said(value), characters) if type(value) in bounds.WRITTEN else ""


def listed(members: tuple[str, ...]) -> str:
    """A list as a fact of an alert, which are texts; nothing for an empty one."""
    return json.encode(members).decode() if members else ""
