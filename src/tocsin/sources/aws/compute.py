"""What runs: EC2, Auto Scaling, ECS, EKS, Lambda, Batch, Elastic Beanstalk, EMR, Step Functions.

Groups, services and environments stay: what says that they do their work again resolves. A task, an invocation or an
execution is gone with its failure, and that another one succeeds mends nothing; a job that runs under the same name in
the same queue is taken for the next turn of the same work. Source of the names: the events reference in the Amazon
EventBridge documentation and the user guides of the services.
"""

from __future__ import annotations

from typing import Final

from tocsin.sources.aws.row import (
    DONE,
    HIGH,
    NEWS,
    OVER,
    SHIPPED,
    SHIPS,
    WARNING,
    Meaning,
    Row,
    Sign,
    each,
    in_thread,
    said,
)

_INSTANCE: Final = "ec2/home?region={@region}#InstanceDetails:instanceId={instance-id}"
_FLEET: Final = "ec2/home?region={@region}#SpotInstances:"

INSTANCE: Final = Row(
    types=("EC2 Instance State-change Notification",),
    service="EC2",
    source="aws.ec2",
    title="Instance {instance-id} is {@outcome}",
    key=("instance-id",),
    outcome=("state",),
    otherwise=NEWS,
    page=_INSTANCE,
)
SPOT: Final = Row(
    types=("EC2 Spot Instance Interruption Warning",),
    service="EC2",
    source="aws.ec2",
    title="Spot instance {instance-id} will be interrupted in two minutes[ ({instance-action})]",
    key=("instance-id",),
    outcome=("instance-action",),
    otherwise=WARNING,
    page=_INSTANCE,
)
REBALANCE: Final = Row(
    types=("EC2 Instance Rebalance Recommendation", "EC2 Spot Instance Request Fulfillment"),
    service="EC2",
    source="aws.ec2",
    title="Spot instance {instance-id}: {@type}",
    key=("instance-id",),
    otherwise=NEWS,
    page=_INSTANCE,
)
FLEET_ERROR: Final = Row(
    types=("EC2 Fleet Error", "EC2 Spot Fleet Error"),
    service="EC2",
    source="aws.ec2fleet",
    title="{@type}: {sub-type!plain}[ ({@resource})]",
    key=("@arn", "sub-type"),
    outcome=("sub-type",),
    otherwise=HIGH,
    texts=("description",),
    page=_FLEET,
)
FLEET: Final = Row(
    types=(
        *("EC2 Fleet State Change", "EC2 Fleet Instance Change", "EC2 Fleet Information"),
        *("EC2 Spot Fleet State Change", "EC2 Spot Fleet Instance Change", "EC2 Spot Fleet Information"),
    ),
    service="EC2",
    source="aws.ec2fleet",
    title="{@type}: {sub-type!plain}[ ({@resource})]",
    key=("@arn",),
    outcome=("sub-type",),
    otherwise=NEWS,
    texts=("description",),
    page=_FLEET,
)
# The group can launch again: what has launched proves it. The same events come by EventBridge and on a topic.
SCALING: Final = Row(
    types=(
        *("EC2 Instance Launch Successful", "EC2 Instance Launch Unsuccessful", "EC2 Instance Terminate Successful"),
        *("EC2 Instance Terminate Unsuccessful", "EC2 Instance-launch Lifecycle Action"),
        *("EC2 Instance-terminate Lifecycle Action", "Auto Scaling notification"),
    ),
    service="Auto Scaling",
    source="aws.autoscaling",
    title="Auto Scaling group {AutoScalingGroupName} {@outcome}",
    key=("AutoScalingGroupName",),
    outcome=("Event", "LifecycleTransition", "@type"),
    signs=in_thread(
        "launch",
        each(
            "autoscaling:EC2_INSTANCE_LAUNCH_ERROR|EC2 Instance Launch Unsuccessful",
            said(HIGH, "cannot launch an instance"),
        )
        | each(
            "autoscaling:EC2_INSTANCE_LAUNCH|EC2 Instance Launch Successful", said(DONE, "has launched an instance")
        ),
    )
    | in_thread(
        "terminate",
        each(
            "autoscaling:EC2_INSTANCE_TERMINATE_ERROR|EC2 Instance Terminate Unsuccessful",
            said(HIGH, "cannot terminate an instance"),
        )
        | each(
            "autoscaling:EC2_INSTANCE_TERMINATE|EC2 Instance Terminate Successful",
            said(DONE, "has terminated an instance"),
        ),
    )
    | in_thread(
        "lifecycle",
        each(
            "autoscaling:EC2_INSTANCE_LAUNCHING|EC2 Instance-launch Lifecycle Action",
            said(NEWS, "is launching an instance"),
        )
        | each(
            "autoscaling:EC2_INSTANCE_TERMINATING|EC2 Instance-terminate Lifecycle Action",
            said(NEWS, "is terminating an instance"),
        ),
    )
    | {"autoscaling:TEST_NOTIFICATION": said(NEWS, "sends its notifications here")},
    otherwise=NEWS,
    texts=("StatusMessage", "Description", "Cause"),
    page="ec2/home?region={@region}#AutoScalingGroupDetails:id={AutoScalingGroupName};view=activity",
    quiet=("LifecycleActionToken",),
)
REFRESH: Final = Row(
    types=tuple(
        f"EC2 Auto Scaling Instance Refresh {word}"
        for word in ("Started", "Checkpoint Reached", "Succeeded", "Failed", "Cancelled")
    ),
    service="Auto Scaling",
    source="aws.autoscaling",
    title="Auto Scaling group {AutoScalingGroupName}: instance refresh {@outcome}",
    key=("AutoScalingGroupName",),
    thread="instance refresh",
    outcome=("@type",),
    signs={
        "EC2 Auto Scaling Instance Refresh Failed": said(HIGH, "failed"),
        "EC2 Auto Scaling Instance Refresh Succeeded": said(SHIPPED, "succeeded"),
        "EC2 Auto Scaling Instance Refresh Started": said(SHIPS, "has started"),
        "EC2 Auto Scaling Instance Refresh Checkpoint Reached": said(NEWS, "has reached a checkpoint"),
        "EC2 Auto Scaling Instance Refresh Cancelled": said(NEWS, "was cancelled"),
    },
    page="ec2/home?region={@region}#AutoScalingGroupDetails:id={AutoScalingGroupName};view=instanceRefresh",
    run="InstanceRefreshId",
)
APPLICATION_SCALING: Final = Row(
    types=("Application Auto Scaling Scaling Activity State Change",),
    service="Application Auto Scaling",
    source="aws.application-autoscaling",
    title="{serviceNamespace} {resourceId} {@outcome}",
    key=("serviceNamespace", "resourceId", "scalableDimension"),
    what="{resourceId}",
    outcome=("statusCode", "scaledToMax"),
    signs={
        "Failed": said(HIGH, "could not be scaled"),
        "Unfulfilled": said(HIGH, "could not be scaled"),
        "true": said(WARNING, "is scaled to its maximum"),
        "false": said(OVER, "is scaled below its maximum"),
    },
    otherwise=NEWS,
    texts=("statusMessage", "cause", "description"),
)
# A service replaces its tasks by itself, and a task that has begun may still end the same way: nothing resolves this.
TASK: Final = Row(
    types=("ECS Task State Change",),
    service="ECS",
    source="aws.ecs",
    title="ECS task of {group}[ on {clusterArn}]: {@outcome}",
    key=("clusterArn", "group"),
    outcome=("stopCode", "lastStatus"),
    signs={
        "TaskFailedToStart": said(HIGH, "failed to start"),
        "EssentialContainerExited": Sign(
            Meaning.HIGH, said="an essential container exited", zero="containers.*.exitCode"
        ),
        "SpotInterruption": said(WARNING, "stopped, its Spot capacity was taken back"),
        "TerminationNotice": said(WARNING, "stopping, its Spot capacity is taken back"),
        "ServiceSchedulerInitiated": said(NEWS, "stopped by its service"),
        "UserInitiated": said(NEWS, "stopped by a person"),
    },
    otherwise=NEWS,
    texts=("stoppedReason", "containers.*.reason"),
    page="ecs/v2/clusters/{clusterArn!name}/tasks/{taskArn!name|@arn!name}/configuration?region={@region}",
)
SERVICE: Final = Row(
    types=("ECS Service Action",),
    service="ECS",
    source="aws.ecs",
    title="ECS service {@resource}: {eventName!plain}",
    outcome=("eventName", "eventType"),
    signs=each("SERVICE_STEADY_STATE|TASKSET_STEADY_STATE|CAPACITY_PROVIDER_STEADY_STATE", OVER)
    | {"ERROR": HIGH, "WARN": WARNING, "INFO": NEWS},
    texts=("reason",),
    page="ecs/v2/clusters/{clusterArn!name}/services/{@arn!name}/health?region={@region}",
)
ECS_DEPLOYMENT: Final = Row(
    types=("ECS Deployment State Change",),
    service="ECS",
    source="aws.ecs",
    title="ECS deployment of {@resource} {@outcome}",
    outcome=("eventName", "eventType"),
    signs={
        "SERVICE_DEPLOYMENT_FAILED": said(HIGH, "failed"),
        "SERVICE_DEPLOYMENT_COMPLETED": said(SHIPPED, "completed"),
        "SERVICE_DEPLOYMENT_IN_PROGRESS": said(SHIPS, "has started"),
        "ERROR": HIGH,
    },
    texts=("reason",),
    page="ecs/v2/clusters/{@arn!parent}/services/{@arn!name}/deployments?region={@region}",
    run="deploymentId",
    what="{@resource}",
)
CONTAINER_INSTANCE: Final = Row(
    types=("ECS Container Instance State Change",),
    service="ECS",
    source="aws.ecs",
    title="ECS instance {ec2InstanceId|@resource} of {clusterArn}: {@outcome}",
    key=("clusterArn", "ec2InstanceId|@arn"),
    outcome=("status", "agentConnected"),
    signs=each("INACTIVE|DRAINING|REGISTERING|DEREGISTERING", NEWS)
    | {"false": said(WARNING, "its agent is disconnected"), "true": said(OVER, "its agent is connected")},
    texts=("statusReason",),
    page="ecs/v2/clusters/{clusterArn!name}/infrastructure?region={@region}",
)
EKS: Final = Row(
    types=(
        *(f"EKS Addon {verb} {end}" for verb in ("Creation", "Update", "Deletion") for end in ("Failed", "Succeeded")),
        *("EKS Addon Health Degraded", "EKS Addon Health Restored", "EKS Fargate Pod Scheduled Termination"),
    ),
    service="EKS",
    source="aws.eks",
    title="{@type}[ on {clusterName|cluster-name|@resource}][: {addonName|addon-name}]",
    key=("clusterName|cluster-name|@arn", "addonName|addon-name"),
    outcome=("@type",),
    signs={
        word: sign
        for verb in ("Creation", "Update", "Deletion")
        for word, sign in in_thread(
            f"add-on {verb.lower()}", {f"EKS Addon {verb} Failed": HIGH, f"EKS Addon {verb} Succeeded": SHIPPED}
        ).items()
    }
    | in_thread("add-on health", {"EKS Addon Health Degraded": HIGH, "EKS Addon Health Restored": OVER})
    | {"EKS Fargate Pod Scheduled Termination": NEWS},
    texts=("message", "reason", "health.issues.*.message", "issues.*.message"),
    page="eks/clusters/{clusterName|cluster-name}?region={@region}",
    what="{addonName|addon-name|@resource}",
)
# The event that failed is lost for good; that the function gets on with the next one does not bring it back.
INVOCATION: Final = Row(
    types=(
        *("Lambda Function Invocation Result - Failure", "Lambda Function Invocation Result - Success"),
        "Lambda invocation record",
    ),
    service="Lambda",
    source="aws.lambda",
    title="Lambda {requestContext.functionArn} {@outcome}[: {responsePayload.errorMessage}]",
    key=("requestContext.functionArn!short",),
    thread="invocation",
    outcome=("requestContext.condition",),
    signs={
        "Success": said(NEWS, "succeeded"),
        "RetriesExhausted": said(HIGH, "failed after all its retries"),
        "RetryAttemptsExhausted": said(HIGH, "failed after all its retries"),
        "EventAgeExceeded": said(HIGH, "gave up, the event is too old"),
    },
    otherwise=HIGH,
    texts=("responsePayload.errorType", "responsePayload.stackTrace.*"),
    page="lambda/home?region={@region}#/functions/{requestContext.functionArn!short}?tab=monitoring",
)
BATCH: Final = Row(
    types=("Batch Job State Change",),
    service="Batch",
    source="aws.batch",
    title="Batch job {jobName} {@outcome}",
    key=("jobQueue", "jobName"),
    outcome=("status",),
    signs={"FAILED": HIGH, "SUCCEEDED": DONE},
    otherwise=NEWS,
    texts=("statusReason", "container.reason", "attempts.*.statusReason"),
    page="batch/home?region={@region}#jobs/detail/{jobId}",
)
_HEALTH: Final = {
    **dict.fromkeys(("to Severe", "to Degraded"), HIGH),
    **dict.fromkeys(("to Warning", "to No Data"), WARNING),
    "to Ok": OVER,
    **dict.fromkeys(("to Info", "to Pending", "to Suspended", "to Unknown"), NEWS),
}
# The same sentences by EventBridge and, as text, on a topic: the health of an environment, and its deployments.
BEANSTALK: Final = Row(
    types=(
        *("Elastic Beanstalk resource status change", "Other resource status change", "Health status change"),
        *("Managed update status change", "ManagedUpdateStatusChangeEnabled", "Elastic Beanstalk notification"),
    ),
    service="Elastic Beanstalk",
    source="aws.elasticbeanstalk",
    title="{EnvironmentName|Environment}: {Message}",
    key=("ApplicationName|Application", "EnvironmentName|Environment"),
    thread="environment",
    phrases=in_thread("health", _HEALTH)
    | in_thread(
        "deployment",
        {
            "Failed to deploy": HIGH,
            "New application version was deployed": SHIPPED,
            "Environment update completed successfully": SHIPPED,
        },
    ),
    judged=("Message",),
    severity="Severity",
    page="elasticbeanstalk/home?region={@region}#/application/overview?applicationName={ApplicationName|Application}",
    links=(("Environment", "Environment URL"),),
    what="{EnvironmentName|Environment}",
)
CLUSTER: Final = Row(
    types=("EMR Cluster State Change", "EMR Instance Group State Change", "EMR Instance Fleet State Change"),
    service="EMR",
    source="aws.emr",
    title="EMR cluster {name|clusterId}: {@outcome}",
    key=("clusterId", "instanceGroupId|instanceFleetId"),
    outcome=("state",),
    signs=each("TERMINATED_WITH_ERRORS|ARRESTED", HIGH) | each("WAITING|RUNNING", OVER) | {"SUSPENDED": WARNING},
    otherwise=NEWS,
    texts=("message",),
    page="emr/home?region={@region}#/clusterDetails/{clusterId}",
)
# The names of steps repeat from cluster to cluster (`Spark application`): only in the same cluster they are one work.
STEP: Final = Row(
    types=("EMR Step Status Change", "EMR Auto Scaling Policy State Change"),
    service="EMR",
    source="aws.emr",
    title="EMR [step {name} of ]cluster {clusterId} {@outcome}",
    key=("clusterId", "name"),
    outcome=("state",),
    signs={"FAILED": HIGH, "COMPLETED": DONE, "ATTACHED": OVER},
    otherwise=NEWS,
    texts=("message", "scalingResourceId"),
    page="emr/home?region={@region}#/clusterDetails/{clusterId}",
)
# What one execution has left undone the next one does not do: a success resolves nothing.
EXECUTION: Final = Row(
    types=("Step Functions Execution Status Change",),
    service="Step Functions",
    source="aws.states",
    title="State machine {stateMachineArn|@arn!parent} {@outcome}[: {error}]",
    key=("stateMachineArn|@arn",),
    outcome=("status",),
    signs=each("FAILED|TIMED_OUT", HIGH) | each("RUNNING|SUCCEEDED|ABORTED|PENDING_REDRIVE", NEWS),
    texts=("cause", "name"),
    page="states/home?region={@region}#/v2/executions/details/{executionArn!path|@arn!path}",
    quiet=("input", "output"),
)

ROWS: Final = (
    *(INSTANCE, SPOT, REBALANCE, FLEET_ERROR, FLEET, SCALING, REFRESH, APPLICATION_SCALING, TASK, SERVICE),
    *(ECS_DEPLOYMENT, CONTAINER_INSTANCE, EKS, INVOCATION, BATCH, BEANSTALK, CLUSTER, STEP, EXECUTION),
)
