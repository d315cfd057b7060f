"""Texts that commands are given: in place, in a file, on standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from tocsin.errors import TocsinError
from tocsin.kernel import json
from tocsin.kernel.json import Json


def text_of(told: str) -> str:
    """What *told* stands for: `@FILE`, `-` for standard input, or itself. Raises OSError, TocsinError."""
    if told == "-":
        return sys.stdin.read()
    return file_text(told.removeprefix("@")) if told.startswith("@") else told


def file_text(name: str) -> str:
    """The text of a file, or of standard input for `-`. Raises OSError, TocsinError."""
    if name == "-":
        return sys.stdin.read()
    try:
        return Path(name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise TocsinError("file-unreadable", f"{name} is not UTF-8 text") from None


def json_of(text: str, what: str) -> Json:
    """The JSON in *text*; *what* it is, for the message. Raises TocsinError."""
    try:
        return json.decode(text)
    except json.JsonError as problem:
        raise TocsinError("json-invalid", f"{what} is not JSON: {problem}") from None
