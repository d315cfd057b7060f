"""The lives of alerts in formats that many senders speak, in words of one's own, and of heartbeats."""

from __future__ import annotations

from tests.sources import bodies
from tests.sources.life_rows_monitoring import as_form, as_json, as_query
from tests.sources.living import Life, Said, Step, Tell
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, Instant, format_instant

CLOUD_JSON = {"content-type": "application/cloudevents+json"}
OTHER = "db-2:9100"


def labels(severity: str, instance: str = "db-1:9100") -> dict[str, Json]:
    return {"alertname": "HighLoad", "instance": instance, "severity": severity, "region": "eu-west-1"}


def load(severity: str, status: str = "firing") -> dict[str, Json]:
    """The load of db-1. Its labels are its identity, so that it worsens in its annotations only."""
    return bodies.member(status=status, annotations={"summary": f"db-1 is under {severity} load"})


def posted(ends: Instant | None, at: Instant, **more: Json) -> Json:
    return [bodies.posted(ends_at=format_instant(at + 4 * MINUTE if ends is None else ends), **more)]


def pagerduty(action: str, severity: str = "warning") -> Tell:
    def make(at: Instant) -> Json:
        told = bodies.pagerduty(action)
        return {**told, "payload": {**told["payload"], "severity": severity, "timestamp": format_instant(at)}}

    return as_json(make)


def cloud(at: Instant, **data: Json) -> dict[str, Json]:
    told = {"message": "The bank refuses payments.", "severity": "warning", **data}
    return bodies.cloud_event(id=f"n-{at}", time=format_instant(at), data=told)


def structured(**data: Json) -> Tell:
    return lambda at: Said(cloud(at, **data), CLOUD_JSON)


def batched(**data: Json) -> Tell:
    """Two events in one batch: the one that lives, and one that is always fine."""

    def tell(at: Instant) -> Said:
        fine = {**cloud(at, status="ok"), "subject": "order/8"}
        return Said([cloud(at, **data), fine], {"content-type": "application/cloudevents-batch+json"})

    return tell


def binary(**data: Json) -> Tell:
    def tell(at: Instant) -> Said:
        event = cloud(at, **data)
        heads = {f"ce-{name}": str(event[name]) for name in ("specversion", "id", "source", "type", "subject", "time")}
        return Said(event["data"], {**heads, "content-type": "application/json"})

    return tell


def fields(status: str = "", severity: str = "warning", **more: str) -> dict[str, Json]:
    return {
        "title": "Disk full",
        "host": "db-1",
        "severity": severity,
        **({"status": status} if status else {}),
        **more,
    }


def ping(minute: int, told: str, path: str, *must: str, query: str = "", body: bytes = b"") -> Step:
    said = Said(body, {"x-tocsin-path": path, "x-tocsin-query": query}, "ping")
    return Step(minute, told, said, frozenset(must))


TEXT = {"content-type": "text/plain"}

WORDS: tuple[Life, ...] = (
    Life(
        name="alertmanager",
        source="alertmanager",
        fires=as_json(lambda _: bodies.group(load("high"))),
        changes=as_json(lambda _: bodies.group(load("very high"))),
        resolves=as_json(lambda _: bodies.group(load("high", "resolved"), status="resolved")),
        more=(
            Step(4, "a second of its group fires", Said(bodies.group(load("high"), bodies.member(OTHER)))),
            Step(5, "the second is over", Said(bodies.group(load("high"), bodies.member(OTHER, "resolved")))),
            Step(8, "too many for one message", Said(bodies.group(load("high"), truncatedAlerts=3))),
        ),
    ),
    Life(
        name="grafana",
        source="grafana",
        fires=as_json(lambda _: bodies.grafana_group(bodies.grafana_member())),
        changes=as_json(
            lambda _: bodies.grafana_group(
                {**bodies.grafana_member(), "labels": labels("critical"), "values": {"A": 20}}
            )
        ),
        resolves=as_json(lambda _: bodies.grafana_group(bodies.grafana_member("resolved"))),
    ),
    Life(
        name="prometheus",
        source="prometheus",
        fires=as_json(lambda at: posted(None, at)),
        changes=as_json(lambda at: posted(None, at, annotations={"summary": "very high load"})),
        resolves=as_json(lambda at: posted(at, at)),
        ends=True,
    ),
    Life(
        name="pagerduty",
        source="pagerduty",
        fires=pagerduty("trigger"),
        changes=pagerduty("trigger", "critical"),
        acknowledges=pagerduty("acknowledge"),
        resolves=pagerduty("resolve"),
        timed=True,
    ),
    Life(
        name="cloudevents",
        source="cloudevents",
        fires=structured(),
        changes=structured(severity="critical"),
        resolves=structured(status="resolved"),
        timed=True,
    ),
    Life(
        name="cloudevents-batch",
        source="cloudevents",
        fires=batched(),
        changes=batched(severity="critical"),
        resolves=batched(status="resolved"),
        timed=True,
    ),
    Life(
        name="cloudevents-binary",
        source="cloudevents",
        fires=binary(),
        changes=binary(severity="critical"),
        resolves=binary(status="resolved"),
        timed=True,
    ),
    Life(
        name="json",
        source="json",
        fires=as_json(lambda at: fields(timestamp=format_instant(at))),
        changes=as_json(lambda at: fields(severity="critical", timestamp=format_instant(at))),
        acknowledges=as_json(lambda at: fields("acknowledged", timestamp=format_instant(at))),
        resolves=as_json(lambda at: fields("ok", timestamp=format_instant(at))),
        timed=True,
    ),
    Life(
        name="json-without-time",
        source="json",
        fires=as_json(lambda _: fields()),
        changes=as_json(lambda _: fields(severity="critical")),
        resolves=as_json(lambda _: fields("ok")),
    ),
    Life(
        name="form",
        source="form",
        fires=as_form(lambda _: fields()),
        changes=as_form(lambda _: fields(severity="critical")),
        resolves=as_form(lambda _: fields("up")),
    ),
    Life(
        name="query",
        source="query",
        fires=as_query(lambda _: fields()),
        changes=as_query(lambda _: fields(severity="critical")),
        resolves=as_query(lambda _: fields("ok")),
    ),
    Life(name="text", source="text", fires=lambda _: Said(b"Disk full\r\non db-1", TEXT)),
    Life(
        name="text-with-a-key",
        source="text",
        fires=lambda _: Said(b"Disk full\r\non db-1", {**TEXT, "x-alert-key": "disk"}),
        changes=lambda _: Said(b"Disk full\r\non db-1 and db-2", {**TEXT, "x-alert-key": "disk"}),
    ),
    Life(
        name="ping",
        source="ping",
        fires=lambda _: Said(b"", {"x-tocsin-path": "nightly/fail"}, "ping"),
        own=(
            ping(0, "comes, and promises to come every hour", "nightly", query="every=1h&grace=10m"),
            ping(50, "comes in time", "nightly"),
            ping(125, "comes after it was missed", "nightly", body=b"copied 7 files"),
            ping(126, "comes twice", "nightly"),
            ping(130, "fails", "nightly/fail", body=b"no space left"),
            ping(131, "fails again", "nightly/1"),
            ping(140, "is well", "nightly"),
            ping(150, "begins, and does not end", "nightly/start"),
            ping(170, "ends, late", "nightly/0"),
            ping(171, "a word for the record", "nightly/log", body=b"bye"),
        ),
    ),
)
