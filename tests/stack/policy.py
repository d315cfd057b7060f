"""What must hold of a template, as functions from a template to what is wrong with it; nobody asks AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Template = Mapping[str, Any]

# Where AWS lets nobody name a resource, and why (Service Authorization Reference).
NAMELESS = {
    "xray:GetSamplingRules": "X-Ray's rules of the account",
    "xray:GetSamplingTargets": "X-Ray knows no resource of it",
    "xray:PutTelemetryRecords": "X-Ray knows no resource of it",
    "xray:PutTraceSegments": "X-Ray knows no resource of it",
    "cloudwatch:GetMetricWidgetImage": "it draws metrics, which have no ARN",
    "states:SendTaskFailure": "whoever holds a token may answer; it names no resource",
    "states:SendTaskHeartbeat": "as above",
    "states:SendTaskSuccess": "whoever holds a token may answer; it names no resource",
}

# What each type costs while nothing happens: nothing ("no" price for being there), or what is said. Sources: the page
# "pricing" of each service, as docs/cost.md names them.
IDLES = {
    "AWS::ApiGatewayV2::Api": "no",
    "AWS::ApiGatewayV2::Integration": "no",
    "AWS::ApiGatewayV2::Route": "no",
    "AWS::ApiGatewayV2::Stage": "no",
    "AWS::CloudWatch::Alarm": "watch",
    "AWS::CloudWatch::Dashboard": "watch",
    "AWS::DynamoDB::Table": "no",  # On demand only; see `idling`.
    "AWS::Events::EventBus": "no",
    "AWS::Events::Rule": "no",
    "AWS::IAM::ManagedPolicy": "no",
    "AWS::IAM::Role": "no",
    "AWS::Lambda::EventInvokeConfig": "no",
    "AWS::Lambda::EventSourceMapping": "no",  # Its polls are requests, counted in docs/cost.md.
    "AWS::Lambda::Function": "no",  # Without provisioned concurrency; see `idling`.
    "AWS::Lambda::Permission": "no",
    "AWS::Logs::LogGroup": "no",
    "AWS::SNS::Subscription": "no",
    "AWS::SNS::Topic": "no",
    "AWS::SNS::TopicPolicy": "no",
    "AWS::SQS::Queue": "no",
    "AWS::SQS::QueuePolicy": "no",
    "AWS::Scheduler::Schedule": "no",
    "AWS::StepFunctions::StateMachine": "no",
}
MANAGED = frozenset(IDLES)  # AWS runs each of these types: none is an instance, or has a system to patch.

# Which metrics of each kind of resource must have an alarm, and by which dimension its name is found.
WATCHED = {
    "AWS::Lambda::Function": ("FunctionName", {"Errors", "Throttles", "Duration"}),
    "AWS::SQS::Queue": ("QueueName", {"ApproximateAgeOfOldestMessage"}),
    "AWS::DynamoDB::Table": ("TableName", {"ReadThrottleEvents", "WriteThrottleEvents"}),
    "AWS::StepFunctions::StateMachine": ("StateMachineArn", {"ExecutionsFailed"}),
    "AWS::ApiGatewayV2::Api": ("ApiId", {"5xx"}),
    "AWS::SNS::Topic": ("TopicName", {"NumberOfNotificationsFailed"}),
}
LAST_QUEUE = {"ApproximateNumberOfMessagesVisible"}  # Of a queue that nobody reads: anything in it is news.


def of_type(template: Template, kind: str) -> dict[str, Any]:
    return {name: each for name, each in template["Resources"].items() if each["Type"] == kind}


def many(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def branches(value: object) -> Iterator[Any]:
    """What `Fn::If` may become, of a value or the items of a list."""
    for each in many(value):
        if isinstance(each, dict) and "Fn::If" in each:
            for branch in each["Fn::If"][1:]:
                yield from branches(branch)
        elif each != {"Ref": "AWS::NoValue"}:
            yield each


def statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every policy, with the resource that has it; trust and resource policies, too."""
    for name, each in template["Resources"].items():
        for document in _documents(each.get("Properties", {})):
            for statement in branches(document["Statement"]):
                yield name, statement


