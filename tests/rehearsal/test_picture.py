"""The picture is an SVG that says what the figures say."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from tocsin.rehearsal.measures import Figures, Mean, Minutes
from tocsin.rehearsal.picture import _round_up, picture, unbeaten


def figures(policy: str, cost: float, time: float) -> Figures:
    return Figures(
        policy=policy,
        incidents=9,
        weighted_interruptions_per_incident=Mean(cost, cost - 1, cost + 1),
        minutes_to_acknowledge=Minutes(time, time - 1, time + 1, time, 3 * time),
        sleep_pages_per_week=0.0,
        never_acknowledged=0,
    )


ALL = [figures("fast & loud", 20, 3), figures("good", 8, 4), figures("bad", 22, 9), figures("good too", 8, 4)]


def test_only_what_nobody_beats_is_on_the_front() -> None:
    assert [each.policy for each in unbeaten(ALL)] == ["fast & loud", "good", "good too"]


def test_the_picture_is_well_formed_and_names_every_policy() -> None:
    drawn = ET.fromstring(picture(ALL, "a <team>"))  # noqa: S314 - our own.
    texts = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"fast & loud", "good", "bad", "a <team>"} <= set(texts)
    assert len(list(drawn.iter("{http://www.w3.org/2000/svg}circle"))) == 4


def test_sooner_is_lower_and_quieter_is_further_left() -> None:
    drawn = ET.fromstring(picture(ALL[:2], "t"))  # noqa: S314 - our own.
    loud, good = [each.attrib for each in drawn.iter("{http://www.w3.org/2000/svg}circle")]
    assert float(good["cx"]) < float(loud["cx"])
    assert float(good["cy"]) < float(loud["cy"])


def test_nothing_to_draw_is_an_empty_picture() -> None:
    assert "<svg" in picture([], "none")


@pytest.mark.parametrize(("value", "rounded"), [(0, 1), (0.3, 0.5), (7, 10), (10, 10), (11, 20), (230, 250)])
def test_axes_end_with_a_round_number(value: float, rounded: float) -> None:
    assert _round_up(value) == pytest.approx(rounded)
