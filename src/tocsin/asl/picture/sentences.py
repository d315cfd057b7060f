"""The text alternative of a picture: what it shows, in sentences, in the order of the definition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tocsin.asl.picture.graph import END, START, Arrow, Graph, Node
from tocsin.asl.picture.marks import Mark
from tocsin.asl.picture.svg import said


def sentences(graph: Graph, marks: Mapping[str, Mark], where: str = "") -> Iterator[str]:
    """A sentence for each state; *where*: what it is within."""
    leaving: dict[int, list[Arrow]] = {}
    for arrow in graph.arrows:
        leaving.setdefault(arrow.source, []).append(arrow)
    for at, node in enumerate(graph.nodes):
        if node.type == END:
            continue
        ways = [_way(arrow, graph.nodes[arrow.target]) for arrow in leaving.get(at, ())]
        if node.type == START:
            yield f"{where}{'s' if where else 'S'}tarts{ways[0].removeprefix('goes on')}."
            continue
        mark = marks.get(node.name)
        stands = f" It is marked: {mark.text}." if mark else ""
        yield f"{where}{said(node)}: {'; '.join(ways) or 'the last one'}.{stands}"
        for number, inner in enumerate(node.inner, start=1):
            branch = f", branch {number}" if len(node.inner) > 1 else ""
            yield from sentences(inner, marks, f"Within {node.name}{branch}: ")


def _way(arrow: Arrow, target: Node) -> str:
    goal = "the end" if target.type == END else target.name
    if not arrow.labels:
        return f"goes on with {goal}"
    if arrow.way == "catch":
        return f"{' or '.join(arrow.labels)} goes on with {goal}"
    return (
        " or ".join(label if label == "otherwise" else f"if {label}" for label in arrow.labels)
        + f" goes on with {goal}"
    )
