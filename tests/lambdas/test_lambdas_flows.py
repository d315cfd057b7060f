"""What the definitions of the stack call is what the inbox function answers: the real text, and the real handler."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tocsin.workflows
from tests.lambdas.world import World
from tocsin import asl
from tocsin.errors import StoreUnavailableError
from tocsin.lambdas import inbox
from tocsin.stack.flows import flow_resources
from tocsin.stack.permissions import FUNCTION
from tocsin.wiring.questions import listed

SHIPPED = Path(tocsin.workflows.__path__[0])
ARN = "arn:aws:lambda:eu-west-1:111122223333:function:stack-InboxFunction"
INVOKE = "arn:aws:states:::lambda:invoke"
CASES = sorted(SHIPPED.glob("*.case.json"))


def definition(text: str, name: str = "flow") -> asl.Definition:
    """What runs at AWS: the resource of the stack, its substitutions done."""
    machine: Any = flow_resources(name, text, None)["Flow" + name]
    properties = machine["Properties"]
    assert properties["DefinitionSubstitutions"].keys() == {FUNCTION}
    return asl.parse(properties["DefinitionString"].replace(f"${{{FUNCTION}}}", ARN))


class Lambda:
    """Lambda in front of the handler."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def __call__(self, event: Any) -> Any:  # noqa: ANN401 - JSON, both ways.
        self.events.append(event)
        return inbox.handler(json.loads(json.dumps(event)), None)


def played(text: str, function: Callable[..., Any], given: Any = None, mocks: Any = None) -> asl.Result:  # noqa: ANN401 - JSON.
    return asl.run(definition(text), given, functions={ARN: function}, mocks=mocks)


def said(world: World) -> str:
    return json.dumps([each.layout for each in world.slack.messages(world.room)])


def task(resource: str, **more: Any) -> str:  # noqa: ANN401 - JSON.
    return json.dumps({"StartAt": "Do", "States": {"Do": {"Type": "Task", "Resource": resource, "End": True, **more}}})


# ── The shipped workflows ────────────────────────────────────────────────────────────────────────────────────────────
def unanswered(case: Any, function: str) -> set[str]:  # noqa: ANN401 - JSON.
    """Take the answers of one of our functions out of the *case*, but for failures; the states that call it."""
    states = json.loads((SHIPPED / case["workflow"]).read_text(encoding="utf-8"))["States"]
    ((machine,),) = (case["mocks"]["StateMachines"].values(),)
    ((answers,),) = (machine["TestCases"].values(),)
    ours = {
        name
        for name in answers
        if name in states
        and f'"FunctionName": "{function}"' in json.dumps(states[name])
        and "Throw" not in json.dumps(case["mocks"]["MockedResponses"][answers[name]])
    }
    for name in ours:
        del answers[name]
    return ours


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name.removesuffix(".case.json"))
def test_every_case_of_the_shipped_workflows_goes_as_ever_with_the_real_functions(path: Path, world: World) -> None:
    case = json.loads(path.read_text(encoding="utf-8").replace("payments", "ops"))
    text = (SHIPPED / case["workflow"]).read_text(encoding="utf-8")
    function = Lambda()
    announced = unanswered(case, "tocsin-announce")
    done = played(text, function, case["input"], case["mocks"])
    assert done.status == case["expect"]["status"]
    assert done.output == case["expect"].get("output")
    assert len(function.events) == len(announced & set(case["expect"]["states"]))
    if unanswered(case, "tocsin-ask"):
        played(text, function, case["input"], case["mocks"])  # Nobody answers; its time is over at once.
        assert [each["function"] for each in function.events].count("tocsin-ask") == 1
        (question,) = listed(world.table.inner)
        assert question.question.approvers == ("ada", "grace")
        assert question.question.title == "May shop go on?"
    world.run()
    for event in function.events:
        assert event["payload"]["title"] in said(world)


def test_the_cases_ask_and_tell() -> None:
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in CASES]
    assert {each["workflow"] for each in documents} == {path.name for path in SHIPPED.glob("*.asl.json")}
    assert sum(bool(unanswered(each, "tocsin-announce")) for each in documents) > 9
    assert sum(bool(unanswered(each, "tocsin-ask")) for each in documents) > 2


# ── Every way to name them that `tocsin serve` knows ─────────────────────────────────────────────────────────────────
TOLD = {"title": "It is done"}


