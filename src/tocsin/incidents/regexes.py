"""Regular expressions of matchers, as Prometheus and Alertmanager write them, in time that has a bound.

The syntax is RE2's as far as labels need it: literals, `.`, classes, groups, alternatives, `*`, `+`, `?`, `{n,m}`, `^`,
`$`, and the flags `i` and `s`. An expression becomes a machine of at most STATES_MAX states, and a text is read once,
character by character, with all the states that it may be in: nothing is tried twice, so no expression and no text can
take longer than the product of their lengths. (Python's own `re` goes back and tries again, in the worst case for
years; whoever has a key could stop the engine with one silence.) What is not understood is refused, never guessed.

Sources: "Syntax" of RE2's wiki; Ken Thompson, "Regular Expression Search Algorithm", CACM 11(6), 1968.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final, TypeAlias

PATTERN_MAX: Final = 1000  # Characters.
STATES_MAX: Final = 2000  # Repetitions are written out, so that `(a{100}){100}` would be ten thousand.
DEPTH_MAX: Final = 50  # Groups within groups: every recursion here ends.
REPEAT_MAX: Final = 1000  # As RE2.
FOLDED_MAX: Final = 500  # Code points of one range whose other case is looked up.
STEPS_MAX: Final = 2000  # Transitions remembered of one expression; beyond them it forgets and goes on.

_Span: TypeAlias = tuple[int, int]  # Code points, both ends included.
_END: Final = 0x10FFFF

_DIGIT: Final[tuple[_Span, ...]] = ((48, 57),)
_WORD: Final[tuple[_Span, ...]] = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACE: Final[tuple[_Span, ...]] = ((9, 10), (12, 13), (32, 32))
_NAMED: Final[dict[str, tuple[_Span, ...]]] = {
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "alpha": ((65, 90), (97, 122)),
    "digit": _DIGIT,
    "lower": ((97, 122),),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "space": ((9, 13), (32, 32)),
    "upper": ((65, 90),),
    "word": _WORD,
    "xdigit": ((48, 57), (65, 70), (97, 102)),
}
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v", "a": "\a"}
_COUNTED: Final = re.compile(r"\{([0-9]{1,4})(?:,([0-9]{0,4}))?\}")
_HEX: Final = re.compile(r"([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\}")
_POSIX: Final = re.compile(r"\[:([a-z]+):\]")
_KINDS: Final = {"d": _DIGIT, "w": _WORD, "s": _SPACE}


class RegexError(ValueError):
    """The expression cannot be used; the text says why."""


class Regex:
    """One expression; `matches` asks for the whole text, as matchers do."""

    def __init__(self, states: list[_State], start: int, end: int) -> None:
        """*states* as the reader has made them; the text is read when *end* is reached."""
        self._states = states
        self._end = end
        self._start = self._closed((start,), at_start=True)
        self._steps: dict[tuple[frozenset[int], str], frozenset[int]] = {}

    def matches(self, text: str) -> bool:
        """Whether all of *text* is what the expression describes."""
        now = self._start
        for character in text:
            now = self._step(now, character)
            if not now:
                return False
        return self._end in self._closed(now, at_start=not text, at_end=True)

    def _step(self, now: frozenset[int], character: str) -> frozenset[int]:
        known = self._steps.get((now, character))
        if known is not None:
            return known
        point = ord(character)
        states = (self._states[name] for name in now)
        after = self._closed([state.to for state in states if isinstance(state, _Eats) and state.takes(point)])
        if len(self._steps) >= STEPS_MAX:
            self._steps.clear()
        self._steps[now, character] = after
        return after

    def _closed(self, names: Iterable[int], *, at_start: bool = False, at_end: bool = False) -> frozenset[int]:
        """*names*, and all that is reached from them without reading on."""
        here = {"": True, "^": at_start, "$": at_end}
        waiting, found = list(names), set(names)
        while waiting:
            state = self._states[waiting.pop()]
            if isinstance(state, _Goes) and here[state.where]:
                fresh = [name for name in state.to if name not in found]
                found.update(fresh)
                waiting += fresh
        return frozenset(found)


class _Eats:
    """A state that reads one character out of *spans* (or, *other*, one that is in none of them) and goes to *to*."""

    __slots__ = ("_other", "_spans", "to")

    def __init__(self, spans: tuple[_Span, ...], to: int, *, other: bool) -> None:
        self._spans = spans
        self._other = other
        self.to = to

    def takes(self, point: int) -> bool:
        return any(first <= point <= last for first, last in self._spans) is not self._other


class _Goes:
    """A state that reads nothing; *where* it may be passed: anywhere, at the start (`^`), at the end (`$`)."""

    __slots__ = ("to", "where")

    def __init__(self, to: list[int], where: str = "") -> None:
        self.to = to
        self.where = where


_State: TypeAlias = _Eats | _Goes
_Part: TypeAlias = Callable[[int], int]  # Builds its states, at least one, before the state it is given; their first.


@lru_cache(maxsize=1000)
def compiled(pattern: str) -> Regex:
    """The expression in *pattern*. Raises RegexError."""
    if len(pattern) > PATTERN_MAX:
        raise RegexError(f"the expression has {len(pattern)} characters, and {PATTERN_MAX} are possible")
    return _Reader(pattern).read()


class _Reader:
    """Reads an expression by recursive descent into parts, then builds the states from its end to its beginning."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._place = 0
        self._depth = 0
        self._fold = False  # The flag i.
        self._all = False  # The flag s: a dot is a line's end too.
        self._states: list[_State] = []

    def read(self) -> Regex:
        part = self._alternatives()
        if self._peek():
            raise self._error("this group has not begun")
        end = self._add(_Goes([]))
        return Regex(self._states, part(end), end)

    def _add(self, state: _State) -> int:
        if len(self._states) >= STATES_MAX:
            raise RegexError(f"the expression has more than {STATES_MAX} states, repetitions written out")
        self._states.append(state)
        return len(self._states) - 1

    # Expressions

    def _alternatives(self) -> _Part:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise self._error(f"groups are nested deeper than {DEPTH_MAX}")
        flags = self._fold, self._all
        found = [self._sequence()]
        while self._taken("|"):
            found.append(self._sequence())
        self._fold, self._all = flags  # They end with their group.
        self._depth -= 1
        return found[0] if len(found) == 1 else lambda after: self._add(_Goes([part(after) for part in found]))

    def _sequence(self) -> _Part:
        parts: list[_Part] = []
        while self._peek() not in {"", "|", ")"}:
            parts += [self._quantified(part) for part in self._atom()]

        def build(after: int) -> int:
            for part in reversed(parts):
                after = part(after)
            return after if parts else self._add(_Goes([after]))

        return build

    def _atom(self) -> list[_Part]:
        """What a quantifier may follow; nothing for flags that stand alone."""
        character = self._take()
        match character:
            case "(":
                return self._group()
            case "[":
                return [self._class()]
            case ".":
                return [self._eater(() if self._all else ((10, 10),), other=True)]
            case "^" | "$":
                return [lambda after: self._add(_Goes([after], character))]
            case "\\":
                return [self._escape()]
            case "*" | "+" | "?":
                raise self._error(f"there is nothing that {character!r} could repeat")
            case _:
                return [self._letter(character)]

    def _group(self) -> list[_Part]:
        if self._taken("?"):
            flags = ""
            if self._taken("P<") or self._taken("<"):
                self._until(">")
            else:
                flags = self._flags()
                if self._taken(")"):
                    self._set(flags)
                    return []
                if not self._taken(":"):
                    raise self._error("this kind of group is not understood")
            before = self._fold, self._all
            self._set(flags)
            part = self._alternatives()
            self._fold, self._all = before
        else:
            part = self._alternatives()
        if not self._taken(")"):
            raise self._error("a group does not end")
        return [part]

    def _flags(self) -> str:
        start = self._place
        while self._peek() in {"i", "s"}:
            self._place += 1
        return self._pattern[start : self._place]

    def _set(self, flags: str) -> None:
        self._fold |= "i" in flags
        self._all |= "s" in flags

    def _quantified(self, part: _Part) -> _Part:
        least: int
        most: int | None
        match self._peek():
            case "*":
                least, most = 0, None
            case "+":
                least, most = 1, None
            case "?":
                least, most = 0, 1
            case "{" if found := _COUNTED.match(self._pattern, self._place):
                self._place = found.end() - 1
                least = int(found[1])
                most = least if found[2] is None else int(found[2]) if found[2] else None
                if max(least, most or 0) > REPEAT_MAX or (most is not None and most < least):
                    raise self._error(f"no repetition is like that; {REPEAT_MAX} is the most")
            case _:
                return part
        self._place += 1
        self._taken("?")  # Lazy or not, the whole text is the same.
        if self._peek() in {"*", "+", "?"}:
            raise self._error("a repetition is repeated")
        return self._repeated(part, least, most)

    def _repeated(self, part: _Part, least: int, most: int | None) -> _Part:
        def build(after: int) -> int:
            start = self._add(last := _Goes([after]))
            if most is None:
                last.to.append(part(start))
            else:
                for _ in range(most - least):
                    start = self._add(_Goes([part(start), after]))
            for _ in range(least):
                start = part(start)
            return start

        return build

    # Characters

    def _letter(self, character: str) -> _Part:
        return self._eater(((ord(character), ord(character)),))

    def _eater(self, spans: tuple[_Span, ...], *, other: bool = False) -> _Part:
        found = _folded(spans) if self._fold else spans
        return lambda after: self._add(_Eats(found, after, other=other))

    def _escape(self) -> _Part:
        character = self._take()
        if character == "A":
            return lambda after: self._add(_Goes([after], "^"))
        if character == "z":
            return lambda after: self._add(_Goes([after], "$"))
        if character.lower() in _KINDS:
            return self._eater(_KINDS[character.lower()], other=character.isupper())
        return self._letter(self._escaped(character))

    def _escaped(self, character: str) -> str:
        """The character that stands behind a backslash."""
        if character in _ESCAPED:
            return _ESCAPED[character]
        if character == "x" and (found := _HEX.match(self._pattern, self._place)):
            self._place = found.end()
            point = int(found[1] or found[2], 16)
            if point <= _END:
                return chr(point)
        elif character and not (character.isalnum() and character.isascii()):
            return character
        raise self._error("this escape is not understood")

    def _class(self) -> _Part:
        other, start = self._taken("^"), self._place
        spans: list[_Span] = []
        while self._place == start or not self._taken("]"):  # A bracket that comes first is a member.
            spans += self._members()
        return self._eater(tuple(spans), other=other)

    def _members(self) -> tuple[_Span, ...]:
        """What comes next in a class: a range, one character, or all of a kind."""
        if found := _POSIX.match(self._pattern, self._place):
            self._place = found.end()
            if found[1] not in _NAMED:
                raise self._error(f"no class is called {found[1]!r}")
            return _NAMED[found[1]]
        first = self._member()
        if isinstance(first, tuple):
            return first
        if self._peek() != "-" or self._pattern[self._place + 1 : self._place + 2] in {"", "]"}:
            return ((first, first),)
        self._place += 1
        last = self._member()
        if isinstance(last, tuple) or last < first:
            raise self._error("no range is like that")
        return ((first, last),)

    def _member(self) -> int | tuple[_Span, ...]:
        character = self._take()
        if not character:
            raise self._error("a class does not end")
        if character != "\\":
            return ord(character)
        kind = self._take()
        if kind.lower() in _KINDS:
            spans = _KINDS[kind.lower()]
            return spans if kind.islower() else _others(spans)
        return ord(self._escaped(kind))

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

    def _until(self, mark: str) -> None:
        place = self._pattern.find(mark, self._place)
        if place < 0:
            raise self._error(f"{mark!r} is missing")
        self._place = place + 1

    def _error(self, what: str) -> RegexError:
        return RegexError(f"{what}, at character {min(self._place, len(self._pattern))} of {self._pattern[:100]!r}")


def _others(spans: tuple[_Span, ...]) -> tuple[_Span, ...]:
    """All code points that are in none of *spans*, which are in order."""
    begins = [0, *(last + 1 for _, last in spans)]
    ends = [*(first - 1 for first, _ in spans), _END]
    return tuple(zip(begins, ends, strict=True))


def _folded(spans: tuple[_Span, ...]) -> tuple[_Span, ...]:
    """*spans* with the other case of their letters, of long ones of the first few."""
    found: dict[_Span, None] = dict.fromkeys(spans)
    for first, last in spans:
        for point in range(first, min(last, first + FOLDED_MAX) + 1):
            for other in (chr(point).lower(), chr(point).upper()):
                if len(other) == 1:
                    found[ord(other), ord(other)] = None
    return tuple(found)
