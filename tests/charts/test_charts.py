"""Charts: the words say every figure, and the picture has its bars where the figures put them."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import Image, ImageChops

from tocsin.charts.chart import BARS_MAX, TIME, Chart, Series, alt, chart_of, document, value_words
from tocsin.charts.drawing import COLOURS, GROUND, STANDING_HEIGHT, WIDTH, picture, png
from tocsin.kernel.time import HOUR, MINUTE, SECOND

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
ALERTS = Chart(
    title="Alerts per day",
    labels=DAYS,
    series=(
        Series("critical", "critical", (0, 2, 1, 0, 1, 0, 0)),
        Series("high", "high", (3, 5, 2, 4, 1, 0, 0)),
        Series("warning", "warning", (6, 4, 8, 2, 3, 1, 0)),
    ),
)
ANSWERS = Chart(
    title="Time to acknowledge",
    labels=("Mon", "Tue"),
    series=(Series("median", "plain", (2 * MINUTE, 0)),),
    unit=TIME,
)
SLEEP = Chart(
    title="Pages in hours meant for sleep",
    labels=("Ada Lovelace", "Bo", "A display name that is far too long for a chart"),
    series=(Series("pages", "night", (4, 1, 12)),),
    lying=True,
)
BYTES_MAX = 20_000
NEAR = 6  # Few colours are not all of them.


def decoded(chart: Chart) -> Image.Image:
    return Image.open(BytesIO(png(chart))).convert("RGBA")


def reach(image: Image.Image, tone: str) -> tuple[int, int, int, int]:
    """The box in which the colour of *tone* is found: left, top, right, bottom, the last two excluded."""
    masks = [
        channel.point([255 * (abs(level - wanted) <= NEAR) for level in range(256)])
        for channel, wanted in zip(image.convert("RGB").split(), COLOURS[tone], strict=True)
    ]
    box = ImageChops.multiply(ImageChops.multiply(masks[0], masks[1]), masks[2]).getbbox()
    assert box is not None
    return box


def _near(pixel: object, wanted: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(a - b) <= NEAR for a, b in zip(pixel, wanted, strict=False))


def test_the_words_say_every_figure() -> None:
    assert alt(ALERTS) == (
        "Alerts per day. Mon: 9 (3 high, 6 warning); Tue: 11 (2 critical, 5 high, 4 warning); "
        "Wed: 11 (1 critical, 2 high, 8 warning); Thu: 6 (4 high, 2 warning); "
        "Fri: 5 (1 critical, 1 high, 3 warning); Sat: 1 (1 warning); Sun: 0."
    )
    assert alt(ANSWERS) == "Time to acknowledge. Mon: 2m; Tue: none."
    long = replace(SLEEP, labels=("x" * 999, "y", "z"))
    assert len(alt(long)) == 900


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [(12, "count", "12"), (0, "count", "0"), (90 * SECOND, TIME, "1m 30s"), (HOUR + 90 * SECOND, TIME, "1h 1m")],
)
def test_values_as_they_stand_at_their_bars(value: int, unit: str, words: str) -> None:
    assert value_words(value, unit) == words


@pytest.mark.parametrize("chart", [ALERTS, ANSWERS, SLEEP])
def test_a_picture_is_small_the_same_every_time_and_light_with_round_corners(chart: Chart) -> None:
    raw = png(chart)
    assert raw == png(chart) == picture(document(chart))
    assert len(raw) < BYTES_MAX
    image = decoded(chart)
    assert image.width == WIDTH
    corner = image.getpixel((0, 0))
    assert isinstance(corner, tuple)
    assert corner[3] == 0
    inside = image.getpixel((WIDTH - 40, 30))
    assert isinstance(inside, tuple)
    assert _near(inside, GROUND)
    assert inside[3] == 255


def test_standing_bars_are_as_high_as_their_figures() -> None:
    one = replace(ANSWERS, labels=("a", "b", "c"), series=(Series("n", "plain", (10, 5, 0)),))
    image = decoded(one)
    assert image.height == STANDING_HEIGHT
    left, top, right, bottom = reach(image, "plain")
    assert right < WIDTH * 2 / 3  # The third has no bar.
    second = image.crop((WIDTH // 2 - 40, 0, WIDTH // 2 + 40, image.height))
    _, half, _, foot = reach(second, "plain")
    assert abs((foot - half) * 2 - (bottom - top)) <= 4
    assert left < WIDTH / 3


def test_what_stands_upon_each_other_shows_every_colour_and_names_it() -> None:
    image = decoded(ALERTS)
    tops = [reach(image.crop((0, 110, WIDTH, image.height)), tone)[1] for tone in ("critical", "high", "warning")]
    assert tops == sorted(tops, reverse=True)
    legend = image.crop((0, 55, WIDTH, 90))
    assert all(reach(legend, tone) for tone in ("critical", "high", "warning"))


def test_lying_bars_are_as_long_as_their_figures() -> None:
    image = decoded(SLEEP)
    begin, top, end, _ = reach(image, "night")
    first = image.crop((0, top, WIDTH, top + 30))
    left, _, right, _ = reach(first, "night")
    assert left == begin
    assert abs((right - left) * 3 - (end - begin)) <= 4
    two = replace(SLEEP, series=(Series("a", "night", (4, 0, 1)), Series("b", "good", (1, 0, 5))))
    assert reach(decoded(two), "good")[2] > reach(decoded(two), "night")[2]


@pytest.mark.parametrize(
    "found",
    [
        None,
        {},
        {"title": "x", "labels": [], "series": []},
        document(replace(ANSWERS, labels=("one",))),
        document(replace(ANSWERS, series=())),
        document(replace(ANSWERS, series=(Series("n", "plain", (-1, 2)),))),
        document(Chart(title="x", labels=("a",) * (BARS_MAX + 1), series=(Series("n", "x", (1,) * (BARS_MAX + 1)),))),
    ],
)
def test_what_is_no_chart_is_no_picture(found: object) -> None:
    assert chart_of(found) is None
    assert picture(found) is None


@given(
    values=st.lists(st.integers(0, 10**15), min_size=1, max_size=BARS_MAX),
    lying=st.booleans(),
    unit=st.sampled_from(["count", TIME]),
    name=st.text(max_size=40),
)
@hypothesis_settings(max_examples=20, deadline=None)
def test_whatever_the_figures_there_is_a_picture(values: list[int], lying: bool, unit: str, name: str) -> None:
    chart = Chart(
        title=name,
        labels=tuple(name for _ in values),
        series=(Series(name, "unheard of", tuple(values)),),
        unit=unit,
        lying=lying,
    )
    assert chart_of(document(chart)) == chart
    assert len(png(chart)) < BYTES_MAX
