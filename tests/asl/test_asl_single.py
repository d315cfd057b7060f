"""One state tried alone, as TestState does: what comes of it, what is told of the data on its way, what is refused."""

from __future__ import annotations

import json

import pytest

from tests.asl.asl_examples import machine
from tocsin import asl
from tocsin.errors import TocsinError
from tocsin.kernel.json import Json

TASK: Json = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}
RETRY: Json = [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 2, "BackoffRate": 3}]
CATCH: Json = [{"ErrorEquals": ["Busy"], "Next": "Sorry", "ResultPath": "$.error"}]
BUSY: Json = {"errorOutput": {"error": "Busy", "cause": "too much"}}
INNER: Json = {"StartAt": "In", "States": {"In": {"Type": "Pass", "End": True}}}
SPREAD: Json = {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
MAP: Json = {"Type": "Map", "ItemProcessor": SPREAD, "End": True}
BRANCHES: Json = {"Type": "Parallel", "Branches": [INNER], "End": True}


def data(state: Json, given: Json = None, **more: Json) -> dict[str, Json]:
    """What is told of the data, its texts read."""
    found = asl.test_state(state, given, level="TRACE", **more).inspection_data
    assert found is not None
    return {name: json.loads(value) if isinstance(value, str) else value for name, value in found.items()}


# ── What comes of it ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_state_goes_on_to_the_next_one() -> None:
    found = asl.test_state({"Type": "Pass", "Result": 5, "Next": "Later"}, '{"a": 1}')
    assert (found.status, found.output, found.next_state, found.inspection_data) == ("SUCCEEDED", "5", "Later", None)
    waits = asl.test_state({"Type": "Wait", "Seconds": 60, "End": True}, {"a": 1})
    assert (waits.status, waits.output, waits.next_state) == ("SUCCEEDED", '{"a":1}', None)


def test_a_state_of_a_machine_is_found_by_its_name() -> None:
    definition = machine({"Type": "Pass", "Result": 1}, {"Type": "Fail", "Error": "E", "Cause": "c"})
    assert asl.test_state(json.dumps(definition), state_name="S0").next_state == "S1"
    failed = asl.test_state(definition, state_name="S1")
    assert (failed.status, failed.error, failed.cause, failed.output) == ("FAILED", "E", "c", None)


def test_what_fails_is_tried_again_as_often_as_there_is_left() -> None:
    state = {**TASK, "Retry": RETRY, "Catch": CATCH}
    for count, status, details in (
        (0, "RETRIABLE", {"retryIndex": 0, "retryBackoffIntervalSeconds": 2}),
        (1, "RETRIABLE", {"retryIndex": 0, "retryBackoffIntervalSeconds": 6}),
        (2, "CAUGHT_ERROR", {"retryIndex": 0, "catchIndex": 0}),
    ):
        found = asl.test_state(state, {"a": 1}, mock=BUSY, configuration={"retrierRetryCount": count}, level="DEBUG")
        assert (found.status, found.error, found.cause) == (status, "Busy", "too much")
        assert found.inspection_data is not None
        assert found.inspection_data["errorDetails"] == details
        if status == "CAUGHT_ERROR":
            assert found.next_state == "Sorry"
            assert json.loads(found.output or "") == {"a": 1, "error": {"Error": "Busy", "Cause": "too much"}}


def test_what_nothing_catches_fails() -> None:
    state = {**TASK, "Retry": RETRY, "Catch": CATCH}
    other = asl.test_state(state, mock={"errorOutput": {"error": "Other"}}, level="DEBUG")
    assert (other.status, other.inspection_data) == (
        "FAILED", {"input": "{}", "afterInputPath": "{}", "afterParameters": "{}"},
    )  # fmt: skip


def test_what_an_expression_does_wrong_is_told_with_its_place() -> None:
    catch = [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Sorry"}]
    state = {**TASK, "QueryLanguage": "JSONata", "Output": "{% $none %}", "Catch": catch}
    found = asl.test_state(state, mock={"result": 1})
    assert (found.status, found.error) == ("CAUGHT_ERROR", "States.QueryEvaluationError")
    assert "while executing the state 'StateName'" in str(found.cause)
    paths = asl.test_state({**TASK, "Parameters": {"x.$": "$.none"}}, mock={"result": 1}, level="TRACE")
    assert (paths.status, paths.inspection_data) == ("FAILED", {"input": "{}", "afterInputPath": "{}"})


def test_variables_and_context_are_what_is_given() -> None:
    state = {"Type": "Pass", "Parameters": {"v.$": "$v", "c.$": "$$"}, "Assign": {"w.$": "$v"}, "End": True}
    found = asl.test_state(state, variables='{"v": 7}', context='{"own": 1}', level="TRACE")
    assert json.loads(found.output or "") == {"v": 7, "c": {"own": 1}}
    assert json.loads((found.inspection_data or {})["variables"]) == {"v": 7, "w": 7}
    plain = json.loads(asl.test_state({"Type": "Pass", "OutputPath": "$$", "End": True}).output or "")
    assert (plain["State"]["Name"], plain["Execution"]["RoleArn"]) == ("StateName", None)
    named = asl.test_state({"Type": "Pass", "OutputPath": "$$.Execution.RoleArn", "End": True}, role="arn:r")
    assert named.output == '"arn:r"'
    waits = {**TASK, "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken"}
    token = data(
        {**waits, "Parameters": {"t.$": "$$.Task.Token"}}, context={"Task": {"Token": "t"}}, mock={"result": 1}
    )
    assert token["afterParameters"] == {"t": "t"}


def test_a_task_without_a_mock_calls_a_function_if_there_is_one() -> None:
    def refuse(_: Json) -> Json:
        raise asl.Failure("Busy", "too much")

    state = {"Type": "Task", "Resource": "work", "End": True}
    assert asl.test_state(state, {"a": 1}, functions={"work": lambda given: asl.Takes(given, 5)}).output == '{"a":1}'
    assert asl.test_state(state, functions={"work": refuse}).error == "Busy"
    assert asl.test_state(state, functions={}).status == "FAILED"
    large = asl.test_state(state, functions={"work": lambda _: "x" * 300_000})
    assert (large.error, "'work'" in str(large.cause)) == ("States.DataLimitExceeded", True)


# ── The data on its way ──────────────────────────────────────────────────────────────────────────────────────────────
def test_the_data_of_a_pass_are_told() -> None:
    state = {"Type": "Pass", "InputPath": "$.a", "Parameters": {"x.$": "$.b"}, "ResultPath": "$.c", "End": True}
    given = {"a": {"b": 1}}
    assert data(state, given) == {
        "input": given, "afterInputPath": {"b": 1}, "afterParameters": {"x": 1}, "afterResultSelector": {"x": 1},
        "afterResultPath": {**given, "c": {"x": 1}},
    }  # fmt: skip
    discarded = data({"Type": "Pass", "Result": 5, "ResultPath": None, "End": True}, given)
    assert discarded == {"input": given, "result": 5, "afterResultSelector": 5, "afterResultPath": given}
    assert data({"Type": "Pass", "InputPath": "$.none", "End": True}, given) == {"input": given}
    assert data({"Type": "Succeed", "InputPath": "$.a"}, given) == {"input": given, "afterInputPath": {"b": 1}}
    assert data({"Type": "Succeed", "QueryLanguage": "JSONata"}, given) == {"input": given}


def test_the_data_of_a_task_are_told_in_both_languages() -> None:
    given = {"n": "f"}
    paths = {**TASK, "Parameters": {"F.$": "$.n"}, "ResultSelector": {"got.$": "$.x"}, "ResultPath": "$.r"}
    assert data(paths, given, mock={"result": '{"x": 1}'}) == {
        "input": given, "afterInputPath": given, "afterParameters": {"F": "f"}, "result": {"x": 1},
        "afterResultSelector": {"got": 1}, "afterResultPath": {"n": "f", "r": {"got": 1}},
    }  # fmt: skip
    broken = {**TASK, "ResultSelector": {"got.$": "$.none"}}
    assert "afterResultSelector" not in data(broken, given, mock={"result": {"x": 1}})
    jsonata = {**TASK, "QueryLanguage": "JSONata", "Arguments": {"F": "{% $states.input.n %}"}}
    assert data(jsonata, given, mock={"result": 5}) == {"input": given, "afterArguments": {"F": "f"}, "result": 5}


def test_the_data_of_a_map_are_told() -> None:
    state = {**MAP, "ItemsPath": "$.l", "ItemSelector": {"v.$": "$$.Map.Item.Value"}, "MaxConcurrencyPath": "$.n",
             "ItemBatcher": {"MaxItemsPerBatch": 2}, "ToleratedFailureCount": 1}  # fmt: skip
    given = {"l": [1, 2, 3], "n": 4}
    found = data(state, given, mock={"result": [1]})
    items = [{"v": 1}, {"v": 2}, {"v": 3}]
    assert found == {
        "input": given, "afterInputPath": given, "afterItemsPath": [1, 2, 3], "maxConcurrency": 4,
        "toleratedFailureCount": 1, "afterItemSelector": items,
        "afterItemBatcher": [{"Items": items[:2]}, {"Items": items[2:]}], "afterResultSelector": [1],
        "afterResultPath": [1],
    }  # fmt: skip
    wrong = asl.test_state({**state, "MaxConcurrencyPath": "$.none"}, given, mock={"result": [1]})
    assert wrong.error == "States.Runtime"


def test_a_map_in_jsonata_tells_its_numbers() -> None:
    state = {**MAP, "QueryLanguage": "JSONata", "Items": "{% $states.input.l %}", "MaxConcurrency": "{% 1 + 1 %}"}
    assert data(state, {"l": [1]}, mock={"result": [5]}) == {"input": {"l": [1]}, "maxConcurrency": 2}


def test_the_items_of_a_reader_are_made_up_too() -> None:
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON", "ItemsPointer": "/a"}}
    state = {**MAP, "ItemReader": reader}
    found = data(state, mock={"result": [1]}, configuration={"mapItemReaderData": '{"a": [1, 2]}'})
    assert found["afterItemsPointer"] == [1, 2]
    lines = {**MAP, "ItemReader": {**reader, "ReaderConfig": {"InputType": "JSONL"}}}
    assert "afterItemsPointer" not in data(lines, mock={"result": [1]})
    broken = asl.test_state(state, mock={"result": [1]}, configuration={"mapItemReaderData": "{}"})
    assert broken.error == "States.ItemReaderFailed"


def test_so_many_iterations_fail_as_are_made_up() -> None:
    for tolerance, failures, status in (
        ({"ToleratedFailureCount": 1}, 1, "SUCCEEDED"),
        ({"ToleratedFailureCount": 1}, 2, "FAILED"),
        ({"ToleratedFailurePercentage": 50}, 1, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 50}, 2, "FAILED"),
        ({}, 2, "SUCCEEDED"),
    ):
        configuration = {"mapIterationFailureCount": failures}
        found = asl.test_state({**MAP, **tolerance}, [1, 2], mock={"result": []}, configuration=configuration)
        assert found.status == status
    assert asl.test_state(MAP, {"a": 1}, mock={"result": []}).error == "States.Runtime"


def test_a_parallel_gives_what_its_branches_are_said_to_give() -> None:
    assert data(BRANCHES, {"a": 1}, mock={"result": ["x"]}) == {
        "input": {"a": 1}, "afterResultSelector": ["x"], "afterResultPath": ["x"],
    }  # fmt: skip
    written = {**MAP, "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}}}
    assert asl.test_state(written, [1], mock={"result": {"MapRunArn": "a"}}).status == "SUCCEEDED"
    assert asl.test_state(BRANCHES, mock=BUSY).error == "Busy"


# ── What is refused ──────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("state", "more", "told"),
    [
        (TASK, {}, "a Task needs a mock"),
        (TASK, {"level": "ALL"}, "inspectionLevel must be one of"),
        (TASK, {"mock": {"resul": 1}}, "mock has no field 'resul'"),
        (TASK, {"mock": {"result": 1, "errorOutput": {}}}, "only one of the following fields"),
        (TASK, {"mock": {"result": 1}, "reveal_secrets": True}, "RevealSecrets"),
        (TASK, {"mock": {"result": 1, "fieldValidationMode": "SOME"}}, "fieldValidationMode must be one of"),
        (TASK, {"mock": {"errorOutput": 5}}, "errorOutput must be an object"),
        (TASK, {"mock": {"errorOutput": {"error": 5}}}, "errorOutput must be an object"),
        (TASK, {"mock": {"errorOutput": {"err": "E"}}}, "errorOutput has no field 'err'"),
        (TASK, {"mock": {"result": "{"}}, "Mocked result must be valid JSON"),
        (TASK, {"mock": BUSY, "configuration": {"x": 1}}, "stateConfiguration has no field 'x'"),
        (TASK, {"configuration": {"retrierRetryCount": 1}}, "does not support RetrierRetryCount when a mock is not"),
        (TASK, {"mock": BUSY, "configuration": {"retrierRetryCount": -1}}, "must be a number from 0"),
        (TASK, {"mock": BUSY, "configuration": {"errorCausedByState": 1}}, "must be a text"),
        (TASK, {"mock": BUSY, "context": {"Task": {}}}, "Context object contains 'Task'"),
        (TASK, {"mock": BUSY, "context": "{"}, "context must be valid JSON"),
        (TASK, {"mock": BUSY, "variables": "[]"}, "variables must be a JSON object"),
        ({"Type": "Pass", "End": True}, {"mock": BUSY}, "State type 'Pass' is not supported when a mock is specified"),
        (MAP, {}, "does not support Map or Parallel states"),
        (MAP, {"mock": {"result": {}}}, "Mocked result must be an array."),
        (BRANCHES, {"mock": {"result": []}}, "the same number of items as number of Parallel branches"),
        (machine(TASK), {"state_name": "None"}, "State not found in definition"),
        (5, {"state_name": "None"}, "valid JSON object"),
        ({"States": 5}, {"state_name": "None"}, "State not found in definition"),
        (machine(TASK), {"state_name": ""}, "Invalid length for parameter stateName"),
        ("{", {}, "INVALID_JSON_DESCRIPTION"),
        ("[]", {}, "valid JSON object"),
        (
            machine({"Type": "Odd"}),
            {"state_name": "S0"},
            "The field 'Type' should have one of these values: [Task, Wait",
        ),
        ({"Type": "Parallel", "Branches": [], "End": True}, {}, "Value cannot be empty at /States/StateName/Branches"),
        (TASK, {"mock": BUSY, "given": "not"}, "Unrecognized token 'not'"),
    ],
)
def test_a_request_that_test_state_refuses_is_refused(state: Json, more: dict[str, Json], told: str) -> None:
    definition = json.dumps(state) if isinstance(state, int) else state
    with pytest.raises(TocsinError) as refused:
        asl.test_state(definition, **more)
    assert told in refused.value.message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Invalid execution input."),
        ("  \n", "Invalid execution input."),
        ("not json", "Unrecognized token 'not'"),
        ("{'a': 1}", "was expecting double-quote to start field name"),
        ("[1,", "Input data was truncated"),
        ('"' + "x" * 262_143 + '"', "more than 262144 bytes"),
    ],
)
def test_an_input_that_is_no_json_is_refused_in_the_words_of_step_functions(text: str, told: str) -> None:
    with pytest.raises(asl.InputError) as refused:
        asl.read_input(text)
    assert told in refused.value.message
    assert asl.read_input(' {"a": null} ') == {"a": None}
    assert asl.read_input("null") is None
