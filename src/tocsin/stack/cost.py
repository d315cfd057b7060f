"""What a month costs: the template says what there is, `demand` what an alert needs, `prices` what AWS asks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tocsin.kernel.json import Json
from tocsin.stack import demand, prices
from tocsin.stack.demand import Mix
from tocsin.stack.prices import Price

MONTH_SECONDS: Final = 30 * 86_400
SAMPLED: Final = 0.05  # X-Ray keeps the first request of a second, and so many of the others.

_GIGA: Final = 1e9
_EVERY: Final = re.compile(r"rate\((\d+) minutes?\)")


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """So much of something, and what it costs."""

    price: Price
    count: float
    dollars: float


class Bill(msgspec.Struct, frozen=True, kw_only=True):
    """A month."""

    alerts: float
    region: str
    lines: tuple[Line, ...]

    @property
    def dollars(self) -> float:
        """All together."""
        return sum(line.dollars for line in self.lines)


def bill(
    template: Mapping[str, Json],
    alerts: float,
    region: str = prices.REGIONS[0],
    *,
    free: bool = True,
    mix: Mix = demand.MIX,
    timers: bool = True,
) -> Bill:
    """A month with so many *alerts*, evenly spread.

    *free*: with what AWS gives every account every month, as if nothing else in it used that. *timers* False: wake-ups
    within a quarter of an hour, all of them here, are delayed messages of SQS instead of executions of Step Functions.
    """
    counts = _counts(template, alerts, mix, timers=timers)
    lines = tuple(
        Line(price=price, count=counts[price.name], dollars=price.dollars(counts[price.name], region, free=free))
        for price in prices.PRICES
    )
    return Bill(alerts=alerts, region=region, lines=lines)


def _counts(template: Mapping[str, Json], alerts: float, mix: Mix, *, timers: bool) -> dict[str, float]:
    """How much of each price's units a month needs."""
    polled = _mappings(template, queues=True)
    size = demand.batch(alerts / MONTH_SECONDS, _batch_size(template))
    batches = alerts / size
    wakes = alerts * mix.wakes
    needed = (
        (demand.ALERT, alerts),
        (demand.BATCH, batches),
        (demand.COMMIT, alerts * mix.commits),
        (demand.EFFECT, alerts * mix.effects),
        (demand.WAKE, wakes),
        (demand.SWEEP, _sweeps(template)),
    )
    received = 2 * batches * -(-size // demand.RECEIVE_MAX) if alerts else 0.0
    idle = len(polled) * demand.POLLERS * MONTH_SECONDS / demand.POLL_SECONDS
    invocations = sum(need.invocations * count for need, count in needed)
    transitions = sum(need.transitions * count for need, count in needed)
    stored = sum(need.stored_bytes * count for need, count in needed) * demand.KEPT_MONTHS / _GIGA
    return {
        prices.API.name: sum(need.api * count for need, count in needed),
        prices.SQS.name: sum(need.sqs * count for need, count in needed) + received + idle,
        prices.LAMBDA_REQUESTS.name: invocations,
        prices.LAMBDA_TIME.name: sum(need.seconds * need.megabytes / 1024 * count for need, count in needed),
        prices.WRITES.name: sum(need.writes * count for need, count in needed),
        prices.READS.name: sum(need.reads * count for need, count in needed),
        prices.STORAGE.name: stored,
        prices.TRANSITIONS.name: transitions if timers else 0.0,
        prices.LOGS.name: sum(need.log_bytes * count for need, count in needed) / _GIGA,
        prices.ALARMS.name: float(_alarm_metrics(template)),
        prices.METRICS.name: float(demand.OWN_METRICS + (demand.RESULT_METRICS if alerts else 0)),
        prices.DASHBOARDS.name: float(len(_of_type(template, "AWS::CloudWatch::Dashboard"))),
        prices.TRACES.name: _traces(invocations),
    }


def _traces(requests: float) -> float:
    """How many requests X-Ray keeps when they are spread evenly."""
    first = min(requests, MONTH_SECONDS)
    return first + (requests - first) * SAMPLED


# ── What the template says ───────────────────────────────────────────────────────────────────────────────────────────
def _of_type(template: Mapping[str, Json], kind: str) -> list[dict[str, Any]]:
    resources: Any = template["Resources"]
    return [each["Properties"] for each in resources.values() if each["Type"] == kind]


def _mappings(template: Mapping[str, Json], *, queues: bool) -> list[dict[str, Any]]:
    """Event source mappings of queues, which Lambda polls at our expense, or of streams, which it polls at its own."""
    found = _of_type(template, "AWS::Lambda::EventSourceMapping")
    return [each for each in found if ("StartingPosition" not in each) is queues]


def _batch_size(template: Mapping[str, Json]) -> int:
    """The most that a mapping takes at once; a parameter counts by its default."""
    parameters: Any = template.get("Parameters", {})
    sizes = (each["BatchSize"] for each in _mappings(template, queues=True))
    return max(int(parameters[size["Ref"]]["Default"] if isinstance(size, dict) else size) for size in sizes)


def _sweeps(template: Mapping[str, Json]) -> float:
    """Runs a month of the rules with a rate."""
    rules = _of_type(template, "AWS::Events::Rule")
    found = (_EVERY.fullmatch(each.get("ScheduleExpression", "")) for each in rules)
    return sum(MONTH_SECONDS / (60 * int(each[1])) for each in found if each)


def _alarm_metrics(template: Mapping[str, Json]) -> int:
    """How many metrics alarms look at: that is what is paid."""
    alarms = _of_type(template, "AWS::CloudWatch::Alarm")
    return sum(max(1, sum("MetricStat" in one for one in each.get("Metrics", []))) for each in alarms)
