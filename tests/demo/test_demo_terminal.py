"""The terminal: aligned within its width, coloured only where that is wanted, unharmed by what senders write."""

from __future__ import annotations

import io

import pytest

from tocsin.demo.terminal import Terminal, Tone
from tocsin.kernel.time import MINUTE, SECOND


class Out(io.TextIOWrapper):
    """A terminal or a pipe of an encoding."""

    def __init__(self, *, tty: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, newline="\n")
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    @property
    def text(self) -> str:
        raw = self.buffer
        assert isinstance(raw, io.BytesIO)
        return raw.getvalue().decode(self.encoding)


def test_a_line_has_a_time_a_speaker_and_a_text() -> None:
    out = Out(tty=False)
    Terminal(out, {}).line(75 * MINUTE + 3 * SECOND, "ada", "presses Pass", Tone.PERSON)
    assert out.text == "  75:03  ada            presses Pass\n"


def test_what_does_not_fit_goes_on_in_its_column_and_a_long_word_stays_whole() -> None:
    out = Out(tty=False)
    terminal = Terminal(out, {})
    terminal.line(0, "Tocsin", f"{'word ' * 12}https://example.com/{'x' * 60}", Tone.TOCSIN)
    terminal.fact("Lost", "0 " * 40)
    lines = out.text.splitlines()
    assert lines[1] == f"{' ' * 24}word"
    assert lines[2] == f"{' ' * 24}https://example.com/{'x' * 60}"
    assert lines[4].startswith(f"{' ' * 24}0 0")
    assert max(map(len, lines[:2] + lines[3:])) <= 80


@pytest.mark.parametrize(
    ("tty", "environ", "coloured"),
    [
        (True, {"TERM": "xterm"}, True),
        (True, {}, True),
        (True, {"TERM": "dumb"}, False),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
        (True, {"TERM": "xterm", "NO_COLOR": ""}, True),
        (False, {"TERM": "xterm"}, False),
    ],
)
def test_colour_is_for_terminals_that_want_it(tty: bool, environ: dict[str, str], coloured: bool) -> None:
    out = Out(tty=tty)
    terminal = Terminal(out, environ)
    terminal.fact("Lost", "0", Tone.GOOD)
    terminal.say()
    assert out.text == "  " + "Lost".ljust(22) + ("\x1b[1;32m0\x1b[0m" if coloured else "0") + "\n\n"


def test_a_terminal_is_used_as_wide_as_it_is_and_reads_well(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns, widest in (("60", 60), ("250", 100)):
        monkeypatch.setenv("COLUMNS", columns)
        out = Out(tty=True)
        Terminal(out, {"TERM": "dumb"}).say("word " * 100)
        assert widest - 5 < max(map(len, out.text.splitlines())) <= widest


def test_foreign_text_can_neither_break_the_line_nor_steer_the_terminal() -> None:
    out = Out(tty=True)
    Terminal(out, {"NO_COLOR": "1"}).line(0, "Tocsin", "a\x1b[2Jb\r\nc\x07\u202ed", Tone.TOCSIN)
    assert out.text == "  00:00  Tocsin         a [2Jb c d\n"


def test_what_the_encoding_cannot_say_becomes_a_question_mark() -> None:
    out = Out(tty=False, encoding="ascii")
    Terminal(out, {}).say("20 °C")
    assert out.text == "20 ?C\n"


def test_a_line_to_be_copied_is_never_broken() -> None:
    out = Out(tty=False)
    Terminal(out, {}).whole("x y " * 40)
    assert out.text == f"  {'x y ' * 40}\n"
