"""The workflows that are shipped: valid, each branch walked by a case, started by the rules that the page shows."""

from __future__ import annotations

import json
import os
import re
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from tocsin import asl
from tocsin.asl import picture
from tocsin.asl import step as stepping
from tocsin.asl.execution import Execution, Names, TaskStart, TaskSucceeded
from tocsin.asl.picture.graph import END, START, graph
from tocsin.asl.resources import resource
from tocsin.cli.main import main
from tocsin.kernel import json as our_json
from tocsin.kernel.time import DAY
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_file import parse

HOUSE = Path(__file__).parents[2]
PAGE = HOUSE / "docs" / "workflows-shipped.md"
SHIPPED = Path(str(resources.files("tocsin"))) / "workflows"
FLOWS = sorted(path.name.removesuffix(".asl.json") for path in SHIPPED.glob("*.asl.json"))
CASES = sorted(SHIPPED.glob("*.case.json"))
NOW = 1_764_237_600_000  # 2025-11-27T10:00Z
FENCE = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


def definition(name: str) -> asl.Definition:
    return asl.parse((SHIPPED / f"{name}.asl.json").read_text(encoding="utf-8"))


def case(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_there_are_three() -> None:
    assert FLOWS == ["cost-report", "deployment-approval", "dynamodb-backup"]


@pytest.mark.parametrize("name", FLOWS)
def test_a_shipped_workflow_is_valid_and_names_nothing_that_aws_does_not_know(name: str) -> None:
    assert asl.validate((SHIPPED / f"{name}.asl.json").read_text(encoding="utf-8")) == ()
    text = (SHIPPED / f"{name}.asl.json").read_text(encoding="utf-8")
    names = re.findall(r'"Resource": "([^"]+)"', text)
    assert names
    assert {resource(each).kind for each in names} == {"service"}
    assert set(re.findall(r'"FunctionName": "([^"]+)"', text)) <= {"tocsin-ask", "tocsin-announce"}


def test_all_cases_pass_as_they_do_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["workflow", "test", str(SHIPPED)])
    said = capsys.readouterr().out
    assert code == 0, said
    assert said.count("ok  ") == len(CASES)


@pytest.mark.parametrize("name", FLOWS)
def test_the_cases_of_a_workflow_visit_every_state_and_go_every_way(name: str) -> None:
    found = graph(definition(name).source)
    wanted = {node.name for node in found.everything() if node.type not in {START, END}}
    visited: set[str] = set()
    for path in CASES:
        if case(path)["workflow"] == f"{name}.asl.json":
            visited |= set(case(path)["expect"]["states"])
    assert visited == wanted


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("dynamodb-backup.one-table-fails", "Not backed up: orders (DynamoDb.AccessDeniedException). Its old backups"),
        ("deployment-approval.nobody-answers", "Nobody answered in time."),
        ("cost-report.two-pages", "2 others                                    3.50        0.50   +600 %"),
    ],
)
def test_people_read_what_happened(name: str, told: str) -> None:
    given = case(SHIPPED / f"{name}.case.json")
    result = asl.run(definition(name.partition(".")[0]), given["input"], mocks=given["mocks"])
    assert any(told in text for text in announced(result))


def announced(result: asl.Result) -> list[str]:
    scheduled = [event["taskScheduledEventDetails"] for event in result.history if event["type"] == "TaskScheduled"]
    given = [json.loads(each["parameters"]) for each in scheduled]
    return [each["Payload"]["text"] for each in given if each.get("FunctionName") == "tocsin-announce"]


# ── The question, answered by a person ───────────────────────────────────────────────────────────────────────────────
class Pipeline:
    """CodePipeline, as far as it is needed here, and a chat that keeps what it was given."""

    def __init__(self, event: dict[str, Any]) -> None:
        self.event = event
        self.given: list[tuple[str, Any]] = []
        self.definition = definition("deployment-approval")
        first = stepping.begin(
            self.definition, {"event": event, "approvers": ["team:ops"]}, names=Names(), seed="s", now=NOW
        )
        self.execution = self._go_on(first.execution, first.tasks)

    def answer(self, output: dict[str, Any]) -> None:
        token = self.asked["token"]
        made = stepping.step(self.definition, self.execution, TaskSucceeded(task=token, output=output), NOW)
        self.execution = self._go_on(made.execution, made.tasks)

    @property
    def asked(self) -> dict[str, Any]:
        found: dict[str, Any] = next(given for name, given in self.given if name == "tocsin-ask")
        return found

    def _go_on(self, execution: Execution, tasks: tuple[TaskStart, ...]) -> Execution:
        for task in tasks:
            name = resource(task.resource).name
            if name == "invoke":
                self.given.append((task.arguments["FunctionName"], task.arguments["Payload"]))
            else:
                self.given.append((name, task.arguments))
            if not task.token:
                made = stepping.step(
                    self.definition, execution, TaskSucceeded(task=task.task, output=self._called(name)), NOW
                )
                execution = self._go_on(made.execution, made.tasks)
        return execution

    def _called(self, name: str) -> dict[str, Any]:
        if name != "getPipelineState":
            return {}
        detail = self.event["detail"]
        action = {"ActionName": detail["action"], "LatestExecution": {"Status": "InProgress", "Token": "t-1"}}
        running = {"PipelineExecutionId": detail["execution-id"]}
        return {
            "StageStates": [
                {"StageName": "Build", "ActionStates": [{"ActionName": detail["action"]}]},
                {"StageName": detail["stage"], "LatestExecution": running, "ActionStates": [action]},
            ]
        }


