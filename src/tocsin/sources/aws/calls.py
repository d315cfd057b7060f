"""Calls of the AWS API that CloudTrail tells of: all are news and most are changes, some are a matter of security.

What switches a protection off is an alert, and the call that switches the same one on again resolves it. A call that
was refused has done nothing: of those that matter somebody has tried is worth a warning. Source: "CloudTrail record
contents" in the AWS CloudTrail User Guide; what matters follows the monitoring rules of the CIS AWS Foundations
Benchmark and what GuardDuty and Security Hub watch.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tocsin.sources.aws.row import CRITICAL, HIGH, NEWS, OVER, WARNING, Row, Sign, Signs, each, said

_WHO: Final = "userIdentity.arn|userIdentity.invokedBy|userIdentity.principalId|userIdentity.type"
_TARGETS: Final = "|".join(
    f"requestParameters.{name}"
    for name in (
        *("functionName", "bucketName", "dBInstanceIdentifier", "dBClusterIdentifier", "stackName", "clusterName"),
        *("service", "cluster", "roleName", "userName", "groupName", "groupId", "instanceId", "keyId", "trailName"),
        *("detectorId", "secretId", "tableName", "queueUrl", "topicArn", "policyArn", "repositoryName", "domainName"),
        *("autoScalingGroupName", "loadBalancerArn", "networkAclId", "volumeId", "snapshotId", "name", "resourceArn"),
        *("instancesSet.items.*.instanceId", "configurationRecorderName", "alarmNames.*", "webACLArn", "id"),
    )
)
_INGRESS: Final = "requestParameters.ipPermissions.items.*"
_ADMINISTRATORS: Final = tuple(
    f"Attach{whom}Policy arn:aws:iam::aws:policy/{policy}"
    for whom in ("User", "Role", "Group")
    for policy in ("AdministratorAccess", "IAMFullAccess")
)
_BLOCKED: Final = ("PutBucketPublicAccessBlock", "PutAccountPublicAccessBlock", "PutPublicAccessBlock")
_UNBLOCKED: Final = (
    *(name.replace("Put", "Delete") for name in _BLOCKED),
    *(f"{name} false" for name in _BLOCKED),
)
_WORLD: Final = "open to the whole internet"
_BLIND: Final = "nothing is found any more"


def _pair(thread: str, off: str, on: str, sign: Sign, *key: str) -> Signs:
    """What switches off, and what switches the same thing on again."""
    return each(off, replace(sign, thread=thread, key=key)) | each(on, replace(OVER, thread=thread, key=key))


CALL: Final = Row(
    types=("AWS API Call via CloudTrail", "AWS Console Action via CloudTrail"),
    service="CloudTrail",
    source="aws.cloudtrail",
    title=f"{{eventName}} by {{{_WHO}}}[ on {{{_TARGETS}}}][, refused: {{errorCode}}][: {{@said}}]",
    key=("eventSource", "eventName", _TARGETS),
    thread="call",
    what=f"{{{_TARGETS}|eventSource}}",
    outcome=(
        f"eventName+{_INGRESS}.ipRanges.items.*.cidrIp",
        f"eventName+{_INGRESS}.ipv6Ranges.items.*.cidrIpv6",
        "eventName+requestParameters.PublicAccessBlockConfiguration.*",
        "eventName+requestParameters.policyArn",
        "eventName+requestParameters.createVolumePermission.add.items.*.group",
        "eventName+requestParameters.launchPermission.add.items.*.group",
        "eventName+requestParameters.publiclyAccessible",
        "eventName",
        "userIdentity.type",
    ),
    signs={
        **each("AuthorizeSecurityGroupIngress 0.0.0.0/0|AuthorizeSecurityGroupIngress ::/0", said(HIGH, _WORLD)),
        **each("ModifySnapshotAttribute all|ModifyImageAttribute all", said(HIGH, "shared with everybody")),
        **each("ModifyDBInstance true|CreateDBInstance true", said(HIGH, _WORLD)),
        **each("|".join(_ADMINISTRATORS), said(HIGH, "may do everything now")),
        **_pair(
            *("public access block", "|".join(_UNBLOCKED), "|".join(_BLOCKED)),
            *(said(HIGH, "public access is possible"), "requestParameters.bucketName"),
        ),
        **_pair(
            *("trail", "StopLogging|DeleteTrail", "StartLogging"),
            *(said(CRITICAL, "the audit trail ends here"), "requestParameters.name!short"),
        ),
        **_pair(
            *("key", "DisableKey", "EnableKey"),
            *(said(HIGH, "what it encrypts cannot be read"), "requestParameters.keyId!short"),
        ),
        **_pair(
            *("key deletion", "ScheduleKeyDeletion", "CancelKeyDeletion"),
            *(said(HIGH, "what it encrypts will be lost"), "requestParameters.keyId!short"),
        ),
        **_pair(
            *("MFA", "DeactivateMFADevice", "EnableMFADevice"),
            *(said(HIGH, "a password is enough now"), "requestParameters.userName"),
        ),
        **_pair(
            *("recorder", "StopConfigurationRecorder|DeleteConfigurationRecorder", "StartConfigurationRecorder"),
            *(said(HIGH, "changes are not recorded any more"), "requestParameters.configurationRecorderName"),
        ),
        **_pair("Security Hub", "DisableSecurityHub", "EnableSecurityHub", said(HIGH, _BLIND), "@account"),
        **_pair("GuardDuty", "DeleteDetector", "CreateDetector", said(HIGH, _BLIND), "@account"),
        **_pair(
            *("alarm actions", "DisableAlarmActions", "EnableAlarmActions"),
            *(said(WARNING, "these alarms ring no more"), "requestParameters.alarmNames.*"),
        ),
        **_pair(
            *("EBS encryption", "DisableEbsEncryptionByDefault", "EnableEbsEncryptionByDefault"),
            *(said(WARNING, "new volumes are not encrypted"), "@account"),
        ),
        "LeaveOrganization": said(CRITICAL, "the account is on its own"),
        **each("CreateLoginProfile|UpdateLoginProfile", said(HIGH, "a password for the console")),
        **each(
            "RemoveAccountFromOrganization|DeleteFlowLogs|DeleteVirtualMFADevice|DisassociateFromMasterAccount|"
            "DisassociateFromAdministratorAccount|StopMonitoringMembers",
            HIGH,
        ),
        **each(
            "UpdateTrail|PutEventSelectors|PutKeyPolicy|CreateAccessKey|CreateUser|UpdateAssumeRolePolicy|"
            "PutBucketPolicy|DeleteBucketPolicy|PutBucketAcl|DeleteBucketEncryption|DeleteDeliveryChannel|"
            "DeleteWebACL|DisassociateWebACL|DeleteAlarms|DeleteAccountPasswordPolicy",
            WARNING,
        ),
        # One matter however many calls: whoever works as root makes many.
        "Root": replace(HIGH, thread="root user", key=("@account",), said="the root user is at work"),
    },
    otherwise=NEWS,
    failed="errorCode",
    texts=("errorMessage", "sourceIPAddress", "userAgent"),
    page="cloudtrailv2/home?region={@region}#/events/{eventID}",
    by=_WHO,
    run="eventID",
    harmless="readOnly",
)
SERVICE_EVENT: Final = Row(
    types=("AWS Service Event via CloudTrail",),
    service="CloudTrail",
    source="aws.cloudtrail",
    title="{eventName}[ of {eventSource}]",
    key=("eventSource", "eventName"),
    otherwise=NEWS,
    page="cloudtrailv2/home?region={@region}#/events/{eventID}",
)
INSIGHT: Final = Row(
    types=("AWS Insight via CloudTrail",),
    service="CloudTrail",
    source="aws.cloudtrail",
    title="Unusual number of calls[ ({insightDetails.insightType!plain})]: {insightDetails.eventName}"
    "[ of {insightDetails.eventSource}]",
    key=("insightDetails.eventSource", "insightDetails.eventName", "insightDetails.insightType"),
    outcome=("insightDetails.state",),
    signs={"Start": WARNING, "End": OVER},
    page="cloudtrailv2/home?region={@region}#/insights",
)

ROWS: Final = (CALL, SERVICE_EVENT, INSIGHT)
