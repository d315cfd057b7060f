"""The stories of the code hosts, the builders and the apps; UPDATE=1 rewrites them."""

from __future__ import annotations

import os
from urllib.parse import quote

import pytest

from tests.sources import app_bodies as apps
from tests.sources import bodies
from tests.sources import code_bodies as code
from tests.sources.test_sources_stories import STORIES, Step, chapter, step
from tocsin.kernel.json import Json


def github(told: str, event: str, body: Json) -> Step:
    return step(told, body, x_github_event=event, x_github_delivery="72d3162e-cc78-11e3-81ab-4c9367dc0958")


def gitlab(told: str, event: str, body: Json) -> Step:
    return step(told, body, x_gitlab_event=event)


def bitbucket(told: str, event: str, body: Json) -> Step:
    return step(told, body, x_event_key=event)


def sentry(told: str, resource: str, body: Json, at: int = 1_700_000_000) -> Step:
    return step(told, body, sentry_hook_resource=resource, sentry_hook_timestamp=str(at))


STORY: dict[str, list[Step]] = {
    "github": [
        github("the webhook is made", "ping", code.ping()),
        github("a run begins", "workflow_run", {**code.workflow_run(None, ""), "action": "requested"}),
        github("a run fails", "workflow_run", code.workflow_run("failure", "2023-11-14T22:10:00Z")),
        github("another run fails", "workflow_run", code.workflow_run("timed_out", "2023-11-14T22:12:00Z")),
        github("it passes", "workflow_run", code.workflow_run("success", "2023-11-14T22:20:00Z")),
        github("the failure comes twice, late", "workflow_run", code.workflow_run("failure", "2023-11-14T22:10:00Z")),
        github("a run is cancelled", "workflow_run", code.workflow_run("cancelled", "2023-11-14T22:21:00Z")),
        github("fails elsewhere", "workflow_run", code.workflow_run("failure", "2023-11-14T22:10:00Z", "cache")),
        github("passes elsewhere", "workflow_run", code.workflow_run("success", "2023-11-14T22:20:00Z", "cache")),
        github(
            "fails in a fork",
            "workflow_run",
            code.workflow_run("failure", "2023-11-14T22:10:00Z", head_repository={"full_name": "cy/api"}),
        ),
        github("the checks of an app fail", "check_suite", code.check_suite("failure")),
        github("they pass", "check_suite", code.check_suite("success")),
        github("the checks of Actions are runs", "check_suite", code.check_suite("failure", "github-actions")),
        github("a commit's status", "status", code.commit_status("failure", "cache", "main")),
        github("a commit's status is good", "status", code.commit_status("success", "main", "cache")),
        github("a deployment", "deployment", code.github("deployment", "created", deployment=code.deployment())),
        github("it goes on", "deployment_status", code.deployment_status("in_progress")),
        github("it fails", "deployment_status", code.deployment_status("failure", "2023-11-14T22:06:00Z")),
        github("the next succeeds", "deployment_status", code.deployment_status("success", "2023-11-14T22:30:00Z")),
        github("waits", "deployment_status", code.deployment_status("queued")),
        github(
            "a preview fails", "deployment_status", code.deployment_status("error", transient_environment=True, id=8)
        ),
        github("a push", "push", code.push()),
        github("a push by force", "push", code.push("refs/heads/release/7", forced=True)),
        github("a push elsewhere", "push", code.push("refs/heads/cache")),
        github("a tag", "push", code.push("refs/tags/v1.2")),
        github("the end of a branch", "push", code.push(deleted=True, after=code.ZEROS)),
        github("a release", "release", code.release()),
        github("a release is written", "release", code.release("created")),
        github("a vulnerable dependency", "dependabot_alert", code.dependabot("created")),
        github(
            "repaired",
            "dependabot_alert",
            code.dependabot("fixed", "fixed", fixed_at="2023-11-14T23:00:00Z", updated_at="2023-11-14T23:00:00Z"),
        ),
        github("comes back", "dependabot_alert", code.dependabot("reintroduced")),
        github("of little weight", "dependabot_alert", code.dependabot("created", severity="low")),
        github("dismissed", "dependabot_alert", code.dependabot("auto_dismissed", "auto_dismissed")),
        github("a secret", "secret_scanning_alert", code.secret("created")),
        github("for all to see", "secret_scanning_alert", code.secret("publicly_leaked")),
        github(
            "is revoked",
            "secret_scanning_alert",
            code.secret("resolved", state="resolved", resolution="revoked", resolved_at="2023-11-14T23:00:00Z"),
        ),
        github("given to somebody", "secret_scanning_alert", code.secret("assigned")),
        github("a weakness on a branch", "code_scanning_alert", code.weakness("created", "refs/heads/cache")),
        github("it is merged", "code_scanning_alert", code.weakness("appeared_in_branch")),
        github("it is closed", "code_scanning_alert", code.weakness("closed_by_user", state="dismissed")),
        github("dismissed, elsewhere", "code_scanning_alert", code.weakness("appeared_in_branch", state="dismissed")),
        github("an issue", "issues", code.github("issues", "opened", issue={"title": "Slow"})),
        github("a star", "star", code.github("star", "created")),
        github("a stranger's event", "member", code.github("member", "added")),
        github("the webhook is removed", "meta", code.github("meta", "deleted", hook_id=7)),
        step(
            "as a form",
            f"payload={quote(bodies.encoded(code.workflow_run('failure', '2023-11-14T22:10:00Z')))}".encode(),
            content_type="application/x-www-form-urlencoded",
            x_github_event="workflow_run",
        ),
    ],
    "gitlab": [
        gitlab("runs", "Pipeline Hook", code.pipeline("running", None)),
        gitlab("fails", "Pipeline Hook", code.pipeline("failed")),
        gitlab("its job, too", "Job Hook", code.job("failed")),
        gitlab("fails again", "Pipeline Hook", code.pipeline("failed", "2023-11-14 22:12:00 UTC")),
        gitlab("passes", "Pipeline Hook", code.pipeline("success", "2023-11-14 22:20:00 UTC")),
        gitlab("the failure comes late", "Pipeline Hook", code.pipeline("failed")),
        gitlab("the job passes", "Job Hook", code.job("success")),
        gitlab("a job that may fail", "Job Hook", code.job("failed", build_allow_failure=True)),
        gitlab("at night", "Pipeline Hook", code.pipeline("failed", source="schedule")),
        gitlab("for a merge request", "Pipeline Hook", code.pipeline("failed", source="merge_request_event")),
        gitlab("elsewhere", "Pipeline Hook", code.pipeline("failed", ref="cache")),
        gitlab("deploys", "Deployment Hook", code.gitlab_deployment("running")),
        gitlab("fails to", "Deployment Hook", code.gitlab_deployment("failed")),
        gitlab("has deployed", "Deployment Hook", code.gitlab_deployment("success")),
        gitlab("fails on staging", "Deployment Hook", code.gitlab_deployment("failed", "staging")),
        gitlab("a push", "Push Hook", code.gitlab_push()),
        gitlab("the end of a branch", "Push Hook", code.gitlab_push(after=code.ZEROS, commits=[])),
        gitlab(
            "a release",
            "Release Hook",
            {
                "object_kind": "release",
                "action": "create",
                "tag": "v1.2",
                "name": "Winter",
                "description": "Faster.",
                "released_at": "2023-11-14 22:00:00 UTC",
                "url": "https://gitlab.example/shop/api/-/releases/v1.2",
                "project": code.project(),
                "commit": {"author": {"name": "Ada"}},
            },
        ),
        gitlab("a flag", "Feature Flag Hook", code.gitlab_matter("feature_flag", name="cache", active=True)),
        gitlab(
            "an incident",
            "Issue Hook",
            code.gitlab_matter(
                "issue", type="Incident", iid=7, title="Shop is down", severity="critical", state="opened"
            ),
        ),
        gitlab(
            "it is over",
            "Issue Hook",
            code.gitlab_matter(
                "issue", type="Incident", iid=7, title="Shop is down", severity="critical", state="closed"
            ),
        ),
        gitlab("an issue", "Issue Hook", code.gitlab_matter("issue", type="Issue", action="open")),
        gitlab(
            "a vulnerability",
            "Vulnerability Hook",
            code.gitlab_matter(
                "vulnerability", title="Injection", severity="high", state="detected", url="https://x.example/7"
            ),
        ),
        gitlab(
            "it is dismissed",
            "Vulnerability Hook",
            code.gitlab_matter(
                "vulnerability", title="Injection", severity="high", state="dismissed", url="https://x.example/7"
            ),
        ),
        gitlab(
            "a token ends",
            "Resource Access Token Hook",
            code.gitlab_matter("access_token", id=25, name="deploys", expires_at="2023-11-21"),
        ),
        gitlab("a merge request", "Merge Request Hook", code.gitlab_matter("merge_request", action="open")),
        gitlab("a member", "Member Hook", {"event_name": "user_add_to_group", "group_path": "shop"}),
    ],
    "bitbucket": [
        bitbucket("runs", "repo:commit_status_created", code.build_state("INPROGRESS")),
        bitbucket("fails", "repo:commit_status_updated", code.build_state("FAILED")),
        bitbucket(
            "the next passes",
            "repo:commit_status_updated",
            code.build_state(
                "SUCCESSFUL", "2023-11-14T22:20:00+00:00", name="Pipeline #13 for main", key="-77", description=""
            ),
        ),
        bitbucket("the failure comes late", "repo:commit_status_updated", code.build_state("FAILED")),
        bitbucket("stopped", "repo:commit_status_updated", code.build_state("STOPPED")),
        bitbucket("elsewhere", "repo:commit_status_updated", code.build_state("FAILED", refname="cache")),
        bitbucket("a push", "repo:push", code.bitbucket_push("main", "cache")),
        bitbucket("a push to the data center", "repo:refs_changed", code.refs_changed()),
        bitbucket("a pull request", "pullrequest:created", code.bitbucket()),
        bitbucket("something new", "repo:imported", code.bitbucket()),
    ],
    "jenkins": [
        step("begins", code.jenkins("STARTED", "FAILURE")),
        step("fails", code.jenkins("COMPLETED", "FAILURE")),
        step("is finalized: the same", code.jenkins("FINALIZED", "FAILURE", 1_700_000_000_900)),
        step("some tests fail", code.jenkins("COMPLETED", "UNSTABLE", 1_700_000_100_000)),
        step("passes", code.jenkins("COMPLETED", "SUCCESS", 1_700_000_200_000, test_summary=None)),
        step("the failure comes late", code.jenkins("COMPLETED", "FAILURE")),
        step("is aborted", code.jenkins("FINALIZED", "ABORTED")),
        step(
            "a branch of its own",
            {**code.jenkins("COMPLETED", "FAILURE", scm={"branch": "new/cache"}), "url": "job/api/job/new%252Fcache/"},
        ),
    ],
    "sentry": [
        sentry(
            "a rule is met", "event_alert", apps.sentry("triggered", event=apps.sentry_event(), triggered_rule="Page")
        ),
        sentry("the issue is told, too", "issue", apps.sentry("created", issue=apps.sentry_issue())),
        sentry("by the old plugin", "", apps.sentry_plugin()),
        sentry("somebody takes it", "issue", apps.sentry("assigned", issue=apps.sentry_issue())),
        sentry(
            "it is resolved",
            "issue",
            apps.sentry("resolved", issue=apps.sentry_issue(status="resolved")),
            1_700_000_100,
        ),
        sentry("it is back", "issue", apps.sentry("unresolved", issue=apps.sentry_issue()), 1_700_000_200),
        sentry("it is put away", "issue", apps.sentry("archived", issue=apps.sentry_issue(status="ignored"))),
        sentry("an error", "error", apps.sentry("created", error=apps.sentry_event(level="fatal"))),
        sentry("an activity", "activity_alert", apps.sentry("triggered", issue=apps.sentry_issue(status="resolved"))),
        sentry("a metric, warning", "metric_alert", apps.metric_alert("warning")),
        sentry("a metric, critical", "metric_alert", apps.metric_alert("critical"), 1_700_000_100),
        sentry("a metric, resolved", "metric_alert", apps.metric_alert("resolved"), 1_700_000_200),
        sentry("a comment", "comment", apps.sentry("created", comment="hm")),
        sentry("something new", "seer", apps.sentry("created", x=1)),
    ],
    "slack": [
        step("fires", apps.slack("danger")),
        step("fires again, two of them", apps.slack("#D63232", "[FIRING:2] HighLoad (db-1 98.1 %)")),
        step("another host", apps.slack("danger", "[FIRING:1] HighLoad (db-2 97.3 %)")),
        step("is over", apps.slack("good", "[RESOLVED] HighLoad (db-1 12 %)")),
        step("only a warning", apps.slack("#ffcc00", ":warning: Queue is long: 300ms")),
        step("no colour", apps.slack(None, "RESOLVED: HighLoad (db-1)")),
        step(
            "text and a key of its own",
            {"text": "*Backup* failed\nafter 7 min", "attachments": [{"text": "x"}]},
            x_alert_key="b",
        ),
        step(
            "blocks",
            {
                "text": "Disk full",
                "blocks": [
                    {"type": "header", "text": {"type": "plain_text", "text": "Disk full on db-1"}},
                    {
                        "type": "section",
                        "text": {"type": "mrkdwn", "text": "*97 %* of <https://x.example/var>"},
                        "fields": [{"type": "mrkdwn", "text": "*Mount:* /var"}],
                        "accessory": {
                            "type": "button",
                            "text": {"type": "plain_text", "text": "Look"},
                            "url": "https://x.example/look",
                        },
                    },
                    {
                        "type": "rich_text",
                        "elements": [
                            {
                                "type": "rich_text_section",
                                "elements": [{"type": "text", "text": "Call "}, {"type": "user", "name": "ada"}],
                            }
                        ],
                    },
                    {"type": "context", "elements": [{"type": "mrkdwn", "text": "from cron"}]},
                    {
                        "type": "actions",
                        "elements": [{"type": "button", "text": {"text": "Open"}, "url": "https://x.example/open"}],
                    },
                ],
            },
        ),
        step(
            "two attachments, two alerts",
            {
                "text": "Two things",
                "attachments": [
                    {"title": "a is down", "color": "#f00", "actions": [{"text": "See", "url": "https://x.example/a"}]},
                    {"title": "b is up", "color": "36a64f", "image_url": "https://x.example/b.png"},
                    {"text": "no title", "color": "#888888"},
                ],
            },
        ),
        step("an address names it", {"text": "Deploy of api failed"}, x_tocsin_form="slack"),
        step(
            "a form",
            b"payload=%7B%22text%22%3A%22hi%22%7D",
            content_type="application/x-www-form-urlencoded",
            x_tocsin_form="slack",
        ),
    ],
    "cloudevents_modes": [
        step(
            "a batch: each for itself",
            [
                bodies.cloud_event(),
                bodies.cloud_event(id="B", subject="order/8"),
                bodies.cloud_event(id="C", data=None, data_base64="eyJzdGF0dXMiOiAib2sifQ=="),
                bodies.cloud_event(data=None, data_base64="?"),
                {"specversion": "1.0", "type": "x", "source": "/no-id"},
            ],
            content_type="application/cloudevents-batch+json; charset=utf-8",
        ),
        step("an empty batch", [], content_type="application/cloudevents-batch+json"),
        step(
            "binary, with quoted headers",
            {"message": "down", "severity": "critical"},
            ce_specversion="1.0",
            ce_id="1",
            ce_source="/shop/caf%C3%A9",
            ce_type="com.example.down",
            ce_subject="caf%C3%A9%20%E2%82%AC",
            ce_time="2023-11-14T22:13:20Z",
            content_type="application/json",
        ),
        step(
            "binary, text",
            b"the disk is full",
            ce_specversion="1.0",
            ce_id="2",
            ce_source="/shop",
            ce_type="com.example.disk",
            content_type="text/plain",
        ),
        step(
            "binary, nothing in it", b"", ce_specversion="1.0", ce_id="3", ce_source="/shop", ce_type="com.example.tick"
        ),
    ],
    "pagerduty_v1": [
        step("triggers", apps.pagerduty_v1()),
        step("is acknowledged there", apps.pagerduty_v1("acknowledge", description="seen")),
        step("resolves", {"service_key": "test-key", "event_type": "resolve", "incident_key": "disk/db-1"}),
        step("without a key", apps.pagerduty_v1(incident_key=None, details="text")),
        step("a change", apps.pagerduty_change()),
        step("a change that may be an alert", apps.pagerduty_change(payload={"summary": "x", "severity": "error"})),
        step("a change without words", apps.pagerduty_change(payload={})),
    ],
}


@pytest.mark.parametrize("name", STORY)
def test_a_sender_is_read_as_its_story_tells(name: str) -> None:
    told = "\n".join(chapter(*found) for found in STORY[name])
    path = STORIES / f"{name}.txt"
    if os.environ.get("UPDATE"):
        path.write_text(told, encoding="utf-8")
    assert told == path.read_text(encoding="utf-8")
