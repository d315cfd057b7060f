"""GitLab's webhooks: pipelines, jobs, deployments, pushes, releases, feature flags, incidents and vulnerabilities.

The payload names its kind itself (`object_kind`). A pipeline and its jobs are alerts of one incident, so that it does
not matter which of the two is sent. Source: "Webhook events" in GitLab's documentation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tocsin.changes.change import Change
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Severity
from tocsin.kernel.json import Json
from tocsin.sources import bounds, builds, deployments, pushes, words
from tocsin.sources.builds import Build, Outcome
from tocsin.sources.deployments import Deployment, changed_links
from tocsin.sources.places import text, thing, things
from tocsin.sources.pushes import Commit, Push
from tocsin.sources.reading import Hints, Reading

SOURCE: Final = "gitlab"
HEADER: Final = "x-gitlab-event"
JOBS_MAX: Final = 500  # Of a pipeline, looked at for those that failed.

_OUTCOMES: Final = {"failed": Outcome.FAILED, "success": Outcome.PASSED}
_TIERS: Final = {
    "staging": Severity.WARNING,
    "testing": Severity.INFO,
    "development": Severity.INFO,
}
# What runs other jobs than a push does: its failure is not repaired by a push that passes.
_OWN_PIPELINES: Final = {"schedule": "scheduled pipeline", "parent_pipeline": "child pipeline"}

_REQUESTS: Final = frozenset({"merge_request_event", "external_pull_request_event"})
_FACTS: Final = frozenset({"emoji", "merge_request", "milestone", "note", "tag_push", "wiki_page", "work_item"})
_STATES: Final = {
    "resolved": AlertStatus.RESOLVED,
    "dismissed": AlertStatus.RESOLVED,
    "closed": AlertStatus.RESOLVED,
}


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """What an event says; None when *value* is none of GitLab's."""
    kind = text(value, "object_kind", "event_name", "event_type")
    if not kind or not (HEADER in hints.headers or hints.form == SOURCE or "object_kind" in value):
        return None
    known = _READERS.get(kind)
    if known is not None:
        return known(value, hints)
    if kind in _FACTS:
        return _fact(kind, value)
    return Reading(source=SOURCE, event=value, alerts=(_notification(kind, value, hints),))


def _pipeline(value: dict[str, Json], hints: Hints) -> Reading:
    told = thing(value, "object_attributes")
    repository, word, trigger = _repository(value), text(told, "status"), text(told, "source")
    requested = trigger in _REQUESTS
    branch = f"!{text(value, 'merge_request.iid')}" if requested else text(told, "ref")
    default = text(value, "project.default_branch")
    jobs = [job for job in things(value, "builds", JOBS_MAX) if job.get("status") == "failed"]
    return builds.reading(
        Build(
            source=SOURCE,
            repository=repository,
            pipeline=_OWN_PIPELINES.get(trigger, "pipeline"),
            branch=branch,
            outcome=_OUTCOMES.get(word, Outcome.SILENT),
            word=word,
            watched=not requested and told.get("tag") is not True and builds.watched(branch, default),
            group=_group(repository, branch),
            number=text(told, "iid", "id"),
            by=text(value, "user.username", "user.name"),
            description="\n\n".join(
                filter(None, (_commit(value), builds.named(_job(job) for job in jobs if not job.get("allow_failure"))))
            ),
            links=(
                ("Pipeline", text(told, "url") or f"{_page(value)}/-/pipelines/{text(told, 'id')}"),
                ("Merge request", text(value, "merge_request.url")),
                ("Project", _page(value)),
            ),
            labels=(("trigger", trigger), ("name", text(told, "name"))),
            ended_at=bounds.instant(told.get("finished_at")),
        ),
        value,
        hints,
    )


def _job(job: dict[str, Json]) -> str:
    stage, reason = text(job, "stage"), text(job, "failure_reason")
    return " ".join(filter(None, (text(job, "name") or "job", f"({stage})" if stage else "", reason.replace("_", " "))))


