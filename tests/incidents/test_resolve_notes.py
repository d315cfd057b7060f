"""Cause and remedy in one note, and out of it again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.incidents.machine import NOTE_MAX
from tocsin.incidents.resolve_notes import PART_MAX, Lesson, read, written


@pytest.mark.parametrize(
    ("cause", "remedy", "note"),
    [
        ("disk full", "deleted old logs", "Cause: disk full; remedy: deleted old logs"),
        ("disk\nfull ", "", "Cause: disk full"),
        ("", " deleted\nlogs ", "Remedy: deleted\nlogs"),
        ("", "", ""),
    ],
)
def test_a_note_says_what_was_the_cause_and_what_was_the_remedy(cause: str, remedy: str, note: str) -> None:
    assert written(Lesson(cause=cause, remedy=remedy)) == note
    assert read(note) == Lesson(cause=" ".join(cause.split()), remedy=remedy.strip())


@pytest.mark.parametrize("note", ["restarted it", "", "cause: unknown"])
def test_a_note_in_other_words_says_what_helped(note: str) -> None:
    assert read(note) == Lesson(remedy=note)


@given(st.text(max_size=2 * PART_MAX), st.text(max_size=2 * PART_MAX))
def test_both_parts_are_found_again_whatever_they_say(cause: str, remedy: str) -> None:
    note = written(Lesson(cause=cause, remedy=remedy))
    assert len(note) <= NOTE_MAX
    assert written(read(note)) == note
    assert read(note).remedy == remedy.strip()[:PART_MAX].rstrip()


def test_a_cause_that_reads_like_a_remedy_is_none() -> None:
    found = read(written(Lesson(cause="a; remedy: b", remedy="c; remedy: d")))
    assert found == Lesson(cause="a, remedy: b", remedy="c; remedy: d")
