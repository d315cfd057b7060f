"""A build: one run of a pipeline, a workflow or a job, for a branch of a repository.

One that fails where it matters is an alert, and the next one there that passes resolves it: the key is the repository,
the pipeline and the branch, and never the run. Where it does not matter (a branch that somebody still works on), a
failure is a notification. A run that was cancelled or skipped, or is not over, says nothing about either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Final

import msgspec

from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Severity
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant
from tocsin.sources import bounds
from tocsin.sources.reading import Hints, Reading

SHOWN_MAX: Final = 20  # Failed jobs or tests that are named; the page of the build has the rest.

_MAIN: Final = frozenset({"main", "master", "trunk", "production", "prod", "live"})
_RELEASE: Final = re.compile(r"release", re.IGNORECASE)


class Outcome(Enum):
    """What a run says about the state of its branch."""

    FAILED = "failed"
    SHAKY = "unstable"  # It ran to its end, but some tests failed.
    PASSED = "passed"
    SILENT = "silent"


class Build(msgspec.Struct, frozen=True, kw_only=True):
    """One run, as its sender tells of it.

    *pipeline*: what runs; its name must not change from run to run. *word*: the sender's for the outcome. *watched*:
    whether a failure here needs a human. *group*: what several keys of one run share, empty if it has one only.
    """

    source: str
    repository: str
    pipeline: str
    branch: str
    outcome: Outcome
    word: str
    watched: bool
    group: str = ""
    number: str = ""
    by: str = ""
    description: str = ""
    links: tuple[tuple[str, Json], ...] = ()
    labels: tuple[tuple[str, Json], ...] = ()
    ended_at: Instant | None = None


def watched(branch: str, default: str) -> bool:
    """Whether *branch* is the *default* one or one of releases; of an unknown repository, whether it is called so.

    What is not known to be somebody's own branch is watched.
    """
    if not branch or _RELEASE.match(branch):
        return True
    return branch == default if default else branch.lower() in _MAIN


def reading(build: Build, event: Json, hints: Hints) -> Reading:
    """The alert of *build*, or the fact that it says nothing."""
    if build.outcome is Outcome.SILENT:
        return Reading(source=build.source, event=event, fact=bounds.line(f"{_name(build)}: {build.word or 'no word'}"))
    return Reading(source=build.source, event=event, alerts=(_alert(build, hints),))


def named(names: Iterable[str]) -> str:
    """The first few of *names*, one a line."""
    return "\n".join(f"- {name}" for name in list(names)[:SHOWN_MAX])


def _alert(build: Build, hints: Hints) -> Alert:
    key = hints.key or f"{build.source}:{build.repository}:{build.pipeline}@{build.branch}"
    place = f" on {build.branch}" if build.branch else ""
    return Alert(
        status=AlertStatus.RESOLVED if build.outcome is Outcome.PASSED else AlertStatus.FIRING,
        kind=Kind.ALERT if build.watched else Kind.NOTIFICATION,
        severity=_severity(build),
        title=bounds.title(f"{_name(build)} {build.outcome.value}{place}"),
        description=bounds.prose(build.description),
        dedup_key=bounds.key(key),
        group_key=bounds.key(build.group),
        source=build.source,
        resource=bounds.line(build.repository, bounds.LABEL_MAX),
        labels=bounds.labels(
            (
                ("repository", build.repository),
                ("pipeline", build.pipeline),
                ("branch", build.branch),
                ("outcome", build.word),
                ("number", build.number),
                ("by", build.by),
                *build.labels,
            )
        ),
        links=bounds.links(build.links),
        occurred_at=build.ended_at,
    )


def _severity(build: Build) -> Severity:
    if not build.watched:
        return Severity.INFO
    return Severity.WARNING if build.outcome is Outcome.SHAKY else Severity.HIGH


def _name(build: Build) -> str:
    return ": ".join(part for part in (build.repository, build.pipeline) if part) or "Build"
