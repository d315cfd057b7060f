"""The items that a distributed Map reads: lists of objects, JSON, lines of JSON, CSV, the manifest of an inventory.

Reading is a task like others (`TaskStart` with the reader's resource); an answer is what the S3 API gives, its `Body` a
text. What is in the text is found out here.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any, Final

from tocsin.asl.execution import Reading
from tocsin.asl.failures import ITEM_READER_FAILED, StateFailure
from tocsin.asl.numbers import whole_of
from tocsin.asl.program import ReaderPlan
from tocsin.asl.resources import resource
from tocsin.asl.scope import Scope
from tocsin.kernel import json
from tocsin.kernel.json import Json

ITEMS_MAX: Final = 100_000  # All items are in the state of the run: more is work for another tool.
PAGES_MAX: Final = 10_000  # Answers that one list may have; what never ends is hostile.
FILES_MAX: Final = 10_000  # Of one manifest.

DELIMITERS: Final = {"COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"}
INPUT_TYPES: Final = ("CSV", "JSON", "JSONL", "PARQUET", "MANIFEST")

_LIST: Final = "listObjectsV2"
_BUCKET: Final = "arn:aws:s3:::"


def begun(plan: ReaderPlan, scope: Scope) -> Reading:
    """Before the first answer. Raises StateFailure."""
    arguments = plan.arguments(scope)
    if not isinstance(arguments, dict):
        raise failed("The arguments of the ItemReader must be an object")
    for field, known in (("Transformation", "NONE"), ("ManifestType", "S3_INVENTORY")):
        if plan.config.get(field, known) != known:
            raise failed(f"The {field} {plan.config[field]!r} is not known here")
    return Reading(arguments=arguments, items_max=whole_of(plan.items_max(scope), "MaxItems"))


def source(plan: ReaderPlan, arguments: dict[str, Json]) -> str:
    """Where items come from, as `$$.Map.Item.Source` tells it."""
    place = f"S3://{arguments.get('Bucket', '')}"
    return place if resource(plan.resource).name == _LIST else f"{place}/{arguments.get('Key', '')}"


def taken(reading: Reading, plan: ReaderPlan, output: Json) -> Reading:
    """After the answer *output*; it is over when there are no `arguments` for another one. Raises StateFailure."""
    limit = reading.items_max or ITEMS_MAX + 1
    if reading.pages >= PAGES_MAX:
        raise failed(f"The list has more than {PAGES_MAX} pages")
    if resource(plan.resource).name == _LIST:
        found, following = _listed(output), _next_page(reading, output)
    elif reading.schema:
        found, following = _rows_of(_body(output), reading.schema), _next_file(reading)
    elif plan.config.get("InputType") == "MANIFEST":
        return _manifest(reading, output)
    else:
        found, following = parsed(_body(output), plan), None
    items = [*reading.items, *found][:limit]
    if len(items) > ITEMS_MAX:
        raise failed(f"There are more than {ITEMS_MAX} items")
    return Reading(
        arguments=following if len(items) < limit else None,
        items=items,
        items_max=reading.items_max,
        pages=reading.pages + 1,
        files=reading.files[1:] if reading.schema else reading.files,
        schema=reading.schema,
        bucket=reading.bucket,
    )


def parsed(body: Json, plan: ReaderPlan) -> list[Json]:
    """The items in *body*, a text or what was read from it already. Raises StateFailure."""
    config = plan.config
    match config.get("InputType", "JSON"):
        case "JSON":
            return _array(_pointed(_decoded(body), str(config.get("ItemsPointer") or "")))
        case "JSONL":
            return [_decoded(line) for line in _text(body).splitlines() if line.strip()]
        case "CSV":
            return _table(_text(body), config)
        case kind:
            raise failed(f"The InputType {kind!r} cannot be read here")


def failed(cause: str | None) -> StateFailure:
    """`States.ItemReaderFailed`."""
    return StateFailure(ITEM_READER_FAILED, cause, located=False)


# ── Texts ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _body(output: Json) -> Json:
    return output["Body"] if isinstance(output, dict) and "Body" in output else output


def _text(body: Json) -> str:
    if not isinstance(body, str):
        raise failed("The object that was read is no text")
    return body.removeprefix("\ufeff")


def _decoded(body: Json) -> Json:
    if not isinstance(body, str):
        return body
    try:
        return json.decode(_text(body))
    except json.JsonError as problem:
        raise failed(f"The object that was read is no JSON: {problem}") from None


def _array(value: Json) -> list[Json]:
    if not isinstance(value, list):
        raise failed("The object that was read must hold an array of items")
    return value


def _pointed(value: Json, pointer: str) -> Json:
    """What the JSON pointer (RFC 6901) leads to."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isascii() and name.isdigit() and int(name[:9]) < len(value):
            value = value[int(name[:9])]
        else:
            raise failed(f"ItemsPointer {pointer!r} leads nowhere in the object that was read")
    return value


