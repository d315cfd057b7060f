"""What the services that guard tell: each type once, and what mends it."""

from __future__ import annotations

from tests.sources.bodies import event, sns
from tocsin.kernel.json import Json

A = "eu-west-1:111122223333"


def security_events() -> list[tuple[str, Json]]:
    """What happens, and the body that tells of it."""
    return [*_findings(), *_hub(), *_rules(), *_keys(), *_devices(), *_people(), *_calls()]


def _findings() -> list[tuple[str, Json]]:
    def guard(severity: float) -> Json:
        detail = {
            "id": "16afba5c5c43e07c9e3e5e2e544e95df",
            "type": "UnauthorizedAccess:EC2/SSHBruteForce",
            "severity": severity,
            "title": "198.51.100.7 tries many passwords on i-0123.",
            "description": "An instance is being attacked.",
        }
        return event("GuardDuty Finding", "aws.guardduty", detail)

    def inspector(status: str, severity: str = "HIGH") -> Json:
        detail = {
            "findingArn": f"arn:aws:inspector2:{A}:finding/9",
            "severity": severity,
            "status": status,
            "title": "CVE-2023-0001 - openssl",
            "description": "A buffer may overflow.",
            "resources": [{"id": "i-0123", "type": "AWS_EC2_INSTANCE"}],
        }
        return event("Inspector2 Finding", "aws.inspector2", detail, ["i-0123"])

    def scan(status: str, **counts: Json) -> Json:
        detail = {
            "scan-status": status,
            "repository-name": "team/shop",
            "finding-severity-counts": counts,
            "image-digest": "sha256:7f5b2640fe6fb4f46592dfd3410c4a79dac4f89e4782432e0378abcd1234",
            "image-tags": ["latest"],
        }
        return event("ECR Image Scan", "aws.ecr", detail, [f"arn:aws:ecr:{A}:repository/team/shop"])

    def macie(level: str) -> Json:
        detail = {
            "id": "64b917aa-3843-014c-91d8-937ffe2b8a3f",
            "type": "SensitiveData:S3Object/Personal",
            "title": "The S3 object contains personal information.",
            "description": "It holds names and addresses.",
            "severity": {"score": 3, "description": level},
            "resourcesAffected": {"s3Bucket": {"name": "shop"}},
        }
        return event("Macie Finding", "aws.macie", detail)

    def analyzer(status: str, *, public: bool = False) -> Json:
        detail = {
            "id": "ea1cd2a3",
            "status": status,
            "resourceType": "AWS::S3::Bucket",
            "resource": "arn:aws:s3:::shop",
            "isPublic": public,
            "action": ["s3:GetObject"],
        }
        return event(
            "Access Analyzer Finding", "aws.access-analyzer", detail, [f"arn:aws:access-analyzer:{A}:analyzer/a"]
        )

    def unused(status: str) -> Json:
        detail = {
            "id": "fb1cd2a3",
            "status": status,
            "findingType": "UnusedIAMRole",
            "resource": "arn:aws:iam::111122223333:role/old",
        }
        return event("Unused Access Finding for IAM entities", "aws.access-analyzer", detail)

    assessment = {
        "event": "FINDING_REPORTED",
        "target": f"arn:aws:inspector:{A}:target/0-1",
        "template": f"arn:aws:inspector:{A}:target/0-1/template/0-2",
        "run": f"arn:aws:inspector:{A}:target/0-1/template/0-2/run/0-3",
        "time": "2023-11-14T22:13:20.000Z",
    }
    return [
        ("finding", guard(8)),
        ("finding of little weight", guard(2)),
        ("vulnerability", inspector("ACTIVE")),
        ("vulnerability closed", inspector("CLOSED")),
        ("vulnerability of little weight", inspector("ACTIVE", "LOW")),
        ("image scanned", scan("COMPLETE", CRITICAL=2, HIGH=10, LOW=3, TOTAL=15)),
        ("image is clean", scan("COMPLETE")),
        ("image not scanned", scan("FAILED")),
        ("sensitive data", macie("High")),
        ("public bucket", analyzer("ACTIVE", public=True)),
        ("shared bucket", analyzer("ACTIVE")),
        ("bucket closed", analyzer("RESOLVED")),
        ("bucket is meant so", analyzer("ARCHIVED", public=True)),
        ("role is unused", unused("ACTIVE")),
        ("role is used", unused("RESOLVED")),
        ("assessment", sns(assessment)),
    ]


