"""What the events of AWS mean: where each type says what it is about and how it went, and which words are bad news."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

import msgspec

from tocsin.incidents.alerts import Severity


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Where the detail of an event says what; dotted paths, the first that says something counts.

    *names*: what people call the thing. *identity*: what tells it from others where the event's resources do not, since
    they change from run to run or name more than one thing; all of them count. *outcomes*: how it went. *severities*:
    how bad it is. *headlines*: one line for people. *texts*: more of it.
    """

    names: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    headlines: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


class Verdict(Enum):
    """What an outcome means: somebody must act, somebody may want to know, or it is over."""

    BAD = "bad"
    DOUBTFUL = "doubtful"
    NEUTRAL = "neutral"
    OVER = "over"


NAMES: Final = (
    *("name", "pipeline", "project-name", "jobName", "jobRunName", "stateMachineName", "functionName", "clusterName"),
    *("group", "serviceName", "repository-name", "repositoryName", "applicationName", "application", "deploymentGroup"),
    *("EnvironmentName", "AutoScalingGroupName", "EC2InstanceId", "instance-id", "instanceId", "SourceIdentifier"),
    *("DBInstanceIdentifier", "volume", "snapshot_id", "resourceId", "resource_id", "check-name", "configRuleName"),
    *("policyId", "maintenance-window-id", "association-id", "document-name", "jobId", "backupJobId", "id"),
)
OUTCOMES: Final = (
    *("state", "status", "State", "Status", "result", "outcome", "build-status", "eventName", "eventType"),
    *("lastStatus", "scan-status", "detailed-status", "statusCode", "event", "lifecycleState", "jobStatus"),
    *("executionStatus", "errorCode"),
)
SEVERITIES: Final = ("severity", "Severity")
HEADLINES: Final = ("title", "Title", "summary", "headline")
TEXTS: Final = (
    *("message", "Message", "description", "Description", "reason", "Reason", "cause", "Cause", "StatusMessage"),
    *("statusMessage", "stoppedReason", "stopCode", "statusReason", "error", "errorMessage", "failureReason"),
    *("detailedStatus",),
)

SHAPES: Final[dict[str, Shape]] = {
    "AWS API Call via CloudTrail": Shape(
        names=("eventName",), identity=("eventSource", "eventName"), outcomes=("errorCode",)
    ),
    "AWS Console Sign In via CloudTrail": Shape(
        names=("userIdentity.type",),
        identity=("userIdentity.type", "userIdentity.arn"),
        outcomes=("userIdentity.type", "responseElements.ConsoleLogin"),
    ),
    "AWS Health Event": Shape(
        names=("eventTypeCode",),
        identity=("eventArn",),
        outcomes=("statusCode", "eventTypeCategory"),
        texts=("eventDescription.0.latestDescription",),
    ),
    "Access Analyzer Finding": Shape(names=("resource",), identity=("id",), outcomes=("status",)),
    "Batch Job State Change": Shape(identity=("jobQueue", "jobName")),
    "CodeBuild Build State Change": Shape(identity=("project-name",)),
    "CodePipeline Action Execution State Change": Shape(identity=("pipeline", "stage", "action")),
    "CodePipeline Stage Execution State Change": Shape(identity=("pipeline", "stage")),
    "CloudFormation Stack Status Change": Shape(
        outcomes=("status-details.status",), texts=("status-details.status-reason",)
    ),
    "Config Rules Compliance Change": Shape(
        names=("configRuleName",),
        identity=("configRuleName", "resourceType", "resourceId"),
        outcomes=("newEvaluationResult.complianceType",),
        texts=("newEvaluationResult.annotation",),
    ),
    "ECS Task State Change": Shape(
        names=("group", "clusterArn"), identity=("clusterArn", "group"), outcomes=("stopCode", "lastStatus")
    ),
    "GuardDuty Finding": Shape(names=("type",), identity=("id",), outcomes=("type",)),
    "Inspector2 Finding": Shape(identity=("findingArn",), outcomes=("status",)),
    "Macie Finding": Shape(identity=("id",), severities=("severity.description",)),
    "RDS DB Cluster Event": Shape(names=("SourceIdentifier",), outcomes=("EventCategories.0",), headlines=("Message",)),
    "RDS DB Instance Event": Shape(
        names=("SourceIdentifier",), outcomes=("EventCategories.0",), headlines=("Message",)
    ),
    "Security Hub Findings - Imported": Shape(
        names=("findings.0.Resources.0.Id",),
        identity=("findings.0.Id",),
        outcomes=("findings.0.Workflow.Status", "findings.0.Compliance.Status", "findings.0.RecordState"),
        severities=("findings.0.Severity.Label",),
        headlines=("findings.0.Title",),
        texts=("findings.0.Description",),
    ),
    "Step Functions Execution Status Change": Shape(identity=("stateMachineArn",)),
    "Trusted Advisor Check Item Refresh Notification": Shape(
        names=("check-name",), identity=("check-name", "resource_id")
    ),
    "X-Ray Insight Update": Shape(
        names=("GroupName",), identity=("InsightId",), outcomes=("State",), texts=("Summary",)
    ),
}

# Whole outcomes, in lower case, their words joined by underscores.
_WHOLE: Final = {
    **dict.fromkeys(
        ("ok", "closed", "compliant", "resolved", "recovered", "healthy", "archived", "passed"), Verdict.OVER
    ),
    **dict.fromkeys(
        ("availability", "failover", "issue", "low_storage", "non_compliant", "root", "timed_out"), Verdict.BAD
    ),
}
_BAD: Final = frozenset(
    {
        *(
            "abnormal",
            "alarm",
            "breach",
            "crash",
            "critical",
            "degraded",
            "denied",
            "dead",
            "error",
            "errors",
            "expired",
        ),
        *("fail", "failed", "failing", "failure", "failures", "fault", "faulted", "finding", "findings", "impaired"),
        *("impairment", "lost", "rollback", "timeout", "unhealthy", "unreachable", "unsuccessful"),
    }
)
_DOUBTFUL: Final = frozenset({"aborted", "insufficient", "partial", "suspended", "throttled", "warn", "warning"})
_SEVERITY_BANDS: Final = ((9.0, Severity.CRITICAL), (7.0, Severity.HIGH), (4.0, Severity.WARNING))
_SPLIT: Final = re.compile(r"[^a-z0-9]+")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def verdict(outcome: str) -> Verdict:
    """What *outcome*, a word such as `FAILED` or `SERVICE_TASK_START_IMPAIRED`, means."""
    words = tuple(_SPLIT.split(_CAMEL.sub(" ", outcome).lower().strip()))
    whole = _WHOLE.get("_".join(words))
    if whole:
        return whole
    if not _BAD.isdisjoint(words):
        return Verdict.BAD
    return Verdict.NEUTRAL if _DOUBTFUL.isdisjoint(words) else Verdict.DOUBTFUL


def graded(score: float) -> Severity:
    """The severity of a score from 0 to 10, as GuardDuty grades its findings."""
    return next((severity for least, severity in _SEVERITY_BANDS if score >= least), Severity.INFO)
