"""Expressions: what they can say, what they cannot, and that nothing they do costs more than it may."""

from __future__ import annotations

import copy
import sys
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sources.bodies import NOW
from tests.sources.test_sources_hostile import REAL
from tocsin.expressions.expression import EXPRESSION_MAX, Expression, ExpressionError
from tocsin.expressions.metering import DELIVERY_STEPS_MAX, STEPS_MAX, Exhausted, Failed, Meter
from tocsin.kernel.json import Json
from tocsin.sources.mapped import VARIABLES

EVENT: Json = {
    "name": "disk",
    "said": "disk full on db-1",
    "count": 5,
    "jobs": [{"host": "a", "n": 1, "up": True}, {"host": "b", "n": 2, "up": False}],
    "empty": [],
    "nothing": None,
    "deep": {"inner": {"list": [1, [0, 0]]}},
}


def said(text: str, value: Json = EVENT, meter: Meter | None = None, **variables: Json) -> Json:
    known = {"event": value, "found": {"title": "Found"}, "headers": {"x-a": "b"}, **variables}
    return Expression(text, VARIABLES).evaluate(copy.deepcopy(value), known, NOW, meter or Meter())


def failure(text: str, value: Json = EVENT) -> str:
    with pytest.raises(Failed) as caught:
        said(text, value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name", "disk"),
        ("jobs.host", ["a", "b"]),
        ("jobs[n > 1].host", "b"),
        ("$uppercase(name) & '!' & count", "DISK!5"),
        ("$map(jobs, function($job) { $job.n * 2 })", [2, 4]),
        ("$match(said, /(\\w+) on (\\S+)/).groups", ["full", "db-1"]),
        ("$replace(said, /disk (\\w+)/, '<$1> $2')", "<full>  on db-1"),
        ("$replace(said, /\\w+/, '.', 2)", ". . on db-1"),
        ("$replace(said, /on (.*)/, function($m) { $uppercase($m.groups[1]) })", "disk full DB-1"),
        ("$split(said, / /)", ["disk", "full", "on", "db-1"]),
        ("$contains(said, /DB/i)", True),
        ("/db-(.)/('on db-1').start", 3),
        ("$found.title & $headers.`x-a`", "Foundb"),
        ("$event.name", "disk"),
        ("$now()", "2023-11-14T22:13:20.000Z"),
        ("$now('[Y]')", "2023"),
        ("$millis()", NOW),
        ("$substring(?, 0, 3)(said)", "dis"),
        ("said ~> $uppercase() ~> $length()", 17),
        ("($f := function($x) { $x <= 1 ? 1 : $x * $f($x - 1) }; $f(5))", 120),
        ("($twice := function($x) { $x * 2 }; $map([1..3], $twice))", [2, 4, 6]),
        ("jobs@$job.{'host': $job.host}", [{"host": "a"}, {"host": "b"}]),
        ("jobs#$i.{'at': $i}", [{"at": 0}, {"at": 1}]),
        ("jobs{host: n}", {"a": 1, "b": 2}),
        ("empty{host: n}", {}),
        ("jobs^(>n).host", ["b", "a"]),
        ("{'a': nothing, 'b': missing, 'c': [null]}", {"a": None, "c": [None]}),
        ("$join($keys(deep), ', ')", "inner"),
        ("deep.inner.list = [1, [0, 0]]", True),
        ("'a' in ['a', 'b']", True),
        ("$merge([{'a': 1}, {'b': 2}])", {"a": 1, "b": 2}),
        ("$formatInteger(7, 'w')", "seven"),
        ("$distinct([1, 1, 2])", [1, 2]),
        ("$pad('7', -3, '0')", "007"),
        ("$encodeUrlComponent('a b')", "a%20b"),
        ("$replace('a.a', 'a', 'b')", "b.b"),
        ("$toMillis('2023-11-14T22:13:20Z')", NOW),
        ("$replace(missing, 'a', 'b')", None),
        ("$replace(said, 'a', function($m) { 'b' })", "disk full on db-1"),
        ("$distinct(name)", "disk"),
        ("$join(missing)", None),
        ("$pad(missing, 3)", None),
        ("$encodeUrl(missing)", None),
        ("missing", None),
        ("nothing", None),
        ("empty", []),
        ("[jobs[n > 7]]", []),
        ("[1..3]", [1, 2, 3]),
        ("[3..1]", []),
        ("true", True),
    ],
)
def test_an_expression_says_what_jsonata_says(text: str, expected: Json) -> None:
    assert said(text) == expected


