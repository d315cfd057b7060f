"""What each type of state does with its input, in both languages; how it fails, is tried again, is caught."""

from __future__ import annotations

import pytest

from tests.asl.asl_examples import INVOKE, LAMBDA, machine, one, run, types
from tocsin import asl
from tocsin.asl.execution import Names
from tocsin.kernel.json import Json

DATA = "QueryLanguage"
GIVEN: Json = {"a": {"b": 1}, "list": [1, 2, 3], "name": "ada"}
LARGE = "x" * 262_145


def fails(_: Json) -> Json:
    raise asl.Failure("Busy", "too much to do")


# ── Data ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("state", "output"),
    [
        ({"Type": "Pass"}, GIVEN),
        ({"Type": "Pass", "InputPath": "$.a"}, {"b": 1}),
        ({"Type": "Pass", "InputPath": None}, {}),
        ({"Type": "Pass", "OutputPath": "$.a.b"}, 1),
        ({"Type": "Pass", "OutputPath": None}, {}),
        ({"Type": "Pass", "Result": 5}, 5),
        ({"Type": "Pass", "Result": 5, "ResultPath": "$.a.c"}, {**GIVEN, "a": {"b": 1, "c": 5}}),
        ({"Type": "Pass", "Result": 5, "ResultPath": "$.new.deep"}, {**GIVEN, "new": {"deep": 5}}),
        ({"Type": "Pass", "Result": 5, "ResultPath": "$.list[1]"}, {**GIVEN, "list": [1, 5, 3]}),
        ({"Type": "Pass", "Result": {"x": 1}, "ResultPath": "$.list[0].y"}, ("States.ResultPathMatchFailure", None)),
        ({"Type": "Pass", "Result": 5, "ResultPath": "$.list[9]"}, ("States.ResultPathMatchFailure", None)),
        ({"Type": "Pass", "Result": 5, "ResultPath": "$.a[0]"}, ("States.ResultPathMatchFailure", None)),
        ({"Type": "Pass", "Result": 5, "ResultPath": None}, GIVEN),
        (
            {"Type": "Pass", "Parameters": {"n.$": "$.name", "l": [{"x.$": "$.list[0]"}, 1]}},
            {"n": "ada", "l": [{"x": 1}, 1]},
        ),
        ({"Type": "Pass", "Parameters": {"all": [1, {"a": [2]}]}}, {"all": [1, {"a": [2]}]}),
        ({"Type": "Succeed", "InputPath": "$.a", "OutputPath": "$.b"}, 1),
        ({"Type": "Wait", "Seconds": 5, "InputPath": "$.a"}, {"b": 1}),
    ],
)
def test_a_path_state_takes_and_gives(state: dict[str, Json], output: Json) -> None:
    found = one(state, GIVEN)
    if isinstance(output, tuple):
        assert found[0] == output[0]
    else:
        assert found == output


@pytest.mark.parametrize(
    ("state", "output"),
    [
        ({"Type": "Pass"}, GIVEN),
        ({"Type": "Pass", "Result": 5}, 5),
        ({"Type": "Pass", "Output": "{% $states.input.a.b + 1 %}"}, 2),
        (
            {"Type": "Pass", "Output": {"x": ["{% $states.input.name %}", " {% no %} ", 1]}},
            {"x": ["ada", " {% no %} ", 1]},
        ),
        ({"Type": "Pass", "Result": 5, "Output": "{% $states.result * 2 %}"}, 10),
        ({"Type": "Succeed", "Output": "{% $count($states.input.list) %}"}, 3),
        ({"Type": "Wait", "Seconds": "{% 2 + 3 %}", "Output": "{% $states.context.State.Name %}"}, "S0"),
    ],
)
def test_a_jsonata_state_takes_and_gives(state: dict[str, Json], output: Json) -> None:
    assert one(state, GIVEN, QueryLanguage="JSONata") == output


def test_variables_are_assigned_all_at_once_and_seen_by_what_follows() -> None:
    result = run(
        machine(
            {"Type": "Pass", "Assign": {"x": 1, "y.$": "$.name"}},
            {"Type": "Pass", "Assign": {"x.$": "$y", "y.$": "$x"}},
            {"Type": "Pass", "Parameters": {"x.$": "$x", "y.$": "$y", "s.$": "States.Format('{}', $y)"}},
        ),
        GIVEN,
    )
    assert result.output == {"x": "ada", "y": 1, "s": "1"}
    exited = next(event for event in result.history if event["type"] == "PassStateExited")
    assert exited["stateExitedEventDetails"]["assignedVariables"] == {"x": "1", "y": '"ada"'}