def _build(value: dict[str, Json], hints: Hints) -> Reading:
    repository, branch, word = _repository(value), text(value, "ref"), text(value, "build_status")
    allowed, reason = value.get("build_allow_failure") is True, text(value, "build_failure_reason").replace("_", " ")
    outcome = Outcome.SILENT if allowed else _OUTCOMES.get(word, Outcome.SILENT)
    page, default = _page(value), text(value, "project.default_branch")
    return builds.reading(
        Build(
            source=SOURCE,
            repository=repository,
            pipeline=f"job {text(value, 'build_name') or 'without a name'}",
            branch=branch,
            outcome=outcome,
            word=word,
            watched=value.get("tag") is not True and builds.watched(branch, default),
            group=_group(repository, branch),
            number=text(value, "build_id"),
            by=text(value, "user.username", "user.name"),
            description="\n\n".join(
                filter(None, (reason if outcome is Outcome.FAILED else "", text(value, "commit.message")))
            ),
            links=(("Job", f"{page}/-/jobs/{text(value, 'build_id')}"), ("Project", page)),
            labels=(("stage", text(value, "build_stage")),),
            ended_at=bounds.instant(text(value, "build_finished_at_iso", "build_finished_at")),
        ),
        value,
        hints,
    )


def _deployment(value: dict[str, Json], hints: Hints) -> Reading:
    word = text(value, "status")
    return deployments.reading(
        Deployment(
            source=SOURCE,
            repository=_repository(value),
            environment=text(value, "environment"),
            outcome=_OUTCOMES.get(word, Outcome.SILENT),
            word=word,
            begun=word in {"running", "success", "failed"},
            severity=_TIERS.get(text(value, "environment_tier"), Severity.HIGH),
            number=text(value, "deployment_id"),
            ref=text(value, "ref"),
            sha=text(value, "short_sha"),
            by=text(value, "user.username", "user.name"),
            description=text(value, "commit_title"),
            links=(
                ("Job", text(value, "deployable_url")),
                ("Commit", text(value, "commit_url")),
                ("Environment", text(value, "environment_external_url")),
                ("Project", _page(value)),
            ),
            at=bounds.instant(value.get("status_changed_at")),
        ),
        value,
        hints,
    )


def _push(value: dict[str, Json], _: Hints) -> Reading:
    before, after = pushes.present(text(value, "before")), pushes.present(text(value, "after"))
    found = things(value, "commits", pushes.COMMITS_MAX)
    total = value.get("total_commits_count")
    push = Push(
        source=SOURCE,
        repository=_repository(value),
        ref=text(value, "ref"),
        default=text(value, "project.default_branch"),
        after=after,
        by=text(value, "user_username", "user_name"),
        count=total if type(total) is int else len(found),
        commits=tuple(Commit(text(item, "id"), text(item, "message"), text(item, "author.name")) for item in found),
        links=(
            ("Comparison", f"{_page(value)}/-/compare/{before}...{after}" if before and after else ""),
            ("Project", _page(value)),
        ),
        at=bounds.instant(found[-1].get("timestamp")) if found else None,
    )
    return pushes.reading([push], value)


def _release(value: dict[str, Json], _: Hints) -> Reading:
    tag, repository = text(value, "tag", "name"), _repository(value)
    if value.get("action") != "create":
        return _fact("release", value)
    change = Change(
        title=bounds.title(f"Release {tag} of {repository}"),
        source=SOURCE,
        key=bounds.key(f"{SOURCE}:{repository}:release:{tag}"),
        what=bounds.line(repository, bounds.LABEL_MAX),
        by=bounds.line(text(value, "commit.author.name"), bounds.LABEL_MAX),
        description=bounds.prose(text(value, "description")),
        links=changed_links((("Release", value.get("url")), ("Project", _page(value)))),
        changed_at=bounds.instant(text(value, "released_at", "created_at")),
    )
    return Reading(source=SOURCE, event=value, changes=(change,))


def _feature_flag(value: dict[str, Json], _: Hints) -> Reading:
    name, on = text(value, "object_attributes.name"), thing(value, "object_attributes").get("active") is True
    change = Change(
        title=bounds.title(f"Feature flag {name} of {_repository(value)} turned {'on' if on else 'off'}"),
        source=SOURCE,
        what=bounds.line(_repository(value), bounds.LABEL_MAX),
        by=bounds.line(text(value, "user.username", "user.name"), bounds.LABEL_MAX),
        description=bounds.prose(text(value, "object_attributes.description")),
        links=changed_links((("Project", _page(value)),)),
    )
    return Reading(source=SOURCE, event=value, changes=(change,))


