"""Bodies of code hosts, builders and apps, as they write them, with invented names."""

from __future__ import annotations

from tocsin.kernel.json import Json

SHA = "f95f852bd8fca8fcc58a9a2d6c842781e32a215e"
BEFORE = "0ec20b74bfc1939b2cab49ead31452f3be5db69a"
ZEROS = "0" * 40


def repository(**more: Json) -> dict[str, Json]:
    """A repository of GitHub."""
    return {
        "id": 186853002,
        "name": "api",
        "full_name": "shop/api",
        "html_url": "https://github.example/shop/api",
        "default_branch": "main",
        **more,
    }


def github(event: str, action: str | None = None, **more: Json) -> dict[str, Json]:
    """The parts that every event of GitHub has, and *more*."""
    assert event
    told = {} if action is None else {"action": action}
    return {**told, **more, "repository": repository(), "sender": {"login": "ada"}}


def workflow_run(conclusion: str | None, at: str, branch: str | None = "main", **more: Json) -> dict[str, Json]:
    run = {
        "id": 30433642,
        "name": "CI",
        "head_branch": branch,
        "head_sha": SHA,
        "path": ".github/workflows/ci.yml",
        "run_number": 562,
        "run_attempt": 1,
        "event": "push",
        "status": "completed",
        "conclusion": conclusion,
        "html_url": "https://github.example/shop/api/actions/runs/30433642",
        "created_at": "2023-11-14T22:00:00Z",
        "updated_at": at,
        "actor": {"login": "bo"},
        "triggering_actor": {"login": "bo"},
        "head_commit": {"id": SHA, "message": "Cut the cache\n\nIt was too large.", "author": {"name": "Bo"}},
        "head_repository": {"full_name": "shop/api"},
        **more,
    }
    return github("workflow_run", "completed", workflow_run=run, workflow={"name": "CI"})


def check_suite(conclusion: str, app: str = "buildkite", **more: Json) -> dict[str, Json]:
    suite = {
        "id": 118578147,
        "head_branch": "main",
        "head_sha": SHA,
        "status": "completed",
        "conclusion": conclusion,
        "updated_at": "2023-11-14T22:10:00Z",
        "app": {"slug": app, "name": app.title()},
        "head_commit": {"message": "Cut the cache", "author": {"name": "Bo"}},
        **more,
    }
    return github("check_suite", "completed", check_suite=suite)


def commit_status(state: str, *branches: str) -> dict[str, Json]:
    return github(
        "status",
        sha=SHA,
        name="shop/api",
        state=state,
        context="ci/circleci: build",
        description="Your tests failed",
        target_url="https://ci.example/7",
        branches=[{"name": name} for name in branches],
        commit={"commit": {"message": "Cut the cache", "author": {"name": "Bo"}}},
        updated_at="2023-11-14T22:10:00Z",
    )


def deployment(**more: Json) -> dict[str, Json]:
    return {
        "id": 145988746,
        "sha": SHA,
        "ref": "main",
        "task": "deploy",
        "environment": "production",
        "description": "Deploy of the evening",
        "creator": {"login": "bo"},
        "created_at": "2023-11-14T22:00:00Z",
        "production_environment": True,
        "transient_environment": False,
        **more,
    }


def deployment_status(state: str, at: str = "2023-11-14T22:05:00Z", **more: Json) -> dict[str, Json]:
    status = {
        "id": 209916254,
        "state": state,
        "environment": "production",
        "description": "",
        "log_url": "https://github.example/shop/api/actions/runs/1/job/2",
        "target_url": "",
        "environment_url": "https://shop.example",
        "created_at": at,
    }
    return github("deployment_status", "created", deployment_status=status, deployment=deployment(**more))


def push(ref: str = "refs/heads/main", **more: Json) -> dict[str, Json]:
    commit = {"id": SHA, "message": "Cut the cache\n\nIt was too large.", "author": {"name": "Bo", "username": "bo"}}
    found = github(
        "push",
        ref=ref,
        before=BEFORE,
        after=SHA,
        created=False,
        deleted=False,
        forced=False,
        compare="https://github.example/shop/api/compare/0ec20b7...f95f852",
        commits=[{**commit, "id": BEFORE, "message": "Count first"}, commit],
        head_commit=commit,
        pusher={"name": "bo", "email": "bo@shop.example"},
    )
    return {**found, "repository": repository(pushed_at=1_700_000_000), **more}


def release(action: str = "published") -> dict[str, Json]:
    told = {
        "tag_name": "v1.2",
        "name": "Winter",
        "body": "Faster.",
        "html_url": "https://github.example/shop/api/releases/tag/v1.2",
        "author": {"login": "ada"},
        "published_at": "2023-11-14T22:00:00Z",
    }
    return github("release", action, release=told)


