"""What is wrong with how a distributed Map reads, batches and writes.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from tocsin.asl import readers, writers
from tocsin.asl.program import Pointer
from tocsin.asl.resources import resource
from tocsin.asl.templates import is_expression
from tocsin.kernel.json import Json

HEADERS: Final = ("FIRST_ROW", "GIVEN")

_READERS: Final = ("getObject", "listObjectsV2")
_WRITERS: Final = ("putObject",)
_Found: TypeAlias = Iterator[tuple[Pointer, str]]


def problems(given: dict[str, Any]) -> _Found:
    """All mistakes in the Map state *given*, with their places in it."""
    for field, check in (("ItemReader", _reader), ("ItemBatcher", _batcher), ("ResultWriter", _writer)):
        value = given.get(field, {})
        if not isinstance(value, dict):
            yield (field,), "Expected value of type Object"
        elif field in given:
            for place, message in check(value):
                yield (field, *place), message


def _reader(given: dict[str, Any]) -> _Found:
    if "Resource" not in given:
        yield (), "These fields are required: [Resource]"
    else:
        yield from _resource(given["Resource"], _READERS)
    config = given.get("ReaderConfig") or {}
    if not isinstance(config, dict):
        yield ("ReaderConfig",), "Expected value of type Object"
        return
    for field, allowed in (
        ("InputType", readers.INPUT_TYPES),
        ("CSVHeaderLocation", HEADERS),
        ("CSVDelimiter", tuple(readers.DELIMITERS)),
    ):
        if field in config and config[field] not in allowed:
            yield ("ReaderConfig", field), _one_of(allowed)
    names = config.get("CSVHeaders", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        yield ("ReaderConfig", "CSVHeaders"), "Expected value of type Array of Strings"
    elif config.get("CSVHeaderLocation") == "GIVEN" and not names:
        yield ("ReaderConfig",), "These fields are required: [CSVHeaders]"
    for place, message in (*_numbers(config, "MaxItems"), *_text(config, "ItemsPointer")):
        yield ("ReaderConfig", *place), message


def _batcher(given: dict[str, Any]) -> _Found:
    fields = ("MaxItemsPerBatch", "MaxInputBytesPerBatch")
    if given and not any(name in given for field in fields for name in (field, f"{field}Path")):
        yield (), f"One of these fields is required: [{', '.join(fields)}]"
    for field in fields:
        yield from _numbers(given, field)


def _writer(given: dict[str, Any]) -> _Found:
    config = given.get("WriterConfig") or {}
    if not isinstance(config, dict):
        yield ("WriterConfig",), "Expected value of type Object"
        return
    if "Resource" in given:
        yield from _resource(given["Resource"], _WRITERS)
    elif given and not config:
        yield (), "These fields are required: [Resource]"
    for field, allowed in (("OutputType", writers.OUTPUT_TYPES), ("Transformation", writers.TRANSFORMATIONS)):
        if field in config and config[field] not in allowed:
            yield ("WriterConfig", field), _one_of(allowed)


def _resource(given: Json, actions: tuple[str, ...]) -> _Found:
    if not isinstance(given, str):
        yield ("Resource",), "Expected value of type String"
    elif resource(given).kind != "local" and resource(given).name not in actions:
        yield ("Resource",), f"The resource must be one of S3's {' or '.join(actions)}"


def _numbers(given: dict[str, Any], field: str) -> _Found:
    path = f"{field}Path"
    if field in given and path in given:
        yield (), f"Only one of these fields can be used: [{field}, {path}]"
    value = given.get(field, 0)
    evaluated = isinstance(value, str) and is_expression(value)
    if not evaluated and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
        yield (field,), "Expected value of type Integer from 0"
    yield from _text(given, path)


def _text(given: dict[str, Any], field: str) -> _Found:
    if not isinstance(given.get(field, ""), str):
        yield (field,), "Expected value of type String"


def _one_of(allowed: tuple[str, ...]) -> str:
    return f"Value must be one of [{', '.join(allowed)}]"
