"""What the words of an event mean, and where one that no table knows says most."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from tocsin.incidents.alerts import Severity


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
