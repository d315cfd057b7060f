"""Trouble is logged once for each change, and told to people once, when it lasts and when it is over."""

from __future__ import annotations

import logging

import pytest

from tocsin.aws.messages import QueueError
from tocsin.aws.outage import PATIENCE, Outage
from tocsin.errors import StoreUnavailableError
from tocsin.kernel.time import Instant

DENIED = QueueError("AccessDenied")


class World:
    """A clock, and what people were told."""

    def __init__(self) -> None:
        self.now: Instant = 1_000_000
        self.told: list[tuple[str, Instant]] = []
        self.store_works = True
        self.outage = Outage("alerts", "read", lambda: self.now, self.tell)

    def tell(self, problem: QueueError | None, since: Instant) -> None:
        if not self.store_works:
            raise StoreUnavailableError("no")
        self.told.append((problem.code if problem else "", since))


def test_trouble_that_lasts_is_told_once_and_so_is_its_end() -> None:
    world = World()
    for _ in range(3):
        world.outage.failed(DENIED)
        assert world.told == []
        world.now += PATIENCE // 3
    world.outage.failed(DENIED)
    world.outage.failed(QueueError("Other"))
    assert world.told == [("AccessDenied", 1_000_000)]
    world.outage.worked()
    world.outage.worked()
    assert world.told == [("AccessDenied", 1_000_000), ("", world.now)]


def test_a_short_trouble_tells_only_that_all_is_well() -> None:
    world = World()
    world.outage.worked()
    world.outage.failed(DENIED)
    world.outage.worked()
    assert [code for code, _ in world.told] == ["", ""]  # Who tells knows that there is nothing to end.


def test_what_could_not_be_told_is_told_later() -> None:
    world = World()
    world.outage.failed(DENIED)
    world.now += PATIENCE
    world.store_works = False
    world.outage.failed(DENIED)
    world.store_works = True
    world.outage.failed(DENIED)
    world.store_works = False
    world.outage.worked()
    world.store_works = True
    world.outage.worked()
    assert [code for code, _ in world.told] == ["AccessDenied", ""]


def test_each_change_is_one_line_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    world = World()
    for problem in (DENIED, DENIED, QueueError("Odd"), DENIED):
        world.outage.failed(problem)
    world.outage.worked()
    world.outage.worked()
    said = [getattr(record, "problem", record.getMessage()) for record in caplog.records]
    assert said == [
        f"AccessDenied: {DENIED.meaning}",
        "Odd",
        f"AccessDenied: {DENIED.meaning}",
        "a queue can be read again",
    ]
