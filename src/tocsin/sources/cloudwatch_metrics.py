"""The metric that an alarm of CloudWatch watches, as far as it is one: an expression over several is not drawn.

Sources: "Using Amazon CloudWatch alarms" (the trigger of a notification), "Alarm events and EventBridge" (the
configuration of an event, and the reason's data) in the Amazon CloudWatch User Guide.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from tocsin.incidents.alerts import Metric
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.sources.bounds import said

NAME_MAX: Final = 255  # CloudWatch: of a namespace, a metric, a dimension.
DIMENSIONS_MAX: Final = 30
PERIOD_MAX: Final = 86_400

_VAST: Final = 1e300  # Beyond it a number is a slip, or infinite.

# A trigger spells a statistic in capitals or as the API does, by the age of the alarm.
_STATISTICS: Final = {word.upper(): word for word in ("Average", "Sum", "Minimum", "Maximum", "SampleCount")}


def of_trigger(trigger: dict[str, Json]) -> Metric | None:
    """Of the trigger in an alarm's notification; None without one metric."""
    statistic = said(trigger.get("Statistic")) or said(trigger.get("ExtendedStatistic"))
    pairs = [(_name(pair, "name"), _name(pair, "value")) for pair in _objects(trigger.get("Dimensions"))]
    return _metric(trigger.get("Namespace"), trigger.get("MetricName"), pairs, statistic, trigger)


def of_event(configuration: dict[str, Json], state: dict[str, Json]) -> Metric | None:
    """Of an event's configuration, and the threshold that the reason for its *state* names."""
    watched = _objects(configuration.get("metrics"))
    stat = _object(watched[0].get("metricStat")) if len(watched) == 1 else {}
    metric = _object(stat.get("metric"))
    pairs = [(str(name), said(value)) for name, value in _object(metric.get("dimensions")).items()]
    more = {"Period": stat.get("period"), "Threshold": _reason(state.get("reasonData")).get("threshold")}
    return _metric(metric.get("namespace"), metric.get("name"), pairs, said(stat.get("stat")), more)


def _metric(
    namespace: Json, name: Json, pairs: Iterable[tuple[str, str]], statistic: str, more: dict[str, Json]
) -> Metric | None:
    if not _is_name(namespace) or not _is_name(name):
        return None
    dimensions = tuple(pair for pair in pairs if all(_is_name(part) for part in pair))[:DIMENSIONS_MAX]
    period, threshold = more.get("Period"), more.get("Threshold")
    return Metric(
        namespace=namespace,
        name=name,
        dimensions=dimensions,
        statistic=_STATISTICS.get(statistic.upper(), statistic[:NAME_MAX]),
        period=period if isinstance(period, int) and 0 < period <= PERIOD_MAX else 0,
        threshold=_number(threshold),
    )


def _is_name(value: Json) -> bool:
    return isinstance(value, str) and 0 < len(value) <= NAME_MAX


def _number(value: Json) -> float | None:
    counts = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _VAST
    return float(value) if counts else None


def _name(pair: dict[str, Json], key: str) -> str:
    return said(pair.get(key))


def _reason(text: Json) -> dict[str, Json]:
    """The reason's data, which is JSON in a string."""
    try:
        return _object(json.decode(text)) if isinstance(text, str) else {}
    except json.JsonError:
        return {}


def _object(value: Json) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _objects(value: Json) -> list[dict[str, Any]]:
    return [each for each in value[:DIMENSIONS_MAX] if isinstance(each, dict)] if isinstance(value, list) else []
