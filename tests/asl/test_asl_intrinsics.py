"""Intrinsic functions of JSONPath, and those that JSONata gets."""

from __future__ import annotations

import re

import pytest

from tests.asl.asl_examples import machine, one, run
from tocsin import asl
from tocsin.asl.intrinsics import uuid_of
from tocsin.kernel.json import Json

GIVEN: Json = {"name": "ada", "n": 3, "f": 2.5, "list": [1, 2, 2, 3], "o": {"a": 1}, "p": {"a": 2, "b": 3}, "t": True}


def value(text: str, given: Json = None) -> Json:
    return one({"Type": "Pass", "Parameters": {"v.$": text}}, GIVEN if given is None else given)


def called(text: str) -> Json:
    found = value(text)
    assert isinstance(found, dict), found
    return found["v"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("States.Format('Hello, {}!', $.name)", "Hello, ada!"),
        ("States.Format('\\{\\} {} \\'q\\' \\\\', $.n)", "{} 3 'q' \\"),
        ("States.Format('{} {} {} {}', $.o, $.list, null, true)", "{a=1} [1, 2, 2, 3] null true"),
        ("States.Format('{}', $['o']['a'])", "1"),
        ("States.Format('{}', $.list[?(@ == 3)])", "[3]"),
        ("States.Format( 'x' )", "x"),
        ("States.Format('{}', 1e2)", "100.0"),
        ("States.StringToJson('\\{\\}')", {}),
        ("States.StringToJson('  ')", None),
        ("States.JsonToString($.o)", '{"a":1}'),
        ("States.Array()", []),
        ("States.Array(1, 'a', $.name, States.Array(false))", [1, "a", "ada", [False]]),
        ("States.ArrayPartition($.list, 3)", [[1, 2, 2], [3]]),
        ("States.ArrayPartition($.list, 1.5)", [[1, 2], [2, 3]]),
        ("States.ArrayContains($.list, 3)", True),
        ("States.ArrayContains($.list, true)", False),
        ("States.ArrayRange(1, 9, 4)", [1, 5, 9]),
        ("States.ArrayRange(3, 1, -1)", [3, 2, 1]),
        ("States.ArrayGetItem($.list, 3)", 3),
        ("States.ArrayLength($.list)", 4),
        ("States.ArrayUnique($.list)", [1, 2, 3]),
        ("States.Base64Encode('data')", "ZGF0YQ=="),
        ("States.Base64Decode('ZGF0YQ==')", "data"),
        ("States.Hash('a', 'MD5')", "0cc175b9c0f1b6a831c399e269772661"),
        ("States.Hash($.o, 'SHA-1')", "9f89c740ceb46d7418c924a78ac57941d5e96520"),
        ("States.JsonMerge($.o, $.p, false)", {"a": 2, "b": 3}),
        ("States.MathAdd($.n, -1)", 2),
        ("States.MathAdd($.f, 0)", 3),
        ("States.StringSplit('a,b;c', ',;')", ["a", "b", "c"]),
        ("States.StringSplit('abc', '')", ["abc"]),
        ("States.MathRandom(5, 6)", 5),
    ],
)
def test_a_function_gives(text: str, expected: Json) -> None:
    assert called(text) == expected


def test_chance_stays_within_its_bounds_and_follows_from_the_seed() -> None:
    state = {"Type": "Pass", "Parameters": {"v.$": "States.MathRandom(1, 1000)", "u.$": "States.UUID()"}}
    definition = asl.parse(machine(state, state, state))
    first, again, other = (asl.run(definition, {}, seed=seed).output for seed in ("a", "a", "b"))
    assert first == again != other
    assert 1 <= first["v"] < 1000
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", first["u"])
    assert called("States.MathRandom(1, 1000, 7)") == called("States.MathRandom(1, 1000, 7)")
    assert uuid_of(0) == "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("States.Format('{}')", "does not match the occurrences of {}"),
        ("States.Format('x', 1)", "does not match the occurrences of {}"),
        ("States.Format($.n)", "takes a string, not 3"),
        ("States.StringToJson('no')", "could not parse 'no'"),
        ("States.ArrayPartition($.list, 0)", "must be a positive integer"),
        ("States.ArrayPartition($.name, 1)", 'takes an array, not "ada"'),
        ("States.ArrayRange(1, 9, 0)", "cannot be 0"),
        ("States.ArrayRange(1, 9999, 1)", "more than 1000 numbers"),
        ("States.ArrayGetItem($.list, 4)", "outside of the array"),
        ("States.Base64Decode('%')", "takes Base64"),
        ("States.Hash('a', 'SHA-3')", "not 'SHA-3'"),
        ("States.JsonMerge($.o, $.n, false)", "takes two objects"),
        ("States.JsonMerge($.o, $.p, true)", "shallow mode"),
        ("States.MathRandom(2, 2)", "must be less than its end"),
        ("States.MathAdd(true, 1)", "takes an integer, not true"),
    ],
)
def test_a_function_that_cannot_fails_with_why(text: str, cause: str) -> None:
    error, told = value(text)
    assert error == "States.IntrinsicFailure"
    assert cause in told


