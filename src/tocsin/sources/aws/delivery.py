"""How code gets to where it runs: CodePipeline, CodeBuild, CodeDeploy, CodeCommit, CloudFormation, ECR, Amplify.

Pipelines, projects, deployment groups and stacks stay while their runs come and go: the next run that succeeds mends
what the last one broke, and is the answer to the question what has changed. Their events tell of one failure several
times (the action, its stage, the pipeline), so these are one incident. Source of the names: the events reference in
the Amazon EventBridge documentation and the user guides of the services.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tocsin.sources.aws.row import DONE, HIGH, NEWS, OVER, SHIPPED, SHIPS, WARNING, Row, each, said

_REPOSITORY: Final = "codesuite/codecommit/repositories/{repositoryName|repositoryNames.0}"
_STACK: Final = "cloudformation/home?region={@region}#/stacks/events?stackId={stack-id|StackId|StackName}"

PIPELINE: Final = Row(
    types=("CodePipeline Pipeline Execution State Change",),
    service="CodePipeline",
    source="aws.codepipeline",
    title="Pipeline {pipeline} {@outcome}",
    key=("pipeline",),
    group="{pipeline}",
    outcome=("state",),
    signs={"FAILED": HIGH, "SUCCEEDED": SHIPPED, "STARTED": said(SHIPS, "has started"), "RESUMED": NEWS}
    | each("STOPPED|STOPPING|CANCELED|SUPERSEDED", NEWS),
    page="codesuite/codepipeline/pipelines/{pipeline}/executions/{execution-id}/timeline?region={@region}",
    run="execution-id",
)
STAGE: Final = replace(
    PIPELINE,
    types=("CodePipeline Stage Execution State Change",),
    title="Stage {stage} of pipeline {pipeline} {@outcome}",
    key=("pipeline", "stage"),
    signs={"FAILED": HIGH, "SUCCEEDED": OVER} | each("STARTED|RESUMED|STOPPED|STOPPING|CANCELED", NEWS),
)
ACTION: Final = replace(
    PIPELINE,
    types=("CodePipeline Action Execution State Change",),
    title="Action {action} of pipeline {pipeline} {@outcome}",
    key=("pipeline", "stage", "action"),
    signs={"FAILED": HIGH, "SUCCEEDED": OVER} | each("STARTED|ABANDONED|CANCELED", NEWS),
    texts=("execution-result.external-execution-summary", "execution-result.error-code"),
    links=(("Run", "execution-result.external-execution-url"),),
)
# It waits for a person, so it is an alert; that its action succeeds or fails later is the answer. The token in it would
# approve, and is shown nowhere.
APPROVAL: Final = Row(
    types=("CodePipeline approval",),
    service="CodePipeline",
    source="aws.codepipeline",
    title="Pipeline {approval.pipelineName} waits for an approval in {approval.stageName}",
    key=("approval.pipelineName", "approval.stageName", "approval.actionName"),
    thread="CodePipeline Action Execution State Change",
    otherwise=WARNING,
    texts=("approval.customData", "approval.expires"),
    page="codesuite/codepipeline/pipelines/{approval.pipelineName}/view?region={@region}",
    links=(("Review and approve", "approval.approvalReviewLink"), ("To be reviewed", "approval.externalEntityLink")),
)
BUILD: Final = Row(
    types=("CodeBuild Build State Change",),
    service="CodeBuild",
    source="aws.codebuild",
    title="Build of {project-name} {@outcome}",
    key=("project-name",),
    group="{project-name}",
    outcome=("build-status",),
    signs=each("FAILED|FAULT|TIMED_OUT", HIGH)
    | {"SUCCEEDED": DONE, "IN_PROGRESS": said(NEWS, "has started"), "STOPPED": NEWS},
    texts=("additional-information.phases.*.phase-context.*", "additional-information.source-version"),
    page="codesuite/codebuild/{@account}/projects/{project-name}/build/{project-name}%3A{build-id!name}/"
    "?region={@region}",
    links=(("Log", "additional-information.logs.deep-link"),),
)
BUILD_PHASE: Final = replace(
    BUILD,
    types=("CodeBuild Build Phase Change",),
    title="Phase {completed-phase} of the build of {project-name} {@outcome}",
    key=("project-name", "completed-phase"),
    outcome=("completed-phase-status",),
    signs=each("FAILED|FAULT|TIMED_OUT", HIGH) | {"SUCCEEDED": OVER, "STOPPED": NEWS},
    texts=("completed-phase-context",),
)
DEPLOYMENT: Final = Row(
    types=("CodeDeploy Deployment State-change Notification",),
    service="CodeDeploy",
    source="aws.codedeploy",
    title="Deployment of {application} to {deploymentGroup} {@outcome}",
    key=("application", "deploymentGroup"),
    group="{application} {deploymentGroup}",
    outcome=("state",),
    signs={
        "FAILURE": said(HIGH, "failed"),
        "SUCCESS": said(SHIPPED, "succeeded"),
        "START": said(SHIPS, "has started"),
        "STOP": said(NEWS, "was stopped"),
        "READY": said(NEWS, "is ready"),
    },
    page="codesuite/codedeploy/deployments/{deploymentId}?region={@region}",
    run="deploymentId",
)
DEPLOYMENT_INSTANCE: Final = replace(
    DEPLOYMENT,
    types=("CodeDeploy Instance State-change Notification",),
    title="Deployment of {application} to {deploymentGroup} {@outcome} on {instanceId}",
    key=("application", "deploymentGroup", "instanceId!short"),
    signs={"FAILURE": said(HIGH, "failed"), "SUCCESS": said(OVER, "succeeded"), "START": said(NEWS, "has started")},
)
PULL_REQUEST: Final = Row(
    types=("CodeCommit Pull Request State Change",),
    service="CodeCommit",
    source="aws.codecommit",
    title="Pull request {pullRequestId} of {repositoryNames.0}[: {title}] ({event!plain})",
    key=("repositoryNames.0", "pullRequestId"),
    outcome=("event+isMerged", "event"),
    signs={"pullRequestMergeStatusUpdated True": SHIPS, "pullRequestMergeStatusUpdated true": SHIPS},
    otherwise=NEWS,
    texts=("notificationBody",),
    page=_REPOSITORY + "/pull-requests/{pullRequestId}/details?region={@region}",
    by="callerUserArn",
    what="{repositoryNames.0}",
)
# Which branch is the default one the event does not say: these are the names that nearly everybody has.
REPOSITORY: Final = Row(
    types=("CodeCommit Repository State Change",),
    service="CodeCommit",
    source="aws.codecommit",
    title="{referenceType} {referenceName} of {repositoryName}: {event!plain}",
    key=("repositoryName", "referenceName"),
    outcome=("event+referenceName", "event"),
    signs=each("referenceUpdated main|referenceUpdated master|referenceCreated main|referenceCreated master", SHIPS),
    otherwise=NEWS,
    page=_REPOSITORY + "/commit/{commitId}?region={@region}",
    by="callerUserArn",
    what="{repositoryName}",
    run="commitId",
)
COMMENT: Final = Row(
    types=("CodeCommit Comment on Pull Request", "CodeCommit Comment on Commit"),
    service="CodeCommit",
    source="aws.codecommit",
    title="Comment on [pull request {pullRequestId} of ]{repositoryName}[ by {callerUserArn}]",
    key=("repositoryName", "pullRequestId|afterCommitId"),
    otherwise=NEWS,
    texts=("notificationBody",),
    page=_REPOSITORY + "/browse?region={@region}",
)
# A trigger of a repository puts this on a topic, in the shape of S3's.
TRIGGER: Final = Row(
    types=("CodeCommit trigger",),
    service="CodeCommit",
    source="aws.codecommit",
    title="Push to {codecommit.references.0.ref} of {eventSourceARN}[ by {userIdentityARN}]",
    key=("eventSourceARN", "codecommit.references.0.ref"),
    outcome=("codecommit.references.0.ref",),
    signs=each("refs/heads/main|refs/heads/master", SHIPS),
    otherwise=NEWS,
    page="codesuite/codecommit/repositories/{eventSourceARN!short}/browse?region={@region}",
    by="userIdentityARN",
    what="{eventSourceARN}",
    run="codecommit.references.0.commit",
)
_FAILED: Final = "CREATE_FAILED|UPDATE_FAILED|DELETE_FAILED|IMPORT_FAILED|ROLLBACK_FAILED|UPDATE_ROLLBACK_FAILED"
_BACK: Final = (
    "ROLLBACK_IN_PROGRESS|ROLLBACK_COMPLETE|UPDATE_ROLLBACK_IN_PROGRESS|UPDATE_ROLLBACK_COMPLETE|"
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS|IMPORT_ROLLBACK_IN_PROGRESS|IMPORT_ROLLBACK_FAILED|"
    "IMPORT_ROLLBACK_COMPLETE"
)
_GOOD: Final = "CREATE_COMPLETE|UPDATE_COMPLETE|DELETE_COMPLETE|IMPORT_COMPLETE"
STACK: Final = Row(
    types=("CloudFormation Stack Status Change",),
    service="CloudFormation",
    source="aws.cloudformation",
    title="Stack {StackName|stack-id}: {@outcome}",
    key=("StackName|stack-id!short",),
    group="{StackName|stack-id}",
    thread="stack",
    outcome=("status-details.status", "ResourceStatus"),
    signs=each(f"{_FAILED}|{_BACK}", HIGH)
    | each(_GOOD, SHIPPED)
    | each("CREATE_IN_PROGRESS|UPDATE_IN_PROGRESS|DELETE_IN_PROGRESS|IMPORT_IN_PROGRESS|REVIEW_IN_PROGRESS", NEWS)
    | {"UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": NEWS},
    texts=("status-details.status-reason", "ResourceStatusReason"),
    page=_STACK,
    run="client-request-token|ClientRequestToken",
    what="{StackName|stack-id}",
    quiet=("ResourceProperties", "client-request-token", "ClientRequestToken"),
)
STACK_RESOURCE: Final = replace(
    STACK,
    types=("CloudFormation Resource Status Change",),
    title="{logical-resource-id|LogicalResourceId} in stack {StackName|stack-id}: {@outcome}",
    key=("StackName|stack-id!short", "logical-resource-id|LogicalResourceId"),
    thread="resource",
    signs=each(_FAILED, HIGH) | each(_GOOD, OVER),
    otherwise=NEWS,
)
DRIFT: Final = Row(
    types=("CloudFormation Drift Detection Status Change",),
    service="CloudFormation",
    source="aws.cloudformation",
    title="Stack {stack-id}: {@outcome}",
    key=("stack-id!short",),
    outcome=("status-details.stack-drift-status", "status-details.detection-status"),
    signs={
        "DRIFTED": said(WARNING, "its resources have drifted from the template"),
        "IN_SYNC": said(OVER, "its resources are as in the template"),
        "DETECTION_FAILED": said(WARNING, "drift detection failed"),
        "DETECTION_IN_PROGRESS": NEWS,
    },
    texts=("status-details.detection-status-reason",),
    page="cloudformation/home?region={@region}#/stacks/drifts?stackId={stack-id}",
)
STACK_SET: Final = Row(
    types=("CloudFormation StackSet Operation Status Change",),
    service="CloudFormation",
    source="aws.cloudformation",
    title="Stack set {stack-set-arn}: {action!plain} {@outcome}",
    key=("stack-set-arn",),
    outcome=("status-details.status",),
    signs={"FAILED": HIGH, "SUCCEEDED": SHIPPED} | each("RUNNING|QUEUED|STOPPING|STOPPED", NEWS),
    texts=("status-details.status-reason",),
    page="cloudformation/home?region={@region}#/stacksets",
    run="stack-set-operation-id",
)
IMAGE: Final = Row(
    types=("ECR Image Action",),
    service="ECR",
    source="aws.ecr",
    title="Image {repository-name}[:{image-tag}]: {action-type!plain} {@outcome}",
    key=("repository-name", "action-type"),
    outcome=("result",),
    signs={"SUCCESS": said(NEWS, "succeeded"), "FAILURE": said(HIGH, "failed")},
    page="ecr/repositories/private/{@account}/{repository-name!path}?region={@region}",
)
AMPLIFY: Final = Row(
    types=("Amplify Deployment Status Change",),
    service="Amplify",
    source="aws.amplify",
    title="Deployment of branch {branchName} of app {appId} {@outcome}",
    key=("appId", "branchName"),
    outcome=("jobStatus",),
    signs={
        "FAILED": HIGH,
        "SUCCEED": said(SHIPPED, "succeeded"),
        "STARTED": said(SHIPS, "has started"),
        "CANCELLED": NEWS,
    },
    page="amplify/apps/{appId}/branches/{branchName}/deployments",
    run="jobId",
)
OPSWORKS: Final = Row(
    types=("OpsWorks Instance State Change", "OpsWorks Command State Change", "OpsWorks Deployment State Change"),
    service="OpsWorks",
    source="aws.opsworks",
    title="OpsWorks: [{type!plain} of ][{hostname|instance-id|instance-ids.0} of ]stack {stack-id} {@outcome}",
    key=("stack-id", "instance-id|instance-ids.*", "type|command"),
    outcome=("status",),
    signs=each("failed|expired|connection_lost|setup_failed|start_failed|stop_failed", HIGH)
    | {"skipped": WARNING, "successful": OVER, "online": OVER},
    otherwise=NEWS,
)
OPSWORKS_ALERT: Final = Row(
    types=("OpsWorks Alert",),
    service="OpsWorks",
    source="aws.opsworks",
    title="OpsWorks: [{type!plain} of ]{instance-id}[: {message}]",
    key=("stack-id", "instance-id", "type"),
    otherwise=WARNING,
)

ROWS: Final = (
    *(PIPELINE, STAGE, ACTION, APPROVAL, BUILD, BUILD_PHASE, DEPLOYMENT, DEPLOYMENT_INSTANCE, PULL_REQUEST),
    *(REPOSITORY, COMMENT, TRIGGER, STACK, STACK_RESOURCE, DRIFT, STACK_SET, IMAGE, AMPLIFY, OPSWORKS),
    OPSWORKS_ALERT,
)
