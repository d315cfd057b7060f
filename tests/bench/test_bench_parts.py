"""The benchmark's own arithmetic: a wrong percentile would make every figure a lie."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import databases, document, figures, parsing, slack_storm, traffic, wrk
from bench.figures import Figure, Result
from bench.slack import Told
from tests.sources.life_rows import LIVES
from tocsin.incidents.machine import IncidentMachine
from tocsin.sqlite.store import SqliteStore

ONE = Figure(name="p99, ms", tocsin="12", other="150", ratio="0.08", target="at most 1.0", met=True)
OUTPUT = """Running 5s test @ http://127.0.0.1:1/
  1 threads and 64 connections
  4 requests in 5.01s, 36.45MB read
Requests/sec:      0.80
tocsin-bench {"requests":4,"us":2000000,"refused":1,"broken":0,"late":0,"p50_us":1500,"p99_us":12430}
"""


def table(*found: Figure, peer: str = "Alertmanager") -> Result:
    return Result(name="storm", figures=found, peer=peer)


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert figures.percentile(values, 0.99) == 99
    assert figures.percentile(values, 0.5) == 50
    assert figures.percentile(values, 1.0) == 100
    assert figures.percentile([7.0], 0.99) == 7


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        figures.percentile([], 0.99)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), st.floats(0.01, 1.0))
def test_at_least_the_share_is_not_above_the_percentile(values: list[float], share: float) -> None:
    found = figures.percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


def test_a_slow_minute_of_the_machine_does_not_change_the_ratio() -> None:
    assert figures.paired_ratio([200.0, 20.0, 200.0], [100.0, 10.0, 100.0]) == 2


def test_a_spread_names_the_range_only_where_there_is_one() -> None:
    assert figures.spread([7100.4]) == "7,100"
    assert figures.spread([1.0, 2.25, 3.0], 1) == "2.2 (1.0 to 3.0)"


def test_the_table_leaves_out_columns_that_nobody_fills() -> None:
    assert figures.markdown(table(Figure(name="pages", tocsin="3"))) == "|  | Tocsin |\n| --- | --: |\n| pages | 3 |"


def test_the_table_says_what_was_met_and_what_was_missed() -> None:
    lines = figures.markdown(table(ONE, msgspec.structs.replace(ONE, met=False))).splitlines()
    assert lines[2] == "| p99, ms | 12 | 150 | 0.08 | at most 1.0 | met |"
    assert lines[3].endswith("| **missed** |")


def test_the_table_names_what_is_compared_with() -> None:
    assert figures.markdown(table(ONE, peer="json.loads")).startswith("|  | Tocsin | json.loads | ratio |")


def test_the_terminal_gets_columns_that_stand_below_each_other() -> None:
    lines = figures.text(table(ONE, msgspec.structs.replace(ONE, name="accepted a second", met=False))).splitlines()
    assert lines[1].index("at most") == lines[2].index("at most")
    assert lines[2].endswith("missed")


def test_every_format_is_measured_and_what_is_json_is_compared() -> None:
    found = {sample.name: sample for sample in parsing.samples()}
    assert {life.name for life in LIVES} <= found.keys()
    assert all(sample.reader() for sample in found.values())
    assert found["prometheus, 100 in one body"].alerts == parsing.BATCH
    one, other = (parsing.measured(found[name], rounds=2, seconds=0.001) for name in ("prometheus", "text"))
    assert [len(rates) for rates in (*one, *other)] == [2, 2, 2, 0]
    assert parsing.figure(found["text"], *other).ratio == ""
    assert 0 < float(parsing.figure(found["prometheus"], *one).ratio) < 1


def test_only_the_measured_part_of_the_page_changes() -> None:
    storm, pages = (f"<!-- measured: {name} -->\nold\n<!-- end -->\n" for name in ("storm", "pages"))
    page = f"# Speed\n\n{storm}\nBy hand.\n\n{pages}"
    changed = document.rewritten(page, "storm", "| a \\1 |\n")
    assert changed == page.replace("storm -->\nold", "storm -->\n| a \\1 |", 1)
    assert document.rewritten(changed, "storm", "old") == page


@pytest.mark.parametrize("page", ["", "<!-- measured: storm -->\n<!-- end -->\n" * 2])
def test_a_page_without_the_part_or_with_two_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="needs one part"):
        document.rewritten(page, "storm", "new")


def test_wrk_tells_requests_and_waiting() -> None:
    load = wrk.parsed(OUTPUT)
    assert (load.accepted, load.rate, load.p99_ms) == (3, 1.5, 12.43)


def test_wrk_that_could_not_connect_is_told_with_its_words() -> None:
    with pytest.raises(ValueError, match="unable to connect"):
        wrk.parsed("unable to connect to 127.0.0.1:1 Connection refused\n")


def test_a_day_is_mostly_repetitions_and_every_new_incident_is_known_by_its_first_alert() -> None:
    sendings, firsts = traffic.day(20, seed=1)
    assert len(sendings) == 20 * traffic.PER_SECOND
    assert len(firsts) == len(sendings) // traffic.NEW_EVERY
    alerts = [msgspec.json.decode(sending.body)["alerts"][0] for sending in sendings]
    for number, position in firsts.items():
        name = f"new-{number}"
        assert [alert["labels"]["alertname"] for alert in alerts].index(name) == position
    ended = [alert for alert in alerts if alert["status"] == "resolved"]
    assert 0 < len(ended) <= len(sendings) // traffic.ENDED_EVERY
    assert len({alert["labels"]["alertname"] for alert in ended}) == len(ended)


def test_two_days_have_no_incident_in_common() -> None:
    assert not set(traffic.day(1, seed=1)[1]) & set(traffic.day(1, seed=2)[1])


def test_the_script_for_wrk_counts_to_its_end() -> None:
    lua = wrk.script("r1", each=100, last=400)
    assert re.search(r'RUN, LAST, EACH = 0, 0, "r1", 400, 100$', lua, re.MULTILINE)
    assert lua.count("function ") == 2


def test_a_multiplied_incident_is_one_that_the_engine_knows(tmp_path: Path) -> None:
    db = tmp_path / "tocsin.db"
    databases.open_incidents(db, 30, overdue=False)
    store = SqliteStore(db)
    try:
        health = store.health(0)
        rows = store.listing("incident", live_only=True, limit=100)
    finally:
        store.close()
    assert (health.live, health.backlog, health.broken) == ({"incident": 31}, 0, ())
    machine = IncidentMachine()
    states = [machine.decode(row.state) for row in rows]
    assert len({state.face.title for state in states}) == len({state.face.dedup_key for state in states}) == 31
    assert all(state.wake_at for state in states)


def test_a_multiplied_past_is_over(tmp_path: Path) -> None:
    db = tmp_path / "tocsin.db"
    databases.past_incidents(db, 30)
    store = SqliteStore(db)
    try:
        assert store.health(0).live == {}
        rows = store.listing("incident", live_only=False, limit=100)
        stories = [line.reason for line in store.timeline(rows[15].id, 10)]
    finally:
        store.close()
    assert len(rows) == 31
    assert stories == ["opened", "resolved by its source"]


def test_a_storm_of_slack_ends_what_it_began_and_its_messages_are_judged_by_what_they_name() -> None:
    sendings = list(slack_storm.storm(60, 6))
    alerts = [msgspec.json.decode(sending.body) for sending in sendings]
    assert [sending.at for sending in sendings] == sorted(sending.at for sending in sendings)
    assert Counter(alert["status"] for alert in alerts) == {"firing": 60, "resolved": len(slack_storm.over(60))}
    ended = slack_storm.over(60)
    bundle = Told("D1", ["2 incidents", "Resolved (high) gust-1 of", "High gust-2 of"], 1.0, 2.0)
    assert slack_storm.is_true(bundle, ended)
    assert not slack_storm.is_true(bundle, ended | {2})
    assert slack_storm.is_true(Told("C1", ["Resolved (high): gust-1", "gust-1"], 1.0, 2.0), ended)
    assert not slack_storm.is_true(Told("C1", ["High: gust-1", "gust-1"], 1.0, 2.0), ended)
    assert slack_storm.rung([bundle, bundle]) == {("D1", 1): 2, ("D1", 2): 2}
