"""What every part of the suite starts from: a fresh store, and short ways to write what goes into it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from tocsin.engine.ports import Commit, Confirmation, Handled, Outgoing, Received, Store
from tocsin.kernel.time import Instant

T = TypeVar("T")

NOW: Final[Instant] = 1_800_000_000_000  # The instant at which the examples play.
THREADS: Final = 8

HANDLED: Final = "handled"  # What the list of deliveries says when there is nothing more to say.

# Ids that nobody was ever given; the last ones do not even fit a machine word.
UNKNOWN_IDS: Final = ("abc", "", "-1", "0", "1.5", " 1", "²", "4711", "999999999999999999999", "9" * 5000)


class Subject:
    """Makes the store that is put to the test."""

    def make(self) -> Store:
        """A store that is fresh and empty. Whoever made it closes it."""
        raise NotImplementedError


def received(body: bytes = b"{}", **fields: Any) -> Received:  # noqa: ANN401 - the fields of Received.
    """A delivery as it comes in."""
    return Received(**{"received_at": NOW, "channel": "in", "key": "default", "head": b"a: b", "body": body, **fields})


def commit(aggregate: str, expected: int = 0, **fields: Any) -> Commit:  # noqa: ANN401 - the fields of Commit.
    """One step of an aggregate that is live, waits for nothing and owes nothing."""
    usual = {"machine": "incident", "state": b"{}", "wake_at": None, "live": True, "owes": False, "rank": NOW}
    return Commit(aggregate=aggregate, expected=expected, **{**usual, **fields})


def handled(*input_ids: str, at: Instant = NOW, reason: str = "opened", story: str = "") -> tuple[Handled, ...]:
    """Inputs that were handled, all in one way."""
    return tuple(Handled(name, at, reason, story) for name in input_ids)


def outgoing(name: str, aggregate: str = "a", **fields: Any) -> Outgoing:  # noqa: ANN401 - the fields of Outgoing.
    """An effect that may leave at once."""
    usual = {
        "machine": "incident",
        "receiver": "responder:ada",
        "kind": "page",
        "facts": {},
        "coalesce": "",
        "urgent": False,
        "created_at": NOW,
        "not_before": NOW,
    }
    return Outgoing(id=name, aggregate=aggregate, **{**usual, **fields})


def confirmation(name: str, aggregate: str = "a", **fields: Any) -> Confirmation:  # noqa: ANN401 - the fields.
    """An effect that was delivered."""
    usual = {"receiver": "responder:ada", "result": "delivered", "at": NOW, "transport": "slack"}
    return Confirmation(id=name, aggregate=aggregate, **{**usual, **fields})


def at_once(work: Callable[[int], T], threads: int = THREADS) -> Sequence[T]:
    """What *work* gives in several threads that start together, each with its number."""
    barrier = threading.Barrier(threads)
    results: list[T] = []

    def run(number: int) -> None:
        barrier.wait()
        results.append(work(number))

    running = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    assert len(results) == threads, "a thread failed"
    return results
