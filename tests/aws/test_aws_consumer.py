"""A message is stored and only then deleted, whatever fails in between; and nothing is lost at the end."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from tests.aws.fake_queue import FakeQueue
from tests.wiring.serving import until
from tocsin.aws.consumer import EXTEND_EVERY, KNOWN_MAX, LOOK_EVERY, Consumer
from tocsin.aws.messages import HIDDEN_SECONDS, Message, QueueError
from tocsin.aws.outage import Outage
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import Instant


class World:
    """A consumer on a fake queue, with a store that can fail and a clock that stands still."""

    def __init__(self, *bodies: str, look: bool = False) -> None:
        self.queue = FakeQueue(*bodies)
        self.now: Instant = 1_000_000
        self.stored: list[str] = []
        self.troubles: list[str] = []  # The store's, one for each call; then it works.
        self.told: list[tuple[str, str]] = []
        self.found: list[str] = []
        self.connecting: list[str] = []
        self.consumer = Consumer(
            "alerts",
            self.connect,
            self.store,
            reading=self.outage("read"),
            emptying=self.outage("emptied"),
            clock=lambda: self.now,
            chance=lambda: 0.0,
            found=self.found.append if look else None,
        )

    def outage(self, deed: str) -> Outage:
        def tell(problem: QueueError | None, _: Instant) -> None:
            if problem is not None:
                self.told.append((deed, problem.code))

        return Outage("alerts", deed, lambda: self.now, tell, patience=0)

    def connect(self) -> FakeQueue:
        if self.connecting:
            raise QueueError(self.connecting.pop())
        return self.queue

    def store(self, messages: Sequence[Message]) -> None:
        assert all(each.id in self.queue.messages for each in messages), "deleted before it was stored"
        if self.troubles:
            self.now += EXTEND_EVERY
            raise StoreUnavailableError(self.troubles.pop())
        self.stored += [each.body for each in messages]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of some milliseconds instead of seconds."""
    monkeypatch.setattr("tocsin.engine.backoff.delay", lambda attempts, _: attempts)


def test_what_comes_is_stored_then_deleted() -> None:
    world = World("a", "b")
    world.consumer.step()
    assert (world.stored, world.queue.messages) == (["a", "b"], {})
    world.consumer.step()
    assert world.queue.asked == [("delete", ("m-1", "m-2"), 0)]


def test_while_the_store_is_down_messages_are_kept_hidden_and_nothing_is_deleted() -> None:
    world = World("a", "b")
    world.troubles = ["disk full", "disk full"]
    world.consumer.step()
    both = ("m-1", "m-2")
    assert world.queue.asked == [("hide", both, HIDDEN_SECONDS), ("hide", both, HIDDEN_SECONDS), ("delete", both, 0)]
    assert world.stored == ["a", "b"]


def test_hiding_that_fails_is_no_reason_to_stop() -> None:
    world = World("a")
    world.troubles = ["disk full"]
    world.queue.failing["hide"] = "Odd"
    world.consumer.step()
    assert (world.stored, world.queue.messages) == (["a"], {})


def test_what_could_not_be_deleted_is_not_stored_again_but_deleted_later() -> None:
    world = World("a", "b")
    world.queue.failing["delete"] = "AccessDenied"
    for _ in range(3):
        world.consumer.step()
        world.queue.show()
    assert (world.stored, world.told) == (["a", "b"], [("emptied", "AccessDenied")])
    del world.queue.failing["delete"]
    world.queue.undeletable["m-2"] = "ReceiptHandleIsInvalid"
    world.consumer.step()
    assert list(world.queue.messages) == ["m-2"]
    world.queue.show()
    world.queue.undeletable.clear()
    world.consumer.step()
    assert (world.queue.messages, world.stored) == ({}, ["a", "b"])
    world.queue.messages["m-1"] = "a"  # Deleted is forgotten: whatever comes under that number is stored.
    world.consumer.step()
    assert world.stored == ["a", "b", "a"]


