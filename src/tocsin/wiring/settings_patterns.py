"""Event patterns in a configuration file: from YAML to JSON, with the place of everything that can be wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from tocsin import patterns
from tocsin.incidents.alerts import AlertStatus, Severity
from tocsin.incidents.alerts import Kind as AlertKind
from tocsin.kernel.json import Json
from tocsin.routing.rules import FIELDS
from tocsin.wiring.settings_document import BOOL, FLOAT, INT, NULL, at
from tocsin.wiring.settings_problems import Problem, nearest, shown, shown_key
from tocsin.wiring.settings_scalars import Wrong, expand, uses_environment

_OR: Final = "$or"
_LABELS: Final = "labels"
_DIGITS_MAX: Final = 300  # Beyond it no double has a value.
_WORDS: Final = {
    "status": tuple(word.value for word in AlertStatus),
    "severity": tuple(word.value for word in Severity),
    "kind": tuple(word.value for word in AlertKind),
}


def pattern(
    subject: str, node: MappingNode, where: str, environ: Mapping[str, str]
) -> tuple[patterns.Pattern | None, list[Problem]]:
    """The compiled pattern (None: it is not valid) over the `alert` or the `event`, and what is wrong with it."""
    writer = _Writer(environ, texts=subject == "alert")
    value = writer.json(node, where)
    problems = writer.problems + (_alert_problems(node, where) if subject == "alert" else [])
    if problems or not writer.whole:
        return None, problems
    try:
        return patterns.compile(value), []
    except patterns.PatternError as refused:
        place = writer.places.get(f"{where}.{refused.path}", node)
        if writer.expanded:  # Its text may show what the environment holds.
            return None, [at(place, where, "", "this is not a valid pattern once the environment is filled in")]
        return None, [at(place, where, refused.path, refused.message)]


class _Writer:
    """Turns nodes into JSON; *places* keeps where each path stands.

    *expanded*: the environment was read. *whole*: no key was left out, as the document has noted what is no word.
    *texts*: a number in a list of values is a text, since an alert's fields are texts: `account: [123456789012]`.
    """

    def __init__(self, environ: Mapping[str, str], *, texts: bool) -> None:
        self.problems: list[Problem] = []
        self.places: dict[str, Node] = {}
        self.expanded = False
        self.whole = True
        self._environ = environ
        self._texts = texts

    def json(self, node: Node, where: str, *, operator: bool = False) -> Json:
        """*operator*: inside a condition like `{numeric: ...}`, where a number is a number."""
        self.places[where] = node
        if isinstance(node, MappingNode):
            self.whole = self.whole and all(isinstance(key, ScalarNode) for key, _ in node.value)
            return {
                key.value: self._value(key.value, value, f"{where}.{key.value}", operator=operator)
                for key, value in node.value
                if isinstance(key, ScalarNode)
            }
        if isinstance(node, SequenceNode):
            return self._items(node, where, operator=operator)
        assert isinstance(node, ScalarNode)
        return self._scalar(node, where, operator=operator)

    def _value(self, key: str, node: Node, where: str, *, operator: bool) -> Json:
        if key == _OR and isinstance(node, SequenceNode):
            return [self.json(item, f"{where}[{place}]", operator=operator) for place, item in enumerate(node.value)]
        return self.json(node, where, operator=operator)

    def _items(self, node: SequenceNode, where: str, *, operator: bool) -> list[Json]:
        return [
            self.json(item, f"{where}[{place}]", operator=operator or isinstance(item, MappingNode))
            for place, item in enumerate(node.value)
        ]

    def _scalar(self, node: ScalarNode, where: str, *, operator: bool) -> Json:
        plain = not node.style
        if plain and node.tag == NULL:
            return None
        if plain and node.tag in {INT, FLOAT, BOOL} and (operator or not self._texts):
            return self._number(node, where) if node.tag != BOOL else node.value.lower() == "true"
        self.expanded = self.expanded or uses_environment(node.value)
        text = expand(node.value, self._environ)
        if isinstance(text, Wrong):
            self.problems.append(at(node, where, node.value, f"{shown(node.value)} {text.message}", text.nearest))
            return ""
        return text

    def _number(self, node: ScalarNode, where: str) -> int | float:
        number = int(node.value) if node.tag == INT and len(node.value) <= _DIGITS_MAX else float(node.value)
        if not math.isfinite(number):
            self.problems.append(at(node, where, node.value, f"{shown(node.value)} is too large a number"))
            return 0
        return number


def _alert_problems(node: MappingNode, where: str) -> list[Problem]:
    """What is a valid pattern, and yet matches no alert: fields that an alert does not have, values it never takes."""
    found: list[Problem] = []
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            continue  # The document has noted it.
        below = f"{where}.{key.value}"
        if key.value == _OR and isinstance(value, SequenceNode):
            for place, item in enumerate(value.value):
                if isinstance(item, MappingNode):
                    found += _alert_problems(item, f"{below}[{place}]")
            continue
        field = key.value.partition(".")[0]
        if field not in FIELDS or key.value != field != _LABELS:
            message = f"an alert has no field {shown_key(key.value)}; it has {', '.join(FIELDS)}"
            found.append(at(key, where, key.value, message, nearest(key.value, FIELDS)))
        elif isinstance(value, MappingNode) is not (key.value == _LABELS):
            found.append(at(value, below, "", _SHAPE_OF_LABELS if field == _LABELS else _SHAPE_OF_TEXTS))
        elif isinstance(value, SequenceNode):
            found += _word_problems(value, key.value, below)
    return found


def _word_problems(values: SequenceNode, field: str, where: str) -> list[Problem]:
    words = _WORDS.get(field)
    if words is None:
        return []
    return [
        at(
            item,
            f"{where}[{place}]",
            item.value,
            f"{shown(item.value)} is none of {', '.join(words)}",
            nearest(item.value, words),
        )
        for place, item in enumerate(values.value)
        if isinstance(item, ScalarNode) and not uses_environment(item.value) and item.value not in words
    ]


_SHAPE_OF_LABELS: Final = "labels are texts by name: write {labels: {env: [staging]}}"
_SHAPE_OF_TEXTS: Final = "this field of an alert is a text: write a list of values or conditions"