def _hub() -> list[tuple[str, Json]]:
    def hub(kind: str = "Imported", **more: Json) -> Json:
        finding = {
            "Id": f"arn:aws:securityhub:{A}:subscription/aws-foundational/finding/7",
            "Title": "S3 buckets should be private",
            "Description": "This control checks whether buckets are public.",
            "Severity": {"Label": "CRITICAL"},
            "Resources": [{"Id": "arn:aws:s3:::shop"}],
            "Workflow": {"Status": "NEW"},
            "Compliance": {"Status": "FAILED"},
            "RecordState": "ACTIVE",
            "Remediation": {
                "Recommendation": {"Text": "Turn it off.", "Url": "https://docs.aws.amazon.com/console/s3"}
            },
            **more,
        }
        return event(f"Security Hub Findings - {kind}", "aws.securityhub", {"findings": [finding]}, [finding["Id"]])

    def insight(number: int) -> Json:
        detail = {
            "insightName": "Public buckets",
            "insightArn": f"arn:aws:securityhub:{A}:insight/1",
            "number of results": number,
        }
        return event("Security Hub Insight Results", "aws.securityhub", detail, [detail["insightArn"]])

    return [
        ("control fails", hub()),
        ("control passes", hub(Compliance={"Status": "PASSED"})),
        ("control is no concern", hub(RecordState="ARCHIVED")),
        ("finding sent on", hub("Custom Action")),
        ("finding resolved", hub(Workflow={"Status": "RESOLVED"})),
        ("insight", insight(7)),
        ("insight without results", insight(0)),
    ]


def _rules() -> list[tuple[str, Json]]:
    def change(state: str) -> Json:
        return {
            "awsAccountId": "111122223333",
            "awsRegion": "eu-west-1",
            "configRuleName": "encrypted-volumes",
            "configRuleARN": f"arn:aws:config:{A}:config-rule/config-rule-1",
            "resourceType": "AWS::EC2::Volume",
            "resourceId": "vol-7",
            "newEvaluationResult": {"complianceType": state, "annotation": "This volume is not encrypted."},
            "notificationCreationTime": "2023-11-14T22:13:20.000Z",
            "messageType": "ComplianceChangeNotification",
            "recordVersion": "1.0",
        }

    item = {
        "messageType": "ConfigurationItemChangeNotification",
        "notificationCreationTime": "2023-11-14T22:13:20.000Z",
        "configurationItemDiff": {"changeType": "UPDATE", "changedProperties": {}},
        "configurationItem": {
            "awsAccountId": "111122223333",
            "awsRegion": "eu-west-1",
            "resourceType": "AWS::EC2::SecurityGroup",
            "resourceId": "sg-1",
            "configurationItemStatus": "OK",
            "ARN": f"arn:aws:ec2:{A}:security-group/sg-1",
        },
    }

    def sent(word: str) -> Json:
        return {
            "s3Bucket": "config-111122223333",
            "s3ObjectKey": "AWSLogs/1.json.gz",
            "notificationCreationTime": "2023-11-14T22:13:20.000Z",
            "messageType": f"ConfigurationHistoryDelivery{word}",
        }

    kind = "Config Rules Compliance Change"
    log = {
        "timestamp": 1700000000000,
        "formatVersion": 1,
        "webaclId": f"arn:aws:wafv2:{A}:regional/webacl/shop/1",
        "terminatingRuleId": "rate-limit",
        "terminatingRuleType": "RATE_BASED",
        "action": "BLOCK",
        "httpRequest": {"clientIp": "198.51.100.7", "uri": "/login"},
    }
    rules = "arn:aws:sns:us-east-1:248400274283:aws-managed-waf-rule-group-notifications"
    return [
        ("not compliant", event(kind, "aws.config", change("NON_COMPLIANT"))),
        ("not compliant, on a topic", sns(change("NON_COMPLIANT"))),
        ("compliant", event(kind, "aws.config", change("COMPLIANT"))),
        ("deleted, on a topic", sns(change("NOT_APPLICABLE"))),
        ("item changed", sns(item)),
        ("history not delivered", sns(sent("Failed"))),
        ("history delivered", sns(sent("Completed"))),
        ("request blocked", log),
        (
            "managed rules change",
            sns("A new version is there.", "New version of AWSManagedRulesCommonRuleSet", TopicArn=rules),
        ),
    ]


