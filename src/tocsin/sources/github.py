"""GitHub's webhooks, which Gitea and Forgejo send too: builds, deployments, pushes and security alerts.

The header `X-GitHub-Event` names the event; without it (an address that names the form, a queue between) the names in
the object do. What needs nobody and changes nothing (issues, stars, comments) is a fact; an event that this table does
not know is a notification. Source: "Webhook events and payloads" in GitHub's documentation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tocsin.changes.change import Change
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Severity
from tocsin.kernel.json import Json
from tocsin.sources import bounds, builds, deployments, github_security, places, pushes
from tocsin.sources.builds import Build, Outcome
from tocsin.sources.deployments import Deployment, changed_links
from tocsin.sources.places import text, thing, things
from tocsin.sources.pushes import Commit, Push
from tocsin.sources.reading import Hints, Reading

SOURCE: Final = "github"
HEADER: Final = "x-github-event"
COMMITS_MAX: Final = 100  # Looked at; GitHub sends no more than 2048.

_OUTCOMES: Final = {
    "failure": Outcome.FAILED,
    "timed_out": Outcome.FAILED,
    "startup_failure": Outcome.FAILED,
    "error": Outcome.FAILED,
    "success": Outcome.PASSED,
}

# The name that only one event's payload has, and the event; the more telling ones first.
_BY_NAME: Final = (
    ("workflow_job", "workflow_job"),
    ("workflow_run", "workflow_run"),
    ("check_run", "check_run"),
    ("check_suite", "check_suite"),
    ("deployment_status", "deployment_status"),
    ("deployment", "deployment"),
    ("release", "release"),
    ("zen", "ping"),
    ("pusher", "push"),
)

# What people do all day: of interest to those who work there, and to nobody at night.
_DAILY: Final = (
    "check_run commit_comment create delete discussion discussion_comment fork gollum issue_comment issue_dependencies "
    "issues label merge_group milestone package page_build project project_card project_column projects_v2 "
    "projects_v2_item projects_v2_status_update pull_request pull_request_review pull_request_review_comment "
    "pull_request_review_thread registry_package repository_dispatch secret_scanning_alert_location "
    "secret_scanning_scan star sub_issues watch workflow_dispatch workflow_job"
)
_FACTS: Final = frozenset(_DAILY.split())


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """What an event says; None when *value* is none of GitHub's."""
    event = hints.headers.get(HEADER, "").strip().lower() or _event(value)
    if not event:
        return None
    known = _READERS.get(event)
    if known is not None:
        return known(value, hints)
    told = bounds.line(_told(event, value))
    if event in _FACTS:
        return Reading(source=SOURCE, event=value, fact=told)
    return Reading(source=SOURCE, event=value, alerts=(_notification(event, told, value, hints),))


def _event(value: dict[str, Json]) -> str:
    """The event whose payload has these names; empty if there is none."""
    if "repository" not in value and "zen" not in value:
        return ""
    if type(value.get("alert")) is dict:
        return github_security.event(value)
    return next((event for name, event in _BY_NAME if name in value), "")


def _ping(value: dict[str, Json], _: Hints) -> Reading:
    owner = text(value, "repository.full_name", "organization.login")
    of = f" of {owner}" if owner else ""
    return Reading(source=SOURCE, event=value, fact=bounds.line(f"the webhook{of} works: {text(value, 'zen')}"))


def _workflow_run(value: dict[str, Json], hints: Hints) -> Reading:
    run = thing(value, "workflow_run")
    if value.get("action") not in {"completed", None}:
        return _fact("workflow_run", value)
    repository, branch, word = text(value, "repository.full_name"), text(run, "head_branch"), text(run, "conclusion")
    number = text(run, "run_number")
    own = text(run, "head_repository.full_name") or repository
    return builds.reading(
        Build(
            source=SOURCE,
            repository=repository,
            pipeline=text(run, "name") or text(value, "workflow.name") or text(run, "path"),
            branch=branch if own == repository else f"{own}:{branch}",  # A fork may call its branch `main` too.
            outcome=_OUTCOMES.get(word, Outcome.SILENT),
            word=word,
            watched=bool(branch) and own == repository and builds.watched(branch, _default(value)),
            number=number,
            by=text(run, "triggering_actor.login", "actor.login") or text(value, "sender.login"),
            description=_commit(thing(run, "head_commit"), text(run, "head_sha")),
            links=((f"Run {number}", run.get("html_url")), _page(value)),
            labels=(("event", run.get("event")), ("attempt", run.get("run_attempt"))),
            ended_at=bounds.instant(run.get("updated_at")),
        ),
        value,
        hints,
    )


