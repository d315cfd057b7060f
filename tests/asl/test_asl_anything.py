"""Whatever a definition, a reader's answer or a request says: it is refused by name, or it ends."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin import asl
from tocsin.asl import readers, rules, writers
from tocsin.asl.execution import Status
from tocsin.errors import TocsinError
from tocsin.kernel.json import Json

ENDS = {each.value for each in Status} - {"RUNNING"}
GET = "arn:aws:states:::s3:getObject"
LIST = "arn:aws:states:::s3:listObjectsV2"

texts = st.sampled_from(
    ["", "$", "$.a", "$$", "$v", "{% 1 %}", "{% $states.input %}", "{% [1,2] %}", "a,b\n1,2", "[1]", "{"]
)
names = st.sampled_from(["a", "a.$", "Body", "Contents", "Key", "NextContinuationToken", "files", "fileSchema", "key"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | st.floats(-1, 2) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)


def one_of(*known: str) -> st.SearchStrategy[Json]:
    return st.sampled_from(known) | values


reader_configs = st.fixed_dictionaries({}, optional={
    "InputType": one_of(*readers.INPUT_TYPES), "CSVHeaderLocation": one_of("FIRST_ROW", "GIVEN"),
    "CSVHeaders": st.lists(texts, max_size=3), "CSVDelimiter": one_of(*readers.DELIMITERS),
    "ItemsPointer": st.sampled_from(["", "/a", "/0", "/Body"]), "MaxItems": values, "MaxItemsPath": texts,
})  # fmt: skip
parts = st.fixed_dictionaries({}, optional={
    "ItemReader": st.fixed_dictionaries(
        {"Resource": st.sampled_from([GET, LIST])},
        optional={"Parameters": values, "Arguments": values, "ReaderConfig": reader_configs},
    ),
    "ItemBatcher": st.fixed_dictionaries({}, optional={
        "MaxItemsPerBatch": values, "MaxInputBytesPerBatch": values, "MaxItemsPerBatchPath": texts,
        "BatchInput": values}),
    "ResultWriter": st.fixed_dictionaries({}, optional={
        "Resource": st.just("arn:aws:states:::s3:putObject"), "Parameters": values, "Arguments": values,
        "WriterConfig": st.fixed_dictionaries({}, optional={
            "Transformation": one_of(*writers.TRANSFORMATIONS), "OutputType": one_of(*writers.OUTPUT_TYPES)})}),
    "ItemSelector": values, "MaxConcurrency": values, "ToleratedFailureCount": values, "Label": texts, "Items": values,
    "ItemsPath": texts, "ResultPath": texts, "ResultSelector": values, "Output": values, "Assign": values,
})  # fmt: skip


@given(more=parts, answer=values, item=values, value=values, language=st.sampled_from(["JSONPath", "JSONata"]))
@settings(max_examples=120, deadline=None)
def test_any_distributed_map_is_refused_or_ends(
    more: dict[str, Json], answer: Json, item: Json, value: Json, language: str
) -> None:
    inner = {
        "StartAt": "In", "States": {"In": {"Type": "Task", "Resource": "work", "End": True}},
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
    }  # fmt: skip
    state = {"Type": "Map", "ItemProcessor": inner, "End": True, **more}
    definition = {"StartAt": "M", "States": {"M": state}, "QueryLanguage": language}
    with suppress(asl.DefinitionError):
        machine = asl.parse(definition)
        functions = {name: (lambda _: answer) for name in ("getObject", "putObject")}
        pages = iter([answer, answer])
        functions["listObjectsV2"] = lambda _: next(pages, {"Contents": [1]})
        functions["work"] = lambda _: item
        assert asl.run(machine, value, functions=functions).status in ENDS


kinds = st.sampled_from(rules.STATES)
fields = st.sampled_from(sorted({name for each in rules.FIELDS.values() for group in each for name in group}))


@given(
    kind=kinds,
    more=st.dictionaries(fields, values, max_size=4),
    request=st.fixed_dictionaries({}, optional={
        "variables": values, "context": values, "level": one_of("INFO", "DEBUG", "TRACE"), "state_name": texts,
        "mock": st.fixed_dictionaries({}, optional={"result": values, "errorOutput": values}),
        "configuration": st.fixed_dictionaries({}, optional={
            "retrierRetryCount": values, "mapIterationFailureCount": values, "mapItemReaderData": values}),
    }),
    value=values,
)  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_any_state_alone_is_refused_or_tried(
    kind: str, more: dict[str, Json], request: dict[str, Json], value: Json
) -> None:
    inner = {"StartAt": "In", "States": {"In": {"Type": "Pass", "End": True}}}
    spread = {**inner, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}}
    needed: dict[str, dict[str, Json]] = {
        "Map": {"ItemProcessor": spread}, "Parallel": {"Branches": [inner]}, "Task": {"Resource": "work"},
        "Choice": {"Choices": [{"Variable": "$.a", "IsPresent": True, "Next": "N"}], "Default": "D"},
        "Wait": {"Seconds": 1},
    }  # fmt: skip
    end = {} if kind in rules.TERMINAL else {"End": True}
    with suppress(TocsinError):
        found = asl.test_state({"Type": kind, **end, **needed.get(kind, {}), **more}, value, **request)
        assert found.status in {"SUCCEEDED", "FAILED", "RETRIABLE", "CAUGHT_ERROR"}
