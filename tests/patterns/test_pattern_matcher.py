"""Many patterns at once: the same answers as one by one, for little more than one."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from tocsin.patterns import Matcher, Pattern, compile  # noqa: A004 - The verb.
from tocsin.patterns.conditions import Between, SameFold, Within
from tocsin.patterns.fields import spread
from tocsin.patterns.index import FEW
from tocsin.patterns.lookups import Networks, Parts, Ranges, Starts
from tocsin.patterns.scalars import fold


def test_names_come_in_alphabetical_order() -> None:
    anything = compile({"a": [{"exists": True}]})
    assert Matcher({"b": anything, "c": compile({"a": [2]}), "a": anything}).match({"a": 1}) == ("a", "b")
    assert Matcher({}).match('{"a": 1}') == ()


def test_a_name_comes_once_for_several_branches() -> None:
    assert Matcher({"x": compile({"$or": [{"a": [1]}, {"b": [1]}]})}).match({"a": 1, "b": 1}) == ("x",)


KINDS: dict[str, Callable[[int], dict[str, object]]] = {
    "exact": lambda number: {"source": ["s"], "a": [f"name-{number}"], "b": [{"exists": False}]},
    "number": lambda number: {"a": [number]},
    "prefix": lambda number: {"a": [{"prefix": f"name-{number}-"}], "source": [{"anything-but": "t"}]},
    "prefix-fold": lambda number: {"a": [{"prefix": {"equals-ignore-case": f"Name-{number}-"}}]},
    "suffix": lambda number: {"a": [{"suffix": f"-{number}"}]},
    "suffix-fold": lambda number: {"a": [{"suffix": {"equals-ignore-case": f"-Nr{number}"}}]},
    "fold": lambda number: {"a": [{"equals-ignore-case": f"Name-{number}"}]},
    "wildcard": lambda number: {"a": [{"wildcard": f"*-{number}-*"}]},
    "wildcard-head": lambda number: {"a": [{"wildcard": f"name-{number}-*"}]},
    "wildcard-tail": lambda number: {"a": [{"wildcard": f"*-{number}"}]},
    "range": lambda number: {
        "a": [{"numeric": [">=", 2 * number, "<", 2 * number + 1]}],
        "source": [{"wildcard": "*"}],
    },
    "network": lambda number: {"a": [{"cidr": f"10.{number // 256}.{number % 256}.0/24"}]},
    "grid": lambda number: {"source": [f"s{number % 20}"], "a": [f"n{number // 20}"]},
    "pairs": lambda number: {"list": {"key": ["k"], "value": [f"v{number}", f"w{number}"]}},
}


def many(kind: str, count: int) -> dict[str, Pattern]:
    return {f"{number:05}": compile(KINDS[kind](number)) for number in range(count)}


COUNT = 800


@pytest.mark.parametrize(
    ("kind", "event", "names"),
    [
        ("exact", {"source": "s", "a": "name-77"}, ["00077"]),
        ("exact", {"source": "s", "a": "name-77", "b": 1}, []),
        ("number", {"a": [77.0, "78", None, 79]}, ["00077", "00079"]),
        ("prefix", {"source": "s", "a": "name-77-x"}, ["00077"]),
        ("prefix", {"source": "t", "a": "name-77-x"}, []),
        ("prefix-fold", {"a": "NAME-77-X"}, ["00077"]),
        ("suffix", {"a": "x-77"}, ["00077"]),
        ("suffix-fold", {"a": "X-NR77"}, ["00077"]),
        ("fold", {"a": "nAME-77"}, ["00077"]),
        ("wildcard", {"a": "x-77-y"}, ["00077"]),
        ("wildcard-head", {"a": "name-77-y"}, ["00077"]),
        ("wildcard-tail", {"a": "x-77"}, ["00077"]),
        ("range", {"source": "", "a": 154.5}, ["00077"]),
        ("range", {"source": "", "a": 155}, []),
        ("range", {"source": "", "a": [-1, 1e9]}, []),
        ("network", {"a": "10.0.77.1"}, ["00077"]),
        ("network", {"a": ["11.0.77.1", "::1", "x"]}, []),
        ("grid", {"source": "s7", "a": "n5"}, ["00107"]),
        (
            "pairs",
            {"list": [{"key": "k", "value": "v5"}, {"key": "j", "value": "v6"}, {"key": "k", "value": "w7"}]},
            ["00005", "00007"],
        ),
    ],
)
def test_few_of_many_patterns_are_asked(kind: str, event: dict[str, object], names: list[str]) -> None:
    patterns = many(kind, COUNT)
    matcher = Matcher(patterns)
    assert list(matcher.match(event)) == names
    assert names == sorted(name for name, pattern in patterns.items() if pattern.matches(event))
    # This is what keeps the rate of events up; a clock in a test would only say how busy the machine is.
    assert len(matcher._index.candidates(spread(event, matcher._tree))) <= 3 * FEW


def test_patterns_that_ask_for_nothing_in_particular_are_all_asked() -> None:
    patterns = {
        f"{number:02}": compile({"a": [{"anything-but": number}], f"b{number}": [{"exists": False}]})
        for number in range(20)
    }
    patterns["absent"] = compile({"c": [{"exists": False}]})
    assert Matcher(patterns).match({"a": 3, "b5": 1}) == tuple(sorted({*patterns} - {"03", "05"}))


def test_patterns_with_the_same_long_lists_share_their_index() -> None:
    words = [f"w{number}" for number in range(50)]
    patterns = {
        f"{number:03}": compile({"a": words, "b": words, "c": words, "d": words, "e": [number % 7]})
        for number in range(70)
    }
    event = {"a": "w1", "b": "w2", "c": "w3", "d": "w4", "e": 3}
    assert Matcher(patterns).match(event) == tuple(f"{number:03}" for number in range(3, 70, 7))


def test_fields_beyond_the_depth_of_the_index_are_still_asked() -> None:
    names = "abcdefg"
    patterns = {
        f"{number:03}": compile({name: [(number >> place) & 1] for place, name in enumerate(names)})
        for number in range(128)
    }
    matcher = Matcher(patterns)
    for number in range(0, 128, 17):
        event = {name: (number >> place) & 1 for place, name in enumerate(names)}
        assert matcher.match(event) == (f"{number:03}",)


def test_starts_are_found_through_their_shorter_ones() -> None:
    texts = ["", "a", "ab", "abc", "abd", "b", "ba"]
    starts = Starts([(text, text) for text in texts])
    assert sorted(starts.find("abcz")) == ["", "a", "ab", "abc"]
    assert sorted(starts.find("abe")) == ["", "a", "ab"]
    assert sorted(starts.find("b")) == ["", "b"]
    assert list(Starts([("x", 1)]).find("a")) == []
    assert list(Starts([]).find("a")) == []


def test_parts_of_every_length_are_found() -> None:
    texts = ["a", "bc", "bcd", "longer than that", "elsewhere"]
    parts = Parts([(text, text) for text in texts])
    assert sorted(parts.find("a much longer than that bcd")) == ["a", "bc", "bcd", "longer than that"]
    assert list(parts.find("")) == []


def test_ranges_are_found_with_their_bounds() -> None:
    ranges = [Between(low=low, high=high) for low, high in [(0, 10), (5, 6), (5, 5.5), (8, 9)]]
    ranges += [Between(low=7), Between(high=-1), Between(low=100, high=101), Between(low=-9, high=-8)]
    table = Ranges([(range_, number) for number, range_ in enumerate(ranges)])
    for value in [-10, -9, -8, -1, -0.5, 0, 5, 5.5, 6, 7, 8.5, 10, 50, 100, 101, 1e308]:
        assert sorted(table.find(value)) == [
            number for number, range_ in enumerate(ranges) if range_.holds(float(value))
        ]


def test_networks_of_all_sizes_are_found() -> None:
    table = Networks([(Within(4, 10, 24), "ten"), (Within(4, 2560, 16), "ten.zero"), (Within(6, 1, 0), "one")])
    assert list(table.find("10.0.9.9")) == ["ten", "ten.zero"]
    assert list(table.find("10.1.9.9")) == ["ten"]
    assert list(table.find("::1")) == ["one"]
    assert list(table.find("not an address")) == []


def test_every_spelling_is_folded_to_the_same() -> None:
    wrong = []
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        lower, upper = character.lower(), character.upper()
        if lower == upper:
            continue
        if not fold(character) == fold(lower) == fold(upper):
            wrong.append(character)
        if not (SameFold(character).holds(lower) and SameFold(character).holds(upper)):
            wrong.append(character)
    assert wrong == []


def test_an_index_that_several_values_lead_to_is_asked_once() -> None:
    words = [f"w{number}" for number in range(50)]
    patterns = {f"{number:03}": compile({"a": words, "b": words, "e": [number % 7]}) for number in range(210)}
    event = {"a": ["w1", "w2"], "b": ["w2", "w3"], "e": 3}
    assert Matcher(patterns).match(event) == tuple(f"{number:03}" for number in range(3, 210, 7))
