"""What the services that build and deploy tell: each type once, and what mends it."""

from __future__ import annotations

from tests.sources.bodies import event, sns
from tocsin.kernel.json import Json

A = "eu-west-1:111122223333"
PIPELINE = f"arn:aws:codepipeline:{A}:shop"
STACK = f"arn:aws:cloudformation:{A}:stack/shop/1c2fa620-982a-11e3-aff7-50e2416294e0"


def delivery_events() -> list[tuple[str, Json]]:
    """What happens, and the body that tells of it."""
    return [
        *_pipeline(),
        *_build(),
        *_deploy(),
        *_repository(),
        *_stack(),
        *_others(),
    ]


def _pipeline() -> list[tuple[str, Json]]:
    def pipeline(kind: str, state: str, **more: Json) -> Json:
        detail = {"pipeline": "shop", "execution-id": "01234567-0123-0123-0123-012345678901", "state": state, **more}
        return event(f"CodePipeline {kind} Execution State Change", "aws.codepipeline", detail, [PIPELINE])

    action = {"stage": "Deploy", "action": "ToProduction"}
    result = {
        "external-execution-url": "https://eu-west-1.console.aws.amazon.com/codesuite/codedeploy/deployments/d-1",
        "external-execution-summary": "Deployment d-1 failed",
        "error-code": "JobFailed",
    }
    approval = {
        "region": "eu-west-1",
        "consoleLink": "https://console.aws.amazon.com/codepipeline/home?region=eu-west-1#/view/shop",
        "approval": {
            "pipelineName": "shop",
            "stageName": "Approve",
            "actionName": "Manager",
            "token": "test-token",
            "expires": "2023-11-21T22:13Z",
            "externalEntityLink": "https://shop.example.com/preview",
            "approvalReviewLink": "https://console.aws.amazon.com/codepipeline/home?region=eu-west-1#/view/shop/Approve",
            "customData": "Look at the preview before you approve.",
        },
    }
    rule = {
        "account": "111122223333",
        "detailType": "CodePipeline Pipeline Execution State Change",
        "region": "eu-west-1",
        "source": "aws.codepipeline",
        "time": "2023-11-14T22:13:20Z",
        "notificationRuleArn": f"arn:aws:codestar-notifications:{A}:notificationrule/1",
        "detail": {"pipeline": "shop", "execution-id": "7", "state": "FAILED"},
        "resources": [PIPELINE],
        "additionalAttributes": {},
    }
    return [
        ("pipeline starts", pipeline("Pipeline", "STARTED")),
        ("pipeline fails", pipeline("Pipeline", "FAILED")),
        ("pipeline fails, by a notification rule", sns(rule)),
        ("pipeline succeeds", pipeline("Pipeline", "SUCCEEDED")),
        ("pipeline superseded", pipeline("Pipeline", "SUPERSEDED")),
        ("stage fails", pipeline("Stage", "FAILED", stage="Deploy")),
        ("stage succeeds", pipeline("Stage", "SUCCEEDED", stage="Deploy")),
        ("action fails", pipeline("Action", "FAILED", **action, **{"execution-result": result})),
        ("action succeeds", pipeline("Action", "SUCCEEDED", **action)),
        ("approval needed", sns(approval, "APPROVAL NEEDED: AWS CodePipeline shop")),
        ("approved", pipeline("Action", "SUCCEEDED", stage="Approve", action="Manager")),
    ]


def _build() -> list[tuple[str, Json]]:
    def build(status: str, wrong: str = "") -> Json:
        detail = {
            "build-status": status,
            "project-name": "shop",
            "build-id": f"arn:aws:codebuild:{A}:build/shop:8745a7a9-c340-456a-9166-edf953571bec",
            "current-phase": "COMPLETED",
            "additional-information": {
                "initiator": "codepipeline/shop",
                "logs": {
                    "deep-link": "https://console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logEvent:stream=7"
                },
                "phases": [
                    {"phase-type": "INSTALL", "phase-status": "SUCCEEDED", "phase-context": []},
                    {
                        "phase-type": "BUILD",
                        "phase-status": status,
                        "phase-context": [f"COMMAND_EXECUTION_ERROR: {wrong}" if wrong else ": "],
                    },
                ],
            },
        }
        return event("CodeBuild Build State Change", "aws.codebuild", detail, [detail["build-id"]])

    def phase(status: str) -> Json:
        detail = {
            "completed-phase": "BUILD",
            "completed-phase-status": status,
            "completed-phase-context": "[: ]",
            "project-name": "shop",
            "build-id": f"arn:aws:codebuild:{A}:build/shop:8745a7a9-c340-456a-9166-edf953571bec",
        }
        return event("CodeBuild Build Phase Change", "aws.codebuild", detail, [detail["build-id"]])

    return [
        ("build fails", build("FAILED", "make test: exit status 2")),
        ("build succeeds", build("SUCCEEDED")),
        ("build begins", build("IN_PROGRESS")),
        ("phase fails", phase("FAILED")),
        ("phase succeeds", phase("SUCCEEDED")),
    ]


