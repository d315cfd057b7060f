"""What the stories of the code hosts, the builders and the apps do not tell: no header, wrong types, lookalikes."""

from __future__ import annotations

import pytest

from tests.sources import app_bodies as apps
from tests.sources import code_bodies as code
from tests.sources.bodies import NOW, cloud_event, encoded
from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Severity
from tocsin.kernel.json import Json
from tocsin.sources import Reading, read
from tocsin.sources.builds import watched
from tocsin.sources.places import at, text, thing, things


def reading(body: Json, **headers: str) -> Reading:
    return read({name.replace("_", "-"): value for name, value in headers.items()}, encoded(body), received_at=NOW)


def only(found: Reading) -> Alert:
    assert found.problems == ()
    (alert,) = found.alerts
    return alert


# Places


def test_a_place_may_be_missing_or_of_any_type() -> None:
    value: Json = {"a": {"b": [1, {"c": " x "}, {}]}, "n": 7, "t": True}
    assert at(value, "a.b.c") is None
    assert at(7, "a") is None
    assert thing(value, "a.b") == {}
    assert things(value, "a.b", 2) == [{"c": " x "}]
    assert things(value, "n", 2) == []
    assert text(value, "a", "t", "missing", "n") == "7"
    assert text({"a": "  "}, "a") == ""


# Branches


@pytest.mark.parametrize(
    ("branch", "default", "expected"),
    [
        ("main", "main", True),
        ("main", "develop", False),
        ("develop", "develop", True),
        ("release/7", "main", True),
        ("Releases", "main", True),
        ("", "main", True),
        ("Main", "", True),
        ("cache", "", False),
    ],
)
def test_the_default_branch_and_those_of_releases_are_watched(branch: str, default: str, expected: bool) -> None:
    assert watched(branch, default) is expected


# GitHub


@pytest.mark.parametrize(
    ("event", "body"),
    [
        ("workflow_run", code.workflow_run("failure", "2023-11-14T22:10:00Z")),
        ("check_suite", code.check_suite("failure")),
        ("deployment", code.github("deployment", "created", deployment=code.deployment())),
        ("deployment_status", code.deployment_status("failure")),
        ("push", code.push()),
        ("release", code.release()),
        ("dependabot_alert", code.dependabot("created")),
        ("secret_scanning_alert", code.secret("created")),
        ("code_scanning_alert", code.weakness("created")),
        ("ping", code.ping()),
    ],
)
def test_without_its_header_an_event_is_known_by_its_names(event: str, body: Json) -> None:
    assert reading(body) == reading(body, x_github_event=event)
    assert reading(body, x_tocsin_form="github") == reading(body, x_github_event=event)


def test_what_only_looks_like_github_is_read_as_any_json() -> None:
    lookalikes: list[Json] = [{"repository": {}, "sender": {}}, {"repository": 1, "sender": 2, "alert": {"title": "x"}}]
    for body in lookalikes:
        assert reading(body).source == "json"
    assert reading({"title": "x"}, x_tocsin_form="github").source == "json"


@pytest.mark.parametrize(
    "event", ["workflow_run", "check_suite", "status", "deployment_status", "push", "release", "x"]
)
def test_an_event_without_anything_in_it_is_still_told(event: str) -> None:
    found = reading({}, x_github_event=event)
    assert found.source == "github"
    assert found.fact or found.alerts


def test_a_run_without_a_branch_is_a_notification() -> None:
    found = only(reading(code.workflow_run("failure", "2023-11-14T22:10:00Z", branch=None)))
    assert (found.kind, found.title) == (Kind.NOTIFICATION, "shop/api: CI failed")


@pytest.mark.parametrize(
    ("severity", "expected", "kind"),
    [
        ("critical", Severity.CRITICAL, Kind.ALERT),
        ("high", Severity.HIGH, Kind.ALERT),
        ("medium", Severity.WARNING, Kind.ALERT),
        ("low", Severity.INFO, Kind.NOTIFICATION),
        (None, Severity.HIGH, Kind.ALERT),
    ],
)
def test_a_vulnerability_is_as_bad_as_its_advisory(severity: str, expected: Severity, kind: Kind) -> None:
    found = only(reading(code.dependabot("created", severity=severity)))
    assert (found.severity, found.kind) == (expected, kind)


def test_a_note_of_a_scanner_needs_nobody() -> None:
    found = only(reading(code.weakness("created", rule={"severity": "note", "id": "x"}, tool=None)))
    assert (found.severity, found.kind, found.title) == (
        Severity.INFO,
        Kind.NOTIFICATION,
        "shop/api: code scanning: x",
    )