def dependabot(action: str, state: str = "open", severity: str = "critical", **more: Json) -> dict[str, Json]:
    alert = {
        "number": 20,
        "state": state,
        "dependency": {
            "package": {"ecosystem": "npm", "name": "semver"},
            "manifest_path": "package-lock.json",
            "scope": "runtime",
        },
        "security_advisory": {
            "ghsa_id": "GHSA-0000-0000-0000",
            "cve_id": "CVE-2023-0000",
            "summary": "semver is slow for hostile ranges",
            "description": "Versions before 7.5.2 are vulnerable.",
            "severity": severity,
        },
        "security_vulnerability": {"severity": severity, "first_patched_version": {"identifier": "7.5.2"}},
        "html_url": "https://github.example/shop/api/security/dependabot/20",
        "created_at": "2023-11-14T22:00:00Z",
        "updated_at": "2023-11-14T22:00:00Z",
        "dismissed_at": None,
        "fixed_at": None,
        **more,
    }
    return github("dependabot_alert", action, alert=alert)


def secret(action: str, **more: Json) -> dict[str, Json]:
    alert = {
        "number": 191,
        "state": "open",
        "secret_type": "adafruit_io_key",
        "secret_type_display_name": "Adafruit IO Key",
        "html_url": "https://github.example/shop/api/security/secret-scanning/191",
        "created_at": "2023-11-14T22:00:00Z",
        "resolution": None,
        "resolved_at": None,
        **more,
    }
    return github("secret_scanning_alert", action, alert=alert)


def weakness(action: str, ref: str = "refs/heads/main", **more: Json) -> dict[str, Json]:
    alert = {
        "number": 10,
        "state": "open",
        "rule": {
            "id": "java/sql-injection",
            "severity": "error",
            "security_severity_level": "high",
            "description": "Query built from what users wrote",
            "full_description": "Building a query from what users wrote lets them write the query.",
        },
        "tool": {"name": "CodeQL"},
        "most_recent_instance": {"ref": ref, "location": {"path": "src/Book.java"}, "message": {"text": "Here."}},
        "html_url": "https://github.example/shop/api/security/code-scanning/10",
        "created_at": "2023-11-14T22:00:00Z",
        "dismissed_at": None,
        "fixed_at": None,
        **more,
    }
    return github("code_scanning_alert", action, alert=alert, ref=ref, commit_oid=SHA)


def ping() -> dict[str, Json]:
    return github("ping", zen="Keep it logically awesome.", hook_id=109948940, hook={"type": "Repository"})


def project(**more: Json) -> dict[str, Json]:
    """A project of GitLab."""
    return {
        "id": 1,
        "name": "Api",
        "web_url": "https://gitlab.example/shop/api",
        "path_with_namespace": "shop/api",
        "default_branch": "main",
        **more,
    }


def pipeline(status: str, at: str | None = "2023-11-14 22:10:00 UTC", **more: Json) -> dict[str, Json]:
    told = {
        "id": 31,
        "iid": 3,
        "name": None,
        "ref": "main",
        "tag": False,
        "sha": SHA,
        "source": "push",
        "status": status,
        "created_at": "2023-11-14 22:00:00 UTC",
        "finished_at": at,
        "url": "https://gitlab.example/shop/api/-/pipelines/31",
        **more,
    }
    jobs = [
        {"id": 380, "stage": "test", "name": "unit", "status": "failed", "failure_reason": "script_failure"},
        {"id": 381, "stage": "test", "name": "lint", "status": "failed", "allow_failure": True},
        {"id": 382, "stage": "build", "name": "image", "status": "success"},
    ]
    return {
        "object_kind": "pipeline",
        "object_attributes": told,
        "user": {"name": "Bo", "username": "bo"},
        "project": project(),
        "commit": {"id": SHA, "message": "Cut the cache\n", "title": "Cut the cache", "author": {"name": "Bo"}},
        "builds": jobs if status == "failed" else [],
    }


def job(status: str, **more: Json) -> dict[str, Json]:
    return {
        "object_kind": "build",
        "ref": "main",
        "tag": False,
        "sha": SHA,
        "build_id": 1977,
        "build_name": "unit",
        "build_stage": "test",
        "build_status": status,
        "build_finished_at": "2023-11-14 22:10:00 UTC",
        "build_finished_at_iso": "2023-11-14T22:10:00Z",
        "build_allow_failure": False,
        "build_failure_reason": "script_failure",
        "pipeline_id": 31,
        "project_name": "Shop / Api",
        "user": {"name": "Bo"},
        "commit": {"id": 31, "message": "Cut the cache"},
        "project": project(),
        **more,
    }


