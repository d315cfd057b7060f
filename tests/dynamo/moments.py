"""A client at whose every request something else can happen first: another process at work, or the end of this one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.dynamo.worlds import TABLE
from tocsin.dynamo.store import DynamoStore
from tocsin.kernel.time import Instant
from tocsin.testing.conformance.subject import NOW
from tocsin.testing.dynamo_memory import FakeDynamo
from tocsin.testing.faults import CrashError


class Moments:
    """Counts requests; *before* is called with the number of each, before it is made."""

    def __init__(self, client: Any, before: Callable[[int], None] = lambda _: None) -> None:  # noqa: ANN401 - untyped.
        self.count = 0
        self._client = client
        self._before = before

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:  # noqa: ANN401 - any request.
            self.count += 1
            self._before(self.count)
            return getattr(self._client, name)(**request)

        return call


def fake() -> FakeDynamo:
    return FakeDynamo(TABLE)


def opened(client: Any, clock: Callable[[], Instant] = lambda: NOW) -> DynamoStore:  # noqa: ANN401 - untyped SDK.
    """A store as a process has it that has just begun."""
    return DynamoStore(client, "simulated", threads=0, clock=clock, chance=lambda: 0.5, sleep=lambda _: None)


def moments_of(work: Callable[[DynamoStore], object], prepare: Callable[[DynamoStore], object]) -> int:
    """How many requests *work* makes after *prepare*."""
    client = fake()
    prepare(opened(client))
    counted = Moments(client)
    work(opened(counted))
    return counted.count


def with_other(
    work: Callable[[DynamoStore], Any],
    other: Callable[[DynamoStore], Any],
    prepare: Callable[[DynamoStore], object],
    moment: int,
) -> tuple[FakeDynamo, Any, Any]:
    """What *work* and *other* give, where *other* does all of its work just before *work*'s request *moment*."""
    client = fake()
    prepare(opened(client))
    given: list[Any] = []

    def between(number: int) -> None:
        if number == moment:
            given.append(other(opened(client)))

    done = work(opened(Moments(client, between)))
    return client, done, given[0] if given else other(opened(client))


def crashed_at(
    work: Callable[[DynamoStore], object], prepare: Callable[[DynamoStore], object], moment: int
) -> FakeDynamo:
    """The table after the process of *work* has died just before its request *moment*."""
    client = fake()
    prepare(opened(client))

    def end(number: int) -> None:
        if number == moment:
            raise CrashError

    try:
        work(opened(Moments(client, end)))
    except CrashError:
        return client
    raise AssertionError(moment)
