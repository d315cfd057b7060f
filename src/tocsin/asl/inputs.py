"""The input of a run as a text: JSON, or refused in the words of StartExecution.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

from __future__ import annotations

import re
from typing import Final

from tocsin.asl.sizes import PAYLOAD_BYTES_MAX
from tocsin.errors import TocsinError
from tocsin.kernel import json
from tocsin.kernel.json import Json

_WORD: Final = re.compile(r"\s*([A-Za-z_$][\w$]*)")
_NAME: Final = re.compile(r"\s*\{\s*([^\s\"}])")
_LITERALS: Final = frozenset({"null", "true", "false"})


class InputError(TocsinError):
    """The input is none; *message* in the words of StartExecution."""

    def __init__(self, why: str) -> None:
        """Say why."""
        super().__init__("input-invalid", f"Invalid State Machine Execution Input: '{why}'")


def read_input(text: str) -> Json:
    """The value of the JSON *text*. Raises InputError."""
    if not text.strip():
        raise InputError("Invalid execution input.")
    if len(text.encode("utf-8", "replace")) > PAYLOAD_BYTES_MAX:
        raise InputError(f"It has more than {PAYLOAD_BYTES_MAX} bytes")
    try:
        return json.decode(text)
    except json.JsonError as problem:
        raise InputError(_why(text) or str(problem)) from None


def _why(text: str) -> str:
    """What is wrong, in the words of the reader that Step Functions uses; empty where that is not known."""
    word = _WORD.match(text)
    if word and word[1] not in _LITERALS:
        expected = "was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
        return f"Unrecognized token '{word[1]}': {expected}"
    name = _NAME.match(text)
    if name:
        found = f"Unexpected character ('{name[1]}' (code {ord(name[1])}))"
        return f"{found}: was expecting double-quote to start field name"
    return ""