def gitlab_deployment(status: str, tier: str = "production") -> dict[str, Json]:
    return {
        "object_kind": "deployment",
        "status": status,
        "status_changed_at": "2023-11-14 23:10:00 +0100",
        "deployment_id": 15,
        "deployable_url": "https://gitlab.example/shop/api/-/jobs/796",
        "environment": tier,
        "environment_tier": tier,
        "environment_external_url": "https://shop.example",
        "project": project(),
        "ref": "main",
        "short_sha": SHA[:8],
        "user": {"name": "Bo", "username": "bo"},
        "commit_url": f"https://gitlab.example/shop/api/-/commit/{SHA}",
        "commit_title": "Cut the cache",
    }


def gitlab_push(**more: Json) -> dict[str, Json]:
    return {
        "object_kind": "push",
        "event_name": "push",
        "before": BEFORE,
        "after": SHA,
        "ref": "refs/heads/main",
        "user_name": "Bo",
        "user_username": "bo",
        "project": project(),
        "commits": [
            {
                "id": SHA,
                "message": "Cut the cache",
                "timestamp": "2023-11-14T23:00:00+01:00",
                "author": {"name": "Bo"},
            }
        ],
        "total_commits_count": 4,
        **more,
    }


def gitlab_matter(kind: str, **told: Json) -> dict[str, Json]:
    return {"object_kind": kind, "project": project(), "user": {"username": "ada"}, "object_attributes": told}


def bitbucket(**more: Json) -> dict[str, Json]:
    """What every event of Bitbucket's cloud has, and *more*."""
    return {
        "actor": {"display_name": "Ada", "nickname": "ada"},
        "repository": {
            "name": "api",
            "full_name": "shop/api",
            "links": {"html": {"href": "https://bitbucket.example/shop/api"}},
        },
        **more,
    }


def build_state(state: str, at: str = "2023-11-14T22:10:00.000000+00:00", **more: Json) -> dict[str, Json]:
    return bitbucket(
        commit_status={
            "name": "Pipeline #12 for main",
            "description": "1 failed step",
            "state": state,
            "key": "-2054226123",
            "url": "https://bitbucket.example/shop/api/pipelines/results/12",
            "type": "build",
            "refname": "main",
            "created_on": "2023-11-14T22:00:00.000000+00:00",
            "updated_on": at,
            "commit": {
                "message": "Cut the cache\n",
                "links": {"html": {"href": "https://bitbucket.example/shop/api/commits/f95f852"}},
            },
            **more,
        }
    )


def bitbucket_push(*names: str) -> dict[str, Json]:
    commit = {"hash": SHA, "message": "Cut the cache\n", "author": {"raw": "Bo <bo@shop.example>"}}
    return bitbucket(
        push={
            "changes": [
                {
                    "new": {
                        "type": "branch",
                        "name": name,
                        "target": {"hash": SHA, "date": "2023-11-14T22:00:00+00:00"},
                    },
                    "old": {"type": "branch", "name": name},
                    "links": {"html": {"href": "https://bitbucket.example/shop/api/branches/compare/f95..0ec"}},
                    "forced": False,
                    "commits": [commit, {"hash": BEFORE, "message": "Count first", "author": {"user": {}}}],
                }
                for name in names
            ]
        }
    )


def refs_changed(**more: Json) -> dict[str, Json]:
    """A push to Bitbucket's data center."""
    return {
        "eventKey": "repo:refs_changed",
        "date": "2023-11-15T08:13:20+1000",
        "actor": {"name": "ada", "displayName": "Ada"},
        "repository": {"slug": "api", "name": "Api", "project": {"key": "SHOP"}},
        "changes": [{"refId": "refs/heads/main", "fromHash": BEFORE, "toHash": SHA, "type": "UPDATE"}],
        **more,
    }


def jenkins(phase: str, status: str | None, at: int = 1_700_000_000_000, **more: Json) -> dict[str, Json]:
    return {
        "name": "api",
        "display_name": "api",
        "url": "job/shop/job/api/",
        "build": {
            "full_url": "https://jenkins.example/job/shop/job/api/18/",
            "number": 18,
            "phase": phase,
            "timestamp": at,
            "status": status,
            "url": "job/shop/job/api/18/",
            "scm": {"url": "https://git.example/api.git", "branch": "origin/main", "commit": SHA, "culprits": ["bo"]},
            "log": "",
            "notes": "",
            "test_summary": {"total": 7, "failed": 1, "failed_tests": ["shop.ApiTest.answers"]},
            **more,
        },
    }