def test_a_list_is_one_value() -> None:
    assert said("$[0].a", [{"a": 1}, {"a": 2}]) == 1
    assert said("$count($)", [1, 2, 3]) == 3


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("", "Unexpected end of expression", 0),
        ("a[", "Expected ] before end of expression", 2),
        ("a..b", "Syntax error: .", 3),
        ("'x", "String literal must be terminated by a matching quote", 2),
        ("$upper(name)", "there is no $upper here", 6),
        ("$eval('1')", "there is no $eval here", 5),
        ("$random()", "there is no $random here", 7),
        ("$shuffle([1])", "there is no $shuffle here", 8),
        ("$match(name, /(?=a)/)", "the regular expression cannot be read", 0),
        ("(" * 2000 + "1" + ")" * 1999, "it is nested too deep", 0),
        ("x" * (EXPRESSION_MAX + 1), "an expression has at most 4000 characters", 0),
    ],
)
def test_what_is_no_expression_says_why_and_where(text: str, message: str, position: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        Expression(text, VARIABLES)
    assert caught.value.message.startswith(message)
    assert caught.value.position == position


@given(st.text("ab$.()[]{}'\"/:;,?*+-=<>&|~@#%^0 \\", max_size=15))
def test_any_text_is_an_expression_or_not(text: str) -> None:
    try:
        made = Expression(text, VARIABLES)
    except ExpressionError as wrong:
        assert wrong.message  # noqa: PT017 - whether it is raised is what the text decides.
        return
    try:
        made.evaluate({"a": [1, {"b": "x"}]}, {"event": 1, "found": {}, "headers": {}}, NOW, Meter())
    except Failed as failed:
        assert str(failed)  # noqa: PT017 - the same.


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("'x' + 1", "The left side of the + operator must evaluate to a number"),
        ("1 / 0", "Number out of range: null"),
        ("$error('boo')", "boo"),
        ("name('x')", "Attempted to invoke a non-function"),
        ("$uppercase(count)", "Argument 1 of function uppercase does not match function signature"),
        ("function($x) { $x }", "it gives a function, which is no value"),
        ("$power(10, 400)", "Number out of range: null"),
    ],
)
def test_what_fails_says_why(text: str, message: str) -> None:
    assert failure(text) == message


STOPPED = {
    "without an end": "($f := function() { $f() }; $f())",
    "without an end, deeper": "($f := function($x) { 1 + $f($x) }; $f(1))",
    "without an end, in a condition": "($f := function() { $f() }; true and $f())",
    "a huge range": "[1..10000000]",
    "many ranges": "[1..9999].[1..9999]",
    "a huge text": "$pad('x', 1000000000)",
    "a text that doubles": "$reduce([1..99], function($x, $_) { $x & $x }, 'xxxxxxxx')",
    "a joined text": "$join($map([1..5000], function() { $pad('', 900) }))",
    "a replaced text": "$replace($pad('', 9999, 'a'), 'a', $pad('', 99999, 'b'))",
    "a replaced text, again and again": "$replace($pad('', 90000, 'a'), 'a', 'b')",
    "an object that doubles": "$reduce([1..60], function($x, $_) { {'a': $x, 'b': $x} }, {})",
    "a list that doubles": "$reduce([1..60], function($x, $_) { $map([1, 2], function() { $x }) }, [1])",
    "pairs that double": "$reduce([1..60], function($x, $_) { $zip($x, $x) }, [[1]])",
    "a deep object": "$reduce([1..5000], function($x, $_) { {'a': $x} }, 1)",
    "the truth of lists": "($b := [0, [$map([1..900], function() { 0 })]]; $map([1..9000], function() { $b ? 1 : 0 }))",
    "long lists compared": "($x := [1..9999]; $map([1..9000], function() { $x = $x }))",
    "long lists searched": "($x := [1..9999]; $map([1..9000], function() { 1 in $x }))",
    "all with all": "$distinct([1..9999])",
    "a sort": "$sort([1..9999], function($l, $r) { $l < $r })",
    "matches": "$match($pad('', 90000, 'a'), /a/)",
    "a long match": "$contains($pad('', 90000, 'a'), /(.*)(.*)(.*)x/)",
    "characters": "$split($pad('', 90000, 'a'), '')",
    "the event, again and again": "$map([1..9000], function() { $string($event) })",
    "its parts, again and again": "$map([1..9000], function() { $event.** })",
    "its fields, again and again": "$map([1..9000], function() { $event.* })",
    "Roman digits": "$formatInteger(1000000000, 'I')",
    "a long picture": "$fromMillis(1, $pad('', 9999, '[Y]'))",
    "a long address": "$encodeUrlComponent($pad('', 90000, 'x'))",
}


@pytest.mark.parametrize("name", STOPPED)
def test_what_costs_too_much_is_stopped(name: str) -> None:
    began = time.process_time()
    assert failure(STOPPED[name]).startswith("it was stopped: ")
    # Unbounded, each would take hours or all memory, so a slow machine does not matter.
    assert time.process_time() - began < 10


def test_no_regular_expression_is_catastrophic() -> None:
    assert said("$contains($pad('', 5000, 'a') & 'b', /(a+)+$/)") is False


def test_roman_digits_may_go_too_deep_for_python() -> None:
    assert failure("$formatInteger(999999, 'I')") == "it was stopped: it goes too deep"


def test_a_result_may_be_nested_too_deep() -> None:
    assert failure("$reduce([1..60], function($x, $_) { {'a': $x} }, 1)") == (
        "its result is nested deeper than 50 levels"
    )


