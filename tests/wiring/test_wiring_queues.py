"""The queues of the settings: each is read for its integration, its dead letters too, and trouble rings."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.aws.fake_queue import FakeQueue
from tests.wiring.serving import until
from tocsin.aws.addresses import Address, parse
from tocsin.aws.messages import Message, QueueError
from tocsin.aws.outage import PATIENCE
from tocsin.engine.ports import Delivery, Received
from tocsin.errors import StoreUnavailableError, TocsinError
from tocsin.incidents.alerts import AlertStatus, Severity
from tocsin.incidents.inputs import AlertReceived
from tocsin.kernel.time import Instant
from tocsin.testing.memory import MemoryStore
from tocsin.wiring.interpretation import Interpreter
from tocsin.wiring.queues import Queues, queue_report
from tocsin.wiring.readings import headers
from tocsin.wiring.settings_file import parse as read_settings
from tocsin.wiring.settings_routes import routes

HOST = "https://sqs.eu-west-1.amazonaws.com/111122223333"
ALERTS, TILLS, DEAD = f"{HOST}/alerts", f"{HOST}/tills", f"{HOST}/dead"
ARN = "arn:aws:sqs:eu-west-1:111122223333"
ROLE = "arn:aws:iam::111122223333:role/reads"


class World:
    """Queues by address, and the deliveries that came of them."""

    def __init__(self, config: str, **queues: FakeQueue) -> None:
        self.settings = read_settings(config.encode(), {}).settings
        self.queues = {f"{HOST}/{name}": queue for name, queue in queues.items()}
        self.store = MemoryStore()
        self.now: Instant = 1_000_000
        self.store_works = True
        self.connected: list[tuple[str, str | None]] = []

    def accept(self, *received: Received) -> None:
        if not self.store_works:
            raise StoreUnavailableError("disk full")
        self.store.accept(received)

    def connect(self, address: Address, role: str | None) -> FakeQueue:
        self.connected.append((address.name, role))
        return self.queues[address.url]

    def made(self) -> Queues:
        return Queues(self.settings, lambda: self.now, self.accept, self.store, connect=self.connect)

    @contextmanager
    def reading(self) -> Iterator[Queues]:
        queues = self.made()
        queues.start()
        try:
            yield queues
        finally:
            queues.stop()

    def deliveries(self) -> list[tuple[str, str, str, str]]:
        """Integration, queue, whose dead letter it is, and body."""
        found = [(each, headers(each.head)) for each in self.store.backlog(100)]
        return sorted(
            (each.key, head.get("x-sqs-queue", ""), head.get("x-sqs-dead-letters-of", ""), each.body.decode())
            for each, head in found
        )


def test_each_queue_is_read_for_its_integration_as_its_role() -> None:
    config = f"integrations: {{aws: {{queues: '{ALERTS}'}}, shop: {{queues: {{url: '{TILLS}', role: '{ROLE}'}}}}}}"
    world = World(config, alerts=FakeQueue("a"), tills=FakeQueue("t"))
    with world.reading():
        until(lambda: not world.queues[ALERTS].messages and not world.queues[TILLS].messages)
    assert world.deliveries() == [("aws", "alerts", "", "a"), ("shop", "tills", "", "t")]
    assert sorted(world.connected) == [("alerts", None), ("tills", ROLE)]


def test_the_dead_letters_that_a_policy_names_are_read_too_and_once() -> None:
    config = f"integrations: {{aws: {{queues: ['{ALERTS}', '{TILLS}']}}}}"
    world = World(config, alerts=FakeQueue(), tills=FakeQueue(), dead=FakeQueue("d"))
    world.queues[ALERTS].letters = world.queues[TILLS].letters = f"{ARN}:dead"
    with world.reading():
        until(lambda: not world.queues[DEAD].messages)
        until(lambda: len(world.connected) == 3)
    assert [row[3] for row in world.deliveries()] == ["d"]


def test_a_shared_dead_letter_queue_gives_each_message_to_its_own_integration() -> None:
    config = f"""
        integrations:
          aws: {{queues: {{url: '{ALERTS}', dead_letters: '{DEAD}'}}}}
          shop: {{queues: {{url: '{TILLS}', dead_letters: '{DEAD}'}}}}
    """
    world = World(config, alerts=FakeQueue(), tills=FakeQueue(), dead=Dead("d"))
    with world.reading():
        until(lambda: not world.queues[DEAD].messages)
    assert world.deliveries() == [("shop", "dead", "tills", "d")]


class Dead(FakeQueue):
    """What the tills could not take."""

    def receive(self) -> list[Message]:
        return [
            Message(id=each.id, receipt=each.receipt, body=each.body, origin=f"{ARN}:tills")
            for each in super().receive()
        ]


def test_a_dead_letter_queue_that_is_read_for_itself_stays_so() -> None:
    config = (
        f"integrations: {{aws: {{queues: {{url: '{ALERTS}', dead_letters: '{DEAD}'}}}}, late: {{queues: '{DEAD}'}}}}"
    )
    world = World(config, alerts=FakeQueue(), dead=FakeQueue("d"))
    with world.reading():
        until(lambda: not world.queues[DEAD].messages)
    assert world.deliveries() == [("late", "dead", "", "d")]


def test_a_dead_letter_queue_elsewhere_is_told_of_and_left(caplog: pytest.LogCaptureFixture) -> None:
    world = World(f"integrations: {{aws: {{queues: '{ALERTS}'}}}}", alerts=FakeQueue("a"))
    world.queues[ALERTS].letters = "arn:aws:sqs:us-east-1:111122223333:dead"
    with world.reading():
        until(lambda: not world.queues[ALERTS].messages)
    assert "a dead-letter queue is elsewhere, and is not read" in caplog.messages


def test_a_dead_letter_queue_that_is_found_after_the_end_is_left() -> None:
    world = World(f"integrations: {{aws: {{queues: '{ALERTS}'}}}}", alerts=FakeQueue())
    queues = world.made()
    queues.stop()
    address = parse(ALERTS)
    assert address is not None
    queues._found(address, f"{ARN}:dead")
    assert list(queues._consumers) == [ALERTS]


def test_a_queue_that_cannot_be_read_rings_and_another_process_ends_it() -> None:
    world = World(f"integrations: {{aws: {{queues: '{ALERTS}'}}}}", alerts=FakeQueue())
    reading = world.made()._consumers[ALERTS]._reading
    denied = QueueError("AccessDenied")
    reading.failed(denied)
    world.now += PATIENCE
    world.store_works = False
    reading.failed(denied)
    world.store_works = True
    reading.failed(denied)
    again = world.made()._consumers[ALERTS]._reading
    again.failed(denied)
    world.now += PATIENCE
    again.failed(denied)  # People know.
    again.worked()
    again.worked()
    assert [meaning(each, world)[:2] for each in world.store.backlog(9)] == [
        (AlertStatus.FIRING, "queue alerts cannot be read: AccessDenied"),
        (AlertStatus.RESOLVED, "queue alerts can be read again"),
    ]
    world.made()._consumers[ALERTS]._reading.worked()
    assert len(world.store.backlog(9)) == 2


def meaning(delivery: Delivery, world: World) -> tuple[AlertStatus, str, Severity | None, str, str]:
    """What the engine makes of it."""
    (found,) = Interpreter(routes(world.settings), {}).interpret(delivery).inputs
    assert isinstance(found.given, AlertReceived)
    alert = found.given.alert
    return alert.status, alert.title, alert.severity, alert.account, found.keys[0]


@pytest.mark.parametrize(("deed", "minor", "severity"), [("read", False, "high"), ("emptied", True, "warning")])
def test_a_report_and_its_end_have_one_key(deed: str, minor: bool, severity: str) -> None:
    address = parse(ALERTS)
    assert address is not None
    fires = queue_report(address, deed, QueueError("Odd"), 0, 1, minor=minor)
    ends = queue_report(address, deed, None, 2, 3, minor=minor)
    told, over = json.loads(fires.body), json.loads(ends.body)
    assert (fires.channel, fires.key, fires.received_at) == ("in", "tocsin", 1)
    assert (told["status"], over["status"]) == ("firing", "resolved")
    assert told["dedup_key"] == over["dedup_key"] == f"queue/{deed}/{ALERTS}"
    assert (told["severity"], told["account"], told["region"]) == (severity, "111122223333", "eu-west-1")
    assert "1970-01-01" in told["description"]


def test_without_the_sdk_a_queue_is_refused_with_the_command_that_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tocsin.aws.queue", raising=False)
    monkeypatch.setitem(sys.modules, "boto3", None)
    world = World(f"integrations: {{aws: {{queues: '{ALERTS}'}}}}")
    with pytest.raises(TocsinError) as caught:
        Queues(world.settings, lambda: 0, world.accept, world.store)
    assert caught.value.code == "aws-missing"
    assert 'pip install "tocsin[aws]"' in caught.value.message


def test_without_a_queue_the_sdk_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "tocsin.aws.queue", raising=False)
    monkeypatch.setitem(sys.modules, "boto3", None)
    world = World("")
    queues = Queues(world.settings, lambda: 0, world.accept, world.store)
    queues.start()
    queues.stop()
    assert "tocsin.aws.queue" not in sys.modules
