"""Bodies as real senders write them, with invented names."""

from __future__ import annotations

import json

from tocsin.kernel.json import Json

NOW = 1_700_000_000_000  # 2023-11-14T22:13:20Z
JSON = {"content-type": "application/json"}
SNS_HEADERS = {"content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "Notification"}
TOPIC = "arn:aws:sns:eu-west-1:111122223333:alerts"
ALARM_ARN = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:api-5xx"


def encoded(value: Json) -> bytes:
    return json.dumps(value).encode()


def sns(message: Json, subject: str | None = None, **more: Json) -> dict[str, Json]:
    """A notification that carries *message*, text or a value to be written as JSON."""
    envelope = {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2023-11-14T22:13:20.000Z",
        "SignatureVersion": "1",
        "Signature": "AAAA",
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem",
        "UnsubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=Unsubscribe",
    }
    return {**envelope, **({} if subject is None else {"Subject": subject}), **more}


def confirmation(kind: str = "SubscriptionConfirmation") -> dict[str, Json]:
    envelope = sns("You have chosen to subscribe to the topic.", Type=kind, Token="0" * 8)
    del envelope["UnsubscribeURL"]
    query = f"Action=ConfirmSubscription&TopicArn={TOPIC}&Token={'0' * 8}"
    return {**envelope, "SubscribeURL": f"https://sns.eu-west-1.amazonaws.com/?{query}"}


def alarm(state: str = "ALARM", before: str = "OK", at: str = "2023-11-14T22:13:20.000+0000", **more: Json) -> Json:
    """What a metric alarm puts on its topic."""
    return {
        "AlarmName": "api-5xx",
        "AlarmDescription": "The API answers with errors.",
        "AWSAccountId": "111122223333",
        "AlarmConfigurationUpdatedTimestamp": "2023-11-01T10:00:00.000+0000",
        "NewStateValue": state,
        "NewStateReason": "Threshold Crossed: 2 datapoints were greater than the threshold (10.0).",
        "StateChangeTime": at,
        "Region": "EU (Ireland)",
        "AlarmArn": ALARM_ARN,
        "OldStateValue": before,
        "OKActions": [TOPIC],
        "AlarmActions": [TOPIC],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "HTTPCode_Target_5XX_Count",
            "Namespace": "AWS/ApplicationELB",
            "StatisticType": "Statistic",
            "Statistic": "SUM",
            "Unit": None,
            "Dimensions": [{"value": "app/api/50dc6c495c0c9188", "name": "LoadBalancer"}],
            "Period": 60,
            "EvaluationPeriods": 3,
            "DatapointsToAlarm": 2,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 10.0,
            "TreatMissingData": "notBreaching",
            "EvaluateLowSampleCountPercentile": "",
        },
        **more,
    }


def math_alarm(state: str = "ALARM") -> Json:
    """An alarm on an expression over two metrics."""
    metric = {"Dimensions": [{"value": "api", "name": "FunctionName"}], "Namespace": "AWS/Lambda"}
    return alarm(
        state,
        AlarmName="error rate",
        AlarmArn="arn:aws:cloudwatch:eu-west-1:111122223333:alarm:error rate",
        Trigger={
            "Period": 60,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "Threshold": 5.0,
            "TreatMissingData": "missing",
            "Metrics": [
                {"Id": "e1", "Expression": "100 * m1 / m2", "Label": "Error rate", "ReturnData": True},
                {
                    "Id": "m1",
                    "MetricStat": {"Metric": {**metric, "MetricName": "Errors"}, "Period": 60, "Stat": "Sum"},
                    "ReturnData": False,
                },
                {
                    "Id": "m2",
                    "MetricStat": {"Metric": {**metric, "MetricName": "Invocations"}, "Period": 60, "Stat": "Sum"},
                    "ReturnData": False,
                },
            ],
        },
    )


def composite_alarm(state: str = "ALARM") -> Json:
    value = alarm(state, AlarmName="shop down", AlarmArn="arn:aws:cloudwatch:eu-west-1:111122223333:alarm:shop down")
    del value["Trigger"]
    child = {"Arn": ALARM_ARN, "State": {"Value": "ALARM", "Timestamp": "2023-11-14T22:13:20.000+0000"}}
    return {**value, "AlarmRule": f"ALARM({ALARM_ARN}) AND ALARM(queue-old)", "TriggeringChildren": [child]}


def event(detail_type: str, source: str, detail: Json, resources: Json = (), **more: Json) -> dict[str, Json]:
    """An EventBridge event."""
    return {
        "version": "0",
        "id": "c4c1c1c9-6542-e61b-6ef0-8c4d36933a92",
        "detail-type": detail_type,
        "source": source,
        "account": "111122223333",
        "time": "2023-11-14T22:13:20Z",
        "region": "eu-west-1",
        "resources": list(resources),
        "detail": detail,
        **more,
    }


