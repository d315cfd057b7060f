"""Neutral text in a card: drawn as meant, and what strangers write stays words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.kernel.time import INSTANT_MAX, Instant
from tocsin.saying.text import bold, code, link, moment
from tocsin.teams.markdown import address, bare, escape, marked

AT: Instant = 1_795_000_000_123


def test_marks_are_drawn() -> None:
    text = f"{bold('Critical')}: {link('https://example.com/i/1', 'disk full')} since {moment(AT)}, try {code('ack')}"
    assert marked(text) == (
        "**Critical**: [disk full](https://example.com/i/1) since "
        "{{DATE(2026-11-18T11:06:40Z, SHORT)}} {{TIME(2026-11-18T11:06:40Z)}}, try ack"
    )
    assert bare(text) == "Critical: disk full since 2026-11-18 11:06 UTC, try ack"


def test_lines_are_paragraphs_and_blank_ones_are_none() -> None:
    assert marked("a\nb\n\n\nc") == "a\n\nb\n\nc"


def test_emphasis_touches_its_words() -> None:
    assert marked(f"x{bold(' now ')}y") == "x **now** y"
    assert marked(bold(" ")) == ""


@pytest.mark.parametrize(
    ("foreign", "harmless"),
    [
        ("[click](https://evil.example)", r"\[click\](https://evil.example)"),
        ("**loud** _sly_ `x`", r"\*\*loud\*\* \_sly\_ \`x\`"),
        ("# big\n- list\n> said\n+ more\n1. one", "\\# big\n\\- list\n\\> said\n\\+ more\n1\\. one"),
        ("back\\[slash](x)", r"back\\\[slash\](x)"),
        ("{{DATE(2026-01-01T00:00:00Z)}}", "{\u2060{DATE(2026-01-01T00:00:00Z)}}"),
        ("<at>everyone</at> a-b 1.5 #3", "<at>everyone</at> a-b 1.5 #3"),
    ],
)
def test_what_strangers_write_formats_and_links_nothing(foreign: str, harmless: str) -> None:
    assert escape(foreign) == harmless


@given(st.text(alphabet=st.sampled_from("\\[]()*_`{}#-+>1.\n a")))
def test_no_bracket_star_or_function_of_strangers_is_left_open(text: str) -> None:
    written = escape(text)
    plain = written.replace("\\\\", "")
    for sign in "[]*_`":
        assert plain.count(sign) == plain.count(f"\\{sign}")
    assert "{{" not in written


@pytest.mark.parametrize("href", ["javascript:alert(1)", "", "ftp://x/", "https://x/" + "a" * 2000])
def test_an_address_that_cannot_be_used_leaves_its_words(href: str) -> None:
    assert address(href) == ""
    assert marked(link(href, "label")) == "label"


def test_an_address_cannot_break_out_of_its_link() -> None:
    assert marked(link("https://x/) [y](z", "label")) == "[label](https://x/%29%20[y]%28z)"


def test_instants_that_no_calendar_has_are_bounded() -> None:
    assert marked(moment(-5)).startswith("{{DATE(1970-01-01T00:00:00Z")
    assert marked(moment(INSTANT_MAX * 5)).startswith("{{DATE(9999-12-31T23:59:59Z")


def test_what_is_too_long_for_a_place_without_mark_up_is_cut() -> None:
    assert bare("a" * 10, 5) == "aaaa…"
