"""The stack is as private, safe and watched as it says; and the checks that say so find what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.stack import policy
from tests.stack.examples import read, settings
from tocsin import stack

CORE: Any = stack.load()
TEAM = stack.build(settings(), read)
MEMBER = stack.load(stack.MEMBER)
AUTOMATION = stack.load(stack.AUTOMATION)
EVERY = pytest.mark.parametrize(
    "template", [CORE, TEAM, MEMBER, AUTOMATION], ids=["core", "team", "member", "automation"]
)
OWN = pytest.mark.parametrize("template", [CORE, TEAM], ids=["core", "team"])


@EVERY
@pytest.mark.parametrize(
    "check",
    [
        policy.wildcard_actions,
        policy.strangers,
        policy.shared_roles,
        policy.unencrypted,
        policy.dead_ends,
        policy.unwatched,
        policy.idling,
        policy.unmanaged,
    ],
    ids=lambda check: check.__name__,
)
def test_nothing_is_wrong(check: Callable[[policy.Template], list[str]], template: policy.Template) -> None:
    assert check(template) == []


def test_no_role_of_the_core_reaches_what_it_could_name() -> None:
    assert policy.wildcard_resources(CORE) == []


def test_a_workflow_without_a_role_may_ask_whatever_its_definition_names_and_nothing_else() -> None:
    reached = policy.wildcard_resources(TEAM)
    assert reached == ["FlowbackupRole: dynamodb:CreateBackup", "FlowbackupRole: dynamodb:ListTables"]


def test_looking_into_an_account_only_reads() -> None:
    verbs = ("Describe", "Get", "List", "Lookup")
    reached = [found.partition(": ")[2] for found in policy.wildcard_resources(MEMBER)]
    assert reached
    assert [action for action in reached if not action.partition(":")[2].startswith(verbs)] == []


@OWN
def test_everything_that_runs_is_watched(template: policy.Template) -> None:
    assert policy.coverage(template) == 1.0
    assert len(policy.required(template)) > 25


@OWN
def test_alarms_go_to_people_past_tocsin(template: policy.Template) -> None:
    actions = {json.dumps(action) for action in policy._alarm_actions(template)}
    assert actions == {'{"Ref": "Fallback"}'}
    protocols = {
        each["Properties"]["Protocol"]
        for each in policy.of_type(template, "AWS::SNS::Subscription").values()
        if each["Properties"]["TopicArn"] == {"Ref": "Fallback"}
    }
    assert protocols == {"email"}


def test_a_sweep_that_is_silent_is_an_alarm() -> None:
    missing = CORE["Resources"]["SweepMissingAlarm"]["Properties"]
    assert missing["TreatMissingData"] == "breaching"


def test_the_table_survives_the_stack() -> None:
    table: Any = CORE["Resources"]["Table"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert table["Properties"]["DeletionProtectionEnabled"] is True
    assert table["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_logs_end() -> None:
    groups = policy.of_type(CORE, "AWS::Logs::LogGroup")
    assert len(groups) == 7
    assert all("RetentionInDays" in each["Properties"] for each in groups.values())


def test_every_function_is_traced_and_logs_json_into_its_own_group() -> None:
    functions = policy.of_type(CORE, "AWS::Lambda::Function")
    assert len(functions) == 6
    for name, each in functions.items():
        properties = each["Properties"]
        assert properties["TracingConfig"] == {"Mode": "Active"}
        assert properties["LoggingConfig"]["LogFormat"] == "JSON"
        assert properties["LoggingConfig"]["LogGroup"] == {"Ref": name.replace("Function", "Logs")}
        assert properties["Role"] == {"Fn::GetAtt": [name.replace("Function", "Role"), "Arn"]}
        assert properties["Architectures"] == ["arm64"]


def test_a_queue_hides_a_message_six_times_as_long_as_its_function_may_take() -> None:
    for mapping in policy.of_type(CORE, "AWS::Lambda::EventSourceMapping").values():
        source = CORE["Resources"][mapping["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]]
        function = CORE["Resources"][mapping["Properties"]["FunctionName"]["Fn::GetAtt"][0]]
        if source["Type"] == "AWS::SQS::Queue":
            assert source["Properties"]["VisibilityTimeout"] == 6 * function["Properties"]["Timeout"]


def test_no_key_is_in_the_logs_of_the_api() -> None:
    stage: Any = CORE["Resources"]["ApiStage"]
    logged = stage["Properties"]["AccessLogSettings"]["Format"]
    assert "routeKey" in logged
    for secret in ("$context.path", "rawPath", "queryString", "authorizer", "header"):
        assert secret not in logged


# ── The checks find what is wrong ────────────────────────────────────────────────────────────────────────────────────
BROKEN: list[tuple[Callable[[policy.Template], list[str]], str, list[Any], object]] = [
    (policy.wildcard_actions, "InboxRole", ["Policies", 0, "PolicyDocument", "Statement", 1, "Action"], "sqs:*"),
    (policy.wildcard_resources, "InboxRole", ["Policies", 0, "PolicyDocument", "Statement", 1, "Resource"], "*"),
    (policy.strangers, "InboxQueuePolicy", ["PolicyDocument", "Statement", 0, "Condition"], {}),
    (policy.strangers, "AlertTopicPolicy", ["PolicyDocument", "Statement", 0, "Principal"], "*"),
    (policy.shared_roles, "WebFunction", ["Role"], {"Fn::GetAtt": ["InboxRole", "Arn"]}),
    (policy.unencrypted, "DeadQueue", ["SqsManagedSseEnabled"], False),
    (policy.unencrypted, "Table", ["SSESpecification"], {}),
    (policy.unencrypted, "InboxQueuePolicy", ["PolicyDocument", "Statement", 2, "Condition"], {}),
    (policy.dead_ends, "AccountRule", ["Targets"], [{"Id": "x"}]),
    (policy.dead_ends, "OutboxMapping", ["DestinationConfig"], {}),
    (policy.dead_ends, "InboxMapping", ["FunctionResponseTypes"], []),
    (policy.unwatched, "SlackThrottlesAlarm", ["AlarmActions"], []),
    (policy.unwatched, "OutWritesAlarm", ["MetricName"], "Other"),
    (policy.idling, "Table", ["BillingMode"], "PROVISIONED"),
    (policy.idling, "InboxMapping", ["ProvisionedPollerConfig"], {"MinimumPollers": 2}),
]


@pytest.mark.parametrize(("check", "name", "path", "value"), BROKEN)
def test_a_check_finds_what_it_is_for(
    check: Callable[[policy.Template], list[str]], name: str, path: list[Any], value: object
) -> None:
    broken: Any = json.loads(json.dumps(CORE))
    at = broken["Resources"][name]["Properties"]
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    assert check(broken) != []


def test_a_queue_without_dead_letters_is_found() -> None:
    broken: Any = json.loads(json.dumps(CORE))
    del broken["Resources"]["InboxQueue"]["Properties"]["RedrivePolicy"]
    assert policy.dead_ends(broken) == ["InboxQueue"]


@pytest.mark.parametrize("kind", ["AWS::EC2::Instance", "AWS::EC2::NatGateway", "AWS::SecretsManager::Secret"])
def test_what_idles_at_a_price_or_needs_patching_is_found(kind: str) -> None:
    broken = {"Resources": {"Bad": {"Type": kind, "Properties": {}}}}
    assert policy.idling(broken) != []
    assert policy.unmanaged(broken) != []
