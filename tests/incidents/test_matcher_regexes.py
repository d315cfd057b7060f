"""Regular expressions of matchers: what Python's `re` says of the same expression, and never a long time."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.incidents.regexes import DEPTH_MAX, PATTERN_MAX, STEPS_MAX, RegexError, compiled

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
)


def as_python_writes_it(pattern: str) -> str:
    pattern = pattern.replace("(?<name>", "(?P<name>").replace(r"\x{61}", "a").replace(r"\z", r"\Z")
    pattern = pattern.replace("[[:alpha:]]", "[A-Za-z]").replace("[[:digit:]_]", r"[\d_]")
    pattern = pattern.replace("a(?i)B", "a(?i:B)").replace("(a(?i)b)|A", "(a(?i:b))|A")
    return pattern.replace("a{,2}", r"a\{,2\}").replace(r"\W", "[^0-9A-Za-z_]") if "[" not in pattern else pattern


@pytest.mark.parametrize("pattern", PATTERNS)
def test_it_says_what_python_says(pattern: str) -> None:
    flags = re.NOFLAG if "é" in pattern else re.ASCII
    other = re.compile(as_python_writes_it(pattern), flags)
    expression = compiled(pattern)
    assert {text: expression.matches(text) for text in TEXTS} == {text: bool(other.fullmatch(text)) for text in TEXTS}


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "a group does not end"),
        (")", "this group has not begun"),
        ("a)", "this group has not begun"),
        ("[a", "a class does not end"),
        ("[", "a class does not end"),
        ("[b-a]", "no range is like that"),
        (r"[a-\d]", "no range is like that"),
        ("[[:digits:]]", "no class is called 'digits'"),
        ("*", "nothing that '*' could repeat"),
        ("a**", "a repetition is repeated"),
        ("a{2,1}", "no repetition is like that"),
        ("a{1001}", "no repetition is like that"),
        ("(?=a)", "this kind of group is not understood"),
        ("(?m)a", "this kind of group is not understood"),
        ("(?P<n", "'>' is missing"),
        (r"\b", "this escape is not understood"),
        (r"\1", "this escape is not understood"),
        (r"\pL", "this escape is not understood"),
        (r"\x{110000}", "this escape is not understood"),
        (r"\xg", "this escape is not understood"),
        ("\\", "this escape is not understood"),
        ("a" * (PATTERN_MAX + 1), "the expression has 1001 characters"),
        ("(a{100}){100}", "more than 2000 states"),
        ("(((){1000}){1000}){1000}", "more than 2000 states"),
        ("((a{0}){1000}){1000}", "more than 2000 states"),
        ("(" * (DEPTH_MAX + 1), "nested deeper than 50"),
    ],
)
def test_what_is_not_understood_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(RegexError) as caught:
        compiled(pattern)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    "pattern", ["(a*)*b", "(a|a)*b", "(.*)*(.*)*(.*)*x", "(a|aa)+c", "(x+x+)+y", "(a?){300}a{300}"]
)
def test_what_makes_others_try_for_years_is_answered(pattern: str) -> None:
    assert not compiled(pattern).matches("a" * 500 + "!")


def test_an_expression_forgets_and_goes_on() -> None:
    expression = compiled("(?s).*z")
    for point in range(300, 300 + STEPS_MAX + 100):
        assert not expression.matches(chr(point))
    assert expression.matches("aaz")


@given(st.text(alphabet="ab|()*+?[]^$.\\{}1,:-isdP<>é", max_size=30), st.text(alphabet="ab1-]é\n", max_size=10))
def test_whatever_is_written_is_read_or_refused(pattern: str, text: str) -> None:
    with suppress(RegexError):
        assert compiled(pattern).matches(text) in {True, False}