def test_what_is_known_is_bounded() -> None:
    world = World(*(str(n) for n in range(KNOWN_MAX + 5)))
    world.queue.failing["delete"] = "AccessDenied"
    world.consumer.step()
    world.queue.show()
    world.consumer.step()
    assert len(world.stored) == KNOWN_MAX + 10
    assert len(world.consumer._known) == KNOWN_MAX


def test_a_queue_that_does_not_answer_is_tried_again_and_told_of() -> None:
    world = World("a")
    world.connecting = ["NoCredentials"]
    world.queue.failing["receive"] = "AccessDenied"
    world.consumer.start()
    until(lambda: len(world.told) == 1 and world.consumer._attempts > 3)
    assert world.told == [("read", "NoCredentials")]  # It is one outage.
    del world.queue.failing["receive"]
    until(lambda: not world.queue.messages)
    world.consumer.stop()
    assert world.stored == ["a"]


def test_a_reader_that_stumbles_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    world = World("a")

    def stumble() -> None:
        world.queue.before_answer = lambda: None
        raise ZeroDivisionError

    world.queue.before_answer = stumble
    world.consumer.start()
    until(lambda: not world.queue.messages)
    world.consumer.stop()
    assert "a queue's reader stumbled; it goes on" in caplog.messages


def test_what_a_poll_brings_after_the_end_is_given_back() -> None:
    world = World("a")
    asked, answer = threading.Event(), threading.Event()

    def wait() -> None:
        asked.set()
        answer.wait(10)

    world.queue.before_answer = wait
    world.consumer.start()
    asked.wait(10)
    world.consumer.stop()  # It does not wait for the poll.
    answer.set()
    until(lambda: world.queue.asked)
    assert (world.stored, world.queue.asked) == ([], [("hide", ("m-1",), 0)])


def test_a_poll_that_brings_nothing_or_fails_after_the_end_is_nothing() -> None:
    world = World()
    world.consumer.end()
    world.consumer.step()
    assert (world.queue.asked, world.told) == ([], [])
    world.queue.before_answer = world.consumer.end
    world.queue.failing["receive"] = "Odd"
    world.consumer.start()
    world.consumer.stop()
    assert world.told == []


def test_trouble_that_comes_with_the_end_is_told_to_nobody() -> None:
    world = World()
    begun = threading.Event()

    def end() -> None:
        begun.set()
        world.consumer.end()
        raise QueueError("Odd")

    world.queue.before_answer = end
    world.consumer.start()
    begun.wait(10)
    world.consumer._thread.join(10)
    assert world.told == []


def test_the_end_waits_for_what_is_at_hand_and_gives_back_what_cannot_be_stored() -> None:
    world = World("a")
    world.troubles = ["disk full"] * 1_000_000
    world.consumer.start()
    until(lambda: len(world.troubles) < 1_000_000)
    world.consumer.stop()
    assert (world.queue.asked[-1], world.stored) == (("hide", ("m-1",), 0), [])
    assert not world.queue.hidden


def test_the_end_does_not_wait_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    world = World("a")
    began, go_on = threading.Event(), threading.Event()

    def store(_: Sequence[Message]) -> None:
        began.set()
        go_on.wait(10)

    world.consumer._store = store
    world.consumer.start()
    began.wait(10)
    world.consumer.stop(0.01)
    go_on.set()
    assert caplog.messages == ["messages at hand are left to the queue, which shows them again"]


def test_a_dead_letter_queue_is_looked_for_now_and_then() -> None:
    world = World(look=True)
    world.consumer.step()
    assert world.found == []
    world.queue.letters = "arn:aws:sqs:eu-west-1:111122223333:dead"
    world.consumer.step()
    assert world.found == []
    world.now += LOOK_EVERY
    world.consumer.step()
    assert world.found == [world.queue.letters]


def test_that_nobody_may_look_for_it_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    world = World("a", look=True)
    world.queue.failing["dead_letters"] = "AccessDenied"
    for _ in range(2):
        world.consumer.step()
        world.now += LOOK_EVERY
    assert [message for message in caplog.messages if "dead-letter" in message] == [
        "whether a queue has a dead-letter queue is not known; `dead_letters` can name it"
    ]
    assert world.stored == ["a"]
