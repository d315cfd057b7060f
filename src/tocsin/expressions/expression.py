"""Expressions in JSONata, compiled and evaluated in a bounded time: the one door to the library.

Behind it everything is counted (`metering`, `charges`): evaluations, what functions walk through, what texts and ranges
they make; regular expressions are our own (`regexes`). What reads a clock or rolls dice is not there (`$now` and
`$millis` are a value from the caller), and neither is `$eval`, since values are no code. Source: the documentation of
JSONata (docs.jsonata.org).
"""

from __future__ import annotations

import copy
import re
import sys
from collections.abc import Callable, Collection, Iterator
from collections.abc import Mapping as Map
from math import isfinite
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from jsonata import JException, Jsonata, Parser, Utils  # type: ignore[import-untyped] # It has no types.
from jsonata.regex_engine import RegexFlags  # type: ignore[import-untyped] # The same.

from tocsin.expressions import metering
from tocsin.expressions.charges import charge
from tocsin.expressions.metering import Failed, Meter
from tocsin.kernel.json import Json
from tocsin.kernel.time import Instant, format_instant
from tocsin.regexes import JAVASCRIPT, Regex, RegexError

EXPRESSION_MAX: Final = 4000  # Characters; what is longer is a program.
NESTED_MAX: Final = 50  # Levels of a result.
NUMBER_MAX: Final = 400  # Characters of a number: more than any double needs.
REGEX_STEPS: Final = 8  # Steps of a regular expression that cost as much as one of an expression.

NOTHING: Final = object()  # What an expression gives that finds nothing.

_BASED: Final = re.compile(r"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+")
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")

_Value: TypeAlias = Any  # A value of the library: JSON, a function, or its null.

sys.setrecursionlimit(
    1000
)  # Python's own: the library raises it for the whole process, more than a thread's stack bears.


class ExpressionError(ValueError):
    """An expression cannot be read: *message* says why, *position* where (in characters, from 1; 0: nowhere)."""

    def __init__(self, message: str, position: int = 0) -> None:
        """Say what is wrong and where."""
        super().__init__(f"{message} (character {position} of the expression)" if position else message)
        self.message = message
        self.position = position


class Expression:
    """A compiled expression."""

    def __init__(self, text: str, variables: Collection[str] | None = None) -> None:
        """Compile *text*; with *variables*, only they are known beside what it binds itself. Raises ExpressionError."""
        if len(text) > EXPRESSION_MAX:
            raise ExpressionError(f"an expression has at most {EXPRESSION_MAX} characters, this one has {len(text)}")
        try:
            self._engine = _Engine(text, _regex)
        except JException as error:
            raise ExpressionError(_words(error), max(0, error.location)) from None
        except RegexError as error:
            raise ExpressionError(f"the regular expression cannot be read: {error}") from None
        except RecursionError:
            raise ExpressionError("it is nested too deep") from None
        except Exception as error:  # noqa: BLE001 - the library's parser fails as Python does on some of what is wrong.
            raise ExpressionError(f"it cannot be read: {_python(error)}") from None
        self.names, self.free = _check(self._engine.ast, variables)
        """All names of variables in it; and those that must come from outside."""
        self.newer = _newer(self._engine.ast, text)
        """An operator that JSONata has only since its version 2.1, or empty."""
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def evaluate(self, value: Json, variables: Map[str, Json], now: Instant, meter: Meter) -> Json:
        """What it says of *value*; None for nothing. *value* and *variables* may be changed. Raises Failed."""
        found = self.outcome(value, variables, now, meter)
        return None if found is NOTHING else found

    def outcome(
        self,
        value: Json,
        variables: Map[str, Json],
        now: Instant,
        meter: Meter,
        functions: Map[str, Callable[..., Json]] = MappingProxyType({}),
    ) -> Json:
        """As `evaluate`, with NOTHING for nothing, which is not null. Raises Failed.

        *functions* are known beside the library's. They take and give JSON, `Several` for what JSONata calls a
        sequence, and raise Failed.
        """
        engine = copy.copy(self._engine)
        engine.meter, engine.now = meter, now
        Jsonata.CURRENT.jsonata = engine  # Where the library's functions look for it; one for each thread.
        frame = Jsonata.Frame(_LIBRARY)
        frame.bindings.update(_HOOKS)
        frame.bind("$", value)
        for name in self.names:  # What is not named cannot be asked for: there is no `$eval`.
            if name in functions:
                frame.bind(name, Jsonata.JLambda(_outer(functions[name])))
            elif name in variables:
                item = variables[name]
                frame.bind(name, Utils.NULL_VALUE if item is None else item)
        if isinstance(value, list):
            value = Utils.create_sequence(value)
            value.outer_wrapper = True
        try:
            meter.begin()
            result = engine.eval(engine.ast, value, frame)
            meter.walk(result)
            return NOTHING if result is None else _plain(result)
        except JException as error:
            raise Failed(_words(error) if not meter.stopped else f"it was stopped: {meter.stopped}") from None
        except Failed:
            raise
        except RecursionError:
            raise Failed("it was stopped: it goes too deep") from None
        except (OverflowError, ZeroDivisionError):
            raise Failed("Number out of range: null") from None
        except Exception as error:  # noqa: BLE001 - the library's functions fail as Python does on odd arguments.
            raise Failed(
                f"it was stopped: {meter.stopped}" if meter.stopped else f"it failed: {_python(error)}"
            ) from None


