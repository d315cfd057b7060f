"""A definition, compiled: programs (state machines, branches, item processors) of states with what they evaluate.

What is compiled here was validated before (`validation`); a mistake that slips through is a TemplateError all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

import msgspec

from tocsin.asl.choices import Rule, rule
from tocsin.asl.failures import runtime
from tocsin.asl.paths import PathError
from tocsin.asl.reference_paths import Reference, ResultPath
from tocsin.asl.scope import Scope
from tocsin.asl.sizes import shown
from tocsin.asl.templates import (
    Template,
    TemplateError,
    constant,
    dynamic,
    gathered,
    is_expression,
    jsonata,
    payload,
    typed,
)
from tocsin.kernel.json import Json

JSONATA: Final = "JSONata"
JSONPATH: Final = "JSONPath"
SHOWN_MAX: Final = 200  # Characters of a wrong value in a cause.

Pointer: TypeAlias = tuple[str | int, ...]
Read: TypeAlias = Callable[[Scope], Json]
_Fields: TypeAlias = dict[str, Callable[[], Any]]  # Compiled together, so that all their mistakes are told at once.


class Retrier(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of Retry. Seconds; *delay_max* 0: without a limit."""

    errors: tuple[str, ...]
    interval: float = 1
    attempts: int = 3
    backoff: float = 2.0
    delay_max: float = 0
    jitter: bool = False


