"""The picture: interruptions against time to acknowledge, and a line through the policies that none beats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Final

from tocsin.rehearsal.measures import Figures

WIDTH: Final = 720
HEIGHT: Final = 480
LEFT: Final = 70
BOTTOM: Final = 60
TOP: Final = 40
RIGHT: Final = 150
TICKS: Final = 5

_STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#222}.axis{stroke:#888}.grid{stroke:#e4e4e4}"
    ".front{fill:none;stroke:#2b6cb0;stroke-width:2;stroke-dasharray:5 4}.bar{stroke:#555}"
    ".best{fill:#2b6cb0}.rest{fill:#b7791f}"
)


def picture(found: Sequence[Figures], title: str) -> str:
    """An SVG document. Lower is sooner, further left disturbs less; the bars are 95 % intervals."""
    right = _round_up(max((each.weighted_interruptions_per_incident.high for each in found), default=1.0))
    top = _round_up(max((each.minutes_to_acknowledge.high for each in found), default=1.0))

    def x(value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * min(max(value, 0.0), right) / right

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * min(max(value, 0.0), top) / top

    front = unbeaten(found)
    line = " ".join(f"{x(_cost(each)):.1f},{y(_time(each)):.1f}" for each in sorted(front, key=_cost))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="24" font-weight="600">{escape(title)}</text>',
    ]
    for tick in range(TICKS + 1):
        across, up = right * tick / TICKS, top * tick / TICKS
        parts += [
            f'<line class="grid" x1="{x(across):.1f}" y1="{TOP}" x2="{x(across):.1f}" y2="{HEIGHT - BOTTOM}"/>',
            f'<line class="grid" x1="{LEFT}" y1="{y(up):.1f}" x2="{WIDTH - RIGHT}" y2="{y(up):.1f}"/>',
            f'<text x="{x(across):.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{across:g}</text>',
            f'<text x="{LEFT - 8}" y="{y(up) + 4:.1f}" text-anchor="end">{up:g}</text>',
        ]
    parts += [
        f'<line class="axis" x1="{LEFT}" y1="{HEIGHT - BOTTOM}" x2="{WIDTH - RIGHT}" y2="{HEIGHT - BOTTOM}"/>',
        f'<line class="axis" x1="{LEFT}" y1="{TOP}" x2="{LEFT}" y2="{HEIGHT - BOTTOM}"/>',
        _label(f'x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 16}"', "weighted interruptions per incident"),
        _label(f'transform="translate(18 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)"', "minutes to acknowledge, mean"),
        f'<polyline class="front" points="{line}"/>',
    ]
    for each in found:
        cost, time = each.weighted_interruptions_per_incident, each.minutes_to_acknowledge
        kind = "best" if each in front else "rest"
        parts += [
            _bar((x(cost.low), y(time.mean)), (x(cost.high), y(time.mean))),
            _bar((x(cost.mean), y(time.low)), (x(cost.mean), y(time.high))),
            f'<circle class="{kind}" cx="{x(cost.mean):.1f}" cy="{y(time.mean):.1f}" r="5"/>',
            f'<text x="{x(cost.mean) + 9:.1f}" y="{y(time.mean) - 7:.1f}">{escape(each.policy)}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])


def unbeaten(found: Sequence[Figures]) -> list[Figures]:
    """Those to which no other is better in one way and at least as good in the other: the Pareto front."""
    return [
        each
        for each in found
        if not any(
            _cost(other) <= _cost(each) and _time(other) <= _time(each)
            and (_cost(other), _time(other)) != (_cost(each), _time(each))
            for other in found
        )
    ]  # fmt: skip


def _label(place: str, text: str) -> str:
    return f'<text {place} text-anchor="middle">{text}</text>'


def _bar(one: tuple[float, float], other: tuple[float, float]) -> str:
    return f'<line class="bar" x1="{one[0]:.1f}" y1="{one[1]:.1f}" x2="{other[0]:.1f}" y2="{other[1]:.1f}"/>'


def _cost(each: Figures) -> float:
    return each.weighted_interruptions_per_incident.mean


def _time(each: Figures) -> float:
    return each.minutes_to_acknowledge.mean


def _round_up(value: float) -> float:
    """The next number that reads well on an axis."""
    if value <= 0:
        return 1.0
    scale: float = 10.0 ** math.floor(math.log10(value))
    return next(step * scale for step in (1.0, 2.0, 2.5, 5.0, 10.0) if value <= step * scale)
