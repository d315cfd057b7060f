"""JSON that services of AWS put on topics and queues without the envelope of an event: a table of their shapes.

Each becomes an event of its row, so that what comes both ways is read once, and has one key. Sources: the user guides
of the services (Amazon EC2 Auto Scaling, AWS Config, Amazon DevOps Guru, Amazon ElastiCache, Amazon RDS, Amazon
Redshift, AWS Lambda, AWS IoT Device Defender, AWS CodePipeline, Amazon SES, Amazon S3, AWS Cost Management, AWS WAF,
and the Developer Tools console for notification rules).
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.changes.change import Change
from tocsin.kernel.json import Json
from tocsin.sources import arns, eventbridge
from tocsin.sources.aws import compute, data, databases, delivery, operations, places, security, telling
from tocsin.sources.aws.row import Row
from tocsin.sources.batches import each
from tocsin.sources.bounds import said
from tocsin.sources.reading import Hints, Problem, Reading

SOURCE: Final = "aws"
RECORDS: Final = "Records"

_CACHE_PREFIX: Final = "ElastiCache:"


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """*marks*: the names that such a body always has. *says*: a place that must say something. *row*: who reads it.

    *account*, *region*, *time* and *arn*: places of what an envelope would tell; an ARN tells account and region too.
    *kind*: the detail type, where it is not the row's last one.
    """

    marks: frozenset[str]
    row: Row
    says: str = ""
    account: str = ""
    region: str = ""
    time: str = ""
    arn: str = ""
    kind: str = ""


SHAPES: Final = (
    Shape(
        marks=frozenset({"AutoScalingGroupName", "Event"}),
        row=compute.SCALING,
        account="AccountId",
        time="Time",
        arn="AutoScalingGroupARN",
    ),
    Shape(
        marks=frozenset({"AutoScalingGroupName", "LifecycleTransition"}),
        row=compute.SCALING,
        account="AccountId",
        time="Time",
        arn="AutoScalingGroupARN",
    ),
    Shape(
        marks=frozenset({"messageType", "configRuleName", "newEvaluationResult"}),
        row=security.CONFIG,
        account="awsAccountId",
        region="awsRegion",
        time="notificationCreationTime",
    ),
    Shape(
        marks=frozenset({"messageType", "configurationItem"}),
        row=security.CONFIG_ITEM,
        account="configurationItem.awsAccountId",
        region="configurationItem.awsRegion",
        time="notificationCreationTime",
        arn="configurationItem.ARN",
    ),
    Shape(
        marks=frozenset({"messageType", "notificationCreationTime", "s3Bucket"}),
        row=security.CONFIG_DELIVERY,
        time="notificationCreationTime",
    ),
    Shape(
        marks=frozenset({"insightId", "messageType"}),
        row=operations.GURU,
        account="accountId",
        region="region",
        time="startTime",
    ),
    Shape(
        marks=frozenset({"Event Source", "Source ID", "Event Message"}),
        row=databases.NOTIFICATION,
        time="Event Time",
        arn="Source ARN",
    ),
    Shape(marks=frozenset({"Event Source", "Resource"}), row=databases.REDSHIFT, time="Event Time"),
    Shape(
        marks=frozenset({"requestContext", "timestamp", "version"}),
        row=compute.INVOCATION,
        says="requestContext.functionArn",
        time="timestamp",
        arn="requestContext.functionArn",
    ),
    Shape(
        marks=frozenset({"approval", "region"}),
        row=delivery.APPROVAL,
        says="approval.pipelineName",
        region="region",
    ),
    Shape(
        marks=frozenset({"notificationType", "mail"}), row=operations.MAIL, says="mail.source", time="mail.timestamp"
    ),
    Shape(marks=frozenset({"eventType", "mail"}), row=operations.MAIL, says="mail.source", time="mail.timestamp"),
    Shape(
        marks=frozenset({"anomalyId", "impact"}),
        row=operations.ANOMALY,
        account="accountId",
        arn="monitorArn",
        time="anomalyStartDate",
    ),
    Shape(
        marks=frozenset({"taskId", "taskStatus", "taskType"}),
        row=security.AUDIT,
        account="accountId",
        time="taskStartTime",
    ),
    Shape(
        marks=frozenset({"violationEventType", "securityProfileName", "thingName"}),
        row=security.VIOLATION,
        time="violationEventTime",
    ),
    Shape(marks=frozenset({"event", "template", "run"}), row=security.ASSESSMENT, time="time", arn="run"),
    Shape(marks=frozenset({"webaclId", "terminatingRuleId"}), row=security.FIREWALL, time="timestamp", arn="webaclId"),
    Shape(
        marks=frozenset({"Service", "Event", "Bucket"}),
        row=data.S3_TEST,
        says="Bucket",
        time="Time",
    ),
)
_RECORDS: Final = {
    "aws:s3": Shape(marks=frozenset(), row=data.OBJECT, region="awsRegion", time="eventTime", arn="s3.bucket.arn"),
    "aws:codecommit": Shape(
        marks=frozenset(), row=delivery.TRIGGER, region="awsRegion", time="eventTime", arn="eventSourceARN"
    ),
}
_MAIL_RECEIVED: Final = "Received"  # What SES hands on of its inbox is mail, not news of mail.


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """What *value* says, by the first shape that fits; None if none does."""
    names = value.keys()
    if "detailType" in names:
        return _notification_rule(value, hints)
    if RECORDS in names:
        return _records(value, hints)
    for shape in SHAPES:
        if names >= shape.marks and (not shape.says or places.text(value, shape.says)):
            return None if _is_mail(value) else _told(shape, value, hints)
    return _cache(value, hints)


def event(shape: Shape, detail: dict[str, Json]) -> dict[str, Json]:
    """*detail* as the event that EventBridge would have made of it."""
    named = places.text(detail, shape.arn)
    return {
        "source": shape.row.source,
        "detail-type": shape.kind or shape.row.types[-1],
        "account": places.text(detail, shape.account),
        "region": places.text(detail, shape.region),
        "time": places.value(detail, shape.time),
        "resources": [named] if arns.parse(named) else [],
        "detail": detail,
    }


def _told(shape: Shape, value: dict[str, Json], hints: Hints) -> Reading:
    reading = telling.read(shape.row, event(shape, value), hints, SOURCE)
    return replace(reading, event=value)


def _is_mail(value: dict[str, Json]) -> bool:
    return value.get("notificationType") == _MAIL_RECEIVED


def _notification_rule(value: dict[str, Json], hints: Hints) -> Reading | None:
    """What a notification rule of the Developer Tools sends: an event with one name written in another way."""
    reading = eventbridge.read({**value, "detail-type": value["detailType"]}, hints)
    return reading and replace(reading, event=value)


def _records(value: dict[str, Json], hints: Hints) -> Reading | None:
    """The events of buckets and repositories come several in one body; one key cannot be that of several."""
    records = value[RECORDS]
    known = isinstance(records, list) and any(_shape(record) for record in records[: places.WIDTH_MAX])
    if not known:
        return None
    if len(records) > 1:
        hints = replace(hints, key="")
    changes: list[Change] = []

    def read_record(record: Json) -> Reading:
        shape = _shape(record)
        if shape is None:
            problem = Problem("eventSource", "this is no event of S3 or CodeCommit")
            return Reading(source=SOURCE, problems=(problem,), event=record)
        reading = _told(shape, record, hints)
        changes.extend(reading.changes)
        return reading

    alerts, problems = each(records, RECORDS, read_record)
    return Reading(source=SOURCE, alerts=alerts, changes=tuple(changes), problems=problems, event=value)


def _shape(record: Json) -> Shape | None:
    return _RECORDS.get(said(record.get("eventSource"))) if isinstance(record, dict) else None


def _cache(value: dict[str, Json], hints: Hints) -> Reading | None:
    """ElastiCache says all in one pair, the event and what it is about: `{"ElastiCache:SnapshotComplete": "shop"}`."""
    for name, about in value.items():
        if name.startswith(_CACHE_PREFIX):
            detail = {"event": name.removeprefix(_CACHE_PREFIX), "name": said(about)}
            shape = Shape(marks=frozenset(), row=data.CACHE)
            return replace(_told(shape, detail, hints), event=value)
    return None
