"""Regular expressions whose cost is counted, for texts that strangers write.

A program (`regex_programs`) is run by backtracking that remembers where it has been: from one place of the program and
one place of the text the same follows, so that neither is tried twice. So the cost is at most the length of the text
times that of the program, and no pattern is catastrophic. Method: R. Cox, "Regular Expression Matching: the Virtual
Machine Approach".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from tocsin.sources.regex_programs import Do, program

Charge: TypeAlias = Callable[[int], None]
"""Told of the steps that were taken; it raises to stop them."""

_CHARGED_AT: Final = 64  # Steps; each costs far less than being counted.


class Match:
    """Where a pattern was found, in the words of Python's `re`."""

    def __init__(self, text: str, marks: tuple[int, ...]) -> None:
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
    """A compiled pattern, in the words of Python's `re`, as far as an engine of JSONata needs them."""

    def __init__(self, pattern: str, *, ignore_case: bool, lines: bool, charge: Charge) -> None:
        """*lines*: `^` and `$` are those of each line. Raises RegexError."""
        self._program, self._groups = program(pattern, ignore_case=ignore_case, lines=lines)
        self._charge = charge

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
        """The first match from *place* on: what failed from one beginning fails from all later ones too."""
        seen: set[int] = set()
        for start in range(place, len(text) + 1):
            marks = self._run(text, start, seen)
            if marks is not None:
                return Match(text, marks)
        return None

    def _run(self, text: str, start: int, seen: set[int]) -> tuple[int, ...] | None:
        """The marks of the match that begins at *start*, by priority."""
        code, size, steps = self._program, len(self._program), 0
        waiting: list[tuple[int, int, tuple[int, ...]]] = [(0, start, (-1,) * (2 * self._groups + 2))]
        while waiting:
            at, place, marks = waiting.pop()
            while place * size + at not in seen:
                seen.add(place * size + at)
                steps += 1
                if steps == _CHARGED_AT:
                    self._charge(steps)
                    steps = 0
                step = code[at]
                if step.do is Do.END:
                    return marks
                if step.do is Do.SPLIT:
                    waiting.append((step.second, place, marks))
                    at = step.first
                elif step.do is Do.JUMP:
                    at = step.first
                elif step.do is Do.MARK:
                    marks = (*marks[: step.first], place, *marks[step.first + 1 :])
                    at += 1
                elif step.do is Do.CHAR:
                    if place == len(text) or not step.char(text[place]):
                        break
                    at, place = at + 1, place + 1
                elif step.check(text, place):
                    at += 1
                else:
                    break
        return None


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