def test_a_variable_that_was_not_assigned_cannot_be_found() -> None:
    error, cause = one({"Type": "Pass", "Parameters": {"x.$": "$missing.a"}}, GIVEN)
    assert error == "States.Runtime"
    assert "The JSONPath '$missing.a' specified for the field 'x.$' could not be found" in cause


def test_a_null_variable_is_null_in_jsonata() -> None:
    states = {"Type": "Pass", "Assign": {"x": None}}, {"Type": "Pass", "Output": "{% $x = null %}"}
    assert run(machine(*states, QueryLanguage="JSONata")).output is True


def test_the_context_object_says_where_one_is() -> None:
    context = one({"Type": "Pass", "Parameters": {"c.$": "$$"}}, GIVEN)["c"]
    assert context["Execution"]["Input"] == GIVEN
    assert context["State"] == {"Name": "S0", "EnteredTime": "2025-01-01T00:00:00.000Z"}
    assert context["StateMachine"]["Name"] == "workflow"
    express = asl.run(asl.parse(machine({"Type": "Pass", "OutputPath": "$$.Execution"})), {}, names=Names(express=True))
    assert "RedriveCount" not in express.output


# ── Choice ───────────────────────────────────────────────────────────────────────────────────────────────────────────
CHECKED: Json = {
    "n": 5, "m": 5.0, "s": "abc", "t": "2025-01-02T00:00:00Z", "u": "2025-01-02T02:00:00+02:00", "b": True, "z": None,
    "k": 7, "star": "a*c", "list": [],
}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ({"Variable": "$.n", "NumericEquals": 5}, True),
        ({"Variable": "$.n", "NumericEqualsPath": "$.m"}, True),
        ({"Variable": "$.b", "NumericEquals": 1}, False),
        ({"Variable": "$.n", "NumericLessThanPath": "$.k"}, True),
        ({"Variable": "$.n", "NumericGreaterThanEquals": 5}, True),
        ({"Variable": "$.s", "StringEquals": "abc"}, True),
        ({"Variable": "$.s", "StringLessThan": "abd"}, True),
        ({"Variable": "$.n", "StringEquals": "5"}, False),
        ({"Variable": "$.s", "StringMatches": "a*"}, True),
        ({"Variable": "$.s", "StringMatches": "*b*"}, True),
        ({"Variable": "$.s", "StringMatches": "a*b*d"}, False),
        ({"Variable": "$.s", "StringMatches": "a*x*c"}, False),
        ({"Variable": "$.s", "StringMatches": "abc"}, True),
        ({"Variable": "$.star", "StringMatches": "a\\*c"}, True),
        ({"Variable": "$.s", "StringMatches": "a\\*c"}, False),
        ({"Variable": "$.n", "StringMatches": "*"}, False),
        ({"Variable": "$.t", "TimestampEqualsPath": "$.u"}, True),
        ({"Variable": "$.t", "TimestampLessThan": "2025-01-01T00:00:00Z"}, False),
        ({"Variable": "$.s", "TimestampEquals": "2025-01-01T00:00:00Z"}, False),
        ({"Variable": "$.n", "TimestampEquals": "2025-01-01T00:00:00Z"}, False),
        ({"Variable": "$.b", "BooleanEquals": True}, True),
        ({"Variable": "$.n", "BooleanEquals": True}, False),
        ({"Variable": "$.z", "IsNull": True}, True),
        ({"Variable": "$.n", "IsNull": False}, True),
        ({"Variable": "$.nothing", "IsPresent": False}, True),
        ({"Variable": "$.n", "IsPresent": True}, True),
        ({"Variable": "$.list[*]", "IsPresent": True}, False),
        ({"Variable": "$.s", "IsString": True}, True),
        ({"Variable": "$.b", "IsBoolean": True}, True),
        ({"Variable": "$.n", "IsNumeric": True}, True),
        ({"Variable": "$.t", "IsTimestamp": True}, True),
        ({"Variable": "$.s", "IsTimestamp": True}, False),
        ({"Not": {"Variable": "$.n", "NumericEquals": 5}}, False),
        ({"And": [{"Variable": "$.n", "NumericEquals": 5}, {"Variable": "$.b", "BooleanEquals": False}]}, False),
        ({"Or": [{"Variable": "$.n", "NumericEquals": 4}, {"Variable": "$.b", "BooleanEquals": True}]}, True),
    ],
)
def test_a_rule_holds_or_not(rule: dict[str, Json], holds: bool) -> None:
    result = run(chooser({**rule, "Next": "Yes"}), CHECKED)
    assert result.output == ("yes" if holds else "no")


