"""A rule: the fields that must all hold at once. A pattern is one rule, or with `$or` several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import msgspec

from tocsin.patterns.conditions import Condition
from tocsin.patterns.fields import Node
from tocsin.patterns.scalars import Scalar


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One of *same* or one of *others* holds for a value at *path*; with *absent*, none there will do as well."""

    path: str
    same: frozenset[Scalar]
    others: tuple[Condition, ...]
    absent: bool

    def holds(self, values: Iterable[Scalar]) -> bool:
        """Whether one of *values* is asked for."""
        for value in values:
            if value in self.same:
                return True
            for condition in self.others:
                if condition.holds(value):
                    return True
        return False


# A field, and whether its absence may still count: not once a field of that path has been passed on the way.
_Open: TypeAlias = tuple[Field, bool]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """The *fields* in the order of their paths, in which they are matched; *written* has the paths in their own order.

    The order matters: a field counts as absent if none of its path can be combined with the fields matched before it.
    """

    fields: tuple[Field, ...]
    written: tuple[str, ...]

    def holds(self, node: Node) -> bool:
        """Whether the fields of an event match, all of them in elements that can be combined."""
        return _holds(node, self.fields)

    def together(self, node: Node) -> int:
        """How many fields, counted from the first that is written, hold together for a *node* for which not all do."""
        count = 0
        while _holds(node, [field for field in self.fields if field.path in self.written[: count + 1]]):
            count += 1
        return count


def _holds(node: Node, fields: Sequence[Field]) -> bool:
    if node.holding:
        return _holds_in_arrays(node, [(field, field.absent) for field in fields])
    own = node.own
    for field in fields:
        values = own.get(field.path)
        if not (field.absent if values is None else field.holds(values)):
            return False
    return True


# A field that the node itself does not satisfy must be satisfied in an element of the array below that holds its path.
# One array's element is chosen for all its fields together, and the arrays do not concern each other. (An event that
# spells one path both with and without dots, with an array under each, is read as if the arrays were one.)
def _holds_in_arrays(node: Node, fields: Iterable[_Open]) -> bool:
    arrays: dict[int, list[_Open]] = {}
    for field, absent in fields:
        values = node.own.get(field.path)
        if values is not None and field.holds(values):
            continue
        nodes = node.holding.get(field.path)
        if nodes is None:
            if values is not None or not absent:
                return False
        else:
            arrays.setdefault(nodes[0].array, []).append((field, absent and values is None))
    return all(_holds_in_one(node, together) for together in arrays.values())


def _holds_in_one(node: Node, together: list[_Open]) -> bool:
    # Nothing in this array is chosen before its first field, so that one cannot count as absent.
    first = together[0][0]
    chosen = [(first, False), *together[1:]]
    return any(_holds_in_arrays(element, chosen) for element in node.holding[first.path])
