"""JSON that may be hostile: what is read, what it becomes, and what is refused with which sentence."""

from __future__ import annotations

import json as standard

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.kernel.json import DEPTH_MAX, Json, JsonError, decode, decode_unambiguous, encode

BROKEN = "\ufffd"


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": [1, 2.5, "x", true, null]}', {"a": [1, 2.5, "x", True, None]}),
        ('{"a": "\u00fc"}', {"a": "\u00fc"}),
        (b" 7 ", 7),
        (b'""', ""),
        (b'"a\\u0000b"', "a\0b"),
        (b'"a\x00b"', "a\0b"),
        (b'"two\nlines"', "two\nlines"),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"\\ud83d"', BROKEN),
        (b'"\\ude00\\ud83d"', BROKEN * 2),
        (b'{"\\ud83d": ["\\ud83d", 1]}', {BROKEN: [BROKEN, 1]}),
        ('"\ud83d"', BROKEN),
        (b'"\xff"', BROKEN),
        (b'"\xed\xa0\xbd"', BROKEN * 3),
        (b"\xef\xbb\xbf{}", {}),
        (b'\xef\xbb\xbf"\xff"', BROKEN),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b"9" * 300, int("9" * 300)),
        (b"-9223372036854775809", -9223372036854775809),
        (b"1e3", 1000.0),
        (b'["\\ud83d", 1.5, 12345678901234567890123]', [BROKEN, 1.5, 12345678901234567890123]),
    ],
)
def test_what_can_be_read_is_read(raw: bytes | str, value: Json) -> None:
    assert decode(raw) == value


@pytest.mark.parametrize(
    "raw",
    [
        *(b"", b" ", b"{", b"[1,]", b"{'a': 1}", b"{a: 1}", b"01", b"+1", b".5", b"nul", b"{} {}", b'"a', b"\x00"),
        *(b"NaN", b"Infinity", b"-Infinity", b'["\xff", NaN]', b"1e999", b"-1e999", b'["\\ud83d", 1e999]'),
        *(b"9" * 5000, "\ufeff{}", '{"a": 1}'.encode("utf-16"), '{"a": 1}'.encode("utf-32"), b"<xml/>", b'"\\x41"'),
    ],
)
@pytest.mark.parametrize("read", [decode, decode_unambiguous])
def test_what_is_no_json_is_refused(raw: bytes | str, read: object) -> None:
    assert callable(read)
    with pytest.raises(JsonError) as raised:
        read(raw)
    assert str(raised.value)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "Input data was truncated"),
        (b"{'a': 1}", "JSON is malformed: object keys must be strings (byte 1)"),
        (b"1e999", "Number out of range"),
        (b"[" * 10_000, f"nested deeper than {DEPTH_MAX} levels"),
    ],
)
def test_a_refusal_says_why_and_where(raw: bytes, sentence: str) -> None:
    with pytest.raises(JsonError) as raised:
        decode(raw)
    assert str(raised.value) == sentence


@pytest.mark.parametrize("inside", ["", "1", '"\\ud83d"'])
@pytest.mark.parametrize(("before", "behind"), [("[", "]"), ('{"a":', "}")])
def test_depth_has_a_limit(inside: str, before: str, behind: str) -> None:
    middle = inside or "[]" if before == "[" else inside or "{}"
    levels = DEPTH_MAX if inside else DEPTH_MAX - 1
    read = decode(before * levels + middle + behind * levels)
    assert isinstance(read, list | dict)
    for more in (1, 10_000, 100_000):
        with pytest.raises(JsonError, match="nested deeper than 100 levels"):
            decode(before * (levels + more) + middle + behind * (levels + more))


def test_equal_names_are_refused_where_a_text_must_have_one_meaning() -> None:
    with pytest.raises(JsonError, match="the name 'a' stands twice in one object"):
        decode_unambiguous(b'{"b": [{"a": 1, "c": 0, "a": 2}]}')
    assert decode_unambiguous(b'{"a": {"a": 1}, "b": {"a": 1}}') == {"a": {"a": 1}, "b": {"a": 1}}


def test_names_that_are_equal_once_they_are_read_are_refused_too() -> None:
    for raw in (b'{"\\u0061": 1, "a": 2}', b'{"\\ud83d": 1, "\\ud83e": 2}', b'{"\xfe": 1, "\xff": 2}'):
        with pytest.raises(JsonError, match="stands twice in one object"):
            decode_unambiguous(raw)


def test_one_meaning_is_read_as_ever() -> None:
    for raw in (b"\xef\xbb\xbf{}", b'{"a": "\xff"}', '{"a": "\ud83d"}', b'{"a": "\x00"}'):
        assert decode_unambiguous(raw) == decode(raw)


def test_values_are_written_compactly_and_in_order() -> None:
    class Point(msgspec.Struct):
        y: int
        x: int

    assert encode({"b": [1, 2.5, None, True], "a": "\u00fc\0"}) == b'{"b":[1,2.5,null,true],"a":"\xc3\xbc\\u0000"}'
    assert encode(Point(1, 2)) == b'{"y":1,"x":2}'


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(values)
def test_a_value_survives_being_written_and_read(value: Json) -> None:
    assert decode(encode(value)) == value
    assert decode_unambiguous(encode(value)) == value


@given(values)
def test_other_writers_are_understood(value: Json) -> None:
    assert decode(standard.dumps(value)) == value
    assert decode(standard.dumps(value, ensure_ascii=False, indent=1).encode("utf-8-sig")) == value


@given(st.binary() | st.text(st.characters(codec=None, categories=None)) | st.text('[]{}":,\\ud83\x000123e9'))
def test_any_bytes_are_read_or_refused_and_what_is_read_can_be_written(raw: bytes | str) -> None:
    for read in (decode, decode_unambiguous):
        try:
            value = read(raw)
        except JsonError:
            continue
        assert decode(encode(value)) == value
