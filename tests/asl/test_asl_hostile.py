"""Definitions and inputs that are huge, deep, endless: refused, or bounded in time and memory."""

from __future__ import annotations

import json as std_json
from typing import Any

import pytest

from tests.asl.asl_examples import machine, one, run
from tocsin import asl
from tocsin.asl import scope, sizes
from tocsin.asl import step as stepping
from tocsin.asl.execution import Execution, Names, Passed, Status, TaskSucceeded
from tocsin.asl.looking import PathNotFoundError, Visits
from tocsin.asl.paths import Path
from tocsin.asl.program import Definition
from tocsin.kernel.json import Json

NOW = 1_700_000_000_000
BIG = "x" * 200_000
WIDE: Json = [[number] for number in range(20_000)]
TOO_LARGE = "States.DataLimitExceeded"


def deep(levels: int) -> Json:
    value: Json = 1
    for _ in range(levels):
        value = [value]
    return value


def played(definition: Definition, execution: Execution, steps: int) -> tuple[Execution, int]:
    """A run that only time carries on; and how many steps it took."""
    taken = 0
    while execution.status is Status.RUNNING and execution.wake_at is not None and taken < steps:
        now = execution.wake_at
        execution = stepping.step(definition, execution, Passed(), now).execution
        assert execution.wake_at is None or execution.wake_at > now
        taken += 1
    return execution, taken


# ── Sizes ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("value", [None, True, 1.5, "a", [], {}, {"a": [1, {"b": "c"}]}, ["x" * 1000] * 100])
def test_a_size_is_that_of_the_text(value: Json) -> None:
    assert sizes.size(value) == len(std_json.dumps(value, separators=(",", ":")))
    assert sizes.shown(value, 20) == std_json.dumps(value, separators=(",", ":"))[:20]


def test_what_names_one_value_often_is_measured_fast() -> None:
    shared: Json = {"k" * 1000: BIG}
    for value in ([shared] * 10**6, {f"{number}": shared for number in range(1000)}, deep(101), deep(100_000)):
        assert sizes.size(value) > sizes.PAYLOAD_BYTES_MAX
        assert sizes.shown(value, 10) == "(more than 262144 bytes)"
    assert sizes.size(deep(100)) == 201


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Pass", "Parameters": {f"x{number}.$": "$" for number in range(5000)}},
        {"Type": "Pass", "Parameters": {"x.$": "States.Array($, $)"}},
        {"Type": "Task", "Resource": "work", "Parameters": {"a.$": "$", "b.$": "$"}},
        {"Type": "Parallel", "Parameters": {"a.$": "$", "b.$": "$"},
         "Branches": [{"StartAt": "In", "States": {"In": {"Type": "Succeed"}}}]},
        {"Type": "Pass", "Assign": {"a.$": "$", "b.$": "$"}},
    ],
)  # fmt: skip
def test_what_grows_too_large_fails_its_state(state: dict[str, Json]) -> None:
    assert one(state, {"big": BIG})[0] == TOO_LARGE


@pytest.mark.parametrize(
    "call",
    [
        "States.Format('{}{}', $.big, $.big)",
        "States.JsonToString(States.Array($, $))",
        "States.ArrayUnique(States.Array($, $))",
        "States.ArrayContains(States.Array($, $), 1)",
        "States.Hash(States.Array($, $), 'MD5')",
        "States.MathAdd(States.Array($, $), 1)",
    ],
)
def test_an_intrinsic_function_takes_so_much_only(call: str) -> None:
    error, cause = one({"Type": "Pass", "Parameters": {"x.$": call}}, {"big": BIG})
    assert error == "States.IntrinsicFailure"
    assert "262144" in cause or "something that large" in cause


def test_what_nests_deeper_at_each_turn_ends() -> None:
    state: Json = {"Type": "Pass", "Parameters": {"a.$": "$"}, "Next": "S1"}
    again: Json = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.stop", "IsPresent": True, "Next": "S2"}],
        "Default": "S0",
    }
    result = run(machine(state, again, {"Type": "Succeed"}), {})
    assert (result.status, result.error) == ("FAILED", TOO_LARGE)


