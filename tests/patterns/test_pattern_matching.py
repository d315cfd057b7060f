"""What each operator asks for, and how fields, arrays and alternatives go together."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from tocsin.patterns import Pattern, compile  # noqa: A004 - The verb.

MISSING = object()


def asks(value: object, *conditions: object) -> bool:
    event = {} if value is MISSING else {"detail": {"state": value}}
    return compile({"detail": {"state": list(conditions)}}).matches(event)


@pytest.mark.parametrize(
    ("condition", "yes", "no"),
    [
        (
            "running",
            ["running", ["stopped", "running"], ("running",)],
            ["Running", "", None, MISSING, {"a": "running"}],
        ),
        ("", [""], [None, " ", [], MISSING]),
        (None, [None, [None]], ["null", 0, False, "", [], MISSING]),
        (True, [True], ["true", 1, 1.0, False]),
        (False, [False], ["false", 0, None]),
        (1, [1, 1.0, [2, 1]], ["1", True, 1.5]),
        (0.1, [0.1], [0.1000001, "0.1"]),
        (123456789012, [123456789012, 123456789012.0], [123456789013]),
        (2**53 + 1, [2**53 + 1], [2**53, 2.0**53]),
        (2**90 + 1, [2**90 + 1], [2**90]),
        ({"exactly": "10.0.0.1"}, ["10.0.0.1"], ["010.0.0.1"]),
        ({"prefix": "run"}, ["run", "running"], ["Running", "ru", 1, None, MISSING]),
        ({"prefix": ""}, ["", "x"], [1, None, True]),
        ({"suffix": "ing"}, ["ing", "running"], ["inG", "in", 1]),
        ({"prefix": {"equals-ignore-case": "RuN"}}, ["run", "RUNNING"], ["ru", "rn", None]),
        ({"suffix": {"equals-ignore-case": "iNg"}}, ["ing", "RUNNING"], ["in", "ingo", 1]),
        ({"equals-ignore-case": "ruN"}, ["run", "RUN"], ["runs", "ru", 1]),
        ({"equals-ignore-case": "straße"}, ["straße", "STRASSE", "strASSe"], ["strasse", "STRASsE"]),
        ({"suffix": {"equals-ignore-case": "ße"}}, ["straße", "STRASSE"], ["strasse"]),
        ({"wildcard": "run*"}, ["run", "running"], ["ru", 1]),
        ({"wildcard": "*"}, ["", "x"], [1, None]),
        ({"wildcard": "a*b*c"}, ["abc", "aXbYc", "abbcc"], ["ab", "acb", "abXcd", "Xabc"]),
        ({"wildcard": "ab*ba"}, ["abba", "abXba"], ["aba", "ab"]),
        ({"wildcard": "*ab*ba*"}, ["abba", "-ab-ba-"], ["aba"]),
        ({"wildcard": r"a\*b\\c*"}, ["a*b\\c", "a*b\\cd"], ["aXb\\c", "a*bc"]),
        ({"wildcard": "plain"}, ["plain"], ["plainer", 1]),
        ({"anything-but": "running"}, ["stopped", 1, None, True, ["running", "stopped"]], ["running", MISSING, []]),
        ({"anything-but": ["a", "b"]}, ["c", 1, None], ["a", "b", ["a", "b"]]),
        ({"anything-but": 100}, [101, "100", None, 2**60 + 1], [100, 100.0]),
        ({"anything-but": [100, 200]}, [300], [100, 200]),
        ({"anything-but": {"prefix": "in"}}, ["out", 12, None], ["in", "inside", MISSING]),
        ({"anything-but": {"prefix": ["in", "on"]}}, ["out"], ["inside", "only"]),
        ({"anything-but": {"suffix": "ed"}}, ["run", 12], ["stopped"]),
        ({"anything-but": {"suffix": ["ed", "ng"]}}, ["run"], ["stopped", "running"]),
        ({"anything-but": {"equals-ignore-case": "NO"}}, ["yes", 1], ["no", "nO"]),
        ({"anything-but": {"equals-ignore-case": ["no", "never"]}}, ["yes"], ["No", "NEVER"]),
        ({"anything-but": {"wildcard": "*/lib/*"}}, ["/bin/x", 1], ["/usr/lib/x"]),
        ({"anything-but": {"wildcard": ["*a*", "b"]}}, ["c"], ["bat", "b"]),
        ({"numeric": ["=", 5]}, [5, 5.0], ["5", 5.1, None]),
        ({"numeric": ["<", 5]}, [4.9, -1e9], [5, 6, "4"]),
        ({"numeric": ["<=", 5]}, [5, 4], [5.000001]),
        ({"numeric": [">", 5]}, [5.1, 1e300], [5, 4, 10**400, 2**90 + 1]),
        ({"numeric": [">=", 5]}, [5], [4.999999]),
        ({"numeric": [">", 0, "<=", 5]}, [0.1, 5], [0, 5.1, True]),
        ({"numeric": [">=", 0, "<", 5]}, [0, 4.9], [-1, 5]),
        ({"exists": True}, ["", 0, None, False, ["x"], [None]], [MISSING, {}, [], {"x": 1}, [{"x": 1}]]),
        ({"exists": False}, [MISSING, {}, [], {"x": 1}], ["", None, ["x"]]),
        (
            {"cidr": "10.0.0.0/24"},
            ["10.0.0.0", "10.0.0.255", "010.0.0.9"],
            ["10.0.1.0", "10.0.0.256", "x", 10, "::a00:1"],
        ),
        ({"cidr": "10.0.0.77/24"}, ["10.0.0.1"], ["10.0.1.77"]),
        ({"cidr": "0.0.0.0/0"}, ["255.255.255.255"], ["::1"]),
        ({"cidr": "2001:db8::/32"}, ["2001:db8::1", "2001:0DB8:ffff::"], ["2001:db9::", "10.0.0.1", "2001:db8", ":::"]),
        ({"cidr": "10.0.0.0/8"}, ["::ffff:0a01:0203"], ["9" * 70 + ".0.0.1"]),
        ("2001:db8::1", ["2001:0db8:0:0:0:0:0:1"], ["2001:db8::2"]),
        ("08:23", ["08:23"], ["8:23"]),
    ],
)
def test_condition_takes_these_values_and_no_others(condition: object, yes: list[object], no: list[object]) -> None:
    assert [value for value in yes if not asks(value, condition)] == []
    assert [value for value in no if asks(value, condition)] == []


def test_one_of_several_conditions_is_enough() -> None:
    assert asks("ok", "bad", {"prefix": "o"})
    assert asks(MISSING, "bad", {"exists": False})
    assert asks("bad", "bad", {"exists": False})
    assert not asks("ok", "bad", {"exists": False})


def test_a_leaf_that_json_does_not_have_is_only_there() -> None:
    assert asks(object(), {"exists": True})
    assert asks(float("nan"), {"anything-but": 1})
    assert not asks(float("inf"), {"numeric": [">", 1]})


def test_all_fields_must_hold() -> None:
    pattern = compile({"source": ["aws.ec2"], "detail": {"state": ["running"], "n": [{"numeric": [">", 1]}]}})
    assert pattern.matches({"source": "aws.ec2", "detail": {"state": "running", "n": 2, "more": 1}, "id": "x"})
    assert not pattern.matches({"source": "aws.ec2", "detail": {"state": "running", "n": 1}})
    assert not pattern.matches({"detail": {"state": "running", "n": 2}})


@pytest.mark.parametrize(
    "event",
    [{"a": {"b": {"c": 1}}}, {"a.b": {"c": 1}}, {"a": {"b.c": 1}}, {"a.b.c": 1}, {"a.b": [{"c": [[1]]}], "x.y": 2}],
)
@pytest.mark.parametrize("pattern", [{"a": {"b": {"c": [1]}}}, {"a.b": {"c": [1]}}, {"a.b.c": [1]}])
def test_a_dot_in_a_name_is_a_step(pattern: dict[str, object], event: dict[str, object]) -> None:
    assert compile(pattern).matches(event)
    assert not compile({"a": {"b.c.d": [1]}}).matches(event)


def test_an_empty_name_is_a_name() -> None:
    assert compile({"": {"a": ["x"]}}).matches({"": {"a": "x"}})
    assert compile({"": ["x"]}).matches({"": "x"})


def test_later_field_of_the_same_path_counts() -> None:
    pattern = compile('{"a": {"b": ["x"]}, "a": {"b": ["y"], "c": ["z"]}}')
    assert pattern.matches({"a": {"b": "y", "c": "z"}})
    assert not pattern.matches({"a": {"b": "x", "c": "z"}})


def test_a_path_can_be_a_leaf_and_a_branch() -> None:
    pattern = compile('{"a": [1], "a": {"b": [2]}}')
    assert pattern.matches({"a": [1, {"b": 2}]})
    assert not pattern.matches({"a": [1]})


EMPLOYEES = {
    "employees": [
        [{"first": "John", "last": "Doe", "ids": [1, 2]}, {"first": "Anna", "last": "Smith"}],
        [{"first": "Peter", "last": "Jones", "ids": []}],
    ]
}


@pytest.mark.parametrize(
    ("asked", "matches"),
    [
        ({"first": ["Anna"]}, True),
        ({"first": ["Anna"], "last": ["Smith"]}, True),
        ({"first": ["Anna"], "last": ["Jones"]}, False),
        ({"first": ["Anna"], "ids": [{"exists": False}]}, True),
        ({"first": ["John"], "ids": [{"exists": False}]}, False),
        ({"first": ["John"], "ids": [2]}, True),
        ({"first": ["Peter"], "ids": [{"exists": False}, 7]}, True),
        ({"ids": [{"exists": False}]}, False),
        # The absent field is matched before there is an employee that it could be absent from.
        ({"born": ["x", {"exists": False}], "first": ["Anna"]}, True),
        ({"a": [{"exists": False}], "first": [{"anything-but": "Anna"}], "last": [{"suffix": "h"}]}, False),
    ],
)
def test_fields_of_one_element_go_together(asked: dict[str, object], matches: bool) -> None:
    assert compile({"employees": asked}).matches(EMPLOYEES) is matches


def test_absence_before_any_element_is_chosen_means_absence_from_all() -> None:
    event = {"jobs": [{"error": "x", "name": "a"}, {"name": "b"}]}
    assert not compile({"jobs": {"error": [{"exists": False}], "name": ["b"]}}).matches(event)
    assert compile({"jobs": {"name": ["b"], "zerror": [{"exists": False}]}}).matches(event)


def test_elements_of_different_arrays_go_together() -> None:
    event = {"a": [{"x": 1}, {"x": 2}], "b": [{"y": 1}, {"y": 2}], "c": 3, "tags": ["u", "v"]}
    assert compile({"a": {"x": [1]}, "b": {"y": [2]}, "c": [3], "tags": ["v"]}).matches(event)
    assert not compile({"a": {"x": [1]}, "b": {"y": [3]}}).matches(event)
    assert not compile({"a": {"x": [1]}, "c": [4]}).matches(event)


def test_values_in_one_array_need_not_be_the_same_element() -> None:
    assert compile({"a": [{"prefix": "x"}, {"prefix": "y"}], "b": [1]}).matches({"a": ["q", "yy"], "b": [0, 1]})


def test_a_value_beside_an_array_counts_for_all_its_elements() -> None:
    event = {"a": [{"b": 1, "c": [{"d": 1}, {"d": 2}]}, {"b": 2, "c": [{"d": 3}]}]}
    assert compile({"a": {"b": [1], "c": {"d": [2]}}}).matches(event)
    assert not compile({"a": {"b": [2], "c": {"d": [2]}}}).matches(event)


def test_a_scalar_and_an_array_in_one_array() -> None:
    pattern = compile({"a": [{"anything-but": "x"}, {"exists": False}], "b": ["y"]})
    assert pattern.matches({"a": ["x", ["z"]], "b": "y"})
    assert not pattern.matches({"a": ["x", ["x"]], "b": "y"})


def test_an_element_with_a_value_at_hand_does_not_lack_it() -> None:
    pattern = compile({"list": {"a": [1], "b": [2, {"exists": False}]}})
    assert not pattern.matches({"list": [{"a": 1, "b": 3}, {"a": 2}]})
    assert pattern.matches({"list": [{"a": 1, "b": 3}, {"a": 1}]})
    assert not compile({"list": {"a": [1], "b": [2]}}).matches({"list": [{"a": 1}]})


SOURCE_AND_METRIC = {
    "source": ["aws.cloudwatch"],
    "$or": [{"metric": ["CPU"]}, {"type": ["T"], "$or": [{"id": [1]}, {"space": [2]}]}, {"scope": {"of": ["S"]}}],
    "extra": [{"exists": False}],
}


@pytest.mark.parametrize(
    ("event", "matches"),
    [
        ({"metric": "CPU"}, True),
        ({"type": "T", "space": 2}, True),
        ({"scope": {"of": "S"}}, True),
        ({"type": "T"}, False),
        ({"metric": "CPU", "extra": 1}, False),
        ({}, False),
    ],
)
def test_or_needs_one_of_its_branches(event: dict[str, object], matches: bool) -> None:
    pattern = compile(SOURCE_AND_METRIC)
    assert pattern.matches({"source": "aws.cloudwatch", **event}) is matches
    assert not pattern.matches({"source": "aws.ec2", **event})


def test_or_at_several_places_multiplies() -> None:
    pattern = compile({"a": {"$or": [{"x": [1]}, {"y": [1]}]}, "b": {"$or": [{"x": [1]}, {"y": [1]}]}})
    assert pattern.matches({"a": {"x": 1}, "b": {"y": 1}})
    assert not pattern.matches({"a": {"x": 1, "y": 1}})


def test_a_branch_may_ask_for_another_value_of_a_field_outside() -> None:
    pattern = compile('{"a": [1], "$or": [{"a": [2]}, {"b": [3]}]}')
    assert pattern.matches({"a": 2})
    assert pattern.matches({"a": 1, "b": 3})
    assert not pattern.matches({"a": 1})


@pytest.mark.parametrize("event", ['{"a": 1.50}', b'{"a": 1.5e0}', {"a": 1.5}, MappingProxyType({"a": 1.5})])
def test_an_event_is_a_text_or_a_mapping(event: Mapping[str, object] | str | bytes) -> None:
    assert compile('{"a": [1.5]}').matches(event)


def test_digits_that_a_double_would_lose_count() -> None:
    pattern = compile('{"a": [0.1234567890123456789]}')
    assert pattern.matches('{"a": 0.1234567890123456789}')
    assert not pattern.matches('{"a": 0.1234567890123456780}')
    assert not compile('{"a": [0e99999999999999999999]}').matches('{"a": 0}')


def compiled(source: str) -> Pattern:
    return compile(source)


def test_equal_patterns_are_equal_whatever_they_look_like() -> None:
    spaced, compact = compiled('{ "a" : [ 1.0, "x", "x" ] }'), compiled('{"a":["x",1]}')
    assert spaced == compact
    assert hash(spaced) == hash(compact)
    assert spaced != compiled('{"a":["x",2]}')
    assert compile({"a": ["x", 1]}).source == '{"a": ["x", 1]}'
    assert compile(b'{"a":["x",1]}') == compact
    assert compile(MappingProxyType({"a": ("x", 1)})) == compact
