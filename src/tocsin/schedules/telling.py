"""Schedules in words: why somebody is on call, or nobody is."""

from __future__ import annotations

from typing import assert_never

from tocsin.schedules.schedule import Shift, Why


def reason(shift: Shift) -> str:
    """Why *shift* is as it is, in a few words."""
    match shift.why:
        case Why.LAYER:
            return f"layer {shift.source}"
        case Why.COVER:
            return f"covers for {shift.instead}, who is absent"
        case Why.OVERRIDE:
            return f"override {shift.source}"
        case Why.SWAP:
            return f"takes the turn of {shift.instead}, swap {shift.source}"
        case Why.NOBODY:
            return "no layer plans for it"
        case Why.ABSENT:
            return f"{shift.instead} is absent, and nobody covers"
        case Why.EMPTY:
            return f"layer {shift.source} has nobody in it"
    assert_never(shift.why)
