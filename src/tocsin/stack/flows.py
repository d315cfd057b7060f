"""The team's workflows and rules as resources: state machines, their roles and alarms, rules, schedules."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any, Final

from tocsin import asl
from tocsin.asl.program import JSONATA
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import format_instant, parse_instant
from tocsin.stack.permissions import FUNCTION, INVOKE, called, needs, own, tasks
from tocsin.stack.reading import TemplateError
from tocsin.wiring.rules_at_aws import by_aws
from tocsin.wiring.serverless_flows import FLOW
from tocsin.wiring.settings_rules import RuleSettings

NAME_MAX: Final = 40  # Characters of a workflow's name: the name of its state machine has 80, the stack's among them.
STARTER: Final = "FlowStarterRole"

_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
# Where a call comes from, in both languages.
_WHERE: Final = {
    "execution": ("$$.Execution.Id", "{% $states.context.Execution.Id %}"),
    "state": ("$$.State.Name", "{% $states.context.State.Name %}"),
    "entered": ("$$.State.EnteredTime", "{% $states.context.State.EnteredTime %}"),
}
_VERSION: Final = "2012-10-17"
_TRACES: Final = (
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)


# ── Workflows ────────────────────────────────────────────────────────────────────────────────────────────────────────
def flow_resources(name: str, text: str, role: str | None) -> dict[str, Json]:
    """The state machine of the workflow *name*, whose definition is *text*; its tasks become *role*, if there is one.

    Raises TemplateError.
    """
    logical = logical_id(name)
    definition = adapted(name, text, role)
    machine: dict[str, Any] = {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "StateMachineName": _sub(f"${{AWS::StackName}}-{FLOW}{name}"),
            "StateMachineType": "STANDARD",
            "RoleArn": _arn(f"{logical}Role"),
            "TracingConfiguration": {"Enabled": True},
            "DefinitionString": json.encode(definition).decode(),
        },
    }
    needed = needs(name, definition)
    if needed.ours:
        machine["Properties"]["DefinitionSubstitutions"] = {FUNCTION: _arn("InboxFunction")}
    statements: list[Json] = [
        _allow([*_TRACES], "*"),
    ]
    if needed.ours:
        statements.append(_allow(["lambda:InvokeFunction"], _arn("InboxFunction")))
    if needed.functions:
        statements.append(
            _allow(["lambda:InvokeFunction"], [arn for each in sorted(needed.functions) for arn in _functions(each)])
        )
    if needed.roles:
        statements.append(_allow(["sts:AssumeRole"], sorted(needed.roles)))
    if needed.actions:
        statements.append(_allow(sorted(needed.actions), "*"))  # Which tables, which buckets: only a run knows.
    return {
        logical: machine,
        f"{logical}Role": _role(["states.amazonaws.com"], statements),
        f"{logical}FailedAlarm": _alarm(logical, "ExecutionsFailed", f"The workflow {name} fails."),
        f"{logical}TimedOutAlarm": _alarm(logical, "ExecutionsTimedOut", f"The workflow {name} does not end in time."),
    }


def logical_id(name: str) -> str:
    """The logical id of the workflow *name*. Raises TemplateError."""
    if len(name) > NAME_MAX or not _NAME.fullmatch(name):
        raise TemplateError(
            f"The workflow {name!r} needs another name at AWS: at most {NAME_MAX} letters, digits, - and _"
        )
    return "Flow" + _word(name)


def adapted(name: str, text: str, role: str | None) -> dict[str, Json]:
    """The definition *text* as it runs at AWS: our own functions are one Lambda function, tasks become *role*.

    Raises TemplateError.
    """
    problems = asl.validate(text)
    if problems:
        raise TemplateError(f"Workflow {name}: {problems[0]}")
    definition = json.decode(text)
    assert isinstance(definition, dict)
    definition = copy.deepcopy(definition)
    for state, task, language in tasks(definition):
        if own(task, language):
            _hand_over(task, language)
        elif ":lambda:invoke" in str(task["Resource"]) and language == JSONATA and called(task, language) is None:
            raise TemplateError(
                f"Workflow {name}, state {state}: which function is called is found out by the workflow itself; "
                "at AWS its name must stand there, as the permission to call it names it"
            )
        elif role is not None:
            task.setdefault("Credentials", {"RoleArn": role})
    return definition


def _hand_over(task: dict[str, Json], language: str) -> None:
    """Have *task*, which calls one of our own functions, call the one that answers to all of their names.

    It hears which of ours is meant, what that is given, and for which state of which execution.
    """
    field = "Arguments" if language == JSONATA else "Parameters"
    given = task.get(field)
    asked: dict[str, Json] = {"function": own(task, language)}
    if INVOKE in str(task["Resource"]):
        assert isinstance(given, dict)
        for key, value in given.items():
            if key.startswith("Payload"):  # `Payload`, or `Payload.$` of a path.
                asked["payload" + key.removeprefix("Payload")] = value
        task[field] = {"FunctionName": f"${{{FUNCTION}}}", "Payload": asked}
    else:
        if given is not None:
            asked["payload"] = given
        elif language == JSONATA:
            asked["payload"] = "{% $states.input %}"
        else:
            asked["payload.$"] = "$"
        task["Resource"], task[field] = f"${{{FUNCTION}}}", asked
    for key, (path, expression) in _WHERE.items():
        asked |= {key: expression} if language == JSONATA else {f"{key}.$": path}
    task.pop("Credentials", None)


def _functions(name: str) -> list[Json]:
    """The ARNs of a function as it is called, and of its versions."""
    if name.startswith("arn:"):
        return [name] if name.rpartition(":")[2].isdigit() else [name, f"{name}:*"]
    arn = f"arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{name.partition(':')[0]}"
    return [_sub(arn), _sub(arn + ":*")]


# ── Rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def rule_resources(name: str, rule: RuleSettings) -> dict[str, Json]:
    """What wakes the rule *name*: rules of EventBridge, on the account's bus and on ours, and a schedule."""
    made: dict[str, Json] = {}
    logical = "Rule" + _word(name)
    if rule.event is not None:
        for bus, properties in (("", {}), ("Bus", {"EventBusName": {"Ref": "Bus"}})):
            if not by_aws(rule) and bus:
                continue  # All that comes over our bus is in the inbox anyway.
            made[logical + bus] = {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    **properties,
                    "Description": f"The rule {name} of tocsin.yaml",
                    "EventPattern": json.decode(rule.event.source),
                    "Targets": _targets(rule) if by_aws(rule) else [_target("inbox", _arn("InboxQueue"))],
                },
            }
    if rule.schedule is not None and by_aws(rule):
        for place, workflow in enumerate(dict.fromkeys(rule.workflow)):
            made[f"{logical}Schedule{place or ''}"] = _schedule(name, rule, workflow)
    return made


