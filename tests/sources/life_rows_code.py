"""The lives of alerts as code hosts, builders, apps, old clients and mails tell them: one row a sender."""

from __future__ import annotations

from email.utils import formatdate

from tests.sources import app_bodies as apps
from tests.sources import code_bodies as code
from tests.sources import mails
from tests.sources.life_rows_aws import by_topic
from tests.sources.living import Life, Said, Step, Tell, at
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant, format_instant

MAIL = {"content-type": "message/rfc822"}


def run(conclusion: str, **more: Json) -> Tell:
    """A run of a workflow."""
    heads = {"x-github-event": "workflow_run"}
    return lambda moment: Said(code.workflow_run(conclusion, format_instant(moment), **more), heads)


def dependency(action: str, state: str, dated: str) -> Tell:
    """A vulnerable dependency; *dated*: the field that says when."""
    heads = {"x-github-event": "dependabot_alert"}
    return lambda moment: Said(code.dependabot(action, state, **{dated: format_instant(moment)}), heads)


def pipeline(status: str) -> Tell:
    heads = {"x-gitlab-event": "Pipeline Hook"}
    return lambda moment: Said(code.pipeline(status, f"{format_instant(moment)[:19].replace('T', ' ')} UTC"), heads)


def build(state: str, **more: Json) -> Tell:
    heads = {"x-event-key": "repo:commit_status_updated"}
    return lambda moment: Said(code.build_state(state, format_instant(moment), **more), heads)


def job(status: str) -> Tell:
    return lambda moment: Said(code.jenkins("COMPLETED", status, moment))


def sentry(resource: str, body: Json) -> Tell:
    return lambda moment: Said(body, {"sentry-hook-resource": resource, "sentry-hook-timestamp": str(moment // 1000)})


def issue(action: str, **more: Json) -> Tell:
    return sentry("issue", apps.sentry(action, issue=apps.sentry_issue(**more)))


def metric(action: str) -> Tell:
    return sentry("metric_alert", apps.metric_alert(action))


def slack(color: str, title: str) -> Tell:
    return lambda _: Said(apps.slack(color, title))


def old_event(kind: str, **more: Json) -> Tell:
    return lambda _: Said(apps.pagerduty_v1(kind, **more))


def letter(subject: str, text: str = "97 % of /var") -> Tell:
    """A mail that is as old as it says."""
    return lambda moment: Said(mails.mail(subject, text, Date=formatdate(moment / 1000)), MAIL)


def by_ses(subject: str) -> Tell:
    """The same through Amazon SES and a topic."""

    def tell(moment: Instant) -> Said:
        raw = mails.mail(subject, Date=formatdate(moment / 1000))
        return by_topic(mails.ses(raw), f"{subject}-{moment}")

    return tell


CODE: tuple[Life, ...] = (
    Life(
        name="github-runs",
        source="github",
        fires=run("failure"),
        changes=run("timed_out", id=30433643, run_number=563),
        resolves=run("success"),
        timed=True,
    ),
    Life(
        name="github-dependencies",
        source="github",
        fires=dependency("created", "open", "created_at"),
        resolves=dependency("fixed", "fixed", "fixed_at"),
        timed=True,
    ),
    Life(
        name="gitlab",
        source="gitlab",
        fires=pipeline("failed"),
        resolves=pipeline("success"),
        timed=True,
    ),
    Life(
        name="bitbucket",
        source="bitbucket",
        fires=build("FAILED"),
        changes=build("FAILED", name="Pipeline #13 for main", key="-77"),
        resolves=build("SUCCESSFUL"),
        timed=True,
    ),
    Life(
        name="jenkins",
        source="jenkins",
        fires=job("UNSTABLE"),
        changes=job("FAILURE"),
        resolves=job("SUCCESS"),
        timed=True,
        more=(Step(4, "the next begins", Said(code.jenkins("STARTED", "FAILURE", at(4)))),),
    ),
    Life(
        name="sentry-issue",
        source="sentry",
        fires=issue("created"),
        changes=issue("unresolved", level="fatal"),
        resolves=issue("resolved", status="resolved"),
        timed=True,
    ),
    Life(
        name="sentry-metric",
        source="sentry",
        fires=metric("warning"),
        changes=metric("critical"),
        resolves=metric("resolved"),
        timed=True,
    ),
    Life(
        name="slack",
        source="slack",
        fires=slack("danger", "[FIRING:1] HighLoad (db-1 97.3 %)"),
        changes=slack("danger", "[FIRING:1] HighLoad (db-1 99.1 %)"),
        resolves=slack("good", "[RESOLVED] HighLoad (db-1 12 %)"),
    ),
    Life(
        name="pagerduty-v1",
        source="pagerduty",
        fires=old_event("trigger"),
        changes=old_event("trigger", description="Disk of db-1 is full"),
        acknowledges=old_event("acknowledge"),
        resolves=old_event("resolve"),
    ),
    Life(
        name="pagerduty-changes",
        source="pagerduty",
        fires=old_event("trigger"),
        own=(
            Step(0, "something is changed", Said(apps.pagerduty_change())),
            Step(1, "the same bytes twice", Said(apps.pagerduty_change())),
        ),
    ),
    Life(
        name="email",
        source="email",
        fires=letter("Disk full on db-1"),
        changes=letter("[CRITICAL] Disk full on db-1", "100 % of /var"),
        resolves=letter("[RESOLVED] Disk full on db-1"),
        timed=True,
    ),
    Life(
        name="email-by-ses",
        source="email",
        fires=by_ses("[PROBLEM] Disk full on db-1"),
        resolves=by_ses("[OK] Disk full on db-1"),
        timed=True,
        once=True,
    ),
)