def _keys() -> list[tuple[str, Json]]:
    def key(kind: str) -> Json:
        detail = {"key-id": "1234abcd-12ab-34cd-56ef-1234567890ab"}
        return event(f"KMS {kind}", "aws.kms", detail, [f"arn:aws:kms:{A}:key/1234abcd-12ab-34cd-56ef-1234567890ab"])

    def certificate(kind: str, **more: Json) -> Json:
        named = f"arn:aws:acm:{A}:certificate/61f50cd4-45b9-4259-b049-d0a53682fa4b"
        return event(f"ACM Certificate {kind}", "aws.acm", {"CommonName": "shop.example.com", **more}, [named])

    return [
        ("key material expires", key("Imported Key Material Expiration")),
        ("key rotates", key("CMK Rotation")),
        ("key is deleted", key("CMK Deletion")),
        ("certificate expires in a month", certificate("Approaching Expiration", DaysToExpiry=31)),
        ("certificate expires in a week", certificate("Approaching Expiration", DaysToExpiry=7)),
        ("certificate cannot be renewed", certificate("Renewal Action Required", RenewalStatus="PENDING_VALIDATION")),
        ("certificate has expired", certificate("Expired")),
        ("certificate is renewed", certificate("Available", Action="RENEWAL", DaysToExpiry=395)),
    ]


def _devices() -> list[tuple[str, Json]]:
    def audit(number: int) -> Json:
        return {
            "accountId": "111122223333",
            "taskId": "4e2bcd1ccbc2a5dd15292a82ab80c380",
            "taskStatus": "COMPLETED",
            "taskType": "SCHEDULED_AUDIT_TASK",
            "scheduledAuditName": "Daily",
            "failedChecksCount": 0,
            "canceledChecksCount": 0,
            "nonCompliantChecksCount": number,
            "compliantChecksCount": 3 - number,
            "totalChecksCount": 3,
            "taskStartTime": 1700000000000,
            "auditDetails": [{"checkName": "DEVICE_CERTIFICATE_EXPIRING_CHECK"}],
        }

    def violation(kind: str) -> Json:
        return {
            "violationEventTime": 1700000000000,
            "thingName": "pump-7",
            "behavior": {"name": "messageSize", "metric": "aws:message-byte-size"},
            "violationEventType": kind,
            "violationId": "7",
            "securityProfileName": "Pumps",
        }

    return [
        ("audit", sns(audit(1))),
        ("audit without findings", sns(audit(0))),
        ("device behaves badly", sns(violation("in-alarm"))),
        ("device behaves well", sns(violation("alarm-cleared"))),
    ]


def _people() -> list[tuple[str, Json]]:
    def sign_in(kind: str, end: str, **more: Json) -> Json:
        who = {"type": kind, "arn": "arn:aws:iam::111122223333:" + ("root" if kind == "Root" else "user/ada"), **more}
        detail = {
            "eventName": "ConsoleLogin",
            "eventID": "7",
            "userIdentity": who,
            "responseElements": {"ConsoleLogin": end},
            "sourceIPAddress": "198.51.100.7",
        }
        return event("AWS Console Sign In via CloudTrail", "aws.signin", detail)

    return [
        ("root signs in", sign_in("Root", "Success")),
        ("root cannot sign in", sign_in("Root", "Failure")),
        ("ada signs in", sign_in("IAMUser", "Success", userName="ada")),
        ("ada cannot sign in", sign_in("IAMUser", "Failure", userName="ada")),
    ]