def test_an_input_that_is_too_large_or_deep_begins_no_run() -> None:
    for value in (BIG + BIG, deep(1000)):
        with pytest.raises(asl.InputError):
            asl.run(asl.parse(machine({"Type": "Pass"})), value)
    task = {"Type": "Task", "Resource": "work"}
    assert run(machine(task), {}, {"work": lambda _: deep(1000)}).error == TOO_LARGE


def test_a_definition_that_is_too_deep_is_refused() -> None:
    state: dict[str, Any] = {"Type": "Pass", "Result": deep(100_000), "End": True}
    assert "nested too deep" in str(asl.validate({"StartAt": "A", "States": {"A": state}})[0])
    assert asl.validate('{"a":' * 5000 + "1" + "}" * 5000)[0].code == "INVALID_JSON_DESCRIPTION"


# ── Variables ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_all_variables_of_a_run_are_bounded() -> None:
    states = [{"Type": "Pass", "Assign": {f"v{number}.$": "$.big"}} for number in range(60)]
    result = run(machine(*states), {"big": BIG})
    assert result.error == TOO_LARGE
    assert "more than 10485760 bytes" in str(result.cause)
    again = [{"Type": "Pass", "Assign": {"v.$": "$.big"}} for _ in range(60)]
    assert run(machine(*again), {"big": BIG}).status == "SUCCEEDED"


def test_variables_of_branches_count_while_these_run() -> None:
    inner = {
        "StartAt": "In",
        "States": {"In": {"Type": "Pass", "Assign": {"v.$": "$$.Execution.Input.big"}, "End": True}},
    }
    state = {"Type": "Map", "ItemsPath": "$.l", "ItemProcessor": inner, "MaxConcurrency": 1, "ResultPath": None}
    given = {"big": "x" * 120_000, "l": [1] * 100}
    assert run(machine(state), given).status == "SUCCEEDED"


@pytest.mark.parametrize("name", ["states", "1a", "a-b", "a" * 81, ""])
def test_a_variable_has_a_name(name: str) -> None:
    assert asl.validate(machine({"Type": "Pass", "Assign": {name: 1}}))


def test_results_that_are_too_much_together_fail_the_map() -> None:
    inner = {"StartAt": "In", "States": {"In": {"Type": "Task", "Resource": "work", "End": True}}}
    state = {"Type": "Map", "ItemProcessor": inner, "Catch": [{"ErrorEquals": [TOO_LARGE], "Next": "S1"}], "Next": "S1"}
    result = run(machine(state, {"Type": "Pass"}), [0] * 200, {"work": lambda _: BIG})
    assert result.output["Error"] == TOO_LARGE
    assert "more than 16777216 bytes" in result.output["Cause"]


# ── Time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_step_that_costs_much_is_broken_off_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope, "COST_MAX", 2000)
    state = {"Type": "Pass", "Output": "{% $count([1..1000]) %}"}
    definition = asl.parse(machine(*[state] * 8, QueryLanguage="JSONata"))
    made = stepping.begin(definition, {}, names=Names(), seed="s", now=NOW)
    assert (made.execution.status, made.execution.wake_at) == (Status.RUNNING, NOW + 1)
    execution, steps = played(definition, made.execution, 100)
    assert (execution.status, execution.output) == (Status.SUCCEEDED, 1000)
    assert 1 <= steps <= 8


def test_a_map_whose_items_cost_much_is_broken_off_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scope, "COST_MAX", 2000)
    inner = {"StartAt": "In", "States": {"In": {"Type": "Pass", "End": True}}}
    state = {"Type": "Map", "Items": [1, 2, 3, 4, 5, 6], "ItemProcessor": inner,
             "ItemSelector": "{% $count([1..$states.context.Map.Item.Value * 500]) %}"}  # fmt: skip
    definition = asl.parse(machine(state, QueryLanguage="JSONata"))
    made = stepping.begin(definition, {}, names=Names(), seed="s", now=NOW)
    assert made.execution.wake_at == NOW + 1
    execution, _ = played(definition, made.execution, 100)
    assert execution.output == [500, 1000, 1500, 2000, 2500, 3000]