def _documents(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if "Statement" in value:
            yield value
            return
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _documents(each)


def granted(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Statements of roles' own permissions that allow something."""
    for name, each in statements(template):
        if each["Effect"] == "Allow" and "Principal" not in each:
            yield name, each


# ── Rights ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def wildcard_actions(template: Template) -> list[str]:
    found = []
    for name, each in statements(template):
        if "NotAction" in each or "NotPrincipal" in each:
            found.append(f"{name} says what is not meant: {each}")
        found += [f"{name}: {action}" for action in many(each.get("Action", [])) if "*" in action]
    return found


def wildcard_resources(template: Template, nameless: Mapping[str, str] = NAMELESS) -> list[str]:
    """Actions on everything, although AWS would let one say on what."""
    found = []
    for name, each in granted(template):
        if "*" in many(each.get("Resource", [])):
            found += [f"{name}: {action}" for action in many(each["Action"]) if action not in nameless]
        if "NotResource" in each and each["Action"] != "sns:Publish":  # To telephones, which have no ARN; no topics.
            found.append(f"{name}: everything but {each['NotResource']}")
    return found


def strangers(template: Template) -> list[str]:
    """Statements that let in whom nothing pins: to the account, the organisation, or one resource."""
    pins = {"aws:SourceArn", "aws:SourceAccount", "aws:SourceOrgID", "aws:PrincipalOrgID", "sts:ExternalId"}
    pins |= {"aws:PrincipalArn"}
    # A service that assumes a role for a resource of this very account; the others are pinned.
    alone = {"lambda.amazonaws.com", "apigateway.amazonaws.com"}
    found = []
    for name, each in statements(template):
        principal = each.get("Principal")
        if principal is None or each["Effect"] == "Deny":
            continue
        keys = {key for test in each.get("Condition", {}).values() for branch in branches(test) for key in branch}
        anybody = principal in ("*", {"AWS": "*"})
        root = isinstance(principal, dict) and "AccountId}:root" in json.dumps(principal)
        service = set(many(principal.get("Service", []))) if isinstance(principal, dict) else set()
        if anybody and "aws:PrincipalOrgID" not in keys:
            found.append(f"{name}: anybody")
        elif not root and not keys & pins and not (service and service <= alone):
            found.append(f"{name}: {principal}")
    for name, each in of_type(template, "AWS::Lambda::Permission").items():
        if "SourceArn" not in each["Properties"]:
            found.append(f"{name}: any source")
    found += [f"{name}: a function with an address of its own" for name in of_type(template, "AWS::Lambda::Url")]
    return found


def shared_roles(template: Template) -> list[str]:
    """Roles that two functions have."""
    roles = [json.dumps(each["Properties"]["Role"]) for each in of_type(template, "AWS::Lambda::Function").values()]
    return sorted({role for role in roles if roles.count(role) > 1})


# ── Stores ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def unencrypted(template: Template) -> list[str]:
    """Stores that are not encrypted by what the template says. Logs are, always; a topic stores nothing."""
    queues = of_type(template, "AWS::SQS::Queue")
    found = [
        name
        for name, each in queues.items()
        if not (each["Properties"].get("SqsManagedSseEnabled") or each["Properties"].get("KmsMasterKeyId"))
    ]
    tables = of_type(template, "AWS::DynamoDB::Table")
    found += [
        name for name, each in tables.items() if not each["Properties"].get("SSESpecification", {}).get("SSEEnabled")
    ]
    found += [f"{name} takes plain text" for name in queues if not _denies_plain(template, name)]
    return found


def _denies_plain(template: Template, queue: str) -> bool:
    """Whether a policy refuses what comes without TLS; a queue without a policy is reached by signed calls only."""
    policies = [
        each["Properties"]["PolicyDocument"]
        for each in of_type(template, "AWS::SQS::QueuePolicy").values()
        if {"Ref": queue} in each["Properties"]["Queues"]
    ]
    denied = {"Bool": {"aws:SecureTransport": "false"}}
    return not policies or any(
        each["Effect"] == "Deny" and each.get("Condition") == denied
        for policy in policies
        for each in policy["Statement"]
    )


def dead_ends(template: Template) -> list[str]:
    """Queues without a dead-letter queue that are none; what calls somebody, and keeps nothing when that fails."""
    queues = of_type(template, "AWS::SQS::Queue")
    letters = set(_letter_queues(template["Resources"]))
    found = [name for name, each in queues.items() if "RedrivePolicy" not in each["Properties"] and name not in letters]
    for name, each in of_type(template, "AWS::Events::Rule").items():
        found += [
            f"{name}: {target['Id']}" for target in each["Properties"]["Targets"] if "DeadLetterConfig" not in target
        ]
    for name, each in of_type(template, "AWS::Scheduler::Schedule").items():
        found += [] if "DeadLetterConfig" in each["Properties"]["Target"] else [name]
    for name, each in of_type(template, "AWS::SNS::Subscription").items():
        queue = each["Properties"]["Protocol"] == "sqs"
        found += [name] if queue and "RedrivePolicy" not in each["Properties"] else []
    for name, each in of_type(template, "AWS::Lambda::EventSourceMapping").items():
        properties = each["Properties"]
        stream = "StartingPosition" in properties
        found += (
            [f"{name}: whole batches"] if properties.get("FunctionResponseTypes") != ["ReportBatchItemFailures"] else []
        )
        found += [name] if stream and "OnFailure" not in properties.get("DestinationConfig", {}) else []
        found += [f"{name}: no bisection"] if stream and not properties.get("BisectBatchOnFunctionError") else []
    return found


def _letter_queues(value: object, key: str = "") -> Iterator[str]:
    """The queues that something names as the place of its dead letters."""
    if key in {"deadLetterTargetArn", "DeadLetterConfig", "OnFailure"}:
        for each in [value, *(value.values() if isinstance(value, dict) else ())]:
            if isinstance(each, dict) and "Fn::GetAtt" in each:
                yield each["Fn::GetAtt"][0]
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _letter_queues(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from _letter_queues(each, key)


# ── The watch ────────────────────────────────────────────────────────────────────────────────────────────────────────
def unwatched(template: Template) -> list[str]:
    """What runs and has no alarm for a metric that it must have one for: empty is a coverage of 100 %."""
    wanted, there = required(template), watched(template)
    return sorted(f"{name}: {metric}" for name, metric in wanted - there)


def coverage(template: Template) -> float:
    """The share of what must be watched that is."""
    wanted = required(template)
    return len(wanted & watched(template)) / len(wanted)


def required(template: Template) -> set[tuple[str, str]]:
    read = {
        each["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]: each["Properties"]["FunctionName"]["Fn::GetAtt"][0]
        for each in of_type(template, "AWS::Lambda::EventSourceMapping").values()
    }
    topics = {each["Fn::GetAtt"][0] if "Fn::GetAtt" in each else each.get("Ref") for each in _alarm_actions(template)}
    found: set[tuple[str, str]] = set()
    for name, each in template["Resources"].items():
        _, metrics = WATCHED.get(each["Type"], ("", set()))
        if each["Type"] == "AWS::SQS::Queue" and name not in read:
            metrics = LAST_QUEUE
        if name in topics:
            metrics = set()  # The last one has nobody to tell.
        found |= {(name, metric) for metric in metrics}
        if each["Type"] == "AWS::DynamoDB::Table" and name in read:
            found.add((read[name], "IteratorAge"))
        for index in each.get("Properties", {}).get("GlobalSecondaryIndexes", []):
            found.add((f"{name}/{index['IndexName']}", "WriteThrottleEvents"))
    return found


def _alarm_actions(template: Template) -> list[dict[str, Any]]:
    alarms = of_type(template, "AWS::CloudWatch::Alarm").values()
    return [action for each in alarms for action in each["Properties"].get("AlarmActions", [])]


def watched(template: Template) -> set[tuple[str, str]]:
    """Resource and metric of every alarm that tells somebody."""
    found = set()
    for each in of_type(template, "AWS::CloudWatch::Alarm").values():
        properties = each["Properties"]
        if not properties.get("AlarmActions"):
            continue
        said = {one["Name"]: one["Value"] for one in properties.get("Dimensions", [])}
        index = said.pop("GlobalSecondaryIndexName", None)
        for value in said.values():
            name = value.get("Ref") or value.get("Fn::GetAtt", [""])[0] if isinstance(value, dict) else value
            found.add((f"{name}/{index}" if index else name, properties["MetricName"]))
    return found


# ── Idle, and managed ────────────────────────────────────────────────────────────────────────────────────────────────
def idling(template: Template) -> list[str]:
    """What has a price while nothing happens, beside the watch."""
    found = [
        f"{name}: {each['Type']}"
        for name, each in template["Resources"].items()
        if IDLES.get(each["Type"], "nobody has looked") not in {"no", "watch"}
    ]
    for name, each in of_type(template, "AWS::DynamoDB::Table").items():
        found += [] if each["Properties"].get("BillingMode") == "PAY_PER_REQUEST" else [f"{name}: capacity"]
    for kind in ("AWS::Lambda::Version", "AWS::Lambda::Alias"):
        found += [f"{name}: provisioned" for name in of_type(template, kind)]
    for name, each in of_type(template, "AWS::Lambda::EventSourceMapping").items():
        found += [f"{name}: pollers"] if "ProvisionedPollerConfig" in each["Properties"] else []
    return found


def unmanaged(template: Template) -> list[str]:
    return [f"{name}: {each['Type']}" for name, each in template["Resources"].items() if each["Type"] not in MANAGED]
