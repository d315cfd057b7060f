"""The test alert of a deployment: what goes in, and when it counts as having come out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count

import pytest

from tests.aws.cloud import Cloud as Emulator
from tests.aws.cloud import arn
from tocsin.aws.accounts import Cloud
from tocsin.cli import deploy_alert
from tocsin.engine.ports import Confirmation, Received
from tocsin.engine.runner import Runner
from tocsin.engine.worker import Worker
from tocsin.errors import TocsinError
from tocsin.incidents.machine import IncidentMachine
from tocsin.kernel.time import Instant
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.settings_file import parse
from tocsin.wiring.settings_routes import routes

NOW = 1_790_000_000_000
MARK = "0123456789ab"


def clock(step: int = 1_000) -> Iterator[Instant]:
    return count(NOW, step)


def read(cloud: Emulator, over: bool) -> bytes:
    """What a queue behind a topic gets."""
    topic, queue = cloud.topic(), cloud.queue()
    cloud.subscribe(topic, queue, raw=True)
    deploy_alert.ring(Cloud(), topic, MARK, over=over)
    [message] = cloud.sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    assert arn(queue)
    return str(message["Body"]).encode()


def handled(store: MemoryStore, body: bytes) -> None:
    """As the functions would: read, decided, committed."""
    settings = parse(b"responders: {ada: {email: ada@example.com}}\nteams: {ops: {members: [ada]}}\n", {}).settings
    interpreter = Interpreter(routes(settings), {})
    store.accept([Received(received_at=NOW, channel="sqs", key="default", head=b"", body=body)])
    Worker(store, Runner(store, [IncidentMachine()]), interpreter.interpret, interpreter.poisoned).step(NOW)


def test_it_asks_nobody_and_ends_what_it_began(cloud: Emulator) -> None:
    firing, over = (json.loads(read(cloud, over)) for over in (False, True))
    assert firing["kind"] == "notification"
    assert (firing["status"], over["status"]) == ("firing", "resolved")
    assert firing["dedup_key"] == over["dedup_key"] == f"tocsin-deploy-{MARK}"


def test_it_has_come_out_when_all_that_had_to_leave_has_left(cloud: Emulator) -> None:
    store, body, times = MemoryStore(), read(cloud, over=False), clock()
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        """Between two looks the functions get on."""
        pauses.append(seconds)
        if len(pauses) == 1:
            handled(store, body)
        elif len(pauses) == 2:
            waiting = store.pending(NOW * 2, per_receiver=10)
            assert {each.kind for each in waiting}.isdisjoint({"page"})  # It is a notification.
            store.confirm(
                [
                    Confirmation(
                        id=each.id,
                        aggregate=each.aggregate,
                        receiver=each.receiver,
                        result="delivered",
                        at=NOW,
                        transport="slack",
                        receipt={"ts": "1"},
                    )
                    for each in waiting
                ]
            )

    arrived = deploy_alert.await_arrival(store, MARK, 60, lambda: next(times), sleep)
    assert len(pauses) >= 1
    assert [row.id for row in store.listing("incident", live_only=False, limit=9)] == [arrived.incident]
    assert set(arrived.ways) <= {"slack"}
    assert arrived.ms > 0


def test_one_that_is_stuck_on_its_way_out_says_where(cloud: Emulator) -> None:
    store, times = MemoryStore(), clock(10_000)
    handled(store, read(cloud, over=False))
    waiting = store.pending(NOW * 2, per_receiver=10)
    if not waiting:
        pytest.fail("a notification leaves for its room")
    with pytest.raises(TocsinError, match="its messages have not left: look at the log of the function"):
        deploy_alert.await_arrival(store, MARK, 60, lambda: next(times), lambda _: None)


def test_one_of_another_deployment_does_not_count(cloud: Emulator) -> None:
    store, times = MemoryStore(), clock(10_000)
    handled(store, read(cloud, over=False))
    with pytest.raises(TocsinError, match="it became no incident: look at the queue and its dead letters"):
        deploy_alert.await_arrival(store, "another", 60, lambda: next(times), lambda _: None)
