"""Trouble on request: failures, rate limits, lost answers, slowness, outages."""

from __future__ import annotations

from typing import Literal

import msgspec

Outage = Literal["refuse", "unavailable"]


class Fault(msgspec.Struct, kw_only=True):
    """What happens to the next calls of a method."""

    error: str = ""
    retry_after_seconds: int | None = None
    lose_answer: bool = False
    passes: bool = False
    """Nothing happens to them: those after them have the trouble."""
    times: int = 1


class Trouble:
    """What the test has asked for. Its owner holds the lock."""

    def __init__(self) -> None:
        """Start without trouble."""
        self.outage: Outage | None = None
        self.delay_seconds = 0.0
        self.token_error: str | None = None
        self._faults: dict[str, list[Fault]] = {}

    def add(self, method: str, fault: Fault) -> None:
        """Queue a fault for a method, behind those that it already has."""
        self._faults.setdefault(method, []).append(fault)

    def next_fault(self, method: str) -> Fault | None:
        """Use up one occurrence of the method's first fault."""
        queue = self._faults.get(method)
        if not queue:
            return None
        fault = queue[0]
        fault.times -= 1
        if fault.times <= 0:
            queue.pop(0)
        return fault
