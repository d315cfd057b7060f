"""The operators of event patterns: `{"prefix": ...}` and its siblings, each with what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tocsin.patterns.conditions import (
    AnythingBut,
    Between,
    Condition,
    Exists,
    Prefix,
    PrefixFold,
    Same,
    SameFold,
    Suffix,
    SuffixFold,
    Unwanted,
    Wildcard,
    Within,
)
from tocsin.patterns.reading import Members
from tocsin.patterns.refusal import PatternError
from tocsin.patterns.scalars import Unrounded, address

# EventBridge refuses wildcards that keep its automaton in too many states at once, and does not say how many. It
# accepts `/Users/*/dir/dir/dir/dir/dir/doc.txt` (seven as counted here) and refuses `*:*:*:*:*:event-bus/*` (ten).
STATES_MAX = 9
BITS = {4: 32, 6: 128}

_MASK = re.compile(r"[0-9]{1,3}")
_STAR = re.compile(r"\\(.?)|\*", re.DOTALL)


class Absence:
    """`{"exists": false}`: not a condition on a value, since there is none."""


ABSENT = Absence()


def condition_of(expression: Members, place: str) -> Condition | Absence:
    """The condition of an operator with its operand.

    Raises:
        PatternError: the operator is unknown, or its operand is not one that EventBridge accepts.
    """
    name, operand = _only(expression, place)
    reader = _OPERATORS.get(name)
    if reader is None:
        raise PatternError("unknown-operator", place, name, f"must be an operator ({', '.join(_OPERATORS)})")
    return reader(operand, f"{place}.{name}")


def same_address(text: str) -> Within | None:
    """The condition that an IP address is *text*, however it is written; None if it is no address."""
    found = address(text)
    return None if found is None else Within(version=found[0], network=found[1], shift=0)


def _only(expression: Members, place: str) -> tuple[str, object]:
    if len(expression.pairs) != 1:
        raise PatternError("not-one-operator", place, expression, "must have exactly one operator")
    return expression.pairs[0]


def _text(operand: object, place: str) -> str:
    if not isinstance(operand, str):
        raise PatternError("not-a-string", place, operand, "must be a string")
    return operand


def _exactly(operand: object, place: str) -> Condition:
    return Same(_text(operand, place))


def _prefix(operand: object, place: str) -> Condition:
    if isinstance(operand, Members):
        return PrefixFold(_ignoring_case(operand, place))
    return Prefix(_text(operand, place))


def _suffix(operand: object, place: str) -> Condition:
    if isinstance(operand, Members):
        return SuffixFold(_ignoring_case(operand, place))
    return Suffix(_text(operand, place))


def _ignoring_case(expression: Members, place: str) -> str:
    name, operand = _only(expression, place)
    if name != "equals-ignore-case":
        raise PatternError("unknown-operator", place, name, "must be a string or equals-ignore-case")
    return _text(operand, f"{place}.{name}")


def _equals_ignore_case(operand: object, place: str) -> SameFold:
    return SameFold(_text(operand, place))


def _exists(operand: object, place: str) -> Condition | Absence:
    if not isinstance(operand, bool):
        raise PatternError("exists-not-boolean", place, operand, "must be true or false")
    return Exists() if operand else ABSENT


def _cidr(operand: object, place: str) -> Condition:
    base, slash, mask = _text(operand, place).partition("/")
    found = address(base)
    if found is None:
        raise PatternError("not-an-address", place, operand, "must start with an IP address")
    version, bits = found
    if not slash or not _MASK.fullmatch(mask):
        raise PatternError("not-a-network", place, operand, "must end in a slash and the length of the mask")
    shift = BITS[version] - int(mask)
    # A mask of full length is refused by EventBridge as well: one address is written without an operator.
    if shift < 1:
        raise PatternError("mask-too-long", place, operand, f"must have a mask of less than {BITS[version]} bits")
    return Within(version=version, network=bits >> shift, shift=shift)


def _wildcard(operand: object, place: str) -> Same | Wildcard:
    parts = _parts(_text(operand, place), place)
    if _states(parts) > STATES_MAX:
        raise PatternError(
            "too-complex", place, operand, "must have fewer stars, or less that repeats itself after a star"
        )
    return Same(parts[0]) if len(parts) == 1 else Wildcard(parts)


def _parts(text: str, place: str) -> tuple[str, ...]:
    parts, at = [""], 0
    for found in _STAR.finditer(text):
        before, escaped = text[at : found.start()], found.group(1)
        at = found.end()
        parts[-1] += before
        if escaped is None:
            if text.startswith("*", at):
                raise PatternError("consecutive-stars", place, text, "must not have a star after a star")
            parts.append("")
        elif escaped in ("*", "\\"):
            parts[-1] += escaped
        else:
            raise PatternError("bad-escape", place, text, "must have a star or a backslash after each backslash")
    parts[-1] += text[at:]
    return tuple(parts)


def _states(parts: tuple[str, ...]) -> int:
    """In how many states an automaton is while it reads the parts one after the other; counted only to the limit."""
    stars = len(parts) - 1
    if stars > STATES_MAX:
        return stars
    borders = [_borders(part) for part in parts]
    matched = [0] * len(parts)
    most = open_stars = min(stars, 1)
    for character in "".join(parts[1:]):
        states = 0
        for star in range(1, open_stars + 1):
            part, border = parts[star], borders[star]
            length = matched[star]
            while length and (length == len(part) or part[length] != character):
                length = border[length]
            if part[length : length + 1] == character:
                length += 1
            matched[star] = length
            if length == len(part):
                open_stars = max(open_stars, min(star + 1, stars))
            while length:
                states, length = states + 1, border[length]
        most = max(most, open_stars + states)
        if most > STATES_MAX:
            break
    return most


def _borders(part: str) -> list[int]:
    """By length of a beginning of *part*: the length of its longest own beginning that also ends it (Knuth, Morris)."""
    borders = [0, 0]
    length = 0
    for character in part[1:]:
        while length and part[length] != character:
            length = borders[length]
        if part[length] == character:
            length += 1
        borders.append(length)
    return borders


def _anything_but(operand: object, place: str) -> Condition:
    if isinstance(operand, Members):
        name, inner = _only(operand, place)
        reader = _UNWANTED.get(name)
        if reader is None:
            raise PatternError("unknown-operator", place, name, f"must be one of {', '.join(_UNWANTED)}")
        return AnythingBut(_each(inner, f"{place}.{name}", reader))
    unwanted = _each(operand, place, _unwanted_value)
    if isinstance(operand, list) and len({isinstance(value, str) for value in operand}) > 1:
        raise PatternError("mixed-types", place, operand, "must be all strings or all numbers")
    return AnythingBut(unwanted)


def _each(operand: object, place: str, reader: Callable[[object, str], Unwanted]) -> tuple[Unwanted, ...]:
    if not isinstance(operand, list):
        return (reader(operand, place),)
    if not operand:
        raise PatternError("empty-array", place, operand, "must have a value")
    return tuple(reader(value, f"{place}[{index}]") for index, value in enumerate(operand))


def _unwanted_value(value: object, place: str) -> Unwanted:
    return Same(value) if isinstance(value, str) else Same(_number(value, place, "a string or a number"))


def _unwanted_prefix(value: object, place: str) -> Unwanted:
    return Prefix(_some_text(value, place))


def _unwanted_suffix(value: object, place: str) -> Unwanted:
    return Suffix(_some_text(value, place))


def _some_text(value: object, place: str) -> str:
    text = _text(value, place)
    if not text:
        raise PatternError("empty-string", place, value, "must not be empty")
    return text


def _numeric(operand: object, place: str) -> Condition:
    if not isinstance(operand, list):
        raise PatternError("not-a-comparison", place, operand, "must be an array of comparisons and numbers")
    # Other orders than these (an upper bound first, two lower bounds) are refused, however sensible they look.
    match operand:
        case ["=", value]:
            return Same(_number(value, f"{place}[1]"))
        case ["<" | "<=" as sign, value]:
            return Between(high=_number(value, f"{place}[1]"), high_open=sign == "<")
        case [">" | ">=" as sign, value]:
            return Between(low=_number(value, f"{place}[1]"), low_open=sign == ">")
        case [">" | ">=" as lower, bottom, "<" | "<=" as upper, top]:
            low, high = _number(bottom, f"{place}[1]"), _number(top, f"{place}[3]")
            if low >= high:
                raise PatternError("empty-range", place, operand, "must have a lower bound below the upper one")
            return Between(low=low, high=high, low_open=lower == ">", high_open=upper == "<")
    raise PatternError(
        "not-a-comparison", place, operand, "must be one of =, <, <=, >, >= and a number, or a lower and an upper bound"
    )


def _number(value: object, place: str, wanted: str = "a number") -> float:
    if isinstance(value, Unrounded):
        raise PatternError("number-out-of-range", place, value, "must be a number that a double holds exactly")
    if not isinstance(value, float):
        raise PatternError("not-a-number", place, value, f"must be {wanted}")
    return value


_OPERATORS: Mapping[str, Callable[[object, str], Condition | Absence]] = {
    "prefix": _prefix,
    "suffix": _suffix,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "exists": _exists,
    "cidr": _cidr,
    "exactly": _exactly,
}
_UNWANTED: Mapping[str, Callable[[object, str], Unwanted]] = {
    "prefix": _unwanted_prefix,
    "suffix": _unwanted_suffix,
    "equals-ignore-case": _equals_ignore_case,
    "wildcard": _wildcard,
}
