"""The metric of an alarm: read from both ways in which CloudWatch tells of it, and None where it is none."""

from __future__ import annotations

import pytest

from tocsin.incidents.alerts import Metric
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.sources.cloudwatch_metrics import DIMENSIONS_MAX, of_event, of_trigger

TRIGGER: dict[str, Json] = {
    "MetricName": "CPUUtilization",
    "Namespace": "AWS/EC2",
    "StatisticType": "Statistic",
    "Statistic": "AVERAGE",
    "Dimensions": [{"value": "i-0abc", "name": "InstanceId"}],
    "Period": 300,
    "EvaluationPeriods": 1,
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 80.0,
}
METRIC = Metric(
    namespace="AWS/EC2",
    name="CPUUtilization",
    dimensions=(("InstanceId", "i-0abc"),),
    statistic="Average",
    period=300,
    threshold=80.0,
)
STAT: dict[str, Json] = {
    "metric": {"namespace": "AWS/EC2", "name": "CPUUtilization", "dimensions": {"InstanceId": "i-0abc"}},
    "period": 300,
    "stat": "Average",
}
CONFIGURATION: dict[str, Json] = {"metrics": [{"id": "m1", "metricStat": STAT, "returnData": True}]}
STATE: dict[str, Json] = {"reasonData": json.encode({"threshold": 80.0}).decode()}


def test_both_ways_tell_of_the_same_metric() -> None:
    assert of_trigger(TRIGGER) == METRIC
    assert of_event(CONFIGURATION, STATE) == METRIC


def test_a_percentile_keeps_its_name() -> None:
    trigger = {**TRIGGER, "ExtendedStatistic": "p99"}
    del trigger["Statistic"]
    found = of_trigger(trigger)
    assert found is not None
    assert found.statistic == "p99"


@pytest.mark.parametrize(
    "trigger",
    [
        {},
        {"Metrics": [{"Id": "e1", "Expression": "m1/m2"}]},
        {"MetricName": "CPUUtilization"},
        {"MetricName": "", "Namespace": "AWS/EC2"},
        {"MetricName": ["x"], "Namespace": "AWS/EC2"},
        {"MetricName": "x" * 256, "Namespace": "AWS/EC2"},
    ],
)
def test_what_is_not_one_metric_is_none(trigger: dict[str, Json]) -> None:
    assert of_trigger(trigger) is None


@pytest.mark.parametrize(
    "configuration",
    [
        {},
        {"metrics": "x"},
        {"metrics": [CONFIGURATION["metrics"][0]] * 2},
        {"metrics": [{"expression": "m1/m2"}]},
        {"metrics": [{"metricStat": {"metric": {"namespace": "x"}}}]},
    ],
)
def test_an_expression_over_several_is_none(configuration: dict[str, Json]) -> None:
    assert of_event(configuration, STATE) is None


@pytest.mark.parametrize("reason", [None, 3, "", "no JSON", "[]", '{"threshold": "high"}', '{"threshold": true}'])
def test_a_reason_without_a_threshold_draws_no_line(reason: Json) -> None:
    found = of_event(CONFIGURATION, {"reasonData": reason})
    assert found is not None
    assert found.threshold is None


@pytest.mark.parametrize(
    ("more", "period", "threshold"),
    [
        ({"Period": 0}, 0, 80.0),
        ({"Period": "300"}, 0, 80.0),
        ({"Threshold": 1e305}, 300, None),
        ({"Period": 10**9}, 0, 80.0),
    ],
)
def test_odd_numbers_are_left_out(more: dict[str, Json], period: int, threshold: float | None) -> None:
    found = of_trigger(TRIGGER | more)
    assert found is not None
    assert (found.period, found.threshold) == (period, threshold)


def test_odd_dimensions_are_left_out() -> None:
    pairs: list[Json] = [{"name": "a", "value": ""}, {"name": 3}, "x", *({"name": "n", "value": "v"},) * 40]
    found = of_trigger(TRIGGER | {"Dimensions": pairs})
    assert found is not None
    assert set(found.dimensions) == {("n", "v")}
    assert len(found.dimensions) <= DIMENSIONS_MAX