class Several(list[Json]):
    """What JSONata calls a sequence: of one element it is that element."""


def _outer(function: Callable[..., Json]) -> Callable[..., _Value]:
    """*function*, as the library calls it: with JSON in and its own kinds out, and charged."""

    def call(*arguments: _Value) -> _Value:
        meter = Jsonata.CURRENT.jsonata.meter
        meter.walk(list(arguments))
        found = function(*(_plain(argument) for argument in arguments))
        meter.walk(found)
        if isinstance(found, Several):
            return Utils.create_sequence_from_iter(found)
        return Utils.NULL_VALUE if found is None else found

    return call


class _Engine(Jsonata):  # type: ignore[misc] # It has no types.
    """An expression whose evaluation is counted. What is overridden here is the library's own, charged."""

    meter: Meter
    now: Instant
    input: _Value
    environment: _Value

    def eval(self, expr: _Value, input: _Value, environment: _Value) -> _Value:  # noqa: A002 - the library's name.
        held = self.input, self.environment
        self.meter.enter()
        result = self._eval(expr, input, environment)
        self.meter.leave()
        self.input, self.environment = held
        self.meter.glance(result)
        return result

    def apply_inner(self, proc: _Value, args: _Value, input: _Value, environment: _Value) -> _Value:  # noqa: A002 - see above.
        if not self.is_function_like(proc):
            raise JException("T1006", -1)
        return super().apply_inner(proc, args, input, environment)

    def evaluate_range_expression(self, lhs: _Value, rhs: _Value) -> _Value:
        if type(lhs) is not int or type(rhs) is not int or lhs > rhs:
            return super().evaluate_range_expression(lhs, rhs)
        if rhs - lhs >= metering.ITEMS_MAX:
            self.meter.stop(f"it makes a range of more than {metering.ITEMS_MAX} numbers")
        self.meter.spend(rhs - lhs)
        return Utils.create_sequence_from_iter(range(lhs, rhs + 1))

    def evaluate_string_concat(self, lhs: _Value, rhs: _Value) -> _Value:
        self.meter.walk([lhs, rhs])
        result = super().evaluate_string_concat(lhs, rhs)
        self.meter.fits(len(result))
        return result

    def evaluate_unary(self, expr: _Value, input: _Value, environment: _Value) -> _Value:  # noqa: A002 - see above.
        result = super().evaluate_unary(expr, input, environment)
        self.meter.walk(result)
        return result

    def evaluate_group_expression(self, expr: _Value, input: _Value, environment: _Value) -> _Value:  # noqa: A002 - see above.
        if type(input) is list and not input:
            input = Utils.create_sequence()  # noqa: A001 - the library would write into the event.
        result = super().evaluate_group_expression(expr, input, environment)
        self.meter.walk(result)
        return result

    def evaluate_equality_expression(self, lhs: _Value, rhs: _Value, op: _Value) -> _Value:
        self.meter.walk([lhs, rhs])
        return super().evaluate_equality_expression(lhs, rhs, op)

    def evaluate_includes_expression(self, lhs: _Value, rhs: _Value) -> _Value:
        self.meter.walk([lhs, rhs])
        return super().evaluate_includes_expression(lhs, rhs)

    def evaluate_wildcard(self, expr: _Value, input: _Value) -> _Value:  # noqa: A002 - see above.
        self.meter.walk(input)
        return super().evaluate_wildcard(expr, input)

    def evaluate_descendants(self, expr: _Value, input: _Value) -> _Value:  # noqa: A002 - see above.
        self.meter.walk(input)
        return super().evaluate_descendants(expr, input)

    def evaluate_transform_expression(self, expr: _Value, input: _Value, environment: _Value) -> _Value:  # noqa: A002, ARG002 - see above.
        return Jsonata.JFunction(_Transformer(self, expr, environment), "<(oa):o>")

    def partial_apply_native_function(self, native: _Value, args: _Value) -> _Value:
        """The library reads code for it with a parser that other threads may use too: here with one of its own."""
        engine = copy.copy(self)
        engine.parser = Parser()
        return super(_Engine, engine).partial_apply_native_function(native, args)


