"""What became of each page to a person: what the next choice looks at, and what answers teach."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant


class Became(StrEnum):
    """How a page stands."""

    OPEN = "open"
    ANSWERED = "answered"
    PASSED = "passed"
    UNREACHED = "unreached"  # No way led to them.
    AGAIN = "asked again"  # Another page to the same person has taken its place.
    OVER = "over"  # Somebody else has answered, or it is over.


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page to *receiver*, *at* an instant; *until* it was over (0: it is open).

    *known*: what was known of them then, for whoever chooses. *turn*: the target whose turn they had.
    """

    receiver: str
    at: Instant
    until: Instant = 0
    became: Became = Became.OPEN
    known: dict[str, Json] = {}
    turn: str = ""
