"""Filters of paths: `[?(@.price < 10 && @.category == 'fiction')]`.

Source: the operators of the JSONPath of Java (Jayway), https://github.com/json-path/JsonPath#filter-operators.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from typing import Final, TypeAlias

from tocsin.asl.looking import Visits
from tocsin.asl.sizes import size
from tocsin.kernel.json import Json
from tocsin.regexes import JAVASCRIPT, Regex, RegexError

CONDITION_MAX: Final = 1000  # Characters of one filter.
NESTED_MAX: Final = 20
BYTES_A_LOOK: Final = 16  # Bytes that are compared in the time in which a path looks at a value.
STEPS_A_LOOK: Final = 4  # The same of a regular expression: a character of the text times one of the pattern.

Condition: TypeAlias = Callable[[Json, Visits], bool]
_Operand: TypeAlias = Callable[[Json, Visits], Json]
_Compare: TypeAlias = Callable[[Json, Json, Visits], bool]

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<op>&&|\|\||===|!==|==|!=|<=|>=|=~|<|>|!|\(|\)|,|\[|\])|(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
    r"|'(?P<single>(?:[^'\\]|\\.)*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\""
    r"|(?P<path>[@$](?:\.[A-Za-z_][\w-]*(?:\(\))?|\['(?:[^'\\]|\\.)*'\]|\[\"(?:[^\"\\]|\\.)*\"\]|\[-?[0-9]{1,9}\])*)"
    r"|(?P<word>[A-Za-z]+))"
)
_STEP: Final = re.compile(
    r"\.([A-Za-z_][\w-]*)(\(\))?|\['((?:[^'\\]|\\.)*)'\]|\[\"((?:[^\"\\]|\\.)*)\"\]|\[(-?[0-9]+)\]"
)
_REGEX: Final = re.compile(r"\s*/((?:[^/\\]|\\.)*)/([a-zA-Z]*)")
_WORDS: Final[dict[str, Json]] = {"true": True, "false": False, "null": None}
_MISSING: Final = object()


class ConditionError(ValueError):
    """The text is no filter."""


def condition(text: str) -> Condition:
    """The compiled filter. Raises ConditionError."""
    if len(text) > CONDITION_MAX:
        raise ConditionError(f"a filter has at most {CONDITION_MAX} characters")
    reader = _Reader(text)
    found = reader.alternatives(0)
    if reader.kind:
        raise ConditionError(f"unexpected {reader.value!r} in a filter")
    return found


class _Reader:
    """A recursive descent through the tokens."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.kind = ""
        self.value = ""
        self.next()

    def next(self) -> None:
        if not self.text[self.at :].strip():
            self.kind, self.value = "", ""
            return
        found = _TOKEN.match(self.text, self.at)
        if found is None:
            raise ConditionError(f"unexpected {self.text[self.at :][:20]!r} in a filter")
        self.at = found.end()
        self.kind = found.lastgroup or ""
        self.value = found[self.kind]

    def took(self, operator: str) -> bool:
        if self.kind == "op" and self.value == operator:
            self.next()
            return True
        return False

    def alternatives(self, depth: int) -> Condition:
        found = self.both(depth)
        while self.took("||"):
            found = _or(found, self.both(depth))
        return found

    def both(self, depth: int) -> Condition:
        found = self.one(depth)
        while self.took("&&"):
            found = _and(found, self.one(depth))
        return found

    def one(self, depth: int) -> Condition:
        if depth > NESTED_MAX:
            raise ConditionError(f"a filter is nested deeper than {NESTED_MAX} levels")
        if self.took("!"):
            return _not(self.one(depth + 1))
        if self.took("("):
            found = self.alternatives(depth + 1)
            self.expect(")")
            return found
        left = self.operand()
        if self.kind == "op" and self.value == "=~":
            return _compared(left, self.matching(), _constant(None))
        if self.kind in {"op", "word"} and self.value in _COMPARE:
            compare = _COMPARE[self.value]
            self.next()
            return _compared(left, compare, self.operand())
        if self.kind == "word" and self.value in _LISTED:
            compare = _LISTED[self.value]
            self.next()
            if self.kind != "path" and self.value != "[":
                raise ConditionError(f"a list or a path is needed before {self.value!r} in a filter")
            return _compared(left, compare, self.operand())
        return _exists(left)

    def operand(self) -> _Operand:
        kind, value = self.kind, self.value
        if kind == "path":
            steps = [_name(step) for step in _STEP.finditer(value)]
            whole = value.startswith("$")
            self.next()
            return lambda item, visits: reduce(_below, steps, visits.root if whole else item)
        if self.took("["):
            return _constant(self.listed())
        return self.literal()

    def literal(self) -> _Operand:
        kind, value = self.kind, self.value
        if kind == "number":
            constant: Json = int(value) if value.lstrip("-").isdigit() else float(value)
        elif kind in {"single", "double"}:
            constant = re.sub(r"\\(.)", r"\1", value)
        elif kind == "word" and value in _WORDS:
            constant = _WORDS[value]
        else:
            raise ConditionError(f"unexpected {value!r} in a filter" if value else "a filter ends too early")
        self.next()
        return _constant(constant)

    def listed(self) -> list[Json]:
        found: list[Json] = []
        while not self.took("]"):
            found.append(self.literal()(None, Visits()))
            if not self.took(","):
                self.expect("]")
                break
        return found

    def matching(self) -> _Compare:
        """What stands behind `=~`."""
        found = _REGEX.match(self.text, self.at)
        if found is None:
            raise ConditionError("behind =~ a regular expression like /b.*/i is needed")
        try:
            compiled = Regex(f"^(?:{found[1]})$", JAVASCRIPT, ignore_case="i" in found[2].lower())
        except RegexError as problem:
            raise ConditionError(f"the regular expression cannot be read: {problem}") from None
        self.at = found.end()
        self.next()
        return _matching(compiled, found[1])

    def expect(self, operator: str) -> None:
        if not self.took(operator):
            raise ConditionError(f"{operator!r} is missing in a filter")


