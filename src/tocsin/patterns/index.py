"""Which of many rules an event may match at all, found without asking each of them.

Every rule is filed under the one of its fields that fewest others share, and there again under another, until few are
left. What is found may still not match; what is not found cannot.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, assert_never

import msgspec

from tocsin.patterns.conditions import (
    AnythingBut,
    Between,
    Condition,
    Exists,
    Prefix,
    PrefixFold,
    Same,
    SameFold,
    Suffix,
    SuffixFold,
    Wildcard,
    Within,
)
from tocsin.patterns.fields import Node
from tocsin.patterns.lookups import Networks, Parts, Ranges, Starts
from tocsin.patterns.rule import Field, Rule
from tocsin.patterns.scalars import Scalar, fold

FEW = 8  # So many rules are asked one by one as fast as they are told apart.
DEPTH_MAX = 4  # More fields than this hardly tell rules apart; each level may copy a rule that has many values.


class Contains(msgspec.Struct, frozen=True):
    """Is a string that has this part: what is filed of a wildcard whose longest part is in the middle."""

    text: str


Key: TypeAlias = Same | SameFold | Prefix | PrefixFold | Suffix | SuffixFold | Contains | Within | Between | Exists
Numbered: TypeAlias = tuple[int, Rule]

# How many values fulfil a condition, in parts of one that takes a single value: a guess, for choosing between fields.
_BREADTH: Mapping[type, int] = {Same: 1, SameFold: 1, Between: 50, Exists: 1000}
_BREADTH_OTHERWISE = 2


class Index:
    """The numbers of rules: *rest* are to be asked anyway, *paths* has the others by the path that tells them apart."""

    __slots__ = ("paths", "rest")

    def __init__(self, rules: Sequence[Numbered], taken: frozenset[str] = frozenset()) -> None:
        """File *rules*, of which the paths in *taken* have told all they can."""
        self.rest: tuple[int, ...] = ()
        self.paths: dict[str, Branches] = {}
        if len(rules) <= FEW or len(taken) == DEPTH_MAX:
            self.rest = tuple(number for number, _ in rules)
            return
        telling = [_telling(rule, taken) for _, rule in rules]
        shared = Counter((path, key) for keys_by_path in telling for path, keys in keys_by_path.items() for key in keys)
        filed: dict[str, dict[Key, list[Numbered]]] = {}
        for numbered, keys_by_path in zip(rules, telling, strict=True):
            if keys_by_path:
                path = min(keys_by_path, key=lambda path: _weight(path, keys_by_path[path], shared))
                for key in keys_by_path[path]:
                    filed.setdefault(path, {}).setdefault(key, []).append(numbered)
        self.rest = tuple(number for (number, _), keys_by_path in zip(rules, telling, strict=True) if not keys_by_path)
        self.paths = {path: Branches(_indexes(groups, taken | {path})) for path, groups in filed.items()}

    def candidates(self, event: Node) -> set[int]:
        """The numbers of the rules that *event* may match."""
        found: set[int] = set()
        present = event.paths()
        seen: set[int] = set()
        waiting = [self]
        while waiting:
            index = waiting.pop()
            if id(index) in seen:
                continue
            seen.add(id(index))
            found.update(index.rest)
            for path in present & index.paths.keys():
                branches = index.paths[path]
                for value in event.values(path):
                    waiting.extend(branches.find(value))
        return found


class Branches:
    """The indexes of one path, by what they ask of a value there."""

    __slots__ = (
        "every",
        "networks",
        "parts",
        "prefixes",
        "prefixes_folded",
        "ranges",
        "same",
        "same_folded",
        "suffixes",
        "suffixes_folded",
    )

    def __init__(self, filed: Iterable[tuple[Key, Index]]) -> None:
        """File each index so that the values which fulfil its key find it."""
        self.same: dict[Scalar, Index] = {}
        self.every: list[Index] = []
        texts: dict[type, list[tuple[str, Index]]] = {}
        networks: list[tuple[Within, Index]] = []
        ranges: list[tuple[Between, Index]] = []
        for key, index in filed:
            match key:
                case Same():
                    self.same[key.value] = index
                case Within():
                    networks.append((key, index))
                case Between():
                    ranges.append((key, index))
                case Exists():
                    self.every.append(index)
                case Suffix() | SuffixFold():
                    texts.setdefault(type(key), []).append((key.text[::-1], index))
                case SameFold() | Prefix() | PrefixFold() | Contains():
                    texts.setdefault(type(key), []).append((key.text, index))
                case _:
                    assert_never(key)
        self.same_folded = dict(texts.get(SameFold, ()))
        self.prefixes = Starts(texts.get(Prefix, ()))
        self.prefixes_folded = Starts(texts.get(PrefixFold, ()))
        self.suffixes = Starts(texts.get(Suffix, ()))
        self.suffixes_folded = Starts(texts.get(SuffixFold, ()))
        self.parts = Parts(texts.get(Contains, ()))
        self.networks = Networks(networks)
        self.ranges = Ranges(ranges) if ranges else None

    def find(self, value: Scalar) -> Iterator[Index]:
        """The indexes whose key *value* may fulfil."""
        yield from self.every
        if value in self.same:
            yield self.same[value]
        if isinstance(value, str):
            yield from self._find_text(value)
        elif isinstance(value, float) and self.ranges is not None:
            yield from self.ranges.find(value)

    def _find_text(self, value: str) -> Iterator[Index]:
        yield from self.prefixes.find(value)
        yield from self.parts.find(value)
        yield from self.networks.find(value)
        if self.suffixes.texts:
            yield from self.suffixes.find(value[::-1])
        if self.same_folded or self.prefixes_folded.texts or self.suffixes_folded.texts:
            folded = fold(value)
            if folded in self.same_folded:
                yield self.same_folded[folded]
            yield from self.prefixes_folded.find(folded)
            yield from self.suffixes_folded.find(folded[::-1])


def _indexes(groups: Mapping[Key, Sequence[Numbered]], taken: frozenset[str]) -> Iterator[tuple[Key, Index]]:
    # Rules with many values in common make the same group again and again; one index serves them all.
    made: dict[tuple[int, ...], Index] = {}
    for key, group in groups.items():
        numbers = tuple(number for number, _ in group)
        if numbers not in made:
            made[numbers] = Index(group, taken)
        yield key, made[numbers]


def _telling(rule: Rule, taken: frozenset[str]) -> dict[str, frozenset[Key]]:
    """The fields that *rule* is never fulfilled without, as keys by path."""
    return {field.path: _keys(field) for field in rule.fields if not field.absent and field.path not in taken}


def _keys(field: Field) -> frozenset[Key]:
    return frozenset((*map(Same, field.same), *map(_key, field.others)))


def _key(condition: Condition) -> Key:
    """What every value that fulfils *condition* fulfils as well, in a form that can be looked up."""
    match condition:
        case Same() | Prefix() | Suffix() | Within() | Between() | Exists():
            return condition
        case AnythingBut():
            return Exists()
        case SameFold():
            return SameFold(fold(condition.text))
        case PrefixFold():
            return PrefixFold(fold(condition.text))
        case SuffixFold():
            return SuffixFold(fold(condition.text))
        case Wildcard():
            return _key_of_parts(condition.parts)
    assert_never(condition)


def _key_of_parts(parts: tuple[str, ...]) -> Key:
    longest = max(range(len(parts)), key=lambda place: len(parts[place]))
    if not parts[longest]:
        return Exists()
    if longest == 0:
        return Prefix(parts[0])
    return Suffix(parts[-1]) if longest == len(parts) - 1 else Contains(parts[longest])


def _weight(path: str, keys: Iterable[Key], shared: Counter[tuple[str, Key]]) -> int:
    return sum(shared[path, key] * _BREADTH.get(type(key), _BREADTH_OTHERWISE) for key in keys)