def test_what_contains_itself_ends() -> None:
    endless: list[Json] = []
    endless.append(endless)
    meter = Meter()
    meter.begin()
    with pytest.raises(Exhausted):
        meter.walk(endless)


def test_all_expressions_of_a_delivery_share_what_it_may_cost() -> None:
    meter = Meter()
    for _ in range(DELIVERY_STEPS_MAX // STEPS_MAX):
        with pytest.raises(Failed, match="more than 50000 steps"):
            said(STOPPED["without an end"], meter=meter)
    with pytest.raises(Failed, match="all expressions together"):
        said("name", meter=meter)


@given(st.sampled_from(REAL), st.sampled_from(["**", "*", "$string($)", "$keys($)", "$each($, function($v) { $v })"]))
def test_no_expression_changes_the_event(body: Json, text: str) -> None:
    event = copy.deepcopy(body)
    try:
        Expression(text, VARIABLES).evaluate(event, {"event": event, "found": {}, "headers": {}}, NOW, Meter())
    except Failed as failed:
        assert "signature" in str(failed)  # noqa: PT017 - of a list there are no keys.
    assert event == body


def test_the_library_leaves_pythons_limit_as_it_was() -> None:
    assert sys.getrecursionlimit() <= 3000


def test_expressions_are_the_same_on_any_thread_and_among_others() -> None:
    first, found = Expression("$uppercase(name) & $substring(?, 0, 1)(name)"), list[Json]()
    Expression("$lowercase(name)")
    variables: dict[str, Json] = {"event": 1, "found": {}, "headers": {}}
    thread = threading.Thread(target=lambda: found.append(first.evaluate({"name": "a"}, variables, NOW, Meter())))
    thread.start()
    thread.join()
    assert [*found, first.evaluate({"name": "b"}, variables, NOW, Meter())] == ["Aa", "Bb"]


def test_expressions_are_compared_by_what_they_say() -> None:
    assert Expression("a") == Expression("a")
    assert Expression("a") != Expression("b")
    assert len({Expression("a"), Expression("a")}) == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$ ~> |jobs|{'n': n + 1}|", {"jobs": [{"n": 2, "x": None}, {"n": 3}], "name": "a"}),
        ("$ ~> |jobs[n=1]|{}, 'x'|", {"jobs": [{"n": 1}, {"n": 2}], "name": "a"}),
        ("$ ~> |$|{}, ['jobs', 'name']|", {}),
        ("$ ~> |name|{}|", {"jobs": [{"n": 1, "x": None}, {"n": 2}], "name": "a"}),
        ("nothing ~> |jobs|{}|", None),
        ("$ ~> |nothing|{'n': 0}|", {"jobs": [{"n": 1, "x": None}, {"n": 2}], "name": "a"}),
        ("$distinct([1, 1])", [1]),
        ("$distinct([1, true, 1.0, 'a', 'a', {'a': [1]}, {'a': [1]}, null, null])", [1, True, "a", {"a": [1]}, None]),
        ("$distinct(jobs.(1))", 1),
        ("$distinct(1)", 1),
        ("$number('12')", 12),
        ("$number('-1.5e2')", -150),
        ("$number('0x1F') + $number('0b11') + $number('0o7')", 41),
        ("$number(true)", 1),
        ("$number(1.5)", 1.5),
        ("$number(nothing)", None),
    ],
)
def test_what_the_library_does_otherwise_is_as_in_javascript(text: str, found: Json) -> None:
    event: Json = {"jobs": [{"n": 1, "x": None}, {"n": 2}], "name": "a"}
    assert said(text, event) == found
    assert event == {"jobs": [{"n": 1, "x": None}, {"n": 2}], "name": "a"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$number('nan')", "Unable to cast value to a number"),
        ("$number('1_000')", "Unable to cast value to a number"),
        ("$number('1e999')", "Unable to cast value to a number"),
        ("$number('1' & $pad('', 5000, '0'))", "Unable to cast value to a number"),
        ("$number(null)", "Argument 1 of function"),
        ("$ ~> |$|1|", "The insert/update clause"),
        ("$ ~> |$|{}, 1|", "The delete clause"),
        ("$ ~> |$|{'me': $}|", "it was stopped"),
        ("([1..9999] ~> |$|{}|; [1..9999] ~> |$|{}|; [1..9999] ~> |$|{}|)", "it was stopped"),
    ],
)
def test_what_the_library_does_otherwise_fails_as_in_javascript(text: str, message: str) -> None:
    with pytest.raises(Failed, match=message):
        said(text, {"a": 1})


@pytest.mark.parametrize(
    ("text", "operator"), [("a ?? b", "??"), ("a ?: b", "?:"), ("a.(b ?? c)", "??"), ("a ? b : c", "")]
)
def test_an_operator_that_is_newer_than_aws_is_known(text: str, operator: str) -> None:
    assert Expression(text).newer == operator


def test_what_is_nested_too_deep_is_not_changed() -> None:
    event: Json = 1
    for _ in range(60):
        event = {"a": event}
    with pytest.raises(Failed, match="nested deeper than 50"):
        said("$ ~> |$|{'b': 1}|", event)