def _table(text: str, config: Any) -> list[Json]:  # noqa: ANN401 - the configuration as it is written.
    rows = _rows(text, DELIMITERS.get(str(config.get("CSVDelimiter", "COMMA")), ","))
    if config.get("CSVHeaderLocation") == "GIVEN":
        names = [str(name) for name in config.get("CSVHeaders") or ()]
    else:
        names = next(rows, [])
    return [_named(names, row) for row in rows]


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    lines = text.splitlines(keepends=True)
    try:
        for row in csv.reader(lines, delimiter=delimiter):
            if row:
                yield row
    except csv.Error as problem:
        raise failed(f"The object that was read is no CSV: {problem}") from None


def _named(names: list[str], row: list[str]) -> dict[str, Json]:
    """What lacks is an empty text, what is too much is left out."""
    return {name: row[place] if place < len(row) else "" for place, name in enumerate(names)}


# ── Several answers ──────────────────────────────────────────────────────────────────────────────────────────────────
def _listed(output: Json) -> list[Json]:
    found = output.get("Contents", []) if isinstance(output, dict) else output
    return _array(found)


def _next_page(reading: Reading, output: Json) -> dict[str, Json] | None:
    token = output.get("NextContinuationToken") if isinstance(output, dict) else None
    return {**(reading.arguments or {}), "ContinuationToken": token} if token else None


def _manifest(reading: Reading, output: Json) -> Reading:
    """The manifest of an inventory names files, and what stands in their columns.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html
    """
    manifest = _decoded(_body(output))
    files = manifest.get("files") if isinstance(manifest, dict) else None
    schema = manifest.get("fileSchema") if isinstance(manifest, dict) else None
    if not isinstance(files, list) or not isinstance(schema, str) or len(files) > FILES_MAX:
        raise failed(f"The manifest must have a fileSchema and at most {FILES_MAX} files")
    if manifest.get("fileFormat", "CSV") != "CSV":
        raise failed(f"An inventory in the format {manifest['fileFormat']!r} cannot be read here, but CSV")
    keys = [str(file.get("key", "")) for file in files if isinstance(file, dict)]
    bucket = str(manifest.get("destinationBucket") or (reading.arguments or {}).get("Bucket", ""))
    made = Reading(
        arguments=None,
        items_max=reading.items_max,
        pages=reading.pages + 1,
        files=["", *keys],
        schema=[name.strip() for name in schema.split(",")],
        bucket=bucket.removeprefix(_BUCKET),
    )
    made.arguments = _next_file(made)
    made.files = keys
    return made


def _next_file(reading: Reading) -> dict[str, Json] | None:
    rest = reading.files[1:]
    return {"Bucket": reading.bucket, "Key": rest[0]} if rest else None


def _rows_of(body: Json, schema: list[str]) -> list[Json]:
    return [_named(schema, row) for row in _rows(_text(body), ",")]