def _deploy() -> list[tuple[str, Json]]:
    group = f"arn:aws:codedeploy:{A}:deploymentgroup:shop/production"
    detail = {
        "application": "shop",
        "deploymentGroup": "production",
        "deploymentId": "d-123456789",
        "instanceGroupId": "9fd2fbef-2157-40d8-91e7-6845af69e2d2",
        "region": "eu-west-1",
    }

    def deployment(state: str) -> Json:
        return event(
            "CodeDeploy Deployment State-change Notification", "aws.codedeploy", {**detail, "state": state}, [group]
        )

    def instance(state: str) -> Json:
        told = {**detail, "state": state, "instanceId": "i-0000000aaaaaaaaaa"}
        return event("CodeDeploy Instance State-change Notification", "aws.codedeploy", told, [group])

    return [
        ("deployment starts", deployment("START")),
        ("deployment fails", deployment("FAILURE")),
        ("deployment stops", deployment("STOP")),
        ("deployment succeeds", deployment("SUCCESS")),
        ("deployment fails on an instance", instance("FAILURE")),
        ("deployment succeeds on an instance", instance("SUCCESS")),
    ]


def _repository() -> list[tuple[str, Json]]:
    repository = f"arn:aws:codecommit:{A}:shop"
    caller = "arn:aws:sts::111122223333:assumed-role/Developer/ada"
    request = {
        "event": "pullRequestCreated",
        "pullRequestId": "12",
        "pullRequestStatus": "Open",
        "isMerged": "False",
        "title": "Faster checkout",
        "author": caller,
        "callerUserArn": caller,
        "repositoryNames": ["shop"],
        "sourceReference": "refs/heads/fast",
        "destinationReference": "refs/heads/main",
        "notificationBody": "A pull request event occurred in the repository shop.",
    }
    merged = {**request, "event": "pullRequestMergeStatusUpdated", "isMerged": "True", "pullRequestStatus": "Closed"}
    push = {
        "event": "referenceUpdated",
        "repositoryName": "shop",
        "repositoryId": "12345678-1234-5678-abcd-12345678abcd",
        "referenceType": "branch",
        "referenceName": "main",
        "referenceFullName": "refs/heads/main",
        "commitId": "3e5983EXAMPLE",
        "oldCommitId": "4c925148EXAMPLE",
        "callerUserArn": caller,
    }
    comment = {
        "event": "commentOnPullRequestCreated",
        "repositoryName": "shop",
        "pullRequestId": "12",
        "commentId": "1",
        "callerUserArn": caller,
        "notificationBody": "A comment was made.",
    }
    trigger = {
        "Records": [
            {
                "awsRegion": "eu-west-1",
                "codecommit": {"references": [{"commit": "3e5983EXAMPLE", "ref": "refs/heads/main"}]},
                "eventName": "ReferenceChanges",
                "eventSource": "aws:codecommit",
                "eventSourceARN": repository,
                "eventTime": "2023-11-14T22:13:20.000+0000",
                "userIdentityARN": caller,
            }
        ]
    }

    def told(kind: str, detail: Json) -> Json:
        return event(kind, "aws.codecommit", detail, [repository])

    return [
        ("pull request", told("CodeCommit Pull Request State Change", request)),
        ("pull request merged", told("CodeCommit Pull Request State Change", merged)),
        ("push to main", told("CodeCommit Repository State Change", push)),
        ("push to a branch", told("CodeCommit Repository State Change", {**push, "referenceName": "fast"})),
        ("comment", told("CodeCommit Comment on Pull Request", comment)),
        ("push, by a trigger", sns(trigger)),
    ]