class Catcher(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of Catch."""

    errors: tuple[str, ...]
    next: str
    result_path: ResultPath | None = None
    discard: bool = False
    assign: Template | None = None
    output: Template | None = None


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """One rule of a Choice."""

    holds: Rule
    next: str
    assign: Template | None = None
    output: Template | None = None


class MapPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is special about a Map. *batch*, *reader*, *writer*: of a distributed one."""

    items: Read | None
    selector: Template | None
    concurrency: Read
    tolerated_count: Read
    tolerated_percentage: Read
    distributed: bool = False
    label: str = ""
    reader: ReaderPlan | None = None
    batch: BatchPlan | None = None
    writer: WriterPlan | None = None


class ReaderPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Where a distributed Map reads its items."""

    resource: str
    arguments: Template
    config: Mapping[str, Json]
    items_max: Read


class WriterPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Where a distributed Map writes its results; *resource* empty: nowhere, they are the state's."""

    resource: str
    arguments: Template
    config: Mapping[str, Json]


class BatchPlan(msgspec.Struct, frozen=True, kw_only=True):
    """How a distributed Map puts items together."""

    items_max: Read
    bytes_max: Read
    input: Template


class State(msgspec.Struct, frozen=True, kw_only=True):
    """One state. *next* empty: it is the last one. What a type does not have stays as it is by default."""

    name: str
    type: str
    jsonata: bool
    next: str = ""
    input_path: Reference | None = None
    input_discarded: bool = False
    parameters: Template | None = None
    selector: Template | None = None
    result_path: ResultPath | None = None
    result_discarded: bool = False
    output_path: Reference | None = None
    output_discarded: bool = False
    assign: Template | None = None
    output: Template | None = None
    result: Template | None = None
    resource: str = ""
    role: Template | None = None
    timeout: Read | None = None
    heartbeat: Read | None = None
    retry: tuple[Retrier, ...] = ()
    catch: tuple[Catcher, ...] = ()
    branches: tuple[Branch, ...] = ()
    default: str = ""
    wait: tuple[str, Read] | None = None
    error: Read | None = None
    cause: Read | None = None
    programs: tuple[str, ...] = ()
    map: MapPlan | None = None
    told: Mapping[str, str] = {}
    """Paths as they are written, for messages."""


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A state machine, a branch, or an item processor. *pointer* names it within the definition."""

    pointer: str
    start: str
    states: Mapping[str, State]
    express: bool = False
    timeout: float = 0


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """A whole definition. *programs* by pointer; the empty one is where it begins. *source* is its JSON."""

    source: Json
    programs: Mapping[str, Program]


def compile_definition(document: dict[str, Json]) -> Definition:
    """The programs of a valid *document*. Raises TemplateError."""
    programs: dict[str, Program] = {}
    _program(document, (), document.get("QueryLanguage", JSONPATH), programs)
    return Definition(source=document, programs=programs)


def check_states(states: Iterable[tuple[str, dict[str, Any], Pointer, str]]) -> None:
    """Compile *states* (name, definition, place, query language), not what is within them. Raises TemplateError."""
    gathered(partial(_state, *each, None) for each in states)


def _program(
    given: dict[str, Json],
    pointer: Pointer,
    language: str,
    programs: dict[str, Program],
) -> str:
    name = "/".join(str(part) for part in pointer)
    made = gathered(
        partial(_state, each, state, (*pointer, "States", each), language, programs)
        for each, state in given["States"].items()
    )
    config = given.get("ProcessorConfig") or {}
    programs[name] = Program(
        pointer=name,
        start=given["StartAt"],
        states={state.name: state for state in made},
        express=config.get("ExecutionType") == "EXPRESS",
        timeout=given.get("TimeoutSeconds") or 0,
    )
    return name


def _state(
    name: str,
    given: dict[str, Any],
    pointer: Pointer,
    language: str,
    programs: dict[str, Program] | None,
) -> State:
    """The compiled state; with *programs*, what is within it goes there."""
    speaks = given.get("QueryLanguage", language)
    made = _Compiler(given, pointer, speaks)
    kind = given["Type"]
    fields: _Fields = {
        "assign": lambda: made.template("Assign"),
        "catch": lambda: _tuple(partial(made.catcher, each, at) for at, each in enumerate(given.get("Catch", ()))),
        **(made.jsonata_fields() if made.jsonata else made.jsonpath_fields()),
        **_own_fields(kind, made),
    }
    if programs is not None:
        within = [(each, (*pointer, *place)) for place, each in _subprograms(given)]
        fields["programs"] = lambda: _tuple(partial(_program, each, at, language, programs) for each, at in within)
    return State(
        name=name,
        type=kind,
        jsonata=made.jsonata,
        next=given.get("Next", ""),
        retry=tuple(_retrier(each) for each in given.get("Retry", ())),
        told={field: text for field, text in given.items() if field.endswith("Path") and isinstance(text, str)},
        **dict(zip(fields, gathered(fields.values()), strict=True)),
    )


def _tuple(makers: Iterable[Callable[[], Any]]) -> tuple[Any, ...]:
    return tuple(gathered(makers))


def _own_fields(kind: str, made: _Compiler) -> _Fields:
    """What only states of this type have."""
    given = made.given
    match kind:
        case "Pass":
            return {"result": lambda: constant(given["Result"]) if "Result" in given else None}
        case "Task":
            return {
                "resource": lambda: given["Resource"],
                "timeout": lambda: made.seconds("TimeoutSeconds"),
                "heartbeat": lambda: made.seconds("HeartbeatSeconds"),
                "role": lambda: made.template("Credentials"),
            }
        case "Choice":
            return {
                "branches": lambda: _tuple(partial(made.branch, each, at) for at, each in enumerate(given["Choices"])),
                "default": lambda: given.get("Default", ""),
            }
        case "Wait":
            return {"wait": made.wait}
        case "Fail":
            return {"error": lambda: made.told("Error"), "cause": lambda: made.told("Cause")}
        case "Map":
            return {"map": made.map}
        case _:
            return {}


def _subprograms(given: dict[str, Any]) -> list[tuple[Pointer, dict[str, Json]]]:
    match given["Type"]:
        case "Parallel":
            return [(("Branches", number), each) for number, each in enumerate(given["Branches"])]
        case "Map":
            key = "ItemProcessor" if "ItemProcessor" in given else "Iterator"
            return [((key,), given[key])]
        case _:
            return []


def _text(value: Json, field: str, told: str) -> str:
    """*value*, which *told* has led to. Raises StateFailure."""
    if not isinstance(value, str):
        raise runtime(f"The {field} parameter does not reference a string: {told} == {shown(value, SHOWN_MAX)}")
    return value


def _retrier(given: dict[str, Any]) -> Retrier:
    return Retrier(
        errors=tuple(given["ErrorEquals"]),
        interval=given.get("IntervalSeconds", 1),
        attempts=given.get("MaxAttempts", 3),
        backoff=given.get("BackoffRate", 2.0),
        delay_max=given.get("MaxDelaySeconds", 0),
        jitter=given.get("JitterStrategy") == "FULL",
    )


class _Compiler:
    """Compiles the fields of one state."""

    def __init__(self, given: dict[str, Any], pointer: Pointer, language: str) -> None:
        self.given = given
        self.pointer = pointer
        self.jsonata = language == JSONATA

    def template(
        self, field: str, given: dict[str, Any] | None = None, pointer: Pointer | None = None
    ) -> Template | None:
        """The template of *field*, or None where it is not."""
        source = self.given if given is None else given
        if field not in source:
            return None
        here = (*(self.pointer if pointer is None else pointer), field)
        return jsonata(source[field], field, here) if self.jsonata else payload(source[field], here)

    def jsonata_fields(self) -> _Fields:
        return {"parameters": lambda: self.template("Arguments"), "output": lambda: self.template("Output")}

    def jsonpath_fields(self) -> _Fields:
        return {
            "input_path": lambda: self.reference("InputPath"),
            "input_discarded": lambda: self._null("InputPath"),
            "parameters": lambda: self.template("Parameters") if self.given["Type"] != "Map" else None,
            "selector": lambda: self.template("ResultSelector"),
            "result_path": lambda: self.result_path(self.given, self.pointer),
            "result_discarded": lambda: self._null("ResultPath"),
            "output_path": lambda: self.reference("OutputPath"),
            "output_discarded": lambda: self._null("OutputPath"),
        }

    def _null(self, field: str) -> bool:
        return field in self.given and self.given[field] is None

    def reference(self, field: str) -> Reference | None:
        text = self.given.get(field)
        if text is None or text == "$":
            return None
        try:
            return Reference(text)
        except PathError as problem:
            raise TemplateError((*self.pointer, field), f"{text!r} is no path: {problem}") from None

    def result_path(self, given: dict[str, Any], pointer: Pointer) -> ResultPath | None:
        text = given.get("ResultPath")
        if text is None or text == "$":
            return None
        try:
            return ResultPath(text)
        except PathError as problem:
            raise TemplateError((*pointer, "ResultPath"), f"{text!r} is no reference path: {problem}") from None

    def catcher(self, given: dict[str, Any], number: int) -> Catcher:
        here = (*self.pointer, "Catch", number)
        return Catcher(
            errors=tuple(given["ErrorEquals"]),
            next=given["Next"],
            result_path=self.result_path(given, here),
            discard="ResultPath" in given and given["ResultPath"] is None,
            assign=self.template("Assign", given, here),
            output=self.template("Output", given, here),
        )

    def branch(self, given: dict[str, Any], number: int) -> Branch:
        here = (*self.pointer, "Choices", number)
        return Branch(
            holds=self._condition(given, here) if self.jsonata else rule(given, here),
            next=given["Next"],
            assign=self.template("Assign", given, here),
            output=self.template("Output", given, here),
        )

    def _condition(self, given: dict[str, Any], here: Pointer) -> Rule:
        told = given["Condition"]
        if isinstance(told, bool):
            return lambda _: told
        field = f"Choices[{here[-1]}]/Condition"
        return typed(jsonata(told, field, (*here, "Condition")), told, field, "boolean")

    def told(self, field: str) -> Read | None:
        """A text of a Fail state: as it is, of JSONata, or by a path or an intrinsic function."""
        if field in self.given:
            value = self.given[field]
            if self.jsonata and isinstance(value, str) and is_expression(value):
                return typed(jsonata(value, field, (*self.pointer, field)), value, field, "string")
            return constant(value)
        path = f"{field}Path"
        if path in self.given:
            read = dynamic(self.given[path], path, (*self.pointer, path))
            return lambda scope: _text(read(scope), path, self.given[path])
        return None

    def seconds(self, field: str) -> Read | None:
        if field in self.given:
            return self._number(field)
        path = f"{field}Path"
        if path in self.given:
            return self._by_path(path, f"The {path} parameter does not reference an input value: {self.given[path]}")
        return None

    def wait(self) -> tuple[str, Read]:
        for field in ("Seconds", "Timestamp"):
            if field in self.given:
                value = self.given[field]
                if self.jsonata and isinstance(value, str) and is_expression(value):
                    wanted = "number" if field == "Seconds" else "string"
                    return field, typed(jsonata(value, field, (*self.pointer, field)), value, field, wanted)
                return field, constant(value)
        field = "SecondsPath" if "SecondsPath" in self.given else "TimestampPath"
        missing = f"The {field} parameter does not reference an input value: {self.given[field]}"
        return field, self._by_path(field, missing)

    def map(self) -> MapPlan:
        given = self.given
        key = "ItemProcessor" if "ItemProcessor" in given else "Iterator"
        config = given[key].get("ProcessorConfig") or {}
        distributed = config.get("Mode") == "DISTRIBUTED"
        selector = "ItemSelector" if "ItemSelector" in given else "Parameters"
        return MapPlan(
            items=self._items(),
            selector=self.template(selector),
            concurrency=self._count("MaxConcurrency"),
            tolerated_count=self._count("ToleratedFailureCount"),
            tolerated_percentage=self._count("ToleratedFailurePercentage"),
            distributed=distributed,
            label=given.get("Label", ""),
            reader=self._reader() if given.get("ItemReader") else None,
            batch=self._batch() if given.get("ItemBatcher") else None,
            writer=self._writer() if given.get("ResultWriter") else None,
        )

    def _items(self) -> Read | None:
        if self.jsonata:
            if "Items" not in self.given:
                return None
            told = self.given["Items"]
            found = jsonata(told, "Items", (*self.pointer, "Items"))
            return typed(found, told, "Items", "array") if isinstance(told, str) else found
        reference = self.reference("ItemsPath")
        if reference is None:
            return None
        return lambda scope: reference.find_for(scope, "ItemsPath")

    def _count(self, field: str, given: dict[str, Any] | None = None) -> Read:
        """A number of the state or by its path; None where there is none."""
        source = self.given if given is None else given
        if field in source:
            return self._number(field, source)
        path = f"{field}Path"
        if path not in source:
            return constant(None)
        reference = _Compiler(source, self.pointer, JSONPATH).reference(path) or Reference("$")
        return lambda scope: (path, reference.text, reference.find_for(scope, path))

    def _number(self, field: str, given: dict[str, Any] | None = None) -> Read:
        value = (self.given if given is None else given)[field]
        if self.jsonata and isinstance(value, str) and is_expression(value):
            return typed(jsonata(value, field, (*self.pointer, field)), value, field, "number")
        return constant(value)

    def _by_path(self, field: str, missing: str) -> Read:
        reference = self.reference(field) or Reference("$")

        def read(scope: Scope) -> Json:
            try:
                return reference.find(scope)
            except LookupError:
                raise runtime(missing) from None

        return read

    def _reader(self) -> ReaderPlan:
        given = self.given["ItemReader"]
        config = given.get("ReaderConfig") or {}
        return ReaderPlan(
            resource=given["Resource"],
            arguments=self._arguments(given, "ItemReader"),
            config=config,
            items_max=self._count("MaxItems", config),
        )

    def _writer(self) -> WriterPlan:
        given = self.given["ResultWriter"]
        return WriterPlan(
            resource=given.get("Resource", ""),
            arguments=self._arguments(given, "ResultWriter"),
            config=given.get("WriterConfig") or {},
        )

    def _batch(self) -> BatchPlan:
        given = self.given["ItemBatcher"]
        found = self.template("BatchInput", given, (*self.pointer, "ItemBatcher"))
        return BatchPlan(
            items_max=self._count("MaxItemsPerBatch", given),
            bytes_max=self._count("MaxInputBytesPerBatch", given),
            input=found or constant(None),
        )

    def _arguments(self, given: dict[str, Any], field: str) -> Template:
        key = "Arguments" if self.jsonata else "Parameters"
        return self.template(key, given, (*self.pointer, field)) or constant({})
