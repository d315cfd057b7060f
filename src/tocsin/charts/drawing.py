"""A chart as a PNG: small, the same for the same figures, and readable on a telephone.

It is drawn at twice the width at which a telephone shows it, on a light ground of its own with round corners, so that
it looks the same in a dark room. Colours are never alone: names and figures stand beside them.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from typing import Final, TypeAlias

from PIL import Image, ImageDraw, ImageFont

from tocsin.charts.chart import Chart, chart_of, value_words
from tocsin.kernel.json import Json

WIDTH: Final = 720  # Shown at 360 on a telephone.
STANDING_HEIGHT: Final = 380
ROW_HEIGHT: Final = 58

GROUND: Final = (250, 250, 248)
INK: Final = (36, 40, 46)
FAINT: Final = (112, 118, 127)
LINE: Final = (224, 225, 226)
COLOURS: Final = {
    "critical": (190, 38, 51),
    "high": (227, 112, 26),
    "warning": (229, 178, 33),
    "info": (66, 126, 189),
    "good": (52, 148, 96),
    "plain": (92, 112, 168),
    "night": (76, 66, 130),
}

_MARGIN: Final = 30
_TITLE_SIZE: Final = 28
_TEXT_SIZE: Final = 23
_TITLE_HEIGHT: Final = 76
_LEGEND_HEIGHT: Final = 24
_FOOT: Final = 52  # For the labels below standing bars.
_BAR_MAX: Final = 64
_GAP: Final = 0.34  # Of a bar's place.
_NAME_WIDTH: Final = 190  # For the labels beside lying bars.
_RADIUS: Final = 18
_COLOURS_MAX: Final = 64  # Of the palette: smooth letters need some.

_Draw: TypeAlias = ImageDraw.ImageDraw


def picture(found: Json) -> bytes | None:
    """A chart that came as JSON, as a picture; None for what is none. Total."""
    chart = chart_of(found)
    return png(chart) if chart is not None else None


def png(chart: Chart) -> bytes:
    """*chart*, which `chart_of` would give back, as a picture."""
    height = _top(chart) + len(chart.labels) * ROW_HEIGHT + _MARGIN // 3 if chart.lying else STANDING_HEIGHT
    image = Image.new("RGB", (WIDTH, height), GROUND)
    draw = ImageDraw.Draw(image)
    draw.text((_MARGIN, 18), _fitting(draw, chart.title, WIDTH - 2 * _MARGIN, _TITLE_SIZE), INK, _font(_TITLE_SIZE))
    _legend(draw, chart)
    if chart.lying:
        _lying(draw, chart)
    else:
        _standing(draw, chart, height)
    return _encoded(image)


def _top(chart: Chart) -> int:
    """Where bars may begin, below the title and the legend."""
    return _TITLE_HEIGHT + (_LEGEND_HEIGHT if len(chart.series) > 1 else 0)


def _legend(draw: _Draw, chart: Chart) -> None:
    """Which colour is what; one series needs none."""
    if len(chart.series) == 1:
        return
    left = _MARGIN
    for each in chart.series:
        draw.rounded_rectangle((left, 61, left + 20, 81), 4, _colour(each.tone))
        draw.text((left + 28, 57), each.name, FAINT, _font(_TEXT_SIZE))
        left += 28 + round(draw.textlength(each.name, _font(_TEXT_SIZE))) + 30


def _standing(draw: _Draw, chart: Chart, height: int) -> None:
    bottom, most = height - _FOOT, max(chart.totals)
    top = _top(chart) + 30  # The figure of the longest bar stands above it.
    place = (WIDTH - 2 * _MARGIN) / len(chart.labels)
    wide = min(_BAR_MAX, round(place * (1 - _GAP)))
    draw.line((_MARGIN, bottom, WIDTH - _MARGIN, bottom), LINE, 2)
    for number, (label, total) in enumerate(zip(chart.labels, chart.totals, strict=True)):
        middle = _MARGIN + place * (number + 0.5)
        left, reached, said = round(middle - wide / 2), 0, value_words(total, chart.unit)
        for each in chart.series:
            if not each.values[number]:
                continue
            begin, reached = reached, reached + each.values[number]
            upper, lower = (bottom - round((bottom - top) * part / most) for part in (reached, begin))
            # Whatever there is, is seen.
            draw.rectangle((left, min(upper, lower - 3), left + wide - 1, lower - 1), _colour(each.tone))
        above = bottom - round((bottom - top) * total / max(most, 1)) - 32
        _centred(draw, said, (middle, above), INK if total else FAINT, place)
        _centred(draw, label, (middle, bottom + 12), FAINT, place)


def _lying(draw: _Draw, chart: Chart) -> None:
    most = max(chart.totals)
    begin, end = _MARGIN + _NAME_WIDTH, WIDTH - _MARGIN - 90
    for number, (label, total) in enumerate(zip(chart.labels, chart.totals, strict=True)):
        top = _top(chart) + number * ROW_HEIGHT
        name = _fitting(draw, label, _NAME_WIDTH - 14, _TEXT_SIZE)
        draw.text((_MARGIN, top + 5), name, INK, _font(_TEXT_SIZE))
        reached, right = 0, begin
        for each in chart.series:
            if not each.values[number]:
                continue
            left = begin + round((end - begin) * reached / most)
            reached += each.values[number]
            right = max(begin + round((end - begin) * reached / most), left + 3)
            draw.rectangle((left, top, right - 1, top + ROW_HEIGHT - 20), _colour(each.tone))
        draw.text((right + 12, top + 5), value_words(total, chart.unit), INK if total else FAINT, _font(_TEXT_SIZE))


def _centred(draw: _Draw, text: str, at: tuple[float, float], colour: tuple[int, int, int], room: float) -> None:
    """*text* below *at*, its middle there, as large as fits into *room*."""
    middle, top = at
    size = next((each for each in (_TEXT_SIZE, 20, 17) if draw.textlength(text, _font(each)) <= room - 4), 15)
    width = draw.textlength(text, _font(size))
    draw.text((round(middle - width / 2), round(top + (_TEXT_SIZE - size) / 2)), text, colour, _font(size))


def _fitting(draw: _Draw, text: str, room: int, size: int) -> str:
    """*text* cut to *room*."""
    font = _font(size)
    if draw.textlength(text, font) <= room:
        return text
    kept = text
    while kept and draw.textlength(f"{kept}…", font) > room:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def _encoded(image: Image.Image) -> bytes:
    """With round corners, in few colours."""
    corners = Image.new("L", image.size, 0)
    ImageDraw.Draw(corners).rounded_rectangle((0, 0, image.width - 1, image.height - 1), _RADIUS, 255)
    few = image.quantize(_COLOURS_MAX - 1, dither=Image.Dither.NONE)
    # The last colour of the palette is none: what lies beyond the corners.
    few.putpalette([*(few.getpalette() or []), *GROUND * _COLOURS_MAX][: 3 * _COLOURS_MAX])
    few.paste(_COLOURS_MAX - 1, mask=corners.point(_beyond))
    kept = BytesIO()
    few.save(kept, "PNG", optimize=True, transparency=_COLOURS_MAX - 1)
    return kept.getvalue()


def _beyond(value: int) -> int:
    return 255 if value < 128 else 0  # noqa: PLR2004 - half covered.


def _colour(tone: str) -> tuple[int, int, int]:
    return COLOURS.get(tone, COLOURS["plain"])


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font, so that a picture is the same on every machine."""
    return ImageFont.load_default(size)
