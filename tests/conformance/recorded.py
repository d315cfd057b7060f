"""Cases recorded from Step Functions, run on our interpreter and compared. They lie beside the repository, or nowhere.

What is compared, and how values that differ from run to run are treated, is as the README beside the cases says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tocsin import patterns as event_patterns
from tocsin.asl import memory
from tocsin.asl.execution import Names
from tocsin.asl.memory import Failure, Function, Takes
from tocsin.asl.validation import parse, validate
from tocsin.kernel.json import Json
from tocsin.timetables import Service, TimetableError
from tocsin.timetables import parse as parse_timetable

FOLDER = Path(__file__).parents[2].parent / "shared" / "conformance"
WORKFLOWS = FOLDER / "workflow-cases.jsonl"
PATTERNS = FOLDER / "pattern-cases.jsonl"
TIMETABLES = FOLDER / "timetable-cases.jsonl"
LARGE = 257 * 1024
SLEEP = 60_000

_PLACEHOLDER = re.compile(r"<[^<>]*>")
_WILD = {
    *("timestamp", "date", "datetime", "start-time", "entered-time", "snf_role_arn", "sfn_role_arn", "map_run_arn"),
    *("RequestId", "x-amzn-RequestId", "X-Amzn-Trace-Id"),
}
_WILD_START = ("RandomNumberGenerated",)
_IGNORED = {
    "SdkHttpMetadata",
    "SdkResponseMetadata",
    "StatusCode",
    "requestId",
    "stackTrace",
    "LogResult",
}


class Verdict(msgspec.Struct, kw_only=True):
    """What is the same: the status, with the output and error, with the cause, and the types of events in order."""

    id: str
    area: str
    status: bool = False
    result: bool = False
    cause: bool = False
    events: bool | None = None
    note: str = ""


def cases(*kinds: str) -> Iterator[dict[str, Any]]:
    """All cases of these kinds."""
    for line in WORKFLOWS.read_text().splitlines():
        case = json.loads(line)
        if case["kind"] in kinds:
            yield case


def judged(case: dict[str, Any]) -> Verdict:
    """Run an execution, and compare."""
    verdict = Verdict(id=case["id"], area=case["area"])
    expected = case["expected"]
    text = case["definition"]
    try:
        definition = parse(text)
        express = case.get("type") == "EXPRESS"
        arn = "arn:aws:states:us-east-1:111111111111:express:workflow:run:1"
        names = Names(express=True, execution=arn) if express else Names()
        result = memory.run(
            definition, case.get("input"), functions=functions(case.get("functions") or {}), names=names
        )
    except Exception as problem:  # noqa: BLE001 - a case that breaks us is one that differs.
        verdict.note = f"{type(problem).__name__}: {problem}"
        return verdict
    verdict.status = result.status == expected["status"]
    verdict.result = (
        verdict.status and same(expected.get("output"), result.output) and same(expected.get("error"), result.error)
    )
    verdict.cause = verdict.result and same(expected.get("cause"), result.cause)
    if expected.get("event_types"):
        types = [event["type"] for event in result.history]
        wanted = expected["event_types"]
        if wanted[0] != "ExecutionStarted":
            wanted = wanted[::-1]
        # The recordings leave this one out, as their numbering shows; and all that ends within a nested one.
        types = [each for each in types if each != "ParallelStateSucceeded"]
        concurrent = any(each in {"ParallelStateStarted", "MapIterationStarted"} for each in wanted)
        verdict.events = sorted(types) == sorted(wanted) if concurrent else types == wanted
    if not verdict.cause or verdict.events is False:
        verdict.note = json.dumps(
            {
                "ours": [result.status, result.output, result.error, result.cause],
                "theirs": [expected["status"], expected.get("output"), expected.get("error"), expected.get("cause")],
                **(
                    {"types": [event["type"] for event in result.history], "wanted": expected.get("event_types")}
                    if verdict.events is False
                    else {}
                ),
            },
            default=str,
        )
    return verdict


def refusals() -> Iterator[bool]:
    """Whether a definition is refused exactly where AWS refused it."""
    for case in cases("create_error", "create_ok", "validate", "execution"):
        text = case["definition"]
        refused = bool(validate(text if isinstance(text, str) else json.dumps(text)))
        expected = json.dumps(case["expected"])
        wanted = case["kind"] in {"create_error", "validate"} and (
            "InvalidDefinition" in expected or "FAIL" in expected
        )
        yield refused is wanted


def patterns() -> Iterator[bool]:
    """Whether a pattern matches, does not, or is refused as AWS said."""
    for line in PATTERNS.read_text().splitlines():
        case = json.loads(line)
        try:
            found: bool | str = event_patterns.compile(case["pattern"]).matches(case["event"])
        except event_patterns.PatternError:
            found = "invalid"
        yield found == case["expected"]


def timetables() -> Iterator[bool]:
    """Whether an expression is accepted exactly where AWS accepted it."""
    for line in TIMETABLES.read_text().splitlines():
        case = json.loads(line)
        try:
            accepted = bool(parse_timetable(case["expression"], service=Service(case["service"])))
        except TimetableError:
            accepted = False
        yield accepted is case["valid"]


def functions(wanted: dict[str, str]) -> dict[str, Function]:
    """Python functions that do what the recorded Lambda functions did."""
    return {name: _FUNCTIONS[kind] for name, kind in wanted.items()}


RAISED = json.dumps(
    {
        "errorMessage": "Some exception was raised.",
        "errorType": "Exception",
        "requestId": "<id>",
        "stackTrace": [
            '  File "/var/task/handler.py", line 2, in handler\n    raise Exception("Some exception was raised.")\n'
        ],
    },
    separators=(",", ":"),
)


class CustomException(Exception):
    """As recorded, without a text."""

    def __str__(self) -> str:
        return ""


def _raise(_: Json) -> Json:
    raise Failure("Exception", RAISED)


def _raise_custom(_: Json) -> Json:
    raise CustomException


_FUNCTIONS: dict[str, Function] = {
    "echo": lambda event: event,
    "hello": lambda _: {"Return": "HelloWorld"},
    "raise": _raise,
    "raise-custom": _raise_custom,
    "bytes": lambda _: "HelloWorld!",
    "large": lambda _: "a" * LARGE,
    "sleep-60": lambda event: Takes(event, SLEEP),
}


def same(expected: Json, ours: Json) -> bool:
    """Whether *ours* is what is expected, as far as it does not differ from run to run."""
    expected, raw, ours = _decoded(expected), ours, _decoded(ours)
    if isinstance(expected, str):
        ours = ours if isinstance(ours, str) else raw
        if expected in _WILD or expected.startswith(_WILD_START):
            return True
        if _PLACEHOLDER.search(expected):
            if not isinstance(ours, str):
                return bool(_PLACEHOLDER.fullmatch(expected))
            parts = [re.escape(part) for part in _PLACEHOLDER.split(expected)]
            return re.fullmatch(".*".join(parts), ours, re.DOTALL) is not None
        return isinstance(ours, str) and expected == ours
    if isinstance(expected, dict):
        if not isinstance(ours, dict):
            return False
        names = {name for name in {*expected, *ours} if name not in _IGNORED}
        return all(name in expected and name in ours and same(expected[name], ours[name]) for name in names)
    if isinstance(expected, list):
        return isinstance(ours, list) and len(expected) == len(ours) and all(map(same, expected, ours))
    if isinstance(expected, bool) or isinstance(ours, bool):
        return expected is ours
    return bool(expected == ours)


def _decoded(value: Json) -> Json:
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
