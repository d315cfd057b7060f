"""Whether an expression describes the whole of a text: asked often of the same few expressions, so it remembers.

The steps that a text may be at after a character depend on those before it and on the character, and are remembered for
both: where a similar text has gone, the next one costs a look at a table for each of its characters.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tocsin.regexes.characters import WORDS
from tocsin.regexes.programs import Found, Program, Take

HELD_MAX: Final = 4000  # Steps and ways that one expression remembers; beyond them it forgets all and goes on.


class Whole:
    """What a program says of whole texts."""

    def __init__(self, program: Program) -> None:
        """Remember nothing yet."""
        self._program = program
        self._forget()

    def matches(self, text: str) -> bool:
        """Whether all of *text* is what the expression describes."""
        here = self._start
        for character in text:
            here = here.ways.get(character) or self._next(here, character)
            if not here.steps:
                return False
        if here.ends is None:
            here.ends = any(isinstance(step, Found) for step in self._followed(here, ""))
        return here.ends

    def _next(self, here: _Here, character: str) -> _Here:
        steps = frozenset(
            step.to for step in self._followed(here, character) if isinstance(step, Take) and step.takes(character)
        )
        if self._held >= HELD_MAX:
            self._forget()
        before = _like(character)
        known = self._known.get((steps, before))
        if known is None:
            known = self._known[steps, before] = _Here(steps, before)
            self._held += len(steps)
        here.ways[character] = known
        self._held += 1
        return known

    def _followed(self, here: _Here, after: str) -> Iterable[Take | Found]:
        found, _ = self._program.follow([(step, ()) for step in here.steps], 0, here.before, after)
        return [step for step, _ in found]

    def _forget(self) -> None:
        self._start = _Here(frozenset((self._program.start,)), "")
        self._known: dict[tuple[frozenset[int], str], _Here] = {}
        self._held = 0


class _Here:
    """The *steps* that a text may be at behind a character like *before*, and what follows from them."""

    __slots__ = ("before", "ends", "steps", "ways")

    def __init__(self, steps: frozenset[int], before: str) -> None:
        self.steps = steps
        self.before = before
        self.ways: dict[str, _Here] = {}
        self.ends: bool | None = None  # Whether the text may end here; None: nobody has asked.


def _like(character: str) -> str:
    """One for all that no expression can tell from *character* when it has gone by."""
    if character in WORDS:
        return "a"
    return character if character.isspace() else "-"  # Those that end lines are spaces.
