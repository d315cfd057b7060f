"""A small language in which the Block Kit table is written: rules that know what they accept, and say where it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Rule(Protocol):
    """Accepts some JSON values and complains about the others."""

    def check(self, value: object, at: str, report: Report) -> None:
        """Add to *report* what is wrong with *value*; *at* is its JSON pointer."""


@dataclass(slots=True)
class Report:
    """What is wrong with a layout, and what must be unique or counted in the whole of it."""

    problems: list[str] = field(default_factory=list)
    action_ids: set[str] = field(default_factory=set)
    block_ids: set[str] = field(default_factory=set)
    types: list[str] = field(default_factory=list)
    """The type of each block and element, in the order of reading."""

    def say(self, problem: str, at: str) -> None:
        """Note a problem in the form that Slack uses in ``response_metadata.messages``."""
        self.problems.append(f"[ERROR] {problem} [json-pointer:{at}]")


@dataclass(frozen=True, slots=True)
class String:
    """Text of *least* to *most* characters."""

    most: int
    least: int = 1

    def check(self, value: object, at: str, report: Report) -> None:
        """Complain about anything but a string, and about its length."""
        if not isinstance(value, str):
            report.say("must provide a string", at)
        elif len(value) < self.least:
            report.say(f"must be more than {self.least - 1} characters", at)
        elif len(value) > self.most:
            report.say(f"must be less than {self.most + 1} characters", at)


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number within bounds; with *real*, any number."""

    least: float = float("-inf")
    most: float = float("inf")
    real: bool = False

    def check(self, value: object, at: str, report: Report) -> None:
        """Complain about anything but such a number."""
        wanted = (int, float) if self.real else (int,)
        if isinstance(value, bool) or not isinstance(value, wanted):
            report.say("must provide a number", at)
        elif not self.least <= value <= self.most:
            report.say(f"must be between {self.least} and {self.most}", at)


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def check(self, value: object, at: str, report: Report) -> None:
        """Complain about anything but a boolean."""
        if not isinstance(value, bool):
            report.say("must provide a boolean", at)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some strings."""

    values: tuple[str, ...]

    def check(self, value: object, at: str, report: Report) -> None:
        """Complain about any other value."""
        if value not in self.values:
            report.say(f"must be one of: {', '.join(self.values)}", at)


@dataclass(frozen=True, slots=True)
class Free:
    """Any JSON object; Slack looks into it, the fake does not."""

    def check(self, value: object, at: str, report: Report) -> None:
        """Complain about anything but an object."""
        if not isinstance(value, dict):
            report.say("must provide an object", at)


@dataclass(frozen=True, slots=True)
class Many:
    """A list of *least* to *most* items."""

    item: Rule
    most: int
    least: int = 1

    def check(self, value: object, at: str, report: Report) -> None:
        """Complain about the number of items, and about each item."""
        if not isinstance(value, list):
            report.say("must provide an array", at)
            return
        if len(value) < self.least:
            report.say(f"no less than {self.least} items allowed", at)
        if len(value) > self.most:
            report.say(f"no more than {self.most} items allowed", at)
        for index, item in enumerate(value):
            self.item.check(item, f"{at}/{index}", report)


@dataclass(frozen=True, slots=True)
class Shape:
    """An object with known keys."""

    required: Mapping[str, Rule] = field(default_factory=dict)
    optional: Mapping[str, Rule] = field(default_factory=dict)
    any_of: tuple[str, ...] = ()
    """At least one of these keys must be there."""
    one_of: tuple[str, ...] = ()
    """Exactly one of these keys must be there."""

    def check(self, value: object, at: str, report: Report) -> None:
        """Complain about missing, unknown and contradictory keys, and about each value."""
        if not isinstance(value, dict):
            report.say("must provide an object", at)
            return
        for key in self.required:
            if key not in value:
                report.say(f"missing required field: {key}", at)
        if self.any_of and not any(key in value for key in self.any_of):
            report.say(f"must define at least one of: {', '.join(self.any_of)}", at)
        if self.one_of and sum(key in value for key in self.one_of) != 1:
            report.say(f"must define exactly one of: {', '.join(self.one_of)}", at)
        for key, inner in value.items():
            rule = self.required.get(key) or self.optional.get(key)
            if rule is not None:
                rule.check(inner, f"{at}/{key}", report)
            elif key != "type":
                report.say(f"invalid additional property: {key}", at)


@dataclass(frozen=True, slots=True)
class Typed:
    """An object whose shape is told by its ``type``; ids within it are held unique."""

    table: Mapping[str, Rule]
    """May still be filled after this rule was made: blocks contain blocks."""
    types: tuple[str, ...]

    def check(self, value: object, at: str, report: Report) -> None:
        """Complain about a type that is unknown or not allowed here, then about the object."""
        if not isinstance(value, dict):
            report.say("must provide an object", at)
            return
        kind = value.get("type")
        if kind not in self.types:
            report.say(f"unsupported type: {kind}", f"{at}/type")
            return
        report.types.append(kind)
        self.table[kind].check(value, at, report)
        _hold_unique(value, "action_id", report.action_ids, at, report)
        _hold_unique(value, "block_id", report.block_ids, at, report)


def _hold_unique(value: Mapping[str, object], key: str, seen: set[str], at: str, report: Report) -> None:
    name = value.get(key)
    if isinstance(name, str):
        if name in seen:
            report.say(f'`{key}` "{name}" already exists', f"{at}/{key}")
        seen.add(name)
