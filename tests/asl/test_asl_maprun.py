"""Distributed Maps: what they read and write, how they put items together, what their children know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.asl.asl_examples import machine, run, types
from tocsin import asl
from tocsin.asl import below, readers
from tocsin.asl import step as stepping
from tocsin.asl.execution import Execution, Names, TaskSucceeded, Work
from tocsin.kernel.json import Json

GET = "arn:aws:states:::s3:getObject"
LIST = "arn:aws:states:::s3:listObjectsV2"
PUT = "arn:aws:states:::s3:putObject"
PASS: Json = {"Type": "Pass"}


def spread(state: Mapping[str, Json] = PASS, *, kind: str = "STANDARD", **more: Json) -> dict[str, Json]:
    ends = {} if state["Type"] in {"Fail", "Succeed"} else {"End": True}
    inner = {"StartAt": "In", "States": {"In": {**state, **ends}}}
    return {
        "Type": "Map",
        "ItemProcessor": {**inner, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}},
        **more,
    }


def reader(resource: str = GET, parameters: Json = None, **config: Json) -> dict[str, Json]:
    given = {"Bucket": "b", "Key": "k"} if parameters is None else parameters
    return {"Resource": resource, "Parameters": given, "ReaderConfig": config}


def read(body: Json, more: Mapping[str, Json] | None = None, **config: Json) -> Json:
    """What the children of a Map over the object *body* give: their inputs; or its error and cause."""
    result = run(
        machine(spread(ItemReader=reader(**config), **(more or {}))), {"n": 2}, {"getObject": lambda _: {"Body": body}}
    )
    return result.output if result.status == "SUCCEEDED" else (result.error, result.cause)


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("body", "config", "items"),
    [
        ("[1, 2]", {}, [1, 2]),
        ([1, 2], {"InputType": "JSON"}, [1, 2]),
        ('\ufeff{"a": [{"b/c": [3]}]}', {"InputType": "JSON", "ItemsPointer": "/a/0/b~1c"}, [3]),
        ('{"a": 1}\n\n{"a": 2}\n', {"InputType": "JSONL"}, [{"a": 1}, {"a": 2}]),
        ("a,b\n1,2\n\n3\n4,5,6\n", {"InputType": "CSV"}, [{"a": "1", "b": "2"}, {"a": "3", "b": ""},
                                                         {"a": "4", "b": "5"}]),
        ('1;"x;y"\n', {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a", "b"],
                       "CSVDelimiter": "SEMICOLON"}, [{"a": "1", "b": "x;y"}]),
        ("", {"InputType": "CSV"}, []),
        ("[1, 2, 3]", {"MaxItems": 2}, [1, 2]),
        ("[1, 2, 3]", {"MaxItemsPath": "$.n"}, [1, 2]),
    ],
)  # fmt: skip
def test_items_are_read_from_an_object(body: Json, config: dict[str, Json], items: Json) -> None:
    assert read(body, **config) == items


@pytest.mark.parametrize(
    ("body", "config", "told"),
    [
        ("{", {}, "is no JSON"),
        ('{"a": 1}', {}, "must hold an array"),
        ("{}", {"ItemsPointer": "/a"}, "leads nowhere"),
        ("[1]", {"ItemsPointer": "/x"}, "leads nowhere"),
        ("[1]", {"ItemsPointer": "/9"}, "leads nowhere"),
        (5, {"InputType": "CSV"}, "is no text"),
        ("a\n" + "x" * 200_000, {"InputType": "CSV"}, "is no CSV"),
        ("", {"InputType": "PARQUET"}, "'PARQUET' cannot be read here"),
        ("[]", {"InputType": "MANIFEST"}, "must have a fileSchema"),
        ("[]", {"Transformation": "LOAD_AND_FLATTEN"}, "The Transformation 'LOAD_AND_FLATTEN' is not known here"),
        ("[]", {"ManifestType": "ATHENA_DATA"}, "The ManifestType 'ATHENA_DATA' is not known here"),
        ('{"files": [], "fileSchema": "a", "fileFormat": "ORC"}', {"InputType": "MANIFEST"}, "the format 'ORC'"),
    ],
)
def test_what_cannot_be_read_fails_the_reader(body: Json, config: dict[str, Json], told: str) -> None:
    error, cause = read(body, **config)
    assert error == "States.ItemReaderFailed"
    assert told in cause


def test_a_reader_whose_task_fails_is_caught_and_tried_again() -> None:
    def refuse(_: Json) -> Json:
        raise asl.Failure("S3.NoSuchKey", "there is no k")

    state = spread(ItemReader=reader(), Retry=[{"ErrorEquals": ["States.ItemReaderFailed"], "MaxAttempts": 1}])
    result = run(machine(state), {}, {"getObject": refuse})
    assert (result.error, result.cause) == ("States.ItemReaderFailed", "S3.NoSuchKey: there is no k")
    assert types(result).count("MapRunStarted") == 2
    assert types(result)[-3:] == ["MapRunFailed", "MapStateFailed", "ExecutionFailed"]
    caught = {**state, "Catch": [{"ErrorEquals": ["States.ItemReaderFailed"], "Next": "S1"}], "Next": "S1"}
    assert run(machine(caught, PASS), {}, {"getObject": refuse}).output["Error"] == "States.ItemReaderFailed"


def test_arguments_of_a_reader_are_an_object() -> None:
    result = run(machine(spread(ItemReader=reader(parameters="text"))), {})
    assert result.error == "States.ItemReaderFailed"


def test_a_list_of_objects_is_read_page_by_page() -> None:
    asked: list[Json] = []

    def pages(given: Json) -> Json:
        asked.append(given.get("ContinuationToken"))
        number = len(asked)
        return {"Contents": [{"Key": f"k{number}"}], **({"NextContinuationToken": f"t{number}"} if number < 3 else {})}

    listing = reader(LIST, {"Bucket": "b", "Prefix": "p"})
    selector = {"key.$": "$$.Map.Item.Value.Key", "from.$": "$$.Map.Item.Source"}
    result = run(machine(spread(ItemReader=listing, ItemSelector=selector)), {}, {"listObjectsV2": pages})
    assert result.output == [{"key": f"k{number}", "from": "S3://b"} for number in (1, 2, 3)]
    assert asked == [None, "t1", "t2"]
    asked.clear()
    few = reader(LIST, {"Bucket": "b"}, MaxItems=2)
    assert len(run(machine(spread(ItemReader=few)), {}, {"listObjectsV2": pages}).output) == 2
    assert asked == [None, "t1"]
    plain = run(machine(spread(ItemReader=listing)), {}, {"listObjectsV2": lambda _: [{"Key": "k"}]})
    assert plain.output == [{"Key": "k"}]


def test_a_list_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "PAGES_MAX", 3)
    endless = {"Contents": [], "NextContinuationToken": "t"}
    result = run(machine(spread(ItemReader=reader(LIST))), {}, {"listObjectsV2": lambda _: endless})
    assert "more than 3 pages" in str(result.cause)
    monkeypatch.setattr(readers, "ITEMS_MAX", 2)
    assert "more than 2 items" in read("[1, 2, 3]")[1]


def test_an_inventory_is_read_file_by_file() -> None:
    manifest = {
        "destinationBucket": "arn:aws:s3:::inventory", "fileFormat": "CSV", "fileSchema": "Bucket, Key",
        "files": [{"key": "one.csv"}, {"key": "two.csv"}],
    }  # fmt: skip
    objects = {"k": json.dumps(manifest), "one.csv": '"b","x"\n"b","y"\n', "two.csv": '"b","z"\n'}
    asked: list[Json] = []

    def get(given: Json) -> Json:
        asked.append(given)
        return {"Body": objects[given["Key"]]}

    result = run(machine(spread(ItemReader=reader(InputType="MANIFEST"))), {}, {"getObject": get})
    assert result.output == [{"Bucket": "b", "Key": key} for key in "xyz"]
    assert asked[1:] == [{"Bucket": "inventory", "Key": "one.csv"}, {"Bucket": "inventory", "Key": "two.csv"}]
    objects["k"] = json.dumps({"fileSchema": "a", "files": []})
    assert run(machine(spread(ItemReader=reader(InputType="MANIFEST"))), {}, {"getObject": get}).output == []


# ── Batches ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_items_are_put_together_with_what_they_share() -> None:
    state = spread(
        ItemsPath="$.l", ItemSelector={"v.$": "$$.Map.Item.Value", "n.$": "$.n"},
        ItemBatcher={"MaxItemsPerBatchPath": "$.n", "BatchInput": {"who.$": "$.who"}},
    )  # fmt: skip
    output = run(machine(state), {"l": [1, 2, 3], "n": 2, "who": "ada"}).output
    assert output == [
        {"BatchInput": {"who": "ada"}, "Items": [{"v": 1, "n": 2}, {"v": 2, "n": 2}]},
        {"BatchInput": {"who": "ada"}, "Items": [{"v": 3, "n": 2}]},
    ]


def test_a_batch_has_so_many_bytes() -> None:
    words = ["a" * 10, "b" * 10, "c" * 100, "d"]
    found = run(machine(spread(ItemBatcher={"MaxInputBytesPerBatch": 40})), words).output
    assert [len(each["Items"]) for each in found] == [2, 1, 1]
    assert len(json.dumps(found[0], separators=(",", ":"))) <= 40
    assert run(machine(spread(ItemBatcher={"MaxItemsPerBatch": 2})), []).output == []


@pytest.mark.parametrize(
    ("batcher", "told"),
    [
        ({"MaxItemsPerBatchPath": "$.none"}, "could not be found"),
        ({"MaxItemsPerBatchPath": "$[0]"}, "needs MaxItemsPerBatch or MaxInputBytesPerBatch"),
        ({"MaxInputBytesPerBatch": 10**6}, "cannot be more than 262144"),
    ],
)
def test_a_batch_of_nothing_or_too_much_fails(batcher: dict[str, Json], told: str) -> None:
    result = run(machine(spread(ItemBatcher=batcher)), [0])
    assert told in str(result.cause)


def test_batches_speak_jsonata() -> None:
    state = spread(
        Items="{% $states.input.l %}",
        ItemBatcher={"MaxItemsPerBatch": "{% 1 + 1 %}", "BatchInput": "{% {'n': $count($states.input.l)} %}"},
    )
    output = run(machine(state, QueryLanguage="JSONata"), {"l": [1, 2, 3]}).output
    assert output == [{"BatchInput": {"n": 3}, "Items": [1, 2]}, {"BatchInput": {"n": 3}, "Items": [3]}]


# ── Children ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_child_is_a_run_of_its_own() -> None:
    for kind, word in (("STANDARD", ":execution:"), ("EXPRESS", ":express:")):
        state = spread({"Type": "Pass", "OutputPath": "$$"}, kind=kind, Label="each")
        seen = run(machine({"Type": "Pass", "Assign": {"x": 1}}, state), ["item"]).output[0]
        execution = seen["Execution"]
        assert (execution["Input"], "Map" in seen, "RedriveCount" in execution) == ("item", False, kind == "STANDARD")
        assert f"{word}workflow/each:{execution['Name']}" in execution["Id"]
        assert seen["StateMachine"]["Id"].endswith(":stateMachine:workflow/each")
    blind = run(machine({"Type": "Pass", "Assign": {"x": 1}}, spread({"Type": "Pass", "InputPath": "$x"})), [1])
    assert blind.error == "States.ExceedToleratedFailureThreshold"


def test_maps_within_maps_know_their_own_item() -> None:
    inner = {"StartAt": "Deep", "States": {"Deep": {"Type": "Pass", "End": True, "Parameters": {
        "item.$": "$$.Map.Item.Value", "input.$": "$$.Execution.Input"}}}}  # fmt: skip
    result = run(machine(spread({"Type": "Map", "ItemProcessor": inner})), [[1, 2], [3]])
    assert result.output == [
        [{"item": 1, "input": [1, 2]}, {"item": 2, "input": [1, 2]}],
        [{"item": 3, "input": [3]}],
    ]
    assert "MapIterationStarted" not in types(result)


def test_a_child_that_never_ends_fails_alone() -> None:
    turning = {"X": {"Type": "Pass", "Next": "Y"}, "Y": {"Type": "Pass", "Next": "X"}}
    choices = [{"Variable": "$", "NumericEquals": 1, "Next": "B"}]
    loop = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Choice", "Choices": choices, "Default": "C"},
            "B": {"Type": "Parallel", "Branches": [{"StartAt": "X", "States": turning}], "Next": "C"},
            "C": {"Type": "Pass", "End": True},
        },
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
    }
    result = run(machine({"Type": "Map", "ItemProcessor": loop, "ToleratedFailureCount": 1}), [1, 2])
    assert result.output[1] == 2
    assert "maximum number of history events" in result.output[0]["Cause"]


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────
class Bucket:
    """Keeps what is put."""

    def __init__(self) -> None:
        self.files: dict[str, Any] = {}

    def put(self, given: Json) -> Json:
        kept = given["Body"]
        self.files[given["Key"].rpartition("/")[2]] = (given, kept if given["Key"].endswith("l") else json.loads(kept))
        return {"ETag": "e"}


CHECK: Json = {"Type": "Task", "Resource": "check"}


def check(value: Json) -> Json:
    if value == 2:
        raise asl.Failure("Two", "it is 2")
    return [value]


def written(config: Json, **more: Json) -> tuple[asl.Result, Bucket]:
    bucket = Bucket()
    writer = {"Resource": PUT, "Parameters": {"Bucket": "out", "Prefix": "results/"}, "WriterConfig": config}
    state = spread(CHECK, ToleratedFailureCount=1, ResultWriter=writer, **more)
    return run(machine(state), [1, 2, 3], {"check": check, "putObject": bucket.put}), bucket


def test_results_are_written_with_a_manifest() -> None:
    result, bucket = written({}, ResultPath="$")
    output = result.output
    folder = output["MapRunArn"].rpartition(":")[2]
    assert output["ResultWriterDetails"] == {"Bucket": "out", "Key": f"results/{folder}/manifest.json"}
    _, manifest = bucket.files["manifest.json"]
    assert [each["Key"] for each in manifest["ResultFiles"]["SUCCEEDED"]] == [f"results/{folder}/SUCCEEDED_0.json"]
    assert manifest["ResultFiles"]["PENDING"] == []
    given, good = bucket.files["SUCCEEDED_0.json"]
    assert (given["Bucket"], [each["Output"] for each in good]) == ("out", ["[1]", "[3]"])
    assert manifest["ResultFiles"]["SUCCEEDED"][0]["Size"] == len(given["Body"])
    _, bad = bucket.files["FAILED_0.json"]
    assert (bad[0]["Error"], bad[0]["Cause"], bad[0]["Input"], bad[0]["Status"]) == ("Two", "it is 2", "2", "FAILED")
    assert types(result)[-4:] == ["MapRunSucceeded", "MapStateSucceeded", "MapStateExited", "ExecutionSucceeded"]


def test_results_are_written_as_lines_or_flat() -> None:
    _, bucket = written({"OutputType": "JSONL", "Transformation": "COMPACT"})
    assert bucket.files["SUCCEEDED_0.jsonl"][1] == "[1]\n[3]"
    _, bucket = written({"Transformation": "FLATTEN"})
    assert bucket.files["SUCCEEDED_0.json"][1] == [1, 3]
    assert bucket.files["FAILED_0.json"][1] == [{"Error": "Two", "Cause": "it is 2"}]


def test_results_are_transformed_without_being_written() -> None:
    for kind, output in (("COMPACT", [[1], [3]]), ("FLATTEN", [1, 3])):
        state = spread(CHECK, ResultWriter={"WriterConfig": {"Transformation": kind}})
        assert run(machine(state), [1, 3], {"check": check}).output == output


def test_a_writer_that_fails_fails_the_map() -> None:
    def refuse(_: Json) -> Json:
        raise asl.Failure("States.Timeout", "too slow")

    writer = {"Resource": PUT, "Parameters": {"Bucket": "out"}}
    result = run(machine(spread(ResultWriter=writer)), [1], {"putObject": refuse})
    assert (result.error, result.cause) == ("States.ResultWriterFailed", "too slow")
    odd = spread(ResultWriter={"Resource": PUT, "Parameters": "text"})
    assert run(machine(odd), [1]).error == "States.ResultWriterFailed"


# ── How many at once ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_so_many_children_are_at_work_at_once() -> None:
    definition = asl.parse(machine(spread({"Type": "Task", "Resource": "work"})))
    made = stepping.begin(definition, list(range(3000)), names=Names(), seed="s", now=1)
    assert len(made.tasks) == below.DISTRIBUTED_AT_ONCE_MAX
    following = stepping.step(definition, made.execution, TaskSucceeded(task=made.tasks[7].task, output=1), 1)
    assert len(following.tasks) == 1


def test_a_step_copies_what_it_changes_and_nothing_else() -> None:
    definition = asl.parse(machine(spread({"Type": "Task", "Resource": "work"}, MaxConcurrency=10)))
    made = stepping.begin(definition, list(range(10_000)), names=Names(), seed="s", now=1)
    following = stepping.step(definition, made.execution, TaskSucceeded(task=made.tasks[0].task, output=1), 1)
    before, after = made.execution, following.execution
    assert _work(after).items is _work(before).items
    same = [one is other for one, other in zip(_work(before).results, _work(after).results, strict=True)]
    assert same.count(False) == 1
    assert sum(before.frames[number] is not after.frames.get(number) for number in before.frames) == 2


def _work(execution: Execution) -> Work:
    work = execution.frames[1].work
    assert work is not None
    return work


def test_the_tasks_of_a_child_have_ids_of_their_own() -> None:
    """A child leaves no events in the history of the run, by which tasks are numbered otherwise."""
    tasks = {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "f", "Next": "B"},
             "B": {"Type": "Task", "Resource": "f", "End": True}}}  # fmt: skip
    state = {
        "Type": "Map",
        "ItemProcessor": {**tasks, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}},
    }
    definition = asl.parse(machine(state))
    made = stepping.begin(definition, [1, 2], names=Names(), seed="s", now=0)
    waiting, seen = list(made.tasks), list[str]()
    while waiting:
        task = waiting.pop(0).task
        seen.append(task)
        made = stepping.step(definition, made.execution, TaskSucceeded(task=task, output=1), 0)
        waiting += made.tasks
    assert made.execution.status == "SUCCEEDED"
    assert len(seen) == len(set(seen)) == 4
