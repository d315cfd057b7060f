"""Instants in the lines of a timeline."""

from __future__ import annotations

from tocsin.incidents.moments import legible, moments
from tocsin.incidents.telling import utc_time
from tocsin.kernel.time import parse_instant

HELD = "opened; held by the storm until 2026-11-27T10:45:54.696Z: it rains"


def test_instants_are_found_between_the_words() -> None:
    assert list(moments(HELD)) == [
        ("opened; held by the storm until ", parse_instant("2026-11-27T10:45:54.696Z")),
        (": it rains", None),
    ]
    assert list(moments("")) == [("", None)]


def test_they_are_written_as_people_read_them() -> None:
    assert legible(HELD, utc_time) == "opened; held by the storm until 2026-11-27 10:45 UTC: it rains"


def test_what_is_no_instant_stays_as_it_is() -> None:
    told = "bo: it said 2026-13-41T25:00:00.000Z, and 2026-11-27"
    assert legible(told, utc_time) == told