def _stack() -> list[tuple[str, Json]]:
    def stack(status: str, reason: str = "") -> Json:
        detail = {"stack-id": STACK, "status-details": {"status": status, "status-reason": reason}}
        return event("CloudFormation Stack Status Change", "aws.cloudformation", detail, [STACK])

    def resource(status: str, reason: str = "") -> Json:
        detail = {
            "stack-id": STACK,
            "logical-resource-id": "Queue",
            "physical-resource-id": "shop-queue",
            "resource-type": "AWS::SQS::Queue",
            "status-details": {"status": status, "status-reason": reason},
        }
        return event("CloudFormation Resource Status Change", "aws.cloudformation", detail, [STACK])

    def drift(found: str, detection: str = "DETECTION_COMPLETE") -> Json:
        details = {"stack-drift-status": found, "detection-status": detection}
        detail = {"stack-id": STACK, "stack-drift-detection-id": "7", "status-details": details}
        return event("CloudFormation Drift Detection Status Change", "aws.cloudformation", detail, [STACK])

    def operation(status: str) -> Json:
        named = f"arn:aws:cloudformation:{A}:stackset/baseline:1"
        detail = {
            "stack-set-arn": named,
            "stack-set-operation-id": "7",
            "action": "UPDATE",
            "status-details": {"status": status},
        }
        return event("CloudFormation StackSet Operation Status Change", "aws.cloudformation", detail, [named])

    def text(status: str, kind: str = "AWS::CloudFormation::Stack", reason: str = "") -> Json:
        whole = kind == "AWS::CloudFormation::Stack"
        fields = {
            "StackId": STACK,
            "Timestamp": "2023-11-14T22:13:20.123Z",
            "EventId": "7",
            "LogicalResourceId": "shop" if whole else "Queue",
            "Namespace": "111122223333",
            "PhysicalResourceId": STACK if whole else "shop-queue",
            "PrincipalId": "AIDAEXAMPLE",
            "ResourceProperties": "null",
            "ResourceStatus": status,
            "ResourceStatusReason": reason,
            "ResourceType": kind,
            "StackName": "shop",
            "ClientRequestToken": "null",
        }
        told = "".join(f"{name}='{value}'\n" for name, value in fields.items())
        return sns(told, "AWS CloudFormation Notification")

    return [
        ("stack is updated", stack("UPDATE_IN_PROGRESS", "User Initiated")),
        ("stack rolled back", stack("UPDATE_ROLLBACK_COMPLETE")),
        ("stack stuck", stack("UPDATE_ROLLBACK_FAILED", "The following resource failed to update: [Queue]")),
        ("stack complete", stack("UPDATE_COMPLETE")),
        ("resource fails", resource("UPDATE_FAILED", "Resource handler returned message: access denied")),
        ("resource complete", resource("UPDATE_COMPLETE")),
        ("stack rolled back, as text", text("UPDATE_ROLLBACK_IN_PROGRESS", reason="[Queue] failed to update.")),
        ("stack complete, as text", text("UPDATE_COMPLETE")),
        ("resource fails, as text", text("CREATE_FAILED", "AWS::SQS::Queue", "Name already exists")),
        ("drifted", drift("DRIFTED")),
        ("in sync", drift("IN_SYNC")),
        ("drift unknown", drift("UNKNOWN", "DETECTION_FAILED")),
        ("stack set fails", operation("FAILED")),
        ("stack set succeeds", operation("SUCCEEDED")),
    ]


def _others() -> list[tuple[str, Json]]:
    repository = f"arn:aws:ecr:{A}:repository/team/shop"

    def push(result: str) -> Json:
        detail = {
            "result": result,
            "repository-name": "team/shop",
            "image-digest": "sha256:7f5b2640fe6fb4f46592dfd3410c4a79dac4f89e4782432e0378abcd1234",
            "action-type": "PUSH",
            "image-tag": "latest",
        }
        return event("ECR Image Action", "aws.ecr", detail, [repository])

    def amplify(status: str) -> Json:
        detail = {"appId": "d1a2b3", "branchName": "main", "jobId": "7", "jobStatus": status}
        return event("Amplify Deployment Status Change", "aws.amplify", detail, [f"arn:aws:amplify:{A}:apps/d1a2b3"])

    def opsworks(kind: str, **detail: Json) -> Json:
        return event(f"OpsWorks {kind}", "aws.opsworks", {"stack-id": "acd3df16", **detail})

    return [
        ("image pushed", push("SUCCESS")),
        ("image not pushed", push("FAILURE")),
        ("app fails", amplify("FAILED")),
        ("app succeeds", amplify("SUCCEED")),
        ("command fails", opsworks("Command State Change", type="update_custom_cookbooks", status="failed", **_on())),
        (
            "command works",
            opsworks("Command State Change", type="update_custom_cookbooks", status="successful", **_on()),
        ),
        ("instance is lost", opsworks("Alert", type="InstanceStop", message="It does not answer.", **_on())),
    ]


def _on() -> dict[str, Json]:
    return {"instance-id": "b5a4a1ba"}