def _calls() -> list[tuple[str, Json]]:
    ada: Json = {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/Admin/ada"}
    root: Json = {"type": "Root", "arn": "arn:aws:iam::111122223333:root"}

    def call(name: str, service: str, request: Json = None, who: Json = ada, **more: Json) -> Json:
        detail = {
            "eventVersion": "1.08",
            "eventID": "b0c7d4f2",
            "eventSource": f"{service}.amazonaws.com",
            "eventName": name,
            "userIdentity": who,
            "sourceIPAddress": "198.51.100.7",
            "requestParameters": request,
            "readOnly": False,
            **more,
        }
        return event("AWS API Call via CloudTrail", f"aws.{service}", detail)

    def ingress(*ranges: str, name: str = "AuthorizeSecurityGroupIngress") -> Json:
        found = {"items": [{"cidrIp": block} for block in ranges]}
        permission = {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": found}
        return call(name, "ec2", {"groupId": "sg-1", "ipPermissions": {"items": [permission]}})

    def block(*, on: bool) -> Json:
        settings = {"BlockPublicAcls": on, "BlockPublicPolicy": True}
        request = {"bucketName": "shop", "PublicAccessBlockConfiguration": settings}
        return call("PutBucketPublicAccessBlock", "s3", request)

    insight = {
        "insightDetails": {
            "state": "Start",
            "eventSource": "ec2.amazonaws.com",
            "eventName": "TerminateInstances",
            "insightType": "ApiCallRateInsight",
        }
    }
    over = {"insightDetails": {**insight["insightDetails"], "state": "End"}}
    rotation = {"eventName": "RotateKey", "eventSource": "kms.amazonaws.com", "eventID": "7"}
    return [
        ("a function is updated", call("UpdateFunctionCode20150331v2", "lambda", {"functionName": "shop"})),
        ("a bucket is read", call("GetBucketPolicy", "s3", {"bucketName": "shop"}, readOnly=True)),
        ("logging stops", call("StopLogging", "cloudtrail", {"name": f"arn:aws:cloudtrail:{A}:trail/main"})),
        ("logging starts", call("StartLogging", "cloudtrail", {"name": "main"})),
        ("logging not stopped", call("StopLogging", "cloudtrail", {"name": "main"}, errorCode="AccessDenied")),
        ("a port for the world", ingress("192.0.2.0/24", "0.0.0.0/0")),
        ("a port for the office", ingress("192.0.2.0/24")),
        ("a port closed", ingress("0.0.0.0/0", name="RevokeSecurityGroupIngress")),
        ("public access allowed", block(on=False)),
        ("public access blocked", block(on=True)),
        (
            "an administrator is made",
            call(
                "AttachUserPolicy",
                "iam",
                {"userName": "bo", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"},
            ),
        ),
        ("a key is to be deleted", call("ScheduleKeyDeletion", "kms", {"keyId": "1234abcd", "pendingWindowInDays": 7})),
        ("a key is kept", call("CancelKeyDeletion", "kms", {"keyId": "1234abcd"})),
        ("a second factor is gone", call("DeactivateMFADevice", "iam", {"userName": "bo"})),
        ("an access key", call("CreateAccessKey", "iam", {"userName": "bo"})),
        ("root works", call("CreateBucket", "s3", {"bucketName": "shop"}, root)),
        ("root works on", call("PutBucketVersioning", "s3", {"bucketName": "shop"}, root)),
        ("a service tells something", event("AWS Service Event via CloudTrail", "aws.kms", rotation)),
        ("unusual calls", event("AWS Insight via CloudTrail", "aws.cloudtrail", insight)),
        ("usual calls again", event("AWS Insight via CloudTrail", "aws.cloudtrail", over)),
    ]
