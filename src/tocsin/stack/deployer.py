"""What whoever deploys must be allowed: by the types in the template, and by what `tocsin deploy` does itself.

The policy lies in the package as `deploy-policy.json`, for a stack named `tocsin`; a test keeps it equal. Sources: the
permissions of each type's handlers in the CloudFormation registry, and the Service Authorization Reference.
"""

from __future__ import annotations

from importlib import resources
from typing import Final

from tocsin.kernel import json
from tocsin.kernel.json import Json

FILE: Final = "deploy-policy.json"
STACK: Final = "tocsin"
CHARACTERS_MAX: Final = 10_240  # Of a role's own policies, white space apart; a managed policy has 6,144 (IAM quotas).

# Where the names of a service's resources begin with that of the stack, as CloudFormation makes them; {stack} is it.
_SCOPES: Final[dict[str, tuple[str, ...]]] = {
    "apigateway": ("arn:aws:apigateway:*::/apis", "arn:aws:apigateway:*::/apis/*", "arn:aws:apigateway:*::/tags/*"),
    "cloudformation": (
        "arn:aws:cloudformation:*:*:stack/{stack}/*",
        "arn:aws:cloudformation:*:*:stack/{stack}-code/*",
    ),
    "cloudwatch": ("arn:aws:cloudwatch:*:*:alarm:{stack}-*", "arn:aws:cloudwatch::*:dashboard/{stack}"),
    "dynamodb": ("arn:aws:dynamodb:*:*:table/{stack}-*",),
    "events": (
        "arn:aws:events:*:*:rule/{stack}-*",
        "arn:aws:events:*:*:rule/{stack}/{stack}-*",
        "arn:aws:events:*:*:event-bus/{stack}",
    ),
    "iam": ("arn:aws:iam::*:role/{stack}-*", "arn:aws:iam::*:policy/{stack}-*"),
    "lambda": ("arn:aws:lambda:*:*:function:{stack}-*",),
    "logs": ("arn:aws:logs:*:*:log-group:{stack}-*",),
    "s3": (),
    "scheduler": ("arn:aws:scheduler:*:*:schedule/default/{stack}-*",),
    "sns": ("arn:aws:sns:*:*:{stack}-*",),
    "sqs": ("arn:aws:sqs:*:*:{stack}-*",),
    "ssm": ("arn:aws:ssm:*:*:parameter/tocsin/{stack}", "arn:aws:ssm:*:*:parameter/tocsin/{stack}/*"),
    "states": ("arn:aws:states:*:*:stateMachine:{stack}-*",),
}

# Where AWS lets nobody name a resource, or the name is not known before.
_NAMELESS: Final = (
    "cloudformation:ValidateTemplate",
    "cloudwatch:DescribeAlarms",
    "lambda:CreateEventSourceMapping",
    "lambda:DeleteEventSourceMapping",
    "lambda:GetEventSourceMapping",
    "lambda:UpdateEventSourceMapping",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "sns:GetSubscriptionAttributes",
    "sns:SetSubscriptionAttributes",
    "sns:Unsubscribe",
)
PASSED: Final = ("apigateway", "events", "lambda", "scheduler", "states")  # Services that are given roles.

_TAGS: Final = ("TagResource", "UntagResource")
_API: Final = ("apigateway:DELETE", "apigateway:GET", "apigateway:PATCH", "apigateway:POST", "apigateway:PUT")


def _of(service: str, *names: str) -> tuple[str, ...]:
    return tuple(f"{service}:{name}" for name in names)


