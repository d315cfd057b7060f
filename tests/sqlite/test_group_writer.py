"""The group-committing writer: everybody is answered, in order, and only for what is on the disk."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Queue

import pytest

from tests.sqlite.connections import Mode, Trouble, UnsyncedConnection
from tocsin.engine.ports import Received
from tocsin.errors import StoreUnavailableError
from tocsin.sqlite.connection import Connection
from tocsin.sqlite.store import SqliteStore
from tocsin.sqlite.writer import GROUP_BYTES_MAX, GROUP_MAX, Answers, GroupWriter
from tocsin.testing.conformance.subject import received

TIMEOUT_S = 20


class SlowStore(SqliteStore):
    """Its disk can be made to take its time."""

    def __init__(self, path: Path, connect: type[Connection]) -> None:
        super().__init__(path, connect)
        self.entered = threading.Event()
        self.leave = threading.Event()
        self.leave.set()

    def accept(self, received: Sequence[Received]) -> Sequence[str]:
        self.entered.set()
        assert self.leave.wait(TIMEOUT_S)
        return super().accept(received)


class Desk:
    """A writer on a store, and all that it answers."""

    def __init__(self, path: Path, connect: type[Connection] = UnsyncedConnection) -> None:
        self.store = SlowStore(path, connect)
        self.answers: Queue[Answers] = Queue()
        self.groups = 0
        self.writer = GroupWriter(self.store, answer=self.answers.put, on_group=self._count)

    def _count(self) -> None:
        self.groups += 1

    def next_answers(self) -> Answers:
        return self.answers.get(timeout=TIMEOUT_S)

    @contextmanager
    def slow_disk(self) -> Iterator[None]:
        """Meanwhile the writer is busy with a group of one delivery, whose token is `first`."""
        self.store.leave.clear()
        self.store.entered.clear()
        self.writer.submit(received(), "first")
        assert self.store.entered.wait(TIMEOUT_S)
        try:
            yield
        finally:
            self.store.leave.set()

    def ask(self, token: object, key: str = "default") -> str | StoreUnavailableError:
        self.writer.submit(received(key=key), token)
        ((answered, answer),) = self.next_answers()
        assert answered == token
        return answer

    def close(self) -> None:
        self.writer.close()
        self.store.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path / "tocsin.db")
    yield desk
    desk.close()


def test_an_answer_is_the_id_of_what_is_stored(desk: Desk) -> None:
    answer = desk.ask("token")
    assert isinstance(answer, str)
    assert desk.store.delivery(answer) == desk.store.backlog(1)[0]


def test_what_waits_together_is_stored_together_and_answered_in_order(desk: Desk) -> None:
    with desk.slow_disk():
        for number in range(600):
            desk.writer.submit(received(b"%d" % number), number)
    groups = [desk.next_answers() for _ in range(4)]
    assert [len(group) for group in groups] == [1, GROUP_MAX, GROUP_MAX, 600 - 2 * GROUP_MAX]
    assert [token for group in groups for token, _ in group] == ["first", *range(600)]
    stored = [desk.store.delivery(str(answer)) for group in groups[1:] for _, answer in group]
    assert [found.body for found in stored if found] == [b"%d" % number for number in range(600)]
    desk.writer.close()
    assert desk.groups == 4


def test_a_group_is_bounded_in_bytes_and_a_giant_stands_alone(desk: Desk) -> None:
    sizes = [GROUP_BYTES_MAX // 2, GROUP_BYTES_MAX // 2, 1, GROUP_BYTES_MAX + 1, 1, GROUP_BYTES_MAX]
    with desk.slow_disk():
        for size in sizes:
            desk.writer.submit(received(b"x" * size), size)
    groups = [[token for token, _ in desk.next_answers()] for _ in range(6)]
    assert groups == [["first"], sizes[:2], [1], sizes[3:4], [1], sizes[5:]]


def test_what_waits_is_counted(desk: Desk) -> None:
    assert desk.writer.depth() == 0
    with desk.slow_disk():
        for number in range(3):
            desk.writer.submit(received(), number)
        assert desk.writer.depth() == 3


def test_trouble_is_answered_and_logged_once_until_it_is_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    trouble = Trouble(Mode.BEFORE, at=0)
    desk = Desk(tmp_path / "tocsin.db", trouble.connection())
    trouble.at, trouble.times = len(trouble.statements) + 1, 1000
    with caplog.at_level(logging.WARNING, "tocsin.sqlite.writer"):
        first, second = desk.ask("first"), desk.ask("second")
        assert isinstance(first, StoreUnavailableError)
        assert isinstance(second, StoreUnavailableError)
        assert desk.groups == 0
        trouble.at = 0
        third, fourth = desk.ask("third"), desk.ask("fourth")
    desk.close()
    assert isinstance(third, str)
    assert isinstance(fourth, str)
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("ERROR", "deliveries refused: the store cannot write"),
        ("WARNING", "deliveries are stored again"),
    ]
    assert "disk I/O error" in caplog.records[0].__dict__["problem"]
    assert desk.groups == 2


def test_an_error_of_ours_is_answered_too_and_the_next_group_is_stored(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    answer = desk.ask("bad", key="\ud800")  # No store can write that; the front door lets no such key pass.
    assert isinstance(answer, StoreUnavailableError)
    assert answer.message == "internal error: UnicodeEncodeError"
    assert "storing deliveries failed" in caplog.text
    assert isinstance(desk.ask("good"), str)


def test_an_answer_that_fails_does_not_end_the_writer(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = SqliteStore(tmp_path / "tocsin.db", UnsyncedConnection)
    answered: Queue[object] = Queue()

    def answer(answers: Answers) -> None:
        ((token, _),) = answers
        answered.put(token)
        if token == "hung up":
            raise RuntimeError(token)

    writer = GroupWriter(store, answer=answer)
    for token in ("hung up", "still there"):
        writer.submit(received(), token)
        assert answered.get(timeout=TIMEOUT_S) == token
    writer.close()
    assert "a group could not be answered" in caplog.text
    assert len(store.backlog(9)) == 2
    store.close()


def test_closing_stores_and_answers_what_waits(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "tocsin.db")
    with desk.slow_disk():
        for number in range(700):
            desk.writer.submit(received(), number)
        closing = threading.Thread(target=desk.writer.close)
        closing.start()
    closing.join(TIMEOUT_S)
    assert not closing.is_alive()
    answers: list[tuple[object, object]] = []
    while not desk.answers.empty():
        answers += desk.answers.get_nowait()
    assert [token for token, _ in answers] == ["first", *range(700)]
    assert len(desk.store.backlog(1000)) == 701
    desk.store.close()


def test_senders_of_several_threads_are_all_answered(desk: Desk) -> None:
    def send(name: str) -> None:
        for number in range(100):
            desk.writer.submit(received(), (name, number))

    threads = [threading.Thread(target=send, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found: list[tuple[str, int]] = []
    while len(found) < 300:
        found += [token for token, _ in desk.next_answers()]
    for name in "abc":
        assert [number for sender, number in found if sender == name] == list(range(100))
