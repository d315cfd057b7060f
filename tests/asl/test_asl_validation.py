"""What is wrong with a definition is told all at once, with its place and its line."""

from __future__ import annotations

import json as std_json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.asl.asl_examples import machine
from tocsin import asl
from tocsin.asl import rules
from tocsin.asl.places import lines, pointer
from tocsin.kernel.json import Json

TASK: Json = {"Type": "Task", "Resource": "work"}
INNER: Json = {"StartAt": "In", "States": {"In": {"Type": "Pass", "End": True}}}
SPREAD: Json = {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
TEXT = """{
  "StartAt": "A",
  "States": {
    "A": {"Type": "Pass",
          "Next": "B"},
    "C": {
      "Type": "Choice",
      "Choices": [
        {"Variable": "$.x",
         "NumericEquals": 1, "Next": "A"},
        {"Variable": "$.x", "Next": "D"}
      ]
    }
  }
}"""


def told(definition: Json) -> list[tuple[str, str]]:
    return [(problem.location, problem.message) for problem in asl.validate(definition)]


def test_all_mistakes_are_told_at_once_with_their_lines() -> None:
    problems = asl.validate(TEXT)
    assert [(problem.code, problem.location, problem.line) for problem in problems] == [
        ("MISSING_TRANSITION_TARGET", "/States/A/Next", 5),
        ("MISSING_TRANSITION_TARGET", "/States/C/Choices/1/Next", 11),
        ("MISSING_TRANSITION_TARGET", "/States/C", 6),
        ("SCHEMA_VALIDATION_FAILED", "/States/C/Choices/1", 11),
    ]
    assert str(problems[0]) == "MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Next (line 5)"
    with pytest.raises(asl.DefinitionError) as problem:
        asl.parse(TEXT)
    assert problem.value.problems == problems
    assert "(and 3 more)" in problem.value.message


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("", "SCHEMA_VALIDATION_FAILED", "Definition must be a valid JSON object"),
        ("[]", "SCHEMA_VALIDATION_FAILED", "Definition must be a valid JSON object"),
        ("{", "INVALID_JSON_DESCRIPTION", ""),
        (b"{}", "SCHEMA_VALIDATION_FAILED", "These fields are required: [States, StartAt]"),
        (" " * 1_048_577, "SCHEMA_VALIDATION_FAILED", "The definition has more than 1048576 bytes"),
        ({"x": "a" * 1_048_577}, "SCHEMA_VALIDATION_FAILED", "The definition has more than 1048576 bytes"),
    ],
)
def test_what_is_no_definition_is_refused(text: Json, code: str, message: str) -> None:
    problem = asl.validate(text)[0]
    assert (problem.code, problem.location) == (code, "/")
    assert message in problem.message


def with_state(**fields: Json) -> Json:
    return machine({"Type": "Pass", **fields})


