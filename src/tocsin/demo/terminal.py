"""The story in the terminal: one line for each thing that happens, aligned, in colour where that is wanted."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Mapping
from enum import Enum
from typing import Final, TextIO

from tocsin.incidents.telling import one_line
from tocsin.kernel.time import SECOND, Duration

WIDTH: Final = 80  # Columns of what is no terminal.
WIDTH_MAX: Final = 100  # A longer line is hard to read.
LINE_CHARS_MAX: Final = 300

_WHO_COLUMNS: Final = 15
_INDENT: Final = "  "
_FACT_COLUMNS: Final = 22


class Tone(Enum):
    """Who is speaking; the values are ANSI's select graphic rendition."""

    SENDER = "36"
    PERSON = "32"
    TOCSIN = "1"
    SLACK = "35"
    GOOD = "1;32"
    BAD = "1;31"
    SOFT = "2"


class Terminal:
    """Writes to *out*, line by line, so that a pipe follows too."""

    def __init__(self, out: TextIO, environ: Mapping[str, str]) -> None:
        """Colour only for a terminal that can, and never against NO_COLOR (no-color.org)."""
        self.live = out.isatty()
        self._out = out
        self._colour = self.live and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
        self._width = min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH_MAX) if self.live else WIDTH

    def line(self, since: Duration, who: str, text: str, tone: Tone) -> None:
        """What happened *since* ms after the beginning, and who did it. Foreign text is welcome."""
        seconds = since // SECOND
        clock = f"{seconds // 60:02}:{seconds % 60:02}"
        head = f"{_INDENT}{self._painted(clock, Tone.SOFT)}  {self._painted(f'{who:<{_WHO_COLUMNS}}', tone)}"
        self._wrapped(head, len(_INDENT) + len(clock) + 2 + _WHO_COLUMNS, one_line(text, LINE_CHARS_MAX))

    def fact(self, name: str, text: str, tone: Tone | None = None) -> None:
        """A named fact; the name may be empty, then it goes on with the one before."""
        head = f"{_INDENT}{name:<{_FACT_COLUMNS}}"
        self._wrapped(head, len(head), text, tone)

    def say(self, text: str = "", tone: Tone | None = None) -> None:
        """A paragraph, or an empty line."""
        self._wrapped("", 0, text, tone)

    def whole(self, text: str) -> None:
        """A line to be copied: it is never broken."""
        self._write(_INDENT + text)

    def _wrapped(self, head: str, columns: int, text: str, tone: Tone | None = None) -> None:
        """*text* after *head*, which takes *columns*; what does not fit goes on below, in the same column."""
        room = max(self._width - columns, 20)
        first, *rest = textwrap.wrap(text, room, break_long_words=False, break_on_hyphens=False) or [""]
        self._write(f"{head}{self._painted(first, tone)}".rstrip())
        for line in rest:
            self._write(" " * columns + self._painted(line, tone))

    def _painted(self, text: str, tone: Tone | None) -> str:
        return f"\x1b[{tone.value}m{text}\x1b[0m" if self._colour and tone else text

    def _write(self, text: str) -> None:
        encoding = self._out.encoding or "utf-8"
        self._out.write(text.encode(encoding, "replace").decode(encoding) + "\n")
        self._out.flush()
