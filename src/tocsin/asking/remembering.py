"""What is kept of a person with each page, and what the page teaches when it is over."""

from __future__ import annotations

from typing import Final

import msgspec

from tocsin.choosing.history import Observation
from tocsin.choosing.hours import HourClass
from tocsin.choosing.situation import Candidate
from tocsin.incidents.ladder import label
from tocsin.incidents.pages import Became, Page
from tocsin.kernel.json import Json
from tocsin.kernel.time import MINUTE, Duration

PASSED: Final[Duration] = 5 * MINUTE  # Who passes would not have answered for so long at least.

_STRANGER: Final = Candidate(name="", hours=HourClass.OFF)
_LEFT_OUT: Final = frozenset({"name"})  # The page says it.


def known(candidate: Candidate) -> dict[str, Json]:
    """*candidate* as it is kept; only what is not as usual, since every page carries it."""
    return {
        name: value
        for name, value in msgspec.to_builtins(candidate).items()
        if name not in _LEFT_OUT and (name == "hours" or value != getattr(_STRANGER, name))
    }


def observation(page: Page, severity: str) -> Observation | None:
    """What *page*, which is over, teaches; None: nothing, since it did not arrive, or nobody knew whom it asked."""
    if page.became is Became.UNREACHED or not page.until or not page.known:
        return None
    try:
        candidate = msgspec.convert({**page.known, "name": label(page.receiver)}, Candidate)
    except msgspec.ValidationError:  # Of another version than ours.
        return None
    waited = page.until - page.at
    return Observation(
        candidate=candidate,
        severity=severity,
        waited=max(waited, PASSED) if page.became is Became.PASSED else waited,
        answered=page.became is Became.ANSWERED,
        at=page.until,
    )
