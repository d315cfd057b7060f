"""Which actions of IAM a task of a workflow needs: from what its Resource names, by a table where names differ.

Sources: https://docs.aws.amazon.com/step-functions/latest/dg/service-integration-iam-templates.html,
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from tocsin.asl.program import JSONATA, JSONPATH
from tocsin.asl.resources import resource
from tocsin.asl.templates import is_expression
from tocsin.kernel.json import Json
from tocsin.stack.reading import TemplateError
from tocsin.wiring.asking_people import ANNOUNCE, ASK

OURS: Final = frozenset({ASK, ANNOUNCE})  # The functions that Tocsin itself is.
INVOKE: Final = ":lambda:invoke"  # In the Resource of a task that names the function in its parameters.
FUNCTION: Final = "tocsin_inbox"  # What stands in a definition for the ARN of the function that answers to them.

# Where the prefix of a service's actions is not the name that Step Functions gives it.
_PREFIXES: Final = {
    "accessanalyzer": "access-analyzer",
    "applicationautoscaling": "application-autoscaling",
    "cloudwatchlogs": "logs",
    "codestarnotifications": "codestar-notifications",
    "cognitoidentityprovider": "cognito-idp",
    "configservice": "config",
    "costandusagereport": "cur",
    "costexplorer": "ce",
    "databasemigration": "dms",
    "directoryservice": "ds",
    "efs": "elasticfilesystem",
    "elasticloadbalancingv2": "elasticloadbalancing",
    "elasticsearch": "es",
    "emr": "elasticmapreduce",
    "eventbridge": "events",
    "neptune": "rds",
    "docdb": "rds",
    "opensearch": "es",
    "resourceexplorer2": "resource-explorer-2",
    "resourcegroups": "resource-groups",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
    "sesv2": "ses",
    "sfn": "states",
    "ssoadmin": "sso",
}

# Where an action of the API is allowed under other names.
_ACTIONS: Final = {
    "dynamodb:transactGetItems": ("dynamodb:GetItem",),
    "dynamodb:transactWriteItems": (
        "dynamodb:ConditionCheckItem",
        "dynamodb:DeleteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
    ),
    "lambda:invoke": ("lambda:InvokeFunction",),
    "s3:copyObject": ("s3:GetObject", "s3:PutObject"),
    "s3:headBucket": ("s3:ListBucket",),
    "s3:headObject": ("s3:GetObject",),
    "s3:listBuckets": ("s3:ListAllMyBuckets",),
    "s3:listObjects": ("s3:ListBucket",),
    "s3:listObjectsV2": ("s3:ListBucket",),
}
_JOBS: Final = "sync"  # `.sync` and `.sync:2`: Step Functions looks after the job itself, with permissions of its own.


class Needs(msgspec.Struct, frozen=True, kw_only=True):
    """What a definition needs: actions on whatever it asks for; functions by name or ARN, ours left out; roles."""

    actions: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    ours: bool = False


def needs(name: str, definition: Mapping[str, Json]) -> Needs:
    """What the tasks of an adapted *definition*, the workflow *name*, need. Raises TemplateError."""
    actions: set[str] = set()
    functions: set[str] = set()
    roles: set[str] = set()
    ours = False
    for state, task, language in tasks(definition):
        role = _role(task)
        if role is None:
            raise TemplateError(
                f"Workflow {name}, state {state}: Credentials are found out by the workflow itself; at AWS the role "
                "must stand there, as the permission to become it names it"
            )
        if str(task["Resource"]) == f"${{{FUNCTION}}}":
            ours = True
            continue
        found = resource(str(task["Resource"]))
        function = called(task, language) if found.type == "lambda" else None
        if function == f"${{{FUNCTION}}}":
            ours = True
        elif role:
            roles.add(role)
        elif found.kind == "lambda":
            functions.add(str(task["Resource"]))
        elif found.kind == "local":
            raise TemplateError(
                f"Workflow {name}, state {state}: {found.name} is a function of this installation's Python module; "
                "at AWS a task names a Lambda function by its ARN, or lambda:invoke"
            )
        elif found.kind == "service":
            if found.pattern.startswith(_JOBS):
                raise TemplateError(
                    f"Workflow {name}, state {state}: what Step Functions needs to look after a job ({found.action}) "
                    "cannot be told from its definition: give the workflow, or the state, a role"
                )
            if function is not None:
                functions.add(function)
            else:
                actions.update(allowed(found.type, found.name))
    return Needs(actions=frozenset(actions), functions=frozenset(functions), roles=frozenset(roles), ours=ours)


def allowed(service: str, action: str) -> tuple[str, ...]:
    """The actions of IAM behind one of Step Functions: `aws-sdk:costexplorer`, `getCostAndUsage`."""
    bare = service.removeprefix("aws-sdk:")
    prefix = _PREFIXES.get(bare, bare)
    return _ACTIONS.get(f"{bare}:{action}", (f"{prefix}:{action[:1].upper()}{action[1:]}",))


def tasks(machine: Mapping[str, Json], language: str = JSONPATH) -> Iterator[tuple[str, dict[str, Json], str]]:
    """The tasks of a machine and of those within it: name, state and language."""
    language = str(machine.get("QueryLanguage", language))
    states = machine["States"]
    assert isinstance(states, dict)
    for name, state in states.items():
        assert isinstance(state, dict)
        if state["Type"] == "Task":
            yield name, state, str(state.get("QueryLanguage", language))
        branches = state.get("Branches", [])
        assert isinstance(branches, list)
        for each in (*branches, state.get("ItemProcessor"), state.get("Iterator")):
            if isinstance(each, dict):
                yield from tasks(each, language)


def called(task: Mapping[str, Json], language: str) -> str | None:
    """The function that `lambda:invoke` calls; None if only the run knows it."""
    given = task.get("Arguments" if language == JSONATA else "Parameters")
    name = given.get("FunctionName") if isinstance(given, dict) else None
    if not isinstance(name, str) or (language == JSONATA and is_expression(name)):
        return None
    return name


def own(task: Mapping[str, Json], language: str) -> str | None:
    """Which of our own functions a task calls, by name or ARN, as `tocsin serve` would find it; None: none of them."""
    written = str(task["Resource"])
    name = called(task, language) if INVOKE in written else written if resource(written).kind == "lambda" else None
    bare = (name or "").rpartition(":function:")[2].partition(":")[0]
    return bare if bare in OURS else None


def _role(task: Mapping[str, Json]) -> str | None:
    """The role that a task says it becomes, empty if it says none; None if only the run knows it."""
    credentials = task.get("Credentials")
    if credentials is None:
        return ""
    role = credentials.get("RoleArn") if isinstance(credentials, dict) else None
    return role if isinstance(role, str) and not is_expression(role) else None
