"""Functions that workflows of the tests call by their names."""

from __future__ import annotations

import os
from typing import Any

from tocsin import asl


def double(given: Any) -> Any:  # noqa: ANN401 - whatever a state gives it.
    return {"n": given["n"] * 2}


def broken(given: Any) -> Any:  # noqa: ANN401
    raise asl.Failure("Broken", f"given {given}")


def process(_: Any) -> int:  # noqa: ANN401
    """Which process does this."""
    return os.getpid()
