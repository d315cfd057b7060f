"""What a team says about a sender's events, compiled: for each field of the alert an expression in JSONata.

What the expressions mean `mapped` says.
"""

from __future__ import annotations

from collections.abc import Mapping as Map

from tocsin.expressions.expression import Expression, ExpressionError
from tocsin.sources.mapped import NAMES, VARIABLES, ItemReader, mapped
from tocsin.sources.reading import Hints, Reading


class MappingError(ValueError):
    """A mapping cannot be used: the *field*, what is wrong with it, and where (in characters, from 1; 0: nowhere)."""

    def __init__(self, field: str, message: str, position: int = 0) -> None:
        """Say all of it."""
        place = f" (character {position})" if position else ""
        super().__init__(f"{field}: {message}{place}")
        self.field = field
        self.message = message
        self.position = position


class Mapping:
    """Compiled expressions by the names of what they say."""

    def __init__(self, expressions: Map[str, Expression]) -> None:
        """*expressions*: by names of NAMES."""
        self._expressions = dict(expressions)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mapping) and other._expressions == self._expressions

    def __hash__(self) -> int:
        return hash(frozenset(self._expressions.items()))

    def apply(self, found: Reading, hints: Hints, read_item: ItemReader) -> Reading:
        """*found*, the ordinary reading, as this mapping says it; *read_item* gives the ordinary one of an item."""
        return mapped(self._expressions, found, hints, read_item)


def compile(expressions: Map[str, str]) -> Mapping:  # noqa: A001 - as `re.compile`.
    """The mapping of *expressions* by field. Raises MappingError for the first that is wrong."""
    compiled: dict[str, Expression] = {}
    for name, told in expressions.items():
        if name not in NAMES:
            raise MappingError(name, f"there is no such field; there are {', '.join(NAMES)}")
        try:
            compiled[name] = Expression(told, VARIABLES)
        except ExpressionError as error:
            raise MappingError(name, error.message, error.position) from None
    return Mapping(compiled)
