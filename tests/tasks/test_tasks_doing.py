"""Which task is done by whom."""

from __future__ import annotations

import pytest

from tests.tasks.task_examples import task
from tocsin.asl import Failure
from tocsin.kernel.json import Json
from tocsin.tasks.doing import Doing
from tocsin.tasks.functions import Functions
from tocsin.tasks.task import Task


def ours(payload: Json, given: Task) -> Json:
    assert given.id
    return ["ours", payload]


DOING = Doing(Functions({"clean": lambda given: ["theirs", given]}), {}, lambda _: "aws", {"ask": ours, "clean": ours})


def done(name: str, arguments: Json) -> Json:
    return DOING(task(name, arguments))


def test_functions_of_ours_stand_behind_those_of_the_team() -> None:
    arn = "arn:aws:lambda:us-east-1:000000000000:function:"
    assert done(arn + "ask", 1) == ["ours", 1]
    assert done(arn + "clean", 1) == ["theirs", 1]
    assert done(arn + "other", 1) == "aws"
    assert done("clean", 1) == ["theirs", 1]
    invoke = "arn:aws:states:::lambda:invoke"
    assert done(invoke, {"FunctionName": "ask", "Payload": 2})["Payload"] == ["ours", 2]
    assert done(invoke, {"FunctionName": "ask"})["Payload"] == ["ours", {}]
    assert done(invoke, {"FunctionName": "other"}) == "aws"


def test_nobody_works_on_activities() -> None:
    with pytest.raises(Failure, match="activities"):
        done("arn:aws:states:us-east-1:000000000000:activity:x", 1)
