"""The event loop on its own thread."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tocsin.slack.loop import LoopClosedError, LoopThread


async def thread_name() -> str:
    return threading.current_thread().name


async def fail() -> None:
    raise ValueError("on purpose")


def test_what_is_run_runs_on_the_thread() -> None:
    loop = LoopThread("bell")
    assert loop.run(thread_name()) == "bell"
    loop.close()


def test_what_fails_there_is_raised_here() -> None:
    loop = LoopThread("bell")
    with pytest.raises(ValueError, match="on purpose"):
        loop.run(fail())
    loop.close()


def test_closing_ends_what_waits() -> None:
    loop = LoopThread("bell")
    begun = threading.Event()

    async def wait() -> None:
        begun.set()
        await asyncio.Event().wait()

    waiting = loop.spawn(wait())
    assert begun.wait(5)
    loop.close()
    assert waiting.cancelled()


def test_who_waits_for_the_result_is_told_of_the_closing() -> None:
    loop = LoopThread("bell")

    async def wait() -> None:
        threading.Thread(target=loop.close).start()
        await asyncio.Event().wait()

    with pytest.raises(LoopClosedError):
        loop.run(wait())
    loop.close()


def test_a_closed_loop_says_so() -> None:
    loop = LoopThread("bell")
    loop.close()
    loop.close()
    with pytest.raises(LoopClosedError, match="the event loop was closed"):
        loop.run(thread_name())
