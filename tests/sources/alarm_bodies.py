"""CloudWatch alarms of the rarer kinds: on an anomaly band, and composite, by both ways."""

from __future__ import annotations

from tests.sources.bodies import ALARM_ARN, alarm, event
from tocsin.kernel.json import Json

BAND_ARN = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:shop cpu"
DOWN_ARN = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:shop down"


def band_alarm(state: str = "ALARM", **more: Json) -> Json:
    """What an alarm on an anomaly band puts on its topic: the band is an expression beside the metric."""
    metric = {
        "Dimensions": [{"value": "i-0123", "name": "InstanceId"}],
        "MetricName": "CPUUtilization",
        "Namespace": "AWS/EC2",
    }
    trigger = {
        "Period": 300,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "ComparisonOperator": "GreaterThanUpperThreshold",
        "ThresholdMetricId": "ad1",
        "TreatMissingData": "missing",
        "Metrics": [
            {"Id": "ad1", "Expression": "ANOMALY_DETECTION_BAND(m1, 2)", "Label": "expected", "ReturnData": True},
            {"Id": "m1", "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Average"}, "ReturnData": True},
        ],
    }
    return alarm(state, AlarmName="shop cpu", AlarmArn=BAND_ARN, AlarmDescription=None, Trigger={**trigger, **more})


def band_event(state: str = "ALARM") -> dict[str, Json]:
    """The change of its state, as an event."""
    stat = {
        "metric": {"namespace": "AWS/EC2", "name": "CPUUtilization", "dimensions": {"InstanceId": "i-0123"}},
        "period": 300,
        "stat": "Average",
    }
    metrics = [
        {"id": "ad1", "expression": "ANOMALY_DETECTION_BAND(m1, 2)", "label": "expected", "returnData": True},
        {"id": "m1", "metricStat": stat, "returnData": True},
    ]
    return _event("shop cpu", BAND_ARN, state, {"metrics": metrics})


def composite_event(state: str = "ALARM") -> dict[str, Json]:
    """The change of a composite alarm's state, as an event."""
    return _event("shop down", DOWN_ARN, state, {"alarmRule": f"ALARM({ALARM_ARN}) AND ALARM(queue-old)"})


def _event(name: str, arn: str, state: str, configuration: Json) -> dict[str, Json]:
    detail = {
        "alarmName": name,
        "configuration": configuration,
        "state": {"value": state, "reason": "Thresholds Crossed", "timestamp": "2023-11-14T22:13:20.000+0000"},
        "previousState": {"value": "OK", "timestamp": "2023-11-14T22:00:00.000+0000"},
    }
    return event("CloudWatch Alarm State Change", "aws.cloudwatch", detail, [arn])