@pytest.mark.parametrize(
    ("definition", "location", "message"),
    [
        ({**with_state(), "Foo": 1}, "/Foo", "Field 'Foo' is not supported"),
        ({**with_state(), "Version": "2.0"}, "/Version", "The value of Version must be '1.0'"),
        ({**with_state(), "TimeoutSeconds": 0}, "/TimeoutSeconds", "The value must be from 1 to 99999999"),
        ({**with_state(), "QueryLanguage": "SQL"}, "/QueryLanguage", "Value must be one of [JSONPath, JSONata]"),
        ({"StartAt": "A", "States": []}, "/States", "Expected value of type Object"),
        ({"StartAt": "A", "States": {}}, "/States", "At least one state is needed"),
        ({"StartAt": 1, "States": {"A": {"Type": "Succeed"}}}, "/StartAt", "Expected value of type String"),
        ({"StartAt": "B", "States": {"A": {"Type": "Succeed"}}}, "/StartAt", "Missing 'Next' target: B"),
        ({"StartAt": "A", "States": {"A": 5}}, "/States/A", "Expected value of type Object"),
        ({"StartAt": "A", "States": {"A": {}}}, "/States/A", "These fields are required: [Type]"),
        ({"StartAt": "A", "States": {"A": {"Type": "X"}}}, "/States/A/Type", "should have one of these values"),
        ({"StartAt": "a" * 81, "States": {"a" * 81: {"Type": "Succeed"}}}, f"/States/{'a' * 81}", "from 1 to 80"),
        (with_state(Foo=1), "/States/S0/Foo", "Field 'Foo' is not supported"),
        (with_state(Arguments=1), "/States/S0/Arguments", "Field 'Arguments' is not supported"),
        (with_state(Output=1), "/States/S0/Output", "not supported for the query language 'JSONPath'"),
        (with_state(End=True, Next="S0"), "/States/S0", "Only one of these fields can be used: [Next, End]"),
        (with_state(End="yes"), "/States/S0/End", "Expected value of type Boolean"),
        (with_state(End=False), "/States/S0", "End or Next is required"),
        (with_state(Comment=5), "/States/S0/Comment", "Expected value of type String"),
        (with_state(InputPath=5), "/States/S0/InputPath", "Expected value of type String"),
        (with_state(InputPath="a"), "/States/S0/InputPath", "'a' is no path: a path begins with '$'"),
        (with_state(ResultPath="$.*"), "/States/S0/ResultPath", "a path to one place is needed"),
        (with_state(ResultPath="$["), "/States/S0/ResultPath", "is no reference path"),
        (with_state(Parameters={"a.$": 5}), "/States/S0/Parameters/a.$", "must be a valid JSONPath"),
        (with_state(Parameters={"b": [{"a.$": "$["}]}), "/States/S0/Parameters/b/0/a.$", "must be a valid JSONPath"),
        (with_state(Parameters=[]), "/States/S0/Parameters", "Expected value of type Object"),
        (with_state(Assign=5), "/States/S0/Assign", "Expected value of type Object"),
        (with_state(Assign={"states": 1}), "/States/S0/Assign/states", "'states' is no name of a variable"),
        (with_state(Assign={"a b": 1}), "/States/S0/Assign/a b", "'a b' is no name of a variable"),
        (machine({"Type": "Task"}), "/States/S0", "These fields are required: [Resource]"),
        (machine({**TASK, "TimeoutSeconds": 1.5}), "/States/S0/TimeoutSeconds", "Expected value of type Integer"),
        (machine({**TASK, "TimeoutSeconds": True}), "/States/S0/TimeoutSeconds", "Expected value of type Integer"),
        (machine({**TASK, "TimeoutSeconds": 5, "HeartbeatSeconds": 5}), "/States/S0/HeartbeatSeconds", "smaller than"),
        (machine({**TASK, "TimeoutSeconds": 5, "TimeoutSecondsPath": "$.t"}), "/States/S0", "Only one of these fields"),
        (machine({**TASK, "Retry": 5}), "/States/S0/Retry", "Expected value of type Array of Objects"),
        (machine({**TASK, "Retry": [{}]}), "/States/S0/Retry/0/ErrorEquals", "A list of error names"),
        (
            machine({**TASK, "Retry": [{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["E"]}]}),
            "/States/S0/Retry/0/ErrorEquals",
            "'States.ALL' must stand alone, and in the last entry",
        ),
        (
            machine({**TASK, "Retry": [{"ErrorEquals": ["E"], "BackoffRate": 0.5}]}),
            "/States/S0/Retry/0/BackoffRate",
            "The value must be from 1",
        ),
        (
            machine({**TASK, "Retry": [{"ErrorEquals": ["E"], "JitterStrategy": "SOME"}]}),
            "/States/S0/Retry/0/JitterStrategy",
            "Value must be one of [NONE, FULL]",
        ),
        (machine({**TASK, "Retry": [{"ErrorEquals": ["E"], "Foo": 1}]}), "/States/S0/Retry/0/Foo", "not supported"),
        (machine({**TASK, "Catch": [{"ErrorEquals": ["E"]}]}), "/States/S0/Catch/0", "required: [Next]"),
        (
            machine({**TASK, "Catch": [{"ErrorEquals": ["E"], "Next": "X"}]}),
            "/States/S0/Catch/0/Next",
            "Missing 'Next' target: X",
        ),
        (machine({"Type": "Wait"}), "/States/S0", "One of these fields is required: [Seconds, SecondsPath"),
        (machine({"Type": "Wait", "Timestamp": "soon"}), "/States/S0/Timestamp", "String does not match RFC3339"),
        (machine({"Type": "Wait", "Seconds": -1}), "/States/S0/Seconds", "The value must be from 0"),
        (machine({"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}), "/States/S0", "Only one of these fields"),
        (machine({"Type": "Fail", "CausePath": "nothing"}), "/States/S0/CausePath", "A function like States.Format"),
        (machine({"Type": "Choice"}), "/States/S0", "These fields are required: [Choices]"),
        (machine({"Type": "Choice", "Choices": []}), "/States/S0/Choices", "At least one choice is needed"),
        (machine({"Type": "Choice", "Choices": [{}]}), "/States/S0/Choices/0", "These fields are required: [Next]"),
        (machine({"Type": "Parallel", "Branches": [5]}), "/States/S0/Branches", "Array of Objects"),
        (machine({"Type": "Parallel", "Branches": [{}]}), "/States/S0/Branches/0", "required: [States, StartAt]"),
        (machine({"Type": "Map"}), "/States/S0", "These fields are required: [ItemProcessor]"),
        (machine({"Type": "Map", "ItemProcessor": 5}), "/States/S0/ItemProcessor", "Expected value of type Object"),
        (
            machine({"Type": "Map", "ItemProcessor": {**INNER, "ProcessorConfig": 5}}),
            "/States/S0/ItemProcessor/ProcessorConfig",
            "Expected value of type Object",
        ),
        (
            machine({"Type": "Map", "ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "X"}}}),
            "/States/S0/ItemProcessor/ProcessorConfig/Mode",
            "Value must be one of [INLINE, DISTRIBUTED]",
        ),
        (
            machine({"Type": "Map", "ItemProcessor": {**INNER, "ProcessorConfig": {"Mode": "DISTRIBUTED"}}}),
            "/States/S0/ItemProcessor/ProcessorConfig/ExecutionType",
            "Value must be one of [STANDARD, EXPRESS]",
        ),
        (
            machine({"Type": "Map", "ItemProcessor": INNER, "Label": "a"}),
            "/States/S0/Label",
            "only supported for the mode",
        ),
        (machine({"Type": "Map", "ItemProcessor": SPREAD, "Label": 5}), "/States/S0/Label", "type String"),
        (machine({"Type": "Map", "ItemProcessor": SPREAD, "Label": ""}), "/States/S0/Label", "from 1 to 40"),
        (
            machine({"Type": "Map", "ItemProcessor": SPREAD, "Label": "a?"}),
            "/States/S0/Label",
            "invalid character: '?'",
        ),
        (machine({"Type": "Map", "ItemProcessor": SPREAD, "ItemReader": 5}), "/States/S0/ItemReader", "type Object"),
        (machine({"Type": "Map", "ItemProcessor": SPREAD, "ItemReader": {}}), "/States/S0/ItemReader", "[Resource]"),
        (machine({"Type": "Map", "ItemProcessor": INNER, "Iterator": INNER}), "/States/S0", "Only one of these fields"),
        (
            machine({"Type": "Map", "ItemProcessor": {"StartAt": "S0", "States": {"S0": {"Type": "Succeed"}}}}),
            "/States/S0/ItemProcessor/States/S0",
            "Duplicate state name: S0, also at /States/S0",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(definition: Json, location: str, message: str) -> None:
    found = told(definition)
    assert any(place == location and message in words for place, words in found), found


def choice(**rule: Json) -> Json:
    return {
        "StartAt": "C",
        "States": {
            "C": {"Type": "Choice", "Choices": [{"Next": "D", **rule}]},
            "D": {"Type": "Succeed"},
        },
    }


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({}, "a rule has one comparison, or one of And, Or, Not"),
        ({"NumericEquals": 1}, "a comparison needs the path of its Variable"),
        ({"Variable": "x", "NumericEquals": 1}, "'x' is no path"),
        ({"Variable": "$.x", "NumericEqualsPath": 1}, "NumericEqualsPath takes a path"),
        ({"Not": 5}, "Not takes one rule"),
        ({"And": []}, "And takes a list of rules that is not empty"),
        ({"Variable": "$.x", "NumericEquals": 1, "IsNull": True}, "a rule has one comparison"),
        ({"Condition": "{% true %}", "Variable": "$.x", "IsNull": True}, "not supported for the query language"),
    ],
)
def test_a_rule_that_is_none_is_refused(rule: dict[str, Json], message: str) -> None:
    assert message.lower() in str(told(choice(**rule))).lower()


def test_rules_are_nested_so_deep_only() -> None:
    rule: Json = {"Variable": "$.x", "IsNull": True}
    for _ in range(60):
        rule = {"Not": rule}
    assert "nested deeper than" in str(told(choice(**rule)))


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        (machine({"Type": "Pass", "Parameters": {}}, QueryLanguage="JSONata"), "query language 'JSONata'"),
        (machine({"Type": "Pass", "QueryLanguage": "JSONPath"}, QueryLanguage="JSONata"), "for whole state machine"),
        (machine({"Type": "Pass", "Output": "{% $ + %}"}, QueryLanguage="JSONata"), "expression cannot be read"),
        ({**choice(Condition="yes"), "QueryLanguage": "JSONata"}, "A JSONata expression or a Boolean is needed"),
        ({**choice(), "QueryLanguage": "JSONata"}, "These fields are required: [Condition]"),
    ],
)
def test_jsonata_is_checked_too(definition: Json, message: str) -> None:
    assert message in str(told(definition))


def test_state_machines_are_nested_so_deep_only() -> None:
    inner: Json = INNER
    for number in range(rules.NESTED_MAX + 2):
        inner = {
            "StartAt": f"M{number}",
            "States": {f"M{number}": {"Type": "Map", "ItemProcessor": inner, "End": True}},
        }
    assert "State machines are nested deeper than 20 levels" in str(told(inner))


def test_there_are_so_many_states_only() -> None:
    states = {f"s{number}": {"Type": "Succeed"} for number in range(rules.STATES_MAX + 1)}
    assert "There are more than 10000 states" in str(told({"StartAt": "s0", "States": states}))


def test_a_valid_definition_has_no_problems_and_keeps_its_source() -> None:
    definition = machine(
        {"Type": "Map", "ItemProcessor": SPREAD, "Label": "each", "ItemReader": {"Resource": "r"}, "ItemBatcher": {},
         "ResultWriter": {"Resource": "w", "Parameters": {"Bucket": "b"}}},
        {"Type": "Map", "ItemProcessor": {**SPREAD, "States": {"X": {"Type": "Succeed"}}, "StartAt": "X"},
         "ItemReader": {"Resource": "r", "ReaderConfig": {"MaxItemsPath": "$.n"}, "Parameters": {"Key": "k"}},
         "ItemBatcher": {"MaxItemsPerBatch": 5, "MaxInputBytesPerBatchPath": "$.b", "BatchInput": {"a": 1}}},
        Version="1.0",
        TimeoutSeconds=60,
    )  # fmt: skip
    assert asl.validate(definition) == ()
    assert asl.parse(std_json.dumps(definition)).source == definition


def test_lines_are_those_of_the_text() -> None:
    text = '{"a": [1,\n {"b": [],\n  "c~/d": {"x":\n 1}}],\n\n "e": {}, "f": [[1], "x\\n"]}'
    assert lines(text) == {
        (): 1, ("a",): 1, ("a", 0): 1, ("a", 1): 2, ("a", 1, "b"): 2, ("a", 1, "b", 0): 2, ("a", 1, "c~/d"): 3,
        ("a", 1, "c~/d", "x"): 3, ("e",): 6, ("f",): 6, ("f", 0): 6, ("f", 0, 0): 6, ("f", 1): 6,
    }  # fmt: skip
    assert pointer(("a", 1, "c~/d")) == "/a/1/c~0~1d"


values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 5) | st.sampled_from(["", "$", "$.a", "S0", "{% 1 %}", "JSONata"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "a.$", "Next", "Type"]), inner, max_size=3)
    ),
    max_leaves=6,
)
own_fields = {name for each in rules.FIELDS.values() for group in each for name in group}
fields = st.sampled_from(sorted({*rules.RETRIER, *rules.CATCHER, *own_fields}))
tops = st.sampled_from(sorted(rules.TOP))


