"""CloudWatch alarms, as an alarm's action puts them on a topic and as EventBridge tells of every change of state.

Both ways give the same dedup key, the alarm's ARN, so that an OK by one way finds the ALARM of the other. The states:

- ALARM fires, high; OK resolves.
- INSUFFICIENT_DATA by an alarm's action fires as a warning: somebody asked for it with InsufficientDataActions.
- INSUFFICIENT_DATA by an event does so after ALARM only, since what was wrong is not known to be over; else it is a
  notification, since a rule that takes every change of state has asked for nothing.

Sources: "Alarm events and EventBridge" and "Using Amazon CloudWatch alarms" in the Amazon CloudWatch User Guide.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tocsin.incidents.alerts import Alert, AlertStatus, Kind, Link, Severity
from tocsin.kernel.json import Json
from tocsin.sources import arns, bounds, cloudwatch_metrics
from tocsin.sources.bounds import said
from tocsin.sources.reading import Hints, Problem, Reading

SOURCE: Final = "cloudwatch"
DETAIL_TYPE: Final = "CloudWatch Alarm State Change"
PARTS_MAX: Final = 20  # Of a list in an alarm: CloudWatch allows ten metrics, and thirty dimensions in all.

_COMPARISONS: Final = {
    "GreaterThanOrEqualToThreshold": ">=",
    "GreaterThanThreshold": ">",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "<=",
    "LessThanLowerOrGreaterThanUpperThreshold": "outside of the band",
    "LessThanLowerThreshold": "below the band",
    "GreaterThanUpperThreshold": "above the band",
}
_STATES: Final = ("ALARM", "OK", "INSUFFICIENT_DATA")  # No set: what comes may be a list.


def read(value: dict[str, Json], hints: Hints) -> Reading | None:
    """The message of an alarm's action; None when *value* only looks like one."""
    name, state = value.get("AlarmName"), value.get("NewStateValue")
    if not isinstance(name, str) or not name:
        return None
    if state not in _STATES:
        return _bad_state("NewStateValue", state, value)
    arn = _arn(value, name, hints)
    region = arn.region if arn else arns.region(said(value.get("Region")))
    account = said(value.get("AWSAccountId"))
    trigger = _object(value.get("Trigger"))
    dimensions = _dimensions(trigger)
    alert = Alert(
        status=_status(state),
        title=bounds.title(_title(name, state)),
        description=bounds.paragraphs(
            said(value.get("AlarmDescription")),
            said(value.get("NewStateReason")),
            _condition(trigger) if trigger else _rule(value),
        ),
        dedup_key=bounds.key(arns.arn_text(arn) if arn else f"cloudwatch:{account}:{said(value.get('Region'))}:{name}"),
        source=SOURCE,
        severity=Severity.WARNING if state == "INSUFFICIENT_DATA" else Severity.HIGH,
        account=bounds.line(account or (arn.account if arn else ""), bounds.NAME_MAX),
        region=region,
        resource=bounds.line(", ".join(f"{key}={item}" for key, item in dimensions), bounds.LABEL_MAX),
        labels=bounds.labels(
            [
                ("alarm", name),
                ("state", state),
                ("namespace", trigger.get("Namespace")),
                ("metric", trigger.get("MetricName")),
                *dimensions,
            ]
        ),
        links=_links(arn),
        occurred_at=bounds.instant(value.get("StateChangeTime")),
        metric=cloudwatch_metrics.of_trigger(trigger),
    )
    return Reading(source=SOURCE, alerts=(alert,), event=value)


def read_event(event: dict[str, Json]) -> Reading | None:
    """An EventBridge event of DETAIL_TYPE; None when it only looks like one."""
    detail = _object(event.get("detail"))
    name, state = detail.get("alarmName"), _object(detail.get("state"))
    if not isinstance(name, str) or not name:
        return None
    value, before = state.get("value"), _object(detail.get("previousState")).get("value")
    if value not in _STATES:
        return _bad_state("detail.state.value", value, event)
    configuration = _object(detail.get("configuration"))
    arn = _event_arn(event, name)
    metrics = list(_event_metrics(configuration))
    unasked = value == "INSUFFICIENT_DATA" and before != "ALARM"
    alert = Alert(
        status=_status(value),
        kind=Kind.NOTIFICATION if unasked else Kind.ALERT,
        title=bounds.title(_title(name, value)),
        description=bounds.paragraphs(
            said(configuration.get("description")),
            said(state.get("reason")),
            f"Rule: {said(configuration['alarmRule'])}" if configuration.get("alarmRule") else "",
        ),
        dedup_key=bounds.key(arns.arn_text(arn) if arn else f"cloudwatch:{said(event.get('account'))}:{name}"),
        source=SOURCE,
        severity=Severity.WARNING if value == "INSUFFICIENT_DATA" else Severity.HIGH,
        account=bounds.line(said(event.get("account")), bounds.NAME_MAX),
        region=arns.region(said(event.get("region"))),
        resource=bounds.line(
            ", ".join(f"{key}={item}" for _, _, pairs in metrics for key, item in pairs), bounds.LABEL_MAX
        ),
        labels=bounds.labels(
            [
                ("alarm", name),
                ("state", value),
                *[
                    pair
                    for namespace, metric, _ in metrics[:1]
                    for pair in (("namespace", namespace), ("metric", metric))
                ],
                *[pair for _, _, pairs in metrics for pair in pairs],
            ]
        ),
        links=_links(arn),
        occurred_at=bounds.instant(state.get("timestamp")) or bounds.instant(event.get("time")),
        metric=cloudwatch_metrics.of_event(configuration, state),
    )
    return Reading(source=SOURCE, alerts=(alert,), event=event)


