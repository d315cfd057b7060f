"""The figures for Prometheus: each counts what its help says, and a store that is away is itself a figure."""

from __future__ import annotations

import re

import pytest

from tocsin.engine.ports import Commit, Delivery, Handled, Health, Outgoing
from tocsin.engine.runner import Outcome
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import SECOND, Instant
from tocsin.wiring.metrics import Metrics

NOW: Instant = 1_795_000_000_000
WELL = Health(
    backlog=2,
    oldest_backlog_at=NOW - 5 * SECOND,
    oldest_due_at=NOW + SECOND,
    pending=3,
    oldest_pending_at=NOW - 1500,
    live={"incident": 4, "heartbeat": 1},
    broken=("7",),
)


def figures(metrics: Metrics) -> dict[str, float]:
    lines = re.findall(r"^(tocsin_\S+) (\S+)$", metrics.text().decode(), re.MULTILINE)
    return {name: float(value) for name, value in lines if "_created" not in name}


def delivery(channel: str) -> Delivery:
    return Delivery(id="1", received_at=NOW, channel=channel, key="", head=b"", body=b"")


def page(created_at: Instant) -> Outgoing:
    return Outgoing(
        id="1/0/0", aggregate="1", machine="incident", receiver="responder:ada", kind="page", facts={}, coalesce="",
        urgent=True, created_at=created_at, not_before=created_at,
    )  # fmt: skip


@pytest.fixture
def metrics() -> Metrics:
    return Metrics(lambda _: WELL, lambda: NOW)


def test_deliveries_are_counted_by_what_became_of_them(metrics: Metrics) -> None:
    metrics.accepted(5)
    metrics.refused("key")
    metrics.refused("key")
    metrics.refused("overload")
    metrics.settled(delivery("in"), "", [Outcome("1", "opened"), Outcome("1", "joined")])
    metrics.settled(delivery("in"), "undecodable: not JSON", [Outcome("2", "opened")])
    metrics.settled(delivery("console"), "", [Outcome("1", "acknowledged")])
    found = figures(metrics)
    assert {name: value for name, value in found.items() if "deliveries" in name or "inputs" in name} == {
        "tocsin_deliveries_accepted_total": 5,
        'tocsin_deliveries_refused_total{why="key"}': 2,
        'tocsin_deliveries_refused_total{why="overload"}': 1,
        "tocsin_deliveries_parsed_total": 1,
        "tocsin_deliveries_undecodable_total": 1,
        'tocsin_inputs_handled_total{reason="opened"}': 2,
        'tocsin_inputs_handled_total{reason="joined"}': 1,
        'tocsin_inputs_handled_total{reason="acknowledged"}': 1,
    }


def test_pages_are_counted_by_result_and_those_that_arrived_are_timed(metrics: Metrics) -> None:
    metrics.result(page(NOW - 200), "slack", "delivered")
    metrics.result(page(NOW - 9000), "ntfy", "failed")
    found = figures(metrics)
    assert found['tocsin_effects_total{kind="page",result="delivered",transport="slack"}'] == 1
    assert found['tocsin_effects_total{kind="page",result="failed",transport="ntfy"}'] == 1
    assert found['tocsin_effect_delay_seconds_count{kind="page"}'] == 1
    assert found['tocsin_effect_delay_seconds_sum{kind="page"}'] == pytest.approx(0.2)
    assert found['tocsin_effect_delay_seconds_bucket{kind="page",le="0.1"}'] == 0
    assert found['tocsin_effect_delay_seconds_bucket{kind="page",le="0.2"}'] == 1


def test_the_health_of_the_store_is_measured_at_each_scrape(metrics: Metrics) -> None:
    found = figures(metrics)
    assert {name: value for name, value in found.items() if "{" not in name and not name.endswith("_total")} == {
        "tocsin_store_up": 1,
        "tocsin_backlog": 2,
        "tocsin_oldest_backlog_age_seconds": 5,
        "tocsin_oldest_due_age_seconds": 0,
        "tocsin_undelivered": 3,
        "tocsin_oldest_undelivered_age_seconds": 1.5,
        "tocsin_open_incidents": 4,
        "tocsin_broken_promises": 1,
    }


def test_a_store_that_is_away_is_a_figure() -> None:
    def away(_: Instant) -> Health:
        raise StoreUnavailableError("disk I/O error")

    found = figures(Metrics(away, lambda: NOW))
    assert found["tocsin_store_up"] == 0
    assert "tocsin_backlog" not in found


def test_deliveries_that_wait_for_their_rate_are_counted_by_integration() -> None:
    parked = Metrics(lambda _: WELL, lambda: NOW, lambda: {"prod": 7})
    assert figures(parked)['tocsin_parked{integration="prod"}'] == 7


def test_held_pages_are_counted_by_what_came_of_them(metrics: Metrics) -> None:
    for machine, reason in (
        ("incident", "held"), ("incident", "held"), ("incident", "hold over"), ("incident", "recovered while held"),
        ("incident", "opened"), ("heartbeat", "held"),
    ):  # fmt: skip
        handled = (Handled("1", NOW, reason, ""),)
        metrics.committed(
            [
                Commit(
                    aggregate="1", machine=machine, expected=0, state=b"", wake_at=None, live=True, owes=False,
                    rank=0, handled=handled,
                )
            ]
        )  # fmt: skip
    assert {name: value for name, value in figures(metrics).items() if "holds" in name} == {
        'tocsin_holds_total{result="held"}': 2,
        'tocsin_holds_total{result="late"}': 1,
        'tocsin_holds_total{result="saved"}': 1,
    }