@given(
    kind=st.sampled_from(rules.STATES),
    more=st.dictionaries(fields, values, max_size=5),
    top=st.dictionaries(tops, values, max_size=2),
)
@settings(max_examples=300, deadline=None)
def test_any_definition_is_accepted_or_refused(kind: str, more: dict[str, Any], top: dict[str, Any]) -> None:
    definition = {"StartAt": "S0", "States": {"S0": {"Type": kind, **more}}, **top}
    problems = asl.validate(definition)
    assert problems == asl.validate(std_json.dumps(definition)) or problems
    if not problems:
        asl.run(asl.parse(definition), {"a": 1})


def spread(**more: Json) -> dict[str, Json]:
    return machine({"Type": "Map", "ItemProcessor": SPREAD, **more})


@pytest.mark.parametrize(
    ("field", "value", "place", "message"),
    [
        ("ItemReader", {}, "", "These fields are required: [Resource]"),
        ("ItemReader", {"Resource": 5}, "/Resource", "Expected value of type String"),
        ("ItemReader", {"Resource": "arn:aws:states:::s3:putObject"}, "/Resource", "getObject or listObjectsV2"),
        ("ItemReader", {"Resource": "r", "ReaderConfig": [5]}, "/ReaderConfig", "type Object"),
        ("ItemReader", {"Resource": "r", "ReaderConfig": {"InputType": []}}, "/ReaderConfig/InputType", "one of [CSV,"),
        ("ItemReader", {"Resource": "r", "ReaderConfig": {"CSVHeaders": [5]}}, "/ReaderConfig/CSVHeaders", "Strings"),
        (
            "ItemReader",
            {"Resource": "r", "ReaderConfig": {"CSVHeaderLocation": "GIVEN"}},
            "/ReaderConfig",
            "[CSVHeaders]",
        ),
        ("ItemReader", {"Resource": "r", "ReaderConfig": {"MaxItems": -1}}, "/ReaderConfig/MaxItems", "from 0"),
        ("ItemReader", {"Resource": "r", "ReaderConfig": {"MaxItemsPath": 1}}, "/ReaderConfig/MaxItemsPath", "String"),
        ("ItemReader", {"Resource": "r", "ReaderConfig": {"ItemsPointer": 1}}, "/ReaderConfig/ItemsPointer", "String"),
        ("ItemBatcher", {"BatchInput": {}}, "", "One of these fields is required"),
        ("ItemBatcher", {"MaxItemsPerBatch": 1, "MaxItemsPerBatchPath": "$.a"}, "", "Only one of these fields"),
        ("ItemBatcher", {"MaxItemsPerBatch": True}, "/MaxItemsPerBatch", "Integer from 0"),
        ("ResultWriter", {"Parameters": {}}, "", "These fields are required: [Resource]"),
        ("ResultWriter", {"WriterConfig": [1]}, "/WriterConfig", "type Object"),
        ("ResultWriter", {"WriterConfig": {"OutputType": "XML"}}, "/WriterConfig/OutputType", "one of [JSON, JSONL]"),
        ("ResultWriter", 5, "", "type Object"),
    ],
)
def test_what_a_distributed_map_reads_and_writes_is_checked(field: str, value: Json, place: str, message: str) -> None:
    found = told(spread(**{field: value}))
    assert any(at == f"/States/S0/{field}{place}" and message in why for at, why in found)


