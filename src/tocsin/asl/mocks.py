"""Mocked answers of tasks, in the format of Step Functions Local's mock configuration.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/sfn-local-test-sm-exec.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tocsin.asl.documents import Problem
from tocsin.asl.validation import DefinitionError
from tocsin.kernel.json import Json

_ATTEMPTS: Final = re.compile(r"([0-9]{1,6})(?:-([0-9]{1,6}))?")


class Return(msgspec.Struct, frozen=True):
    """A task answers with *output*."""

    output: Json


class Throw(msgspec.Struct, frozen=True):
    """A task fails."""

    error: str
    cause: str


class Mocks:
    """The mocked answers of one test case: by state, then by attempt from 0."""

    def __init__(self, answers: Mapping[str, Mapping[int, Return | Throw]]) -> None:
        """As `mocks` reads them."""
        self._answers = answers
        self._used: dict[str, int] = {}

    def fresh(self) -> Mocks:
        """The same answers, none of them given yet."""
        return Mocks(self._answers)

    def answer(self, state: str) -> Return | Throw | None:
        """The next answer for *state*; None if it is not mocked. After the last one it stays with that."""
        answers = self._answers.get(state)
        if answers is None:
            return None
        attempt = self._used.get(state, 0)
        self._used[state] = attempt + 1
        return answers.get(attempt, answers[max(answers)])


def mocks(document: Json, machine: str = "", case: str = "") -> Mocks:
    """The answers of one test *case* of *machine*; either may be left out where there is but one.

    Raises DefinitionError, which names the place.
    """
    machines = _member(document, "StateMachines", "/")
    name = _only(machines, machine, "/StateMachines", "state machine")
    cases = _member(machines[name], "TestCases", f"/StateMachines/{name}")
    chosen = _only(cases, case, f"/StateMachines/{name}/TestCases", "test case")
    responses = _member(document, "MockedResponses", "/")
    found: dict[str, dict[int, Return | Throw]] = {}
    for state, response in cases[chosen].items():
        place = f"/StateMachines/{name}/TestCases/{chosen}/{state}"
        if not isinstance(response, str) or response not in responses:
            raise _wrong(place, f"there is no mocked response {response!r}")
        found[state] = _answers(responses[response], f"/MockedResponses/{response}")
    return Mocks(found)


def _answers(given: Json, place: str) -> dict[int, Return | Throw]:
    if not isinstance(given, dict) or not given:
        raise _wrong(place, "an object with an answer for each attempt is needed")
    found: dict[int, Return | Throw] = {}
    for attempts, answer in given.items():
        numbers = _ATTEMPTS.fullmatch(attempts)
        if numbers is None:
            raise _wrong(f"{place}/{attempts}", "an attempt like 0, or several like 1-2, is needed")
        made = _answer(answer, f"{place}/{attempts}")
        first = int(numbers[1])
        for attempt in range(first, min(int(numbers[2] or first), first + 1000) + 1):
            found[attempt] = made
    return found


def _answer(given: Json, place: str) -> Return | Throw:
    if isinstance(given, dict) and set(given) == {"Return"}:
        return Return(given["Return"])
    if isinstance(given, dict) and set(given) == {"Throw"} and isinstance(given["Throw"], dict):
        thrown: dict[str, Any] = given["Throw"]
        return Throw(str(thrown.get("Error", "")), str(thrown.get("Cause", "")))
    raise _wrong(place, "either Return or Throw is needed")


def _member(given: Json, name: str, place: str) -> dict[str, Any]:
    if not isinstance(given, dict) or not isinstance(given.get(name), dict):
        raise _wrong(place, f"the object {name!r} is needed")
    found: dict[str, Any] = given[name]
    return found


def _only(given: dict[str, Any], name: str, place: str, what: str) -> str:
    if name and name in given:
        return name
    if name or len(given) != 1:
        there = ", ".join(given)
        raise _wrong(place, f"there is no {what} {name!r}; there are {there}" if name else f"name a {what}: {there}")
    return next(iter(given))


def _wrong(place: str, message: str) -> DefinitionError:
    return DefinitionError((Problem(code="MOCKS_INVALID", message=message, location=place),), "The mocks are invalid")
