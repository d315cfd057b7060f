"""What the senders of the story send: headers and bodies as each of them writes them, with invented names."""

from __future__ import annotations

import uuid
from typing import Final

import msgspec

from tocsin.demo.signer import Signer
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant, format_instant

ACCOUNT: Final = "111122223333"  # The one that AWS uses in its examples.
REGION: Final = "eu-west-1"
TOPIC: Final = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"

ORDERS: Final = "orders-api-5xx"
DISKS: Final = "DiskAlmostFull"
CHECKOUT: Final = "Checkout is slow"
DEPLOYMENT: Final = "ECS deployment of search failed"
BACKUP: Final = "No backup last night"

_JSON: Final = {"content-type": "application/json"}


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One request. *sender*: as the story calls it. *integration*: whose key it uses. *alerts*: how many are in it."""

    sender: str
    integration: str
    headers: dict[str, str]
    body: bytes
    alerts: int = 1
    enqueue: bool = False  # Goes to `/v2/enqueue`, with the key in the body; others to `/v1/in/{key}`.


def alarm(signer: Signer, now: Instant, state: str, number: int) -> Delivery:
    """A CloudWatch alarm on a topic of Amazon SNS, which sends it on by HTTPS."""
    arn = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{ORDERS}"
    told: Json = {
        "AlarmName": ORDERS,
        "AlarmDescription": "The orders API answers with errors: customers cannot pay.",
        "AWSAccountId": ACCOUNT,
        "AlarmConfigurationUpdatedTimestamp": "2026-01-12T09:30:00.000+0000",
        "NewStateValue": state,
        "NewStateReason": _REASONS[state],
        "StateChangeTime": _aws_time(now),
        "Region": "EU (Ireland)",
        "AlarmArn": arn,
        "OldStateValue": "OK" if state == "ALARM" else "ALARM",
        "OKActions": [TOPIC],
        "AlarmActions": [TOPIC],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "HTTPCode_Target_5XX_Count",
            "Namespace": "AWS/ApplicationELB",
            "StatisticType": "Statistic",
            "Statistic": "SUM",
            "Unit": None,
            "Dimensions": [{"name": "LoadBalancer", "value": "app/orders/50dc6c495c0c9188"}],
            "Period": 60,
            "EvaluationPeriods": 3,
            "DatapointsToAlarm": 2,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 10.0,
            "TreatMissingData": "notBreaching",
            "EvaluateLowSampleCountPercentile": "",
        },
    }
    message_id = f"22b80b92-fdea-4c2c-8f9d-{number:012x}"
    envelope = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": TOPIC,
        "Subject": f'{state}: "{ORDERS}" in EU (Ireland)',
        "Message": json.encode(told).decode(),
        "Timestamp": format_instant(now),
        "UnsubscribeURL": f"https://sns.{REGION}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={TOPIC}:demo",
    }
    headers = {
        "content-type": "text/plain; charset=UTF-8",
        "user-agent": "Amazon Simple Notification Service Agent",
        "x-amz-sns-message-type": "Notification",
        "x-amz-sns-message-id": message_id,
        "x-amz-sns-topic-arn": TOPIC,
    }
    return Delivery(sender="CloudWatch", integration="aws", headers=headers, body=json.encode(signer.signed(envelope)))


def pipeline_succeeded(now: Instant) -> Delivery:
    """An event that is good news: nobody must act. It would also resolve a failure, but there is none."""
    pipeline = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:orders"
    detail = {"pipeline": "orders", "execution-id": "01234567-0123-0123-0123-012345678901", "state": "SUCCEEDED"}
    return _event("CodePipeline Pipeline Execution State Change", "aws.codepipeline", detail, pipeline, now)


def deployment_failed(now: Instant) -> Delivery:
    """An event that is bad news."""
    service = f"arn:aws:ecs:{REGION}:{ACCOUNT}:service/shop/search"
    detail = {
        "eventType": "ERROR",
        "eventName": "SERVICE_DEPLOYMENT_FAILED",
        "deploymentId": "ecs-svc/1234567890123456789",
        "updatedAt": _aws_time(now),
        "reason": "ECS deployment circuit breaker: tasks failed to start.",
    }
    return _event("ECS Deployment State Change", "aws.ecs", detail, service, now)


def disks(now: Instant, *, firing: tuple[str, ...], resolved: tuple[str, ...] = ()) -> Delivery:
    """Alertmanager's webhook: one group, an alert for each host."""
    common = {"alertname": DISKS, "severity": "warning", "component": "storage"}

    def one(host: str, status: str) -> Json:
        return {
            "status": status,
            "labels": {**common, "instance": host},
            "annotations": {
                "summary": f"{DISKS} on {host}",
                "description": "Less than 5 % are free; at this pace it is full within the hour.",
            },
            "startsAt": format_instant(now),
            "endsAt": format_instant(now) if status == "resolved" else "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example.com/graph?g0.expr=node_filesystem_avail_bytes",
            "fingerprint": _FINGERPRINTS[host],
        }

    alerts = [*(one(host, "firing") for host in firing), *(one(host, "resolved") for host in resolved)]
    body: Json = {
        "version": "4",
        "groupKey": f'{{}}:{{alertname="{DISKS}"}}',
        "truncatedAlerts": 0,
        "status": "firing" if firing else "resolved",
        "receiver": "tocsin",
        "groupLabels": {"alertname": DISKS},
        "commonLabels": common,
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example.com",
        "alerts": alerts,
    }
    return Delivery(
        sender="Alertmanager",
        integration="prometheus",
        headers=_JSON | {"user-agent": "Alertmanager/0.28.1"},
        body=json.encode(body),
        alerts=len(alerts),
    )