def _check_suite(value: dict[str, Json], hints: Hints) -> Reading:
    """The checks of one app. Those of GitHub Actions come as workflow runs already."""
    suite = thing(value, "check_suite")
    if value.get("action") not in {"completed", None} or text(suite, "app.slug") == "github-actions":
        return _fact("check_suite", value)
    branch, word = text(suite, "head_branch"), text(suite, "conclusion")
    return builds.reading(
        Build(
            source=SOURCE,
            repository=text(value, "repository.full_name"),
            pipeline=text(suite, "app.name", "app.slug") or "checks",
            branch=branch,
            outcome=_OUTCOMES.get(word, Outcome.SILENT),
            word=word,
            watched=bool(branch) and builds.watched(branch, _default(value)),
            by=text(value, "sender.login"),
            description=_commit(thing(suite, "head_commit"), text(suite, "head_sha")),
            links=(("Commit", f"{text(value, 'repository.html_url')}/commit/{text(suite, 'head_sha')}"), _page(value)),
            ended_at=bounds.instant(suite.get("updated_at")),
        ),
        value,
        hints,
    )


def _status(value: dict[str, Json], hints: Hints) -> Reading:
    """What a service outside says about a commit; the newest commit of several branches counts for the default one."""
    branches = [text(item, "name") for item in things(value, "branches", COMMITS_MAX)]
    default, word = _default(value), text(value, "state")
    branch = default if default in branches else next(iter(branches), "")
    return builds.reading(
        Build(
            source=SOURCE,
            repository=text(value, "repository.full_name", "name"),
            pipeline=text(value, "context") or "status",
            branch=branch,
            outcome=_OUTCOMES.get(word, Outcome.SILENT),
            word=word,
            watched=bool(branch) and builds.watched(branch, default),
            by=text(value, "sender.login"),
            description="\n\n".join(
                filter(None, (text(value, "description"), _commit(thing(value, "commit.commit"), text(value, "sha"))))
            ),
            links=(("Details", value.get("target_url")), _page(value)),
            ended_at=bounds.instant(value.get("updated_at")),
        ),
        value,
        hints,
    )


def _deployment(value: dict[str, Json], hints: Hints) -> Reading:
    return _deployed(value, hints, text(value, "action") or "created", begun=True)


def _deployment_status(value: dict[str, Json], hints: Hints) -> Reading:
    word = text(value, "deployment_status.state")
    return _deployed(value, hints, word, begun=word in {"in_progress", "success", "failure", "error"})


def _deployed(value: dict[str, Json], hints: Hints, word: str, *, begun: bool) -> Reading:
    deployment, status = thing(value, "deployment"), thing(value, "deployment_status")
    return deployments.reading(
        Deployment(
            source=SOURCE,
            repository=text(value, "repository.full_name"),
            environment=text(status, "environment") or text(deployment, "environment"),
            outcome=_OUTCOMES.get(word, Outcome.SILENT),
            word=word,
            begun=begun,
            # An environment that goes away with its pull request is nobody's night.
            severity=Severity.INFO if deployment.get("transient_environment") is True else Severity.HIGH,
            number=text(deployment, "id"),
            ref=text(deployment, "ref"),
            sha=text(deployment, "sha"),
            by=text(deployment, "creator.login") or text(value, "sender.login"),
            description=text(status, "description") or text(deployment, "description"),
            links=(
                ("Log", text(status, "log_url", "target_url")),
                ("Environment", status.get("environment_url")),
                _page(value),
            ),
            at=bounds.instant(status.get("created_at") or deployment.get("created_at")),
        ),
        value,
        hints,
    )


def _push(value: dict[str, Json], _: Hints) -> Reading:
    commits = things(value, "commits", COMMITS_MAX)
    total = value.get("commits")
    push = Push(
        source=SOURCE,
        repository=text(value, "repository.full_name"),
        ref=text(value, "ref"),
        default=_default(value),
        after="" if value.get("deleted") is True else pushes.present(text(value, "after")),
        by=text(value, "pusher.name", "sender.login"),
        count=len(total) if type(total) is list else 0,
        forced=value.get("forced") is True,
        commits=tuple(
            Commit(text(item, "id"), text(item, "message"), text(item, "author.username", "author.name"))
            for item in commits
        ),
        links=(("Comparison", value.get("compare")), _page(value)),
        at=bounds.instant(places.at(value, "repository.pushed_at")),
    )
    return pushes.reading([push], value)


