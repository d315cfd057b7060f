"""A definition as it is written: decoded, with the lines of what stands in it, or refused as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from tocsin.asl import rules
from tocsin.asl.places import lines, pointer
from tocsin.asl.program import Pointer
from tocsin.kernel import json
from tocsin.kernel.json import Json

SCHEMA: Final = "SCHEMA_VALIDATION_FAILED"
NOT_JSON: Final = "INVALID_JSON_DESCRIPTION"
NO_OBJECT: Final = "Definition must be a valid JSON object"
TOO_LONG: Final = f"The definition has more than {rules.DEFINITION_MAX} bytes"
TWICE_MAX: Final = 100  # Names that stand twice and are told.


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One mistake. *location* is a JSON pointer, *line* from 1 (0: the definition is not a text)."""

    code: str
    message: str
    location: str
    line: int = 0

    def __str__(self) -> str:
        line = f" (line {self.line})" if self.line else ""
        return f"{self.code}: {self.message} at {self.location}{line}"


def read(definition: object) -> tuple[Json, Mapping[Pointer, int], tuple[Problem, ...]]:
    """The decoded *definition* and the lines in it; None, and why it cannot be decoded."""
    if isinstance(definition, Mapping):
        document: Json = dict(definition)
        try:
            written = len(json.encode(document))
        except RecursionError:
            return None, {}, (whole(SCHEMA, "The definition is nested too deep"),)
        if written > rules.DEFINITION_MAX:
            return None, {}, (whole(SCHEMA, TOO_LONG),)
        return document, {}, ()
    text = definition.decode("utf-8", "replace") if isinstance(definition, bytes) else definition
    if not isinstance(text, str):
        return None, {}, (whole(SCHEMA, NO_OBJECT),)
    if len(text) > rules.DEFINITION_MAX:
        return None, {}, (whole(SCHEMA, TOO_LONG),)
    if not text.strip():
        return None, {}, (whole(SCHEMA, NO_OBJECT),)
    try:
        decoded = json.decode(text)
    except json.JsonError as problem:
        return None, {}, (whole(NOT_JSON, str(problem)),)
    twice: list[Pointer] = []
    where = lines(text, twice)
    if twice:
        return None, {}, tuple(_written_twice(where, place) for place in twice[:TWICE_MAX])
    return decoded, where, () if isinstance(decoded, dict) else (whole(SCHEMA, NO_OBJECT),)


def line(where: Mapping[Pointer, int], path: Pointer) -> int:
    """The line of what stands at *path*, or of what it would stand in; 0 if the definition is no text."""
    while where and path not in where:
        path = path[:-1]
    return where.get(path, 0)


def _written_twice(where: Mapping[Pointer, int], place: Pointer) -> Problem:
    message = f"Duplicate field '{place[-1]}'"
    return Problem(code=NOT_JSON, message=message, location=pointer(place), line=where[place])


def whole(code: str, message: str) -> Problem:
    """A mistake of the whole definition."""
    return Problem(code=code, message=message, location="/")
