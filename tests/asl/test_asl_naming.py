"""Which variables each state refers to."""

from __future__ import annotations

import pytest

from tests.asl.asl_examples import machine
from tocsin import asl
from tocsin.kernel.json import Json

INNER: Json = {"StartAt": "In", "States": {"In": {"Type": "Pass", "Parameters": {"x.$": "$deep.a"}, "End": True}}}


@pytest.mark.parametrize(
    ("state", "names"),
    [
        (
            {"Type": "Pass", "Parameters": {"a": "$no", "b.$": "$yes.x[0]", "c": [{"d.$": "$also"}, "$no"]}},
            ("also", "yes"),
        ),
        ({"Type": "Pass", "Parameters": {"a.$": "States.Format('$no {}', $yes, $$.State.Name, $.a)"}}, ("yes",)),
        (
            {"Type": "Choice", "Choices": [{"Not": {"Variable": "$v", "StringEqualsPath": "$w"}, "Next": "S1"}]},
            ("v", "w"),
        ),
        ({"Type": "Wait", "SecondsPath": "$s"}, ("s",)),
        ({"Type": "Pass", "Result": {"x.$": "$.a"}, "Assign": {"y.$": "$.b"}}, ()),
    ],
)
def test_paths_refer_to_variables(state: dict[str, Json], names: tuple[str, ...]) -> None:
    found = asl.references(asl.parse(machine(state, {"Type": "Succeed"})))
    assert found == ({"S0": names} if names else {})


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("$a + $b.c", ("a", "b")),
        ("$map($a, function($x) {$x + $states.input.n})", ("a",)),
        ("($mine := $uuid(); $mine & $sum([1]))", ()),
        ("$states.input#$i.{'i': $i}", ()),
    ],
)
def test_expressions_refer_to_variables_that_they_do_not_bind_themselves(
    expression: str, names: tuple[str, ...]
) -> None:
    state = {"Type": "Pass", "Output": {"x": [f"{{% {expression} %}}", "$text", 1]}}
    found = asl.references(asl.parse(machine(state, QueryLanguage="JSONata")))
    assert found == ({"S0": names} if names else {})


def test_states_within_states_tell_their_own() -> None:
    both = {"Type": "Parallel", "Branches": [INNER], "Parameters": {"y.$": "$outer"}}
    each = {"Type": "Map", "ItemProcessor": {"StartAt": "Q", "States": {"Q": {
        "Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $q %}", "End": True}}}}  # fmt: skip
    assert asl.references(asl.parse(machine(both, each))) == {"S0": ("outer",), "In": ("deep",), "Q": ("q",)}
