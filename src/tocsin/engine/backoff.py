"""How long to wait before a delivery is tried again."""

from __future__ import annotations

from typing import Final

from tocsin.kernel.time import MINUTE, SECOND, Duration

ATTEMPTS_MAX: Final = 6  # With the delays below half a minute: then another way must be tried, a human is waiting.
FIRST_DELAY: Final[Duration] = SECOND
DELAY_MAX: Final[Duration] = 5 * MINUTE


def delay(attempts: int, chance: float) -> Duration:
    """Milliseconds after *attempts* (>= 1) failures: exponential, half to whole by *chance* in [0, 1)."""
    whole = min(FIRST_DELAY << min(attempts - 1, 20), DELAY_MAX)
    return int(whole * (0.5 + chance / 2))
