"""`tocsin workflow`: definitions checked, run once in memory, run against cases, drawn; runs are in `runs`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from tocsin import asl
from tocsin.asl import picture
from tocsin.asl.mocks import mocks
from tocsin.cli import rules, runs
from tocsin.cli.files import file_text, json_of, text_of
from tocsin.cli.printing import plain, say, say_json
from tocsin.cli.workflow_state import tried
from tocsin.errors import TocsinError
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import format_instant

CASES = "*.case.json"
SHOWN_MAX = 400  # Characters of a value in a terminal.


def workflow(given: argparse.Namespace) -> int:
    """`tocsin workflow validate|run|test|state|picture`, and more elsewhere. Raises TocsinError, OSError."""
    if given.action in runs.ACTIONS:
        return runs.run(given)
    if given.action in rules.ACTIONS:
        return rules.run(given)
    if not given.path:
        raise TocsinError("workflow-no-file", f"{given.action} takes a file at least")
    match given.action:
        case "validate":
            return _validate(given)
        case "run":
            return _run(given)
        case "picture":
            return _picture(given)
        case "state":
            return tried(given)
        case _:
            return _test(given)


def _validate(given: argparse.Namespace) -> int:
    found = {name: asl.validate(file_text(name)) for name in given.path}
    if given.json:
        documents = [{"file": name, "problems": list(problems)} for name, problems in found.items()]
        say_json(documents)
    for name, problems in found.items() if not given.json else ():
        for problem in problems:
            line = f":{problem.line}" if problem.line else ""
            say(f"{plain(name)}{line}: {plain(problem.message)} ({plain(problem.location)})\n")
        if not problems:
            say(f"{plain(name)} is valid\n")
    return int(any(found.values()))


def _run(given: argparse.Namespace) -> int:
    if len(given.path) > 1:
        raise TocsinError("workflow-one", f"run takes one file, not {len(given.path)}")
    definition = asl.parse(file_text(given.path[0]))
    result = _played(given, definition)
    if given.json:
        say_json(result)
    else:
        _show(result)
    return int(result.status != "SUCCEEDED")


def _played(given: argparse.Namespace, definition: asl.Definition) -> asl.Result:
    answers = None
    if given.mock:
        answers = mocks(json_of(file_text(given.mock), given.mock), given.machine, given.case)
    return asl.run(definition, json_of(text_of(given.input), "the input"), mocks=answers)


def _picture(given: argparse.Namespace) -> int:
    """The picture of a definition: with --mock a run is painted on it."""
    if len(given.path) > 1:
        raise TocsinError("workflow-one", f"picture takes one file, not {len(given.path)}")
    definition = asl.parse(file_text(given.path[0]))
    history = _played(given, definition).history if given.mock else ()
    title = Path(given.path[0]).name.removesuffix(".json").removesuffix(".asl")
    try:
        drawn = picture.draw(definition, title=title, history=history, width=given.width, alone=True)
    except picture.TooLarge:
        message = f"{given.path[0]} is too large for a picture: more than {picture.STATES_MAX} states, or too many ways"
        raise TocsinError("workflow-too-large", message) from None
    if given.json:
        say_json({"sentences": drawn.sentences, "svg": drawn.svg})
    elif given.out == "-":
        say(drawn.svg)
    else:
        Path(given.out).write_text(drawn.svg, encoding="utf-8")
        say(f"{plain(given.out)} is written\n")
    return 0


def _show(result: asl.Result) -> None:
    begun = result.history[0]["timestamp"]
    for event in result.history:
        details: Json = next((value for name, value in event.items() if name.endswith("EventDetails")), {})
        name = f" {details['name']}" if "name" in details else ""
        say(f"{event['id']:>5}  +{(event['timestamp'] - begun) / 1000:<8g} {event['type']}{plain(name)}\n")
    took = format_instant(result.history[-1]["timestamp"] - begun)[11:19]
    say(f"{result.status} after {took} of virtual time\n")
    for label, value in (("error", result.error), ("cause", result.cause)):
        if value is not None:
            say(f"{label}: {plain(value)[:SHOWN_MAX]}\n")
    if result.status == "SUCCEEDED":
        say(f"output: {_short(result.output)}\n")


# ── Cases ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _test(given: argparse.Namespace) -> int:
    files = [path for name in given.path for path in _case_files(Path(name))]
    if not files:
        raise TocsinError("workflow-no-cases", f"there is no {CASES} in {', '.join(given.path)}")
    found = [(str(path), _differences(path)) for path in files]
    if given.json:
        say_json([{"case": name, "passed": not differences, "differences": differences} for name, differences in found])
    else:
        for name, differences in found:
            say(f"{'ok  ' if not differences else 'FAIL'} {plain(name)}\n")
            for difference in differences:
                say(f"     {plain(difference)}\n")
    return int(any(differences for _, differences in found))


def _case_files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(folder.rglob(CASES))
    else:
        yield folder


def _differences(path: Path) -> Sequence[str]:
    """How a run differs from what its case expects; empty when it does not."""
    case = json_of(file_text(str(path)), str(path))
    told = case if isinstance(case, dict) else {}
    if not isinstance(told.get("workflow"), str) or not isinstance(told.get("expect"), dict):
        raise TocsinError("workflow-case-invalid", f"{path}: a case has a 'workflow' (its file) and what to 'expect'")
    definition = asl.parse(file_text(str(path.parent / case["workflow"])))
    result = asl.run(definition, case.get("input", {}), mocks=case.get("mocks"))
    found: dict[str, Json] = {
        "status": result.status,
        "output": result.output,
        "error": result.error,
        "cause": result.cause,
        "states": [
            event["stateEnteredEventDetails"]["name"]
            for event in result.history
            if event["type"].endswith("StateEntered")
        ],
    }
    unknown = [name for name in case["expect"] if name not in found]
    if unknown:
        there = ", ".join(found)
        message = f"{path}: nothing called {unknown[0]!r} can be expected; there are {there}"
        raise TocsinError("workflow-case-invalid", message)
    return [
        f"{name}: expected {_short(wanted)}, got {_short(found[name])}"
        for name, wanted in case["expect"].items()
        if found[name] != wanted
    ]


def _short(value: Json) -> str:
    return json.encode(value).decode()[:SHOWN_MAX]
