"""A definition as a graph: states, and the ways between them, each with its condition in short words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias

import msgspec

from tocsin.asl.picture.condition_words import condition
from tocsin.asl.picture.state_words import details
from tocsin.kernel.json import Json

START: Final = "start"  # Kinds of dots, which are no states.
END: Final = "end"

_ALL: Final = "States.ALL"

Way: TypeAlias = Literal["start", "next", "choice", "catch", "end"]


class Arrow(msgspec.Struct, frozen=True, kw_only=True):
    """A way from one node to another, by their places. *labels*: any of them leads here."""

    source: int
    target: int
    way: Way
    labels: tuple[str, ...] = ()


class Node(msgspec.Struct, frozen=True, kw_only=True):
    """A state with what stands below its name, or a dot: then *type* is START or END. *inner*: what runs within."""

    type: str
    name: str = ""
    details: tuple[str, ...] = ()
    inner: tuple[Graph, ...] = ()


class Graph(msgspec.Struct, frozen=True, kw_only=True):
    """A state machine, a branch, or the processor of a Map. The first node is the start."""

    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]

    def everything(self) -> Iterator[Node]:
        """All nodes, with those within."""
        for node in self.nodes:
            yield node
            for inner in node.inner:
                yield from inner.everything()


def graph(document: Mapping[str, Any], *, outermost: bool = True) -> Graph:
    """The graph of a valid definition. Only the outermost one has an end: within a box it is the end of the box."""
    states: Mapping[str, Any] = document["States"]
    places = {name: number for number, name in enumerate(states, start=1)}
    nodes = [Node(type=START), *(_node(name, state) for name, state in states.items())]
    arrows = [Arrow(source=0, target=places[document["StartAt"]], way="start")]
    ends = outermost and any(state.get("End") is True for state in states.values())
    for name, state in states.items():
        here = places[name]
        arrows += _ways(here, state, places)
        if ends and state.get("End") is True:
            arrows.append(Arrow(source=here, target=len(nodes), way="end"))
    if ends:
        nodes.append(Node(type=END))
    return Graph(nodes=tuple(nodes), arrows=tuple(arrows))


def _node(name: str, state: Mapping[str, Any]) -> Node:
    inner: list[Mapping[str, Json]] = []
    if state["Type"] == "Parallel":
        inner = list(state["Branches"])
    elif state["Type"] == "Map":
        inner = [state.get("ItemProcessor") or state["Iterator"]]
    return Node(
        type=state["Type"],
        name=name,
        details=details(state),
        inner=tuple(graph(each, outermost=False) for each in inner),
    )


def _ways(here: int, state: Mapping[str, Any], places: Mapping[str, int]) -> Iterator[Arrow]:
    if state["Type"] == "Choice":
        chosen: dict[str, list[str]] = {}
        for each in state["Choices"]:
            chosen.setdefault(each["Next"], []).append(condition(each))
        if "Default" in state:
            chosen.setdefault(state["Default"], []).append("otherwise")
        for name, labels in chosen.items():
            yield Arrow(source=here, target=places[name], way="choice", labels=tuple(labels))
    elif "Next" in state:
        yield Arrow(source=here, target=places[state["Next"]], way="next")
    caught: dict[str, list[str]] = {}
    for each in state.get("Catch", ()):
        caught.setdefault(each["Next"], []).append(_errors(each["ErrorEquals"]))
    for name, labels in caught.items():
        yield Arrow(source=here, target=places[name], way="catch", labels=tuple(dict.fromkeys(labels)))


def _errors(names: list[str]) -> str:
    """Errors by their own names: `DynamoDb.ThrottlingException` is Throttling, `States.Timeout` is Timeout."""
    if _ALL in names:
        return "on any error"
    return f"on {', '.join(name.rpartition('.')[2].removesuffix('Exception') or name for name in names)}"