def test_so_many_moves_are_made_in_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepping, "MOVES_MAX", 10)
    inner = {"StartAt": "In", "States": {"In": {"Type": "Task", "Resource": "work", "End": True}}}
    definition = asl.parse(machine({"Type": "Map", "ItemProcessor": inner}))
    made = stepping.begin(definition, list(range(30)), names=Names(), seed="s", now=NOW)
    assert 0 < len(made.tasks) < 30
    tasks, execution = list(made.tasks), made.execution
    while execution.wake_at is not None:
        made = stepping.step(definition, execution, Passed(), execution.wake_at)
        tasks, execution = [*tasks, *made.tasks], made.execution
    for task in tasks:
        execution = stepping.step(definition, execution, TaskSucceeded(task=task.task, output=1), NOW + 100).execution
    assert (len(tasks), execution.output) == (30, [1] * 30)


def test_many_costly_expressions_in_one_state_fail_it() -> None:
    costly = "{% $count([1..9000].($ * 2)) %}"
    error, cause = one({"Type": "Pass", "Output": [costly] * 200}, {}, QueryLanguage="JSONata")
    assert error == "States.QueryEvaluationError"
    assert "it was stopped" in cause


@pytest.mark.parametrize("expression", [
    "($f := function($n) {$f($n + 1)}; $f(1))", "$pad('x', 1000000000)", "[1..100000000]",
    "$match($states.input, /(a+)+b/)", "$reduce([1..9999], function($a, $b) {$a & $a})",
])  # fmt: skip
def test_an_expression_without_an_end_ends(expression: str) -> None:
    found = one({"Type": "Pass", "Output": f"{{% {expression} %}}"}, "a" * 5000, QueryLanguage="JSONata")
    assert found == [] or found[0] == "States.QueryEvaluationError"


@pytest.mark.parametrize("path", ["$..*..*..*", "$..[?(@.a)]..[?(@.b)]..*", "$..[0:9]..[0:9]..*", f"$[{'*'}]..*..*"])
def test_a_path_that_looks_everywhere_ends(path: str) -> None:
    value: Json = [[WIDE] * 50] * 50
    with pytest.raises(PathNotFoundError, match="more than"):
        Path(path).find(value)


def test_paths_of_one_state_share_what_they_may_look_at() -> None:
    visits = Visits()
    for _ in range(40):
        Path("$[*]").find(WIDE, visits)
    assert visits.spent == 40 * 20_001
    paths = {f"x{number}.$": "$..a" for number in range(3000)}
    error, _ = one({"Type": "Pass", "Parameters": paths}, {"l": [[0] for _ in range(2000)]})
    assert error == "States.Runtime"