def resource(text: Json) -> Json:
    return machine({"Type": "Task", "Resource": text})


@pytest.mark.parametrize(
    "text",
    [
        *("clean", "a.b", "arn:aws:lambda:eu-west-1:111111111111:function:f", "arn:aws:states:::lambda:invoke"),
        *("arn:aws:states:eu-west-1:111111111111:activity:a", "arn:aws:states:::sqs:sendMessage.waitForTaskToken"),
        *("arn:aws:states:::states:startExecution.sync:2", "arn:aws:states:::ecs:runTask.sync"),
        *("arn:aws:states:::codebuild:startBuild", "arn:aws:states:::glue:startJobRun.waitForTaskToken"),
        *("arn:aws:states:::aws-sdk:dynamodb:listTables", "arn:aws:states:us-west-2::aws-sdk:s3:listBuckets"),
    ],
)
def test_what_a_task_can_name_is_accepted(text: str) -> None:
    assert asl.validate(resource(text)) == ()


@pytest.mark.parametrize(
    "text",
    [
        *("", "  ", "arn:aws:states:::sqs:nope", "arn:aws:states:::nope:sendMessage", "arn:aws:s3:::bucket", "arn:"),
        *("arn:aws:states:::sqs:sendMessage.sync", "arn:aws:states:::aws-sdk:s3:listBuckets.sync"),
        *("arn:aws:states:::aws-sdk:s3:ListBuckets", "arn:aws:states:::aws-sdk:s3", "arn:aws:states:::aws-sdk:S3:get"),
        *("arn:aws:states:::lambda:invoke.nope", "arn:aws:states:::dynamodb:getItem.sync:2"),
    ],
)
def test_what_no_task_can_name_is_refused(text: str) -> None:
    (problem,) = asl.validate(resource(text))
    assert (problem.code, problem.location) == ("INVALID_RESOURCE", "/States/S0/Resource")


