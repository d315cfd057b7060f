"""The model of AWS's limits limits, and docs/scale.md tells what the simulation finds."""

from __future__ import annotations

import math
import os
import random
from pathlib import Path
from typing import Any

from bench import scale
from bench.dynamo_limits import PARTITION_WRITES, PUT_MS, Bucket, Table
from tocsin import stack

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
CORE: Any = stack.load()


def test_the_page_says_what_is_simulated() -> None:
    page = PAGE.read_text(encoding="utf-8")
    wanted = page
    for name, table in (("simulated", scale.simulated()), ("on paper", scale.on_paper())):
        before, _, rest = wanted.partition(f"<!-- {name} -->\n")
        _, end, after = rest.partition(f"<!-- /{name} -->")
        assert end, name
        wanted = f"{before}<!-- {name} -->\n\n{table}\n\n{end}{after}"
    if os.environ.get("UPDATE"):
        PAGE.write_text(wanted, encoding="utf-8")
    else:
        assert page == wanted, "UPDATE=1 pytest tests/stack"


def test_the_loads_that_must_be_carried_are() -> None:
    carried = [(load, scale.outcome(load)) for _, _, load, must in scale.RUNS if must]
    assert {(load.rate, load.keys) for load, _ in carried} >= {(10_000, 1000), (1000, 1)}
    for load, found in carried:
        assert found.bounded, load
        assert found.left < found.arrived / 1000


def test_a_queue_without_enough_functions_grows() -> None:
    found = scale.World(scale.Load(rate=1000, keys=1000, concurrency=1, seconds=20)).run()
    assert not found.bounded
    assert found.age_late > scale.AGE_MAX


def test_a_table_without_enough_units_throttles() -> None:
    found = scale.World(scale.Load(rate=2000, keys=1000, concurrency=50, writes=5000, seconds=10)).run()
    assert found.throttled > 0
    assert found.units < 5000 * 1.1
    assert not found.bounded


def test_nothing_is_handled_twice_and_nothing_invented() -> None:
    world = scale.World(scale.Load(rate=500, keys=3, concurrency=30, seconds=10))
    found = world.run()
    assert found.handled + found.left <= found.arrived
    assert found.races > 0
    assert sum(world._versions.values()) == found.commits


def test_a_run_is_the_same_every_time() -> None:
    load = scale.Load(rate=500, keys=10, concurrency=10, seconds=5)
    assert scale.World(load).run() == scale.World(load).run()


def test_the_load_as_it_is_deployed_is_the_templates() -> None:
    parameters = CORE["Parameters"]
    deployed = [load for _, settings, load, _ in scale.RUNS if settings == "as it is deployed"]
    assert deployed
    for load in deployed:
        assert load.concurrency == parameters["InboxConcurrency"]["Default"]
        assert load.batch == parameters["InboxBatch"]["Default"]


def test_a_partition_gives_its_units_each_second_and_no_more() -> None:
    bucket = Bucket(PARTITION_WRITES)
    given = sum(bucket.take(second / 100, 10.0) for second in range(1000))
    assert given * 10 <= 11 * PARTITION_WRITES
    assert given * 10 >= 10 * PARTITION_WRITES


def test_one_key_has_one_partition_and_many_have_many() -> None:
    table = Table(random.Random(1), writes=40_000, shards=16)
    hot = sum(table.hot(0.0, 1, 10.0) for _ in range(1000))
    many = sum(table.hot(0.0, key, 10.0) for key in range(2, 1002))
    assert hot == PARTITION_WRITES / 10
    assert many == 1000


def test_latencies_have_the_median_that_is_said() -> None:
    table = Table(random.Random(1), writes=40_000, shards=16)
    found = sorted(table.latency(PUT_MS) for _ in range(2001))
    assert math.isclose(found[1000], PUT_MS[0] / 1000, rel_tol=0.1)


def test_a_limit_that_is_reached_is_bold() -> None:
    table = scale.on_paper()
    assert "| HTTP API: requests a second | 10,000 | 1,000 | 10,000 | **16,667** |" in table
