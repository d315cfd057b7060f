"""What is not understood is refused, with the reason and the place; whatever is written does no harm."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.regexes import JAVASCRIPT, RE2, Dialect, Regex, RegexError
from tocsin.regexes.reading import DEPTH_MAX, PATTERN_MAX


@pytest.mark.parametrize("dialect", [RE2, JAVASCRIPT])
@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "a group does not end, at character 1 of '('"),
        ("a)b", "this group has not begun, at character 2 of 'a)b'"),
        (")", "this group has not begun"),
        ("[a", "a class does not end"),
        ("[", "a class does not end"),
        ("[b-a]", "no range is like that, at character 4"),
        (r"[a-\d]", "no range is like that"),
        ("[[:digits:]]", "no class is called 'digits'"),
        ("*", "nothing that '*' could repeat"),
        ("(?i)*", "nothing that '*' could repeat"),
        ("a**", "a repetition is repeated, at character 2"),
        ("a{2}{3}", "a repetition is repeated"),
        ("a{2,1}", "no repetition is like that"),
        ("a{1001}", "no repetition is like that; 1000 is the most"),
        ("a{99999}", "no repetition is like that"),
        ("(?=a)", "this kind of group is not understood, at character 2"),
        ("(?<=a>)", "this kind of group is not understood"),
        ("(?U)a", "this kind of group is not understood"),
        ("(?P<n", "this kind of group is not understood"),
        (r"(a)\1", "this escape is not understood, at character 5"),
        (r"\pL", "this escape is not understood"),
        (r"\01", "this escape is not understood"),
        (r"[\1]", "this escape is not understood"),
        (r"\x{110000}", "this escape is not understood"),
        (r"\xg", "this escape is not understood"),
        (r"\uzzzz", "this escape is not understood"),
        ("\\", "this escape is not understood"),
        ("[\\", "this escape is not understood"),
        ("a" * (PATTERN_MAX + 1), "at most 1000 characters, at character 1000"),
        ("x(a{100}){100}", "more than 3000 steps, at character 8 of 'x(a{100}){100}'"),
        ("(((){1000}){1000}){1000}", "more than 3000 steps"),
        ("(?:(?:(?:){1000}){1000}){1000}", "more than 3000 steps"),
        ("((a{0}){1000}){1000}", "more than 3000 steps"),
        ("(?:|||||||||){1000}", "more than 3000 steps"),
        ("a{100}" * 60, "more than 3000 steps"),
        ("(" * (DEPTH_MAX + 1), "nested deeper than 50, at character 50"),
    ],
)
def test_what_is_not_understood_is_refused(pattern: str, why: str, dialect: Dialect) -> None:
    with pytest.raises(RegexError) as caught:
        Regex(pattern, dialect)
    assert why in str(caught.value)


def test_the_largest_expressions_have_their_place() -> None:
    assert Regex(".{0,1000}").matches("a" * 1000)
    assert Regex("(?:" * (DEPTH_MAX - 1) + "a" + ")+" * (DEPTH_MAX - 1)).matches("aaa")
    assert Regex("()" * (PATTERN_MAX // 2)).matches("")


@given(
    st.text(alphabet="ab|()*+?[]^$.\\{}1,:-imsdwxPB<>é", max_size=30),
    st.text(alphabet="ab1-]é\n", max_size=10),
    st.sampled_from([RE2, JAVASCRIPT]),
    st.booleans(),
)
def test_whatever_is_written_is_read_or_refused(pattern: str, text: str, dialect: Dialect, flag: bool) -> None:
    with suppress(RegexError):
        regex = Regex(pattern, dialect, ignore_case=flag, lines=flag)
        found = list(regex.finditer(text))
        assert all(0 <= match.start() <= match.end() <= len(text) for match in found)
        assert found or not regex.matches(text)