def chooser(rule: dict[str, Json], **more: Json) -> dict[str, Json]:
    return {
        "StartAt": "Choose",
        "States": {
            "Choose": {"Type": "Choice", "Choices": [rule], "Default": "No", **more},
            "Yes": {"Type": "Pass", "Result": "yes", "End": True},
            "No": {"Type": "Pass", "Result": "no", "End": True},
        },
    }


def test_a_choice_in_jsonata_assigns_and_gives_what_its_rule_says() -> None:
    rule = {"Condition": "{% $states.input.n > 3 %}", "Next": "Yes", "Assign": {"x": 1}, "Output": "{% 'told' %}"}
    definition = chooser(rule, QueryLanguage="JSONata")
    definition["States"]["Yes"] = {"Type": "Pass", "Parameters": {"x.$": "$x", "given.$": "$"}, "End": True}
    assert run(definition, CHECKED).output == {"x": 1, "given": "told"}
    assert run(chooser({"Condition": False, "Next": "Yes"}, QueryLanguage="JSONata"), CHECKED).output == "no"


def test_a_condition_must_be_true_or_false() -> None:
    result = run(chooser({"Condition": "{% 5 %}", "Next": "Yes"}, QueryLanguage="JSONata"), CHECKED)
    assert "Expected 'boolean', but was 'number' for value: 5" in str(result.cause)


def test_without_a_default_no_choice_is_an_error() -> None:
    definition = chooser({"Variable": "$.n", "NumericEquals": 4, "Next": "Yes"})
    del definition["States"]["Choose"]["Default"], definition["States"]["No"]
    assert run(definition, CHECKED).error == "States.NoChoiceMatched"


def test_a_rule_about_what_is_not_there_fails() -> None:
    result = run(chooser({"Variable": "$.nothing", "NumericEquals": 4, "Next": "Yes"}), CHECKED)
    assert (result.error, "condition path references an invalid value" in str(result.cause)) == ("States.Runtime", True)


# ── Wait and Fail ────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("state", "given", "seconds"),
    [
        ({"Seconds": 90}, {}, 90),
        ({"SecondsPath": "$.s"}, {"s": 30}, 30),
        ({"Timestamp": "2025-01-01T00:10:00Z"}, {}, 600),
        ({"TimestampPath": "$.t"}, {"t": "2025-01-01T01:00:00+01:00"}, 0),
        ({"Timestamp": "2024-01-01T00:00:00Z"}, {}, 0),
        ({"Seconds": 0}, {}, 0),
    ],
)
def test_a_wait_takes_its_time_and_costs_none(state: dict[str, Json], given: Json, seconds: int) -> None:
    result = run(machine({"Type": "Wait", **state}), given)
    assert result.status == "SUCCEEDED"
    assert result.history[-1]["timestamp"] - result.history[0]["timestamp"] == 1000 * seconds


@pytest.mark.parametrize(
    ("state", "given", "cause"),
    [
        ({"SecondsPath": "$.s"}, {"s": -1}, "The SecondsPath parameter must be a number from 0"),
        ({"SecondsPath": "$.s"}, {"s": "5"}, 'not "5"'),
        ({"SecondsPath": "$.s"}, {}, "The SecondsPath parameter does not reference an input value: $.s"),
        ({"TimestampPath": "$.t"}, {"t": 5}, "$.t == 5"),
    ],
)
def test_a_wait_for_no_time_fails(state: dict[str, Json], given: Json, cause: str) -> None:
    error, told = one({"Type": "Wait", **state}, given)
    assert error == "States.Runtime"
    assert cause in told


def test_a_wait_for_no_time_in_jsonata_is_an_evaluation_error() -> None:
    for field, value in (("Seconds", "{% -5 %}"), ("Timestamp", "{% 'soon' %}")):
        error, cause = one({"Type": "Wait", field: value}, {}, QueryLanguage="JSONata")
        assert error == "States.QueryEvaluationError"
        assert field in cause


