"""What is unsafe: GuardDuty, Inspector, Macie, Security Hub, Config, Access Analyzer, KMS, ACM, WAF, Device Defender.

A finding is over when its service closes it (GuardDuty and Macie never say so). A resource that breaks a rule may keep
it again, a certificate is renewed. Source of the names: the events reference in the Amazon EventBridge documentation
and the user guides of the services.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tocsin.sources.aws.row import (
    DONE,
    HIGH,
    NEWS,
    OVER,
    SHIPS,
    WARNING,
    Meaning,
    Row,
    Sign,
    each,
    in_thread,
    said,
)

GUARD_DUTY: Final = Row(
    types=("GuardDuty Finding",),
    service="GuardDuty",
    source="aws.guardduty",
    title="GuardDuty: {title|type}",
    key=("id",),
    what="{resource.instanceDetails.instanceId|resource.accessKeyDetails.userName|resource.s3BucketDetails.0.name|"
    "resource.eksClusterDetails.name|resource.lambdaDetails.functionName|resource.resourceType|id}",
    otherwise=HIGH,
    severity="severity",
    texts=("description", "type"),
    page="guardduty/home?region={@region}#/findings?search=id%3D{id}",
)
INSPECTOR: Final = Row(
    types=("Inspector2 Finding",),
    service="Inspector",
    source="aws.inspector2",
    title="Inspector: {title}[ on {resources.0.id}]",
    key=("findingArn",),
    outcome=("status",),
    signs=each("CLOSED|SUPPRESSED", OVER),
    otherwise=HIGH,
    severity="severity",
    texts=("description",),
    page="inspector/v2/home?region={@region}#/findings/all?search=findingArn%3D{findingArn!twice}",
)
# Another image without findings says nothing of those that still run: the next scan resolves nothing.
SCAN: Final = Row(
    types=("ECR Image Scan", "Inspector2 Scan"),
    service="ECR",
    source="aws.ecr",
    title="Image scan of {repository-name}[:{image-tags.0}]: {@counts|@outcome}",
    key=("repository-name",),
    thread="scan",
    outcome=("scan-status",),
    signs={"FAILED": said(WARNING, "the scan failed")},
    otherwise=NEWS,
    counts="finding-severity-counts",
    page="ecr/repositories/private/{@account}/{repository-name!path}?region={@region}",
)
# Inspector's first version, which tells of its runs on a topic.
ASSESSMENT: Final = Row(
    types=("Inspector Classic notification",),
    service="Inspector",
    source="aws.inspector",
    title="Inspector Classic: {event!plain} ({template})",
    key=("template", "event"),
    outcome=("event",),
    signs={"FINDING_REPORTED": WARNING},
    otherwise=NEWS,
)
MACIE: Final = Row(
    types=("Macie Finding",),
    service="Macie",
    source="aws.macie",
    title="Macie: {title|type}",
    key=("id",),
    what="{resourcesAffected.s3Bucket.name|id}",
    otherwise=HIGH,
    severity="severity.description",
    texts=("description", "resourcesAffected.s3Bucket.name"),
    page="macie/home?region={@region}#findings?itemId={id}",
)
HUB: Final = Row(
    types=("Security Hub Findings - Imported", "Security Hub Findings - Custom Action"),
    service="Security Hub",
    source="aws.securityhub",
    title="Security Hub: {findings.0.Title|actionName|@type}[ ({findings.0.Resources.0.Id})]",
    key=("findings.0.Id",),
    thread="finding",
    outcome=("findings.0.RecordState", "findings.0.Workflow.Status", "findings.0.Compliance.Status"),
    signs=each("ARCHIVED|RESOLVED|SUPPRESSED|PASSED", OVER),
    otherwise=HIGH,
    severity="findings.0.Severity.Label",
    texts=("findings.0.Description", "findings.0.Remediation.Recommendation.Text"),
    page="securityhub/home?region={@region}#/findings?search=Id%3D%255Coperator%255C%253AEQUALS%255C%253A"
    "{findings.0.Id!twice}",
    links=(("How to mend it", "findings.0.Remediation.Recommendation.Url"),),
)
INSIGHT: Final = Row(
    types=("Security Hub Insight Results",),
    service="Security Hub",
    source="aws.securityhub",
    title="Security Hub insight: {insightName}[, {number of results} results]",
    key=("insightArn",),
    otherwise=Sign(Meaning.WARNING, zero="number of results"),
    page="securityhub/home?region={@region}#/insights",
)
CONFIG: Final = Row(
    types=("Config Rules Compliance Change",),
    service="Config",
    source="aws.config",
    title="{resourceType} {resourceId} {@outcome} {configRuleName}",
    key=("configRuleName", "resourceType", "resourceId"),
    what="{resourceId}",
    outcome=("newEvaluationResult.complianceType",),
    signs={
        "NON_COMPLIANT": said(HIGH, "breaks the rule"),
        "COMPLIANT": said(OVER, "keeps the rule"),
        "NOT_APPLICABLE": said(OVER, "is no more concern of the rule"),
        "INSUFFICIENT_DATA": said(NEWS, "has not been judged by the rule"),
    },
    texts=("newEvaluationResult.annotation",),
    page="config/home?region={@region}#/rules/details?configRuleName={configRuleName}",
)
CONFIG_ITEM: Final = Row(
    types=("Config Configuration Item Change",),
    service="Config",
    source="aws.config",
    title="{configurationItem.resourceType} {configurationItem.resourceId}: "
    "{configurationItemDiff.changeType!plain}[ ({configurationItem.configurationItemStatus!plain})]",
    key=("configurationItem.resourceType", "configurationItem.resourceId"),
    otherwise=SHIPS,
    page="config/home?region={@region}#/resources/timeline?resourceId={configurationItem.resourceId}"
    "&resourceType={configurationItem.resourceType}",
    what="{configurationItem.resourceId}",
)
CONFIG_DELIVERY: Final = Row(
    types=("Config Configuration Snapshot Delivery Status", "Config Configuration History Delivery Status"),
    service="Config",
    source="aws.config",
    title="Config: {messageType!plain}[ ({s3Bucket})]",
    key=("@account",),
    thread="delivery",
    what="{s3Bucket|@account}",
    outcome=("messageType",),
    signs=each("ConfigurationSnapshotDeliveryFailed|ConfigurationHistoryDeliveryFailed", HIGH)
    | each("ConfigurationSnapshotDeliveryCompleted|ConfigurationHistoryDeliveryCompleted", OVER),
    otherwise=NEWS,
    texts=("errorMessage", "errorCode"),
)
ANALYZER: Final = Row(
    types=("Access Analyzer Finding",),
    service="Access Analyzer",
    source="aws.access-analyzer",
    title="Access Analyzer: {resource} {@outcome}",
    key=("id",),
    outcome=("status+isPublic", "status"),
    signs={
        "ACTIVE true": said(HIGH, "is public"),
        "ACTIVE": said(WARNING, "can be reached from outside"),
        "RESOLVED": said(OVER, "cannot be reached any more"),
        "ARCHIVED": said(OVER, "may be reached, it is meant so"),
    }
    | each("RESOLVED true|RESOLVED false", said(OVER, "cannot be reached any more"))
    | each("ARCHIVED true|ARCHIVED false", said(OVER, "may be reached, it is meant so")),
    texts=("resourceType", "action.*"),
    page="access-analyzer/home?region={@region}#/findings/{id}",
)
UNUSED: Final = replace(
    ANALYZER,
    types=("Unused Access Finding for IAM entities",),
    title="Access Analyzer: {resource} {@outcome}",
    outcome=("status",),
    signs={
        "ACTIVE": said(NEWS, "has access that it does not use"),
        "RESOLVED": said(OVER, "has only access that it uses"),
        "ARCHIVED": said(OVER, "has access that it does not use, and is meant to"),
    },
    texts=("findingType",),
)
KEY: Final = Row(
    types=("KMS Imported Key Material Expiration", "KMS CMK Rotation", "KMS CMK Deletion"),
    service="KMS",
    source="aws.kms",
    title="KMS key {key-id|@resource} {@outcome}",
    key=("key-id|@arn",),
    outcome=("@type",),
    signs={
        "KMS Imported Key Material Expiration": said(HIGH, "is unusable, its imported material has expired"),
        "KMS CMK Deletion": said(WARNING, "is deleted"),
        "KMS CMK Rotation": said(NEWS, "is rotated"),
    },
    page="kms/home?region={@region}#/kms/keys/{key-id|@arn!name}",
)
# A renewed certificate has the ARN of the old one.
EXPIRY: Final = Row(
    types=("ACM Certificate Approaching Expiration",),
    service="Certificate Manager",
    source="aws.acm",
    title="Certificate {CommonName|@resource} expires in {DaysToExpiry} days",
    thread="certificate",
    outcome=("DaysToExpiry",),
    signs=each("0|1|2|3|4|5|6|7", HIGH),
    otherwise=WARNING,
    page="acm/home?region={@region}#/certificates/{@arn!name}",
)
CERTIFICATE: Final = replace(
    EXPIRY,
    types=(
        *("ACM Certificate Expired", "ACM Certificate Available", "ACM Certificate Renewal Action Required"),
        "ACM Certificate Revoked",
    ),
    title="Certificate {CommonName|@resource} {@outcome}",
    outcome=("@type",),
    signs={
        "ACM Certificate Expired": said(HIGH, "has expired"),
        "ACM Certificate Revoked": said(HIGH, "is revoked"),
        "ACM Certificate Renewal Action Required": said(WARNING, "cannot be renewed without you"),
        "ACM Certificate Available": said(DONE, "is available"),
    },
    otherwise=None,
    texts=("RenewalStatusReason", "RenewalStatus", "DomainValidationMethod"),
)
# A blocked request is what a firewall is for.
FIREWALL: Final = Row(
    types=("WAF log",),
    service="WAF",
    source="aws.wafv2",
    title="WAF rule {terminatingRuleId}: {action!plain}[ for {httpRequest.clientIp}][ at {httpRequest.uri}]",
    key=("webaclId", "terminatingRuleId"),
    outcome=("action",),
    otherwise=NEWS,
    page="wafv2/homev2/web-acls?region={@region}",
)
MANAGED_RULES: Final = Row(
    types=("WAF managed rules notification",),
    service="WAF",
    source="aws.wafv2",
    title="WAF: {subject}",
    key=("subject",),
    otherwise=NEWS,
    texts=("message",),
    page="wafv2/homev2/web-acls?region={@region}",
)
AUDIT: Final = Row(
    types=("Device Defender audit",),
    service="IoT Device Defender",
    source="aws.iot",
    title="Device Defender audit[ {scheduledAuditName}]: {nonCompliantChecksCount} of {totalChecksCount} checks failed",
    key=("scheduledAuditName|taskType",),
    outcome=("taskStatus",),
    signs={
        "COMPLETED": Sign(Meaning.WARNING, zero="nonCompliantChecksCount", else_=Meaning.OVER),
        "FAILED": HIGH,
        "CANCELED": NEWS,
        "IN_PROGRESS": NEWS,
    },
    texts=("auditDetails.*.checkName",),
    page="iot/home?region={@region}#/dd/audit",
)
VIOLATION: Final = Row(
    types=("Device Defender violation",),
    service="IoT Device Defender",
    source="aws.iot",
    title="Device Defender: {thingName} {@outcome} {behavior.name} of {securityProfileName}",
    key=("securityProfileName", "behavior.name", "thingName"),
    what="{thingName}",
    outcome=("violationEventType",),
    signs={
        "in-alarm": said(HIGH, "breaks"),
        "alarm-cleared": said(OVER, "keeps"),
        "alarm-invalidated": said(OVER, "is no more judged by"),
    },
    page="iot/home?region={@region}#/dd/violations",
)
_ACTS: Final = "userIdentity.type+responseElements.ConsoleLogin"
SIGN_IN: Final = Row(
    types=("AWS Console Sign In via CloudTrail",),
    service="Sign-in",
    source="aws.signin",
    title="Console sign-in[ of {userIdentity.userName|userIdentity.arn}]: {@outcome}",
    key=("userIdentity.userName|userIdentity.arn|userIdentity.type",),
    outcome=(_ACTS, "responseElements.ConsoleLogin"),
    signs=in_thread(
        "root user",
        {
            "Root Success": said(HIGH, "the root user has signed in"),
            "Root Failure": said(HIGH, "the root user could not sign in"),
        },
    )
    | {"Failure": said(WARNING, "it failed"), "Success": said(NEWS, "it succeeded")},
    otherwise=NEWS,
    texts=("errorMessage", "sourceIPAddress"),
    page="cloudtrailv2/home?region={@region}#/events/{eventID}",
)

ROWS: Final = (
    *(GUARD_DUTY, INSPECTOR, SCAN, ASSESSMENT, MACIE, HUB, INSIGHT, CONFIG, CONFIG_ITEM, CONFIG_DELIVERY, ANALYZER),
    *(UNUSED, KEY, EXPIRY, CERTIFICATE, FIREWALL, MANAGED_RULES, AUDIT, VIOLATION, SIGN_IN),
)