def alarm_event(state: str = "ALARM", before: str = "OK", at: str = "2023-11-14T22:13:20.000+0000") -> dict[str, Json]:
    """The change of the same alarm's state, as an event."""
    stat = {
        "metric": {
            "namespace": "AWS/ApplicationELB",
            "name": "HTTPCode_Target_5XX_Count",
            "dimensions": {"LoadBalancer": "app/api/50dc6c495c0c9188"},
        },
        "period": 60,
        "stat": "Sum",
    }
    return event(
        "CloudWatch Alarm State Change",
        "aws.cloudwatch",
        {
            "alarmName": "api-5xx",
            "configuration": {
                "description": "The API answers with errors.",
                "metrics": [{"id": "m1", "metricStat": stat, "returnData": True}],
            },
            "state": {"value": state, "reason": "Threshold Crossed", "reasonData": "{}", "timestamp": at},
            "previousState": {"value": before, "timestamp": "2023-11-14T22:00:00.000+0000"},
        },
        [ALARM_ARN],
    )


def group(*alerts: Json, **more: Json) -> dict[str, Json]:
    """What Alertmanager posts to a webhook."""
    return {
        "version": "4",
        "groupKey": '{}:{alertname="HighLoad"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": "team-ops",
        "groupLabels": {"alertname": "HighLoad"},
        "commonLabels": {"alertname": "HighLoad", "severity": "critical"},
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example:9093",
        "alerts": list(alerts),
        **more,
    }


def member(instance: str = "db-1:9100", status: str = "firing", **more: Json) -> dict[str, Json]:
    """One alert of such a group."""
    return {
        "status": status,
        "labels": {"alertname": "HighLoad", "instance": instance, "severity": "critical", "region": "eu-west-1"},
        "annotations": {
            "summary": f"{instance} is under high load",
            "description": "The load average has been above 10 for 5 minutes.",
            "runbook_url": "https://wiki.example/runbooks/high-load",
        },
        "startsAt": "2023-11-14T22:10:00.000Z",
        "endsAt": "2023-11-14T22:13:00.000Z" if status == "resolved" else "0001-01-01T00:00:00Z",
        "generatorURL": "http://prometheus.example:9090/graph?g0.expr=node_load1+%3E+10",
        "fingerprint": instance.encode().hex()[:16],
        **more,
    }


def grafana_group(*alerts: Json) -> dict[str, Json]:
    """What Grafana's unified alerting posts."""
    return group(*alerts, version="1", orgId=1, title="[FIRING:1] HighLoad", state="alerting", message="**Firing**")


def grafana_member(status: str = "firing") -> dict[str, Json]:
    return member(
        status=status,
        silenceURL="http://grafana.example:3000/alerting/silence/new?matcher=alertname%3DHighLoad",
        dashboardURL="http://grafana.example:3000/d/abc",
        panelURL="http://grafana.example:3000/d/abc?viewPanel=2",
        imageURL="",
        values={"A": 12.5},
        valueString="[ var='A' labels={instance=db-1:9100} value=12.5 ]",
    )


def posted(
    instance: str = "db-1:9100", ends_at: str | None = "2023-11-14T22:17:20.000Z", **more: Json
) -> dict[str, Json]:
    """One alert as Prometheus posts it."""
    return {
        "labels": {"alertname": "HighLoad", "instance": instance, "severity": "warning"},
        "annotations": {"summary": "high load"},
        "startsAt": "2023-11-14T22:10:00.000Z",
        "generatorURL": "http://prometheus.example:9090/graph",
        **({} if ends_at is None else {"endsAt": ends_at}),
        **more,
    }


def pagerduty(action: str = "trigger", **more: Json) -> dict[str, Json]:
    """An event for PagerDuty's Events API v2."""
    return {
        "routing_key": "test-key",
        "event_action": action,
        "dedup_key": "disk/db-1",
        "payload": {
            "summary": "Disk of db-1 is 97 % full",
            "source": "db-1.example",
            "severity": "error",
            "timestamp": "2023-11-14T22:13:20Z",
            "component": "postgres",
            "group": "prod",
            "class": "disk",
            "custom_details": {"free": "3 GB", "mount": "/var"},
        },
        "links": [{"href": "https://grafana.example/d/disk", "text": "Disk"}],
        "images": [{"src": "https://grafana.example/disk.png", "alt": "Graph"}],
        "client": "Nagios",
        "client_url": "https://nagios.example",
        **more,
    }


def custom_notification(**metadata: Json) -> dict[str, Json]:
    """A custom notification for AWS chat."""
    return {
        "version": "1.0",
        "source": "custom",
        "id": "c-1",
        "content": {
            "textType": "client-markdown",
            "title": "Checkout is slow",
            "description": "The median is above 2 s.",
            "nextSteps": ["Look at the cache", "Scale out"],
            "keywords": ["checkout", "latency"],
        },
        "metadata": {
            "threadId": "checkout",
            "summary": "Checkout: the median is 2.3 s",
            "eventType": "latency",
            "relatedResources": ["arn:aws:ecs:eu-west-1:111122223333:service/shop/checkout", "checkout"],
            "additionalContext": {"stage": "prod"},
            **metadata,
        },
    }


def cloud_event(**more: Json) -> dict[str, Json]:
    return {
        "specversion": "1.0",
        "id": "A234-1234-1234",
        "source": "/shop/backend",
        "type": "com.example.payment.failed",
        "subject": "order/7",
        "time": "2023-11-14T22:13:20Z",
        "datacontenttype": "application/json",
        "data": {"message": "The bank refused the payment.", "severity": "warning"},
        **more,
    }
