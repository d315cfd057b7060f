"""Whole texts, as matchers ask for them: what Python's `re` says of the same expression, and never a long time."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.regexes import JAVASCRIPT, RE2, Regex, compiled
from tocsin.regexes.whole import HELD_MAX

TEXTS = (
    "",
    "a",
    "b",
    "A",
    "ab",
    "aab",
    "abab",
    "-",
    "]",
    "^",
    "7",
    "_",
    " ",
    "\n",
    "é",
    "É",
    "a\nb",
    "x-7",
    "aaa",
    "ba",
)
PATTERNS = (
    "",
    "a",
    "a|b",
    "a|",
    "(a|b)+",
    "(?:ab)*",
    "(?P<name>ab)?",
    "(?<name>a)b",
    "a{2}",
    "a{1,2}b",
    "a{2,}",
    "a{0}",
    ".",
    ".*",
    "(?s).*",
    "(?s:.)+",
    "[ab]+",
    "[^ab]+",
    "[a-c]*",
    "[]a]",
    "[^]a]",
    "[-a]",
    "[a-]",
    r"[\d_]",
    r"[\D]",
    r"[^\W]",
    r"\d",
    r"\w+",
    r"\s",
    r"\S+",
    r"\W",
    r"\D*",
    "(?i)a",
    "(?i:é)",
    "(?i)[a-z]{2}",
    "a(?i)B",
    "(a(?i)b)|A",
    r"\.",
    r"\-",
    r"\x61",
    r"\x{61}b",
    "[[:alpha:]]+",
    "[[:digit:]_]",
    "^a$",
    "^",
    "$",
    "a^b",
    r"\Aab\z",
    "(^a|b)+",
    "a$|b",
    r"\n",
    r"[\n]",
    "x-.",
    "(a*)*",
    "(|a)+",
    "((a|b)?)*b",
    "a{,2}",
    "a{",
    "a+?b",
    "(a*?)b",
    "é",
    r"\]",
    r"\t?",
    "(?i)ß",
    "(?i)[^a]",
    "(?i)[^b-c]É?",
    "(?is:A.B)",
    "(?s)a(?-s:.)b",
    "(?m)a$.*^b",
    "(?m)(?s)a$.^b",
    r".*\b.*\b.*",
    r"x\b-\b7",
    r"\B.+",
    "a{2}?",
    "(?:a{2,3}?){1,}",
    r"\x41|\u00e9",
    r"[\x41-\x43\b]",
    r"\0?a",
)


def as_python_writes_it(pattern: str) -> str:
    pattern = pattern.replace("(?<name>", "(?P<name>").replace(r"\x{61}", "a").replace(r"\z", r"\Z")
    pattern = pattern.replace("[[:alpha:]]", "[A-Za-z]").replace("[[:digit:]_]", r"[\d_]")
    pattern = pattern.replace("a(?i)B", "a(?i:B)").replace("(a(?i)b)|A", "(a(?i:b))|A")
    return pattern.replace("a{,2}", r"a\{,2\}").replace(r"\W", "[^0-9A-Za-z_]") if "[" not in pattern else pattern


@pytest.mark.parametrize("pattern", PATTERNS)
def test_it_says_what_python_says(pattern: str) -> None:
    flags = re.NOFLAG if "é" in pattern or "É" in pattern else re.ASCII
    other = re.compile(as_python_writes_it(pattern), flags)
    expression = compiled(pattern)
    assert {text: expression.matches(text) for text in TEXTS} == {text: bool(other.fullmatch(text)) for text in TEXTS}


@pytest.mark.parametrize(
    "pattern", ["(a*)*b", "(a|a)*b", "(.*)*(.*)*(.*)*x", "(a|aa)+c", "(x+x+)+y", "(a?){300}a{300}"]
)
def test_what_makes_others_try_for_years_is_answered(pattern: str) -> None:
    assert not compiled(pattern).matches("a" * 500 + "!")


def test_an_expression_forgets_and_goes_on() -> None:
    expression = compiled("(?s).*z")
    for point in range(300, 300 + HELD_MAX + 100):
        assert not expression.matches(chr(point))
    assert expression.matches("aaz")


PIECES = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", r"\b", "^", "$", ""]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda both: f"({both[0]}|{both[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "*?", "+?", "{2}", "{1,2}", "{2,}"])).map(
            lambda both: f"(?:{both[0]}){both[1]}"
        ),
    ),
    max_leaves=6,
)


@given(PIECES, st.lists(st.text("abc ", max_size=6), max_size=4))
def test_any_expression_says_what_python_says(pattern: str, texts: list[str]) -> None:
    expression, other = Regex(pattern), re.compile(pattern, re.ASCII)
    assert [expression.matches(text) for text in texts] == [bool(other.fullmatch(text)) for text in texts]


def test_an_expression_is_read_once() -> None:
    assert compiled("a|b") is compiled("a|b")


def test_a_place_may_be_repeated() -> None:
    assert compiled("^*a$+").matches("a")
    assert not compiled("(?:a^)*b").matches("ab")


def test_the_dialects_differ_in_a_few_characters() -> None:
    assert [Regex(r"\s", dialect).matches("\u00a0") for dialect in (RE2, JAVASCRIPT)] == [False, True]
    assert [Regex(".", dialect).matches("\r") for dialect in (RE2, JAVASCRIPT)] == [True, False]
    assert [Regex(".+$.^.+", dialect, lines=True).matches("a\rb") for dialect in (RE2, JAVASCRIPT)] == [False, False]
    assert [Regex(r".$\s^.", dialect, lines=True).matches("a\rb") for dialect in (RE2, JAVASCRIPT)] == [False, True]
    assert Regex("[]a]").matches("]")
    assert not Regex("[]a]", JAVASCRIPT).matches("a]")
    assert Regex("[^]a]", JAVASCRIPT).matches("xa]")
