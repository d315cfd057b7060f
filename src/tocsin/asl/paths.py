"""JSONPath as Step Functions reads it: definite paths give one value, all others a list.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html; what that does not say
is as in the JSONPath of Java (Jayway), whose error messages Step Functions passes on.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from math import fsum
from statistics import pstdev
from typing import Final, TypeAlias

from tocsin.asl.conditions import Condition, ConditionError, condition
from tocsin.asl.looking import PathNotFoundError, Visits
from tocsin.kernel.json import Json

PATH_MAX: Final = 2000  # Characters.
FOUND_MAX: Final = 100_000  # Values that one path may find: what is hostile ends.

_NAME: Final = re.compile(r"[^.\[\]()'\"\s,?@]+")
_QUOTED: Final = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_NUMBER: Final = re.compile(r"-?[0-9]{1,9}")
_SPACE: Final = re.compile(r"\s*")
_FUNCTION: Final = re.compile(r"(length|min|max|avg|stddev|sum|keys|first|last)\(\)$")


class PathError(ValueError):
    """The text is no path; the message says why."""


Step: TypeAlias = Callable[[Json, Visits], Iterator[Json]]


class Path:
    """A compiled path below `$`. *definite*: it leads to one place at most."""

    __slots__ = ("definite", "descends", "function", "names", "steps", "text")

    def __init__(self, text: str) -> None:
        """Compile *text*, which begins with `$`. Raises PathError."""
        if len(text) > PATH_MAX:
            raise PathError(f"a path has at most {PATH_MAX} characters")
        self.text = text
        self.function = ""
        reader = _Reader(text)
        self.names: tuple[str | int, ...] = ()
        self.steps: tuple[Step, ...] = ()
        self.definite = reader.read()
        self.function = reader.function
        self.descends = reader.descends
        if self.definite:
            self.names = tuple(reader.names)
        else:
            self.steps = tuple(reader.steps)

    def find(self, value: Json, visits: Visits | None = None) -> Json:
        """What it leads to in *value*; a list, unless it is definite. Raises PathNotFoundError."""
        if self.definite:
            found = self._definite(value)
            return _applied(self.function, found) if self.function else found
        several = self._all(value, visits or Visits())
        if not self.function:
            return several
        # As in Java: behind `..` a function takes all that was found together, otherwise each for itself.
        return (
            _applied(self.function, several) if self.descends else [_applied(self.function, each) for each in several]
        )

    def _definite(self, value: Json) -> Json:
        for number, name in enumerate(self.names):
            if isinstance(name, str):
                if isinstance(value, dict) and name in value:
                    value = value[name]
                    continue
            elif isinstance(value, list) and -len(value) <= name < len(value):
                value = value[name]
                continue
            raise PathNotFoundError(self._nowhere(number, value))
        return value

    def _all(self, value: Json, visits: Visits) -> list[Json]:
        found = [value]
        visits.root = value
        for step in self.steps:
            made = list(islice((each for one in found for each in step(one, visits)), FOUND_MAX + 1))
            if len(made) > FOUND_MAX:
                raise PathNotFoundError(f"it leads to more than {FOUND_MAX} values")
            found = made
        return found

    def _nowhere(self, number: int, value: Json) -> str:
        place = "".join(_bracketed(name) for name in self.names[: number + 1])
        before = "".join(_bracketed(name) for name in self.names[:number])
        name = self.names[number]
        if isinstance(name, int):
            if not isinstance(value, list):
                return f"Filter: [{name}] can only be applied to arrays. Current context is: {value}"
            return f"No results for path: ${place}"
        if not isinstance(value, dict):
            return (
                f"Expected to find an object with property ['{name}'] in path ${before} but found "
                f"'{_java(value)}'. This is not a json object according to the JsonProvider: "
                "'com.jayway.jsonpath.spi.json.JacksonJsonNodeJsonProvider'."
            )
        last = number == len(self.names) - 1
        return f"No results for path: ${place}" if last else f"Missing property in path ${place}"


class _Reader:
    """Reads a path once, from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.names: list[str | int] = []
        self.steps: list[Step] = []
        self.function = ""
        self.descends = False

    def read(self) -> bool:
        """Whether the path is definite; *names* or *steps* say where it leads."""
        if not self.text.startswith("$"):
            raise PathError("a path begins with '$'")
        self.at = 1
        definite = True
        while self.at < len(self.text):
            if self.text.startswith("..", self.at):
                self.at += 2
                definite = False
                self._descend()
            elif self.text[self.at] == ".":
                self.at += 1
                definite &= self._dotted()
            elif self.text[self.at] == "[":
                definite &= self._bracket()
            else:
                raise self._wrong()
        return definite

    def _dotted(self) -> bool:
        if found := _FUNCTION.match(self.text, self.at):
            self.function = found[1]
            self.at = found.end()
            return True
        if self.text.startswith("*", self.at):
            self.at += 1
            self.steps.append(_children)
            return False
        return self._named(self._name())

    def _descend(self) -> None:
        self.steps.append(_descendants)
        self.descends = True
        if not self.text.startswith("[", self.at):
            if self.text.startswith("*", self.at):
                self.at += 1
                self.steps.append(_children)
            else:
                self._named(self._name())

    def _name(self) -> str:
        found = _NAME.match(self.text, self.at)
        if found is None:
            raise self._wrong()
        self.at = found.end()
        return found[0]

    def _named(self, name: str) -> bool:
        self.names.append(name)
        self.steps.append(_member(name))
        return True

    def _bracket(self) -> bool:
        self._skip(1)
        if self.text.startswith("?(", self.at):
            end = _closing(self.text, self.at + 1)
            wanted = self._condition(self.text[self.at + 2 : end])
            descended = bool(self.steps) and self.steps[-1] is _descendants
            self.steps.append(_filtered_below(wanted) if descended else _filtered(wanted))
            self.at = end + 1
            self._close()
            return False
        if self.text.startswith("*", self.at):
            self._skip(1)
            self._close()
            self.steps.append(_children)
            return False
        if _QUOTED.match(self.text, self.at):
            return self._several([*self._quoted()])
        return self._numbers()

    def _condition(self, text: str) -> Condition:
        try:
            return condition(text)
        except ConditionError as problem:
            raise PathError(str(problem)) from None

    def _quoted(self) -> Iterator[str]:
        while found := _QUOTED.match(self.text, self.at):
            self.at = found.end()
            self._skip(0)
            yield found[1].replace("\\'", "'") if found[1] is not None else found[2].replace('\\"', '"')
            if not self.text.startswith(",", self.at):
                self._close()
                return
            self._skip(1)
        raise self._wrong()

    def _numbers(self) -> bool:
        parts: list[int | None] = []
        colons = 0
        listed: list[int] = []
        while True:
            found = _NUMBER.match(self.text, self.at)
            parts.append(int(found[0]) if found else None)
            self.at = found.end() if found else self.at
            self._skip(0)
            if self.text.startswith(":", self.at):
                colons += 1
                self._skip(1)
                continue
            if self.text.startswith(",", self.at) and not colons and found:
                listed.append(int(found[0]))
                self._skip(1)
                continue
            break
        self._close()
        if colons:
            if colons > 2:  # noqa: PLR2004 - begin, end, step.
                raise self._wrong()
            self.steps.append(_sliced(slice(*parts)))
            return False
        if parts[-1] is None:
            raise self._wrong()
        return self._several([*listed, parts[-1]])

    def _several(self, names: list[str] | list[int] | list[str | int]) -> bool:
        if len(names) == 1:
            name = names[0]
            self.names.append(name)
            self.steps.append(_member(name) if isinstance(name, str) else _element(name))
            return True
        self.steps.append(_either([_member(name) if isinstance(name, str) else _element(name) for name in names]))
        return False

    def _skip(self, characters: int) -> None:
        found = _SPACE.match(self.text, self.at + characters)
        assert found is not None
        self.at = found.end()

    def _close(self) -> None:
        self._skip(0)
        if not self.text.startswith("]", self.at):
            raise self._wrong()
        self.at += 1

    def _wrong(self) -> PathError:
        return PathError(f"unexpected {self.text[self.at : self.at + 1]!r} at character {self.at + 1}")