def _issue(value: dict[str, Json], hints: Hints) -> Reading:
    """GitLab's incidents are issues of that type; the other issues wait for the morning."""
    if text(value, "object_attributes.type").lower() != "incident":
        return _fact("issue", value)
    return Reading(source=SOURCE, event=value, alerts=(_matter("incident", value, hints),))


def _vulnerability(value: dict[str, Json], hints: Hints) -> Reading:
    return Reading(source=SOURCE, event=value, alerts=(_matter("vulnerability", value, hints),))


def _access_token(value: dict[str, Json], hints: Hints) -> Reading:
    return Reading(source=SOURCE, event=value, alerts=(_matter("access token expires", value, hints),))


def _matter(what: str, value: dict[str, Json], hints: Hints) -> Alert:
    """What has a life of its own in GitLab."""
    told, repository = thing(value, "object_attributes"), _repository(value)
    title = text(told, "title", "name")
    graded = text(told, "severity")
    severity = words.severity(graded) if graded else Severity.HIGH
    return Alert(
        status=_STATES.get(text(told, "state").lower(), AlertStatus.FIRING),
        kind=Kind.NOTIFICATION if severity is Severity.INFO else Kind.ALERT,
        severity=severity,
        title=bounds.title(": ".join(filter(None, (repository, what, title)))),
        description=bounds.prose(text(told, "description") or _until(text(told, "expires_at"))),
        dedup_key=bounds.key(
            hints.key or f"{SOURCE}:{repository}:{what}:{text(told, 'iid', 'url', 'id', 'title', 'name')}"
        ),
        source=SOURCE,
        resource=bounds.line(repository, bounds.LABEL_MAX),
        labels=bounds.labels(
            (
                ("repository", repository),
                ("state", text(told, "state")),
                ("by", text(value, "user.username", "user.name")),
            )
        ),
        links=bounds.links((("Details", told.get("url")), ("Project", _page(value)))),
        occurred_at=bounds.instant(told.get("updated_at")),
    )


def _until(day: str) -> str:
    return f"It ends on {day}." if day else ""


def _notification(kind: str, value: dict[str, Json], hints: Hints) -> Alert:
    repository = _repository(value)
    return Alert(
        status=AlertStatus.FIRING,
        kind=Kind.NOTIFICATION,
        severity=Severity.INFO,
        title=bounds.title(_told(kind, value)),
        dedup_key=bounds.key(hints.key or f"{SOURCE}:{kind}:{repository}"),
        source=SOURCE,
        resource=bounds.line(repository, bounds.LABEL_MAX),
        labels=bounds.labels((("event", kind),)),
        links=bounds.links((("Project", _page(value)),)),
    )


def _fact(kind: str, value: dict[str, Json]) -> Reading:
    return Reading(source=SOURCE, event=value, fact=bounds.line(_told(kind, value)))


def _told(kind: str, value: dict[str, Json]) -> str:
    action = text(value, "object_attributes.action", "action")
    by, where = text(value, "user.username", "user_username", "user.name"), _repository(value)
    words_ = [kind.replace("_", " "), action, f"in {where}" if where else "", f"by {by}" if by else ""]
    return " ".join(word for word in words_ if word)


def _repository(value: dict[str, Json]) -> str:
    return text(
        value,
        *("project.path_with_namespace", "project_name", "path_with_namespace", "group_path", "full_path"),
        *("repository.name", "project.name"),
    )


def _page(value: dict[str, Json]) -> str:
    return text(value, "project.web_url", "repository.homepage")


def _group(repository: str, branch: str) -> str:
    return f"{SOURCE}:{repository}@{branch}"


def _commit(value: dict[str, Json]) -> str:
    first = text(value, "commit.title", "commit.message").partition("\n")[0]
    author = text(value, "commit.author.name")
    sha = text(value, "commit.id")[: deployments.SHA_SHOWN]
    return f"{sha} {first}{f' ({author})' if author else ''}" if first else ""


_READERS: Final[dict[str, Callable[[dict[str, Json], Hints], Reading]]] = {
    "access_token": _access_token,
    "build": _build,
    "deployment": _deployment,
    "feature_flag": _feature_flag,
    "issue": _issue,
    "pipeline": _pipeline,
    "push": _push,
    "release": _release,
    "vulnerability": _vulnerability,
}
