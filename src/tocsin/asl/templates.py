"""Values with something to evaluate in them: payload templates of JSONPath (`"x.$": "$.y"`), JSONata (`{% ... %}`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, TypeAlias, TypeVar

from tocsin.asl.failures import QUERY_EVALUATION, StateFailure
from tocsin.asl.functions import functions
from tocsin.asl.intrinsics import IntrinsicError, intrinsic
from tocsin.asl.paths import PathError
from tocsin.asl.reference_paths import Reference
from tocsin.asl.scope import ABSENT, Scope
from tocsin.asl.sizes import shown
from tocsin.expressions.expression import NOTHING, Expression, ExpressionError
from tocsin.expressions.metering import Failed
from tocsin.kernel.json import Json

OPEN: Final = "{%"
CLOSE: Final = "%}"
DYNAMIC: Final = ".$"  # The end of the name of a field whose value is a path or a function.
_STATES: Final = re.compile(r"\$states(?![A-Za-z0-9_])(\.\w+)?")
_WITHOUT_CONTEXT: Final = {".input", ".result", ".errorOutput"}  # After `$states`, if nothing else is asked for.
VALUE_SHOWN_MAX: Final = 1000
WRONG_MAX: Final = 100  # Mistakes that are looked for: as many as are told.

Template: TypeAlias = Callable[[Scope], Json]
_Made = TypeVar("_Made")


class TemplateError(ValueError):
    """A template cannot be compiled: *pointer* says where (names and numbers), the message why.

    *more*: what else is wrong beside it.
    """

    def __init__(self, pointer: tuple[str | int, ...], message: str, more: tuple[TemplateError, ...] = ()) -> None:
        """Say where and why."""
        super().__init__(message)
        self.pointer = pointer
        self.message = message
        self.more = more


def gathered(makers: Iterable[Callable[[], _Made]]) -> list[_Made]:
    """What the *makers* make. Raises TemplateError with all that is wrong in any of them."""
    made: list[_Made] = []
    wrong: list[TemplateError] = []
    for maker in makers:
        try:
            made.append(maker())
        except TemplateError as problem:
            wrong += [problem, *problem.more]
            if len(wrong) >= WRONG_MAX:
                break
    if wrong:
        raise TemplateError(wrong[0].pointer, wrong[0].message, tuple(wrong[1:]))
    return made


def constant(value: Json) -> Template:
    """A template without anything to evaluate."""
    return lambda _: value


# ── JSONPath ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def payload(value: Json, pointer: tuple[str | int, ...] = ()) -> Template:
    """The compiled payload template. Raises TemplateError."""
    if isinstance(value, dict):
        return _object(value, pointer)
    if isinstance(value, list):
        parts = gathered(partial(payload, item, (*pointer, number)) for number, item in enumerate(value))
        return constant(value) if _static(value) else lambda scope: [part(scope) for part in parts]
    return constant(value)


def dynamic(text: str, field: str, pointer: tuple[str | int, ...] = ()) -> Template:
    """The compiled path or intrinsic function *text* of *field*. Raises TemplateError."""
    try:
        if text.startswith("$"):
            reference = Reference(text)
            return lambda scope: reference.find_for(scope, field)
        call = intrinsic(text)
    except (PathError, IntrinsicError) as problem:
        raise TemplateError(pointer, str(problem)) from None
    return lambda scope: call(scope, field)


def _object(value: dict[str, Json], pointer: tuple[str | int, ...]) -> Template:
    parts = gathered(partial(_member, name, item, (*pointer, name)) for name, item in value.items())
    return constant(value) if _static(value) else lambda scope: {name: part(scope) for name, part in parts}


def _member(name: str, item: Json, here: tuple[str | int, ...]) -> tuple[str, Template]:
    if not name.endswith(DYNAMIC):
        return name, payload(item, here)
    if isinstance(item, str):
        return name.removesuffix(DYNAMIC), dynamic(item, name, here)
    raise TemplateError(here, f"the value of {name!r} must be a path or an intrinsic function")


def _static(value: Json) -> bool:
    match value:
        case dict():
            return all(not name.endswith(DYNAMIC) and _static(item) for name, item in value.items())
        case list():
            return all(_static(item) for item in value)
        case _:
            return True


# ── JSONata ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def jsonata(value: Json, field: str, pointer: tuple[str | int, ...] = ()) -> Template:
    """The compiled value of *field*, every `{% ... %}` in it an expression. Raises TemplateError."""
    if isinstance(value, str) and is_expression(value):
        return expression(value, field, pointer)
    if isinstance(value, dict):
        made = gathered(partial(jsonata, item, f"{field}/{name}", (*pointer, name)) for name, item in value.items())
        members = list(zip(value, made, strict=True))
        return lambda scope: {name: member(scope) for name, member in members}
    if isinstance(value, list):
        numbered = enumerate(value)
        items = gathered(partial(jsonata, item, f"{field}[{number}]", (*pointer, number)) for number, item in numbered)
        return lambda scope: [item(scope) for item in items]
    return constant(value)


def is_expression(text: str) -> bool:
    """Whether a string is `{% ... %}`."""
    return len(text) >= len(OPEN) + len(CLOSE) and text.startswith(OPEN) and text.endswith(CLOSE)


def expression(text: str, field: str, pointer: tuple[str | int, ...] = ()) -> Template:
    """The compiled `{% ... %}` of *field*. Raises TemplateError."""
    told = text[len(OPEN) : -len(CLOSE)].strip()
    try:
        compiled = Expression(told)
    except ExpressionError as problem:
        raise TemplateError(pointer, f"the JSONata expression cannot be read: {problem}") from None
    if compiled.newer:
        raise TemplateError(pointer, f"the operator '{compiled.newer}' is not known in JSONata 2.0.6, which AWS speaks")
    prefix = f"The JSONata expression '{told}' specified for the field '{field}'"
    whole = not set(_STATES.findall(told)) <= _WITHOUT_CONTEXT

    def evaluate(scope: Scope) -> Json:
        try:
            found = compiled.outcome(
                None, _bindings(scope, whole=whole), scope.now, scope.purse.meter, functions(scope.dice)
            )
        except Failed as problem:
            said = str(problem)
            if "function, which is no value" in said:
                raise _evaluation(f"{prefix} returned an unsupported result type.", field) from None
            raise _evaluation(f"{prefix} threw an error during evaluation. {said}", field) from None
        if found is NOTHING:
            raise _evaluation(f"{prefix} returned nothing (undefined).", field)
        return found

    return evaluate


def typed(template: Template, told: str, field: str, wanted: str) -> Template:
    """*template*, whose value must be of the JSON type *wanted*; *told* is the field's text. Raises StateFailure."""

    def evaluate(scope: Scope) -> Json:
        value = template(scope)
        kind = kind_of(value)
        if kind != wanted:
            said = shown(value, VALUE_SHOWN_MAX)
            inner = told[len(OPEN) : -len(CLOSE)].strip()
            cause = (
                f"The JSONata expression '{inner}' specified for the field '{field}' returned an unexpected result "
                f"type. Expected '{wanted}', but was '{kind}' for value: {said}"
            )
            raise _evaluation(cause, field)
        return value

    return evaluate


def kind_of(value: Json) -> str:
    """The JSON type of *value*, as JSONata names it."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def _evaluation(cause: str, field: str) -> StateFailure:
    return StateFailure(QUERY_EVALUATION, cause, place=field)


def _bindings(scope: Scope, *, whole: bool) -> dict[str, Json]:
    """What an expression sees. *whole*: with the context object, which takes a while to make."""
    states: dict[str, Json] = {"input": scope.input}
    if whole:
        states["context"] = scope.context()
    if scope.result is not ABSENT:
        states["result"] = scope.result
    if scope.error_output is not ABSENT:
        states["errorOutput"] = scope.error_output
    return {**scope.variables, "states": states}
