"""What each format's alerts look like over their life, in files that people can review; UPDATE=1 rewrites them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.sources import alarm_bodies, bodies, mails
from tests.sources.aws_events import FAMILIES, other_events
from tests.sources.monitoring_stories import MONITORING_STORY
from tocsin.changes.change import Change
from tocsin.incidents.alerts import Alert
from tocsin.kernel.json import Json
from tocsin.kernel.time import format_instant
from tocsin.sources import Reading, read

STORIES = Path(__file__).with_name("stories")

Step = tuple[str, Json, Mapping[str, str]]


def step(told: str, body: Json, **headers: str) -> Step:
    return told, body, {name.replace("_", "-"): value for name, value in headers.items()}


def mailed(told: str, raw: bytes) -> Step:
    return step(told, raw, content_type="message/rfc822")


STORY: dict[str, list[Step]] = {
    "cloudwatch": [
        step("fires", bodies.sns(bodies.alarm(), "ALARM: api-5xx")),
        step("again, as an event", bodies.alarm_event()),
        step("loses its data", bodies.sns(bodies.alarm("INSUFFICIENT_DATA", "ALARM", "2023-11-14T22:14:00.000+0000"))),
        step("recovers", bodies.sns(bodies.alarm("OK", "ALARM", "2023-11-14T22:15:00.000+0000"))),
        step("the ALARM comes once more, late", bodies.sns(bodies.alarm(at="2023-11-14T22:13:20.000+0000"))),
        step("no data after OK, as an event", bodies.alarm_event("INSUFFICIENT_DATA", "OK")),
        step("no data after ALARM, as an event", bodies.alarm_event("INSUFFICIENT_DATA", "ALARM")),
        step("recovers, as an event", bodies.alarm_event("OK", "ALARM", "2023-11-14T22:15:00.000+0000")),
        step("an expression", bodies.sns(bodies.math_alarm())),
        step("a composite alarm", bodies.sns(bodies.composite_alarm())),
        step("by raw delivery", bodies.alarm(), x_amz_sns_rawdelivery="true"),
        step("above its band", bodies.sns(alarm_bodies.band_alarm())),
        step("back in its band, as an event", alarm_bodies.band_event("OK")),
        step("above its band, as an event", alarm_bodies.band_event()),
        step("a composite alarm, as an event", alarm_bodies.composite_event()),
        step("a composite alarm recovers", bodies.sns(bodies.composite_alarm("OK"))),
    ],
    "eventbridge": [step(told, event) for told, event in other_events()],
    **{name: [step(told, event) for told, event in family()] for name, family in FAMILIES.items()},
    "sns": [
        step("asks for confirmation", bodies.confirmation()),
        step("unsubscribed", bodies.confirmation("UnsubscribeConfirmation")),
        step("text", bodies.sns("Your budget has exceeded 80 %.\nLook at the console.", "AWS Budgets: shop")),
        step("text without a subject", bodies.sns("disk full\non db-1")),
        step("unknown JSON", bodies.sns({"Event Message": "Backup failed", "Source ID": "shop"}, "RDS Notification")),
        step("an event", bodies.sns(bodies.event("Backup Job State Change", "aws.backup", {"state": "FAILED"}))),
        step("with a key of its own", bodies.sns("drift", MessageAttributes={"X-Alert-Key": {"Value": "stack-7"}})),
    ],
    "alertmanager": [
        step("two fire", bodies.group(bodies.member(), bodies.member("db-2:9100"))),
        step("one is over, one is not", bodies.group(bodies.member(status="resolved"), bodies.member("db-2:9100"))),
        step("the first fires again, late", bodies.group(bodies.member())),
        step("three were left out", bodies.group(bodies.member(), truncatedAlerts=3)),
        step("one is broken", bodies.group({"status": "firing", "labels": "oops"}, bodies.member("db-2:9100"))),
        step("no summary", bodies.group(bodies.member(annotations={}))),
    ],
    "grafana": [
        step("fires", bodies.grafana_group(bodies.grafana_member())),
        step("is over", bodies.grafana_group(bodies.grafana_member("resolved"))),
    ],
    "prometheus": [
        step("two fire", [bodies.posted(), bodies.posted("db-2:9100", None)]),
        step("the first is over", [bodies.posted(ends_at="2023-11-14T22:13:00.000Z")]),
        step("one alone, without a list", bodies.posted()),
        step("one is broken", [bodies.posted(), {"labels": {}}, {"labels": 7}]),
    ],
    "pagerduty": [
        step("triggers", bodies.pagerduty()),
        step("is acknowledged there", bodies.pagerduty("acknowledge")),
        step("resolves", {"routing_key": "test-key", "event_action": "resolve", "dedup_key": "disk/db-1"}),
        step("without a key", bodies.pagerduty(dedup_key=None), x_alert_key="made-by-us"),
        step("with a word of its own", bodies.pagerduty(payload={"summary": "s", "severity": "{{ x }}"})),
    ],
    "cloudevents": [
        step("structured", bodies.cloud_event()),
        step("over", bodies.cloud_event(data={"status": "resolved"})),
        step("text in Base64", bodies.cloud_event(data=None, data_base64="ZGlzayBmdWxs")),
    ],
    "chatbot": [
        step("custom", bodies.custom_notification()),
        step("by topic", bodies.sns(bodies.custom_notification())),
    ],
    "generic": [
        step(
            "meant for another receiver, with its key",
            {"event": "disk", "routing_key": "test-routing-key", "by": {"Password": "test-password"}, "free": 3},
        ),
        step(
            "fires",
            {
                "title": "Disk full",
                "host": "db-1",
                "severity": "critical",
                "details": "97 %",
                "url": "https://x.example/1",
            },
        ),
        step("again, other figures", {"title": "Disk full", "host": "db-1", "severity": "critical", "details": "98 %"}),
        step("over", {"title": "Disk full", "host": "db-1", "status": "ok"}),
        step(
            "with a key",
            {"summary": "Backup failed", "dedup_key": "backup-7", "labels": {"env": "prod"}, "timestamp": 1700000000},
        ),
        step("the key over", {"summary": "Backup is fine", "dedup_key": "backup-7", "state": "resolved"}),
        step("a key in the header", {"message": "drift", "stack": "a"}, x_alert_key="stack-7"),
        step("one field", {"note": "Coffee is out"}),
        step("nested", {"alert": {"name": "queue", "details": {"text": "too long", "length": 7}}}),
        step("no title", {"a": 1, "b": {"c": "x", "d": [1, 2]}, "e": None, "f": True}),
        step("a list", [{"title": "one"}, "two", 3, bodies.posted()]),
    ],
    "form": [
        step("fields", b"summary=Disk+full&host=db-1&status=down", content_type="application/x-www-form-urlencoded"),
        step("over", b"summary=Disk+full&host=db-1&status=up", content_type="application/x-www-form-urlencoded"),
        step("a payload", b"payload=%7B%22text%22%3A%22hi%22%7D", content_type="application/x-www-form-urlencoded"),
        step("text sent as a form", b"disk usage=97 percent", content_type="application/x-www-form-urlencoded"),
    ],
    "email": [
        mailed("fires", mails.mail("[PROBLEM] Disk 97% full on db-1")),
        mailed("again, other figures", mails.mail("[PROBLEM] Disk 99.5 % full on db-1", Message_ID="<2@example.com>")),
        mailed("worse", mails.mail("[CRITICAL] Disk 100 % full on db-1")),
        mailed("over", mails.mail("[RESOLVED] Disk 31 % full on db-1")),
        mailed("fires, late", mails.mail("[PROBLEM] Disk 97% full on db-1", Date="Tue, 14 Nov 2023 21:00:00 +0000")),
        mailed("another host", mails.mail("[PROBLEM] Disk 97% full on db-2")),
        mailed("Nagios, fires", mails.mail(mails.NAGIOS.format("PROBLEM", "CRITICAL"), Precedence="bulk")),
        mailed("Nagios, taken", mails.mail(mails.NAGIOS.format("ACKNOWLEDGEMENT", "CRITICAL"))),
        mailed("Nagios, over", mails.mail(mails.NAGIOS.format("RECOVERY", "OK"))),
        mailed("a key in the address", mails.mail(To=mails.TO.replace("@", "+disk-db1@"))),
        mailed("HTML only", mails.mail("P3: look", mails.HTML, Content_Type="text/html")),
        mailed("parts", mails.REAL[4]),
        mailed(
            "a person forwards", mails.mail("Fwd: [ops] is this bad?", From="ada@example.com", List_Id="ops.example")
        ),
        mailed("no subject", mails.mail("", "97 %\nof /var")),
        mailed("out of office", mails.mail("Re: Disk full", Auto_Submitted="auto-replied (vacation)")),
        mailed("came back", mails.REAL[5]),
    ],
    "ses": [
        step("fires", mails.ses()),
        step("by topic, over", bodies.sns(mails.ses(mails.mail("OK: Disk full on db-1")))),
        step("as text", mails.ses(encoding="UTF-8")),
        step("spam", mails.ses(spfVerdict={"status": "FAIL"}, spamVerdict={"status": "FAIL"})),
        step("a key in the address", mails.ses(recipients=["alerts+disk@example.com"])),
        step("the mail is in S3", mails.stored_in_s3()),
    ],
    "mailgun": [
        step("fires", mails.MAILGUN, content_type="application/x-www-form-urlencoded"),
        step("as JSON, over", {"recipient": "a+disk@x", "sender": "b@x", "subject": "[OK] Disk", "body-plain": ""}),
        step("whole", {"recipient": "a@x", "sender": "b@x", "subject": "s", "body-mime": mails.mail().decode()}),
    ],
    "text": [
        step("two lines", b"Disk full\r\non db-1", content_type="text/plain"),
        step("the same again", b"Disk full\r\non db-1", content_type="text/plain"),
        step("brackets", b"[FIRING] disk full", content_type="text/plain"),
    ],
    **MONITORING_STORY,
}


@pytest.mark.parametrize("name", STORY)
def test_a_format_is_read_as_its_story_tells(name: str) -> None:
    told = "\n".join(chapter(*found) for found in STORY[name])
    path = STORIES / f"{name}.txt"
    if os.environ.get("UPDATE"):
        STORIES.mkdir(exist_ok=True)
        path.write_text(told, encoding="utf-8")
    assert told == path.read_text(encoding="utf-8")


def chapter(told: str, body: Json, headers: Mapping[str, str]) -> str:
    raw = body if isinstance(body, bytes) else bodies.encoded(body)
    return f"== {told}\n{shown(read(headers, raw, received_at=bodies.NOW))}"


def shown(reading: Reading) -> str:
    lines = [f"source: {reading.source}"]
    lines += [f"fact: {reading.fact}"] if reading.fact else []
    for alert in reading.alerts:
        lines += rows(alert)
    for change in reading.changes:
        lines += changed(change)
    lines += [f"problem: {problem.place}: {problem.message}" for problem in reading.problems]
    return "\n".join(lines) + "\n"


def changed(change: Change) -> list[str]:
    found = [f"change: {change.title}"]
    found += [f"  | {line}" for line in change.description.split("\n") if line]
    found += [f"  key: {change.key}"] if change.key else []
    found += [f"  what: {change.what}"] if change.what else []
    found += [f"  by: {change.by}"] if change.by else []
    found += [f"  link: {link.text}: {link.href}" for link in change.links]
    found += [f"  at: {format_instant(change.changed_at)}"] if change.changed_at is not None else []
    return found


def rows(alert: Alert) -> list[str]:
    found = [f"{alert.status} {alert.kind} {alert.severity}: {alert.title}"]
    found += [f"  | {line}" for line in alert.description.split("\n") if line]
    found += [f"  key: {alert.dedup_key}"]
    found += [f"  group: {alert.group_key}"] if alert.group_key else []
    where = [part for part in (alert.account, alert.region, alert.resource) if part]
    found += [f"  where: {' / '.join(where)}"] if where else []
    found += (
        [f"  labels: {', '.join(f'{name}={value}' for name, value in alert.labels.items())}"] if alert.labels else []
    )
    found += [f"  tags: {', '.join(alert.tags)}"] if alert.tags else []
    found += [f"  link: {link.text}: {link.href}" for link in alert.links]
    found += [f"  at: {format_instant(alert.occurred_at)}"] if alert.occurred_at is not None else []
    return found
