"""Expressions, compiled, in the words of Python's `re`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final, TypeAlias

from tocsin.regexes.programs import Found, Marks, Thread
from tocsin.regexes.reading import RE2, Dialect, Flags, read
from tocsin.regexes.whole import Whole

Charge: TypeAlias = Callable[[int], None]
"""Told of the steps that a search took; it raises to stop it."""

_CHARGED_AT: Final = 64  # Steps; each costs far less than being counted.


def _free(_: int) -> None:
    """Costs nothing."""


class Match:
    """Where an expression was found."""

    def __init__(self, text: str, marks: Marks) -> None:
        """*marks*: the beginning and the end of each group; -1: it took no part."""
        self._text = text
        self._marks = marks

    def start(self, number: int = 0) -> int:
        """Where group *number* begins."""
        return self._marks[2 * number]

    def end(self, number: int = 0) -> int:
        """Where group *number* ends."""
        return self._marks[2 * number + 1]

    def group(self, number: int = 0) -> str | None:
        """The text of group *number*; None if it took no part."""
        start, end = self._marks[2 * number : 2 * number + 2]
        return None if end < 0 else self._text[start:end]

    def groups(self) -> tuple[str | None, ...]:
        """The texts of all groups but the whole."""
        return tuple(self.group(number) for number in range(1, len(self._marks) // 2))


class Regex:
    """One expression. *charge* is told what its searches cost."""

    def __init__(
        self,
        pattern: str,
        dialect: Dialect = RE2,
        *,
        ignore_case: bool = False,
        lines: bool = False,
        charge: Charge = _free,
    ) -> None:
        """*lines*: `^` and `$` are those of each line. Raises RegexError."""
        self._program = read(pattern, dialect, Flags(fold=ignore_case, lines=lines))
        self._charge = charge
        self._whole = Whole(self._program)

    def matches(self, text: str) -> bool:
        """Whether all of *text* is what the expression describes."""
        return self._whole.matches(text)

    def search(self, text: str) -> Match | None:
        """The first match in *text*."""
        return next(self.finditer(text), None)

    def finditer(self, text: str) -> Iterator[Match]:
        """All matches in *text*, none within another."""
        place = 0
        while place <= len(text):
            found = self._find(text, place)
            if found is None:
                return
            yield found
            place = found.end() if found.end() > found.start() else found.end() + 1

    def sub(self, replacement: str | Callable[[Match], str], text: str, count: int = 0) -> str:
        r"""*text* with its first *count* matches (0: all) replaced; `\g<1>` is the text of a group."""
        told: list[str] = []
        place = 0
        for number, found in enumerate(self.finditer(text), start=1):
            told.append(text[place : found.start()])
            told.append(_filled(replacement, found) if isinstance(replacement, str) else replacement(found))
            self._charge(len(told[-1]))
            place = found.end()
            if number == count:
                break
        return "".join((*told, text[place:]))

    def split(self, text: str) -> list[str]:
        """What stands between the matches in *text*."""
        parts, place = [], 0
        for found in self.finditer(text):
            if found.end() > found.start():
                parts.append(text[place : found.start()])
                place = found.end()
        return [*parts, text[place:]]

    def _find(self, text: str, place: int) -> Match | None:
        """The first match from *place* on; of those that begin there the preferred one."""
        best: Marks = ()
        none: Marks = (-1,) * (2 * self._program.groups + 2)
        threads: list[Thread] = []
        before, steps = text[place - 1 : place], 0  # Empty, too, where the text begins.
        while threads or not best:
            if not best:
                threads.append((self._program.start, none))
            after = text[place : place + 1]
            found, taken = self._program.follow(threads, place, before, after)
            steps += taken
            if steps >= _CHARGED_AT:
                self._charge(steps)
                steps = 0
            threads = []
            for step, marks in found:
                if isinstance(step, Found):
                    best = marks
                    break  # Those that come behind it are not preferred.
                if after and step.takes(after):
                    threads.append((step.to, marks))
            if not after:
                break
            before, place = after, place + 1
        self._charge(steps)
        return Match(text, best) if best else None


def _filled(template: str, found: Match) -> str:
    """*template* with the texts of groups; raises ValueError for a group that is not there, in the words of `re`."""
    told, place = [], 0
    while (begun := template.find("\\g<", place)) >= 0:
        end = template.find(">", begun)
        digits = template[begun + 3 : end]
        if end < 0 or not digits.isdigit():
            break
        if int(digits) > len(found.groups()):
            raise ValueError(f"invalid group reference {digits} at position {begun + 3}")
        told += [template[place:begun], found.group(int(digits)) or ""]
        place = end + 1
    return "".join((*told, template[place:]))


@lru_cache(maxsize=1000)
def compiled(pattern: str) -> Regex:
    """The expression in *pattern*, as RE2 reads it; it is remembered. Raises RegexError."""
    return Regex(pattern)