def _bad_state(place: str, state: Json, event: Json) -> Reading:
    message = f"{bounds.quoted(state)} is none of the states ALARM, OK, INSUFFICIENT_DATA"
    return Reading(source=SOURCE, problems=(Problem(place, message),), event=event)


def _status(state: str) -> AlertStatus:
    return AlertStatus.RESOLVED if state == "OK" else AlertStatus.FIRING


def _title(name: str, state: str) -> str:
    return f"{name}: the metric has no data" if state == "INSUFFICIENT_DATA" else name


def _links(arn: arns.Arn | None) -> tuple[Link, ...]:
    return bounds.links((("Alarm in CloudWatch", arns.alarm_page(arn)),)) if arn else ()


def _arn(value: dict[str, Json], name: str, hints: Hints) -> arns.Arn | None:
    """The alarm's ARN; old messages lack it, but an alarm acts on topics of its own region and partition only."""
    given = arns.parse(said(value.get("AlarmArn")))
    topic = arns.parse(hints.topic)
    if given or topic is None:
        return given
    account = said(value.get("AWSAccountId")) or topic.account
    return arns.parse(f"arn:{topic.partition}:cloudwatch:{topic.region}:{account}:alarm:{name}")


def _event_arn(event: dict[str, Json], name: str) -> arns.Arn | None:
    resources = event.get("resources")
    named = resources[:PARTS_MAX] if isinstance(resources, list) else []
    found = (arns.parse(item) for item in named if isinstance(item, str))
    return next((arn for arn in found if arn and arn.resource == f"alarm:{name}"), None) or arns.parse(
        f"arn:aws:cloudwatch:{said(event.get('region'))}:{said(event.get('account'))}:alarm:{name}"
    )


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _objects(value: Json) -> list[dict[str, Json]]:
    return [item for item in value[:PARTS_MAX] if isinstance(item, dict)] if isinstance(value, list) else []


def _dimensions(trigger: dict[str, Json]) -> list[tuple[str, str]]:
    """The dimensions of the metric, or of all metrics in an expression."""
    metrics = [_object(_object(item.get("MetricStat")).get("Metric")) for item in _objects(trigger.get("Metrics"))]
    pairs = [
        (said(pair.get("name")), said(pair.get("value")))
        for owner in (trigger, *metrics)
        for pair in _objects(owner.get("Dimensions"))
    ]
    return list(dict.fromkeys(pairs))


def _condition(trigger: dict[str, Json]) -> str:
    """What the alarm watches for: `AWS/EC2 CPUUtilization Average > 80 for 2 of 3 periods of 60 s`."""
    comparison = said(trigger.get("ComparisonOperator"))
    words = [
        *_watched(trigger),
        _COMPARISONS.get(comparison, comparison),
        _number(trigger.get("Threshold")),
        _duration(trigger),
    ]
    return " ".join(word for word in words if word)


def _number(value: Json) -> str:
    return f"{value:g}" if isinstance(value, float) else said(value)


def _watched(trigger: dict[str, Json]) -> list[str]:
    """The metric, or the expression whose result is compared; not the band that it is compared with."""
    band = trigger.get("ThresholdMetricId")
    compared = (
        item
        for item in _objects(trigger.get("Metrics"))
        if item.get("ReturnData") is not False and (band is None or item.get("Id") != band)
    )
    returned = next(compared, None)
    if returned is None:
        statistic = said(trigger.get("Statistic")) or said(trigger.get("ExtendedStatistic"))
        return [said(trigger.get("Namespace")), said(trigger.get("MetricName")), statistic]
    if returned.get("Expression"):
        label, expression = said(returned.get("Label")), said(returned["Expression"])
        return [f"{label} ({expression})" if label else expression]
    stat = _object(returned.get("MetricStat"))
    metric = _object(stat.get("Metric"))
    return [said(metric.get("Namespace")), said(metric.get("MetricName")), said(stat.get("Stat"))]


def _duration(trigger: dict[str, Json]) -> str:
    periods, seconds = said(trigger.get("EvaluationPeriods")), said(trigger.get("Period"))
    if not periods or not seconds:
        return ""
    points = said(trigger.get("DatapointsToAlarm")) or periods
    count = (
        f"{points} of {periods} periods" if points != periods else f"{periods} period{'s' if periods != '1' else ''}"
    )
    return f"for {count} of {seconds} s"


def _rule(value: dict[str, Json]) -> str:
    """What a composite alarm combines, and which of its children changed."""
    children = [
        f"{_short(said(child.get('Arn')))} is {said(_object(child.get('State')).get('Value'))}"
        for child in _objects(value.get("TriggeringChildren"))
    ]
    rule = said(value.get("AlarmRule"))
    return "\n".join([*([f"Rule: {rule}"] if rule else []), *children])


def _short(text: str) -> str:
    arn = arns.parse(text)
    return arn.resource.removeprefix("alarm:") if arn else text


def _event_metrics(configuration: dict[str, Json]) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Namespace, name and dimensions of each metric that is no expression."""
    for item in _objects(configuration.get("metrics")):
        metric = _object(_object(item.get("metricStat")).get("metric"))
        if metric:
            pairs = list(_object(metric.get("dimensions")).items())[:PARTS_MAX]
            yield (
                said(metric.get("namespace")),
                said(metric.get("name")),
                [(name, said(value)) for name, value in pairs],
            )