def _closing(text: str, begin: int) -> int:
    """Where the parenthesis at *begin* is closed. Raises PathError."""
    depth, quote = 0, ""
    for at in range(begin, len(text)):
        char = text[at]
        if quote:
            quote = "" if char == quote and text[at - 1] != "\\" else quote
        elif char in "'\"":
            quote = char
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if not depth:
                return at
    raise PathError("a filter is not closed")


# ── Steps ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _member(name: str) -> Step:
    def step(value: Json, _: Visits) -> Iterator[Json]:
        if isinstance(value, dict) and name in value:
            yield value[name]

    return step


def _element(number: int) -> Step:
    def step(value: Json, _: Visits) -> Iterator[Json]:
        if isinstance(value, list) and -len(value) <= number < len(value):
            yield value[number]

    return step


def _either(steps: list[Step]) -> Step:
    def step(value: Json, visits: Visits) -> Iterator[Json]:
        for one in steps:
            yield from one(value, visits)

    return step


def _sliced(cut: slice) -> Step:
    def step(value: Json, visits: Visits) -> Iterator[Json]:
        visits.spend(value)
        if isinstance(value, list) and cut.step != 0:
            yield from value[cut]

    return step


def _children(value: Json, visits: Visits) -> Iterator[Json]:
    visits.spend(value)
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _descendants(value: Json, visits: Visits) -> Iterator[Json]:
    waiting = [value]
    while waiting:
        found = waiting.pop()
        yield found
        waiting.extend(reversed([each for each in _children(found, visits) if isinstance(each, dict | list)]))


