"""Many patterns at once: which of them an event matches, in a time that hardly depends on how many there are."""

from __future__ import annotations

from collections.abc import Mapping

from tocsin.patterns.fields import PathTree, spread
from tocsin.patterns.index import Index
from tocsin.patterns.pattern import Pattern
from tocsin.patterns.reading import object_of


class Matcher:
    """Named *patterns*, filed so that an event finds those it may match. Immutable; safe to share between threads."""

    __slots__ = ("_index", "_rules", "_tree")

    def __init__(self, patterns: Mapping[str, Pattern]) -> None:
        """File *patterns*: takes some ten microseconds for each field of each."""
        self._rules = [(name, rule) for name, pattern in patterns.items() for rule in pattern.rules]
        self._tree = PathTree({path for _, rule in self._rules for path in rule.written})
        self._index = Index([(number, rule) for number, (_, rule) in enumerate(self._rules)])

    def match(self, event: Mapping[str, object] | str | bytes) -> tuple[str, ...]:
        """The names of the patterns that *event*, decoded or a JSON text, matches, in alphabetical order.

        Raises:
            EventError: the text is not a JSON object.
        """
        root = spread(object_of(event), self._tree)
        names: set[str] = set()
        for number in self._index.candidates(root):
            name, rule = self._rules[number]
            if name not in names and rule.holds(root):
                names.add(name)
        return tuple(sorted(names))