TYPES: Final[dict[str, tuple[str, ...]]] = {
    "AWS::ApiGatewayV2::Api": _API,
    "AWS::ApiGatewayV2::Integration": _API,
    "AWS::ApiGatewayV2::Route": _API,
    "AWS::ApiGatewayV2::Stage": (
        *_API,
        *_of(
            "logs",
            "CreateLogDelivery",
            "DeleteLogDelivery",
            "DescribeLogGroups",
            "DescribeResourcePolicies",
            "GetLogDelivery",
            "ListLogDeliveries",
            "PutResourcePolicy",
            "UpdateLogDelivery",
        ),
    ),
    "AWS::CloudWatch::Alarm": _of(
        "cloudwatch", "DeleteAlarms", "DescribeAlarms", "ListTagsForResource", "PutMetricAlarm", *_TAGS
    ),
    "AWS::CloudWatch::Dashboard": _of(
        "cloudwatch", "DeleteDashboards", "GetDashboard", "ListTagsForResource", "PutDashboard", *_TAGS
    ),
    "AWS::DynamoDB::Table": _of(
        "dynamodb",
        "CreateTable",
        "DeleteTable",
        "DescribeContinuousBackups",
        "DescribeContributorInsights",
        "DescribeKinesisStreamingDestination",
        "DescribeTable",
        "DescribeTimeToLive",
        "GetResourcePolicy",
        "ListTagsOfResource",
        "UpdateContinuousBackups",
        "UpdateTable",
        "UpdateTimeToLive",
        *_TAGS,
    ),
    "AWS::Events::EventBus": _of(
        "events",
        "CreateEventBus",
        "DeleteEventBus",
        "DescribeEventBus",
        "ListTagsForResource",
        "PutPermission",
        "RemovePermission",
        "UpdateEventBus",
        *_TAGS,
    ),
    "AWS::Events::Rule": _of(
        "events",
        "DeleteRule",
        "DescribeRule",
        "ListTagsForResource",
        "ListTargetsByRule",
        "PutRule",
        "PutTargets",
        "RemoveTargets",
        *_TAGS,
    ),
    "AWS::IAM::ManagedPolicy": _of(
        "iam",
        "CreatePolicy",
        "CreatePolicyVersion",
        "DeletePolicy",
        "DeletePolicyVersion",
        "GetPolicy",
        "GetPolicyVersion",
        "ListEntitiesForPolicy",
        "ListPolicyVersions",
    ),
    "AWS::IAM::Role": _of(
        "iam",
        "AttachRolePolicy",
        "CreateRole",
        "DeleteRole",
        "DeleteRolePolicy",
        "DetachRolePolicy",
        "GetRole",
        "GetRolePolicy",
        "ListAttachedRolePolicies",
        "ListRolePolicies",
        "ListRoleTags",
        "PutRolePolicy",
        "TagRole",
        "UntagRole",
        "UpdateAssumeRolePolicy",
        "UpdateRole",
    ),
    "AWS::Lambda::EventInvokeConfig": _of(
        "lambda",
        "DeleteFunctionEventInvokeConfig",
        "GetFunctionEventInvokeConfig",
        "PutFunctionEventInvokeConfig",
        "UpdateFunctionEventInvokeConfig",
    ),
    "AWS::Lambda::EventSourceMapping": _of(
        "lambda",
        "CreateEventSourceMapping",
        "DeleteEventSourceMapping",
        "GetEventSourceMapping",
        "ListTags",
        "UpdateEventSourceMapping",
        *_TAGS,
    ),
    "AWS::Lambda::Function": _of(
        "lambda",
        "CreateFunction",
        "DeleteFunction",
        "DeleteFunctionConcurrency",
        "GetFunction",
        "GetFunctionCodeSigningConfig",
        "GetFunctionConfiguration",
        "GetFunctionRecursionConfig",
        "GetFunctionScalingConfig",
        "GetRuntimeManagementConfig",
        "ListTags",
        "PutFunctionConcurrency",
        "UpdateFunctionCode",
        "UpdateFunctionConfiguration",
        *_TAGS,
    ),
    "AWS::Lambda::Permission": _of("lambda", "AddPermission", "GetPolicy", "RemovePermission"),
    "AWS::Logs::LogGroup": _of(
        "logs",
        "CreateLogGroup",
        "DeleteLogGroup",
        "DeleteDataProtectionPolicy",
        "DeleteRetentionPolicy",
        "DescribeIndexPolicies",
        "DescribeLogGroups",
        "DescribeResourcePolicies",
        "GetDataProtectionPolicy",
        "ListTagsForResource",
        "PutRetentionPolicy",
        *_TAGS,
    ),
    "AWS::S3::Bucket": _of(
        "s3",
        "CreateBucket",
        "DeleteBucket",
        "GetAccelerateConfiguration",
        "GetAnalyticsConfiguration",
        "GetBucketAbac",
        "GetBucketAcl",
        "GetBucketCORS",
        "GetBucketLogging",
        "GetBucketNotification",
        "GetBucketObjectLockConfiguration",
        "GetBucketOwnershipControls",
        "GetBucketPublicAccessBlock",
        "GetBucketTagging",
        "GetBucketVersioning",
        "GetBucketWebsite",
        "GetEncryptionConfiguration",
        "GetIntelligentTieringConfiguration",
        "GetInventoryConfiguration",
        "GetLifecycleConfiguration",
        "GetMetricsConfiguration",
        "GetReplicationConfiguration",
        "ListBucket",
        "ListTagsForResource",
        "PutBucketOwnershipControls",
        "PutBucketPublicAccessBlock",
        "PutBucketTagging",
        "PutBucketVersioning",
        "PutEncryptionConfiguration",
        "PutLifecycleConfiguration",
        *_TAGS,
    ),
    "AWS::S3::BucketPolicy": _of("s3", "DeleteBucketPolicy", "GetBucketPolicy", "PutBucketPolicy"),
    "AWS::SNS::Subscription": _of(
        "sns",
        "GetSubscriptionAttributes",
        "ListSubscriptionsByTopic",
        "SetSubscriptionAttributes",
        "Subscribe",
        "Unsubscribe",
    ),
    "AWS::SNS::Topic": _of(
        "sns",
        "CreateTopic",
        "DeleteTopic",
        "GetDataProtectionPolicy",
        "GetTopicAttributes",
        "ListSubscriptionsByTopic",
        "ListTagsForResource",
        "SetTopicAttributes",
        *_TAGS,
    ),
    "AWS::SNS::TopicPolicy": _of("sns", "GetTopicAttributes", "SetTopicAttributes"),
    "AWS::SQS::Queue": _of(
        "sqs",
        "CreateQueue",
        "DeleteQueue",
        "GetQueueAttributes",
        "GetQueueUrl",
        "ListQueueTags",
        "SetQueueAttributes",
        "TagQueue",
        "UntagQueue",
    ),
    "AWS::SQS::QueuePolicy": _of("sqs", "GetQueueAttributes", "SetQueueAttributes"),
    "AWS::Scheduler::Schedule": _of("scheduler", "CreateSchedule", "DeleteSchedule", "GetSchedule", "UpdateSchedule"),
    "AWS::StepFunctions::StateMachine": _of(
        "states",
        "CreateStateMachine",
        "DeleteStateMachine",
        "DescribeStateMachine",
        "ListTagsForResource",
        "UpdateStateMachine",
        *_TAGS,
    ),
}