@pytest.mark.parametrize(
    "text",
    [
        task(INVOKE, Parameters={"FunctionName": "tocsin-announce", "Payload": TOLD}),
        task(INVOKE, Parameters={"FunctionName": "tocsin-announce", "Payload.$": "$"}),
        task(INVOKE, Parameters={"FunctionName": "tocsin-announce:live", "Payload.$": "$"}),
        task(
            INVOKE, Parameters={"FunctionName": ARN.replace("stack-InboxFunction", "tocsin-announce"), "Payload": TOLD}
        ),
        task(INVOKE, QueryLanguage="JSONata", Arguments={"FunctionName": "tocsin-announce", "Payload": TOLD}),
        task(ARN.replace("stack-InboxFunction", "tocsin-announce")),
        task(ARN.replace("stack-InboxFunction", "tocsin-announce"), Parameters={"title.$": "$.title"}),
        task(ARN.replace("stack-InboxFunction", "tocsin-announce:3"), QueryLanguage="JSONata"),
        task(ARN.replace("stack-InboxFunction", "tocsin-announce"), QueryLanguage="JSONata", Arguments=TOLD),
    ],
)
def test_it_is_told_however_the_task_names_it(text: str, world: World) -> None:
    done = played(text, Lambda(), TOLD)
    assert done.status == "SUCCEEDED"
    output: Any = done.output
    assert (output["Payload"] if INVOKE in text else output) == {"told": ["team:ops"]}
    world.run()
    assert "It is done" in said(world)


@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
def test_a_question_is_asked_in_both_languages(language: str, world: World) -> None:
    payload: dict[str, Any] = {"title": "Deploy?", "approvers": ["ada"]}
    token = {"token.$": "$$.Task.Token"} if language == "JSONPath" else {"token": "{% $states.context.Task.Token %}"}
    field = "Parameters" if language == "JSONPath" else "Arguments"
    given = {field: {"FunctionName": "tocsin-ask", "Payload": payload | token}}
    text = task(f"{INVOKE}.waitForTaskToken", QueryLanguage=language, **given)
    assert played(text, Lambda()).status == "RUNNING"
    (question,) = listed(world.table.inner)
    assert question.question.title == "Deploy?"


def test_what_only_begins_like_ours_is_the_teams_own() -> None:
    text = task(INVOKE, Parameters={"FunctionName": "tocsin-cleanup", "Payload": {}})
    machine: Any = flow_resources("f", text, None)["Flowf"]
    assert "DefinitionSubstitutions" not in machine["Properties"]


# ── Trouble ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def call(function: str = "tocsin-announce", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON.
    return {"function": function, "payload": TOLD, "execution": "e", "state": "Do", "entered": "t", **more}


def test_a_task_that_is_tried_again_tells_once_and_the_next_one_again(world: World) -> None:
    for event in (call(), call(), call(entered="later"), call(payload={"title": "Another"})):
        inbox.handler(event, None)
    world.run()
    assert len(world.slack.messages(world.room)) == 3


@pytest.mark.parametrize(
    ("event", "error"),
    [
        (call(payload={"title": "x", "to": "nowhere"}), "Tocsin.NobodyToAsk"),
        (call(payload=None), "Tocsin.QuestionInvalid"),
        (call("tocsin-sing"), "Tocsin.QuestionInvalid"),
        (call("tocsin-ask"), "Tocsin.QuestionInvalid"),
    ],
)
def test_what_fails_has_the_name_by_which_workflows_catch_it(event: Any, error: str, world: World) -> None:  # noqa: ANN401
    del world
    with pytest.raises(Exception, match=r"to|payload|function|token") as failed:
        inbox.handler(event, None)
    assert type(failed.value).__name__ == error


def test_a_question_that_cannot_be_asked_now_waits_in_the_queue(world: World) -> None:
    world.running.thinking()
    token = {"title": "Deploy?", "approvers": ["ada"], "token": "t"}
    with pytest.MonkeyPatch.context() as broken:

        def away(*_: object) -> None:
            raise StoreUnavailableError("away")

        broken.setattr(world.table.inner, "put_record", away)
        assert inbox.handler(call("tocsin-ask", payload=token), None) == {}
    assert not list(listed(world.table.inner))
    world.run()
    (question,) = listed(world.table.inner)
    assert question.question.title == "Deploy?"


def test_an_announcement_that_cannot_be_stored_fails_and_may_be_tried_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailableError("away")

    world.running.thinking()
    monkeypatch.setattr(world.table.inner, "accept", away)
    with pytest.raises(StoreUnavailableError):
        inbox.handler(call(), None)
