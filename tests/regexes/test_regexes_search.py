"""Searches, with counted steps: they find what Python's find, and never cost more than they may."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.regexes import JAVASCRIPT, Match, Regex


def compiled(pattern: str, *, ignore_case: bool = False, lines: bool = False) -> Regex:
    return Regex(pattern, JAVASCRIPT, ignore_case=ignore_case, lines=lines)


def found(pattern: str, text: str, **flags: bool) -> list[tuple[int, int, tuple[str | None, ...]]]:
    return [(match.start(), match.end(), match.groups()) for match in compiled(pattern, **flags).finditer(text)]


def expected(pattern: str, text: str, flags: int = 0) -> list[tuple[int, int, tuple[str | None, ...]]]:
    return [(match.start(), match.end(), match.groups()) for match in re.finditer(pattern, text, flags)]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"a", "banana"),
        (r"(\w+) on (\w+-\d+)", "disk on db-1, load on db-2"),
        (r"a*?b", "aab b"),
        (r"(a|ab)(c|bcd)(d*)", "abcd"),
        (r"x{2,3}", "xxxxx x"),
        (r"x{2}y{1,}", "xxy xxyyy"),
        (r"x{0,1}?y", "xy"),
        (r"^a|b$", "ab"),
        (r"[^a-c\d\]]+", "abc]x-9z"),
        (r"[a-]+[\w.]", "a-b"),
        (r"[\-\b\t]", "a-\t\b"),
        (r"\bdb\b|\Bx\B", "db dbx axb"),
        (r"\D\S\W\s", "a! \t"),
        (r"(?:a(b)?)+", "abaab"),
        (r"\x41\u0042\n\.", "AB\n."),
        (r"a{x}|b{|}", "a{x}b{"),
        (r"()a", "a"),
        (r"[.]", "a."),
        (r"(a)|(b)", "ab"),
        (r"(a|b*)*?c", "abbc"),
        (r"(?P<name>a)(?i:B)", "aB"),
        (r"\$\^\/\\", r"$^/\\"),
    ],
)
def test_a_pattern_finds_what_pythons_finds(pattern: str, text: str) -> None:
    assert found(pattern, text) == expected(pattern, text)


def test_a_brace_that_bounds_nothing_is_a_brace() -> None:
    assert found("a{,2}", "aa a{,2}") == [(3, 8, ())]


def test_a_round_that_takes_nothing_is_no_round() -> None:
    assert found("(a*)*", "aab") == [(0, 2, ("aa",)), (2, 2, ("",)), (3, 3, ("",))]
    assert found("(|a)+b", "aab") == [(0, 3, ("a",))]


def test_case_and_lines_may_be_ignored() -> None:
    assert found(r"[a-c]X", "AxbX", ignore_case=True) == expected(r"[a-c]X", "AxbX", re.IGNORECASE)
    assert found(r"^b$", "a\nb\nc", lines=True) == expected(r"^b$", "a\nb\nc", re.MULTILINE)
    assert found(r"a.b", "a\nb") == []


pieces = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", r"\b", "^", "$"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda both: f"(?:{both[0]}|{both[1]})"),
        inner.map(lambda one: f"({one})"),
    ),
    max_leaves=6,
)


@given(pieces, st.text("abc ", max_size=12))
def test_any_pattern_without_repetitions_finds_what_pythons_finds(pattern: str, text: str) -> None:
    assert found(pattern, text) == expected(pattern, text)


@given(
    st.lists(st.tuples(st.sampled_from("abc."), st.sampled_from(["", "*", "+", "?", "{2}", "*?", "+?"])), max_size=5),
    st.text("abc", max_size=12),
)
def test_any_row_of_repetitions_begins_and_ends_where_pythons_does(parts: list[tuple[str, str]], text: str) -> None:
    pattern = "x|" + "".join(f"({char}{many})" for char, many in parts) + "c"
    assert found(pattern, text) == expected(pattern, text)


def test_texts_are_replaced_and_split() -> None:
    assert compiled("b+").sub("-", "abba b") == "a-a -"
    assert compiled("b").sub("-", "abb", 1) == "a-b"
    assert compiled(r"(a)(x)?").sub(r"<\g<1>\g<2>>\n \g<", "a") == r"<a>\n \g<"
    assert compiled("a").sub(lambda match: f"{match.group()}{match.start()}", "aa") == "a0a1"
    assert compiled(", *").split("a,b,  c") == ["a", "b", "c"]
    assert compiled("x*").split("ab") == ["ab"]
    with pytest.raises(ValueError, match=r"invalid group reference 2 at position 3"):
        compiled("(a)").sub(r"\g<2>", "a")
    assert compiled("a").search("b") is None
    assert isinstance(compiled("a").search("ba"), Match)


class Spent(Exception):
    pass


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(a+)+$", "a" * 2000 + "b"),
        (r"(a|a)*c", "a" * 2000 + "b"),
        (r"(a|aa)+$", "a" * 2000 + "b"),
        (r"(.*)(.*)(.*)(.*)x", "a" * 2000),
        (r"(x+x+)+y", "x" * 2000),
        (r"((((a*)*)*)*)*b", "a" * 2000),
        (r"(()*)*x", "a" * 2000),
    ],
)
def test_no_pattern_costs_more_than_its_length_times_that_of_the_text(pattern: str, text: str) -> None:
    spent = 0

    def charge(steps: int) -> None:
        nonlocal spent
        spent += steps

    assert Regex(pattern, JAVASCRIPT, charge=charge).search(text) is None
    assert spent <= 4 * len(pattern) * (len(text) + 1)


def test_what_costs_too_much_is_stopped() -> None:
    def charge(steps: int) -> None:
        raise Spent(steps)

    with pytest.raises(Spent):
        Regex("(.*)x", JAVASCRIPT, charge=charge).search("a" * 1000)
