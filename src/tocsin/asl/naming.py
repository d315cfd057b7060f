"""Which variables each state refers to, as DescribeStateMachineForExecution tells it.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachineForExecution.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from tocsin.asl.functions import NAMES
from tocsin.asl.program import JSONATA, JSONPATH, Definition
from tocsin.asl.templates import CLOSE, DYNAMIC, OPEN, is_expression
from tocsin.expressions.expression import Expression
from tocsin.kernel.json import Json

_QUOTED: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_VARIABLE: Final = re.compile(r"(?<![\w$.])\$([A-Za-z_][A-Za-z0-9_]*)", re.ASCII)
_WITHIN: Final = ("ItemProcessor", "Iterator", "Branches")  # States of their own.


def references(definition: Definition) -> dict[str, tuple[str, ...]]:
    """The names of variables, sorted, by state; without states that refer to none."""
    return dict(_of_machine(definition.source, JSONPATH))


def _of_machine(machine: Mapping[str, Json], language: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    language = machine.get("QueryLanguage", language)
    for name, state in machine["States"].items():
        own = {field: value for field, value in state.items() if field not in _WITHIN}
        found = _expressions(own) if state.get("QueryLanguage", language) == JSONATA else _paths(own)
        named = tuple(sorted(set(found)))
        if named:
            yield name, named
        for field in _WITHIN:
            below = state.get(field, [])
            for each in below if isinstance(below, list) else [below]:
                yield from _of_machine(each, language)


def _expressions(value: Json) -> Iterator[str]:
    if isinstance(value, str) and is_expression(value):
        free = Expression(value[len(OPEN) : -len(CLOSE)].strip()).free
        yield from (name for name in free if name != "states" and name not in NAMES)
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _expressions(item)


def _paths(value: Json) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _paths(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if not isinstance(item, str):
                yield from _paths(item)
            elif name.endswith((DYNAMIC, "Path")) or name == "Variable":
                yield from _VARIABLE.findall(_QUOTED.sub("", item))