class _Transformer(Jsonata.JFunctionCallable):  # type: ignore[misc] # It has no types.
    """`| where | what to write there, what to take away |`, of a copy; the library's own loses what is null."""

    def __init__(self, engine: _Engine, expr: _Value, environment: _Value) -> None:
        self._engine, self._expr, self._environment = engine, expr, environment

    def call(self, input: _Value, args: _Value) -> _Value:  # noqa: A002, ARG002 - the library's names.
        if args[0] is None:
            return None
        self._engine.meter.walk(args[0])
        made = _copied(args[0])
        for found in _several(self._engine.eval(self._expr.pattern, made, self._environment)):
            update = self._engine.eval(self._expr.update, found, self._environment)
            if update is not None and not isinstance(update, dict):
                raise JException("T2011", self._expr.update.position, update)
            gone: list[_Value] = []
            if self._expr.delete is not None:
                gone = _several(self._engine.eval(self._expr.delete, found, self._environment))
            if not all(isinstance(name, str) for name in gone):
                raise JException("T2012", self._expr.delete.position, gone)
            if isinstance(found, dict):
                found.update(update or {})
                for name in gone:
                    found.pop(name, None)
        self._engine.meter.walk(made)
        return made


def _several(value: _Value) -> list[_Value]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _copied(value: _Value, level: int = 0) -> _Value:
    if level > NESTED_MAX:
        raise Failed(f"what is to be changed is nested deeper than {NESTED_MAX} levels")
    if isinstance(value, dict):
        return {name: _copied(item, level + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_copied(item, level + 1) for item in value]
    return value


class _Counted(Jsonata.JFunction):  # type: ignore[misc] # It has no types.
    """A function of the library, its arguments charged before it is called and its result after."""

    def __init__(self, native: _Value) -> None:
        super().__init__(None, None)
        self.function_name, self.signature = native.function_name, native.signature
        self._native = native

    def call(self, input: _Value, args: _Value) -> _Value:  # noqa: A002 - the library's name.
        meter = Jsonata.CURRENT.jsonata.meter
        meter.walk(args)
        charge(self.function_name, args, meter)
        own = _OWN.get(self.function_name)
        result = own(*args) if own else self._native.call(input, args)
        meter.walk(result)
        return result

    def get_number_of_args(self) -> int:
        return int(self._native.get_number_of_args())


_WITHOUT: Final = frozenset({"eval", "millis", "now", "random", "shuffle"})


def _distinct(values: _Value) -> _Value:
    """As the library's, which takes true for 1, and makes what it finds in a list a sequence."""
    if not isinstance(values, list) or len(values) < 2:  # noqa: PLR2004 - nothing to compare.
        return values
    found = list({_identity(value): value for value in reversed(values)}.values())[::-1]
    return Utils.create_sequence_from_iter(found) if Utils.is_sequence(values) else found


def _identity(value: _Value) -> _Value:
    """What is equal for equal values only."""
    if isinstance(value, dict):
        return frozenset((name, _identity(item)) for name, item in value.items())
    if isinstance(value, list):
        return tuple(map(_identity, value))
    return (bool, value) if isinstance(value, bool) else value


def _number(value: _Value) -> _Value:
    """As the library's, which reads what only Python takes for a number."""
    if value is Utils.NULL_VALUE:
        raise JException("T0410", -1, 1, "number")
    if not isinstance(value, str):
        return int(value) if isinstance(value, bool) else value
    if len(value) <= NUMBER_MAX:
        if found := _BASED.fullmatch(value):
            return int(found[0], 0)
        if _DECIMAL.fullmatch(value) and isfinite(float(value)):
            return Utils.convert_number(float(value)) if re.search(r"[.eE]", value) else int(value)
    raise JException("D3030", -1, value[:NUMBER_MAX], value[:NUMBER_MAX])


_OWN: Final[dict[str, Callable[..., _Value]]] = {"distinct": _distinct, "number": _number}


def _now(picture: str | None = None, timezone: str | None = None) -> _Value:
    now = Jsonata.CURRENT.jsonata.now
    if picture is None and timezone is None:
        return format_instant(now)
    return _LIBRARY.lookup("fromMillis").call(None, [now, picture, timezone])


def _library() -> _Value:
    """The frame with all functions that an expression may call."""
    frame = Jsonata.Frame(None)
    for name, native in Jsonata.static_frame.bindings.items():
        if name not in _WITHOUT:
            frame.bind(name, _Counted(native))
    frame.bind("now", Jsonata.JLambda(_now))
    frame.bind("millis", Jsonata.JLambda(lambda: Jsonata.CURRENT.jsonata.now))
    return frame


_LIBRARY: Final = _library()
_HOOKS: Final = {"__evaluate_entry": None, "__evaluate_exit": None}  # Asked for at each step: here they are found fast.


def _regex(pattern: str, flags: RegexFlags) -> Regex:
    return Regex(
        pattern, JAVASCRIPT, ignore_case=flags.case_insensitive, lines=flags.multiline, charge=_charge_matching
    )


def _charge_matching(steps: int) -> None:
    Jsonata.CURRENT.jsonata.meter.spend(steps // REGEX_STEPS)


def _check(tree: _Value, variables: Collection[str] | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Refuse what the library would tell only when it is evaluated: unknown names.

    Gives the names that are used, and of these the ones that are bound nowhere in it.
    """
    known = {"", "$", *_LIBRARY.bindings}
    used: list[tuple[str, int]] = []
    for symbol in _symbols(tree):
        if symbol.type == "variable":
            used.append((str(symbol.value), symbol.position))
        if symbol.type == "bind":
            known.add(str(symbol.lhs.value))
        if symbol.type == "lambda":
            known.update(str(argument.value) for argument in symbol.arguments)
        known.update(str(name) for name in (symbol.focus, symbol.index) if isinstance(name, str))
    free: dict[str, int] = {}
    for name, position in used:
        if name in known:
            continue
        free.setdefault(name, position)
        if variables is not None and name not in variables:
            raise ExpressionError(f"there is no ${name} here", position)
    return tuple({name: None for name, _ in used if name not in {"", "$"}}), tuple(free)


def _newer(tree: _Value, text: str) -> str:
    """The library reads `??` and `?:` as conditions whose place is behind the operator."""
    written = (text[symbol.position - 2 : symbol.position] for symbol in _symbols(tree) if symbol.type == "condition")
    return next((operator for operator in written if operator in {"??", "?:"}), "")


def _symbols(tree: _Value) -> Iterator[_Value]:
    """All parts of the syntax tree, each once."""
    seen: set[int] = set()
    waiting = [tree]
    while waiting:
        found = waiting.pop()
        if isinstance(found, list | tuple):
            waiting += found
        elif isinstance(found, Parser.Symbol) and id(found) not in seen:
            seen.add(id(found))
            yield found
            waiting += vars(found).values()


def _plain(value: _Value, level: int = 0) -> Json:
    """A result as JSON."""
    if level > NESTED_MAX:
        raise Failed(f"its result is nested deeper than {NESTED_MAX} levels")
    if value is None or value is Utils.NULL_VALUE:
        return None
    if isinstance(value, dict):
        return {str(name): _plain(item, level + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, level + 1) for item in value]
    if isinstance(value, str | bool | int | float):
        return value
    raise Failed("it gives a function, which is no value")


def _python(error: Exception) -> str:
    return str(error) or type(error).__name__


def _words(error: JException) -> str:
    return str(error).replace(" Object ", " function ").removesuffix(".") or str(error.error)