def _release(value: dict[str, Json], _: Hints) -> Reading:
    release, repository = thing(value, "release"), text(value, "repository.full_name")
    if value.get("action") != "published":
        return _fact("release", value)
    tag = text(release, "tag_name", "name")
    change = Change(
        title=bounds.title(f"Release {tag} of {repository}"),
        source=SOURCE,
        key=bounds.key(f"{SOURCE}:{repository}:release:{tag}"),
        what=bounds.line(repository, bounds.LABEL_MAX),
        by=bounds.line(text(release, "author.login"), bounds.LABEL_MAX),
        description=bounds.prose(text(release, "body")),
        links=changed_links((("Release", release.get("html_url")), _page(value))),
        changed_at=bounds.instant(release.get("published_at")),
    )
    return Reading(source=SOURCE, event=value, changes=(change,))


def _meta(value: dict[str, Json], hints: Hints) -> Reading:
    """The webhook itself was removed: nothing will come from there any more."""
    owner = text(value, "repository.full_name", "organization.login")
    alert = Alert(
        status=AlertStatus.FIRING,
        title=bounds.title(f"Source removed: the webhook of {owner or 'GitHub'} that reports here"),
        description=bounds.prose("Its events do not come here any more. If nobody meant that, create it again."),
        dedup_key=bounds.key(hints.key or f"{SOURCE}:meta:{owner}:{text(value, 'hook_id')}"),
        source=SOURCE,
        resource=bounds.line(owner, bounds.LABEL_MAX),
        labels=bounds.labels((("repository", owner), ("by", text(value, "sender.login")))),
        links=bounds.links((_page(value),)),
    )
    return Reading(source=SOURCE, event=value, alerts=(alert,))


def _notification(event: str, told: str, value: dict[str, Json], hints: Hints) -> Alert:
    owner = text(value, "repository.full_name", "organization.login")
    return Alert(
        status=AlertStatus.FIRING,
        kind=Kind.NOTIFICATION,
        severity=Severity.INFO,
        title=bounds.title(told),
        dedup_key=bounds.key(hints.key or f"{SOURCE}:{event}:{owner}:{text(value, 'action')}"),
        source=SOURCE,
        resource=bounds.line(owner, bounds.LABEL_MAX),
        labels=bounds.labels(
            (("event", event), ("action", text(value, "action")), ("by", text(value, "sender.login")))
        ),
        links=bounds.links((_page(value),)),
    )


def _fact(event: str, value: dict[str, Json]) -> Reading:
    return Reading(source=SOURCE, event=value, fact=bounds.line(_told(event, value)))


def _told(event: str, value: dict[str, Json]) -> str:
    """`issues opened in shop/api by ada`."""
    words = [event.replace("_", " "), text(value, "action").replace("_", " ")]
    owner, sender = text(value, "repository.full_name", "organization.login"), text(value, "sender.login")
    words += [f"in {owner}" if owner else "", f"by {sender}" if sender else ""]
    return " ".join(word for word in words if word)


def _default(value: dict[str, Json]) -> str:
    return text(value, "repository.default_branch", "repository.master_branch")


def _page(value: dict[str, Json]) -> tuple[str, Json]:
    return "Repository", places.at(value, "repository.html_url")


def _commit(commit: dict[str, Json], sha: str) -> str:
    first = text(commit, "message").partition("\n")[0]
    author = text(commit, "author.name")
    return f"{sha[: deployments.SHA_SHOWN]} {first}{f' ({author})' if author else ''}" if first else ""


_READERS: Final[dict[str, Callable[[dict[str, Json], Hints], Reading]]] = {
    "check_suite": _check_suite,
    "code_scanning_alert": github_security.code_scanning,
    "dependabot_alert": github_security.dependabot,
    "deployment": _deployment,
    "deployment_status": _deployment_status,
    "meta": _meta,
    "ping": _ping,
    "push": _push,
    "release": _release,
    "secret_scanning_alert": github_security.secret_scanning,
    "status": _status,
    "workflow_run": _workflow_run,
}
