"""Workflows become state machines, rules become EventBridge's, where AWS can do the same; else somebody is told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from tests.stack import examples
from tests.stack.examples import APPROVE, BACKUP, ROLE, read, settings
from tocsin import asl, patterns, stack
from tocsin.expressions.expression import Expression
from tocsin.kernel.json import Json
from tocsin.stack import TemplateError, build, flows
from tocsin.stack.flows import adapted, flow_resources, logical_id
from tocsin.stack.permissions import allowed, needs
from tocsin.wiring.rules_at_aws import by_aws, ours
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_rules import RuleAlert, RuleSettings
from tocsin.wiring.settings_workflows import Workflow

TEAM: Any = build(settings(), read)["Resources"]
CORE: Any = stack.load()["Resources"]
EVENT = patterns.compile('{"source": ["aws.ecs"]}')


def task(**state: Json) -> str:
    return json.dumps({"StartAt": "Do", "States": {"Do": {"Type": "Task", "End": True, **state}}})


def granted(name: str) -> dict[str, Any]:
    statements = TEAM[f"{name}Role"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    return {action: each["Resource"] for each in statements for action in each["Action"]}


# ── Workflows ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_core_stays_as_it_is() -> None:
    assert {name: TEAM[name] for name in CORE} == CORE


def test_a_stack_without_workflows_is_the_core() -> None:
    assert build(Settings())["Resources"] == CORE


@pytest.mark.parametrize("name", ["Flowbackup", "Flowapprove"])
def test_what_runs_at_aws_is_a_valid_definition(name: str) -> None:
    assert asl.validate(TEAM[name]["Properties"]["DefinitionString"]) == ()


def test_the_timer_is_a_valid_definition() -> None:
    definition = CORE["Timer"]["Properties"]["DefinitionString"]["Fn::Sub"]
    assert asl.validate(definition.replace("${AWS::Partition}", "aws")) == ()


def test_the_timer_waits_and_tells_the_inbox_who_is_due() -> None:
    definition = CORE["Timer"]["Properties"]["DefinitionString"]["Fn::Sub"].replace("${AWS::Partition}", "aws")
    sent: list[tuple[Json, Json]] = []

    def send(given: Json, resource: Json) -> Json:
        sent.append((resource, given))
        return {"MessageId": "1"}

    resource = "arn:aws:states:::sqs:sendMessage"
    given: Json = {"aggregate": "i-1", "version": 7, "at": "2026-11-27T10:00:00Z"}
    assert asl.run(asl.parse(definition), given, functions={resource: send}).output == {"MessageId": "1"}
    assert [each for _, each in sent] == [
        {"QueueUrl": "${InboxQueue}", "MessageBody": {"due": "i-1", "version": 7}},
    ]


def test_our_own_functions_are_the_inbox_and_hear_which_is_meant() -> None:
    definition = json.loads(TEAM["Flowbackup"]["Properties"]["DefinitionString"])
    assert definition["States"]["Tell"]["Arguments"] == {
        "FunctionName": "${tocsin_inbox}",
        "Payload": {
            "function": "tocsin-announce",
            "payload": {"text": "{% 'done' %}"},
            "execution": "{% $states.context.Execution.Id %}",
            "state": "{% $states.context.State.Name %}",
            "entered": "{% $states.context.State.EnteredTime %}",
        },
    }
    substitutions = {"tocsin_inbox": {"Fn::GetAtt": ["InboxFunction", "Arn"]}}
    assert TEAM["Flowbackup"]["Properties"]["DefinitionSubstitutions"] == substitutions
    assert granted("Flowbackup")["lambda:InvokeFunction"] == {"Fn::GetAtt": ["InboxFunction", "Arn"]}


def test_a_payload_by_path_stays_one() -> None:
    text = task(
        Resource="arn:aws:states:::lambda:invoke", Parameters={"FunctionName": "tocsin-ask", "Payload.$": "$.what"}
    )
    state: Any = adapted("ask", text, None)["States"]
    payload = state["Do"]["Parameters"]["Payload"]
    assert (payload["function"], payload["payload.$"]) == ("tocsin-ask", "$.what")


def test_the_role_of_a_workflow_is_that_of_its_tasks_and_of_ours_not() -> None:
    definition = json.loads(TEAM["Flowapprove"]["Properties"]["DefinitionString"])
    assert definition["States"]["Go"]["Credentials"] == {"RoleArn": ROLE}
    assert "Credentials" not in definition["States"]["Ask"]
    assert granted("Flowapprove")["sts:AssumeRole"] == [ROLE]
    assert "codepipeline:PutApprovalResult" not in granted("Flowapprove")


def test_a_task_that_names_a_role_keeps_it() -> None:
    other = "arn:aws:iam::444455556666:role/other"
    text = task(Resource="arn:aws:states:::aws-sdk:ec2:stopInstances", Credentials={"RoleArn": other})
    assert needs("x", adapted("x", text, ROLE)).roles == {other}


def test_tasks_within_maps_count() -> None:
    assert {"dynamodb:CreateBackup", "dynamodb:ListTables"} <= granted("Flowbackup").keys()


@pytest.mark.parametrize(
    ("service", "action", "wanted"),
    [
        ("aws-sdk:costexplorer", "getCostAndUsage", ("ce:GetCostAndUsage",)),
        ("aws-sdk:s3", "listObjectsV2", ("s3:ListBucket",)),
        ("aws-sdk:sfn", "startExecution", ("states:StartExecution",)),
        ("sqs", "sendMessage", ("sqs:SendMessage",)),
        ("dynamodb", "putItem", ("dynamodb:PutItem",)),
    ],
)
def test_actions_have_the_names_of_iam(service: str, action: str, wanted: tuple[str, ...]) -> None:
    assert allowed(service, action) == wanted


def test_a_function_of_the_team_is_allowed_by_its_name() -> None:
    text = task(Resource="arn:aws:states:::lambda:invoke", Parameters={"FunctionName": "clean:live"})
    made: Any = flow_resources("f", text, None)["FlowfRole"]
    resource = made["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][1]["Resource"]
    assert [each["Fn::Sub"].rpartition("function:")[2] for each in resource] == ["clean", "clean:*"]


@pytest.mark.parametrize(
    ("name", "arns"),
    [
        ("arn:aws:lambda:eu-west-1:111122223333:function:clean", ["", ":*"]),
        ("arn:aws:lambda:eu-west-1:111122223333:function:clean:3", [""]),
    ],
)
def test_a_function_by_its_arn_is_allowed_by_it(name: str, arns: list[str]) -> None:
    made: Any = flow_resources("f", task(Resource=name), None)["FlowfRole"]
    statement = made["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][1]
    assert statement["Action"] == ["lambda:InvokeFunction"]
    assert statement["Resource"] == [name + end for end in arns]


def test_an_activity_needs_no_action() -> None:
    text = task(Resource="arn:aws:states:eu-west-1:111122223333:activity:approve")
    assert needs("x", adapted("x", text, None)).actions == frozenset()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not valid|INVALID_JSON"),
        (task(Resource="arn:aws:states:::states:startExecution.sync:2"), "look after a job"),
        (task(Resource="chore"), "function of this installation"),
        (
            task(Resource="arn:aws:states:::aws-sdk:ec2:stopInstances", Credentials={"RoleArn.$": "$.role"}),
            "found out by the workflow itself",
        ),
        (
            task(
                QueryLanguage="JSONata",
                Resource="arn:aws:states:::lambda:invoke",
                Arguments={"FunctionName": "{% $states.input.f %}"},
            ),
            "which function is called",
        ),
    ],
)
def test_what_aws_could_not_do_the_same_way_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(TemplateError, match=said) as refused:
        flow_resources("mine", text, None)
    assert "mine" in str(refused.value)


@pytest.mark.parametrize("name", ["a" * 41, "büro", "a b"])
def test_a_name_that_no_state_machine_may_have_is_refused(name: str) -> None:
    with pytest.raises(TemplateError, match="another name"):
        logical_id(name)


def test_no_two_names_have_one_logical_id() -> None:
    names = ["a-b", "a_b", "aZ2Db", "aZb", "ab", "aZZ2Db", "a-Zb"]
    assert len({logical_id(name) for name in names}) == len(names)


def test_every_workflow_has_alarms_of_its_own() -> None:
    for name in ("Flowbackup", "Flowapprove"):
        metrics = {TEAM[f"{name}{kind}Alarm"]["Properties"]["MetricName"] for kind in ("Failed", "TimedOut")}
        assert metrics == {"ExecutionsFailed", "ExecutionsTimedOut"}


# ── Rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────
PLAIN = RuleSettings(event=EVENT, workflow=("backup",))


def test_a_plain_rule_is_eventbridges() -> None:
    assert by_aws(PLAIN)


@pytest.mark.parametrize(
    "rule",
    [
        replace(PLAIN, mode="single"),
        replace(PLAIN, max=3),
        replace(PLAIN, retries=1),
        replace(PLAIN, dry_run=True),
        replace(PLAIN, consume=True),
        replace(PLAIN, integration="aws"),
        replace(PLAIN, command="tidy"),
        replace(PLAIN, webhook=True),
        replace(PLAIN, input=Expression("event", ("event",))),
        replace(PLAIN, workflow=(), alert=RuleAlert(title="x")),
        replace(PLAIN, event=None, command="tidy"),
    ],
)
def test_what_must_be_decided_is_ours(rule: RuleSettings) -> None:
    assert not by_aws(rule)


def test_what_aws_carries_out_is_not_ours_too() -> None:
    assert ours(settings()).rules.keys() == {"decided", "late", "word"}


def test_a_plain_rule_starts_its_workflow_from_both_buses() -> None:
    for name in ("Rulestarted", "RulestartedBus"):
        target = TEAM[name]["Properties"]["Targets"][0]
        assert target["Arn"] == {"Ref": "Flowapprove"}
        assert target["RoleArn"] == {"Fn::GetAtt": ["FlowStarterRole", "Arn"]}
    assert TEAM["RulestartedBus"]["Properties"]["EventBusName"] == {"Ref": "Bus"}
    pattern = {"source": ["aws.codepipeline"], "detail": {"state": ["STARTED"]}}
    assert TEAM["Rulestarted"]["Properties"]["EventPattern"] == pattern


def test_a_rule_of_ours_brings_its_events_to_the_inbox() -> None:
    assert TEAM["Ruledecided"]["Properties"]["Targets"][0]["Arn"] == {"Fn::GetAtt": ["InboxQueue", "Arn"]}
    assert "RuledecidedBus" not in TEAM


def test_a_plain_timetable_is_a_schedule() -> None:
    schedule = TEAM["RulenightlySchedule"]["Properties"]
    assert schedule["ScheduleExpression"] == "cron(30 2 * * ? *)"
    assert schedule["ScheduleExpressionTimezone"] == "Europe/Berlin"
    assert schedule["StartDate"] == "2026-12-31T23:00:00.000Z"
    assert "EndDate" not in schedule
    event = json.loads(schedule["Target"]["Input"])
    assert (event["detail-type"], event["resources"]) == ("Scheduled Event", ["nightly"])


def test_what_people_say_and_timetables_of_ours_need_no_resource() -> None:
    assert [name for name in TEAM if name.startswith(("Rulelate", "Ruleword"))] == []


def test_the_starter_may_start_what_rules_start_and_nothing_else() -> None:
    statements = TEAM[flows.STARTER]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert statements[0]["Resource"] == [{"Ref": "Flowbackup"}, {"Ref": "Flowapprove"}]


def test_a_rule_with_more_workflows_than_eventbridge_has_room_for_is_refused() -> None:
    names = [f"w{number}" for number in range(6)]
    many = Settings(
        workflows={name: Workflow(file="backup.asl.json") for name in names},
        rules={"all": RuleSettings(event=EVENT, workflow=tuple(names))},
    )
    with pytest.raises(TemplateError, match="more than 5 workflows"):
        build(many, read)


def test_a_stack_that_cloudformation_would_not_take_is_refused() -> None:
    many = Settings(workflows={f"w{number}": Workflow(file="approve.asl.json") for number in range(120)})
    with pytest.raises(TemplateError, match="too many for one stack"):
        build(many, read)


def test_the_examples_are_what_tocsin_itself_runs() -> None:
    assert [asl.validate(text) for text in (BACKUP, APPROVE)] == [(), ()]
    assert set(examples.TEXTS) == {each.file for each in settings().workflows.values()}
