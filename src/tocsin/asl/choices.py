"""Rules of Choice states in JSONPath: comparisons, and what joins them.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeAlias

from tocsin.asl.failures import runtime
from tocsin.asl.looking import PathNotFoundError
from tocsin.asl.paths import PathError
from tocsin.asl.reference_paths import Reference
from tocsin.asl.scope import Scope
from tocsin.asl.templates import TemplateError, gathered
from tocsin.asl.times import is_timestamp, timestamp
from tocsin.kernel.json import Json

NESTED_MAX: Final = 50

Rule: TypeAlias = Callable[[Scope], bool]
_Compare: TypeAlias = Callable[[Json, Json], bool]

JOINS: Final = ("And", "Or", "Not")
_BESIDE: Final = ("Variable", "Next", "Comment", "Assign", "Output")
_BESIDE_NESTED: Final = ("Variable", "Comment")


def rule(given: Mapping[str, Json], pointer: tuple[str | int, ...] = (), depth: int = 0) -> Rule:
    """The compiled rule, with what goes with it (`Next`) only at the top. Raises TemplateError."""
    if depth > NESTED_MAX:
        raise TemplateError(pointer, f"rules are nested deeper than {NESTED_MAX} levels")
    joined = [name for name in JOINS if name in given]
    compared = [name for name in given if name in OPERATORS]
    if len(joined) + len(compared) != 1:
        raise TemplateError(pointer, "a rule has one comparison, or one of And, Or, Not")
    beside = _BESIDE if depth == 0 else _BESIDE_NESTED
    unknown = [name for name in given if name not in {*joined, *compared, *beside}]
    if unknown or (joined and "Variable" in given):
        raise TemplateError((*pointer, unknown[0] if unknown else "Variable"), "this field is not supported here")
    if joined:
        return _joined(joined[0], given[joined[0]], (*pointer, joined[0]), depth)
    return _comparison(given, compared[0], pointer)


def _joined(name: str, given: Json, pointer: tuple[str | int, ...], depth: int) -> Rule:
    if name == "Not":
        if not isinstance(given, dict):
            raise TemplateError(pointer, "Not takes one rule")
        inner = rule(given, pointer, depth + 1)
        return lambda scope: not inner(scope)
    if not isinstance(given, list) or not given or not all(isinstance(each, dict) for each in given):
        raise TemplateError(pointer, f"{name} takes a list of rules that is not empty")
    rules = gathered(partial(rule, each, (*pointer, number), depth + 1) for number, each in enumerate(given))
    if name == "And":
        return lambda scope: all(each(scope) for each in rules)
    return lambda scope: any(each(scope) for each in rules)


def _comparison(given: Mapping[str, Json], name: str, pointer: tuple[str | int, ...]) -> Rule:
    variable = given.get("Variable")
    if not isinstance(variable, str):
        raise TemplateError((*pointer, "Variable"), "a comparison needs the path of its Variable")
    reference = _reference(variable, (*pointer, "Variable"))
    wanted = given[name]
    if not name.endswith("Path"):
        kind, fits = next(each for start, each in _OPERANDS.items() if name.startswith(start))
        if not fits(wanted):
            raise TemplateError((*pointer, name), f"{name} takes {kind}")
    if name == "IsPresent":
        return lambda scope: _present(reference, scope) is (wanted is True)
    compare = OPERATORS[name]
    if name.endswith("Path"):
        if not isinstance(wanted, str):
            raise TemplateError((*pointer, name), f"{name} takes a path")
        other = _reference(wanted, (*pointer, name))
        return lambda scope: compare(_value(reference, scope), _value(other, scope))
    return lambda scope: compare(_value(reference, scope), wanted)


def _reference(text: str, pointer: tuple[str | int, ...]) -> Reference:
    try:
        return Reference(text)
    except PathError as problem:
        raise TemplateError(pointer, f"{text!r} is no path: {problem}") from None


def _value(reference: Reference, scope: Scope) -> Json:
    try:
        return reference.find(scope)
    except PathNotFoundError:
        cause = f"Invalid path '{reference.text}': The choice state's condition path references an invalid value."
        raise runtime(cause) from None


def _present(reference: Reference, scope: Scope) -> bool:
    try:
        found = reference.find(scope)
    except PathNotFoundError:
        return False
    return reference.path.definite or bool(found)


# ── Comparisons ──────────────────────────────────────────────────────────────────────────────────────────────────────
def _number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _both(kind: Callable[[Json], bool], compare: _Compare) -> _Compare:
    return lambda left, right: kind(left) and kind(right) and compare(left, right)


def _text(value: Json) -> bool:
    return isinstance(value, str)


def _timestamp(value: Json) -> bool:
    return isinstance(value, str) and is_timestamp(value)


def _instants(compare: _Compare) -> _Compare:
    def holds(left: Json, right: Json) -> bool:
        if not isinstance(left, str) or not isinstance(right, str):
            return False
        one, other = timestamp(left), timestamp(right)
        return one is not None and other is not None and compare(one, other)

    return holds


def _matches(value: Json, pattern: Json) -> bool:
    if not isinstance(value, str) or not isinstance(pattern, str):
        return False
    return _glob(value, _globs(pattern))


def _globs(pattern: str) -> list[str]:
    """The fixed texts between the stars."""
    parts, now, at = [], "", 0
    while at < len(pattern):
        if pattern[at] == "\\" and pattern[at + 1 : at + 2] in {"*", "\\"}:
            now += pattern[at + 1]
            at += 2
        elif pattern[at] == "*":
            parts.append(now)
            now = ""
            at += 1
        else:
            now += pattern[at]
            at += 1
    return [*parts, now]


def _glob(value: str, parts: list[str]) -> bool:
    if len(parts) == 1:
        return value == parts[0]
    first, *middle, last = parts
    if not value.startswith(first) or not value.endswith(last) or len(value) < len(first) + len(last):
        return False
    at, end = len(first), len(value) - len(last)
    for part in middle:
        found = value.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _is(kind: Callable[[Json], bool]) -> _Compare:
    return lambda value, wanted: kind(value) is (wanted is True)


_ORDERS: Final[dict[str, _Compare]] = {
    "Equals": lambda left, right: left == right,
    "LessThan": lambda left, right: left < right,
    "LessThanEquals": lambda left, right: left <= right,
    "GreaterThan": lambda left, right: left > right,
    "GreaterThanEquals": lambda left, right: left >= right,
}
# By the beginning of the operator: what it compares with.
_OPERANDS: Final[dict[str, tuple[str, Callable[[Json], bool]]]] = {
    "String": ("a string", _text),
    "Numeric": ("a number", _number),
    "Boolean": ("true or false", lambda value: isinstance(value, bool)),
    "Timestamp": (
        "a timestamp like 2027-01-31T09:00:00Z",
        lambda value: isinstance(value, str) and is_timestamp(value),
    ),
    "Is": ("true or false", lambda value: isinstance(value, bool)),
}
_SIMPLE: Final[dict[str, _Compare]] = {
    **{f"String{name}": _both(_text, compare) for name, compare in _ORDERS.items()},
    **{f"Numeric{name}": _both(_number, compare) for name, compare in _ORDERS.items()},
    **{f"Timestamp{name}": _instants(compare) for name, compare in _ORDERS.items()},
    "BooleanEquals": _both(lambda value: isinstance(value, bool), lambda left, right: left is right),
}
OPERATORS: Final[dict[str, _Compare]] = {
    **_SIMPLE,
    **{f"{name}Path": compare for name, compare in _SIMPLE.items()},
    "StringMatches": _matches,
    "IsNull": _is(lambda value: value is None),
    "IsPresent": _is(lambda _: True),
    "IsNumeric": _is(_number),
    "IsString": _is(_text),
    "IsBoolean": _is(lambda value: isinstance(value, bool)),
    "IsTimestamp": _is(_timestamp),
}
