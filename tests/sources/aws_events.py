"""Events of AWS services, one for each meaning that matters."""

from __future__ import annotations

from tests.sources.bodies import event
from tocsin.kernel.json import Json


def aws_events() -> list[tuple[str, dict[str, Json]]]:
    """What happens, and the event that tells of it."""
    pipeline = ["arn:aws:codepipeline:eu-west-1:111122223333:shop"]
    build = ["arn:aws:codebuild:eu-west-1:111122223333:build/shop:7"]
    service = ["arn:aws:ecs:eu-west-1:111122223333:service/shop/web"]
    finding = {
        "id": "16afba5c5c43e07c9e3e5e2e544e95df",
        "type": "UnauthorizedAccess:EC2/SSHBruteForce",
        "severity": 8,
        "title": "198.51.100.7 tries many passwords on i-0123.",
        "description": "An instance is being attacked.",
    }
    health = {
        "eventArn": "arn:aws:health:eu-west-1::event/EC2/AWS_EC2_OPERATIONAL_ISSUE/AWS_EC2_OPERATIONAL_ISSUE_7",
        "service": "EC2",
        "eventTypeCode": "AWS_EC2_OPERATIONAL_ISSUE",
        "eventTypeCategory": "issue",
        "statusCode": "open",
        "eventDescription": [{"language": "en_US", "latestDescription": "We see elevated error rates."}],
    }
    hub = {
        "Id": "arn:aws:securityhub:eu-west-1:111122223333:finding/7",
        "Title": "S3 buckets should be private",
        "Severity": {"Label": "CRITICAL"},
        "Resources": [{"Id": "arn:aws:s3:::shop-backup"}],
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
    }
    inspector = {"findingArn": "arn:aws:inspector2:eu-west-1:111122223333:finding/9", "severity": "HIGH"}
    inspector |= {"title": "CVE-2023-0001 - openssl", "status": "ACTIVE"}
    compliance = {
        "configRuleName": "encrypted-volumes",
        "resourceType": "AWS::EC2::Volume",
        "resourceId": "vol-7",
        "newEvaluationResult": {"complianceType": "NON_COMPLIANT"},
    }
    return [
        (
            "pipeline fails",
            event(
                "CodePipeline Pipeline Execution State Change",
                "aws.codepipeline",
                {"pipeline": "shop", "state": "FAILED"},
                pipeline,
            ),
        ),
        (
            "pipeline succeeds",
            event(
                "CodePipeline Pipeline Execution State Change",
                "aws.codepipeline",
                {"pipeline": "shop", "state": "SUCCEEDED"},
                pipeline,
            ),
        ),
        (
            "build fails",
            event(
                "CodeBuild Build State Change",
                "aws.codebuild",
                {"build-status": "FAILED", "project-name": "shop"},
                build,
            ),
        ),
        (
            "deployment fails",
            event(
                "ECS Deployment State Change",
                "aws.ecs",
                {"eventType": "ERROR", "eventName": "SERVICE_DEPLOYMENT_FAILED", "reason": "tasks failed to start"},
                service,
            ),
        ),
        (
            "task cannot start",
            event(
                "ECS Task State Change",
                "aws.ecs",
                {
                    "group": "service:web",
                    "lastStatus": "STOPPED",
                    "stopCode": "TaskFailedToStart",
                    "stoppedReason": "CannotPullContainerError",
                },
                ["arn:aws:ecs:eu-west-1:111122223333:task/shop/1"],
            ),
        ),
        (
            "task scaled in",
            event(
                "ECS Task State Change",
                "aws.ecs",
                {"group": "service:web", "lastStatus": "STOPPED", "stopCode": "ServiceSchedulerInitiated"},
                ["arn:aws:ecs:eu-west-1:111122223333:task/shop/2"],
            ),
        ),
        (
            "backup completed",
            event(
                "Backup Job State Change",
                "aws.backup",
                {"backupJobId": "7", "state": "COMPLETED"},
                ["arn:aws:rds:eu-west-1:111122223333:db:shop"],
            ),
        ),
        (
            "state machine timed out",
            event(
                "Step Functions Execution Status Change",
                "aws.states",
                {"name": "nightly-7", "status": "TIMED_OUT", "cause": "too slow"},
                ["arn:aws:states:eu-west-1:111122223333:execution:nightly:nightly-7"],
            ),
        ),
        ("finding", event("GuardDuty Finding", "aws.guardduty", finding)),
        ("finding of little weight", event("GuardDuty Finding", "aws.guardduty", {**finding, "severity": 2})),
        ("health issue", event("AWS Health Event", "aws.health", health)),
        ("health issue closed", event("AWS Health Event", "aws.health", {**health, "statusCode": "closed"})),
        (
            "maintenance planned",
            event(
                "AWS Health Event",
                "aws.health",
                {**health, "eventTypeCategory": "scheduledChange", "statusCode": "upcoming"},
            ),
        ),
        (
            "security finding",
            event("Security Hub Findings - Imported", "aws.securityhub", {"findings": [hub]}, [hub["Id"]]),
        ),
        (
            "security finding resolved",
            event(
                "Security Hub Findings - Imported",
                "aws.securityhub",
                {"findings": [{**hub, "Workflow": {"Status": "RESOLVED"}}]},
                [hub["Id"]],
            ),
        ),
        ("vulnerability", event("Inspector2 Finding", "aws.inspector2", inspector, ["i-1"])),
        (
            "vulnerability closed",
            event("Inspector2 Finding", "aws.inspector2", {**inspector, "status": "CLOSED"}, ["i-1"]),
        ),
        ("not compliant", event("Config Rules Compliance Change", "aws.config", compliance)),
        (
            "compliant",
            event(
                "Config Rules Compliance Change",
                "aws.config",
                {**compliance, "newEvaluationResult": {"complianceType": "COMPLIANT"}},
            ),
        ),
        (
            "root signs in",
            event(
                "AWS Console Sign In via CloudTrail",
                "aws.signin",
                {
                    "userIdentity": {"type": "Root", "arn": "arn:aws:iam::111122223333:root"},
                    "responseElements": {"ConsoleLogin": "Success"},
                },
            ),
        ),
        (
            "API call",
            event(
                "AWS API Call via CloudTrail",
                "aws.s3",
                {"eventSource": "s3.amazonaws.com", "eventName": "DeleteBucket"},
            ),
        ),
        (
            "launch unsuccessful",
            event(
                "EC2 Instance Launch Unsuccessful",
                "aws.autoscaling",
                {"AutoScalingGroupName": "web", "StatusMessage": "no capacity"},
                ["arn:aws:autoscaling:eu-west-1:111122223333:autoScalingGroup:7:autoScalingGroupName/web"],
            ),
        ),
        (
            "spot instance taken",
            event(
                "EC2 Spot Instance Interruption Warning",
                "aws.ec2",
                {"instance-id": "i-0123", "instance-action": "terminate"},
                ["arn:aws:ec2:eu-west-1:111122223333:instance/i-0123"],
            ),
        ),
        (
            "database fails over",
            event(
                "RDS DB Instance Event",
                "aws.rds",
                {"EventCategories": ["failover"], "SourceIdentifier": "shop", "Message": "Multi-AZ failover started"},
                ["arn:aws:rds:eu-west-1:111122223333:db:shop"],
            ),
        ),
        (
            "stack rolled back",
            event(
                "CloudFormation Stack Status Change",
                "aws.cloudformation",
                {"stack-id": "s", "status-details": {"status": "UPDATE_ROLLBACK_COMPLETE", "status-reason": ""}},
                ["arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/7"],
            ),
        ),
        (
            "check turns red",
            event(
                "Trusted Advisor Check Item Refresh Notification",
                "aws.trustedadvisor",
                {"check-name": "Service Limits", "status": "ERROR", "resource_id": "ebs"},
            ),
        ),
        (
            "of a team's own",
            event("Order stuck", "com.example.shop", {"title": "Order 7 is stuck", "severity": "critical"}),
        ),
        ("of a team's own, about nothing", event("tick", "com.example.shop", None)),
        (
            "in China",
            event(
                "EC2 Instance State-change Notification",
                "aws.ec2",
                {"instance-id": "i-7", "state": "stopped"},
                ["arn:aws-cn:ec2:cn-north-1:111122223333:instance/i-7"],
                region="cn-north-1",
            ),
        ),
    ]
