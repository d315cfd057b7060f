"""Home tabs stay true while they are looked at, and nobody is shown theirs too often."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from tests.slack.slack_examples import incident
from tests.wiring.home_world import Clock, HomeWorld, commit, speaker
from tocsin.conversing.wishes import Speaker
from tocsin.incidents.inputs import Acknowledged
from tocsin.kernel.time import SECOND
from tocsin.saying.message import Saying
from tocsin.wiring.home_watch import EVERY, LOOKED_AT, WATCHED_MAX, HomeWatch

WAIT_SECONDS = 10


class Watched:
    """A watch whose pages are numbers, and what was shown to whom."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.shown: list[tuple[str, str]] = []
        self.seen = threading.Semaphore(0)
        self.broken = False
        self.watch = HomeWatch(self.page, self.publish, self.clock)

    def page(self, by: Speaker) -> Saying:
        return Saying(summary=f"page of {by.responder}")

    def publish(self, by: Speaker, saying: Saying) -> None:
        if self.broken:
            self.seen.release()
            raise OSError
        self.shown.append((by.user, saying.summary))
        self.seen.release()


@contextmanager
def running(watched: Watched) -> Iterator[Watched]:
    watched.watch.start()
    try:
        yield watched
    finally:
        watched.watch.stop()


ADA = ("U0000ADA", "page of ada")
ASKS_ADA = commit("1", incident())


def test_nobody_looks_and_nothing_is_shown() -> None:
    world = Watched()
    world.watch.committed([ASKS_ADA])
    assert world.watch.show_due() is None
    assert world.shown == []


def test_a_change_is_shown_once_its_time_has_come() -> None:
    world = Watched()
    world.watch.opened(speaker("ada"))
    world.watch.opened(speaker("bo"))
    world.watch.committed([ASKS_ADA])
    assert world.watch.show_due() == EVERY
    world.clock.now += EVERY
    assert world.watch.show_due() is None
    assert world.shown == [ADA]
    for _ in range(10):
        world.watch.committed([ASKS_ADA])
    assert world.watch.show_due() == EVERY
    world.clock.now += EVERY
    assert world.watch.show_due() is None
    assert world.shown == [ADA, ADA]


def test_only_who_is_concerned_is_shown_anything() -> None:
    world = Watched()
    world.watch.opened(speaker("bo"))
    world.clock.now += EVERY
    world.watch.committed([ASKS_ADA, replace(ASKS_ADA, machine="digest", state=b"{}")])
    assert world.watch.show_due() is None
    world.watch.committed([commit("1", incident((world.clock.now, Acknowledged("bo"))))])
    assert world.watch.show_due() is None
    assert world.shown == [("U0000BO", "page of bo")]


def test_who_looked_long_ago_is_forgotten() -> None:
    world = Watched()
    world.watch.opened(speaker("ada"))
    world.clock.now += LOOKED_AT + 1
    world.watch.touch(["ada"])
    assert world.watch.show_due() is None
    assert world.shown == []


def test_who_opened_theirs_first_makes_room() -> None:
    world = Watched()
    for number in range(WATCHED_MAX + 1):
        world.watch.opened(speaker(f"p{number}"))
    world.clock.now += EVERY
    world.watch.touch(["p0", "p1", f"p{WATCHED_MAX}"])
    assert world.watch.show_due() is None
    assert [user for user, _ in world.shown] == ["U0000P1", f"U0000P{WATCHED_MAX}"]


def test_a_chat_that_fails_is_a_hint_lost_and_no_more() -> None:
    world = Watched()
    with running(world):
        world.watch.opened(speaker("ada"))
        world.clock.now += EVERY
        world.broken = True
        world.watch.touch(["ada"])
        assert world.seen.acquire(timeout=WAIT_SECONDS)
        world.broken = False
        world.clock.now += EVERY
        world.watch.touch(["ada"])
        assert world.seen.acquire(timeout=WAIT_SECONDS)
    assert world.shown == [ADA]


def test_the_thread_waits_for_what_is_not_due_yet_and_ends_when_asked() -> None:
    world = Watched()
    with running(world):
        world.watch.opened(speaker("ada"))
        world.clock.now += EVERY - SECOND // 100
        world.watch.touch(["ada"])
        world.clock.now += SECOND
        assert world.seen.acquire(timeout=WAIT_SECONDS)
    assert world.shown == [ADA]
    Watched().watch.stop()


def test_a_hint_wakes_only_for_what_is_due() -> None:
    world = Watched()
    with running(world):
        world.watch.opened(speaker("ada"))
        world.watch.touch(["ada"])
        world.watch.wake()
        assert world.shown == []
        world.clock.now += EVERY
        world.watch.wake()
        assert world.seen.acquire(timeout=WAIT_SECONDS)
    assert world.shown == [ADA]


def test_what_somebody_changes_elsewhere_is_shown_too() -> None:
    world = HomeWorld()
    touched: list[str] = []
    world.personal._changed = touched.append
    world.personal.reset("ada", "ada")
    assert touched == ["ada"]
