"""What a digest and those who know its figures tell each other."""

from __future__ import annotations

from typing import Final

RECKON: Final = "reckon"  # What a digest tells when it wants its figures.
RECKONED: Final = "reckoned"  # What it is told then.