def test_a_workflow_must_have_an_end() -> None:
    turning: Json = {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}
    (problem,) = asl.validate({"StartAt": "A", "States": turning})
    assert (problem.code, problem.location) == ("MISSING_END_STATE", "/States")
    # What is missing beside it is told alone.
    codes = [found.code for found in asl.validate({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Z"}}})]
    assert codes == ["MISSING_TRANSITION_TARGET"]


def test_a_name_that_stands_twice_is_told_with_its_line() -> None:
    text = '{"StartAt": "A",\n "States": {"A": {"Type": "Succeed"},\n  "A": {"Type": "Fail"}}}'
    problems = asl.validate(text)
    assert [str(problem) for problem in problems] == [
        "INVALID_JSON_DESCRIPTION: Duplicate field 'A' at /States/A (line 3)",
        "INVALID_JSON_DESCRIPTION: Duplicate field 'Type' at /States/A/Type (line 3)",
    ]


def test_all_that_is_evaluated_is_told_at_once_beside_other_mistakes() -> None:
    states: Json = {
        "A": {"Type": "Pass", "OutputPath": "x", "Next": "B",
              "Parameters": {"a.$": "$[", "b": [{"c.$": "States.Nope()"}]}},
        "B": {"Type": "Choice", "Choices": [
            {"Variable": "$[", "IsNull": True, "Next": "C"},
            {"And": [{"Variable": "$", "StringEquals": 1}, {"Variable": "$", "Next": "C", "IsNull": True}],
             "Next": "C"},
        ]},
        "C": {"Type": "Pass", "QueryLanguage": "JSONata", "Next": "D",
              "Output": {"a": "{% ( %}", "b": ["{% a ?? b %}"]}},
        "D": {"Type": "Map", "ItemProcessor": {"StartAt": "E", "States": {
            "E": {"Type": "Wait", "SecondsPath": "x", "End": True}}}, "Nope": 1, "End": True},
    }  # fmt: skip
    places = [location for location, _ in told({"StartAt": "A", "States": states})]
    assert sorted(places) == sorted(
        [
            "/States/D/Nope",
            "/States/A/OutputPath",
            "/States/A/Parameters/a.$",
            "/States/A/Parameters/b/0/c.$",
            "/States/B/Choices/0/Variable",
            "/States/B/Choices/1/And/0/StringEquals",
            "/States/B/Choices/1/And/1/Next",
            "/States/C/Output/a",
            "/States/C/Output/b/0",
            "/States/D/ItemProcessor/States/E/SecondsPath",
        ]
    )


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"Variable": "$.x", "StringEquals": 1}, "StringEquals"),
        ({"Variable": "$.x", "NumericLessThan": "1"}, "NumericLessThan"),
        ({"Variable": "$.x", "NumericEquals": True}, "NumericEquals"),
        ({"Variable": "$.x", "BooleanEquals": "true"}, "BooleanEquals"),
        ({"Variable": "$.x", "TimestampEquals": "soon"}, "TimestampEquals"),
        ({"Variable": "$.x", "IsNull": "yes"}, "IsNull"),
        ({"Variable": "$.x", "StringMatches": 5}, "StringMatches"),
        ({"Variable": "$.x", "IsNull": True, "Extra": 1}, "Extra"),
        ({"Not": {"Variable": "$.x", "IsNull": True}, "Variable": "$.x"}, "Variable"),
    ],
)
def test_what_a_rule_compares_with_must_be_of_its_kind(rule: dict[str, Json], field: str) -> None:
    choice: Json = {"Type": "Choice", "Choices": [{**rule, "Next": "S1"}]}
    ((location, _),) = told({"StartAt": "S0", "States": {"S0": choice, "S1": {"Type": "Succeed"}}})
    assert location == f"/States/S0/Choices/0/{field}"


@pytest.mark.parametrize("items", ["text", 5, None, True])
def test_items_of_a_map_are_an_array_or_evaluated(items: Json) -> None:
    state: Json = {"Type": "Map", "Items": items, "ItemProcessor": INNER, "End": True}
    assert told(machine(state, QueryLanguage="JSONata"))[0][0] == "/States/S0/Items"


def test_labels_of_maps_are_unique() -> None:
    maps = [
        {
            "Type": "Map",
            "Label": "same",
            "ItemProcessor": {**SPREAD, "StartAt": name, "States": {name: {"Type": "Succeed"}}},
        }
        for name in ("I1", "I2")
    ]
    (problem,) = asl.validate(machine(*maps))
    assert (problem.code, problem.location) == ("DUPLICATE_LABEL_NAME", "/States/S1/Label")


@pytest.mark.parametrize("value", [None, 5, [1]])
def test_what_is_neither_a_text_nor_an_object_is_no_definition(value: Json) -> None:
    with pytest.raises(asl.DefinitionError, match="must be a valid JSON object"):
        asl.parse(value)


def test_a_comment_is_a_text() -> None:
    assert told(machine({"Type": "Pass"}, Comment=1)) == [("/Comment", "Expected value of type String")]