def ends() -> dict[str, Json]:
    """The rule that tells the inbox when a workflow is over: rules of ours count what they have started."""
    machines = (
        f"arn:${{AWS::Partition}}:states:${{AWS::Region}}:${{AWS::AccountId}}:stateMachine:${{AWS::StackName}}-{FLOW}"
    )
    pattern: Json = {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "status": ["ABORTED", "FAILED", "SUCCEEDED", "TIMED_OUT"],
            "stateMachineArn": [{"prefix": _sub(machines)}],
        },
    }
    return {
        "FlowEndRule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Description": "Workflows that are over",
                "EventPattern": pattern,
                "Targets": [_target("inbox", _arn("InboxQueue"))],
            },
        }
    }


def _targets(rule: RuleSettings) -> list[Json]:
    """The workflows of *rule*; EventBridge has room for five."""
    return [
        _target(f"flow{place}", {"Ref": logical_id(workflow)}, RoleArn=_arn(STARTER))
        for place, workflow in enumerate(dict.fromkeys(rule.workflow))
    ]


def _target(name: str, arn: Json, **more: Json) -> Json:
    return {"Id": name, "Arn": arn, "DeadLetterConfig": {"Arn": _arn("DeadQueue")}, **more}


def _schedule(name: str, rule: RuleSettings, workflow: str) -> Json:
    event = {
        "version": "0",
        "id": f"{name}/<aws.scheduler.execution-id>",
        "detail-type": "Scheduled Event",
        "source": "tocsin.schedule",
        "time": "<aws.scheduler.scheduled-time>",
        "resources": [name],
        "detail": {},
    }
    span = {"StartDate": rule.start, "EndDate": rule.end}
    return {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {
            "Description": f"The rule {name} of tocsin.yaml",
            "ScheduleExpression": rule.schedule,
            "ScheduleExpressionTimezone": rule.time_zone,
            **{key: _utc(text) for key, text in span.items() if text is not None},
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {
                "Arn": {"Ref": logical_id(workflow)},
                "RoleArn": _arn(STARTER),
                "Input": json.encode(event).decode(),
                "DeadLetterConfig": {"Arn": _arn("DeadQueue")},
            },
        },
    }


def _utc(text: str) -> str:
    moment = parse_instant(text)
    assert moment is not None, "The configuration was checked."
    return format_instant(moment)


def starter(workflows: Mapping[str, object]) -> dict[str, Json]:
    """The role in which EventBridge starts *workflows*; nothing where there are none."""
    if not workflows:
        return {}
    machines: list[Json] = [{"Ref": logical_id(name)} for name in workflows]
    statements: list[Json] = [
        _allow(["states:StartExecution"], machines),
        _allow(["sqs:SendMessage"], _arn("DeadQueue")),
    ]
    return {STARTER: _role(["events.amazonaws.com", "scheduler.amazonaws.com"], statements)}


# ── What they are made of ────────────────────────────────────────────────────────────────────────────────────────────
def _word(name: str) -> str:
    """*name* as a part of a logical id, which has letters and digits only; no two names have the same one."""
    return "".join(
        part if part.isalnum() and part.isascii() else f"Z{ord(part):02X}" for part in name.replace("Z", "ZZ")
    )


def _role(services: list[str], statements: list[Json]) -> Json:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {
                "Version": _VERSION,
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": services if len(services) > 1 else services[0]},
                        "Action": "sts:AssumeRole",
                        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
                    }
                ],
            },
            "Policies": [{"PolicyName": "own", "PolicyDocument": {"Version": _VERSION, "Statement": statements}}],
        },
    }


def _alarm(machine: str, metric: str, description: str) -> Json:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": description,
            "Namespace": "AWS/States",
            "MetricName": metric,
            "Dimensions": [{"Name": "StateMachineArn", "Value": {"Ref": machine}}],
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [{"Ref": "Fallback"}],
        },
    }


def _allow(actions: list[str], resource: Json) -> Json:
    return {"Effect": "Allow", "Action": [*actions], "Resource": resource}


def _arn(logical: str) -> Json:
    return {"Fn::GetAtt": [logical, "Arn"]}


def _sub(text: str) -> Json:
    return {"Fn::Sub": text}
