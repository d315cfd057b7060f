"""Local functions: which are offered, how they fail, what becomes of those that do not come back."""

from __future__ import annotations

import math
import threading
from types import ModuleType

import pytest

from tests.tasks.task_examples import task
from tests.wiring import workflow_functions
from tocsin import asl
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.tasks import functions as functions_module
from tocsin.tasks.doing import Doing
from tocsin.tasks.functions import Functions, functions_of
from tocsin.tasks.task import TIME_MAX, Later, Task

LAMBDA = "arn:aws:lambda:eu-west-1:111122223333:function:"
INVOKE = "arn:aws:states:::lambda:invoke"


def test_a_module_offers_the_public_functions_that_it_defines() -> None:
    assert set(functions_of(workflow_functions)) == {"double", "broken", "process"}
    chosen = ModuleType("chosen")
    vars(chosen).update(__all__=["sqrt", "missing", "Kind", "number"], sqrt=math.sqrt, Kind=int, number=5, other=print)
    assert set(functions_of(chosen)) == {"sqrt"}


@pytest.mark.parametrize(
    ("function", "error", "told"),
    [
        (lambda _: 1 / 0, "ZeroDivisionError", "division by zero"),
        (lambda _: object(), "TypeError", "Encoding objects of type object is unsupported"),
        (lambda given: given["none"], "KeyError", "'none'"),
    ],
)
def test_an_exception_fails_the_task_as_it_fails_a_lambda_function(function: object, error: str, told: str) -> None:
    with pytest.raises(asl.Failure) as caught:
        Functions({"f": function}).do(task("f"))  # type: ignore[dict-item]
    assert caught.value.error == error
    cause = json.decode(str(caught.value.cause))
    assert (cause["errorMessage"], cause["errorType"]) == (told, error)


def test_a_function_says_itself_how_it_fails_and_what_it_gives_is_json() -> None:
    functions = Functions({**functions_of(workflow_functions), "tuple": lambda _: (1, 2)})
    with pytest.raises(asl.Failure) as caught:
        functions.do(task("broken", 5))
    assert (caught.value.error, caught.value.cause) == ("Broken", "given 5")
    assert functions.do(task("tuple")) == [1, 2]
    with pytest.raises(asl.Failure, match="no function 'none' here; there are: broken, double, process, tuple"):
        functions.do(task("none"))


def test_a_function_that_does_not_come_back_fails_its_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(functions_module, "RUNNING_MAX", 1)
    back = threading.Event()
    gone = threading.Event()

    def hangs(_: Json) -> None:
        back.wait()
        gone.set()

    functions = Functions({"hangs": hangs})
    with pytest.raises(asl.Failure) as caught:
        functions.do(task("hangs", timeout=10))
    assert caught.value.error == "States.Timeout"
    with pytest.raises(Later, match="do not come back"):
        functions.do(task("hangs", timeout=10))
    back.set()
    assert gone.wait(30)


def test_a_function_that_raises_a_timeout_of_its_own_fails_by_its_name() -> None:
    def late(_: Json) -> None:
        raise TimeoutError("too late")

    with pytest.raises(asl.Failure) as caught:
        Functions({"late": late}).do(task("late"))
    assert caught.value.error == "TimeoutError"


def test_a_task_has_its_time() -> None:
    assert task("f").time == TIME_MAX
    assert task("f", timeout=5).time == 5
    assert task("f", timeout=TIME_MAX * 9).time == TIME_MAX


def test_each_task_is_done_by_whom_it_names() -> None:
    def aws(given: Task) -> Json:
        return {"aws": given.what.name}

    doing = Doing(Functions(functions_of(workflow_functions)), {"states:startExecution": lambda _: "started"}, aws)
    assert doing(task("double", {"n": 2})) == {"n": 4}
    assert doing(task(f"{LAMBDA}double", {"n": 2})) == {"n": 4}
    assert doing(task(f"{LAMBDA}double:live", {"n": 2})) == {"n": 4}
    assert doing(task(f"{LAMBDA}other")) == {"aws": "other"}
    assert doing(task(INVOKE, {"FunctionName": f"{LAMBDA}double:1", "Payload": {"n": 2}}))["Payload"] == {"n": 4}
    assert doing(task(INVOKE, {"FunctionName": "double", "Payload": {"n": 2}}))["StatusCode"] == 200
    assert doing(task(INVOKE, {"FunctionName": "process"}))["Payload"]
    assert doing(task(INVOKE, {"FunctionName": "other"})) == {"aws": "invoke"}
    assert doing(task(INVOKE, [])) == {"aws": "invoke"}
    assert doing(task("arn:aws:states:::states:startExecution.sync")) == "started"
    with pytest.raises(asl.Failure, match="Nobody works on activities here"):
        doing(task("arn:aws:states:eu-west-1:111122223333:activity:paint"))
