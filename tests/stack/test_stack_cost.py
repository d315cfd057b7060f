"""The bill follows from the template, from what an alert needs, and from prices; docs/cost.md says the same."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tocsin import stack
from tocsin.stack import cost_page, demand, prices
from tocsin.stack.cost import MONTH_SECONDS, Bill, bill

PAGE = Path(__file__).parents[2] / "docs" / "cost.md"
CORE: Any = stack.load()


def line(given: Bill, price: prices.Price) -> float:
    return next(each.count for each in given.lines if each.price is price)


def rewritten(page: str) -> str:
    for name, table in cost_page.tables(CORE).items():
        before, _, rest = page.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        assert end, name
        page = f"{before}<!-- {name} -->\n\n{table}\n\n{end}{after}"
    return page


def test_the_page_says_what_is_computed() -> None:
    page = PAGE.read_text(encoding="utf-8")
    wanted = rewritten(page)
    if os.environ.get("UPDATE"):
        PAGE.write_text(wanted, encoding="utf-8")
    else:
        assert page == wanted, "UPDATE=1 pytest tests/stack"


@pytest.mark.parametrize("region", prices.REGIONS)
def test_an_idle_stack_costs_a_few_dollars_and_most_of_them_are_the_watch(region: str) -> None:
    found = bill(CORE, 0, region, free=False)
    watch = sum(
        each.dollars for each in found.lines if each.price in {prices.ALARMS, prices.METRICS, prices.DASHBOARDS}
    )
    assert found.dollars < 15
    assert watch / found.dollars > 0.8
    assert bill(CORE, 0, region).dollars < 6


def test_polls_are_counted_for_each_queue_that_lambda_reads() -> None:
    polls = 2 * 5 * MONTH_SECONDS / 20
    assert line(bill(CORE, 0), prices.SQS) == polls
    one: Any = json.loads(json.dumps(CORE))
    del one["Resources"]["DeadMapping"]
    assert line(bill(one, 0), prices.SQS) == polls / 2


def test_the_sweeps_rate_is_the_templates() -> None:
    rarer: Any = json.loads(json.dumps(CORE))
    rarer["Resources"]["SweepRule"]["Properties"]["ScheduleExpression"] = "rate(2 minutes)"
    assert line(bill(CORE, 0), prices.LAMBDA_REQUESTS) == 43_200
    assert line(bill(rarer, 0), prices.LAMBDA_REQUESTS) == 21_600


def test_an_alarm_costs_as_many_metrics_as_it_looks_at() -> None:
    more: Any = json.loads(json.dumps(CORE))
    metric = {"MetricStat": {"Stat": "Sum"}}
    more["Resources"]["Sum"] = {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {"Metrics": [{"Expression": "a + b"}, metric, metric]},
    }
    assert line(bill(more, 0), prices.ALARMS) == line(bill(CORE, 0), prices.ALARMS) + 2


def test_alerts_come_together_when_there_are_many() -> None:
    assert demand.batch(0.001, 80) == 1
    assert demand.batch(100, 80) == 20
    assert demand.batch(10_000, 80) == 80
    few, many = (bill(CORE, alerts, free=False) for alerts in (10**6, 10**9))
    assert line(many, prices.WRITES) / 10**9 < line(few, prices.WRITES) / 10**6


def test_what_is_free_is_free_once() -> None:
    price = prices.SQS
    assert price.dollars(500_000, "us-east-1", free=True) == 0
    assert price.dollars(3_000_000, "us-east-1", free=True) == pytest.approx(0.8)
    assert price.dollars(3_000_000, "us-east-1", free=False) == pytest.approx(1.2)


def test_timers_as_delayed_messages_need_no_transitions() -> None:
    assert line(bill(CORE, 10**6), prices.TRANSITIONS) == 2_000_000
    assert line(bill(CORE, 10**6, timers=False), prices.TRANSITIONS) == 0


def test_the_window_and_the_batch_are_those_of_the_template() -> None:
    mapping = CORE["Resources"]["InboxMapping"]["Properties"]
    assert mapping["MaximumBatchingWindowInSeconds"] == demand.WINDOW_SECONDS
    most = CORE["Parameters"][mapping["BatchSize"]["Ref"]]["Default"]
    assert most + 20 <= 100  # The inputs of a batch, and what else a commit has, are one transaction.


def test_every_price_says_where_it_stands_and_how_we_know() -> None:
    assert [each.name for each in prices.PRICES if not each.page.startswith("aws.amazon.com/") or not each.seen] == []
    assert len({each.name for each in prices.PRICES}) == len(prices.PRICES)


def test_money_and_counts_read_well() -> None:
    assert [cost_page.money(each) for each in (0.004, 9.5, 8061.2)] == ["$0.00", "$9.50", "$8,061"]
    assert [cost_page.count(each) for each in (0, 37, 1500, 2.5e6, 3e9)] == ["0", "37", "1.5 k", "2.5 M", "3.0 G"]
