"""Programs for regular expressions: a pattern read, and written as the steps that find it.

Syntax: the common part of JavaScript's (ECMA-262, "Patterns"), without references back and without looking around,
which need more than a place in the text to go on from.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final, NamedTuple, NoReturn, TypeAlias

PATTERN_MAX: Final = 1000  # Characters.
PROGRAM_MAX: Final = 5000  # Steps; counted repetitions are written out.
NESTED_MAX: Final = 30  # Groups within groups.

CharTest: TypeAlias = Callable[[str], bool]
PlaceTest: TypeAlias = Callable[[str, int], bool]

_DIGITS: Final = frozenset("0123456789")
_WORDS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
_ENDS: Final = frozenset("\n\r\u2028\u2029")
_CONTROL: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "0": "\0"}
_MANY: Final = {"*": (0, -1), "+": (1, -1), "?": (0, 1)}


class RegexError(ValueError):
    """The pattern cannot be read; the text says what is wrong and where."""


class Do(Enum):
    """What a step does."""

    CHAR = "take a character"
    CHECK = "look at the place"
    MARK = "note the place"
    SPLIT = "try one way, then the other"
    JUMP = "go on elsewhere"
    END = "it was found"


class Step(NamedTuple):
    """One step. *first*, *second*: where to go on, or which mark."""

    do: Do
    first: int = 0
    second: int = 0
    char: CharTest = bool
    check: PlaceTest = lambda _text, _place: True


class Char(NamedTuple):
    """One character: *wanted*, or one that passes *test*."""

    wanted: str = ""
    test: CharTest = bool


class Check(NamedTuple):
    """A place: `^`, `$`, `b` or `B`."""

    name: str


class Row(NamedTuple):
    """One after the other."""

    parts: list[Node]


class Ways(NamedTuple):
    """One or the other."""

    ways: list[Node]


class Group(NamedTuple):
    """What is noted as group *number*."""

    number: int
    inner: Node


class Many(NamedTuple):
    """*least* to *most* (-1: no end) of *inner*."""

    inner: Node
    least: int
    most: int
    lazy: bool


Node: TypeAlias = Char | Check | Row | Ways | Group | Many


def program(pattern: str, *, ignore_case: bool, lines: bool) -> tuple[list[Step], int]:
    """The steps for *pattern*, and how many groups it has; *lines*: `^` and `$` are those of each line.

    Raises RegexError.
    """
    reader = _Reader(pattern)
    tree = reader.read()
    return _Writer(ignore_case=ignore_case, lines=lines).program(tree), reader.groups


class _Reader:
    """Reads a pattern, and makes its tree."""

    def __init__(self, pattern: str) -> None:
        if len(pattern) > PATTERN_MAX:
            raise RegexError(f"it is longer than {PATTERN_MAX} characters")
        self.groups = 0
        self._pattern = pattern
        self._place = 0
        self._nested = 0

    def read(self) -> Node:
        tree = self._any()
        if self._place < len(self._pattern):
            self._fail("a ) closes nothing")
        return tree

    def _any(self) -> Node:
        self._nested += 1
        if self._nested > NESTED_MAX:
            self._fail(f"groups stand deeper than {NESTED_MAX}")
        ways = [self._all()]
        while self._next("|"):
            ways.append(self._all())
        self._nested -= 1
        return ways[0] if len(ways) == 1 else Ways(ways)

    def _all(self) -> Node:
        parts: list[Node] = []
        while self._place < len(self._pattern) and self._pattern[self._place] not in "|)":
            parts.append(self._many(self._one()))
        return Row(parts)

    def _many(self, node: Node) -> Node:
        bounds = self._bounds()
        if bounds is None:
            return node
        if isinstance(node, Check):
            self._fail("a place cannot be repeated")
        lazy = self._next("?")
        if self._bounds() is not None:
            self._fail("nothing stands here that could be repeated")
        return Many(node, *bounds, lazy)

    def _bounds(self) -> tuple[int, int] | None:
        for sign, bounds in _MANY.items():
            if self._next(sign):
                return bounds
        begun = self._place
        if not self._next("{"):
            return None
        least = self._number()
        most = self._number() if self._next(",") else least
        if least is None or not self._next("}"):
            self._place = begun  # A brace that bounds nothing is a brace.
            return None
        if most is not None and most < least:
            self._fail("the bounds of a repetition are turned round")
        return least, -1 if most is None else most

    def _number(self) -> int | None:
        begun = self._place
        while self._place < len(self._pattern) and self._pattern[self._place] in _DIGITS:
            self._place += 1
        digits = self._pattern[begun : self._place]
        if len(digits) > len(str(PROGRAM_MAX)):
            self._fail("a repetition is too long")
        return int(digits) if digits else None

    def _one(self) -> Node:
        sign = self._pattern[self._place]
        self._place += 1
        if sign == "(":
            return self._group()
        if sign == "[":
            return Char(test=self._set())
        if sign == "\\":
            return self._escape()
        if sign == ".":
            return Char(test=lambda char: char not in _ENDS)
        if sign in "^$":
            return Check(sign)
        if sign in "*+?":
            self._place -= 1
            self._fail("nothing stands here that could be repeated")
        return Char(sign)

    def _group(self) -> Node:
        number = 0
        if self._next("?"):
            if not self._next(":"):
                self._fail("of groups that begin with (? only (?: is known")
        else:
            self.groups += 1
            number = self.groups
        inner = self._any()
        if not self._next(")"):
            self._fail("a group has no end")
        return Group(number, inner) if number else inner

    def _escape(self) -> Node:
        char = self._taken("a \\ stands at the end")
        if char in "bB":
            return Check(char)
        found = _classed(char)
        if found is not None:
            return Char(test=found)
        if char in "123456789k":
            self._fail("references to groups are not known")
        return Char(self._literal(char))

    def _literal(self, char: str) -> str:
        r"""The character that `\` and *char* stand for."""
        if char in _CONTROL:
            return _CONTROL[char]
        size = {"x": 2, "u": 4}.get(char)
        if size is None:
            if char in "pPc" or char.isdigit():
                self._fail(f"\\{char} is not known")
            return char
        digits = self._pattern[self._place : self._place + size]
        self._place += size
        try:
            return chr(int(digits, 16)) if len(digits) == size else self._fail("digits are missing")
        except ValueError:
            self._fail(f"\\{char} needs {size} hexadecimal digits")

    def _set(self) -> CharTest:
        """A class of characters; the [ is behind us."""
        other = self._next("^")
        singles: set[str] = set()
        ranges: list[tuple[str, str]] = []
        classes: list[CharTest] = []
        while not self._next("]"):
            first = self._member(classes)
            if self._pattern[self._place : self._place + 1] != "-" or first is None:
                singles.update(first or "")
                continue
            self._place += 1
            if self._pattern[self._place : self._place + 1] == "]":
                singles.update((first, "-"))
                continue
            last = self._member(classes)
            if last is None or last < first:
                self._fail("a range of characters is turned round, or ends with a class")
            ranges.append((first, last))

        def test(char: str) -> bool:
            inside = (
                char in singles
                or any(first <= char <= last for first, last in ranges)
                or any(found(char) for found in classes)
            )
            return inside is not other

        return test

    def _member(self, classes: list[CharTest]) -> str | None:
        """The next character of a class; None: it was a class itself, and is kept in *classes*."""
        char = self._taken("a class of characters has no end")
        if char != "\\":
            return char
        char = self._taken("a \\ stands at the end")
        found = _classed(char)
        if found is not None:
            classes.append(found)
            return None
        return "\b" if char == "b" else self._literal(char)

    def _taken(self, otherwise: str) -> str:
        if self._place >= len(self._pattern):
            self._fail(otherwise)
        self._place += 1
        return self._pattern[self._place - 1]

    def _next(self, sign: str) -> bool:
        if self._pattern[self._place : self._place + 1] != sign:
            return False
        self._place += 1
        return True

    def _fail(self, message: str) -> NoReturn:
        raise RegexError(f"{message} (character {self._place + 1} of the pattern)")


class _Writer:
    """Writes the program of a tree."""

    def __init__(self, *, ignore_case: bool, lines: bool) -> None:
        self._ignore_case = ignore_case
        self._checks: dict[str, PlaceTest] = {
            "^": _at_line if lines else _at_start,
            "$": _before_line if lines else _at_end,
            "b": _at_word,
            "B": _within_word,
        }
        self._code: list[Step] = []
        self._written = 0

    def program(self, tree: Node) -> list[Step]:
        self._add(Step(Do.MARK, 0))
        self._node(tree)
        self._add(Step(Do.MARK, 1))
        self._add(Step(Do.END))
        return self._code

    def _node(self, node: Node) -> None:
        self._written += 1  # Repetitions of nothing add no step, and yet take their time.
        if self._written > PROGRAM_MAX:
            raise RegexError(_TOO_LONG)
        match node:
            case Char():
                self._add(Step(Do.CHAR, char=self._char(node)))
            case Check():
                self._add(Step(Do.CHECK, check=self._checks[node.name]))
            case Row():
                for part in node.parts:
                    self._node(part)
            case Group():
                self._add(Step(Do.MARK, 2 * node.number))
                self._node(node.inner)
                self._add(Step(Do.MARK, 2 * node.number + 1))
            case Ways():
                self._ways(node.ways)
            case _:
                self._many(node)

    def _char(self, node: Char) -> CharTest:
        if node.wanted:
            cases = (node.wanted, node.wanted.lower(), node.wanted.upper()) if self._ignore_case else (node.wanted,)
            return frozenset(cases).__contains__
        test = node.test
        if self._ignore_case:
            return lambda char: test(char) or test(char.lower()) or test(char.upper())
        return test

    def _ways(self, ways: list[Node]) -> None:
        ends = []
        for way in ways[:-1]:
            split = self._add(Step(Do.SPLIT))
            self._node(way)
            ends.append(self._add(Step(Do.JUMP)))
            self._code[split] = Step(Do.SPLIT, split + 1, len(self._code))
        self._node(ways[-1])
        for end in ends:
            self._code[end] = Step(Do.JUMP, len(self._code))

    def _many(self, node: Many) -> None:
        for _ in range(node.least):
            self._node(node.inner)
        splits = []
        for _ in range(max(1, node.most - node.least) if node.most != node.least else 0):
            splits.append(self._add(Step(Do.SPLIT)))
            self._node(node.inner)
        if node.most < 0:
            self._add(Step(Do.JUMP, splits[0]))
        for split in splits:  # Into what follows it, or behind all of them; what is lazy prefers to end.
            ways = (split + 1, len(self._code))
            self._code[split] = Step(Do.SPLIT, *(reversed(ways) if node.lazy else ways))

    def _add(self, step: Step) -> int:
        if len(self._code) >= PROGRAM_MAX:
            raise RegexError(_TOO_LONG)
        self._code.append(step)
        return len(self._code) - 1


_TOO_LONG: Final = "with its repetitions written out, it is too long"


def _classed(char: str) -> CharTest | None:
    r"""The class that `\` and *char* stand for; None if it is none."""
    return _CLASSES.get(char)


_CLASSES: Final[dict[str, CharTest]] = {
    "d": lambda char: char in _DIGITS,
    "D": lambda char: char not in _DIGITS,
    "w": lambda char: char in _WORDS,
    "W": lambda char: char not in _WORDS,
    "s": str.isspace,
    "S": lambda char: not char.isspace(),
}


def _at_start(_: str, place: int) -> bool:
    return place == 0


def _at_end(text: str, place: int) -> bool:
    return place == len(text)


def _at_line(text: str, place: int) -> bool:
    return place == 0 or text[place - 1] in _ENDS


def _before_line(text: str, place: int) -> bool:
    return place == len(text) or text[place] in _ENDS


def _at_word(text: str, place: int) -> bool:
    before = place > 0 and text[place - 1] in _WORDS
    return before is not (place < len(text) and text[place] in _WORDS)


def _within_word(text: str, place: int) -> bool:
    return not _at_word(text, place)