@pytest.mark.parametrize(("choice", "status"), [("approve", "Approved"), ("reject", "Rejected")])
def test_a_deployment_waits_for_a_person_and_goes_on_with_the_answer(choice: str, status: str) -> None:
    pipeline = Pipeline(case(SHIPPED / "deployment-approval.rejected.case.json")["input"])
    assert pipeline.execution.status == "RUNNING"
    assert pipeline.execution.wake_at == NOW + DAY + 600_000
    asked = pipeline.asked
    assert sorted(asked) == sorted(keys_of_a_question())
    assert (asked["approvers"], asked["otherwise"], asked["deadline_seconds"]) == (["team:ops"], "reject", 86400)
    assert [each["value"] for each in asked["choices"]] == ["approve", "reject"]
    stored = our_json.decode(our_json.encode(pipeline.execution))
    assert isinstance(stored, dict)
    pipeline.answer({"choice": choice, "by": ["ada"], "comment": "looks good", "at": "2025-11-27T10:05:00.000Z"})
    assert pipeline.execution.status == "SUCCEEDED"
    [put] = [given for name, given in pipeline.given if name == "putApprovalResult"]
    assert put == {
        "PipelineName": "shop",
        "StageName": "Production",
        "ActionName": "Approve",
        "Result": {"Status": status, "Summary": f"{status} by ada: looks good"},
        "Token": "t-1",
    }
    assert pipeline.given[-1][0] == "tocsin-announce"


# ── The page ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def keys_of_a_question() -> list[str]:
    """As the page lists them."""
    table = PAGE.read_text(encoding="utf-8").partition("### A question")[2].partition("###")[0]
    return re.findall(r"^\| `([a-z_]+)` \|", table.partition("Its answer")[0], re.MULTILINE)


def snippets() -> list[Settings]:
    """The rules of the page, as a `tocsin.yaml` beside the workflows."""
    texts = FENCE.findall(PAGE.read_text(encoding="utf-8"))
    return [parse(text.encode(), {}, str(SHIPPED / "tocsin.yaml")).settings for text in texts]


def test_the_rules_of_the_page_start_the_workflows() -> None:
    rules = {name: rule for settings in snippets() for name, rule in settings.rules.items()}
    assert sorted(name for rule in rules.values() for name in rule.workflow) == FLOWS
    event = case(SHIPPED / "deployment-approval.rejected.case.json")["input"]
    for name, rule in rules.items():
        if rule.event is not None:
            assert rule.event.matches(event)
            assert not rule.event.matches({**event, "source": "aws.ec2"})
            assert rule.rule(name, "s").input(event, NOW) == {"event": event, "approvers": ["team:ops"]}
        else:
            timetable = rule.timetable()
            assert timetable is not None
            assert timetable.next_after(NOW)


@pytest.mark.parametrize("name", FLOWS)
def test_the_page_tells_of_each_workflow_and_of_all_its_settings(name: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    source = (SHIPPED / f"{name}.asl.json").read_text(encoding="utf-8")
    settings = set(re.findall(r"\$states\.input\.([a-z_]+)", source.partition('"Next"')[0]))
    assert f"{name}.asl.json" in text
    assert settings
    assert all(f"`{each}`" in text for each in settings)


PICTURES = {"workflow.svg": ("deployment-approval", ""), "workflow-run.svg": ("dynamodb-backup", "one-table-fails")}


@pytest.mark.parametrize("name", PICTURES)
def test_the_pictures_of_the_documentation_are_up_to_date(name: str) -> None:
    flow, told = PICTURES[name]
    history: list[Any] = []
    if told:
        given = case(SHIPPED / f"{flow}.{told}.case.json")
        history = asl.run(definition(flow), given["input"], mocks=given["mocks"]).history
    drawn = picture.draw(definition(flow), title=flow, history=history, alone=True).svg
    path = HOUSE / "docs" / "images" / name
    if os.environ.get("UPDATE"):
        path.write_text(drawn, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == drawn, "UPDATE=1 draws it again; look at it"
