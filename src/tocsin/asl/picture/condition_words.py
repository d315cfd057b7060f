"""The conditions of a Choice in short words.

    >>> condition({"Variable": "$.status", "StringEquals": "done"})
    'status is "done"'

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-choice.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tocsin.kernel import json
from tocsin.kernel.json import Json

_COMPARISON: Final = re.compile(r"(String|Numeric|Timestamp|Boolean)([A-Za-z]+?)(Path)?")
_SIGNS: Final = {
    "Equals": "is",
    "Matches": "is like",
    "LessThan": "<",
    "LessThanEquals": "≤",
    "GreaterThan": ">",
    "GreaterThanEquals": "≥",
}
_TIMES: Final = {"<": "is before", "≤": "is not after", ">": "is after", "≥": "is not before"}
_KINDS: Final = {
    "IsNull": "null",
    "IsPresent": "there",
    "IsString": "a text",
    "IsNumeric": "a number",
    "IsBoolean": "true or false",
    "IsTimestamp": "a time",
}
_EXISTS: Final = re.compile(r"\$exists\(([^()]+)\)")
_GIVEN: Final = re.compile(r"\$states\.input\.")


def condition(rule: Mapping[str, Json]) -> str:
    """What one rule of Choices asks, in JSONPath or JSONata."""
    if "Condition" in rule:
        told = rule["Condition"]
        return expression(told) if isinstance(told, str) else "always" if told else "never"
    return _rule(rule, inside=False)


def expression(text: str) -> str:
    """A JSONata expression without its brackets; the input's fields are called by their names."""
    bare = text.strip().removeprefix("{%").removesuffix("%}")
    bare = _GIVEN.sub("", " ".join(bare.split()))
    found = _EXISTS.fullmatch(bare)
    return f"{found[1]} is there" if found else bare


def path(text: str) -> str:
    """A path as it is called: `$.a.b` is `a.b`."""
    return text.removeprefix("$.") if text != "$" else "the input"


def _rule(rule: Mapping[str, Json], *, inside: bool) -> str:
    for name, word in (("And", " and "), ("Or", " or ")):
        if name in rule:
            parts = [_rule(each, inside=True) for each in rule[name]]
            return f"({word.join(parts)})" if inside and len(parts) > 1 else word.join(parts)
    if "Not" in rule:
        return f"not {_rule(rule['Not'], inside=True)}"
    variable = path(str(rule.get("Variable", "")))
    for name, wanted in rule.items():
        if name in _KINDS:
            return f"{variable} is {'' if wanted else 'not '}{_KINDS[name]}"
        found = _COMPARISON.fullmatch(name)
        if found and found[2] in _SIGNS:
            sign = _SIGNS[found[2]]
            if found[1] == "Timestamp":
                sign = _TIMES.get(sign, sign)
            return f"{variable} {sign} {path(str(wanted)) if found[3] else _value(wanted)}"
    return variable


def _value(value: Json) -> str:
    return json.encode(value).decode()
