"""Why a pattern is refused: always with the place in it and the value that stands there."""

from __future__ import annotations

import json

from tocsin.errors import TocsinError
from tocsin.patterns.reading import Members
from tocsin.patterns.scalars import Unrounded

SHOWN_MAX = 80  # Characters: enough to find the value again, too little to flood a terminal or a log.
SHOWN_DEPTH_MAX = 8  # What is nested deeper would be cut off by the line's length anyway.


class PatternError(TocsinError):
    """The pattern is not one that EventBridge accepts; its author must change it.

    *code* says what is wrong (`pattern-empty-array`), *path* where (`detail.state[0].prefix`, empty for the whole
    pattern) and *value* what stands there, cut off where it is nested deeply.
    """

    def __init__(self, code: str, path: str, value: object, sentence: str) -> None:
        """Put the place and the value into the message, too."""
        self.path = path
        self.value = _plain(value, SHOWN_DEPTH_MAX)
        super().__init__(f"pattern-{code}", f"{path or 'the pattern'}: {sentence}, not {shown(self.value)}")


def shown(value: object) -> str:
    """*value* as JSON, cut to a line."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}..."


def _plain(value: object, depth: int) -> object:
    if isinstance(value, Members | list) and not depth:
        return "..."
    if isinstance(value, Members):
        return {name: _plain(inner, depth - 1) for name, inner in value.pairs}
    if isinstance(value, list):
        return [_plain(inner, depth - 1) for inner in value]
    if isinstance(value, Unrounded):
        return value.text
    return int(value) if isinstance(value, float) and value.is_integer() else value