def _filtered(wanted: Condition) -> Step:
    def step(value: Json, visits: Visits) -> Iterator[Json]:
        visits.spend(value)
        candidates = value if isinstance(value, list) else [value]
        yield from (each for each in candidates if wanted(each, visits))

    return step


def _filtered_below(wanted: Condition) -> Step:
    """Behind `..`: each object that passes, once; of a list the elements, where the list itself passes, too."""

    def step(value: Json, visits: Visits) -> Iterator[Json]:
        visits.spend(value)
        if isinstance(value, dict | list) and wanted(value, visits):
            yield from _filtered(wanted)(value, visits) if isinstance(value, list) else [value]

    return step


def _applied(function: str, value: Json) -> Json:
    match function:
        case "length":
            return len(value) if isinstance(value, list | dict | str) else None
        case "keys":
            return list(value) if isinstance(value, dict) else None
        case "first" | "last":
            if not isinstance(value, list) or not value:
                raise PathNotFoundError(f"Aggregation function {function} attempted on an empty array")
            return value[0 if function == "first" else -1]
    numbers = [float(each) for each in value if _number(each)] if isinstance(value, list) else []
    if not numbers:
        raise PathNotFoundError(f"Aggregation function {function} attempted on an empty array")
    try:
        return _AGGREGATES[function](numbers)
    except OverflowError:
        raise PathNotFoundError(f"Aggregation function {function} attempted on numbers that are too large") from None


def _number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


_AGGREGATES: Final[dict[str, Callable[[list[float]], float]]] = {
    "min": min,
    "max": max,
    "sum": fsum,
    "avg": lambda numbers: fsum(numbers) / len(numbers),
    "stddev": pstdev,
}


def _bracketed(name: str | int) -> str:
    return f"['{name}']" if isinstance(name, str) else f"[{name}]"


def _java(value: Json) -> str:
    """What Java calls the kind of *value*, as its messages have it."""
    match value:
        case bool():
            return "java.lang.Boolean"
        case int():
            return "java.lang.Integer"
        case float():
            return "java.lang.Double"
        case str():
            return "java.lang.String"
        case None:
            return "null"
        case _:
            return "com.fasterxml.jackson.databind.node.ArrayNode"