def checkout(routing_key: str, now: Instant, action: str) -> Delivery:
    """An event in the format of PagerDuty's Events API v2."""
    event: dict[str, Json] = {"routing_key": routing_key, "event_action": action, "dedup_key": "checkout-latency"}
    if action == "trigger":
        event["payload"] = {
            "summary": CHECKOUT,
            "source": "checkout",
            "severity": "critical",
            "timestamp": format_instant(now),
            "component": "payment",
            "custom_details": {"p99": "2.7 s", "usual": "0.4 s"},
        }
    return Delivery(
        sender="PagerDuty API", integration="pagerduty", headers=_JSON, body=json.encode(event), enqueue=True
    )


def backup_missed() -> Delivery:
    """What a line at the end of a shell script sends; `curl -d` claims that it is a form."""
    body = {
        "title": BACKUP,
        "severity": "high",
        "host": "db-1",
        "text": "pg_dump: error: connection to server was lost",
    }
    headers = {"content-type": "application/x-www-form-urlencoded", "user-agent": "curl/8.14.1"}
    return Delivery(sender="curl", integration="default", headers=headers, body=json.encode(body))


def _event(detail_type: str, source: str, detail: Json, resource: str, now: Instant) -> Delivery:
    """An event of EventBridge as an API destination sends it."""
    event: Json = {
        "version": "0",
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{detail_type} {now}")),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": format_instant(now)[:19] + "Z",
        "region": REGION,
        "resources": [resource],
        "detail": detail,
    }
    headers = {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Amazon/EventBridge/ApiDestinations",
        "range": "bytes=0-1048575",
    }
    return Delivery(sender="EventBridge", integration="aws", headers=headers, body=json.encode(event))


def _aws_time(now: Instant) -> str:
    return format_instant(now).replace("Z", "+0000")


_REASONS: Final = {
    "ALARM": "Threshold Crossed: 2 out of the last 3 datapoints [61.0, 48.0] were greater than the threshold (10.0).",
    "OK": "Threshold Crossed: 2 out of the last 3 datapoints [0.0, 1.0] were not greater than the threshold (10.0).",
}
_FINGERPRINTS: Final = {"db-1": "0b2c4a6e8f1d3571", "db-2": "7d5f3b1a9c8e6042"}