def test_a_weakness_at_no_known_place_is_an_alert() -> None:
    assert only(reading({**code.weakness("created", most_recent_instance=None), "ref": None})).kind is Kind.ALERT


def test_a_secret_that_works_is_the_worst() -> None:
    assert only(reading(code.secret("validated", validity="active"))).severity is Severity.CRITICAL


def test_the_late_news_of_a_finding_has_the_time_of_the_finding() -> None:
    ended = only(reading(code.secret("resolved", resolved_at="2023-11-14T23:00:00Z"))).occurred_at
    begun = only(reading(code.secret("created"))).occurred_at
    assert begun is not None
    assert ended is not None
    assert begun < ended
    assert only(reading(code.secret("resolved"))).occurred_at is None


def test_the_sender_may_be_given_a_key() -> None:
    bodies = [
        code.workflow_run("failure", "2023-11-14T22:10:00Z"),
        code.deployment_status("failure"),
        code.secret("created"),
        code.pipeline("failed"),
        code.build_state("FAILED"),
        code.jenkins("COMPLETED", "FAILURE"),
        apps.metric_alert("critical"),
        apps.slack("danger"),
    ]
    assert {only(reading(body, x_alert_key="mine")).dedup_key for body in bodies} == {"mine"}


# GitLab


def test_gitlab_is_known_by_its_kind_alone() -> None:
    assert reading(code.pipeline("failed")) == reading(code.pipeline("failed"), x_gitlab_event="Pipeline Hook")
    assert reading({"event_name": "x", "title": "y"}).source == "json"
    assert reading({"event_name": "x"}, x_tocsin_form="gitlab").source == "gitlab"
    assert reading({"title": "y"}, x_gitlab_event="Push Hook").source == "json"


def test_a_pipeline_for_a_merge_request_is_not_that_of_the_branch() -> None:
    body = code.pipeline("failed", source="merge_request_event")
    found = only(reading({**body, "merge_request": {"iid": 7}}))
    assert (found.kind, found.dedup_key) == (Kind.NOTIFICATION, "gitlab:shop/api:pipeline@!7")


def test_a_release_that_is_only_changed_is_no_change_of_the_system() -> None:
    found = reading({"object_kind": "release", "action": "update", "tag": "v1", "project": code.project()})
    assert (found.changes, found.fact) == ((), "release update in shop/api")


def test_a_push_tells_as_many_commits_as_it_lists_where_it_does_not_count_them() -> None:
    (change,) = reading(code.gitlab_push(total_commits_count=None)).changes
    assert change.title == "1 commit pushed to main of shop/api: Cut the cache"
    (change,) = reading(code.gitlab_push(commits=[], total_commits_count=0, before=code.ZEROS)).changes
    assert (change.title, change.changed_at) == ("0 commits pushed to main of shop/api", None)


def test_a_small_vulnerability_is_a_notification() -> None:
    found = only(reading(code.gitlab_matter("vulnerability", title="x", severity="low", state="detected")))
    assert found.kind is Kind.NOTIFICATION


# Bitbucket


def test_bitbucket_is_known_by_its_names() -> None:
    for body in (code.build_state("FAILED"), code.bitbucket_push("main"), code.refs_changed()):
        assert reading(body).source == "bitbucket"
        assert reading(body) == reading(body, x_tocsin_form="bitbucket")
    assert reading({"repository": {}, "actor": {}, "title": "x"}).source == "json"


def test_a_push_without_changes_is_a_fact() -> None:
    assert reading(code.bitbucket(), x_event_key="repo:push").fact == "repo push in shop/api by ada"
    assert reading({"test": True}, x_event_key="diagnostics:ping").fact == "diagnostics ping"


def test_a_tag_and_the_end_of_a_branch_are_facts() -> None:
    tag = {"new": {"type": "tag", "name": "v1", "target": {"hash": code.SHA}}, "old": None}
    gone = {"new": None, "old": {"type": "branch", "name": "main"}}
    found = reading(code.bitbucket(push={"changes": [tag, gone]}))
    assert (found.changes, found.fact) == ((), "push to refs/tags/v1 of shop/api; end of main of shop/api")


def test_a_push_of_more_commits_than_are_listed_does_not_count_them() -> None:
    body = code.bitbucket_push("main")
    body["push"]["changes"][0]["truncated"] = True
    (change,) = reading(body).changes
    assert change.title == "commits pushed to main of shop/api: Cut the cache"


