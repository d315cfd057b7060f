"""What EventBridge would not accept is refused, with the place and the value."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tocsin.errors import TocsinError
from tocsin.patterns import EventError, PatternError, compile  # noqa: A004 - The verb.
from tocsin.patterns.grammar import COMBINATIONS_MAX, NESTING_MAX, RESERVED


def refused(pattern: object) -> PatternError:
    text = pattern if isinstance(pattern, str) else json.dumps(pattern)
    with pytest.raises(PatternError) as caught:
        compile(text)
    return caught.value


@pytest.mark.parametrize(
    ("pattern", "code", "path"),
    [
        ([], "not-an-object", ""),
        ("1", "not-an-object", ""),
        ({}, "empty-object", ""),
        ({"a": {}}, "empty-object", "a"),
        ({"a": {"b": "x"}}, "not-an-array", "a.b"),
        ({"a": None}, "not-an-array", "a"),
        ({"a": []}, "empty-array", "a"),
        ({"a": [[1]]}, "nested-array", "a[0]"),
        ({"a": [1, {}]}, "not-one-operator", "a[1]"),
        ({"a": [{"prefix": "x", "suffix": "y"}]}, "not-one-operator", "a[0]"),
        ({"a": [{"PREFIX": "x"}]}, "unknown-operator", "a[0]"),
        ({"a": [{"exactly": 1}]}, "not-a-string", "a[0].exactly"),
        ({"a": [{"prefix": 1}]}, "not-a-string", "a[0].prefix"),
        ({"a": [{"prefix": {"equals-ignore-case": 1}}]}, "not-a-string", "a[0].prefix.equals-ignore-case"),
        ({"a": [{"prefix": {"suffix": "x"}}]}, "unknown-operator", "a[0].prefix"),
        ({"a": [{"prefix": {}}]}, "not-one-operator", "a[0].prefix"),
        ({"a": [{"suffix": ["x"]}]}, "not-a-string", "a[0].suffix"),
        ({"a": [{"equals-ignore-case": None}]}, "not-a-string", "a[0].equals-ignore-case"),
        ({"a": [{"exists": "true"}]}, "exists-not-boolean", "a[0].exists"),
        ({"a": [{"cidr": 1}]}, "not-a-string", "a[0].cidr"),
        ({"a": [{"cidr": "10.0.0/8"}]}, "not-an-address", "a[0].cidr"),
        ({"a": [{"cidr": "10.0.0.0"}]}, "not-a-network", "a[0].cidr"),
        ({"a": [{"cidr": "10.0.0.0/"}]}, "not-a-network", "a[0].cidr"),
        ({"a": [{"cidr": "10.0.0.0/8/8"}]}, "not-a-network", "a[0].cidr"),
        ({"a": [{"cidr": "10.0.0.0/-1"}]}, "not-a-network", "a[0].cidr"),
        ({"a": [{"cidr": "10.0.0.0/32"}]}, "mask-too-long", "a[0].cidr"),
        ({"a": [{"cidr": "::1/128"}]}, "mask-too-long", "a[0].cidr"),
        ({"a": [{"wildcard": 1}]}, "not-a-string", "a[0].wildcard"),
        ({"a": [{"wildcard": "a**b"}]}, "consecutive-stars", "a[0].wildcard"),
        ({"a": [{"wildcard": r"a\b"}]}, "bad-escape", "a[0].wildcard"),
        ({"a": [{"wildcard": "a\\"}]}, "bad-escape", "a[0].wildcard"),
        ({"a": [{"wildcard": "*:*:*:*:*:event-bus/*"}]}, "too-complex", "a[0].wildcard"),
        ({"a": [{"wildcard": "*a" * 10}]}, "too-complex", "a[0].wildcard"),
        ({"a": [{"wildcard": "*" + "a" * 5000}]}, "too-complex", "a[0].wildcard"),
        ({"a": [{"anything-but": None}]}, "not-a-number", "a[0].anything-but"),
        ({"a": [{"anything-but": []}]}, "empty-array", "a[0].anything-but"),
        ({"a": [{"anything-but": [True]}]}, "not-a-number", "a[0].anything-but[0]"),
        ({"a": [{"anything-but": ["x", 1]}]}, "mixed-types", "a[0].anything-but"),
        ({"a": [{"anything-but": {"numeric": ["=", 1]}}]}, "unknown-operator", "a[0].anything-but"),
        ({"a": [{"anything-but": {"prefix": ""}}]}, "empty-string", "a[0].anything-but.prefix"),
        ({"a": [{"anything-but": {"suffix": ["x", ""]}}]}, "empty-string", "a[0].anything-but.suffix[1]"),
        ({"a": [{"anything-but": {"suffix": []}}]}, "empty-array", "a[0].anything-but.suffix"),
        (
            {"a": [{"anything-but": {"prefix": {"equals-ignore-case": "x"}}}]},
            "not-a-string",
            "a[0].anything-but.prefix",
        ),
        (
            {"a": [{"anything-but": {"equals-ignore-case": [1]}}]},
            "not-a-string",
            "a[0].anything-but.equals-ignore-case[0]",
        ),
        ({"a": [{"anything-but": {"wildcard": "**"}}]}, "consecutive-stars", "a[0].anything-but.wildcard"),
        ('{"a": [{"anything-but": 1e400}]}', "number-out-of-range", "a[0].anything-but"),
        ({"a": [{"numeric": 1}]}, "not-a-comparison", "a[0].numeric"),
        ({"a": [{"numeric": []}]}, "not-a-comparison", "a[0].numeric"),
        ({"a": [{"numeric": ["="]}]}, "not-a-comparison", "a[0].numeric"),
        ({"a": [{"numeric": ["!=", 1]}]}, "not-a-comparison", "a[0].numeric"),
        ({"a": [{"numeric": [1, "<"]}]}, "not-a-comparison", "a[0].numeric"),
        ({"a": [{"numeric": ["=", 1, "=", 2]}]}, "not-a-comparison", "a[0].numeric"),
        ({"a": [{"numeric": ["<", 5, ">", 1]}]}, "not-a-comparison", "a[0].numeric"),
        ({"a": [{"numeric": [">", 1, "<", 5, 7]}]}, "not-a-comparison", "a[0].numeric"),
        ({"a": [{"numeric": ["=", "1"]}]}, "not-a-number", "a[0].numeric[1]"),
        ({"a": [{"numeric": [">", 1, "<", True]}]}, "not-a-number", "a[0].numeric[3]"),
        ({"a": [{"numeric": [">", 5, "<", 5]}]}, "empty-range", "a[0].numeric"),
        ({"a": [{"numeric": [">=", 5, "<=", 1]}]}, "empty-range", "a[0].numeric"),
        ({"a": [{"numeric": [">", 2**60 + 1]}]}, "number-out-of-range", "a[0].numeric[1]"),
        ({"$or": {"a": [1]}}, "or-not-an-array", "$or"),
        ({"a": {"$or": [{"b": [1]}]}}, "or-too-short", "a.$or"),
        ({"$or": []}, "or-too-short", "$or"),
        ({"$or": [{"b": [1]}, 2]}, "or-not-a-pattern", "$or[1]"),
        ({"$or": [{"b": [1]}, {}]}, "empty-object", "$or[1]"),
        ({"a": {"$or": [{"b": [1]}, {"c": {"d": [{"prefix": 1}]}}]}}, "not-a-string", "a.$or[1].c.d[0].prefix"),
        ({"$or": [{"b": [1]}, {"prefix": [1]}]}, "reserved-name", "$or[1].prefix"),
        ({"$or": [{"b": [1]}, {"c": {"<": [1]}}]}, "reserved-name", "$or[1].c.<"),
    ],
)
def test_refusal_names_the_place(pattern: object, code: str, path: str) -> None:
    error = refused(pattern)
    assert (error.code, error.path) == (f"pattern-{code}", path)
    assert isinstance(error, TocsinError)


def test_reserved_names_are_fields_outside_or() -> None:
    for name in RESERVED:
        assert compile({name: ["x"], "a": {name: ["y"]}}).matches({name: "x", "a": {name: "y"}})


@pytest.mark.parametrize(
    "wildcard", ["/Users/*/dir/dir/dir/dir/dir/doc.txt", "arn:aws:*:*:*:*", "*a*b*c*d*", "*" + "ab" * 8]
)
def test_moderate_wildcards_are_accepted(wildcard: str) -> None:
    assert compile({"a": [{"wildcard": wildcard}]}).matches({"a": wildcard})


def test_message_has_place_and_value() -> None:
    error = refused({"detail": {"state": {"value": [{"prefix": {"suffix": "x"}}]}}})
    assert error.message == 'detail.state.value[0].prefix: must be a string or equals-ignore-case, not "suffix"'
    assert refused({"a": {"b": 42}}).message == "a.b: must be an object or an array of values, not 42"
    assert refused({"a": [{"x": 1.5, "y": [None]}]}).value == {"x": 1.5, "y": [None]}
    assert refused('{"a": [{"numeric": ["=", 2e999]}]}').value == "2e999"


def test_long_and_deep_values_are_cut() -> None:
    assert refused({"a": "x" * 1000}).message.endswith(f', not "{"x" * 79}...')
    assert refused('{"a": [' + "[" * 5000 + "]" * 5000 + "]}").value == [[[[[[[["..."]]]]]]]]
    assert refused({"a": [{"x": {"y": 1.5}, "z": [None]}]}).value == {"x": {"y": 1.5}, "z": [None]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", 'the pattern: expected a value in line 1, column 1, not ""'),
        ('{"a": [1 2]}', "the pattern: expected a comma or ']' in line 1, column 10, not \"2]}\""),
        ('{"a":\n [01]}', "the pattern: expected a comma or ']' in line 2, column 4, not \"1]}\""),
        ('{"a": [NaN]}', 'the pattern: expected a value in line 1, column 8, not "NaN]}"'),
        ('{"a" [1]}', 'the pattern: expected a colon in line 1, column 6, not "[1]}"'),
        ("{a: [1]}", 'the pattern: expected a name in quotes in line 1, column 2, not "a: [1]}"'),
        ('{"a": [1],}', 'the pattern: expected a name in quotes in line 1, column 11, not "}"'),
        ('{"a": ["x]}', 'the pattern: expected the rest of a string in line 1, column 8, not "\\"x]}"'),
        ('{"a": [1]} x', 'the pattern: expected nothing more in line 1, column 12, not "x"'),
        ('{"a": [1]', "the pattern: expected a comma or '}' in line 1, column 10, not \"\""),
    ],
)
def test_broken_text_is_refused_with_line_and_column(text: str, message: str) -> None:
    error = refused(text)
    assert (error.code, error.message) == ("pattern-not-json", message)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ({"a": [float("nan")]}, ""),
        ({"a": [float("inf")]}, ""),
        ({"a": [10**5000]}, ""),
        ({"a": {1: ["x"]}}, "a"),
        ({"a": ["x", b"y"]}, "a[1]"),
        ({"a": ({"prefix": object()},)}, "a[0].prefix"),
        (b'{"a": ["\xff"]}', ""),
    ],
)
def test_what_json_cannot_hold_is_refused(pattern: dict[str, object] | bytes, path: str) -> None:
    with pytest.raises(PatternError) as caught:
        compile(pattern)
    assert (caught.value.code, caught.value.path) == ("pattern-not-json", path)


def nested(depth: int, inner: object) -> object:
    for _ in range(depth):
        inner = {"a": inner}
    return inner


def test_nesting_is_limited() -> None:
    event = nested(NESTING_MAX, {"a": 1})
    assert isinstance(event, dict)
    assert compile(json.dumps(nested(NESTING_MAX, {"a": [1]}))).matches(event)
    assert refused(nested(NESTING_MAX + 1, {"a": [1]})).code == "pattern-too-deep"
    assert refused('{"a":' * 20_000 + "[1]" + "}" * 20_000).code == "pattern-too-deep"
    assert refused('{"$or":[{"b":[1]},' * 5000 + '{"c":[1]}' + "]}" * 5000).code == "pattern-too-deep"
    deep = nested(10_000, [1])
    assert isinstance(deep, dict)
    with pytest.raises(PatternError, match="nested deeper"):
        compile(deep)


def test_combinations_are_limited() -> None:
    ten = {"$or": [{f"f{number}": [1]} for number in range(10)]}
    assert len(compile({"a": ten, "b": ten, "c": ten}).rules) == COMBINATIONS_MAX
    error = refused({"a": ten, "b": ten, "c": ten, "d": ten})
    assert (error.code, error.path) == ("pattern-too-many-combinations", "d.$or")


@pytest.mark.parametrize("event", [5, None, ["x"]])
def test_what_is_no_event_is_refused(event: Any) -> None:  # noqa: ANN401 - anything at all.
    with pytest.raises(EventError, match="must be a JSON object"):
        compile({"a": ["x"]}).matches(event)
