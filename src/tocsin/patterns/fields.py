"""The fields of an event, spread out by path as EventBridge sees them, and which of them stand in one array element.

A dot in a name is a step, so `{"a.b": 1}` and `{"a": {"b": 1}}` have the same field. Arrays leave no trace in a path,
but two fields in different elements of one array can never serve one match (Event Ruler calls it array consistency).
So each array element that is itself a container gets a *node* with the fields in it; all other fields belong to the
node around them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from tocsin.patterns.scalars import Scalar, scalar

ARRAYS_NESTED_MAX = 64  # Arrays in arrays deeper than this are not looked into: matching recurses into them.

_NOTHING: dict[Scalar, None] = {}


class PathTree:
    """The paths that patterns ask for, by step: everything else in an event is passed by."""

    __slots__ = ("children", "path")

    def __init__(self, paths: Iterable[str] = ()) -> None:
        """A tree of *paths*; *path* is set where one of them ends."""
        self.children: dict[str, PathTree] = {}
        self.path: str | None = None
        for path in paths:
            tree = self
            for step in path.split("."):
                tree = tree.children.setdefault(step, PathTree())
            tree.path = path

    def below(self, name: str) -> PathTree | None:
        """What is asked for under the member *name*, each dot in it a step."""
        tree = self
        for step in name.split("."):
            found = tree.children.get(step)
            if found is None:
                return None
            tree = found
        return tree


class Node:
    """The fields of an array element, or of the whole event.

    *own* has the values by path, each once; *holding* has, by path, the nodes of the array right below with a field of
    that path in or below them. *array* tells the arrays of one event apart.
    """

    __slots__ = ("array", "depth", "holding", "own", "parent")

    def __init__(self, parent: Node | None = None, array: int = 0) -> None:
        """An empty node, not yet known to its parent."""
        self.parent = parent
        self.array = array
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.own: dict[str, dict[Scalar, None]] = {}
        self.holding: dict[str, list[Node]] = {}

    def add(self, path: str, value: Scalar) -> None:
        """Note a field of this node."""
        values = self.own.get(path)
        if values is not None:
            values[value] = None
            return
        self.own[path] = {value: None}
        node = self
        while (parent := node.parent) is not None:
            nodes = parent.holding.setdefault(path, [])
            # The walk leaves an element only when all of it is read, so a node that is known here is the last one.
            if nodes and nodes[-1] is node:
                break
            nodes.append(node)
            node = parent

    def paths(self) -> set[str]:
        """The paths of all fields in this node and below."""
        return {*self.own, *self.holding}

    def values(self, path: str) -> dict[Scalar, None]:
        """The values of all fields of *path* in this node and below, each once."""
        if path not in self.holding:
            return self.own.get(path, _NOTHING)
        values: dict[Scalar, None] = {}
        nodes = [self]
        while nodes:
            node = nodes.pop()
            values.update(node.own.get(path, _NOTHING))
            nodes.extend(node.holding.get(path, ()))
        return values


def spread(event: Mapping[str, object], tree: PathTree) -> Node:
    """The fields of *event* that *tree* asks for. Takes time in the size of the event, and no recursion."""
    root = Node()
    arrays = 0
    waiting: list[_Waiting] = [(event, tree, root)]
    while waiting:
        value, here, node = waiting.pop()
        if isinstance(value, Mapping):
            _spread_object(value, here, node, waiting)
        else:
            assert isinstance(value, list | tuple)
            arrays += 1
            _spread_array(value, here, node, arrays, waiting)
    return root


_Waiting: TypeAlias = tuple[object, PathTree, Node]


def _spread_object(value: Mapping[Any, object], here: PathTree, node: Node, waiting: list[_Waiting]) -> None:
    for name, inner in value.items():
        below = here.children.get(name)
        if below is None:
            # A name that is no string, which JSON does not have, is asked for by nobody.
            below = here.below(name) if isinstance(name, str) and "." in name else None
            if below is None:
                continue
        if _is_container(inner):
            waiting.append((inner, below, node))
        elif below.path is not None:
            node.add(below.path, scalar(inner))


def _spread_array(value: Sequence[object], here: PathTree, node: Node, array: int, waiting: list[_Waiting]) -> None:
    for element in value:
        if not _is_container(element):
            if here.path is not None:
                node.add(here.path, scalar(element))
        elif node.depth < ARRAYS_NESTED_MAX:
            waiting.append((element, here, Node(node, array)))


def _is_container(value: object) -> bool:
    # The scalars first: they are many, and asking whether something is a mapping is slow.
    return not isinstance(value, _SCALARS) and isinstance(value, _CONTAINERS)


_SCALARS = (str, int, float)
_CONTAINERS = (dict, list, tuple, Mapping)
