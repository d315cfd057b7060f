"""A graph as boxes with their lines of text, boxes within boxes, and the ways between, with sizes and places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tocsin.asl.picture.graph import END, START, Arrow, Graph, Node
from tocsin.asl.picture.layering import Link
from tocsin.asl.picture.lettering import LINE_HEIGHT, width, wrapped
from tocsin.asl.picture.marks import Mark, Walked
from tocsin.asl.picture.placing import Label, Size, Station, placed

SIZES: Final = {"type": 11.0, "name": 14.0, "detail": 12.0, "mark": 12.0, "label": 12.0}
BOLD: Final = {"name", "mark"}
TEXT_MAX: Final = 176.0  # Of a line in a box: its picture fits on a small phone.
LABEL_MAX: Final = 132.0
LINES_MAX: Final = {"type": 1, "name": 6, "detail": 4, "mark": 4, "label": 4}
PAD: Final = 10.0
POINT: Final = 12.0  # How far the sides of a Choice stand out.
DOT: Final = 14.0
LOOP: Final = 26.0  # How far a way from a box to itself leads.
BRANCH: Final = 10.0  # Around a branch within a Parallel, and between them.

_WEIGHTS: Final = {"start": 4.0, "next": 4.0, "choice": 2.0, "end": 1.0, "catch": 0.5}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """A line of text: its baseline within what it belongs to. *kind* as in SIZES."""

    y: float
    text: str
    kind: str


class Inner(msgspec.Struct, frozen=True, kw_only=True):
    """What runs within a box, and where in it."""

    x: float
    y: float
    drawn: Drawn


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """A state or a dot at its place."""

    node: Node
    x: float
    y: float
    width: float
    height: float
    lines: tuple[Line, ...] = ()
    inner: tuple[Inner, ...] = ()
    mark: Mark | None = None


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """An arrow with its stations from top to bottom. No stations: it leads from *box* back to it."""

    arrow: Arrow
    stations: tuple[Station, ...]
    upwards: bool = False
    lines: tuple[str, ...] = ()
    box: Box | None = None
    walked: bool = False


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """A whole graph."""

    width: float
    height: float
    boxes: tuple[Box, ...]
    ways: tuple[Way, ...]


def drawn(graph: Graph, width_max: float, marks: Mapping[str, Mark], walked: Walked = frozenset()) -> Drawn:
    """Lay out *graph*, as wide as *width_max* if it can be. Raises layering.TooLarge."""
    boxes = [_box(node, width_max, marks, walked) for node in graph.nodes]
    loops: dict[int, list[Arrow]] = {}
    arrows: list[Arrow] = []
    for arrow in graph.arrows:
        if arrow.source == arrow.target:
            loops.setdefault(arrow.source, []).append(arrow)
        else:
            arrows.append(arrow)
    said = {at: _label([label for arrow in each for label in arrow.labels]) for at, each in loops.items()}
    sizes = [
        Size(
            width=box.width,
            height=box.height,
            beside=LOOP + _widest(said[at]) if at in loops else 0,
            dot=box.node.type in {START, END},
        )
        for at, box in enumerate(boxes)
    ]
    labels = [_label(arrow.labels) for arrow in arrows]
    rooms = [_room(lines) if lines else None for lines in labels]
    links = [
        Link(
            source=arrow.source,
            target=arrow.target,
            weight=_WEIGHTS[arrow.way],
            label=room.width if room else 0,
        )
        for arrow, room in zip(arrows, rooms, strict=True)
    ]
    found = placed(sizes, links, rooms, width_max)
    put = [msgspec.structs.replace(box, x=x, y=y) for box, (x, y) in zip(boxes, found.corners, strict=True)]
    names = [node.name for node in graph.nodes]
    ways = [
        Way(
            arrow=arrow,
            stations=stations,
            upwards=upwards,
            lines=lines,
            walked=_gone(arrow, names, walked),
        )
        for arrow, stations, upwards, lines in zip(arrows, found.ways, found.upwards, labels, strict=True)
    ]
    ways += [
        Way(
            arrow=each[0],
            stations=(),
            lines=said[at],
            box=put[at],
            walked=any(_gone(arrow, names, walked) for arrow in each),
        )
        for at, each in loops.items()
    ]
    return Drawn(width=found.width, height=found.height, boxes=tuple(put), ways=tuple(ways))


def _gone(arrow: Arrow, names: Sequence[str], walked: Walked) -> bool:
    return (names[arrow.source], names[arrow.target], arrow.way == "catch") in walked


def _label(labels: Sequence[str]) -> tuple[str, ...]:
    text = " or ".join(labels)
    return wrapped(text, LABEL_MAX, SIZES["label"], lines_max=LINES_MAX["label"]) if text else ()


def _widest(lines: Sequence[str]) -> float:
    return max((width(line, SIZES["label"]) for line in lines), default=0.0)


def _room(lines: Sequence[str]) -> Label:
    return Label(width=_widest(lines) + 6, height=len(lines) * SIZES["label"] * LINE_HEIGHT + 4)


# ── Boxes ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _box(node: Node, width_max: float, marks: Mapping[str, Mark], walked: Walked) -> Box:
    if node.type in {START, END}:
        return Box(node=node, x=0, y=0, width=DOT, height=DOT)
    mark = marks.get(node.name)
    room = width_max - 2 * PAD
    frames = 2 * BRANCH if len(node.inner) > 1 else 0
    within = [drawn(each, room - frames, marks, walked) for each in node.inner]
    inner, wide, high = _side_by_side(within, room, frames / 2)
    lines, text_width, text_height = _lines(node, mark, max(TEXT_MAX, wide))
    sides = 2 * (PAD + (POINT if node.type == "Choice" else 0))
    full = max(text_width, wide) + sides
    top = text_height + PAD
    shift = (full - wide) / 2
    return Box(
        node=node,
        x=0,
        y=0,
        width=full,
        height=top + (high + PAD if inner else PAD),
        lines=lines,
        inner=tuple(Inner(x=each.x + shift, y=each.y + top, drawn=each.drawn) for each in inner),
        mark=mark,
    )


def _side_by_side(found: Sequence[Drawn], room: float, frame: float) -> tuple[list[Inner], float, float]:
    """Beside each other, and where there is no more room, below; the width and the height of all."""
    rows: list[list[Drawn]] = []
    used = 0.0
    for each in found:
        need = each.width + 2 * frame
        if rows and used + BRANCH + need <= room:
            rows[-1].append(each)
            used += BRANCH + need
        else:
            rows.append([each])
            used = need
    widths = [sum(each.width + 2 * frame for each in row) + BRANCH * (len(row) - 1) for row in rows]
    wide = max(widths, default=0.0)
    inner: list[Inner] = []
    y = BRANCH if rows else 0.0
    for row, its_width in zip(rows, widths, strict=True):
        x = (wide - its_width) / 2
        for each in row:
            inner.append(Inner(x=x + frame, y=y + frame, drawn=each))
            x += each.width + 2 * frame + BRANCH
        y += max(each.height for each in row) + 2 * frame + BRANCH
    return inner, wide, max(0.0, y - BRANCH)


def _lines(node: Node, mark: Mark | None, text_max: float) -> tuple[tuple[Line, ...], float, float]:
    """The text of a box from its top, its width and its height."""
    told = [(node.type, "type"), (node.name, "name")]
    told += [(text, "detail") for text in node.details]
    if mark:
        told.append((mark.text, "mark"))
    lines: list[Line] = []
    wide, y = 0.0, PAD
    for text, kind in told:
        size = SIZES[kind]
        for line in wrapped(text, text_max, size, lines_max=LINES_MAX[kind], bold=kind in BOLD):
            y += size * LINE_HEIGHT
            lines.append(Line(y=y - size * 0.35, text=line, kind=kind))
            wide = max(wide, width(line, size, bold=kind in BOLD))
    return tuple(lines), wide, y