def test_the_data_center_may_list_commits() -> None:
    commits = [{"id": code.SHA, "displayId": "f95f852", "message": "Cut", "author": {"name": "bo"}}]
    (change,) = reading(code.refs_changed(commits=commits)).changes
    assert (change.title, change.description) == ("1 commit pushed to main of SHOP/api: Cut", "f95f852 Cut (bo)")


def test_a_build_without_a_name_is_known_by_its_key() -> None:
    assert only(reading(code.build_state("FAILED", name=None))).dedup_key == "bitbucket:shop/api:-2054226123@main"


# Jenkins


def test_what_only_looks_like_jenkins_is_read_as_any_json() -> None:
    assert reading({"name": "x", "url": "y", "build": {}}).source == "json"


def test_a_job_is_watched_on_whatever_branch_it_builds() -> None:
    found = only(reading(code.jenkins("COMPLETED", "FAILURE", scm={"branch": "origin/develop"})))
    assert found.kind is Kind.ALERT


def test_a_build_without_source_or_tests_is_told() -> None:
    found = only(reading(code.jenkins("FINALIZED", "FAILURE", scm=None, test_summary=None, full_url=None)))
    assert (found.title, found.description) == ("shop/api failed", "")


def test_the_branches_of_a_multibranch_project_are_apart() -> None:
    body = code.jenkins("COMPLETED", "FAILURE", scm={"branch": "main"})
    assert only(reading({**body, "url": "job/api/job/main/"})).kind is Kind.ALERT
    assert only(reading({**body, "url": ""})).title == "jenkins.example: api failed on main"


# Sentry


def test_sentry_is_known_by_its_names() -> None:
    for body in (
        apps.sentry("triggered", event=apps.sentry_event()),
        apps.sentry("created", issue=apps.sentry_issue()),
        apps.sentry("created", error=apps.sentry_event()),
        apps.metric_alert("critical"),
        apps.sentry_plugin(),
    ):
        assert reading(body).source == "sentry"
        assert reading(body) == reading(body, x_tocsin_form="sentry")
    assert reading({"action": "x", "data": {}, "actor": "y"}).source == "json"


def test_everybody_who_tells_of_an_issue_tells_of_one_alert() -> None:
    bodies = [
        apps.sentry("triggered", event=apps.sentry_event()),
        apps.sentry("resolved", issue=apps.sentry_issue()),
        apps.sentry_plugin(),
    ]
    assert {only(reading(body)).dedup_key for body in bodies} == {"sentry:issue:1117540176"}


def test_an_issue_of_little_weight_is_a_notification() -> None:
    assert only(reading(apps.sentry("created", issue=apps.sentry_issue(level="info")))).kind is Kind.NOTIFICATION


def test_an_event_without_an_issue_is_known_by_its_words() -> None:
    one, two = (
        only(reading(apps.sentry("triggered", event={"title": title}), sentry_hook_resource="event_alert"))
        for title in ("a", "b")
    )
    assert one.dedup_key != two.dedup_key
    assert only(reading({}, sentry_hook_resource="event_alert")).title == "Issue"


@pytest.mark.parametrize("moment", ["", "soon", "\u0661", "9" * 30])
def test_a_hook_with_a_strange_time_has_none(moment: str) -> None:
    found = only(reading(apps.metric_alert("critical"), sentry_hook_timestamp=moment))
    assert found.occurred_at is None


def test_a_metric_alert_in_an_unknown_state_fires() -> None:
    found = only(reading(apps.metric_alert("exploded")))
    assert (found.status, found.severity) == (AlertStatus.FIRING, Severity.HIGH)
    bare = apps.sentry("critical", metric_alert={"projects": 7})
    assert only(reading(bare)).title == "Metric alert"


# CloudEvents


def test_an_attribute_may_be_quoted() -> None:
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": '"/shop"',
        "ce-type": '"a \\"b\\" %E2%82%AC"',
    }
    (alert,) = read(headers, b"{}", received_at=NOW).alerts
    assert alert.title == 'a "b" €'


def test_each_event_of_a_batch_has_its_own_key() -> None:
    items = [cloud_event(), cloud_event(subject="order/8"), cloud_event(type="other")]
    found = reading(items, content_type="application/cloudevents-batch+json", x_alert_key="mine")
    assert len({alert.dedup_key for alert in found.alerts}) == 3


# Batches


def test_a_batch_keeps_the_changes_and_the_facts_of_its_items() -> None:
    found = reading([code.push(), code.ping(), *[code.ping()] * 20, code.push("refs/heads/release")])
    assert len(found.changes) == 2
    assert found.fact.count("works") == 10
    assert found.alerts == ()
