"""The expressions of DynamoDB, as far as a store needs them: conditions, keys, filters, updates.

Source: "Condition and filter expressions" and "Update expressions" of the DynamoDB Developer Guide. What is not known
here is refused, so that nothing passes a test by accident.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeAlias

Attribute: TypeAlias = Mapping[str, Any]  # {"S": "text"}, {"N": "1"}, {"B": b""}, {"BOOL": True}
Image: TypeAlias = Mapping[str, Attribute]
Names: TypeAlias = Mapping[str, str]
Test: TypeAlias = Callable[[Image, Names, Mapping[str, Attribute]], bool]

_TOKEN: Final = re.compile(r"\s*(<=|>=|<>|[=<>(),]|[#:]?\w+)")
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def holds(expression: str, item: Image, names: Names, values: Mapping[str, Attribute]) -> bool:
    """Whether a condition, a filter or a key condition holds for *item*."""
    return _condition(expression)(item, names, values)


def updated(expression: str, item: Image, names: Names, values: Mapping[str, Attribute]) -> dict[str, Attribute]:
    """*item* after an update: SET with values and `if_not_exists`, and REMOVE."""
    after = dict(item)
    for clause, parts in _clauses(expression):
        for part in parts:
            if clause == "REMOVE":
                after.pop(names[part], None)
                continue
            name, _, given = (word.strip() for word in part.partition("="))
            first = re.fullmatch(r"if_not_exists\((#\w+), ?(:\w+)\)", given)
            if first is None:
                after[names[name]] = values[given]
            else:
                after[names[name]] = item.get(names[first[1]], values[first[2]])
    return after


def plain(attribute: Attribute) -> Any:  # noqa: ANN401 - whatever it holds.
    """Its value, so that two of one type can be compared as the service does."""
    ((kind, value),) = attribute.items()
    return int(value) if kind == "N" else value.encode() if kind == "S" else value


@lru_cache(maxsize=1000)
def _clauses(expression: str) -> list[tuple[str, list[str]]]:
    words = re.split(r"\b(SET|REMOVE)\b", expression)
    assert not words[0].strip(), expression
    pairs = zip(words[1::2], words[2::2], strict=True)
    return [(clause, [part.strip() for part in re.split(r",(?![^(]*\))", text)]) for clause, text in pairs]


@lru_cache(maxsize=1000)
def _condition(expression: str) -> Test:
    parser = _Parser(_words(expression))
    test = parser.either()
    assert parser.done, expression
    return test


def _words(expression: str) -> list[str]:
    words, at = [], 0
    while at < len(expression.rstrip()):
        found = _TOKEN.match(expression, at)
        assert found, expression
        words.append(found[1])
        at = found.end()
    return words


class _Parser:
    """`a OR b`, `a AND b`, `( a )`, functions, comparisons and BETWEEN."""

    def __init__(self, words: list[str]) -> None:
        self._words = words
        self._at = 0

    @property
    def done(self) -> bool:
        return self._at == len(self._words)

    def either(self) -> Test:
        tests = [self._both()]
        while self._next("OR"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda item, n, v: any(test(item, n, v) for test in tests)

    def _both(self) -> Test:
        tests = [self._one()]
        while self._next("AND"):
            tests.append(self._one())
        return tests[0] if len(tests) == 1 else lambda item, n, v: all(test(item, n, v) for test in tests)

    def _one(self) -> Test:
        word = self._take()
        if word == "(":
            test = self.either()
            self._expect(")")
            return test
        if word in {"attribute_exists", "attribute_not_exists"}:
            self._expect("(")
            name, wanted = self._take(), word == "attribute_exists"
            self._expect(")")
            return lambda item, n, _: (n[name] in item) is wanted
        if word == "begins_with":
            self._expect("(")
            name = self._take()
            self._expect(",")
            value = self._take()
            self._expect(")")
            return lambda item, n, v: n[name] in item and item[n[name]]["S"].startswith(v[value]["S"])
        if self._next("BETWEEN"):
            low = self._take()
            self._expect("AND")
            high = self._take()
            return lambda item, n, v: n[word] in item and plain(v[low]) <= plain(item[n[word]]) <= plain(v[high])
        operator, value = self._take(), self._take()
        assert operator in _COMPARE, self._words
        compare = _COMPARE[operator]
        return lambda item, n, v: n[word] in item and compare(plain(item[n[word]]), plain(v[value]))

    def _next(self, word: str) -> bool:
        if not self.done and self._words[self._at] == word:
            self._at += 1
            return True
        return False

    def _take(self) -> str:
        self._at += 1
        return self._words[self._at - 1]

    def _expect(self, word: str) -> None:
        assert self._take() == word, self._words
