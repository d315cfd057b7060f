"""Intrinsic functions of JSONPath states: `States.Format('Hello, {}', $.name)`.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import math
import re
from collections.abc import Callable
from typing import Final, TypeAlias

from tocsin.asl.failures import INTRINSIC_FAILURE, StateFailure
from tocsin.asl.paths import PathError
from tocsin.asl.reference_paths import Reference
from tocsin.asl.scope import Dice, Scope
from tocsin.asl.sizes import PAYLOAD_BYTES_MAX, size
from tocsin.kernel import json
from tocsin.kernel.json import Json

NESTED_MAX: Final = 10  # Functions within functions, as Step Functions has it.
TEXT_MAX: Final = 10_000  # Characters that are encoded, decoded or hashed.
RANGE_MAX: Final = 1000  # Numbers of a range.
ARRAY_MAX: Final = 10_000
BITS_MAX: Final = 1024  # Of an integer: those of the largest double.

Call: TypeAlias = Callable[[Scope, str], Json]
_Function: TypeAlias = Callable[[list[Json], Dice], Json]

_NAME: Final = re.compile(r"\s*States\.([A-Za-z0-9]+)\s*\(")
_NUMBER: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_STRING: Final = re.compile(r"'((?:[^'\\]|\\['{}\\])*)'", re.DOTALL)
_WORD: Final = re.compile(r"null|true|false")
_SPACE: Final = re.compile(r"\s*")
_ALGORITHMS: Final = {
    "MD5": hashlib.md5,
    "SHA-1": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-384": hashlib.sha384,
    "SHA-512": hashlib.sha512,
}


class IntrinsicError(ValueError):
    """The text is no call of an intrinsic function; the message says why."""


def intrinsic(text: str) -> Call:
    """The compiled call, from a scope and the name of its field to its value. Raises IntrinsicError."""
    reader = _Reader(text)
    found = reader.call(1)
    reader.skip()
    if reader.at != len(text):
        raise IntrinsicError(f"unexpected {text[reader.at :][:20]!r} behind the function")
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def skip(self) -> None:
        found = _SPACE.match(self.text, self.at)
        assert found is not None
        self.at = found.end()

    def call(self, depth: int) -> Call:
        found = _NAME.match(self.text, self.at)
        if found is None:
            raise IntrinsicError("a function like States.Format(...) is needed")
        if depth > NESTED_MAX:
            raise IntrinsicError(f"functions are nested deeper than {NESTED_MAX} levels")
        name = found[1]
        if name not in _FUNCTIONS:
            raise IntrinsicError(f"there is no function States.{name}")
        self.at = found.end()
        arguments = self._arguments(depth, name)
        least, most, function = _FUNCTIONS[name]
        if not least <= len(arguments) <= most:
            raise IntrinsicError(f"States.{name} takes {_count(least, most)}, not {len(arguments)}")

        def run(scope: Scope, field: str) -> Json:
            return function([argument(scope, field) for argument in arguments], scope.dice)

        return run

    def _arguments(self, depth: int, name: str) -> list[Call]:
        found: list[Call] = []
        self.skip()
        if self.text.startswith(")", self.at):
            self.at += 1
            return found
        while True:
            # The template of Format keeps its escapes: there `\\{` is not what `{` is.
            found.append(self._argument(depth, raw=name == "Format" and not found))
            self.skip()
            if self.text.startswith(",", self.at):
                self.at += 1
                self.skip()
                continue
            if self.text.startswith(")", self.at):
                self.at += 1
                return found
            raise IntrinsicError("')' is missing")

    def _argument(self, depth: int, *, raw: bool) -> Call:
        if found := _STRING.match(self.text, self.at):
            self.at = found.end()
            return _constant(found[1] if raw else re.sub(r"\\(.)", r"\1", found[1]))
        if found := _NUMBER.match(self.text, self.at):
            self.at = found.end()
            return _constant(float(found[0]) if re.search(r"[.eE]", found[0]) else int(found[0]))
        if found := _WORD.match(self.text, self.at):
            self.at = found.end()
            return _constant({"null": None, "true": True, "false": False}[found[0]])
        if self.text.startswith("$", self.at):
            return self._reference()
        return self.call(depth + 1)

    def _reference(self) -> Call:
        begin = self.at
        depth, quote = 0, ""
        while self.at < len(self.text):
            char = self.text[self.at]
            if quote:
                quote = "" if char == quote else quote
            elif char in "'\"":
                quote = char
            elif char in "[(":
                depth += 1
            elif char == "]" or (char == ")" and depth):
                depth -= 1
            elif char in ",)" and not depth:
                break
            self.at += 1
        try:
            reference = Reference(self.text[begin : self.at].strip())
        except PathError as problem:
            raise IntrinsicError(f"{self.text[begin : self.at]!r}: {problem}") from None
        return reference.find_for


def _constant(value: Json) -> Call:
    return lambda _scope, _field: value


def _count(least: int, most: int) -> str:
    if least == most:
        return "1 argument" if least == 1 else f"{least} arguments"
    return f"{least} or more arguments" if most == ARRAY_MAX else f"{least} to {most} arguments"


def _failure(cause: str) -> StateFailure:
    return StateFailure(INTRINSIC_FAILURE, cause)


# ── Functions ────────────────────────────────────────────────────────────────────────────────────────────────────────
def _format(arguments: list[Json], _: Dice) -> str:
    template = _text(arguments[0], "States.Format")
    values: list[Json] = _sized(arguments[1:], "States.Format")
    parts: list[str] = []
    used = at = 0
    while at < len(template):
        if template.startswith("\\", at) and template[at + 1 : at + 2] in {"{", "}", "\\", "'"}:
            parts.append(template[at + 1])
            at += 2
        elif template.startswith("{}", at):
            if used >= len(values):
                raise _failure("The number of arguments to States.Format does not match the occurrences of {}")
            parts.append(_shown(values[used]))
            used += 1
            at += 2
        else:
            parts.append(template[at])
            at += 1
    if used != len(values):
        raise _failure("The number of arguments to States.Format does not match the occurrences of {}")
    return "".join(parts)


def _shown(value: Json) -> str:
    """As Java shows what JSON becomes there: objects as `{name=value}`."""
    match value:
        case str():
            return value
        case dict():
            return "{" + ", ".join(f"{name}={_shown(item)}" for name, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_shown, value)) + "]"
        case _:
            return json.encode(value).decode()


def _string_to_json(arguments: list[Json], _: Dice) -> Json:
    text = _text(arguments[0], "States.StringToJson")
    if not text.strip():
        return None
    try:
        return json.decode(text)
    except json.JsonError:
        raise _failure(f"States.StringToJson could not parse {text[:200]!r}") from None


def _json_to_string(arguments: list[Json], _: Dice) -> str:
    return json.encode(_sized(arguments[0], "States.JsonToString")).decode()


def _array(arguments: list[Json], _: Dice) -> list[Json]:
    return list(arguments)


def _partition(arguments: list[Json], _: Dice) -> list[Json]:
    array = _list(arguments[0], "States.ArrayPartition")
    size = _integer(arguments[1], "States.ArrayPartition")
    if size <= 0:
        raise _failure("The chunk size of States.ArrayPartition must be a positive integer")
    return [array[at : at + size] for at in range(0, len(array), size)]


def _contains(arguments: list[Json], _: Dice) -> bool:
    array = _list(_sized(arguments[0], "States.ArrayContains"), "States.ArrayContains")
    return any(_equal(item, arguments[1]) for item in array)


def _range(arguments: list[Json], _: Dice) -> list[Json]:
    begin, end, step = (_integer(argument, "States.ArrayRange") for argument in arguments)
    if step == 0:
        raise _failure("The step of States.ArrayRange cannot be 0")
    found = range(begin, end + (1 if step > 0 else -1), step)
    if len(found) > RANGE_MAX:
        raise _failure(f"States.ArrayRange cannot make more than {RANGE_MAX} numbers")
    return list(found)


def _item(arguments: list[Json], _: Dice) -> Json:
    array = _list(arguments[0], "States.ArrayGetItem")
    index = _integer(arguments[1], "States.ArrayGetItem")
    if not 0 <= index < len(array):
        raise _failure(f"The index {index} of States.ArrayGetItem is outside of the array")
    return array[index]


def _length(arguments: list[Json], _: Dice) -> int:
    return len(_list(arguments[0], "States.ArrayLength"))


def _unique(arguments: list[Json], _: Dice) -> list[Json]:
    found: dict[bytes, Json] = {}
    for item in _list(_sized(arguments[0], "States.ArrayUnique"), "States.ArrayUnique"):
        found.setdefault(json.encode(item), item)
    return list(found.values())


def _encode(arguments: list[Json], _: Dice) -> str:
    return base64.b64encode(_short(arguments[0], "States.Base64Encode").encode()).decode()


def _decode(arguments: list[Json], _: Dice) -> str:
    try:
        return base64.b64decode(_short(arguments[0], "States.Base64Decode"), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise _failure("States.Base64Decode takes Base64 of UTF-8 text") from None


def _hash(arguments: list[Json], _: Dice) -> str:
    name = _text(arguments[1], "States.Hash")
    if name not in _ALGORITHMS:
        raise _failure(f"States.Hash knows {', '.join(_ALGORITHMS)}, not {name!r}")
    value = _sized(arguments[0], "States.Hash")
    text = value if isinstance(value, str) else json.encode(value).decode()
    return _ALGORITHMS[name](_short(text, "States.Hash").encode(), usedforsecurity=False).hexdigest()


def _merge(arguments: list[Json], _: Dice) -> dict[str, Json]:
    first, second, deep = arguments
    if not isinstance(first, dict) or not isinstance(second, dict):
        raise _failure("States.JsonMerge takes two objects")
    if deep is not False:
        raise _failure("States.JsonMerge only knows the shallow mode: its third argument must be false")
    return {**first, **second}


def _random(arguments: list[Json], dice: Dice) -> int:
    begin, end = (_integer(argument, "States.MathRandom") for argument in arguments[:2])
    if begin >= end:
        raise _failure("The start of States.MathRandom must be less than its end")
    if len(arguments) > 2:  # noqa: PLR2004 - begin, end, seed.
        seed = f"{_integer(arguments[2], 'States.MathRandom')}"
        return begin + _drawn(seed) % (end - begin)
    return begin + drawn(dice) % (end - begin)


def _add(arguments: list[Json], _: Dice) -> int:
    return _integer(arguments[0], "States.MathAdd") + _integer(arguments[1], "States.MathAdd")


def _split(arguments: list[Json], _: Dice) -> list[Json]:
    text, separators = (_text(argument, "States.StringSplit") for argument in arguments)
    if not separators:
        return [text]
    return [part for part in re.split(f"[{re.escape(separators)}]", text) if part]


def _uuid(_: list[Json], dice: Dice) -> str:
    return uuid_of(drawn(dice))


def applied(name: str, arguments: list[Json], dice: Dice) -> Json:
    """What the function *name* gives for *arguments*. Raises StateFailure."""
    return _FUNCTIONS[name][2](arguments, dice)


def drawn(dice: Dice) -> int:
    """The next 128 bits of *dice*."""
    dice.drawn += 1
    return _drawn(f"{dice.seed}/{dice.drawn}")


def uuid_of(bits: int) -> str:
    """A version 4 UUID of 128 bits (RFC 9562)."""
    text = f"{bits:032x}"[-32:]
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) % 4]}{text[17:20]}-{text[20:]}"


def _drawn(seed: str) -> int:
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16])


def _text(value: Json, function: str) -> str:
    if not isinstance(value, str):
        raise _failure(f"{function} takes a string, not {_named(value)}")
    return value


def _named(value: Json) -> str:
    """A wrong argument in a message."""
    if size(value) > PAYLOAD_BYTES_MAX:
        return "something that large"
    return json.encode(value).decode()[:200]


def _short(value: Json, function: str) -> str:
    text = _text(value, function)
    if len(text) > TEXT_MAX:
        raise _failure(f"{function} takes at most {TEXT_MAX} characters")
    return text


def _sized(value: Json, function: str) -> Json:
    """*value*, which is about to be walked through."""
    if size(value) > PAYLOAD_BYTES_MAX:
        raise _failure(f"{function} takes at most {PAYLOAD_BYTES_MAX} bytes")
    return value


def _list(value: Json, function: str) -> list[Json]:
    if not isinstance(value, list):
        raise _failure(f"{function} takes an array, not {_named(value)}")
    return value


def _integer(value: Json, function: str) -> int:
    """As Step Functions does: fractions are rounded half up."""
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() <= BITS_MAX:
        return value
    if not isinstance(value, float) or not math.isfinite(value):
        raise _failure(f"{function} takes an integer, not {_named(value)}")
    return math.floor(value + 0.5)


def _equal(left: Json, right: Json) -> bool:
    return isinstance(left, bool) is isinstance(right, bool) and bool(left == right)


_FUNCTIONS: Final[dict[str, tuple[int, int, _Function]]] = {
    "Format": (1, ARRAY_MAX, _format),
    "StringToJson": (1, 1, _string_to_json),
    "JsonToString": (1, 1, _json_to_string),
    "Array": (0, ARRAY_MAX, _array),
    "ArrayPartition": (2, 2, _partition),
    "ArrayContains": (2, 2, _contains),
    "ArrayRange": (3, 3, _range),
    "ArrayGetItem": (2, 2, _item),
    "ArrayLength": (1, 1, _length),
    "ArrayUnique": (1, 1, _unique),
    "Base64Encode": (1, 1, _encode),
    "Base64Decode": (1, 1, _decode),
    "Hash": (2, 2, _hash),
    "JsonMerge": (3, 3, _merge),
    "MathRandom": (2, 3, _random),
    "MathAdd": (2, 2, _add),
    "StringSplit": (2, 2, _split),
    "UUID": (0, 0, _uuid),
}
