"""What tests do to the processes of functions, from within: kill them in the middle, put their clock forward, listen.

The emulator starts functions with this folder on the path, so Python imports this before anything else. A folder of
control files says what is to happen; a function that runs at AWS has neither.
"""

from __future__ import annotations

import http.client
import os
import time
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ["TOCSIN_TEST_FOLDER"])
FUNCTION = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "")
SERVER = os.environ.get("AWS_ENDPOINT_URL", "").rpartition("/")[2]

_putheader = http.client.HTTPConnection.putheader
_getresponse = http.client.HTTPConnection.getresponse
_time_ns = time.time_ns
_counts: dict[Path, int] = {}


def putheader(self: Any, header: str, *values: Any) -> None:  # noqa: ANN401 - as the original.
    if header.lower() == "x-amz-target":
        value = values[0]
        self.tocsin_target = value.decode() if isinstance(value, bytes) else str(value)
    _putheader(self, header, *values)


def getresponse(self: Any) -> Any:  # noqa: ANN401 - as the original.
    found = _getresponse(self)
    target = getattr(self, "tocsin_target", "")
    if target and f"{self.host}:{self.port}" == SERVER:
        told = f"{FUNCTION} {target}\n".encode()
        file = os.open(FOLDER / "requests", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, told)
        os.close(file)
        _may_die(target)
    return found


def _may_die(target: str) -> None:
    """`die-WORD-ACTION` holds a number: after so many such requests the function WORD is killed, once."""
    for order in FOLDER.glob("die-*"):
        _, word, action = order.name.split("-")
        if word in FUNCTION and target.endswith(action):
            _counts[order] = _counts.get(order, 0) + 1
            try:
                if _counts[order] >= int(order.read_text()):
                    order.rename(FOLDER / f"died-{word}-{action}")
                    os._exit(9)
            except OSError:
                continue  # Another process was quicker.


def time_ns() -> int:
    """Forward by the milliseconds in the file `ahead`."""
    try:
        return _time_ns() + int((FOLDER / "ahead").read_text()) * 1_000_000
    except OSError:
        return _time_ns()


if FUNCTION:  # The emulator itself is left alone.
    setattr(http.client.HTTPConnection, "putheader", putheader)  # noqa: B010 - a method is no variable.
    setattr(http.client.HTTPConnection, "getresponse", getresponse)  # noqa: B010
    time.time_ns = time_ns
