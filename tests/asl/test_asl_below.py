"""Parallel and Map: branches and iterations, how many at once, what their failures mean."""

from __future__ import annotations

import pytest

from tests.asl.asl_examples import machine, one, run, types
from tocsin import asl
from tocsin.kernel.json import Json

TASK: Json = {"Type": "Task", "Resource": "work"}
GIVEN: Json = {"a": {"b": 1}, "list": [1, 2, 3], "name": "ada"}


def branch(state: dict[str, Json], name: str) -> dict[str, Json]:
    ends = {} if state["Type"] in {"Fail", "Succeed"} else {"End": True}
    return {"StartAt": name, "States": {name: {**state, **ends}}}


def test_branches_give_their_outputs_in_order() -> None:
    branches = [branch({"Type": "Wait", "Seconds": 5}, "A"), branch({"Type": "Pass", "Result": 2}, "B")]
    state = {"Type": "Parallel", "Branches": branches, "Parameters": {"n.$": "$.name"}, "ResultPath": "$.all"}
    assert run(machine(state), GIVEN).output == {**GIVEN, "all": [{"n": "ada"}, 2]}


def test_a_branch_that_fails_ends_the_others() -> None:
    branches = [branch({"Type": "Wait", "Seconds": 500}, "A"), branch({"Type": "Fail", "Error": "E"}, "B")]
    state: dict[str, Json] = {"Type": "Parallel", "Branches": branches}
    result = run(machine(state))
    assert (result.error, result.history[-1]["timestamp"]) == ("E", result.history[0]["timestamp"])
    retried = run(machine({**state, "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 2}]}))
    assert types(retried).count("ParallelStateStarted") == 3


def test_what_is_caught_ends_branches_that_have_not_begun() -> None:
    branches = [branch({"Type": "Fail", "Error": "E"}, "A"), branch({"Type": "Pass"}, "B")]
    catch = [{"ErrorEquals": ["E"], "Next": "S1"}]
    result = run(machine({"Type": "Parallel", "Branches": branches, "Catch": catch, "Next": "S1"}, {"Type": "Pass"}))
    assert (result.status, types(result).count("PassStateEntered")) == ("SUCCEEDED", 1)


def item_map(processor: dict[str, Json], **more: Json) -> dict[str, Json]:
    return {"Type": "Map", "ItemProcessor": processor, **more}


def test_a_map_does_each_item_with_what_is_selected() -> None:
    selector = {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "n.$": "$.name"}
    inner = branch({"Type": "Pass", "Parameters": {"got.$": "$", "index.$": "$$.Map.Item.Index"}}, "In")
    state = item_map(inner, ItemsPath="$.list", ItemSelector=selector, MaxConcurrency=2)
    output = run(machine(state), GIVEN).output
    assert output[2] == {"got": {"v": 3, "i": 2, "n": "ada"}, "index": 2}
    assert len(output) == 3


def test_a_map_runs_so_many_at_once() -> None:
    inner = branch({"Type": "Wait", "Seconds": 10}, "In")
    for at_once, seconds in ((0, 10), (1, 30), (2, 20)):
        result = run(machine(item_map(inner, ItemsPath="$.list", MaxConcurrency=at_once)), GIVEN)
        assert result.history[-1]["timestamp"] - result.history[0]["timestamp"] == 1000 * seconds


@pytest.mark.parametrize(
    ("more", "given", "cause"),
    [
        ({"ItemsPath": "$.name"}, GIVEN, 'Reference path "$.name" must point to array.'),
        ({}, {"a": 1}, 'Reference path "$" must point to array.'),
        (
            {"MaxConcurrencyPath": "$.m", "ItemsPath": "$.l"},
            {"m": True, "l": []},
            "The MaxConcurrencyPath field refers to value",
        ),
        ({"ToleratedFailurePercentagePath": "$.p", "ItemsPath": "$.l"}, {"p": {}, "l": []}, "is not a valid float"),
        ({"ToleratedFailureCountPath": "$.p", "ItemsPath": "$.l"}, {"p": -1, "l": []}, "cannot be negative"),
    ],
)
def test_a_map_of_something_else_fails(more: dict[str, Json], given: Json, cause: str) -> None:
    error, told = one(item_map(branch({"Type": "Pass"}, "In"), **more), given)
    assert error == "States.Runtime"
    assert cause in told


def test_items_are_an_array_in_jsonata() -> None:
    inner = branch({"Type": "Pass"}, "In")
    state = item_map(
        inner, Items=["{% $states.input.n %}", 2], ItemSelector="{% $states.context.Map.Item.Value * 10 %}"
    )
    assert one(state, {"n": 1}, QueryLanguage="JSONata") == [10, 20]
    error, _ = one(item_map(inner), {"n": 1}, QueryLanguage="JSONata")
    assert error == "States.QueryEvaluationError"


def distributed(state: dict[str, Json], **more: Json) -> dict[str, Json]:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    return item_map({**branch(state, "In"), "ProcessorConfig": config}, **more)


CHECK: Json = {"Type": "Task", "Resource": "check"}


def odd(value: Json) -> Json:
    if value % 2:
        raise asl.Failure("Odd", f"{value} is odd")
    return value


def test_a_distributed_map_tolerates_so_many_failures() -> None:
    for more in ({"ToleratedFailureCount": 2}, {"ToleratedFailurePercentage": 70}):
        result = run(machine(distributed(CHECK, **more)), [1, 2, 3], {"check": odd})
        assert result.output == [{"Error": "Odd", "Cause": "1 is odd"}, 2, {"Error": "Odd", "Cause": "3 is odd"}]
        assert "TaskStateEntered" not in types(result)
    broken = run(machine(distributed(CHECK, ToleratedFailureCount=1)), [1, 2, 3], {"check": odd})
    assert broken.error == "States.ExceedToleratedFailureThreshold"
    assert types(broken)[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]


def test_an_iteration_that_fails_fails_an_inline_map() -> None:
    result = run(machine(item_map(branch(CHECK, "In"))), [2, 3], {"check": odd})
    assert (result.error, "MapIterationFailed" in types(result)) == ("Odd", True)
    nested = item_map(branch(item_map(branch({"Type": "Pass"}, "Deep")), "In"))
    assert run(machine(nested), [[1], [2, 3]]).output == [[1], [2, 3]]


def test_a_map_whose_selector_fails_is_tried_no_further() -> None:
    state = item_map(branch({"Type": "Pass"}, "In"), ItemSelector={"x.$": "$.none"}, MaxConcurrency=1)
    assert one(state, [1, 2])[0] == "States.Runtime"


def test_a_branch_that_fails_is_caught_above() -> None:
    branches = [branch({"Type": "Fail", "Error": "E"}, "A")]
    catch = [{"ErrorEquals": ["E"], "Next": "S1"}]
    state = {"Type": "Parallel", "Branches": branches, "Catch": catch, "Next": "S1"}
    assert run(machine(state, {"Type": "Pass"})).output == {"Error": "E", "Cause": ""}


def test_numbers_of_a_map_may_come_as_text_and_have_bounds() -> None:
    inner = branch({"Type": "Pass"}, "In")
    state = item_map(inner, ItemsPath="$.l", MaxConcurrencyPath="$.m", ToleratedFailurePercentagePath="$.p")
    assert one(state, {"l": [1], "m": "2", "p": "5.5"}) == [1]
    assert "is not a valid integer" in one(state, {"l": [1], "m": "two", "p": 5})[1]
    assert "between 0 and 100" in one(state, {"l": [1], "m": 1, "p": 101})[1]
    in_jsonata = item_map(inner, Items=[1, 2], MaxConcurrency="{% 1 %}")
    assert one(in_jsonata, {}, QueryLanguage="JSONata") == [1, 2]


@pytest.mark.parametrize(
    ("expression", "cause"),
    [
        ("null", "but was 'null' for value: null"),
        ("true", "but was 'boolean' for value: true"),
        ("1.5", "but was 'number' for value: 1.5"),
        ("'a'", "but was 'string' for value: \"a\""),
        ("{'a': 1}", "but was 'object' for value: {\"a\":1}"),
        ("$none", "returned nothing (undefined)."),
        ("function($x){$x}", "returned an unsupported result type."),
    ],
)
def test_what_is_no_array_cannot_be_the_items(expression: str, cause: str) -> None:
    error, told = one(
        item_map(branch({"Type": "Pass"}, "In"), Items=f"{{% {expression} %}}"), {}, QueryLanguage="JSONata"
    )
    assert error == "States.QueryEvaluationError"
    assert cause in told
