"""Hints from other threads reach the event loop, many at a time; who waits for an outcome hears it, early or late."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from tocsin.engine.ports import Delivery, Received
from tocsin.engine.runner import Outcome
from tocsin.errors import StoreUnavailableError
from tocsin.wiring import changes
from tocsin.wiring.changes import ChangeHub, LoopIntake

RECEIVED = Received(received_at=5, channel="console", key="", head=b"", body=b"{}")


def in_thread(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def delivery(name: str, channel: str = "console") -> Delivery:
    return Delivery(id=name, received_at=5, channel=channel, key="", head=b"", body=b"")


async def come(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - what is tested has no event for it.
            await asyncio.sleep(0)


async def listened(hub: ChangeHub, into: list[frozenset[str]]) -> asyncio.Task[None]:
    """A subscription that has begun."""

    async def follow() -> None:
        async for batch in hub.subscribe():
            into.append(batch)  # noqa: PERF401 - the test looks while it grows.

    task = asyncio.create_task(follow())
    await asyncio.sleep(0)
    return task


def test_changes_of_other_threads_are_told_together() -> None:
    async def story() -> list[list[frozenset[str]]]:
        hub = ChangeHub(asyncio.get_running_loop())
        heard: list[list[frozenset[str]]] = [[], []]
        tasks = [await listened(hub, into) for into in heard]

        def publish() -> None:
            hub.publish(["1", "2"])
            hub.publish(["2", "3"])

        in_thread(publish)
        await come(lambda: all(heard))
        in_thread(lambda: hub.publish(["4"]))
        await come(lambda: len(heard[0]) == 2)
        hub.close()
        await asyncio.gather(*tasks)
        return heard

    assert asyncio.run(story()) == [[frozenset({"1", "2", "3"}), frozenset({"4"})]] * 2


def test_a_storm_of_changes_is_a_bounded_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "HINTS_MAX", 2)

    async def story() -> list[frozenset[str]]:
        hub = ChangeHub(asyncio.get_running_loop())
        heard: list[frozenset[str]] = []
        task = await listened(hub, heard)

        def publish() -> None:
            for number in range(9):
                hub.publish([str(number)])

        in_thread(publish)
        await come(lambda: heard)
        hub.close()
        await task
        return heard

    assert asyncio.run(story()) == [frozenset({"0", "1"})]


def test_who_has_gone_is_told_nothing() -> None:
    async def story() -> int:
        hub = ChangeHub(asyncio.get_running_loop())
        task = await listened(hub, [])
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return len(hub._queues)

    assert asyncio.run(story()) == 0


def test_after_the_loop_nothing_is_told_and_nothing_fails() -> None:
    loop = asyncio.new_event_loop()
    hub, intake = ChangeHub(loop), LoopIntake(loop, lambda *_: None)
    loop.close()
    hub.publish(["1"])
    intake.settled(delivery("1"), "", [])


def test_a_delivery_is_accepted_under_its_number_or_the_trouble_is_raised() -> None:
    async def story() -> str:
        loop = asyncio.get_running_loop()
        good = LoopIntake(loop, lambda _, answer: loop.call_soon(answer, "17"))  # type: ignore[arg-type]
        bad = LoopIntake(loop, lambda _, answer: answer(StoreUnavailableError("the disk is full")))
        with pytest.raises(StoreUnavailableError, match="the disk is full"):
            await bad.accept(RECEIVED)
        return await good.accept(RECEIVED)

    assert asyncio.run(story()) == "17"


def test_an_answer_to_somebody_who_has_gone_is_dropped() -> None:
    async def story() -> None:
        answers: list[Callable[[str | StoreUnavailableError], None]] = []
        intake = LoopIntake(asyncio.get_running_loop(), lambda _, answer: answers.append(answer))
        task = asyncio.create_task(intake.accept(RECEIVED))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        answers[0]("17")

    asyncio.run(story())


def reasons(outcomes: object) -> list[str]:
    return [handled.reason for handled in outcomes]  # type: ignore[attr-defined]


def test_an_outcome_is_heard_by_who_waits() -> None:
    async def story() -> list[str]:
        intake = LoopIntake(asyncio.get_running_loop(), lambda *_: None)
        waiting = asyncio.create_task(intake.outcome("1", 30))
        await asyncio.sleep(0)
        in_thread(lambda: intake.settled(delivery("1"), "", [Outcome("12", "acknowledged")]))
        in_thread(lambda: intake.settled(delivery("1"), "", [Outcome("12", "again")]))
        return reasons(await waiting)

    assert asyncio.run(story()) == ["acknowledged"]


def test_an_outcome_of_any_channel_is_heard_by_who_waits_for_it() -> None:
    async def story() -> list[str]:
        intake = LoopIntake(asyncio.get_running_loop(), lambda *_: None)
        waiting = asyncio.create_task(intake.outcome("1", 30))
        await asyncio.sleep(0)
        in_thread(lambda: intake.settled(delivery("1", "in"), "undecodable: ?", []))
        return reasons(await waiting)

    assert asyncio.run(story()) == ["undecodable: ?"]


def test_an_outcome_that_comes_first_is_kept_for_who_asks_later() -> None:
    async def story() -> tuple[list[str], list[str]]:
        intake = LoopIntake(asyncio.get_running_loop(), lambda *_: None)
        in_thread(lambda: intake.settled(delivery("1"), "not a command: ?", []))
        await asyncio.sleep(0)
        return reasons(await intake.outcome("1", 30)), reasons(await intake.outcome("1", 0))

    assert asyncio.run(story()) == (["not a command: ?"], [])


def test_only_so_many_outcomes_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "OUTCOMES_MAX", 2)

    async def story() -> list[list[str]]:
        intake = LoopIntake(asyncio.get_running_loop(), lambda *_: None)
        for name in ("1", "2", "3"):
            intake.settled(delivery(name), name, [])
        intake.settled(delivery("4", "in"), "nobody asks", [])
        await asyncio.sleep(0)
        return [reasons(await intake.outcome(name, 0)) for name in ("1", "2", "3", "4")]

    assert asyncio.run(story()) == [[], ["2"], ["3"], []]
