"""References: a path below the input (`$`), the context object (`$$`) or a variable (`$name`), and where results go."""

from __future__ import annotations

import re
from typing import Final

from tocsin.asl.failures import RESULT_PATH_FAILURE, StateFailure, runtime
from tocsin.asl.looking import PathNotFoundError
from tocsin.asl.paths import Path, PathError
from tocsin.asl.scope import Scope
from tocsin.asl.sizes import shown
from tocsin.kernel.json import Json

SHOWN_MAX: Final = 10_000  # Characters of an input in a cause: as much as Step Functions tells.

_VARIABLE: Final = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]{0,79})", re.ASCII)


class Reference:
    """One compiled reference. *variable* is empty for the input and the context object."""

    __slots__ = ("context", "path", "text", "variable")

    def __init__(self, text: str) -> None:
        """Compile *text*. Raises PathError."""
        self.text = text
        self.context = text.startswith("$$")
        found = None if self.context else _VARIABLE.match(text)
        self.variable = found[1] if found else ""
        rest = text[1:] if self.context else "$" + text[found.end() :] if found else text
        self.path = Path(rest)

    def find(self, scope: Scope) -> Json:
        """What it leads to. Raises PathNotFoundError."""
        return self.path.find(self.root(scope), scope.purse.visits)

    def root(self, scope: Scope) -> Json:
        """Where it begins. Raises PathNotFoundError for a variable that was not assigned."""
        if self.context:
            return scope.context()
        if not self.variable:
            return scope.value
        if self.variable not in scope.variables:
            raise PathNotFoundError(f"the variable ${self.variable} is not assigned")
        return scope.variables[self.variable]

    def find_for(self, scope: Scope, field: str) -> Json:
        """As `find`, for *field* of a template. Raises StateFailure."""
        try:
            return self.find(scope)
        except PathNotFoundError:
            told = shown(self._shown(scope), SHOWN_MAX)
            where = f"The JSONPath '{self.text}' specified for the field '{field}'"
            raise runtime(f"{where} could not be found in the input '{told}'") from None

    def find_whole(self, scope: Scope) -> Json:
        """As `find`, for InputPath and OutputPath. Raises StateFailure."""
        try:
            return self.find(scope)
        except PathNotFoundError as problem:
            raise runtime(f"Invalid path '{self.text}' : {problem}") from None

    def _shown(self, scope: Scope) -> Json:
        return scope.value if self.variable and self.variable not in scope.variables else self.root(scope)


class ResultPath:
    """Where a result is put into the input."""

    __slots__ = ("names", "text")

    def __init__(self, text: str) -> None:
        """Compile *text*, a path to one place. Raises PathError."""
        self.text = text
        path = Path(text)
        if not path.definite or path.function:
            raise PathError("a path to one place is needed")
        self.names = path.names

    def put(self, value: Json, result: Json) -> Json:
        """*value* with *result* at this place; neither is changed. Raises StateFailure."""
        if not self.names:
            return result
        try:
            return _put(value, self.names, result)
        except (TypeError, IndexError):
            cause = f"Unable to apply step '{self.text}' to input {shown(value, SHOWN_MAX)}"
            raise StateFailure(RESULT_PATH_FAILURE, cause) from None


def _put(value: Json, names: tuple[str | int, ...], result: Json) -> Json:
    name, rest = names[0], names[1:]
    if isinstance(name, str):
        if value is not None and not isinstance(value, dict):
            raise TypeError
        members = dict(value or {})
        members[name] = _put(members.get(name), rest, result) if rest else result
        return members
    if not isinstance(value, list):
        raise TypeError
    elements = list(value)
    elements[name] = _put(elements[name], rest, result) if rest else result
    return elements
