"""A drawing as SVG text: nothing in it runs, its colours are the page's own (`currentColor` and CSS variables).

A page may set --flow-box (the inside of boxes), --flow-now, --flow-waits, --flow-done, --flow-failed, --flow-caught and
--flow-stopped, on the picture or anywhere above it. There is no style sheet within, so that a strict Content Security
Policy does not matter; only a picture that stands alone has one, for light and dark.

Source: https://www.w3.org/TR/SVG2/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from tocsin.asl.picture.drawing import BOLD, BRANCH, LOOP, POINT, SIZES, Box, Drawn, Way
from tocsin.asl.picture.graph import END, START, Node
from tocsin.asl.picture.lettering import LINE_HEIGHT, harmless, width
from tocsin.asl.picture.placing import Station

MARGIN: Final = 10.0
HEAD: Final = 7.0  # Of an arrow.

_COLOURS: Final = {
    "now": "#1a6fd1",
    "waits": "#b06c00",
    "done": "#2b8a3e",
    "failed": "#d6293e",
    "caught": "#b06c00",
    "stopped": "#808080",
}
_ALONE: Final = ".tocsin-flow{color-scheme:light dark;color:CanvasText;background:Canvas}"
_FONT: Final = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"


def svg(drawing: Drawn, *, title: str, text: str, alone: bool) -> str:
    """The whole picture. *text*: its text alternative. *alone*: it stands in a file of its own."""
    wide, high = drawing.width + 2 * MARGIN, drawing.height + 2 * MARGIN
    size = f'width="{_n(wide)}" height="{_n(high)}" viewBox="0 0 {_n(wide)} {_n(high)}"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="tocsin-flow" role="img" {size} font-family={quoteattr(_FONT)}'
        ' fill="none" stroke="none" stroke-linejoin="round" stroke-linecap="round">'
    )
    parts = [head, f"<title>{_text(title)}</title>", f"<desc>{_text(text)}</desc>"]
    if alone:
        parts.append(f"<style>{_ALONE}</style>")
    parts += _graph(drawing, MARGIN, MARGIN)
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def _graph(drawing: Drawn, x: float, y: float) -> Iterator[str]:
    for way in drawing.ways:
        yield from _way(way, x, y)
    for box in drawing.boxes:
        yield from _box(box, x, y)


# ── Boxes ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _box(box: Box, x: float, y: float) -> Iterator[str]:
    left, top = x + box.x, y + box.y
    if box.node.type in {START, END}:
        yield from _dot(box, left, top)
        return
    kind = box.mark.kind if box.mark else "plain"
    yield f'<g class="state {kind}">'
    yield f"<title>{_text(said(box.node))}{_text('. ' + box.mark.text) if box.mark else ''}</title>"
    yield from _outline(box, left, top)
    for inner in box.inner:
        if len(box.inner) > 1:
            yield _rect(
                left + inner.x - BRANCH,
                top + inner.y - BRANCH,
                (inner.drawn.width + 2 * BRANCH, inner.drawn.height + 2 * BRANCH),
                'rx="8" stroke="currentColor" stroke-opacity="0.25"',
            )
        yield from _graph(inner.drawn, left + inner.x, top + inner.y)
    for line in box.lines:
        yield _line(left + box.width / 2, top + line.y, line.text, line.kind)
    yield "</g>"


def said(node: Node) -> str:
    """A state in words."""
    return f"{node.name} ({node.type}{''.join(f'; {each}' for each in node.details)})"


def _dot(box: Box, left: float, top: float) -> Iterator[str]:
    middle = f'cx="{_n(left + box.width / 2)}" cy="{_n(top + box.height / 2)}"'
    if box.node.type == START:
        yield f'<g><title>Start</title><circle {middle} r="6" fill="currentColor"/></g>'
    else:
        yield (
            f'<g><title>End</title><circle {middle} r="6.2" stroke="currentColor" stroke-width="1.5"/>'
            f'<circle {middle} r="3" fill="currentColor"/></g>'
        )


def _outline(box: Box, left: float, top: float) -> Iterator[str]:
    paint = 'fill="var(--flow-box, none)" stroke="currentColor" stroke-width="1.3" stroke-opacity="0.75"'
    if box.mark:
        colour = f"var(--flow-{box.mark.kind}, {_COLOURS[box.mark.kind]})"
        faint = "0.06" if box.inner else "0.14"
        paint = f'fill="{colour}" fill-opacity="{faint}" stroke="{colour}" stroke-width="2.2"'
        paint += ' stroke-dasharray="7 4"' if box.mark.kind in {"caught", "stopped"} else ""
    size = (box.width, box.height)
    match box.node.type:
        case "Choice":
            right, bottom, middle = left + box.width, top + box.height, top + box.height / 2
            yield (
                f'<path d="M{_n(left + POINT)} {_n(top)}H{_n(right - POINT)}L{_n(right)} {_n(middle)}'
                f'L{_n(right - POINT)} {_n(bottom)}H{_n(left + POINT)}L{_n(left)} {_n(middle)}Z" {paint}/>'
            )
        case "Succeed" | "Fail":
            yield _rect(left, top, size, f'rx="{_n(min(24, box.height / 2))}" {paint}')
        case "Map":
            # A second edge behind it: there are several of what is within.
            right, bottom = left + box.width, top + box.height
            yield (
                f'<path d="M{_n(right + 4)} {_n(top + 12)}V{_n(bottom - 4)}a8 8 0 0 1 -8 8H{_n(left + 12)}"'
                ' stroke="currentColor" stroke-width="1.3" stroke-opacity="0.5"/>'
            )
            yield _rect(left, top, size, f'rx="8" {paint}')
        case _:
            yield _rect(left, top, size, f'rx="{8 if box.inner else 5}" {paint}')


def _rect(left: float, top: float, size: tuple[float, float], rest: str) -> str:
    return f'<rect x="{_n(left)}" y="{_n(top)}" width="{_n(size[0])}" height="{_n(size[1])}" {rest}/>'


def _line(x: float, y: float, text: str, kind: str) -> str:
    bold = ' font-weight="600"' if kind in BOLD else ""
    return (
        f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="middle" font-size="{_n(SIZES[kind])}"{bold} fill="currentColor"'
        f' class="{kind}">{_text(text)}</text>'
    )


# ── Ways ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _way(way: Way, x: float, y: float) -> Iterator[str]:
    whole = " or ".join(way.arrow.labels)
    dashes = ' stroke-dasharray="5 4"' if way.arrow.way == "catch" else ""
    heavy = "2.4" if way.walked else "1.3"
    yield f'<g class="way {way.arrow.way}{" walked" if way.walked else ""}">'
    if whole:
        yield f"<title>{_text(whole)}</title>"
    path, head, places = _loop(way, way.box, x, y) if way.box else _stations(way, x, y)
    yield f'<path d="{path}" stroke="currentColor" stroke-width="{heavy}"{dashes}/>'
    yield f'<path d="{head}" fill="currentColor"/>'
    for (at, baseline), text in zip(places, way.lines, strict=False):
        yield _line(at, baseline, text, "label")
    yield "</g>"


def _stations(way: Way, x: float, y: float) -> tuple[str, str, list[tuple[float, float]]]:
    """The path, the head of the arrow, and where the lines of the label stand."""
    stations = [
        Station(x=each.x + x, top=each.top + y, bottom=each.bottom + y, label=each.label) for each in way.stations
    ]
    first, last = stations[0], stations[-1]
    begin = first.top + (HEAD if way.upwards else 0)
    path = f"M{_n(first.x)} {_n(begin)}V{_n(max(begin, first.bottom))}"
    at = first
    places: list[tuple[float, float]] = []
    for station in stations[1:]:
        top = station.top - (HEAD if station is last and not way.upwards else 0)
        path += _bent(at.x, at.bottom, station.x, top)
        if station.label:
            high = len(way.lines) * SIZES["label"] * LINE_HEIGHT
            middle = (station.top + station.bottom) / 2
            places = [
                (station.x, middle - high / 2 + SIZES["label"] * (LINE_HEIGHT * (number + 1) - 0.35))
                for number in range(len(way.lines))
            ]
            path += f"V{_n(middle - high / 2)}M{_n(station.x)} {_n(middle + high / 2)}"
        if station is not last:
            path += f"V{_n(station.bottom)}"
        at = station
    tip, back = (first.top, first.top + HEAD) if way.upwards else (last.top, last.top - HEAD)
    middle_x = first.x if way.upwards else last.x
    head = f"M{_n(middle_x)} {_n(tip)}L{_n(middle_x - 4)} {_n(back)}H{_n(middle_x + 4)}Z"
    return path, head, places


def _bent(x: float, y: float, to_x: float, to_y: float) -> str:
    if abs(x - to_x) < 1:
        return f"L{_n(to_x)} {_n(to_y)}"
    middle = _n((y + to_y) / 2)
    return f"C{_n(x)} {middle} {_n(to_x)} {middle} {_n(to_x)} {_n(to_y)}"


def _loop(way: Way, box: Box, x: float, y: float) -> tuple[str, str, list[tuple[float, float]]]:
    right, middle = x + box.x + box.width, y + box.y + box.height / 2
    side = right - POINT / 2 if box.node.type == "Choice" else right
    path = f"M{_n(side)} {_n(middle - 10)}C{_n(right + LOOP)} {_n(middle - 18)} {_n(right + LOOP)} {_n(middle + 18)} "
    path += f"{_n(side + HEAD)} {_n(middle + 10)}"
    head = f"M{_n(side)} {_n(middle + 10)}L{_n(side + HEAD)} {_n(middle + 5)}V{_n(middle + 14)}Z"
    at = right + LOOP - 4 + max(width(line, SIZES["label"]) for line in way.lines) / 2
    high = SIZES["label"] * LINE_HEIGHT
    top = middle - high * len(way.lines) / 2 - SIZES["label"] * 0.35
    return path, head, [(at, top + high * number) for number in range(1, len(way.lines) + 1)]


def _n(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _text(text: str) -> str:
    return escape(harmless(text))
