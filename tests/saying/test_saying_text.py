"""Neutral text: marks are drawn by the chats, and strangers cannot forge one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tocsin.incidents.telling import one_line, paragraph
from tocsin.saying.text import Moment, Words, bold, code, link, moment, pieces


def test_a_sentence_is_taken_apart_into_what_is_to_be_drawn() -> None:
    text = f"{bold('Critical')}: {link('https://example.com/i/1', 'disk full')} since {moment(1000)}, try {code('ack')}"
    assert list(pieces(text)) == [
        Words("Critical", bold=True),
        Words(": "),
        Words("disk full", href="https://example.com/i/1"),
        Words(" since "),
        Moment(1000),
        Words(", try "),
        Words("ack", code=True),
    ]


def test_without_an_address_a_link_is_its_label_and_without_words_a_mark_is_nothing() -> None:
    assert (link("", "disk full"), bold(""), code("")) == ("disk full", "", "")


def test_a_mark_that_is_not_whole_is_left_out_and_its_words_stay() -> None:
    assert list(pieces(f"a{bold('b')[:-1]}c")) == [Words("abc")]


def test_what_strangers_write_holds_no_mark() -> None:
    forged = f"x{moment(1)}{link('https://example.com', 'y')}"
    for written in (one_line(forged, 200), paragraph(forged, 200)):
        assert all(isinstance(piece, Words) and not piece.href for piece in pieces(written))


@given(st.text(alphabet=st.sampled_from([*map(chr, range(0xE000, 0xE007)), "a", "1", "-"])))
def test_any_text_can_be_taken_apart_and_no_mark_is_left_in_its_words(text: str) -> None:
    for piece in pieces(text):
        assert isinstance(piece, Moment) or not any(0xE000 <= ord(char) <= 0xE005 for char in piece.text + piece.href)
