"""How large values are, found out in a time that does not grow with what is hostile.

A template may name one large value ten thousand times: in memory that costs nothing, as a text it would be gigabytes.
"""

from __future__ import annotations

from typing import Final

from tocsin.kernel import json
from tocsin.kernel.json import Json

PAYLOAD_BYTES_MAX: Final = 256 * 1024  # Of an input or an output, as Step Functions has it.
VARIABLE_BYTES_MAX: Final = 256 * 1024  # Of one variable, and of all that one Assign sets.
VARIABLES_BYTES_MAX: Final = 10 * 1024 * 1024  # Of all variables of a run.
RESULTS_BYTES_MAX: Final = 16 * 1024 * 1024  # Of all outputs that a state above gathers, before they become one.


def size(value: Json) -> int:
    """The bytes of the JSON text of *value*; of what is larger than a payload may be, some number above that.

    What is nested deeper than JSON that is read may be counts as too large: it could be written, but not read again.
    """
    least = 0
    level = [value]
    for _ in range(json.DEPTH_MAX + 1):
        below: list[Json] = []
        for found in level:
            if isinstance(found, str):
                least += len(found)
            elif isinstance(found, dict):
                least += sum(map(len, found))
                below += found.values()
            elif isinstance(found, list):
                below += found
            if least + len(below) > PAYLOAD_BYTES_MAX:
                return least + len(below)
        if not below:
            return len(json.encode(value))
        least += len(below)
        level = below
    return PAYLOAD_BYTES_MAX + 1


def shown(value: Json, characters: int) -> str:
    """The beginning of the JSON text of *value*, for messages."""
    if size(value) > PAYLOAD_BYTES_MAX:
        return f"(more than {PAYLOAD_BYTES_MAX} bytes)"
    return json.encode(value).decode()[:characters]