def test_a_fail_says_what_it_is_told() -> None:
    assert one({"Type": "Fail"}) == (None, None)
    assert one({"Type": "Fail", "Error": "E", "CausePath": "$.name"}, GIVEN) == ("E", "ada")
    assert one({"Type": "Fail", "Error": "{% 'E' & 1 %}", "Cause": "c"}, QueryLanguage="JSONata") == ("E1", "c")
    error, cause = one({"Type": "Fail", "Error": "{% 1 %}"}, QueryLanguage="JSONata")
    assert error == "States.QueryEvaluationError"
    assert "Expected 'string', but was 'number'" in cause


# ── Tasks ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_task_gets_its_parameters_and_its_result_goes_where_it_is_told() -> None:
    state = {
        "Type": "Task", "Resource": LAMBDA, "Parameters": {"n.$": "$.name"}, "ResultSelector": {"r.$": "$.out"},
        "ResultPath": "$.result", "Assign": {"v.$": "$.r"},
    }  # fmt: skip
    result = run(
        machine(state, {"Type": "Pass", "Parameters": {"all.$": "$.result", "v.$": "$v"}}),
        GIVEN,
        {"work": lambda given: {"out": given}},
    )
    assert result.output == {"all": {"r": {"n": "ada"}}, "v": {"n": "ada"}}
    assert types(result)[:6] == [
        "ExecutionStarted", "TaskStateEntered", "LambdaFunctionScheduled", "LambdaFunctionStarted",
        "LambdaFunctionSucceeded", "TaskStateExited",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("resource", "name", "kind"),
    [
        ("arn:aws:states:eu-west-1:111122223333:activity:carry", "carry", "ActivitySucceeded"),
        ("arn:aws:states:::aws-sdk:dynamodb:listTables", "listTables", "TaskSucceeded"),
        ("arn:aws:states:::sqs:sendMessage", "arn:aws:states:::sqs:sendMessage", "TaskSucceeded"),
        ("count_words", "count_words", "LambdaFunctionSucceeded"),
        (f"{LAMBDA}:live", "work", "LambdaFunctionSucceeded"),
    ],
)
def test_a_task_is_a_function_by_whatever_names_it(resource: str, name: str, kind: str) -> None:
    result = run(machine({"Type": "Task", "Resource": resource}), {}, {name: lambda _: 5})
    assert (result.output, kind in types(result)) == (5, True)


def test_a_function_with_two_arguments_is_told_what_it_is_called_for() -> None:
    result = run(machine({"Type": "Task", "Resource": "a"}), 1, {"a": lambda given, name: [given, name]})
    assert result.output == [1, "a"]


def test_lambda_is_invoked_with_a_payload() -> None:
    state = {"Type": "Task", "Resource": INVOKE, "Parameters": {"FunctionName": LAMBDA, "Payload.$": "$"}}
    output = run(machine(state), {"a": 1}, {"work": lambda given: given}).output
    assert (output["Payload"], output["StatusCode"]) == ({"a": 1}, 200)
    missing = run(machine(state), {"a": 1})
    assert missing.error == "Lambda.ResourceNotFoundException"
    strange = run(machine({"Type": "Task", "Resource": INVOKE, "InputPath": "$.a"}), {"a": 5})
    assert strange.error == "Lambda.ResourceNotFoundException"