def test_what_is_encoded_and_hashed_is_short() -> None:
    for text in ("States.Base64Encode($.x)", "States.Hash($.x, 'MD5')"):
        assert "at most 10000 characters" in value(text, {"x": "a" * 10_001})[1]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "Format('a')",
            "States.Nothing()",
            "States.Format('a'",
            "States.Format('a') b",
            "States.Format()",
            "States.UUID(1)",
        ),
        *("States.Format('a' 'b')", "States.Format(,)", "States.Format($.a[)", "States.Format('say \\\"a\\\"')"),
        *("States.MathRandom(1)", "States.Array(" * 11 + ")" * 11),
    ],
)
def test_what_is_no_call_is_refused(text: str) -> None:
    problems = asl.validate(machine({"Type": "Pass", "Parameters": {"v.$": text}}))
    assert "must be a valid JSONPath or a valid intrinsic function call" in problems[0].message


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$partition([1, 2, 3], 2)", [[1, 2], [3]]),
        ("$range(1, 5, 2)", [1, 3, 5]),
        ("$range(1, 1, 1)", 1),
        ("$hash('a', 'MD5')", "0cc175b9c0f1b6a831c399e269772661"),
        ("$parse('{\"a\": [null]}')", {"a": [None]}),
        ("$parse('null')", None),
        ("$random(7) = $random(7)", True),
        ("$random() < 1 and $random() >= 0", True),
        ("$length($uuid())", 36),
        ("$random() = $random()", False),
    ],
)
def test_jsonata_gets_functions_of_step_functions(expression: str, expected: Json) -> None:
    state = {"Type": "Pass", "Output": f"{{% {expression} %}}"}
    assert one(state, {}, QueryLanguage="JSONata") == expected


def test_what_a_function_refuses_is_an_evaluation_error() -> None:
    result = run(machine({"Type": "Pass", "Output": "{% $partition(1, 2) %}"}, QueryLanguage="JSONata"))
    assert result.error == "States.QueryEvaluationError"
    assert "threw an error during evaluation" in str(result.cause)


def evaluated(expression: str) -> Json:
    result = run(machine({"Type": "Pass", "Output": f"{{% {expression} %}}"}, QueryLanguage="JSONata"))
    return result.output if result.status == "SUCCEEDED" else result.cause


def test_what_chance_decides_in_jsonata_is_the_same_for_a_seed() -> None:
    assert evaluated("$random(7) = $random(7)") is True
    assert evaluated("$random() = $random()") is False
    assert evaluated("$random() >= 0 and $random() < 1") is True
    shuffled = evaluated("$shuffle([1..20])")
    assert isinstance(shuffled, list)
    assert sorted(shuffled) == list(range(1, 21))
    assert shuffled != list(range(1, 21))
    assert evaluated("$shuffle(5)") == [5]


@pytest.mark.parametrize(
    ("expression", "cause"),
    [
        ("$partition([1])", "The function $partition takes 2 arguments, not 1"),
        ("$uuid(1)", "The function $uuid takes 0 arguments, not 1"),
        ("$parse()", "The function $parse takes 1 argument, not 0"),
        ("$random(1, 2)", "The function $random takes 1 argument, not 2"),
    ],
)
def test_a_function_of_step_functions_refuses_other_arguments(expression: str, cause: str) -> None:
    assert cause in str(evaluated(expression))
