"""Bitbucket's webhooks, of the cloud and of the data center: pushes, and the states of builds.

The header `X-Event-Key` names the event (the data center's payloads also `eventKey`). Pipelines report as states of
builds. A build's own key changes from run to run, so its name without the run's number identifies it. The default
branch is seldom told; then its usual names count. Source: "Event payloads" in the documentation of Bitbucket.
"""

from __future__ import annotations

import re
from typing import Final

from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Severity
from tocsin.kernel.json import Json
from tocsin.sources import bounds, builds, pushes
from tocsin.sources.builds import Build, Outcome
from tocsin.sources.places import text, thing, things
from tocsin.sources.pushes import Commit, Push
from tocsin.sources.reading import Hints, Reading

SOURCE: Final = "bitbucket"
HEADER: Final = "x-event-key"
PUSHES_MAX: Final = 50  # Branches of one push that are looked at.

_OUTCOMES: Final = {"failed": Outcome.FAILED, "successful": Outcome.PASSED}
_STATES: Final = frozenset({"repo:commit_status_created", "repo:commit_status_updated"})
_PUSHES: Final = frozenset({"repo:push", "repo:refs_changed"})
_FACTS: Final = ("pullrequest:", "pr:", "issue:", "repo:commit_comment", "repo:comment", "repo:fork", "repo:updated")
_RUN: Final = re.compile(r"\s*#\d+")


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """What an event says; None when *value* is none of Bitbucket's."""
    event = hints.headers.get(HEADER, "").strip() or _event(value)
    if not event:
        return None
    if event in _STATES:
        return _state(value, hints)
    told = bounds.line(_told(event, value))
    if event in _PUSHES:
        found = _cloud(value) or _center(value)
        return pushes.reading(found, value) if found else Reading(source=SOURCE, event=value, fact=told)
    if event == "diagnostics:ping" or event.startswith(_FACTS):
        return Reading(source=SOURCE, event=value, fact=told)
    return Reading(source=SOURCE, event=value, alerts=(_notification(event, told, value, hints),))


def _event(value: dict[str, Json]) -> str:
    """The event whose payload has these names; empty if there is none."""
    if "commit_status" in value:
        return "repo:commit_status_updated"
    return "repo:push" if "changes" in thing(value, "push") else text(value, "eventKey")


def _state(value: dict[str, Json], hints: Hints) -> Reading:
    told, repository, page = thing(value, "commit_status"), _repository(value), _page(value)
    branch, word = text(told, "refname"), text(told, "state")
    name = _RUN.sub("", text(told, "name")) or text(told, "key") or "build"
    return builds.reading(
        Build(
            source=SOURCE,
            repository=repository,
            pipeline=name,
            branch=branch,
            outcome=_OUTCOMES.get(word.lower(), Outcome.SILENT),
            word=word,
            watched=builds.watched(branch, text(value, "repository.mainbranch.name")),
            by=_by(value),
            description="\n\n".join(
                filter(None, (text(told, "description"), text(told, "commit.message").partition("\n")[0]))
            ),
            links=(
                ("Build", told.get("url")),
                ("Commit", text(told, "commit.links.html.href")),
                ("Repository", page),
            ),
            labels=(("key", text(told, "key")),),
            ended_at=bounds.instant(text(told, "updated_on", "created_on")),
        ),
        value,
        hints,
    )


def _cloud(value: dict[str, Json]) -> list[Push]:
    """The pushes of the cloud: one for each branch, its commits the newest first."""
    found = []
    for change in things(value, "push.changes", PUSHES_MAX):
        new = thing(change, "new")
        commits = things(change, "commits", pushes.COMMITS_MAX)
        tag = text(new or thing(change, "old"), "type") == "tag"
        name = text(new, "name") or text(change, "old.name")
        found.append(
            Push(
                source=SOURCE,
                repository=_repository(value),
                ref=f"refs/tags/{name}" if tag else name,
                default=text(value, "repository.mainbranch.name"),
                after=text(new, "target.hash"),
                by=_by(value),
                count=None if change.get("truncated") is True else len(commits),
                forced=change.get("forced") is True,
                commits=tuple(
                    Commit(
                        text(item, "hash"),
                        text(item, "message"),
                        text(item, "author.user.display_name", "author.raw"),
                    )
                    for item in reversed(commits)
                ),
                links=(("Comparison", text(change, "links.html.href")), ("Repository", _page(value))),
                at=bounds.instant(text(new, "target.date")),
            )
        )
    return found


def _center(value: dict[str, Json]) -> list[Push]:
    """The pushes of the data center, which lists no commits before its version 7.14."""
    found = things(value, "commits", pushes.COMMITS_MAX)
    return [
        Push(
            source=SOURCE,
            repository=_repository(value),
            ref=text(change, "refId", "ref.id"),
            default="",
            after=pushes.present(text(change, "toHash")),
            by=_by(value),
            count=len(found) or None,
            commits=tuple(
                Commit(text(item, "displayId", "id"), text(item, "message"), text(item, "author.name"))
                for item in reversed(found)
            ),
            links=(("Repository", _page(value)),),
            at=bounds.instant(value.get("date")),
        )
        for change in things(value, "changes", PUSHES_MAX)
    ]


def _notification(event: str, told: str, value: dict[str, Json], hints: Hints) -> Alert:
    repository = _repository(value)
    return Alert(
        status=AlertStatus.FIRING,
        kind=Kind.NOTIFICATION,
        severity=Severity.INFO,
        title=bounds.title(told),
        dedup_key=bounds.key(hints.key or f"{SOURCE}:{event}:{repository}"),
        source=SOURCE,
        resource=bounds.line(repository, bounds.LABEL_MAX),
        labels=bounds.labels((("event", event), ("by", _by(value)))),
        links=bounds.links((("Repository", _page(value)),)),
    )


def _told(event: str, value: dict[str, Json]) -> str:
    """`pullrequest created in shop/api by ada`."""
    repository, by = _repository(value), _by(value)
    words = [event.replace(":", " ").replace("_", " "), f"in {repository}" if repository else ""]
    return " ".join(word for word in (*words, f"by {by}" if by else "") if word)


def _repository(value: dict[str, Json]) -> str:
    project, slug = text(value, "repository.project.key"), text(value, "repository.slug")
    return text(value, "repository.full_name") or "/".join(part for part in (project, slug) if part)


def _page(value: dict[str, Json]) -> str:
    return text(value, "repository.links.html.href")


def _by(value: dict[str, Json]) -> str:
    return text(value, "actor.nickname", "actor.display_name", "actor.displayName", "actor.name")
