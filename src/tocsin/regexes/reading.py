r"""Reads expressions: the common part of RE2's syntax and JavaScript's, and what only one of them has.

There are literals, `.`, classes, groups (named ones too, but nobody asks for a name), alternatives, `*`, `+`, `?` and
`{n,m}`, each of them lazy too, `^`, `$`, `\A`, `\z`, `\b`, `\B`, and the flags `i`, `m` and `s`, as in `(?i)`,
`(?i:a)`, `(?-i)`. What is not understood is refused, never guessed. The dialects differ in a few characters only.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from tocsin.regexes.characters import DIGIT, LAST, NAMED, WORD, WORDS, Spans, folded, one_of, others
from tocsin.regexes.programs import Part, PlaceTest, Program, RegexError, group, look, repeated, row, take, ways

PATTERN_MAX: Final = 1000  # Characters.
DEPTH_MAX: Final = 50  # Groups within groups: every recursion here ends.
REPEAT_MAX: Final = 1000  # As RE2.


class Dialect(NamedTuple):
    """Where the two differ."""

    ends: str  # The characters that end a line, which a dot does not take.
    space: Spans
    empty: bool  # `[]` is a class of nothing; otherwise a bracket that comes first is a member.


RE2: Final = Dialect(ends="\n", space=((9, 10), (12, 13), (32, 32)), empty=False)
JAVASCRIPT: Final = Dialect(
    ends="\n\r\u2028\u2029",
    space=(
        *((9, 13), (32, 32), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029)),
        *((0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)),
    ),
    empty=True,
)


class Flags(NamedTuple):
    """What is set from outside, and from within."""

    fold: bool = False  # i: cases are the same.
    lines: bool = False  # m: `^` and `$` are those of each line.
    whole: bool = False  # s: a dot takes the end of a line, too.


def read(pattern: str, dialect: Dialect, flags: Flags) -> Program:
    """The program of *pattern*. Raises RegexError."""
    if len(pattern) > PATTERN_MAX:
        raise RegexError(f"an expression has at most {PATTERN_MAX} characters", pattern, PATTERN_MAX)
    return _Reader(pattern, dialect, flags).read()


_COUNTED: Final = re.compile(r"\{([0-9]+)(?:,([0-9]*))?\}")
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_FLAGS: Final = re.compile(r"([ims]*)(?:-([ims]+))?")
_HEX: Final = re.compile(r"x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,6})\}|u([0-9A-Fa-f]{4})")
_NAME: Final = re.compile(r"P?<[A-Za-z_][A-Za-z0-9_]*>")
_POSIX: Final = re.compile(r"\[:([a-z]+):\]")


class _Reader:
    """Reads an expression by recursive descent."""

    def __init__(self, pattern: str, dialect: Dialect, flags: Flags) -> None:
        self._pattern = pattern
        self._dialect = dialect
        self._flags = flags
        self._kinds = {"d": DIGIT, "w": WORD, "s": dialect.space}
        self._place = 0
        self._depth = 0
        self._groups = 0

    def read(self) -> Program:
        part = self._ways()
        if self._peek():
            self._place += 1
            raise self._error("this group has not begun")
        return Program(self._pattern, part, self._groups)

    # Expressions

    def _ways(self) -> Part:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise self._error(f"groups are nested deeper than {DEPTH_MAX}")
        found = [self._row()]
        while self._taken("|"):
            found.append(self._row())
        self._depth -= 1
        return found[0] if len(found) == 1 else ways(found)

    def _row(self) -> Part:
        parts: list[Part] = []
        while self._peek() not in {"", "|", ")"}:
            part = self._one()
            if part is not None:
                parts.append(self._repeated(part))
        return row(parts)

    def _one(self) -> Part | None:
        """What can be repeated; None for flags that stand alone."""
        match self._take():
            case "(":
                return self._group()
            case "[":
                return self._class()
            case ".":
                ends = "" if self._flags.whole else self._dialect.ends
                return take(one_of(tuple((ord(end), ord(end)) for end in ends), other=True))
            case "^" | "$" as sign:
                ends = self._dialect.ends if self._flags.lines else ""  # Nothing, where the text ends, is in both.
                return look(lambda before, after: (before if sign == "^" else after) in ends)
            case "\\":
                return self._escape()
            case "*" | "+" | "?" as sign:
                raise self._error(f"there is nothing that {sign!r} could repeat")
            case character:
                return self._letter(character)

    def _group(self) -> Part | None:
        flags, number = self._flags, 0
        if not self._taken("?") or self._found(_NAME):
            self._groups += 1
            number = self._groups
        else:
            self._set_flags()
            if self._taken(")"):
                return None
            if not self._taken(":"):
                raise self._error("this kind of group is not understood")
        part = self._ways()
        self._flags = flags  # Those that were set within end with the group.
        if not self._taken(")"):
            raise self._error("a group does not end")
        return group(number, part) if number else part

    def _set_flags(self) -> None:
        found = self._found(_FLAGS)
        assert found
        names = dict(zip("ims", Flags._fields, strict=True))
        for letters, value in ((found[1], True), (found[2] or "", False)):
            self._flags = self._flags._replace(**{names[letter]: value for letter in letters})

    def _repeated(self, part: Part) -> Part:
        least, most = 0, None
        if found := self._found(_COUNTED):  # Other braces are braces.
            least = int(found[1])
            most = least if found[2] is None else int(found[2]) if found[2] else None
            if max(least, most or 0) > REPEAT_MAX or (most is not None and most < least):
                raise self._error(f"no repetition is like that; {REPEAT_MAX} is the most")
        elif self._taken("+"):
            least = 1
        elif self._taken("?"):
            most = 1
        elif not self._taken("*"):
            return part
        place = self._place
        lazy = self._taken("?")
        if self._peek() in {"*", "+", "?"} or self._found(_COUNTED):
            raise self._error("a repetition is repeated")
        return repeated(part, least, most, lazy=lazy, place=place)

    # Characters

    def _letter(self, character: str) -> Part:
        spans = folded(character) if self._flags.fold else ((ord(character), ord(character)),)
        return take(one_of(spans, fold=self._flags.fold))

    def _escape(self) -> Part:
        character = self._take()
        if character in _PLACES:
            return look(_PLACES[character])
        if character.lower() in self._kinds:
            return take(one_of(self._kinds[character.lower()], other=character.isupper()))
        return self._letter(self._escaped(character))

    def _escaped(self, character: str) -> str:
        """The character that stands behind a backslash."""
        if character in _ESCAPED:
            return _ESCAPED[character]
        if character == "0" and not self._peek().isdigit():
            return "\0"
        if character in {"x", "u"}:
            self._place -= 1
            found = self._found(_HEX)
            point = int(found[1] or found[2] or found[3], 16) if found else LAST + 1
            if point <= LAST:
                return chr(point)
        elif character and not (character.isalnum() and character.isascii()):
            return character
        raise self._error("this escape is not understood")

    def _class(self) -> Part:
        other, start = self._taken("^"), self._place
        spans: list[tuple[int, int]] = []
        while (self._place == start and not self._dialect.empty) or not self._taken("]"):
            spans += self._members()
        return take(one_of(tuple(spans), other=other, fold=self._flags.fold))

    def _members(self) -> Spans:
        """What comes next in a class: a range, one character, or all of a kind."""
        if found := self._found(_POSIX):
            if found[1] not in NAMED:
                raise self._error(f"no class is called {found[1]!r}")
            return NAMED[found[1]]
        first = self._member()
        if isinstance(first, tuple):
            return first
        if self._peek() != "-" or self._pattern[self._place + 1 : self._place + 2] in {"", "]"}:
            return folded(first) if self._flags.fold else ((ord(first), ord(first)),)
        self._place += 1
        last = self._member()
        if isinstance(last, tuple) or last < first:
            raise self._error("no range is like that")
        return ((ord(first), ord(last)),)

    def _member(self) -> str | Spans:
        character = self._take()
        if not character:
            raise self._error("a class does not end")
        if character != "\\":
            return character
        kind = self._take()
        if kind.lower() in self._kinds:
            spans = self._kinds[kind.lower()]
            return spans if kind.islower() else others(spans)
        return "\b" if kind == "b" else self._escaped(kind)

    # The text

    def _peek(self) -> str:
        return self._pattern[self._place : self._place + 1]

    def _take(self) -> str:
        character = self._peek()
        self._place += 1
        return character

    def _taken(self, text: str) -> bool:
        """Whether *text* comes next; it is taken then."""
        found = self._pattern.startswith(text, self._place)
        self._place += len(text) if found else 0
        return found

    def _found(self, wanted: re.Pattern[str]) -> re.Match[str] | None:
        """What comes next, if it is as *wanted*; it is taken then."""
        found = wanted.match(self._pattern, self._place)
        self._place = found.end() if found else self._place
        return found

    def _error(self, what: str) -> RegexError:
        return RegexError(what, self._pattern, self._place)


_PLACES: Final[dict[str, PlaceTest]] = {
    "A": lambda before, _: not before,
    "z": lambda _, after: not after,
    "b": lambda before, after: (before in WORDS) is not (after in WORDS),
    "B": lambda before, after: (before in WORDS) is (after in WORDS),
}
