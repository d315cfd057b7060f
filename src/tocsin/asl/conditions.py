"""Filters of paths: `[?(@.price < 10 && @.category == 'fiction')]`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from tocsin.kernel.json import Json

CONDITION_MAX: Final = 1000  # Characters of one filter.
NESTED_MAX: Final = 20

Condition: TypeAlias = Callable[[Json], bool]
_Operand: TypeAlias = Callable[[Json], Json]

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<op>&&|\|\||==|!=|<=|>=|<|>|!|\(|\)|,|\[|\])|(?P<number>-?[0-9]+(?:\.[0-9]+)?)"
    r"|'(?P<single>(?:[^'\\]|\\.)*)'|\"(?P<double>(?:[^\"\\]|\\.)*)\""
    r"|(?P<path>@(?:\.[A-Za-z_][\w-]*|\['(?:[^'\\]|\\.)*'\]|\[-?[0-9]+\])*)|(?P<word>[A-Za-z]+))"
)
_STEP: Final = re.compile(r"\.([A-Za-z_][\w-]*)|\['((?:[^'\\]|\\.)*)'\]|\[(-?[0-9]+)\]")
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
        if self.kind == "op" and self.value in _COMPARE:
            compare = _COMPARE[self.value]
            self.next()
            return _compared(left, compare, self.operand())
        if self.kind == "word" and self.value in {"in", "nin"}:
            wanted = self.value == "in"
            self.next()
            return _listed(left, self.listed(), wanted=wanted)
        return _exists(left)

    def operand(self) -> _Operand:
        kind, value = self.kind, self.value
        if kind == "path":
            steps = [_name(step) for step in _STEP.finditer(value)]
            self.next()
            return lambda item: _found(item, steps)
        return self.literal()

    def literal(self) -> _Operand:
        kind, value = self.kind, self.value
        if kind == "number":
            constant: Json = float(value) if "." in value else int(value)
        elif kind in {"single", "double"}:
            constant = re.sub(r"\\(.)", r"\1", value)
        elif kind == "word" and value in _WORDS:
            constant = _WORDS[value]
        else:
            raise ConditionError(f"unexpected {value!r} in a filter" if value else "a filter ends too early")
        self.next()
        return lambda _: constant

    def listed(self) -> list[Json]:
        self.expect("[")
        found: list[Json] = []
        while not self.took("]"):
            found.append(self.literal()(None))
            if not self.took(","):
                self.expect("]")
                break
        return found

    def expect(self, operator: str) -> None:
        if not self.took(operator):
            raise ConditionError(f"{operator!r} is missing in a filter")


def _name(step: re.Match[str]) -> str | int:
    if step[3] is not None:
        return int(step[3])
    return step[1] or re.sub(r"\\(.)", r"\1", step[2] or "")


def _found(item: Json, steps: list[str | int]) -> Json:
    for step in steps:
        if isinstance(step, str):
            if not isinstance(item, dict) or step not in item:
                return _MISSING
            item = item[step]
        else:
            if not isinstance(item, list) or not -len(item) <= step < len(item):
                return _MISSING
            item = item[step]
    return item


def _same(left: Json, right: Json) -> bool:
    return left is not _MISSING and isinstance(left, bool) is isinstance(right, bool) and bool(left == right)


def _ordered(left: Json, right: Json, holds: Callable[[Json, Json], bool]) -> bool:
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (left, right))
    texts = all(isinstance(each, str) for each in (left, right))
    return (numbers or texts) and holds(left, right)


_COMPARE: Final[dict[str, Callable[[Json, Json], bool]]] = {
    "==": _same,
    "!=": lambda left, right: not _same(left, right),
    "<": lambda left, right: _ordered(left, right, lambda one, other: one < other),
    "<=": lambda left, right: _ordered(left, right, lambda one, other: one <= other),
    ">": lambda left, right: _ordered(left, right, lambda one, other: one > other),
    ">=": lambda left, right: _ordered(left, right, lambda one, other: one >= other),
}


def _compared(left: _Operand, compare: Callable[[Json, Json], bool], right: _Operand) -> Condition:
    return lambda item: compare(left(item), right(item))


def _listed(left: _Operand, values: list[Json], *, wanted: bool) -> Condition:
    return lambda item: any(_same(left(item), value) for value in values) is wanted


def _exists(left: _Operand) -> Condition:
    return lambda item: left(item) is not _MISSING


def _or(left: Condition, right: Condition) -> Condition:
    return lambda item: left(item) or right(item)


def _and(left: Condition, right: Condition) -> Condition:
    return lambda item: left(item) and right(item)


def _not(inner: Condition) -> Condition:
    return lambda item: not inner(item)
