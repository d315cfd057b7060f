"""What a distributed Map writes: the results of its children, in files, and a manifest that names them.

Writing is a task like others (`TaskStart` with the writer's resource), one for each file.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.asl.execution import ChildRun
from tocsin.asl.failures import RESULT_WRITER_FAILED, StateFailure
from tocsin.asl.times import written
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant

TRANSFORMATIONS: Final = ("NONE", "COMPACT", "FLATTEN")
OUTPUT_TYPES: Final = ("JSON", "JSONL")

_ORDER: Final = ("SUCCEEDED", "FAILED")


def record(
    run: ChildRun, machine: str, arn: str, now: Instant, *, output: Json, error: tuple[str | None, str | None] | None
) -> dict[str, Json]:
    """What is told of a child that has ended. *error*: its error and cause, if it failed."""
    found: dict[str, Json] = {
        "ExecutionArn": arn,
        "Input": _text(run.input),
        "InputDetails": {"Included": True},
        "Name": run.name,
        "StartDate": written(run.started_at),
        "StateMachineArn": machine,
        "Status": "FAILED" if error else "SUCCEEDED",
        "StopDate": written(now),
    }
    if error:
        return {**found, "Error": error[0] or "", "Cause": error[1] or ""}
    return {**found, "Output": _text(output), "OutputDetails": {"Included": True}}


def transformed(records: list[Json], config: Mapping[str, Json]) -> list[Json]:
    """What WriterConfig makes of the *records*: all of them, their outputs, or what is in these."""
    match config.get("Transformation", "NONE"):
        case "COMPACT":
            return [_output(each) for each in records]
        case "FLATTEN":
            found: list[Json] = []
            for output in map(_output, records):
                found += output if isinstance(output, list) else [output]
            return found
        case _:
            return records


def files(
    arguments: Mapping[str, Json], arn: str, records: list[Json], config: Mapping[str, Json]
) -> list[dict[str, Json]]:
    """What is to be put, one after the other; the manifest last."""
    bucket = str(arguments.get("Bucket", ""))
    prefix = str(arguments.get("Prefix", ""))
    folder = f"{prefix.rstrip('/')}/{arn.rpartition(':')[2]}".lstrip("/")
    kind = str(config.get("OutputType", "JSON"))
    made: list[dict[str, Json]] = []
    named: dict[str, list[Json]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    for status in _ORDER:
        some = [each for each in records if each["Status"] == status]
        if some:
            body = _file(transformed(some, config), kind)
            key = f"{folder}/{status}_0.{kind.lower()}"
            named[status].append({"Key": key, "Size": len(body.encode())})
            made.append({"Bucket": bucket, "Key": key, "Body": body})
    manifest = {"DestinationBucket": bucket, "MapRunArn": arn, "ResultFiles": named}
    return [*made, {"Bucket": bucket, "Key": f"{folder}/manifest.json", "Body": _text(manifest)}]


def failed(cause: str | None) -> StateFailure:
    """`States.ResultWriterFailed`."""
    return StateFailure(RESULT_WRITER_FAILED, cause, located=False)


def _output(told: Json) -> Json:
    """What a child gave; of one that failed, how."""
    if told["Status"] == "FAILED":
        return {"Error": told["Error"], "Cause": told["Cause"]}
    return json.decode(told["Output"])


def _file(values: list[Json], kind: str) -> str:
    return "\n".join(map(_text, values)) if kind == "JSONL" else _text(values)


def _text(value: Json) -> str:
    return json.encode(value).decode()
