"""A small team with workflows and rules of every kind."""

from __future__ import annotations

import json

from tocsin import patterns
from tocsin.expressions.expression import Expression
from tocsin.wiring.settings import Settings
from tocsin.wiring.settings_rules import RuleAlert, RuleSettings
from tocsin.wiring.settings_workflows import Workflow

BACKUP = json.dumps(
    {
        "QueryLanguage": "JSONata",
        "StartAt": "List",
        "States": {
            "List": {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:dynamodb:listTables", "Next": "Each"},
            "Each": {
                "Type": "Map",
                "Items": "{% $states.input.TableNames %}",
                "ItemProcessor": {
                    "StartAt": "Back up",
                    "States": {
                        "Back up": {
                            "Type": "Task",
                            "Resource": "arn:aws:states:::aws-sdk:dynamodb:createBackup",
                            "Arguments": {"TableName": "{% $states.input %}", "BackupName": "nightly"},
                            "End": True,
                        }
                    },
                },
                "Next": "Tell",
            },
            "Tell": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Arguments": {"FunctionName": "tocsin-announce", "Payload": {"text": "{% 'done' %}"}},
                "End": True,
            },
        },
    }
)
APPROVE = json.dumps(
    {
        "StartAt": "Ask",
        "States": {
            "Ask": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
                "Parameters": {
                    "FunctionName": "tocsin-ask",
                    "Payload": {"token.$": "$$.Task.Token", "to": "ops"},
                },
                "Next": "Go",
            },
            "Go": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:codepipeline:putApprovalResult",
                "Parameters": {"pipelineName": "site"},
                "End": True,
            },
        },
    }
)
TEXTS = {"backup.asl.json": BACKUP, "approve.asl.json": APPROVE}
ROLE = "arn:aws:iam::444455556666:role/tocsin-automation"


def read(workflow: Workflow) -> str:
    return TEXTS[workflow.file]


def settings() -> Settings:
    return Settings(
        workflows={
            "backup": Workflow(file="backup.asl.json"),
            "approve": Workflow(file="approve.asl.json", role=ROLE),
        },
        rules={
            "nightly": RuleSettings(
                schedule="cron(30 2 * * ? *)",
                time_zone="Europe/Berlin",
                start="2027-01-01T00:00:00+01:00",
                workflow=("backup",),
            ),
            "started": RuleSettings(
                event=patterns.compile('{"source": ["aws.codepipeline"], "detail": {"state": ["STARTED"]}}'),
                workflow=("approve",),
            ),
            "decided": RuleSettings(
                event=patterns.compile('{"source": ["aws.ecs"]}'),
                input=Expression("{'event': event}", ("event",)),
                mode="single",
                workflow=("backup",),
            ),
            "late": RuleSettings(schedule="rate(1 day)", alert=RuleAlert(title="Look at the backups")),
            "word": RuleSettings(command="tidy", workflow=("backup",)),
        },
    )
