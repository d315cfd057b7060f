"""The team's workflows and rules as resources: state machines, their roles and alarms, rules, schedules."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any, Final

from tocsin import asl
from tocsin.asl.program import JSONATA
from tocsin.automation.rule import Mode
from tocsin.kernel import json
from tocsin.kernel.json import Json
from tocsin.kernel.time import format_instant, parse_instant
from tocsin.stack.permissions import FUNCTION, OURS, called, needs, tasks
from tocsin.stack.reading import TemplateError
from tocsin.wiring.settings_rules import RuleSettings

NAME_MAX: Final = 40  # Characters of a workflow's name: the name of its state machine has 80, the stack's among them.
STARTER: Final = "FlowStarterRole"

_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_VERSION: Final = "2012-10-17"
_MOST: Final = RuleSettings(command="x").max


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
            "StateMachineName": _sub(f"${{AWS::StackName}}-flow-{name}"),
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
        _allow(["xray:PutTelemetryRecords", "xray:PutTraceSegments"], "*"),
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
        function = called(task, language) if ":lambda:invoke" in str(task["Resource"]) else None
        if function is not None and function.startswith(OURS):
            field = "Arguments" if language == JSONATA else "Parameters"
            task[field] = _asked(function, task[field])
            task.pop("Credentials", None)
        elif ":lambda:invoke" in str(task["Resource"]) and language == JSONATA and function is None:
            raise TemplateError(
                f"Workflow {name}, state {state}: which function is called is found out by the workflow itself; "
                "at AWS its name must stand there, as the permission to call it names it"
            )
        elif role is not None:
            task.setdefault("Credentials", {"RoleArn": role})
    return definition


def _asked(function: str, given: Json) -> Json:
    """The parameters by which our own function is called: it hears which of ours is meant, and what it is given."""
    assert isinstance(given, dict)
    payload: dict[str, Json] = {"function": function}
    for key, value in given.items():
        if key.startswith("Payload"):  # `Payload`, or `Payload.$` of a path.
            payload["payload" + key.removeprefix("Payload")] = value
    return {"FunctionName": f"${{{FUNCTION}}}", "Payload": payload}


def _functions(name: str) -> list[Json]:
    """The ARNs of a function as it is called, and of its versions."""
    if name.startswith("arn:"):
        return [name] if name.rpartition(":")[2].isdigit() else [name, f"{name}:*"]
    arn = f"arn:${{AWS::Partition}}:lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{name.partition(':')[0]}"
    return [_sub(arn), _sub(arn + ":*")]


# ── Rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def by_aws(rule: RuleSettings) -> bool:
    """Whether EventBridge itself starts the workflows of *rule*.

    It can where nothing has to be decided: no input is made, nothing is counted, stopped or tried again. Everything
    else, and what people say and integrations send, is decided by the same machine as in `tocsin serve`; that machine
    must leave alone what AWS does.
    """
    plain = rule.mode == Mode.PARALLEL and rule.max == _MOST and not rule.retries and not rule.dry_run
    woken = rule.event is not None or rule.schedule is not None
    own = rule.webhook or rule.command is not None or rule.integration is not None or rule.consume
    return plain and woken and not own and rule.input is None and bool(rule.workflow)


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