# What `tocsin deploy`, `destroy`, `backup` and `restore` ask for themselves.
COMMANDS: Final = (
    *_of(
        "cloudformation",
        "CreateChangeSet",
        "DeleteChangeSet",
        "DeleteStack",
        "DescribeChangeSet",
        "DescribeStackEvents",
        "DescribeStacks",
        "ExecuteChangeSet",
        "GetTemplate",
        "ListStackResources",
        *_TAGS,
        "ValidateTemplate",
    ),
    *_of(
        "dynamodb",
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "UpdateItem",
    ),
    *_of("s3", "DeleteObject", "DeleteObjectVersion", "GetObject", "ListBucket", "ListBucketVersions", "PutObject"),
    "sns:Publish",
    *_of("ssm", "DeleteParameters", "GetParametersByPath", "PutParameter"),
)


def policy(stack: str = STACK) -> dict[str, Json]:
    """The policy for the stack of this name, whatever its account and region."""
    actions = {action for needed in TYPES.values() for action in needed} | set(COMMANDS)
    statements: list[Json] = []
    for service, scopes in _SCOPES.items():
        named = sorted(each for each in actions if each.partition(":")[0] == service and each not in _NAMELESS)
        where: list[Json] = [scope.format(stack=stack) for scope in scopes]
        if service == "s3":  # Names of buckets are made of small letters only.
            where = [f"arn:aws:s3:::{stack.lower()}-code-*{under}" for under in ("", "/*")]
        if service == "lambda":  # Mappings have tags too, and no names.
            where.append("arn:aws:lambda:*:*:event-source-mapping:*")
        if service == "dynamodb":
            where.append(f"arn:aws:dynamodb:*:*:table/{stack}-*/index/*")
        if service == "logs":
            where.append(f"arn:aws:logs:*:*:log-group:{stack}-*:*")
        statements.append({"Effect": "Allow", "Action": [*named], "Resource": where})
    statements.append(
        {
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": f"arn:aws:iam::*:role/{stack}-*",
            "Condition": {"StringEquals": {"iam:PassedToService": [f"{each}.amazonaws.com" for each in PASSED]}},
        }
    )
    linked = {"StringEquals": {"iam:AWSServiceName": "ops.apigateway.amazonaws.com"}}
    statements.append(
        {
            "Effect": "Allow",
            "Action": "iam:CreateServiceLinkedRole",
            "Resource": "arn:aws:iam::*:role/aws-service-role/ops.apigateway.amazonaws.com/*",
            "Condition": linked,
        }
    )
    statements.append({"Effect": "Allow", "Action": sorted(_NAMELESS), "Resource": "*"})
    return {"Version": "2012-10-17", "Statement": statements}


def text() -> str:
    """The policy as it lies in the package."""
    return resources.files(__package__).joinpath(FILE).read_text(encoding="utf-8")


def written(stack: str = STACK) -> str:
    """The policy as people read it."""
    return json.encode(policy(stack)).decode()
