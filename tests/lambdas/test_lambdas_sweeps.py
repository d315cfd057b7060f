"""Streams, timers and queues are hints: the sweep finds what they have missed, and tells how things stand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lambdas.world import World
from tocsin.engine.ports import Received, Wake
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import parse_instant
from tocsin.lambdas import outbox, sweep, timers
from tocsin.testing.fake_slack import FakeSlack


def figures(text: str, part: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in text.splitlines() if line.startswith('{"_aws"')]
    return [line for line in lines if line["Part"] == part]


def test_the_sweep_sends_what_the_stream_has_missed(world: World) -> None:
    world.streaming = False
    world.alarm()
    world.run()
    world.sweep()
    assert not world.pages(world.ada)  # It is left to the stream for a moment.
    world.pass_time(61)
    assert len(world.pages(world.ada)) == 1
    world.streaming = True  # What it tells now was sent, and is not sent again.
    world.run()
    assert len(world.pages(world.ada)) == 1


def test_the_sweep_wakes_what_no_timer_has_woken(world: World) -> None:
    world.aws.trouble["StartExecution"] = "StateMachineDoesNotExist"
    world.alarm()
    world.run()
    assert not world.aws.timers
    world.pass_time(6 * 60)
    assert len(world.pages(world.grace)) == 1


def test_the_sweep_handles_what_was_stored_and_not_handled(world: World) -> None:
    alert = Received(received_at=world.clock(), channel="in", key="web", head=b"", body=b'{"title": "x"}')
    world.table.inner.accept([alert] * 130)
    world.sweep()
    assert not world.incidents()  # Whoever has stored it may be at it.
    world.pass_time(61)
    assert world.table.inner.health(world.clock()).backlog == 0
    assert len(world.incidents()) == 1


def test_a_refused_page_goes_another_way_and_is_told(world: World) -> None:
    world.slack.fail("conversations.open", "user_disabled", times=1)
    world.alarm()
    world.run()
    world.pass_time(61)
    assert len(world.pages(world.grace)) == 1  # Long before the timer.


def test_the_figures_tell_how_late_everything_is(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.alarm()
    world.run()
    world.clock.ahead += 7 * 60 * 1000
    world.sweep()
    told = figures(capsys.readouterr().out, "sweep")
    first = told[0]
    assert first["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Tests"
    assert 100 < first["OldestDue"] < 200
    assert first["OpenIncidents"] == 1
    assert (first["Backlog"], first["Broken"]) == (0, 0)
    assert 0 <= first["SweepLateness"] < 5
    assert {each["Name"] for each in first["_aws"]["CloudWatchMetrics"][0]["Metrics"]} <= first.keys()


@pytest.mark.usefixtures("world")
def test_a_sweep_that_does_not_know_its_minute_is_not_late(capsys: pytest.CaptureFixture[str]) -> None:
    sweep.handler({}, None)
    sweep.handler({"time": "soon"}, None)
    assert [each["SweepLateness"] for each in figures(capsys.readouterr().out, "sweep")] == [0, 0]


def test_what_cannot_be_woken_costs_nobody_else_the_wake(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.alarm("disk")
    world.alarm("cpu")
    world.run()
    world.streaming = False
    runner = world.running.thinking().runner
    bad = world.table.inner.listing("incident", live_only=True, limit=1)[0].id
    tick = runner._tick

    def broken(names: list[str], now: int) -> None:
        if bad in names:
            raise LookupError
        tick(names, now)

    monkeypatch.setattr(runner, "_tick", broken)
    monkeypatch.setattr(type(world.running.thinking()), "is_old", False)
    world.clock.ahead += 6 * 60 * 1000
    world.sweep()
    assert world.table.inner.due(world.clock(), 9) == [bad]


def test_the_configuration_becomes_inputs_once() -> None:
    with FakeSlack() as slack:
        world = World(slack, "digests: {daily: '09:00'}\n", integrations="    heartbeats: {backup: {every: 1h}}\n")
        world.sweep()
        beats = world.table.inner.listing("heartbeat", live_only=True, limit=9)
        assert len(beats) == 1
        stored = len(world.table.inner.deliveries(99))
        world.sweep()
        assert len(world.table.inner.deliveries(99)) == stored
        world.running.forget()


def test_every_round_has_its_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    config = """
schedules:
  primary: {time_zone: UTC, layers: [{responders: [ada], start: 2026-11-02}]}
storms: {}
heartbeat: {url: "https://beat.example.com/x"}
"""
    with FakeSlack() as slack:
        world = World(slack, config)
        beats: list[str] = []
        monkeypatch.setattr("tocsin.wiring.watch._fetch", beats.append)
        world.alarm()
        world.pass_time(16 * 60)
        assert len(beats) >= 15
        assert len(world.pages(world.grace)) >= 1
        world.running.forget()


def test_a_round_that_stumbles_hinders_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def stumble(_: object) -> None:
        raise LookupError

    monkeypatch.setattr("tocsin.wiring.doorkeeper.Doorkeeper.go_round", stumble)
    world.sweep()
    assert "a round stumbled" in caplog.text


# ── The outbox ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_while_the_store_is_away_the_stream_tells_it_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.alarm()
    world.inbox()

    def away(_: object) -> None:
        raise StoreUnavailableError("away")

    records = world.table.stream
    with monkeypatch.context() as patch:
        patch.setattr(world.table.inner, "records", away)
        world.running.forget()
        answer = outbox.handler({"Records": records}, None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    world.run()
    assert len(world.pages(world.ada)) == 1


def test_a_record_that_cannot_be_read_hinders_no_other(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.alarm()
    world.inbox()
    assert outbox.handler({"Records": [{}, *world.table.stream]}, None) == {"batchItemFailures": []}
    assert len(world.pages(world.ada)) == 1
    assert "cannot be read" in caplog.text
    assert outbox.handler({"Records": []}, None) == {"batchItemFailures": []}


# ── Timers ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("aggregate", ["1-p", "web/d/ü " * 60, "a" * 300, "", "\ud800"])
def test_a_timer_has_a_name_that_step_functions_takes(aggregate: str) -> None:
    name = timers.name(Wake(aggregate=aggregate, version=12_345_678_901, at=0))
    assert 0 < len(name) <= timers.NAME_MAX
    assert all(character.isascii() and (character.isalnum() or character in "-_") for character in name)


def test_timers_of_two_aggregates_or_two_versions_have_two_names() -> None:
    names = {
        timers.name(Wake(aggregate=aggregate, version=version, at=0))
        for aggregate in ("a/b", "a-b", "a" * 300, "a" * 301)
        for version in (1, 2)
    }
    assert len(names) == 8


def test_a_timer_is_never_early() -> None:
    at = parse_instant("2026-11-27T10:00:00.001Z")
    assert at is not None
    assert timers.when(at) == "2026-11-27T10:00:01Z"
    assert timers.when(at - 1) == "2026-11-27T10:00:00Z"


def test_a_timer_that_is_there_is_no_trouble(world: World, caplog: pytest.LogCaptureFixture) -> None:
    wake = Wake(aggregate="1-p", version=1, at=0)
    assert timers.start(world.running, [wake, wake]) == 0
    assert len(world.aws.timers) == 1
    world.aws.trouble["StartExecution"] = "status 500"
    assert timers.start(world.running, [wake]) == 1
    assert "a timer was not started" in caplog.text


def test_without_timers_the_sweep_is_enough() -> None:
    with FakeSlack() as slack:
        world = World(slack, TOCSIN_TIMER_ARN="")
        world.alarm()
        world.run()
        assert not world.aws.timers
        world.running.forget()
