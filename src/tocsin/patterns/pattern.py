"""One compiled event pattern: whether an event matches it, and if not, why."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

import msgspec

from tocsin.patterns.fields import Node, PathTree, spread
from tocsin.patterns.grammar import NESTING_MAX, rules_of
from tocsin.patterns.reading import Members, NotJsonError, object_of, read
from tocsin.patterns.refusal import PatternError, shown
from tocsin.patterns.rule import Rule
from tocsin.patterns.scalars import Scalar, Unrounded, Word

FOUND_MAX = 3  # Values that an explanation shows.


class Why(enum.StrEnum):
    """Why a field of a pattern does not match."""

    MISSING = "missing"
    PRESENT = "present"
    DIFFERENT = "different"
    APART = "apart"


class Mismatch(msgspec.Struct, frozen=True, kw_only=True):
    """The first field that does not match, in the order of the pattern; *found* has some of the values there."""

    path: str
    why: Why
    found: tuple[str, ...] = ()

    def __str__(self) -> str:
        values = ", ".join(self.found)
        match self.why:
            case Why.MISSING:
                return f"{self.path}: the event has no such field"
            case Why.PRESENT:
                return f"{self.path}: the event must not have this field, and has {values}"
            case Why.DIFFERENT:
                return f"{self.path}: no value that is asked for, but {values}"
            case Why.APART:
                return (
                    f"{self.path}: has a value that is asked for, but not in the array element of the fields before it"
                )
        assert_never(self.why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A compiled pattern. *source* is its JSON text, which compiles to an equal pattern."""

    source: str = field(compare=False)
    rules: tuple[Rule, ...]
    _tree: PathTree = field(compare=False, repr=False)

    def matches(self, event: Mapping[str, object] | str | bytes) -> bool:
        """Whether the *event*, decoded or a JSON text, matches. Any JSON object has an answer, however hostile.

        Raises:
            EventError: the text is not a JSON object.
        """
        root = spread(object_of(event), self._tree)
        return any(rule.holds(root) for rule in self.rules)

    def explain(self, event: Mapping[str, object] | str | bytes) -> Mismatch | None:
        """The first field that keeps *event* from matching, None if it does match.

        Of the branches of `$or` the one that comes furthest is explained. Raises EventError as `matches` does.
        """
        root = spread(object_of(event), self._tree)
        if any(rule.holds(root) for rule in self.rules):
            return None
        together, furthest = max(((rule.together(root), rule) for rule in self.rules), key=lambda found: found[0])
        return _mismatch(furthest, furthest.written[together], root)


def compile(pattern: str | bytes | Mapping[str, object]) -> Pattern:  # noqa: A001 - The verb, as in `re.compile`.
    """The compiled *pattern*, given as JSON text or decoded.

    Raises:
        PatternError: EventBridge would refuse it; the error names the place and the value.
    """
    source = _source(pattern)
    try:
        decoded = read(source, Members)
    except NotJsonError as error:
        raise PatternError("not-json", "", error.rest, str(error)) from error
    rules = rules_of(decoded)
    paths = {path for rule in rules for path in rule.written}
    return Pattern(source=source, rules=rules, _tree=PathTree(paths))


def _source(pattern: str | bytes | Mapping[str, object]) -> str:
    if isinstance(pattern, str):
        return pattern
    if isinstance(pattern, bytes):
        try:
            return pattern.decode()
        except UnicodeDecodeError as error:
            raise PatternError("not-json", "", pattern, "must be UTF-8") from error
    try:
        return json.dumps(_plain(pattern, "", 0), ensure_ascii=False, allow_nan=False)
    except ValueError as error:  # Not a number, infinity, an integer of thousands of digits.
        raise PatternError("not-json", "", str(error), "must have numbers that JSON can write") from error


def _plain(value: object, place: str, depth: int) -> object:
    if depth > 2 * NESTING_MAX:
        raise PatternError("too-deep", place[:NESTING_MAX], depth, f"must not be nested deeper than {NESTING_MAX}")
    if isinstance(value, Mapping):
        for name in value:
            if not isinstance(name, str):
                raise PatternError("not-json", place, name, "must have names that are strings")
        return {name: _plain(inner, f"{place}.{name}".lstrip("."), depth + 1) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, f"{place}[{index}]", depth + 1) for index, inner in enumerate(value)]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise PatternError("not-json", place, value, "must be a value that JSON can write")


def _mismatch(rule: Rule, path: str, root: Node) -> Mismatch:
    (asked,) = (field for field in rule.fields if field.path == path)
    values = root.values(path)
    found = tuple(_written(value) for value in list(values)[:FOUND_MAX])
    if not values:
        return Mismatch(path=path, why=Why.MISSING)
    if asked.holds(values):
        return Mismatch(path=path, why=Why.APART, found=found)
    asks_for_nothing = asked.absent and not asked.same and not asked.others
    return Mismatch(path=path, why=Why.PRESENT if asks_for_nothing else Why.DIFFERENT, found=found)


def _written(value: Scalar) -> str:
    if isinstance(value, Word):
        return value.value
    if isinstance(value, Unrounded):
        return value.text
    return shown(int(value) if isinstance(value, float) and value.is_integer() else value)