def test_a_task_that_nobody_does_fails() -> None:
    assert run(machine({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage"})).error == "States.Runtime"
    assert run(machine({"Type": "Task", "Resource": LAMBDA})).error == "Lambda.ResourceNotFoundException"


def test_what_a_function_raises_is_told_as_lambda_does() -> None:
    def broken(_: Json) -> Json:
        raise LookupError("gone")

    result = run(machine({"Type": "Task", "Resource": LAMBDA}), {}, {"work": broken})
    assert result.error == "LookupError"
    assert '"errorMessage":"gone","errorType":"LookupError"' in str(result.cause)


def test_a_result_that_is_too_large_fails_the_state() -> None:
    result = run(machine({"Type": "Task", "Resource": LAMBDA}), {}, {"work": lambda _: LARGE})
    assert result.error == "States.DataLimitExceeded"
    state = {"Type": "Pass", "Parameters": {"a.$": "$.x", "b.$": "$.x"}}
    assert one(state, {"x": LARGE[:200_000]})[0] == "States.DataLimitExceeded"


# ── Time limits ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_task_that_takes_too_long_times_out() -> None:
    state = {"Type": "Task", "Resource": LAMBDA, "TimeoutSeconds": 10}
    result = run(machine(state), {}, {"work": lambda _: asl.Takes(1, 11_000)})
    assert (result.error, "LambdaFunctionTimedOut" in types(result)) == ("States.Timeout", True)
    assert run(machine(state), {}, {"work": lambda _: asl.Takes(1, 9_000)}).output == 1
    by_path = {"Type": "Task", "Resource": "a", "TimeoutSecondsPath": "$.t"}
    assert run(machine(by_path), {"t": 1}, {"a": lambda _: asl.Takes(1, 2_000)}).error == "States.Timeout"
    assert run(machine(by_path), {"t": 0}, {"a": lambda _: 1}).error == "States.Runtime"
    silent = {"Type": "Task", "Resource": "a", "HeartbeatSeconds": 5}
    assert run(machine(silent), {}, {"a": lambda _: asl.Takes(1, 6_000)}).error == "States.HeartbeatTimeout"


def test_a_run_that_takes_too_long_times_out() -> None:
    result = run(machine({"Type": "Wait", "Seconds": 100}, TimeoutSeconds=60))
    assert (result.status, types(result)[-1]) == ("TIMED_OUT", "ExecutionTimedOut")


# ── Retry and Catch ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_task_is_tried_again_later_and_later() -> None:
    tries: list[Json] = []

    def third(given: Json) -> Json:
        tries.append(given)
        if len(tries) < 4:
            raise asl.Failure("Busy")
        return "done"

    retry = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 5, "MaxDelaySeconds": 10}]
    result = run(machine({"Type": "Task", "Resource": "a", "Retry": retry}), {}, {"a": third})
    starts = [event["timestamp"] for event in result.history if event["type"] == "LambdaFunctionScheduled"]
    assert [at - starts[0] for at in starts] == [0, 2_000, 8_000, 18_000]
    assert result.output == "done"


def test_jitter_waits_a_part_of_the_time() -> None:
    retry = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 100, "MaxAttempts": 1, "JitterStrategy": "FULL"}]
    result = run(machine({"Type": "Task", "Resource": "a", "Retry": retry}), {}, {"a": fails})
    assert 0 <= result.history[-1]["timestamp"] - result.history[0]["timestamp"] <= 100_000
    assert result.error == "Busy"


CATCHES: Json = {
    "StartAt": "Work",
    "States": {
        "Work": {"Type": "Task", "Resource": "a", "End": True},
        "Caught": {"Type": "Pass", "End": True},
    },
}


@pytest.mark.parametrize(
    ("catcher", "output"),
    [
        ({"ErrorEquals": ["Other", "Busy"]}, {"Error": "Busy", "Cause": "too much to do"}),
        ({"ErrorEquals": ["States.TaskFailed"]}, {"Error": "Busy", "Cause": "too much to do"}),
        (
            {"ErrorEquals": ["States.ALL"], "ResultPath": "$.e"},
            {"x": 1, "e": {"Error": "Busy", "Cause": "too much to do"}},
        ),
        ({"ErrorEquals": ["States.ALL"], "ResultPath": None}, {"x": 1}),
    ],
)
def test_an_error_is_caught(catcher: dict[str, Json], output: Json) -> None:
    definition = {**CATCHES, "States": {**CATCHES["States"]}}
    definition["States"]["Work"] = {**CATCHES["States"]["Work"], "Catch": [{**catcher, "Next": "Caught"}]}
    assert run(definition, {"x": 1}, {"a": fails}).output == output


def test_a_catch_in_jsonata_sees_the_error() -> None:
    catcher = {
        "ErrorEquals": ["States.ALL"], "Next": "Caught", "Assign": {"seen": "{% $states.errorOutput.Error %}"},
        "Output": "{% $states.errorOutput.Cause %}",
    }  # fmt: skip
    definition = {
        "QueryLanguage": "JSONata", "StartAt": "Work",
        "States": {
            "Work": {"Type": "Task", "Resource": "a", "End": True, "Catch": [catcher]},
            "Caught": {"Type": "Pass", "Output": ["{% $seen %}", "{% $states.input %}"], "End": True},
        },
    }  # fmt: skip
    assert run(definition, {}, {"a": fails}).output == ["Busy", "too much to do"]


