"""The clock of the process goes forward only, whatever the system's does."""

from __future__ import annotations

import time

import pytest

from tocsin.wiring.clock import SystemClock


def test_the_clock_tells_the_time() -> None:
    before = time.time_ns() // 1_000_000
    told = SystemClock()()
    assert before <= told <= time.time_ns() // 1_000_000


def test_the_clock_never_goes_backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    readings = iter([5_000_000, 3_000_000, 4_000_000, 6_000_000])
    monkeypatch.setattr(time, "time_ns", lambda: next(readings))
    clock = SystemClock()
    assert [clock() for _ in range(4)] == [5, 5, 5, 6]
