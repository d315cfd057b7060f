"""Programs: the steps of an expression, how they are put together from parts, and how they are followed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

from tocsin.regexes.characters import CharTest

STEPS_MAX: Final = 3000  # Repetitions are written out: `.{0,1000}` has its place, `(.{100}){100}` has not.


class RegexError(ValueError):
    """The expression cannot be used; the text says why, and where."""

    def __init__(self, what: str, pattern: str, place: int) -> None:
        """*place*: characters of *pattern* that were read."""
        super().__init__(f"{what}, at character {min(place, len(pattern))} of {pattern[:100]!r}")


PlaceTest: TypeAlias = Callable[[str, str], bool]
"""Told the characters before and after a place; there is none (an empty text) where the text begins and ends."""


class Take(NamedTuple):
    """Takes a character."""

    takes: CharTest
    to: int


class Look(NamedTuple):
    """Looks at the place."""

    holds: PlaceTest
    to: int


class Mark(NamedTuple):
    """Notes the place as mark *number*."""

    number: int
    to: int


class Go(NamedTuple):
    """Goes on elsewhere, the first of *ways* being preferred."""

    ways: list[int]


class Found(NamedTuple):
    """It was found."""


Step: TypeAlias = Take | Look | Mark | Go | Found
Marks: TypeAlias = tuple[int, ...]
Thread: TypeAlias = tuple[int, Marks]  # A step to go on from, and the places that were noted on the way; () for none.


class Program:
    """The steps of an expression, written from the last to the first."""

    def __init__(self, pattern: str, part: Part, groups: int) -> None:
        """Write *part*, the whole of *pattern*. Raises RegexError."""
        self.groups = groups
        self.repetition = 0  # Where the one stands that was begun last.
        self._pattern = pattern
        self._steps: list[Step] = []
        self.start = group(0, part)(self, self.add(Found()))

    def add(self, step: Step) -> int:
        """The place of *step*, which is added. Raises RegexError."""
        if len(self._steps) >= STEPS_MAX:
            what = f"with its repetitions written out it has more than {STEPS_MAX} steps"
            raise RegexError(what, self._pattern, self.repetition)
        self._steps.append(step)
        return len(self._steps) - 1

    def follow(
        self, threads: Sequence[Thread], place: int, before: str, after: str
    ) -> tuple[list[tuple[Take | Found, Marks]], int]:
        """Where *threads*, the preferred first, come to without taking a character, and how many steps it took.

        *before* and *after* are the characters around *place*. Of threads that meet the preferred one goes on.
        """
        seen: set[int] = set()
        found: list[tuple[Take | Found, Marks]] = []
        waiting = list(reversed(threads))
        while waiting:
            at, marks = waiting.pop()
            if at in seen:
                continue
            seen.add(at)
            step = self._steps[at]
            if isinstance(step, Go):
                waiting += [(to, marks) for to in reversed(step.ways)]
            elif isinstance(step, Mark):
                noted = (*marks[: step.number], place, *marks[step.number + 1 :]) if marks else ()
                waiting.append((step.to, noted))
            elif not isinstance(step, Look):
                found.append((step, marks))
            elif step.holds(before, after):
                waiting.append((step.to, marks))
        return found, len(seen)


Part: TypeAlias = Callable[[Program, int], int]
"""Adds its steps, at least one, before the one that it is given, and says which of them is the first.

At least one: so the program's length bounds the time of writing it, too.
"""


def take(test: CharTest) -> Part:
    """One character."""
    return lambda program, after: program.add(Take(test, after))


def look(test: PlaceTest) -> Part:
    """A place."""
    return lambda program, after: program.add(Look(test, after))


def group(number: int, part: Part) -> Part:
    """*part*, whose beginning and end are noted."""

    def add(program: Program, after: int) -> int:
        end = program.add(Mark(2 * number + 1, after))
        return program.add(Mark(2 * number, part(program, end)))

    return add


def row(parts: Sequence[Part]) -> Part:
    """One after the other."""

    def add(program: Program, after: int) -> int:
        for part in reversed(parts):
            after = part(program, after)
        return after if parts else program.add(Go([after]))

    return add


def ways(parts: Iterable[Part]) -> Part:
    """One or the other."""
    return lambda program, after: program.add(Go([part(program, after) for part in parts]))


def repeated(part: Part, least: int, most: int | None, *, lazy: bool, place: int) -> Part:
    """*least* to *most* (None: any number) of *part*, as many (*lazy*: as few) as can be; it stands at *place*."""

    def either(more: int, after: int) -> list[int]:
        return [after, more] if lazy else [more, after]

    def add(program: Program, after: int) -> int:
        program.repetition = place
        if most is None:  # The last that must be there is the one that comes again; if none must, it is left out.
            again = program.add(loop := Go([]))
            first = part(program, again)
            loop.ways.extend(either(first, after))
            start = first if least else program.add(Go(either(first, after)))
        else:
            start = after if most else program.add(Go([after]))
            for _ in range(most - least):
                start = program.add(Go(either(part(program, start), after)))
        for _ in range(least - 1 if most is None else least):
            start = part(program, start)
        return start

    return add
