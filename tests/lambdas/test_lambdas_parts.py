"""Parts of the serverless runtime by themselves: what is known, what waits, what breaks while it is made."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from tests.lambdas.world import World
from tocsin.aws.calls import AwsError
from tocsin.engine.ports import Delivered, DeliveryResult, Job, Outgoing, Postponed, Received
from tocsin.engine.runner import Addressed, Outcome
from tocsin.errors import StoreUnavailableError
from tocsin.executions.receivers import ANSWER
from tocsin.incidents.silence_machine import SilenceMachine, SilenceSet
from tocsin.incidents.silences import Silence
from tocsin.kernel.time import HOUR
from tocsin.lambdas import inbox
from tocsin.testing.fake_slack import FakeSlack
from tocsin.wiring.serverless_asking import StatesAnswers
from tocsin.wiring.serverless_intake import OUTCOMES_MAX, DirectIntake, Errands

ALERT = json.dumps({"title": "the queue is long", "status": "firing"})


def away(*_: object, **__: object) -> Any:  # noqa: ANN401 - of any method.
    raise StoreUnavailableError("away")


def silence(world: World) -> None:
    """Somebody silences everything of the team."""
    now = world.clock()
    wanted = Silence(
        id="s-1",
        integration="",
        matchers=(),
        team="ops",
        starts_at=now,
        ends_at=now + HOUR,
        created_by="ada",
        comment="we deploy",
    )
    given = Addressed(
        input_id="s/0", machine=SilenceMachine.name, given=SilenceSet(wanted), aggregate="s-1", fresh="s-1"
    )
    world.running.thinking().runner.handle([given], now)


def test_a_silence_mutes_what_comes_after_it_in_every_process() -> None:
    with FakeSlack() as slack:
        world = World(slack)
        other = world.running
        other.thinking()
        world.be_born()
        world.alarm("before")
        world.run()
        silence(world)  # It comes into being in this process, and looks whom it concerns.
        world.run()
        assert world.table.inner.listing(SilenceMachine.name, live_only=True, limit=9)
        world.clock.ahead += 1500
        assert other.thinking().books.silences._live  # The pulse has said so.
        world.alarm("after")
        world.run()
        assert len(world.pages(world.ada)) == 1  # Of the one before.
        world.running.forget()
        other.forget()


def test_without_a_pulse_a_silence_is_known_a_minute_later(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeSlack() as slack:
        world = World(slack)
        other = world.running
        other.thinking()
        world.be_born()
        put = world.table.inner.put_record
        monkeypatch.setattr(
            world.table.inner, "put_record", lambda kind, *rest: away() if kind == "pulse" else put(kind, *rest)
        )
        silence(world)
        world.clock.ahead += 1500
        assert not other.thinking().books.silences._live
        world.clock.ahead += 60_000
        assert other.thinking().books.silences._live
        world.running.forget()
        other.forget()


def test_what_recovers_by_itself_is_held_by_its_history() -> None:
    with FakeSlack() as slack:
        world = World(slack, integrations="    transient_hold: learned\n")
        for turn in range(4):
            world.gateway(json.dumps({"title": "flaps", "status": "firing", "dedup_key": "f", "n": turn}))
            world.run()
            world.gateway(json.dumps({"title": "flaps", "status": "resolved", "dedup_key": "f", "n": turn}))
            world.run()
        assert world.running.thinking().books.histories("web", "f")
        assert not world.running.thinking().books.histories("web", "unknown")
        world.running.forget()


def test_remedies_change_the_plan_of_nothing_when_there_are_none(world: World) -> None:
    world.alarm()
    world.run()
    (incident,) = world.incidents()
    books = world.running.thinking().books
    assert books.quieter(incident.plan, incident.face, "default") is incident.plan


def test_outcomes_are_told_once_and_not_kept_for_ever(world: World) -> None:
    errands = Errands(world.running.thinking())
    intake = DirectIntake(errands)
    received = Received(received_at=world.clock(), channel="in", key="web", head=b"", body=ALERT.encode())
    name = asyncio.run(intake.accept(received))
    (told,) = asyncio.run(intake.outcome(name, 1.0))
    assert told.reason
    assert not errands.outcome(name)
    assert errands.do(replace(received, body=b'{"title": "another"}'))
    delivery = world.table.inner.delivery(name)
    for number in range(OUTCOMES_MAX + 5):
        errands._settled(replace(delivery, id=str(10_000 + number)), "", [Outcome("", "ignored")])
    assert not errands.outcome("10001")
    assert errands.outcome(str(10_000 + OUTCOMES_MAX))


def test_what_breaks_while_ways_are_made_is_closed_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.wiring.chat_care.caring", away)
    with pytest.raises(StoreUnavailableError):
        world.running.reach()
    monkeypatch.undo()
    world.alarm()
    world.run()
    assert len(world.pages(world.ada)) == 1


def test_aggregates_that_cannot_be_woken_are_told_and_stay_due(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.alarm()
    world.run()
    world.clock.ahead += 6 * 60 * 1000
    thinking = world.running.thinking()
    monkeypatch.setattr(type(thinking), "is_old", False)

    def broken(*_: object) -> None:
        raise LookupError

    monkeypatch.setattr(thinking.runner, "_tick", broken)
    world.timers()
    assert inbox.take(world.running, world.aws.queue) == set()
    assert "aggregates cannot be woken" in caplog.text
    world.aws.queue.clear()


def test_dead_letters_that_are_no_json_are_kept_too(world: World) -> None:
    world.aws.send("no json at all")
    world.gateway(ALERT)
    world.dead, world.aws.queue = world.aws.queue, []
    world.bury()
    kept = [row for row in world.table.inner.deliveries(9) if row.outcome.startswith("dead letter")]
    assert len(kept) == 2


def test_a_chat_that_hears_nothing_has_its_deliveries_stored(world: World) -> None:
    talk = world.running.talk()
    talk.hear(Received(received_at=world.clock(), channel="elsewhere", key="", head=b"", body=b"{}"))
    world.running.thinking().drain()
    assert [row.channel for row in world.table.inner.deliveries(9)] == ["elsewhere"]


def test_rooms_are_looked_at_when_somebody_invites_the_bot(world: World) -> None:
    world.slack.add_channel("payments", [world.ada, world.slack.bot])
    world.running.talk().follow()
    world.running.thinking().drain()
    assert any("payments" in name for name in world.running.thinking().room_book.settings.teams)


def test_storms_are_looked_after_by_the_sweep() -> None:
    with FakeSlack() as slack:
        world = World(slack, "storms: {more_than: 3}\n")
        for number in range(8):
            world.alarm(f"disk-{number}")
        world.run()
        world.pass_time(121)
        assert len(world.pages(world.ada)) < 8
        health = world.table.inner.health(world.clock())
        assert (health.broken, health.backlog) == ((), 0)
        world.running.forget()


# ── Answers for Step Functions ───────────────────────────────────────────────────────────────────────────────────────
class Inner:
    name = "tasks"

    def deliver(self, address: str, jobs: Sequence[Job]) -> Sequence[DeliveryResult]:
        return [Delivered({"address": address})] * len(jobs)


def job(kind: str, run: str) -> Job:
    facts = {"run": run, "task": "question", "output": 1}
    outgoing = Outgoing(
        id="1/0",
        aggregate="q",
        machine="approval",
        receiver="task:x",
        kind=kind,
        facts=facts,
        coalesce="",
        urgent=False,
        created_at=0,
        not_before=0,
    )
    return Job(outgoing, None, None)


def test_what_is_for_our_own_runs_goes_on_to_them(world: World) -> None:
    transport = StatesAnswers(Inner(), world.table, world.aws, world.table.accept, world.clock)
    found = transport.deliver("task:x", [job(ANSWER, "12-r"), job("task", "states/1"), job(ANSWER, "states/1")])
    assert found == [Delivered({"address": "task:x"}), Delivered({"address": "task:x"}), Delivered()]
    assert not world.aws.answers  # Nobody waits for the last one.


def test_an_answer_waits_for_the_store_and_for_step_functions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    transport = StatesAnswers(Inner(), world.table, world.aws, world.table.accept, world.clock)
    world.table.inner.put_record("states-token", "1", "token")
    world.aws.trouble["SendTaskSuccess"] = "status 500"
    (found,) = transport.deliver("task:x", [job(ANSWER, "states/1")])
    assert found == Postponed(str(AwsError("SendTaskSuccess", "status 500")))
    monkeypatch.setattr(world.table.inner, "record", away)
    (found,) = transport.deliver("task:x", [job(ANSWER, "states/1")])
    assert found == Postponed("away", counts=False)