def test_batches_that_take_too_long_to_choose_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.asl.batches.SELECTING_MAX", 2000)
    inner = {"StartAt": "In", "States": {"In": {"Type": "Pass", "End": True}},
             "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}}  # fmt: skip
    state = {"Type": "Map", "Items": [1] * 50, "ItemProcessor": inner, "ItemBatcher": {"MaxItemsPerBatch": 5},
             "ItemSelector": "{% $count([1..1000]) %}"}  # fmt: skip
    error, cause = one(state, {}, QueryLanguage="JSONata")
    assert error == "States.Runtime"
    assert "takes too long" in cause


def test_a_backoff_never_overflows() -> None:
    retry = [{"ErrorEquals": ["E"], "BackoffRate": 1_000_000, "MaxAttempts": 99_999_999}]
    state = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Retry": retry, "End": True}
    mock = {"errorOutput": {"error": "E"}}
    found = asl.test_state(state, mock=mock, configuration={"retrierRetryCount": 5000}, level="DEBUG")
    assert found.inspection_data is not None
    assert found.inspection_data["errorDetails"]["retryBackoffIntervalSeconds"] == 31_622_400


def test_maps_within_maps_are_so_many_at_once_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.asl.below.FRAMES_MANY", 50)
    inner: Json = {"StartAt": "Leaf", "States": {"Leaf": {"Type": "Task", "Resource": "work", "End": True}}}
    for level in range(3):
        state = {"Type": "Map", "ItemsPath": "$.l", "ItemSelector": {"l.$": "$.l"}, "ItemProcessor": inner, "End": True}
        inner = {"StartAt": f"M{level}", "States": {f"M{level}": state}}
    definition = asl.parse(inner)
    made = stepping.begin(definition, {"l": [1] * 8}, names=Names(), seed="s", now=NOW)
    assert 50 < len(made.execution.frames) < 250
    result = asl.run(definition, {"l": [1] * 8}, functions={"work": lambda _: 1})
    assert result.output == [[[1] * 8] * 8] * 8


def test_large_values_are_a_few_at_once_in_a_step() -> None:
    states = [{"Type": "Pass"}] * 1000
    definition = asl.parse(machine(*states))
    made = stepping.begin(definition, {"big": BIG}, names=Names(), seed="s", now=NOW)
    assert made.execution.wake_at == NOW + 1
    assert len(made.events) < 1000
    execution, _ = played(definition, made.execution, 100)
    assert execution.status is Status.SUCCEEDED


def test_a_map_of_very_many_is_ended_by_its_history(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepping, "EVENTS_MAX", 1000)
    inner = {"StartAt": "In", "States": {"In": {"Type": "Pass", "End": True}}}
    result = run(machine({"Type": "Map", "ItemProcessor": inner}), [0] * 5000)
    assert (result.status, result.error) == ("FAILED", "States.Runtime")
    assert 1000 <= len(result.history) < 1100
    task = {"Type": "Parallel", "Branches": [{"StartAt": "T", "States": {"T": {
        "Type": "Task", "Resource": "work", "Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 99_999, "BackoffRate": 1}],
        "End": True}}}]}  # fmt: skip

    def refuse(_: Json) -> Json:
        raise asl.Failure("E")

    endless = run(machine(task), {}, {"work": refuse})
    assert (endless.error, len(endless.history)) == ("States.Runtime", 1001)


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Task", "Resource": "work"},
        {"Type": "Wait", "Seconds": 5},
        {
            "Type": "Parallel",
            "Branches": [{"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 5, "End": True}}}],
        },
    ],
)
def test_what_is_ready_by_mistake_stays_as_it_is(state: dict[str, Json]) -> None:
    definition = asl.parse(machine(state))
    made = stepping.begin(definition, {}, names=Names(), seed="s", now=NOW)
    stepper = stepping.Stepper(definition, made.execution, NOW)
    stepper.ready.extend([1, 1, 99])
    stepper.go_on()
    assert stepper.step().events == ()
    assert stepper.execution.wake_at == made.execution.wake_at


def test_integers_that_no_double_holds_fail_the_state() -> None:
    for text in ("States.MathAdd($, 1)", "States.MathRandom(0, $)", "States.ArrayRange(0, $, 1)"):
        result = run(machine({"Type": "Pass", "Parameters": {"x.$": text}}), 10**4000)
        assert (result.status, result.error) == ("FAILED", "States.IntrinsicFailure")


def test_a_number_beyond_all_doubles_fails_the_state_that_computes_with_it() -> None:
    inner: Json = {"StartAt": "In", "States": {"In": {"Type": "Pass", "End": True}}}
    spread: Json = {"Type": "Map", "ItemsPath": "$.i", "ItemProcessor": inner, "ToleratedFailurePercentagePath": "$.c"}
    result = run(machine(spread), {"i": [1], "c": 10**400})
    assert (result.status, result.error) == ("FAILED", "States.Runtime")
    assert str(result.cause).endswith("A number is too large to compute with")


def test_of_countless_mistakes_the_first_hundred_are_told() -> None:
    states = {f"x{number}": {"Type": "Pass", "OutputPath": "$[", "End": True} for number in range(300)}
    branches = [{"StartAt": name, "States": {name: state}} for name, state in states.items()]
    assert len(asl.validate(machine({"Type": "Parallel", "Branches": branches}))) == 100
