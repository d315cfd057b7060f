"""Mocked answers of tasks, and what is wrong with them."""

from __future__ import annotations

import pytest

from tests.asl.asl_examples import machine
from tocsin import asl
from tocsin.asl.mocks import Return, Throw, mocks
from tocsin.kernel.json import Json

DOCUMENT: Json = {
    "StateMachines": {"m": {"TestCases": {"good": {"S0": "Good"}, "bad": {"S0": "Bad"}}}},
    "MockedResponses": {"Good": {"0": {"Return": 1}}, "Bad": {"0": {"Throw": {"Error": "E", "Cause": "c"}}}},
}


def test_a_test_case_is_chosen_by_name() -> None:
    good, bad = mocks(DOCUMENT, "m", "good"), mocks(DOCUMENT, case="bad")
    assert (good.answer("S0"), good.answer("S0"), good.answer("S1")) == (Return(1), Return(1), None)
    assert bad.answer("S0") == Throw("E", "c")
    definition = asl.parse(machine({"Type": "Task", "Resource": "a"}))
    assert [asl.run(definition, {}, mocks=good).output for _ in range(2)] == [1, 1]
    assert asl.run(definition, {}, mocks=bad).error == "E"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (5, "the object 'StateMachines' is needed at /"),
        ({"StateMachines": {}}, "name a state machine:  at /StateMachines"),
        ({"StateMachines": {"m": {}}}, "the object 'TestCases' is needed at /StateMachines/m"),
        ({"StateMachines": {"m": {"TestCases": {"c": {}}}}}, "the object 'MockedResponses' is needed"),
        (DOCUMENT, "name a test case: good, bad at /StateMachines/m/TestCases"),
        (
            {"StateMachines": {"m": {"TestCases": {"c": {"S0": "X"}}}}, "MockedResponses": {}},
            "there is no mocked response 'X' at /StateMachines/m/TestCases/c/S0",
        ),
    ],
)
def test_what_is_wrong_names_its_place(document: Json, message: str) -> None:
    with pytest.raises(asl.DefinitionError) as problem:
        mocks(document)
    assert message in problem.value.message


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({}, "an object with an answer for each attempt is needed"),
        ({"x": {"Return": 1}}, "an attempt like 0, or several like 1-2, is needed at /MockedResponses/Good/x"),
        ({"0": {"Return": 1, "Throw": {}}}, "either Return or Throw is needed"),
        ({"0": {"Throw": 1}}, "either Return or Throw is needed"),
        ({"0": 1}, "either Return or Throw is needed"),
    ],
)
def test_an_answer_that_is_none_is_refused(answers: Json, message: str) -> None:
    with pytest.raises(asl.DefinitionError) as problem:
        mocks({**DOCUMENT, "MockedResponses": {"Good": answers}}, "m", "good")
    assert message in problem.value.message


def test_an_unknown_case_is_told_with_those_that_there_are() -> None:
    with pytest.raises(asl.DefinitionError, match="there is no test case 'none'; there are good, bad"):
        mocks(DOCUMENT, "m", "none")