def _constant(value: Json) -> _Operand:
    return lambda _item, _visits: value


def _name(step: re.Match[str]) -> str | int | Callable[[Json], Json]:
    """A member's name, an element's number, or what a function makes of the value before it."""
    if step[2]:
        if step[1] != "length":
            raise ConditionError(f"there is no function {step[1]}() in a filter")
        return _length
    if step[5] is not None:
        return int(step[5])
    return step[1] or re.sub(r"\\(.)", r"\1", step[3] or step[4] or "")


def _length(value: Json) -> Json:
    return len(value) if isinstance(value, list | dict | str) else _MISSING


def _below(item: Json, step: str | int | Callable[[Json], Json]) -> Json:
    if callable(step):
        return step(item)
    if isinstance(step, str):
        return item[step] if isinstance(item, dict) and step in item else _MISSING
    return item[step] if isinstance(item, list) and -len(item) <= step < len(item) else _MISSING


def _same(left: Json, right: Json, visits: Visits) -> bool:
    if left is _MISSING or right is _MISSING or isinstance(left, bool) is not isinstance(right, bool):
        return False
    if isinstance(left, list | dict) and isinstance(right, list | dict):
        visits.charge(size(left) // BYTES_A_LOOK)
    return bool(left == right)


def _ordered(left: Json, right: Json, holds: Callable[[Json, Json], bool]) -> bool:
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (left, right))
    texts = all(isinstance(each, str) for each in (left, right))
    return (numbers or texts) and holds(left, right)


def _among(left: Json, right: Json, visits: Visits) -> bool:
    if not isinstance(right, list):
        return False
    visits.spend(right)
    return any(_same(left, each, visits) for each in right)


def _lists(holds: Callable[[list[Json], list[Json], Visits], bool]) -> _Compare:
    return lambda left, right, visits: isinstance(left, list) and isinstance(right, list) and holds(left, right, visits)


def _contains(left: Json, right: Json, visits: Visits) -> bool:
    if isinstance(left, str):
        visits.charge(len(left) // BYTES_A_LOOK)
        return isinstance(right, str) and right in left
    return _among(right, left, visits)


def _sized(left: Json, right: Json, _: Visits) -> bool:
    wanted = right if isinstance(right, int) and not isinstance(right, bool) else _length(right)
    return isinstance(left, list | str) and len(left) == wanted


def _empty(left: Json, right: Json, _: Visits) -> bool:
    return isinstance(left, list | str | dict) and (not left) is right


def _matching(regex: Regex, pattern: str) -> _Compare:
    def matches(left: Json, _: Json, visits: Visits) -> bool:
        if not isinstance(left, str):
            return False
        visits.charge(len(left) * (len(pattern) + 1) // STEPS_A_LOOK)
        return regex.search(left) is not None

    return matches


_COMPARE: Final[dict[str, _Compare]] = {
    "==": _same,
    "===": _same,
    "!=": lambda left, right, visits: not _same(left, right, visits),
    "!==": lambda left, right, visits: not _same(left, right, visits),
    "<": lambda left, right, _: _ordered(left, right, lambda one, other: one < other),
    "<=": lambda left, right, _: _ordered(left, right, lambda one, other: one <= other),
    ">": lambda left, right, _: _ordered(left, right, lambda one, other: one > other),
    ">=": lambda left, right, _: _ordered(left, right, lambda one, other: one >= other),
    "contains": _contains,
    "size": _sized,
    "empty": _empty,
}
_LISTED: Final[dict[str, _Compare]] = {
    "in": _among,
    "nin": lambda left, right, visits: not _among(left, right, visits),
    "subsetof": _lists(lambda left, right, visits: all(_among(each, right, visits) for each in left)),
    "anyof": _lists(lambda left, right, visits: any(_among(each, right, visits) for each in left)),
    "noneof": _lists(lambda left, right, visits: not any(_among(each, right, visits) for each in left)),
}


def _compared(left: _Operand, compare: _Compare, right: _Operand) -> Condition:
    return lambda item, visits: compare(left(item, visits), right(item, visits), visits)


def _exists(left: _Operand) -> Condition:
    return lambda item, visits: left(item, visits) is not _MISSING


def _or(left: Condition, right: Condition) -> Condition:
    return lambda item, visits: left(item, visits) or right(item, visits)


def _and(left: Condition, right: Condition) -> Condition:
    return lambda item, visits: left(item, visits) and right(item, visits)


def _not(inner: Condition) -> Condition:
    return lambda item, visits: not inner(item, visits)
