"""Foreign text cannot become mark-up."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.incidents.telling import utc_time
from tocsin.kernel.time import INSTANT_MAX
from tocsin.slack.mrkdwn import escape, link, local_time, one_line, paragraph

ENTITY_RE = re.compile(r"&(?:amp|lt|gt);")


@given(st.text(max_size=300), st.integers(2, 200))
def test_escaped_text_has_no_mark_up_and_keeps_its_limit(text: str, most: int) -> None:
    for written in (escape(text, most), one_line(text, most), paragraph(text, most)):
        assert len(written) <= most
        assert "<" not in written
        assert ">" not in written
        assert "&" not in ENTITY_RE.sub("", written)


@given(st.text(max_size=100))
def test_escaping_loses_nothing_that_fits(text: str) -> None:
    assert html.unescape(escape(text, 1000)) == html.unescape(text.replace("&", "&amp;"))


def test_a_cut_never_splits_an_entity() -> None:
    assert escape("ab<cd", 5) == "ab…"
    assert escape("ab<cd", 7) == "ab&lt;…"
    assert escape("ab<cd", 8) == "ab&lt;cd"


def test_one_line_is_one_line_without_what_cannot_be_seen() -> None:
    assert one_line(" a\r\n\tb\x00c\u202ed\u2066 \ud800 ", 99) == "a b cd"


def test_a_paragraph_keeps_its_lines() -> None:
    assert paragraph("\na\r\nb\u2028c\x07\n", 99) == "a\nb\nc"


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "", "//host.example", "ftp://host.example", "https://h.example/" + "x" * 2000]
)
def test_an_address_that_is_no_short_http_address_is_no_link(href: str) -> None:
    assert link(href, "label") == "label"


@given(st.text(max_size=100))
def test_an_address_cannot_break_out_of_its_link(tail: str) -> None:
    written = link("https://host.example/" + tail, "label")
    assert re.fullmatch(r"<https://host\.example/[^<>|\s\"]*\|label>", written)


def test_an_address_with_a_pipe_and_a_bracket_stays_an_address() -> None:
    assert link("http://h.example/?a=1&b=|<x>\n", "l") == "<http://h.example/?a=1&amp;b=%7C%3Cx%3E|l>"


def test_times_are_shown_in_the_readers_zone_with_utc_as_fallback() -> None:
    assert utc_time(1_795_000_000_000) == "2026-11-18 11:06 UTC"
    assert local_time(1_795_000_000_999) == "<!date^1795000000^{time} {date_short_pretty}|2026-11-18 11:06 UTC>"


@pytest.mark.parametrize("instant", [-1, INSTANT_MAX + 1])
def test_an_impossible_instant_is_shown_as_the_nearest_possible(instant: int) -> None:
    assert utc_time(instant) in {"1970-01-01 00:00 UTC", "9999-12-31 23:59 UTC"}
