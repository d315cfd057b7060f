"""Events that are made to hurt: any JSON object has an answer, and soon."""

from __future__ import annotations

import pytest

from tocsin.patterns import EventError, Matcher, compile  # noqa: A004 - The verb.
from tocsin.patterns.fields import ARRAYS_NESTED_MAX

DEEP = 5_000


@pytest.mark.parametrize(
    "text",
    [
        '{"x":' * DEEP + "1" + "}" * DEEP,
        '{"a":' * DEEP + "1" + "}" * DEEP,
        '{"a":' + "[" * DEEP + "]" * DEEP + "}",
        '{"a":' + '[{"b":1},' * 5000 + "1" + "]" * 5000 + "}",
        '{"a":' + "[" * 5000 + '"x"' + "]" * 5000 + "}",
        '{"a":' + "9" * 100_000 + "}",
        '{"a":1e99999999999999999999}',
        '{"a":"\\ud800"}',
        '{"a":[' + ",".join(f'{{"b":{number}}}' for number in range(20_000)) + "]}",
        '{"' + "a." * DEEP + '":1}',
        '{"a":"' + "ab" * DEEP + '"}',
        "{}",
        ' {"a" : [ ] , "b" : { } , "c" : [ {"d" : [ 1 , true , null ] } ] } ' + " " * 10,
        '{"a":1,"a":2}',
    ],
    ids=lambda text: text[:20],
)
def test_a_hostile_event_has_an_answer(text: str) -> None:
    patterns = {
        "same": compile({"a": {"b": ["never"]}}),
        "wild": compile({"a": [{"wildcard": "*ab*abb*abab*"}]}),
        "two": compile({"a": {"b": [{"numeric": [">", 1e300]}], "c": [{"exists": False}]}, "c": ["x"]}),
    }
    for pattern in patterns.values():
        assert not pattern.matches(text)
        assert pattern.explain(text.encode()) is not None
    assert Matcher(patterns).match(text) == ()


def test_the_slow_reader_sees_what_the_quick_one_sees() -> None:
    slow = '{"deep": %s, "a": [{"b": "\\u00e9", "c": 1.0}, true, false, null, -0.5e1, {}], "d": 12}'
    text = slow % ("[" * 5000 + "]" * 5000)
    assert compile({"a": {"b": ["é"], "c": [1]}, "d": [12]}).matches(text)
    assert compile({"a": [-5]}).matches(text)
    assert compile({"a": [None]}).matches(text)
    assert not compile({"a": ["x"]}).matches(text)


def test_an_integer_of_any_length_is_a_number() -> None:
    assert compile({"a": [{"exists": True}]}).matches({"a": 10**5000})
    assert not compile({"a": [{"numeric": [">", 0]}]}).matches({"a": 10**5000})


def test_a_lone_surrogate_is_a_character() -> None:
    assert compile('{"a": ["\\ud800"]}').matches('{"a": "\\ud800"}')
    assert compile('{"\\ud800": ["x"]}').matches({"\ud800": "x"})
    assert compile({"a": ["x"]}).matches('{"a": "x", "b": "\ud800"}')


def test_arrays_are_looked_into_up_to_a_depth() -> None:
    pattern = compile({"a": ["x"]})

    def nested(depth: int) -> dict[str, object]:
        value: object = "x"
        for _ in range(depth):
            value = [value]
        return {"a": value}

    assert pattern.matches(nested(ARRAYS_NESTED_MAX + 1))
    assert not pattern.matches(nested(ARRAYS_NESTED_MAX + 2))


def test_names_that_are_no_strings_are_passed_by() -> None:
    event = {1: "x", None: {"b": 1}, "a": {("t",): 1, "b": "y"}}
    assert compile({"a": {"b": ["y"]}}).matches(event)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ("", "the event: expected a value in line 1, column 1"),
        ("[1]", "the event: it must be a JSON object"),
        ('{"a": 1,}', "the event: expected a name in quotes in line 1, column 9"),
        (b'{"a": "\xff"}', "the event: it must be UTF-8, and byte 7 is not"),
    ],
)
def test_what_is_no_json_object_is_an_error(event: str | bytes, message: str) -> None:
    with pytest.raises(EventError) as caught:
        compile({"a": [1]}).matches(event)
    assert (caught.value.code, caught.value.message) == ("event-invalid", message)