def test_what_nobody_names_is_not_caught_and_runtime_never_is() -> None:
    catch = [{"ErrorEquals": ["Other"], "Next": "Caught"}]
    definition = {**CATCHES, "States": {**CATCHES["States"]}}
    definition["States"]["Work"] = {**CATCHES["States"]["Work"], "Catch": catch}
    assert run(definition, {}, {"a": fails}).error == "Busy"
    definition["States"]["Work"] = {
        **CATCHES["States"]["Work"],
        "OutputPath": "$.none",
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
    }  # fmt: skip
    assert run(definition, {}, {"a": lambda _: {}}).error == "States.Runtime"


# ── Bounds ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_goes_round_for_ever_is_ended_by_its_history() -> None:
    rule = {"Variable": "$.stop", "IsPresent": True, "Next": "C"}
    turning: Json = {
        "A": {"Type": "Pass", "Next": "B"},
        "B": {"Type": "Choice", "Choices": [rule], "Default": "A"},
        "C": {"Type": "Succeed"},
    }
    result = run({"StartAt": "A", "States": turning})
    assert result.status == "FAILED"
    assert "maximum number of history events (25000)" in str(result.cause)


def test_a_task_that_waits_for_an_answer_that_never_comes_leaves_the_run_running() -> None:
    state = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
             "Parameters": {"token.$": "$$.Task.Token"}}  # fmt: skip
    seen: list[Json] = []
    result = run(machine(state), {}, {"sendMessage": seen.append})
    assert (result.status, len(seen[0]["token"])) == ("RUNNING", 36)


def test_mocks_take_the_place_of_tasks() -> None:
    mocks = {
        "StateMachines": {"m": {"TestCases": {"busy": {"S0": "Busy"}}}},
        "MockedResponses": {"Busy": {"0-1": {"Throw": {"Error": "Busy", "Cause": "c"}}, "2": {"Return": {"ok": 1}}}},
    }
    definition = machine({"Type": "Task", "Resource": LAMBDA, "Retry": [{"ErrorEquals": ["Busy"]}]})
    assert run(definition, {}, mocks=mocks).output == {"ok": 1}


def test_the_first_entry_of_retry_that_knows_the_error_counts() -> None:
    retry = [{"ErrorEquals": ["Other"]}, {"ErrorEquals": ["Busy"], "MaxAttempts": 1}]
    result = run(machine({"Type": "Task", "Resource": "a", "Retry": retry}), {}, {"a": fails})
    assert types(result).count("LambdaFunctionScheduled") == 2


def test_a_function_of_python_itself_may_do_a_task() -> None:
    assert run(machine({"Type": "Task", "Resource": "max"}), [1, 3, 2], {"max": max}).output == 3


def test_a_number_of_seconds_that_is_an_array_is_told_so() -> None:
    error, told = one({"Type": "Wait", "Seconds": "{% [1, 2] %}"}, {}, QueryLanguage="JSONata")
    assert "Expected 'number', but was 'array' for value: [1,2]" in told
    assert error == "States.QueryEvaluationError"


@pytest.mark.parametrize("path", ["$.n", "States.Array($.n)"])
@pytest.mark.parametrize("field", ["ErrorPath", "CausePath"])
def test_an_error_and_a_cause_are_texts(field: str, path: str) -> None:
    result = run({"StartAt": "S0", "States": {"S0": {"Type": "Fail", field: path}}}, {"n": 5})
    assert (result.status, result.error) == ("FAILED", "States.Runtime")
    assert f"The {field} parameter does not reference a string: {path} == " in str(result.cause)


def test_what_a_function_fails_with_is_a_text() -> None:
    def broken(_: Json) -> Json:
        raise asl.Failure(5, {"a": 1})  # type: ignore[arg-type] # A team's own code may do so.

    result = run(machine({"Type": "Task", "Resource": "work"}), {}, {"work": broken})
    assert (result.error, result.cause) == ("5", "{'a': 1}")


@pytest.mark.parametrize(
    ("names", "caught"), [(["States.Timeout"], True), (["States.HeartbeatTimeout"], True), (["Other"], False)]
)
def test_a_missing_heartbeat_is_a_timeout_too(names: list[str], caught: bool) -> None:
    task = {"Type": "Task", "Resource": "work", "TimeoutSeconds": 9, "HeartbeatSeconds": 2,
            "Catch": [{"ErrorEquals": names, "Next": "S1"}]}  # fmt: skip
    result = run(machine(task, {"Type": "Succeed"}), {}, {"work": lambda _: asl.Takes({}, 5000)})
    assert (result.status == "SUCCEEDED") is caught
