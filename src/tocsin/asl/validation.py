"""What is wrong with a definition: all of it at once, each mistake with its place, in the words of Step Functions.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tocsin.asl import documents, mapfields, program, rules
from tocsin.asl.documents import SCHEMA, Problem
from tocsin.asl.failures import ALL
from tocsin.asl.places import pointer
from tocsin.asl.program import Pointer
from tocsin.asl.resources import is_known
from tocsin.asl.templates import DYNAMIC, TemplateError, is_expression
from tocsin.asl.times import is_timestamp
from tocsin.errors import TocsinError
from tocsin.kernel.json import Json

NO_TARGET: Final = "MISSING_TRANSITION_TARGET"
TWICE: Final = "DUPLICATE_STATE_NAME"
NO_END: Final = "MISSING_END_STATE"
BAD_NAME: Final = "INVALID_STATE_NAME"
BAD_RESOURCE: Final = "INVALID_RESOURCE"
BAD_LABEL: Final = "INVALID_LABEL_NAME"
LABEL_TWICE: Final = "DUPLICATE_LABEL_NAME"
TOO_DEEP: Final = "TOO_DEEPLY_NESTED"
PROBLEMS_MAX: Final = 100  # As ValidateStateMachineDefinition gives at most.

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,79}")


class DefinitionError(TocsinError):
    """The definition is not one that Step Functions accepts; *problems* are all of its mistakes."""

    def __init__(self, problems: tuple[Problem, ...], what: str = "Invalid State Machine Definition") -> None:
        """Say *what* is wrong, the first of the problems, and how many there are."""
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__("definition-invalid", f"{what}: '{problems[0]}'{more}")
        self.problems = problems


def parse(definition: str | bytes | Mapping[str, Json]) -> program.Definition:
    """The compiled definition of a JSON text or a document. Raises DefinitionError with all mistakes."""
    found, compiled = _read(definition)
    if found:
        raise DefinitionError(found)
    assert compiled is not None
    return compiled


def validate(definition: str | bytes | Mapping[str, Json]) -> tuple[Problem, ...]:
    """All mistakes of a definition, at most PROBLEMS_MAX."""
    return _read(definition)[0]


def _read(definition: str | bytes | Mapping[str, Json]) -> tuple[tuple[Problem, ...], program.Definition | None]:
    """All mistakes; and what it is compiled to, where there are none."""
    document, where, wrong = documents.read(definition)
    if not isinstance(document, dict):
        return wrong, None
    checker = _Checker()
    checker.top(document)
    compiled = None
    try:
        if checker.found:
            program.check_states(checker.whole)
        else:
            compiled = program.compile_definition(document)
    except TemplateError as problem:
        for each in (problem, *problem.more):
            checker.add(each.pointer, _template_words(each))
    problems = tuple(
        Problem(code=code, message=message, location=pointer(path), line=documents.line(where, path))
        for path, code, message in checker.found[:PROBLEMS_MAX]
    )
    return problems, compiled


def _template_words(problem: TemplateError) -> str:
    last = str(problem.pointer[-1]) if problem.pointer else ""
    if last.endswith(DYNAMIC):
        return (
            f"The value for the field '{last}' must be a valid JSONPath or a valid intrinsic function call"
            f" ({problem.message})"
        )
    return problem.message[:1].upper() + problem.message[1:]


class _Checker:
    """Walks through a definition and notes what is wrong."""

    def __init__(self) -> None:
        self.found: list[tuple[Pointer, str, str]] = []
        self.whole: list[tuple[str, dict[str, Any], Pointer, str]] = []
        """States with the right fields: what is evaluated in them can be looked at."""
        self._names: dict[str, Pointer] = {}
        self._labels: set[str] = set()

    def add(self, path: Pointer, message: str, code: str = SCHEMA) -> None:
        self.found.append((path, code, message))

    def top(self, document: dict[str, Json]) -> None:
        self._number(document, "TimeoutSeconds", (), jsonata=False)
        if not isinstance(document.get("Comment", ""), str):
            self.add(("Comment",), "Expected value of type String")
        if "Version" in document and document["Version"] != "1.0":
            self.add(("Version",), "The value of Version must be '1.0'")
        language = self._language(document, (), outer="")
        self._program(document, (), language, rules.TOP, 0)

    def _language(self, given: dict[str, Json], path: Pointer, outer: str) -> str:
        found = given.get("QueryLanguage", outer or program.JSONPATH)
        if found not in (program.JSONPATH, program.JSONATA):
            self.add((*path, "QueryLanguage"), "Value must be one of [JSONPath, JSONata]")
            return program.JSONPATH
        if found == program.JSONPATH and outer == program.JSONATA:
            self.add(
                (*path, "QueryLanguage"),
                "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
            )
        return str(found)

    # ── Programs ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def _program(
        self,
        given: Json,
        path: Pointer,
        language: str,
        allowed: frozenset[str],
        depth: int,
    ) -> None:
        if not isinstance(given, dict):
            self.add(path, "Expected value of type Object")
            return
        if depth > rules.NESTED_MAX:
            self.add(path, f"State machines are nested deeper than {rules.NESTED_MAX} levels", TOO_DEEP)
            return
        self._unknown(given, allowed, path)
        missing = [name for name in ("States", "StartAt") if name not in given]
        if missing:
            self.add(path, f"These fields are required: [{', '.join(missing)}]")
        states = given.get("States", {})
        if not isinstance(states, dict):
            self.add((*path, "States"), "Expected value of type Object")
            return
        if "States" in given and not states:
            self.add((*path, "States"), "At least one state is needed")
        if len(self._names) + len(states) > rules.STATES_MAX:
            self.add((*path, "States"), f"There are more than {rules.STATES_MAX} states")
            return
        for name, state in states.items():
            self._state(name, state, (*path, "States", name), language, depth)
        self._transitions(given, states, path)

    def _transitions(self, given: dict[str, Json], states: dict[str, Json], path: Pointer) -> None:
        start = given.get("StartAt")
        if "StartAt" in given and not isinstance(start, str):
            self.add((*path, "StartAt"), "Expected value of type String")
            return
        reached: set[str] = set()
        waiting = [start] if isinstance(start, str) and start in states else []
        if isinstance(start, str) and start not in states and states:
            self.add((*path, "StartAt"), f"Missing 'Next' target: {start}", NO_TARGET)
        while waiting:
            name = waiting.pop()
            if name in reached or not isinstance(states.get(name), dict):
                continue
            reached.add(name)
            waiting += [target for _, target in _targets(states[name]) if target in states]
        for name, state in states.items():
            if not isinstance(state, dict):
                continue
            for place, target in _targets(state):
                if target not in states:
                    self.add((*path, "States", name, *place), f"Missing 'Next' target: {target}", NO_TARGET)
            if reached and name not in reached:
                self.add((*path, "States", name), f'State "{name}" is not reachable', NO_TARGET)
        if states and not any(_ends(state, states) for state in states.values()):
            self.add((*path, "States"), "The workflow does not have a terminal state", NO_END)

    # ── States ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def _state(
        self,
        name: str,
        given: Json,
        path: Pointer,
        language: str,
        depth: int,
    ) -> None:
        if not isinstance(given, dict):
            self.add(path, "Expected value of type Object")
            return
        before = len(self.found)
        if not 0 < len(name) <= rules.NAME_MAX:
            self.add(path, f"State name length must be from 1 to {rules.NAME_MAX}", BAD_NAME)
        if name in self._names:
            self.add(path, f"Duplicate state name: {name}, also at {pointer(self._names[name])}", TWICE)
        self._names.setdefault(name, path)
        kind = given.get("Type")
        if kind not in rules.STATES:
            message = (
                "These fields are required: [Type]"
                if kind is None
                else f"The field 'Type' should have one of these values: [{', '.join(rules.STATES)}]"
            )
            self.add(path if kind is None else (*path, "Type"), message)
            return
        speaks = self._language(given, path, language)
        both, jsonpath, jsonata = rules.FIELDS[str(kind)]
        own = jsonata if speaks == program.JSONATA else jsonpath
        foreign = jsonpath if speaks == program.JSONATA else jsonata
        for field in given:
            if field in foreign and field not in own | both:
                self.add((*path, field), f"The field '{field}' is not supported for the query language '{speaks}'")
        self._unknown(given, both | own | foreign, path)
        for field in rules.REQUIRED.get(str(kind), ()):
            if field not in given:
                self.add(path, f"These fields are required: [{field}]")
        for group in rules.EITHER:
            there = [field for field in group if field in given]
            if len(there) > 1:
                self.add(path, f"Only one of these fields can be used: [{', '.join(there)}]")
        self._goes_on(str(kind), given, path)
        self._fields(given, path, jsonata=speaks == program.JSONATA)
        self._typed(given, path, (speaks == program.JSONATA, language), depth)
        if all(_deeper(place, path) for place, _, _ in self.found[before:]):
            self.whole.append((name, given, path, language))

    def _goes_on(self, kind: str, given: dict[str, Json], path: Pointer) -> None:
        if kind in rules.TERMINAL:
            return
        if "Next" in given and "End" in given:
            self.add(path, "Only one of these fields can be used: [Next, End]")
        if "Next" not in given and given.get("End") is not True:
            self.add(path, "End or Next is required: either 'Next' names the next state, or 'End' is true")
        if "End" in given and not isinstance(given["End"], bool):
            self.add((*path, "End"), "Expected value of type Boolean")

    def _fields(self, given: dict[str, Any], path: Pointer, *, jsonata: bool) -> None:
        for field, value in given.items():
            is_text = isinstance(value, str) or (value is None and field in rules.NULLABLE)
            if (field in rules.TEXTS or field.endswith("Path")) and not is_text:
                self.add((*path, field), "Expected value of type String")
        for field in rules.NUMBERS:
            self._number(given, field, path, jsonata=jsonata)
        for field in () if jsonata else rules.OBJECTS:
            if not isinstance(given.get(field, {}), dict):
                self.add((*path, field), "Expected value of type Object")
        self._assign(given, path)
        timeout, beat = given.get("TimeoutSeconds"), given.get("HeartbeatSeconds")
        if isinstance(timeout, int) and isinstance(beat, int) and beat >= timeout:
            self.add((*path, "HeartbeatSeconds"), "HeartbeatSeconds must be smaller than TimeoutSeconds")
        for number, each in enumerate(self._listed(given, "Retry", path)):
            self._retrier(each, (*path, "Retry", number))
        catchers = self._listed(given, "Catch", path)
        for number, each in enumerate(catchers):
            self._errors(each, (*path, "Catch", number), last=number == len(catchers) - 1)
            self._unknown(each, rules.CATCHER, (*path, "Catch", number))
            self._assign(each, (*path, "Catch", number))
            if not isinstance(each.get("Next"), str):
                self.add((*path, "Catch", number), "These fields are required: [Next]")
        retriers = self._listed(given, "Retry", path)
        for number, each in enumerate(retriers):
            self._errors(each, (*path, "Retry", number), last=number == len(retriers) - 1)

    def _assign(self, given: dict[str, Any], path: Pointer) -> None:
        if "Assign" not in given:
            return
        assign = given["Assign"]
        if not isinstance(assign, dict):
            self.add((*path, "Assign"), "Expected value of type Object")
            return
        for name in assign:
            bare = name.removesuffix(DYNAMIC)
            if bare == "states" or not _VARIABLE.fullmatch(bare):
                self.add((*path, "Assign", name), f"'{bare}' is no name of a variable")

    def _number(self, given: dict[str, Any], field: str, path: Pointer, *, jsonata: bool) -> None:
        if field not in given:
            return
        value = given[field]
        least, most, whole = rules.NUMBERS[field]
        if jsonata and isinstance(value, str) and is_expression(value):
            return
        if isinstance(value, bool) or not isinstance(value, int | float) or (whole and not isinstance(value, int)):
            self.add((*path, field), f"Expected value of type {'Integer' if whole else 'Number'}")
        elif not least <= value <= most:
            self.add((*path, field), f"The value must be from {least} to {most}")

    def _listed(self, given: dict[str, Any], field: str, path: Pointer) -> list[dict[str, Any]]:
        found = given.get(field, [])
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            self.add((*path, field), "Expected value of type Array of Objects")
            return []
        return found

    def _retrier(self, given: dict[str, Any], path: Pointer) -> None:
        self._unknown(given, rules.RETRIER, path)
        for field in ("IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds"):
            self._number(given, field, path, jsonata=False)
        if given.get("JitterStrategy", "NONE") not in ("NONE", "FULL"):
            self.add((*path, "JitterStrategy"), "Value must be one of [NONE, FULL]")

    def _errors(self, given: dict[str, Any], path: Pointer, *, last: bool) -> None:
        errors = given.get("ErrorEquals")
        if not isinstance(errors, list) or not errors or not all(isinstance(each, str) for each in errors):
            self.add((*path, "ErrorEquals"), "A list of error names that is not empty is required")
        elif ALL in errors and (len(errors) > 1 or not last):
            self.add((*path, "ErrorEquals"), f"'{ALL}' must stand alone, and in the last entry")

    # ── What is special about a type ─────────────────────────────────────────────────────────────────────────────────
    def _typed(self, given: dict[str, Any], path: Pointer, speaks: tuple[bool, str], depth: int) -> None:
        """*speaks*: whether JSONata is spoken here, and the language of the state machines within."""
        jsonata, language = speaks
        match given["Type"]:
            case "Choice":
                self._choices(given, path, jsonata=jsonata)
            case "Wait":
                self._wait(given, path, jsonata=jsonata)
            case "Parallel":
                if given.get("Branches") == []:
                    self.add((*path, "Branches"), "Value cannot be empty")
                for number, each in enumerate(self._listed(given, "Branches", path)):
                    self._program(each, (*path, "Branches", number), language, rules.BRANCH, depth + 1)
            case "Map":
                self._map(given, path, language, depth)
            case "Task":
                self._resource(given.get("Resource", "-"), (*path, "Resource"))
            case _:
                pass

    def _resource(self, given: Json, path: Pointer) -> None:
        if isinstance(given, str) and not is_known(given):
            told = f"The resource provided {given} is not recognized." if given.strip() else "Value cannot be empty."
            self.add(path, f"{told} A valid ARN of a resource, or the name of a function, is needed", BAD_RESOURCE)

    def _choices(self, given: dict[str, Any], path: Pointer, *, jsonata: bool) -> None:
        choices = self._listed(given, "Choices", path)
        if isinstance(given.get("Choices"), list) and not given["Choices"]:
            self.add((*path, "Choices"), "At least one choice is needed")
        for number, each in enumerate(choices):
            here = (*path, "Choices", number)
            self._assign(each, here)
            if not isinstance(each.get("Next"), str):
                self.add(here, "These fields are required: [Next]")
            if jsonata:
                condition = each.get("Condition")
                if "Condition" not in each:
                    self.add(here, "These fields are required: [Condition]")
                elif not isinstance(condition, bool) and not (isinstance(condition, str) and is_expression(condition)):
                    self.add((*here, "Condition"), "A JSONata expression or a Boolean is needed")
            elif "Condition" in each:
                self.add(
                    (*here, "Condition"), "The field 'Condition' is not supported for the query language 'JSONPath'"
                )

    def _wait(self, given: dict[str, Any], path: Pointer, *, jsonata: bool) -> None:
        if not any(field in given for field in rules.EITHER[0]):
            self.add(path, f"One of these fields is required: [{', '.join(rules.EITHER[0])}]")
        value = given.get("Timestamp")
        evaluated = jsonata and isinstance(value, str) and is_expression(value)
        if "Timestamp" in given and not evaluated and not (isinstance(value, str) and is_timestamp(value)):
            self.add((*path, "Timestamp"), "String does not match RFC3339 timestamp")

    def _map(self, given: dict[str, Any], path: Pointer, language: str, depth: int) -> None:
        key = "ItemProcessor" if "ItemProcessor" in given else "Iterator"
        if key not in given:
            self.add(path, "These fields are required: [ItemProcessor]")
            return
        self._program(given[key], (*path, key), language, rules.PROCESSOR, depth + 1)
        config = given[key].get("ProcessorConfig", {}) if isinstance(given[key], dict) else {}
        if not isinstance(config, dict):
            self.add((*path, key, "ProcessorConfig"), "Expected value of type Object")
            return
        mode = config.get("Mode", "INLINE")
        if mode not in ("INLINE", "DISTRIBUTED"):
            self.add((*path, key, "ProcessorConfig", "Mode"), "Value must be one of [INLINE, DISTRIBUTED]")
        kind = config.get("ExecutionType")
        if mode == "DISTRIBUTED" and kind not in ("STANDARD", "EXPRESS"):
            self.add((*path, key, "ProcessorConfig", "ExecutionType"), "Value must be one of [STANDARD, EXPRESS]")
        if mode == "INLINE":
            for field in ("ItemReader", "ItemBatcher", "ResultWriter", "Label"):
                if field in given:
                    self.add((*path, field), f"The field '{field}' is only supported for the mode 'DISTRIBUTED'")
        items = given.get("Items", [])
        if not isinstance(items, list | dict) and not (isinstance(items, str) and is_expression(items)):
            self.add((*path, "Items"), "An array, an object or a JSONata expression is needed")
        for place, message in mapfields.problems(given):
            self.add((*path, *place), message)
        self._label(given, path)

    def _label(self, given: dict[str, Any], path: Pointer) -> None:
        if "Label" not in given:
            return
        label = given["Label"]
        if not isinstance(label, str):
            self.add((*path, "Label"), "Expected value of type String")
            return
        if not 0 < len(label) <= rules.LABEL_MAX:
            self.add((*path, "Label"), f"Label must have from 1 to {rules.LABEL_MAX} characters", BAD_LABEL)
        if label in self._labels:
            self.add((*path, "Label"), f"Duplicate label: {label}", LABEL_TWICE)
        self._labels.add(label)
        refused = next((char for char in label if char in rules.LABEL_REFUSED or not char.isprintable()), None)
        if refused is not None:
            self.add((*path, "Label"), f"Label contains invalid character: {refused!r}", BAD_LABEL)

    def _unknown(self, given: dict[str, Json], allowed: frozenset[str], path: Pointer) -> None:
        for field in given:
            if field not in allowed:
                self.add((*path, field), f"Field '{field}' is not supported")


def _deeper(place: Pointer, path: Pointer) -> bool:
    """Whether *place* is in a state within the one at *path*."""
    match place[len(path) :]:
        case ("ItemProcessor" | "Iterator", "States", _, *_) | ("Branches", _, "States", _, *_):
            return True
        case _:
            return False


def _ends(state: Json, states: dict[str, Json]) -> bool:
    """Whether a run may end in *state*, or what it lacks for that is told already."""
    if not isinstance(state, dict) or state.get("Type") in ("Succeed", "Fail"):
        return True
    if any(target not in states for _, target in _targets(state)):
        return True
    return state.get("Type") != "Choice" and ("End" in state or "Next" not in state)


def _targets(state: dict[str, Any]) -> Iterator[tuple[Pointer, str]]:
    """Where a state may go on, with the places that say so."""
    for field in ("Next", "Default"):
        if isinstance(state.get(field), str):
            yield (field,), state[field]
    for field in ("Choices", "Catch"):
        entries = state.get(field)
        for number, entry in enumerate(entries if isinstance(entries, list) else []):
            if isinstance(entry, dict) and isinstance(entry.get("Next"), str):
                yield (field, number, "Next"), entry["Next"]
